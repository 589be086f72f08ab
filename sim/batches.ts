/** Frames as they cross the border to native code: one block of bytes, words about each frame. */
import type { NativeBatch } from './native.ts';

/** A frame that the card handed to the host. */
export interface SimulatedHostFrame {
  /** `decision` record of hdl/registers.yaml, little-endian 32-bit words. */
  readonly decision: Uint32Array;
  readonly data: Buffer;
}

/** One frame from its first beat to its end. Clocks count rising edges since the reset. */
export interface Observation {
  /** Of the decision: the order in which frames left the pipeline. */
  readonly sequence: number;
  /** `decision` record of hdl/registers.yaml, little-endian 32-bit words. */
  readonly decision: Uint32Array;
  /** As fed to the card; absent where frames were fed without heeding room and may have been lost. */
  readonly ingress?: Buffer;
  /** As the card sent it; absent for a drop. */
  readonly egress?: Buffer;
  /** Its first beat went in; there with `ingress`. */
  readonly firstClock?: number;
  /** Its end was decided: dropped, or put into a queue. */
  readonly decisionClock: number;
  /** Its last beat came out; there with `egress`. */
  readonly sentClock?: number;
}

const PORT_WORDS = 2;
const HOST_WORDS = 2;
const OBSERVATION_WORDS = 12;
const ABSENT = 0xffffffff;

export interface PackedFrames {
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
}

/** Throws RangeError for a frame without bytes, which a stream cannot carry. */
export function pack(frames: readonly Uint8Array[]): PackedFrames {
  const lengths = new Uint32Array(frames.length);
  for (let index = 0; index < frames.length; index++) {
    const frame = frames[index] as Uint8Array;
    if (frame.length === 0) throw new RangeError(`frame ${index} of ${frames.length} has no bytes`);
    lengths[index] = frame.length;
  }
  return { bytes: Buffer.concat(frames), lengths };
}

/** The bytes that the words at `at` and behind it (offset, length) name. */
function slice({ bytes, meta }: NativeBatch, at: number): Buffer {
  const offset = meta[at] ?? 0;
  return bytes.subarray(offset, offset + (meta[at + 1] ?? 0));
}

export function unpackFrames(batch: NativeBatch): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < batch.meta.length; at += PORT_WORDS) frames.push(slice(batch, at));
  return frames;
}

export function unpackHostFrames(batch: NativeBatch, decisionWords: number): SimulatedHostFrame[] {
  const { meta } = batch;
  const frames: SimulatedHostFrame[] = [];
  for (let at = 0; at < meta.length; ) {
    const data = slice(batch, at);
    const end = at + HOST_WORDS + decisionWords;
    frames.push({ decision: meta.subarray(at + HOST_WORDS, end), data });
    at = end;
  }
  return frames;
}

/** In the order of the decisions. */
export function unpackObservations(batch: NativeBatch, decisionWords: number): Observation[] {
  const { meta } = batch;
  const number = (at: number) => (meta[at] ?? 0) + (meta[at + 1] ?? 0) * 2 ** 32;
  const seen: Observation[] = [];
  const stride = OBSERVATION_WORDS + decisionWords;
  for (let at = 0; at < meta.length; at += stride) {
    const came = meta[at + 1] !== ABSENT;
    const left = meta[at + 3] !== ABSENT;
    seen.push({
      sequence: number(at + 10),
      decision: meta.subarray(at + OBSERVATION_WORDS, at + stride),
      ...(came ? { ingress: slice(batch, at), firstClock: number(at + 4) } : {}),
      decisionClock: number(at + 6),
      ...(left ? { egress: slice(batch, at + 2), sentClock: number(at + 8) } : {}),
    });
  }
  return seen.sort((a, b) => a.sequence - b.sequence);
}
