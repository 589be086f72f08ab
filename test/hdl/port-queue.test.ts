import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { beats, FOUR_WAYS, frameLength, keptBytes, Random } from './harness/streams.ts';

const BYTES = 4096;
const SIDE_DEPTH = 8;
const inSides = Array.from({ length: SIDE_DEPTH }, (_, i) => i);
const WIDTHS = [64, 512] as const;

let makers: Record<'queue64' | 'queue512' | 'sides64' | 'sides512', Make>;
beforeAll(async () => {
  const module = 'port_queue';
  const sides = { BYTES, SIDE_BITS: 20, SIDE_DEPTH };
  makers = await build('port-queue', {
    queue64: { module, parameters: { BYTES, DATA_WIDTH: 64 } },
    queue512: { module, parameters: { BYTES, DATA_WIDTH: 512 } },
    sides64: { module, parameters: { ...sides, DATA_WIDTH: 64, SIDE_WORDS: 2 } },
    sides512: { module, parameters: { ...sides, DATA_WIDTH: 512 } },
  });
});

/** The queue between a pipeline that waits for nobody and a sink. */
class Bench {
  readonly dut: Dut;
  readonly width: number;
  readonly random: Random;
  readonly received: { frame: string; side: number }[] = [];
  /** Percent of the clocks in which the sink is not ready. */
  stalls = 0;
  #parts: Buffer[] = [];
  #offered: string | undefined;

  constructor(width: (typeof WIDTHS)[number], sides: boolean, seed = 1) {
    this.dut = makers[`${sides ? 'sides' : 'queue'}${width}`](seed);
    this.width = width;
    this.random = new Random(seed);
    this.dut.set({ valid_i: 0, tready_i: 0 }).reset();
  }

