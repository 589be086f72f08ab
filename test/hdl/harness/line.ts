/** Stands in for the header line in front of stages that look at it: frames beat by beat. */
import type { Random } from './streams.ts';
import { beats } from './streams.ts';

export const WIDTHS = [64, 512] as const;
export type Width = (typeof WIDTHS)[number];

/** Taps and length of the line, linecard_pkg.sv worked out: a stage that moves shows here. */
export const TAPS = {
  64: {
    packet: 4,
    chain: 9,
    quote: 12,
    quotePorts: 15,
    prefix: 15,
    window: 19,
    match: 20,
    fetch: 22,
  },
  512: { packet: 3, chain: 4, quote: 4, quotePorts: 6, prefix: 7, window: 2, match: 11, fetch: 13 },
} as const;
export const POSITIONS = { 64: 32, 512: 23 } as const;
export const PACKET_POSITIONS = { 64: 18, 512: 10 } as const;
/** Clocks from one frame's beginning to the next one's at least: frame_clocks of linecard_pkg.sv; rx_merge sees to it. */
export const FRAME_CLOCKS = { 64: 8, 512: 1 } as const;
/** Clocks that the walk along extension headers takes. */
export const CHAIN_CLOCKS = { 64: 8, 512: 4 } as const;

/**
 * Position 0 has the newest beat. Each `step` moves all by one and brings the next beat of the
 * frames that wait, or rubbish.
 */
export class Line<Frame extends { readonly bytes: Buffer }> {
  readonly positions: number;
  readonly #k: number;
  readonly #width: Width;
  readonly #random: Random;
  #data: Buffer;
  readonly #waiting: { data: Buffer; count: number; last: boolean; frame?: Frame }[] = [];
  /** Clocks that have to go by before a frame may begin. */
  #room = 0;
  /** What comes with the next step, once it has been asked for. */
  #next: Buffer | undefined;
  /** What stands at each position; `frame` with its first beat only. */
  #beats: ({ count: number; last: boolean; frame?: Frame } | undefined)[] = [];

  constructor(width: Width, random: Random, positions: number = POSITIONS[width]) {
    this.#width = width;
    this.#k = width / 8;
    this.positions = positions;
    this.#random = random;
    this.#data = random.bytes(positions * this.#k);
  }

  /** A frame that comes next, with so many empty clocks before it, and more where the last one was short. */
  send(frame: Frame, gap = 0): void {
    for (let i = Math.max(gap, this.#room); i > 0; i--) {
      this.#waiting.push({ data: this.#random.bytes(this.#k), count: 0, last: false });
    }
    this.#room = FRAME_CLOCKS[this.#width];
    for (const beat of beats(frame.bytes, this.#width, this.#random)) {
      const { data, bytes: count, last } = beat;
      this.#waiting.push({ data, count, last, ...(beat.first ? { frame } : {}) });
      this.#room = Math.max(0, this.#room - 1);
    }
  }

  /** Beats that have not come yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  step(): void {
    const beat = this.#waiting.shift();
    const data = beat?.data ?? this.next;
    this.#next = undefined;
    this.#data = Buffer.concat([data, this.#data.subarray(0, (this.positions - 1) * this.#k)]);
    this.#beats = [beat, ...this.#beats.slice(0, this.positions - 1)];
  }

  /** `line_i`. */
  get data(): Buffer {
    return this.#data;
  }

  /** `packet_i`: what packet_line makes of it, for frames whose packets begin at `l3Of`. */
  packet(l3Of: (frame: Frame) => number): Buffer {
    const beatsOf = Array.from({ length: PACKET_POSITIONS[this.#width] }, (_, position) =>
      this.#packetBeat(position, l3Of),
    );
    return Buffer.concat(beatsOf);
  }

  /** `packet_next_i`: what comes to position 0 of the packet line with the next step. */
  packetNext(l3Of: (frame: Frame) => number): Buffer {
    return this.#packetBeat(-1, l3Of);
  }

  #packetBeat(position: number, l3Of: (frame: Frame) => number): Buffer {
    const rubbish = this.#random.bytes(this.#k);
    for (let at = TAPS[this.#width].packet + position; at < this.positions; at++) {
      const frame = this.#beats[at]?.frame;
      if (!frame) continue;
      const beat = at - TAPS[this.#width].packet - position;
      frame.bytes.subarray(l3Of(frame) + beat * this.#k).copy(rubbish);
      break;
    }
    return rubbish;
  }

  /** `next_i`: what the next step brings. No frame may be sent between this and the step, unless one waits. */
  get next(): Buffer {
    this.#next ??= this.#waiting[0]?.data ?? this.#random.bytes(this.#k);
    return this.#next;
  }

  /** The frame whose first beat stands there. */
  at(position: number): Frame | undefined {
    return this.#beats[position]?.frame;
  }

  /** `first_i` of all positions. */
  get firsts(): bigint {
    let firsts = 0n;
    for (const [p, beat] of this.#beats.entries()) if (beat?.frame) firsts |= 1n << BigInt(p);
    return firsts;
  }

  /** `last_i` and `count_i` of all positions. */
  get ends(): { last: bigint; count: bigint } {
    const bits = BigInt(Math.log2(this.#k));
    let [last, count] = [0n, 0n];
    for (const [p, beat] of this.#beats.entries()) {
      if (beat?.last) last |= 1n << BigInt(p);
      count |= BigInt(Math.max(0, (beat?.count ?? 1) - 1)) << (BigInt(p) * bits);
    }
    return { last, count };
  }
}
