import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import type { Beat } from './harness/streams.ts';
import { beats, FOUR_WAYS, frameLength, Random } from './harness/streams.ts';

const SOURCES = 3;
const WIDTHS = [64, 512] as const;
let makers: Record<'merge64' | 'merge512' | 'apart', Make>;
beforeAll(async () => {
  const parameters = { SOURCES, USER_BITS: 10 };
  makers = await build('rx-merge', {
    merge64: { module: 'rx_merge', parameters: { ...parameters, DATA_WIDTH: 64 } },
    merge512: { module: 'rx_merge', parameters: { ...parameters, DATA_WIDTH: 512 } },
    apart: { module: 'rx_merge', parameters: { ...parameters, DATA_WIDTH: 64, APART: 8 } },
  });
});

interface Frame {
  readonly data: string;
  readonly source: number;
  readonly side: number;
  readonly verdict: number;
}
interface Waiting extends Frame {
  readonly beats: Beat[];
}

/** Sources that keep to rx_port's contract, a merge, and the pipeline behind it. */
class Bench {
  readonly dut: Dut;
  readonly width: number;
  readonly random: Random;
  readonly queues: Waiting[][] = Array.from({ length: SOURCES }, () => []);
  readonly received: Frame[] = [];
  /** Clocks in which a beat came out. */
  busy = 0;
  hold = false;
  /** Percent of the clocks in which a source does not begin its next frame. */
  gaps = 0;
  #parts: Buffer[] = [];
  #head: { source: number; side: number } | undefined;
  #begun: boolean[] = Array(SOURCES).fill(false);

  constructor(
    width: (typeof WIDTHS)[number],
    seed = 1,
    maker: keyof typeof makers = `merge${width}`,
  ) {
    this.dut = makers[maker](seed);
    this.width = width;
    this.random = new Random(seed);
    this.dut.set({ valid_i: 0, hold_i: 0 }).reset();
  }

  add(source: number, data: Buffer): Frame {
    const side = this.random.below(1024);
    const frame = { data: data.toString('hex'), source, side, verdict: this.random.below(5) };
    this.queues[source]?.push({ ...frame, beats: beats(data, this.width, this.random) });
    return frame;
  }