  /** One clock. keep_i says that the frame is wanted; whether it stays is the queue's to say. */
  #clock(wanted: boolean): boolean {
    const ready = !this.random.chance(this.stalls);
    this.dut.set({ tready_i: ready, keep_i: wanted }).settle();
    const accepted = this.dut.get('accept_o') === 1;
    const valid = this.dut.get('tvalid_o') === 1;
    const beat = ['tdata_o', 'tkeep_o', 'tlast_o', 'tuser_o'].map((p) => this.dut.big(p)).join();
    if (this.#offered !== undefined) {
      expect(valid, 'tvalid stays until the beat is taken').toBe(true);
      expect(beat, 'the offered beat stays as it is').toBe(this.#offered);
    }
    this.#offered = valid && !ready ? beat : undefined;
    if (valid && ready) {
      const bytes = keptBytes(this.dut.big('tkeep_o'));
      this.#parts.push(this.dut.bytes('tdata_o').subarray(0, bytes));
      if (this.dut.get('tlast_o') === 1) {
        const frame = Buffer.concat(this.#parts).toString('hex');
        this.received.push({ frame, side: this.dut.get('tuser_o') });
        this.#parts = [];
      } else {
        expect(bytes).toBe(this.width / 8);
      }
    }
    this.dut.clock();
    return accepted;
  }

  idle(clocks: number): void {
    this.dut.set({ valid_i: 0 });
    for (let i = 0; i < clocks; i++) this.#clock(false);
  }

  /** True when the frame stayed. */
  send(frame: Buffer, { keep = true, side = 0, gaps = 0 } = {}): boolean {
    let accepted = false;
    for (const beat of beats(frame, this.width, this.random)) {
      while (this.random.chance(gaps)) this.idle(1);
      const last = beat.last && this.dut.width('side_i') > 1 ? side : 0;
      const inputs = { valid_i: 1, data_i: beat.data, count_i: beat.bytes - 1 };
      this.dut.set({ ...inputs, last_i: beat.last, side_i: last });
      accepted = this.#clock(beat.last && keep);
    }
    this.dut.set({ valid_i: 0, last_i: 0 });
    return accepted && keep;
  }

  drain(): void {
    this.stalls = 0;
    for (let i = 0; i < 2 * BYTES; i++) {
      if (this.dut.settle().get('empty_o') === 1) return;
      this.idle(1);
    }
    throw new Error('the queue does not run empty');
  }
}

const bytes = (length: number, seed = 1) => new Random(seed).bytes(length);
const hex = (frame: Buffer) => frame.toString('hex');

describe.each(WIDTHS)('port_queue at %i bits', (width) => {
  const k = width / 8;
  // A record of two words takes two clocks to write.
  const shortest = width === 64 ? k + 1 : 1;

  describe.each(FOUR_WAYS)('$way', ({ gaps, stalls }) => {
    test.each([false, true])('what is kept comes out, nothing else; side band %s', (sides) => {
      const bench = new Bench(width, sides, 5 + gaps + stalls);
      bench.stalls = stalls;
      const { random } = bench;
      const kept: { frame: string; side: number }[] = [];
      const full = { is: 0 };
      for (let i = 0; i < 300; i++) {
        const length = frameLength(random, k, 1600);
        const frame = random.bytes(sides ? Math.max(length, shortest) : length);
        const keep = random.chance(80);
        const side = sides ? i + 1 : 0;
        if (bench.send(frame, { keep, side, gaps })) kept.push({ frame: hex(frame), side });
        else if (keep) full.is++;
        if (random.chance(gaps)) bench.idle(random.between(1, 300));
      }
      bench.drain();
      expect(bench.received).toEqual(kept);
      expect(kept.length).toBeGreaterThan(50);
      if (stalls > 0 && gaps === 0) expect(full.is).toBeGreaterThan(0);
    });
  });

  test('a frame is offered when all of it is here', () => {
    const { dut } = new Bench(width, false);
    dut.set({ valid_i: 1, last_i: 0, count_i: k - 1, data_i: bytes(k), tready_i: 1 });
    for (let i = 0; i < 6; i++) expect(dut.clock().get('tvalid_o')).toBe(0);
    dut.set({ last_i: 1, keep_i: 1 }).clock();
    dut.set({ valid_i: 0 });
    expect(dut.get('tvalid_o')).toBe(0);
    expect(dut.clock().get('tvalid_o')).toBe(0);
    expect(dut.clock().get('tvalid_o')).toBe(1);
  });

  test('a bad frame leaves nothing and takes no room', () => {
    const bench = new Bench(width, true);
    for (let i = 0; i < 20; i++) expect(bench.send(bytes(1024, i), { keep: false })).toBe(false);
    expect(bench.dut.settle().get('empty_o')).toBe(1);
    expect(bench.send(bytes(BYTES, 3), { side: 7 })).toBe(true);
    bench.drain();
    expect(bench.received).toEqual([{ frame: hex(bytes(BYTES, 3)), side: 7 }]);
  });

  test('it holds BYTES, and drops what does not fit whole', () => {
    const bench = new Bench(width, false);
    bench.stalls = 100;
    const half = bytes(BYTES / 2, 1);
    const rest = bytes(BYTES / 2 - k, 2);
    // The offered beat and the next one stand behind the RAM, so two beats more than BYTES are inside.
    expect(bench.send(half)).toBe(true);
    bench.idle(3);
    expect(bench.send(rest)).toBe(true);
    expect(bench.send(bytes(3 * k + 1, 3))).toBe(false); // four beats where three fit
    expect(bench.send(bytes(3 * k, 4))).toBe(true);
    expect(bench.send(bytes(1, 5))).toBe(false);
    bench.drain();
    expect(bench.received.map(({ frame }) => frame)).toEqual(
      [half, rest, bytes(3 * k, 4)].map(hex),
    );
    expect(bench.send(bytes(BYTES, 6))).toBe(true);
    bench.idle(2);
    expect(bench.send(bytes(1, 7))).toBe(true); // while the first leaves
    bench.drain();
    expect(bench.received.slice(3).map(({ frame }) => frame)).toEqual(
      [bytes(BYTES, 6), bytes(1, 7)].map(hex),
    );
  });

  test('room that comes back in the middle of a frame does not save it', () => {
    const bench = new Bench(width, false);
    bench.stalls = 100;
    expect(bench.send(bytes(BYTES, 1))).toBe(true);
    bench.idle(3);
    // Two beats have room, the third has none; then the queue begins to empty.
    const { dut } = bench;
    const seen: number[] = [];
    for (let i = 0; i < 6; i++) {
      dut.set({ valid_i: 1, last_i: i === 5, keep_i: 0, tready_i: i >= 3 }).settle();
      seen.push(dut.get('accept_o'));
      dut.clock();
    }
    dut.set({ valid_i: 0 });
    expect(seen).toEqual([1, 1, 0, 0, 0, 0]);
  });

  test('no more frames than the side band holds', () => {
    const bench = new Bench(width, true);
    bench.stalls = 100;
    const stayed = Array.from({ length: SIDE_DEPTH + 2 }, (_, i) =>
      bench.send(bytes(k + 1, i), { side: 100 + i }),
    );
    expect(stayed).toEqual([...Array(SIDE_DEPTH).fill(true), false, false]);
    bench.drain();
    expect(bench.received.map(({ side }) => side)).toEqual(inSides.map((i) => 100 + i));
    expect(bench.send(bytes(shortest), { side: 9 })).toBe(true);
    bench.drain();
    expect(bench.received.at(-1)?.side).toBe(9);
  });

  test('frames of one beat, one a clock, leave one a clock', () => {
    const sides = width === 512;
    const bench = new Bench(width, sides);
    const sent = Array.from({ length: 600 }, (_, i) => bytes(1 + (i % k), i));
    for (const [side, frame] of sent.entries()) expect(bench.send(frame, { side })).toBe(true);
    bench.idle(3);
    const wanted = sent.map((frame, side) => ({ frame: hex(frame), side: sides ? side : 0 }));
    expect(bench.received).toEqual(wanted);
  });

  test('a record of two words costs each frame three clocks', () => {
    const bench = new Bench(64, true);
    for (let side = 0; side < SIDE_DEPTH; side++) bench.send(bytes(64, side), { side });
    const { length } = bench.received;
    bench.idle(11);
    expect(bench.received.length).toBe(length + 1);
    bench.drain();
    expect(bench.received.map(({ side }) => side)).toEqual(inSides);
  });
});
