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
  for (const [index, frame] of frames.entries()) {
    if (frame.length === 0) throw new RangeError(`frame ${index} of ${frames.length} has no bytes`);
    lengths[index] = frame.length;
  }
  return { bytes: Buffer.concat(frames), lengths };
}

/** Rows of `stride` words, with the bytes that their words 2n and 2n + 1 (offset, length) name. */
function* rows(batch: NativeBatch, stride: number) {
  const { bytes, meta } = batch;
  for (let at = 0; at < meta.length; at += stride) {
    const row = meta.subarray(at, at + stride);
    const slice = (n: number): Buffer | undefined => {
      const offset = row[n] ?? 0;
      const length = row[n + 1] ?? 0;
      return length === ABSENT ? undefined : bytes.subarray(offset, offset + length);
    };
    yield { row, slice };
  }
}

const EMPTY = Buffer.alloc(0);

export function unpackFrames(batch: NativeBatch): Buffer[] {
  return Array.from(rows(batch, PORT_WORDS), ({ slice }) => slice(0) ?? EMPTY);
}

export function unpackHostFrames(batch: NativeBatch, decisionWords: number): SimulatedHostFrame[] {
  return Array.from(rows(batch, HOST_WORDS + decisionWords), ({ row, slice }) => ({
    decision: row.subarray(HOST_WORDS),
    data: slice(0) ?? EMPTY,
  }));
}

/** In the order of the decisions. */
export function unpackObservations(batch: NativeBatch, decisionWords: number): Observation[] {
  const seen = Array.from(rows(batch, OBSERVATION_WORDS + decisionWords), ({ row, slice }) => {
    const number = (n: number) => (row[n] ?? 0) + (row[n + 1] ?? 0) * 2 ** 32;
    const ingress = slice(0);
    const egress = slice(2);
    return {
      sequence: number(10),
      decision: row.subarray(OBSERVATION_WORDS),
      ...(ingress === undefined ? {} : { ingress, firstClock: number(4) }),
      decisionClock: number(6),
      ...(egress === undefined ? {} : { egress, sentClock: number(8) }),
    };
  });
  return seen.sort((a, b) => a.sequence - b.sequence);
}