  #inputs(): boolean[] {
    const { dut, width, random } = this;
    const countBits = BigInt(Math.log2(width / 8));
    let [data, count, last, verdict, side] = [0n, 0n, 0n, 0n, 0n];
    const valid = this.queues.map((queue, source) => {
      const frame = queue[0];
      const beat = frame?.beats[0];
      const at = BigInt(source);
      const there =
        beat !== undefined && (this.#begun[source] === true || !random.chance(this.gaps));
      // What stands on the wires of a source without a beat has no meaning.
      const bytes = there ? beat.data : random.bytes(width / 8);
      data |= BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) << (at * BigInt(width));
      count |= BigInt(there ? beat.bytes - 1 : random.below(width / 8)) << (at * countBits);
      last |= BigInt(there ? beat.last : random.below(2)) << at;
      const said = there && beat.last ? frame?.verdict : random.below(5);
      verdict |= BigInt(said ?? 0) << (at * 3n);
      side |= BigInt(there && beat.first ? (frame?.side ?? 0) : random.below(1024)) << (at * 10n);
      return there;
    });
    const bits = valid.reduce((sum, there, source) => sum | (Number(there) << source), 0);
    dut.set({ valid_i: bits, data_i: data, count_i: count, last_i: last, verdict_i: verdict });
    dut.set({ side_i: side, hold_i: this.hold }).settle();
    return valid;
  }

  clock(): void {
    const valid = this.#inputs();
    const ready = this.dut.get('ready_o');
    expect(ready & (ready - 1), 'one source at a time').toBe(0);
    for (const [source, queue] of this.queues.entries()) {
      if (!(valid[source] && (ready >> source) & 1)) continue;
      const beat = queue[0]?.beats.shift();
      if (beat?.first) expect(this.hold, 'no frame begins while held').toBe(false);
      this.#begun[source] = beat?.last === false;
      if (beat?.last) queue.shift();
    }
    this.dut.clock();
    if (this.dut.get('valid_o') === 1) this.#take();
    else expect(this.#head, 'a frame that has begun has no gaps').toBeUndefined();
  }

  #take(): void {
    const { dut } = this;
    this.busy++;
    const source = dut.get('source_o');
    expect(dut.get('first_o') === 1).toBe(this.#head === undefined);
    this.#head ??= { source, side: dut.get('side_o') };
    expect(source, 'frames are not mixed').toBe(this.#head.source);
    this.#parts.push(dut.bytes('data_o').subarray(0, dut.get('count_o') + 1));
    if (dut.get('last_o') === 0) return;
    const data = Buffer.concat(this.#parts).toString('hex');
    this.received.push({ data, ...this.#head, verdict: dut.get('verdict_o') });
    this.#parts = [];
    this.#head = undefined;
  }

  drain(): void {
    this.hold = false;
    while (this.queues.some((queue) => queue.length > 0)) this.clock();
    this.clock();
  }
}

describe.each(WIDTHS)('rx_merge at %i bits', (width) => {
  const k = width / 8;

  // The merge is made to wait by hold_i, between frames: that is its back-pressure.
  test.each(FOUR_WAYS)('all frames come out whole and in order: $way', ({ gaps, stalls }) => {
    const bench = new Bench(width, 3 + gaps + stalls);
    const { random } = bench;
    bench.gaps = gaps;
    const sent: Frame[] = [];
    for (let i = 0; i < 300; i++) {
      sent.push(bench.add(random.below(SOURCES), random.bytes(frameLength(random, k, 400))));
      for (let clocks = random.below(12); clocks > 0; clocks--) {
        bench.hold = random.chance(stalls);
        bench.clock();
      }
    }
    bench.drain();
    for (let source = 0; source < SOURCES; source++) {
      const own = (frame: Frame) => frame.source === source;
      expect(bench.received.filter(own)).toEqual(sent.filter(own));
    }
    expect(bench.received).toHaveLength(sent.length);
  });

  test('sources that always have a frame take turns', () => {
    const bench = new Bench(width);
    for (let i = 0; i < 30; i++) {
      for (let source = 0; source < SOURCES; source++) {
        bench.add(source, bench.random.bytes(bench.random.between(1, 5 * k)));
      }
    }
    bench.drain();
    const order = bench.received.map(({ source }) => source);
    for (let i = 1; i < order.length; i++) {
      expect(order[i]).toBe(((order[i - 1] ?? 0) + 1) % SOURCES);
    }
  });

  test.each([0, 1, 2])('a frame of source %i waits for no more than one of each other', (late) => {
    const bench = new Bench(width, late + 1);
    for (let source = 0; source < SOURCES; source++) {
      if (source === late) continue;
      for (let i = 0; i < 40; i++) bench.add(source, bench.random.bytes(2 * k));
    }
    for (let i = 0; i < 10; i++) {
      for (let clocks = bench.random.below(9); clocks > 0; clocks--) bench.clock();
      bench.add(late, bench.random.bytes(1));
      const before = bench.received.length;
      while ((bench.queues[late]?.length ?? 0) > 0) bench.clock();
      bench.clock();
      // One may have been under way, one of each other source can come first.
      expect(bench.received.length - before).toBeLessThanOrEqual(SOURCES + 1);
    }
  });

  test('a beat a clock, also where frames have one', () => {
    const bench = new Bench(width);
    for (let i = 0; i < 300; i++) bench.add(i % 2, bench.random.bytes(k));
    for (let i = 0; i < 300; i++) bench.clock();
    expect(bench.busy).toBe(300);
    expect(bench.received).toHaveLength(300);
  });

  test('hold_i lets the present frame end and no other begin', () => {
    const bench = new Bench(width);
    bench.add(1, bench.random.bytes(5 * k));
    bench.add(2, bench.random.bytes(k));
    bench.clock(); // the turn goes to source 1
    bench.clock();
    bench.hold = true;
    for (let i = 0; i < 20; i++) bench.clock();
    expect(bench.received.map(({ source }) => source)).toEqual([1]);
    bench.drain();
    expect(bench.received.map(({ source }) => source)).toEqual([1, 2]);
  });
});

// A card of 64 bits gives what is too short for Ethernet the eight clocks of what is not.
test('frames begin eight clocks apart, and longer ones are not held up', () => {
  const bench = new Bench(64, 1, 'apart');
  const beatsOf = [1, 8, 3, 1, 9, 7, 2, 30, 1, 1];
  for (const [i, count] of beatsOf.entries()) bench.add(i % 2, bench.random.bytes(8 * count));
  let clocks = 0;
  for (; bench.queues.some((queue) => queue.length > 0); clocks++) bench.clock();
  bench.clock();
  expect(bench.received).toHaveLength(beatsOf.length);
  // The last frame has one beat, and nothing waits for its eight clocks.
  const expected = beatsOf.slice(0, -1).reduce((sum, count) => sum + Math.max(count, 8), 1);
  expect(clocks).toBe(expected);
});
