/** Frames as beats, and the four ways in which every stream is tested. */
import { Random } from '../../generators/random.ts';

/** One beat of a frame; byte 0 in bits 7:0. */
export interface Beat {
  readonly data: Buffer;
  /** Bytes that count, from byte 0 on. */
  readonly bytes: number;
  readonly first: boolean;
  readonly last: boolean;
}

/** A source with gaps or without, a sink that makes it wait or not. Percent of the clocks. */
export const FOUR_WAYS = [
  { way: 'no gaps, no back-pressure', gaps: 0, stalls: 0 },
  { way: 'gaps', gaps: 40, stalls: 0 },
  { way: 'back-pressure', gaps: 0, stalls: 40 },
  { way: 'gaps and back-pressure', gaps: 40, stalls: 40 },
] as const;

/** Cuts a frame into beats of `width` bits; what stands behind its last byte is rubbish. */
export function beats(frame: Uint8Array, width: number, random: Random = new Random(1)): Beat[] {
  const k = width / 8;
  const count = Math.ceil(frame.length / k);
  return Array.from({ length: count }, (_, index) => {
    const part = frame.subarray(index * k, (index + 1) * k);
    const data = Buffer.concat([part, random.bytes(k - part.length)]);
    return { data, bytes: part.length, first: index === 0, last: index === count - 1 };
  });
}

/** tkeep of so many bytes. */
export const keep = (bytes: number) => (1n << BigInt(bytes)) - 1n;

/** Bytes of a tkeep; throws where it has holes, which no stream of ours may show. */
export function keptBytes(tkeep: bigint): number {
  const count = tkeep.toString(2).replace(/0/g, '').length;
  if (tkeep !== keep(count)) throw new Error(`tkeep ${tkeep.toString(16)} has holes`);
  return count;
}

/** A frame length that is often one of those where things go wrong. */
export function frameLength(random: Random, k: number, longest: number): number {
  const edges = [1, k - 1, k, k + 1, 2 * k, 13, 14, 60, 64, longest - 1, longest];
  const length = random.chance(50) ? random.pick(edges) : random.between(1, longest);
  return Math.max(1, Math.min(longest, length));
}

export { Random };
