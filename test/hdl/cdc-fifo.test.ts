import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { Clocks } from './harness/clocks.ts';
import type { Dut } from './harness/dut.ts';
import { FOUR_WAYS, Random } from './harness/streams.ts';

const WIDTH = 40;
let makers: Record<'fifo', Make>;
beforeAll(async () => {
  makers = await build('cdc-fifo', { fifo: { module: 'cdc_fifo', parameters: { WIDTH } } });
});

/** A source and a sink, each on its clock. */
class Bench {
  readonly dut: Dut;
  readonly clocks: Clocks;
  readonly random: Random;
  readonly put: bigint[] = [];
  readonly got: bigint[] = [];
  gaps = 0;
  stalls = 0;
  readonly wr: { port: string; period: number; before: () => void };
  readonly rd: { port: string; period: number; before: () => void };
  #offered: bigint | undefined;
  #shown: bigint | undefined;
  #resets = true; // the reader is in its reset: what it sees means nothing

  constructor(write: number, read: number, seed: number) {
    this.random = new Random(seed);
    this.dut = makers.fifo(seed);
    this.wr = { port: 'wr_clk_i', period: write, before: () => this.#write() };
    this.rd = { port: 'rd_clk_i', period: read, before: () => this.#read() };
    this.dut.set({ wr_rst_ni: 0, rd_rst_ni: 0, wr_valid_i: 0, rd_ready_i: 0 });
    this.clocks = new Clocks(this.dut, [this.wr, this.rd]);
  }

  /** Both resets, each over two edges of its clock at least, and gone in any order. */
  reset(first: 'wr_rst_ni' | 'rd_rst_ni' = 'wr_rst_ni', between = 0): void {
    this.dut.set({ wr_rst_ni: 0, rd_rst_ni: 0 });
    this.#resets = true;
    this.clocks.run(3 * Math.max(this.wr.period, this.rd.period));
    this.#shown = undefined;
    this.release(first);
    this.clocks.run(between);
    this.release('wr_rst_ni');
    this.release('rd_rst_ni');
  }

  /** Lets one reset go; the other is still there. */
  release(reset: 'wr_rst_ni' | 'rd_rst_ni'): void {
    if (reset === 'rd_rst_ni') this.#resets = false;
    this.dut.set({ [reset]: 1 });
  }

  #write(): void {
    if (this.#offered === undefined && !this.random.chance(this.gaps))
      this.#offered = this.random.bits(WIDTH);
    const offered = this.#offered;
    this.dut.set({ wr_valid_i: offered !== undefined, wr_data_i: offered ?? 0n }).settle();
    if (offered === undefined || this.dut.get('wr_ready_o') === 0) return;
    this.put.push(offered);
    this.#offered = undefined;
  }

  #read(): void {
    const ready = !this.random.chance(this.stalls);
    this.dut.set({ rd_ready_i: ready }).settle();
    if (this.#resets) return;
    const valid = this.dut.get('rd_valid_o') === 1;
    const data = this.dut.big('rd_data_o');
    if (this.#shown !== undefined) {
      expect(valid, 'rd_valid stays until the word is taken').toBe(true);
      expect(data, 'the offered word stays as it is').toBe(this.#shown);
    }
    this.#shown = valid && !ready ? data : undefined;
    if (valid && ready) this.got.push(data);
  }

  /** What was put has come, and nothing else. */
  drain(): void {
    this.gaps = 100;
    this.stalls = 0;
    this.#offered = undefined;
    this.clocks.run(60 * (this.wr.period + this.rd.period));
    expect(this.got).toEqual(this.put);
  }
}

const RELATIONS = [
  ['the same', 8000, 8000],
  ['nearly the same', 8000, 8001],
  ['reading twice as fast', 16_000, 8000],
  ['reading half as fast', 8000, 16_000],
  ['no ratio', 8000, 12_347],
  ['far slower to write', 400_000, 16_000],
  ['far slower to read', 16_000, 400_000],
] as const;

describe.each(RELATIONS)('clocks: %s', (_, write, read) => {
  test.each(FOUR_WAYS)('$way: each word once, in order', ({ gaps, stalls }) => {
    const bench = new Bench(write, read, write + read + gaps + 3 * stalls);
    bench.reset();
    Object.assign(bench, { gaps, stalls });
    bench.clocks.until(() => bench.put.length > 400, 1e11);
    bench.drain();
    expect(bench.put.length).toBeGreaterThan(400);
  });
});

test('it holds 16 words and the one that is offered, and takes no more', () => {
  const bench = new Bench(8000, 9000, 5);
  bench.reset();
  bench.stalls = 100;
  bench.clocks.run(8000 * 60);
  expect(bench.put).toHaveLength(17);
  bench.drain();
});

test('a clock that stands keeps what is there', () => {
  const bench = new Bench(8000, 9000, 6);
  bench.reset();
  bench.clocks.until(() => bench.put.length > 50, 1e9);
  for (const side of [bench.wr, bench.rd]) {
    const { period } = side;
    side.period = Number.POSITIVE_INFINITY;
    bench.clocks.run(8000 * 100);
    side.period = period;
    bench.clocks.run(8000 * 100);
  }
  bench.drain();
});

test.each(['wr_rst_ni', 'rd_rst_ni'] as const)(
  'whichever reset goes first, and however long before the other: %s',
  (first) => {
    for (let between = 0; between < 30; between++) {
      const bench = new Bench(8000, 11_000, between + 1);
      bench.reset(first, between * 4000);
      bench.clocks.until(() => bench.put.length > 40, 1e9);
      bench.drain();
    }
  },
);

describe.each(['wr', 'rd'] as const)(
  'the clock of %s stands at first, and what it holds is anything',
  (late) => {
    test.each(Array.from({ length: 24 }, (_, seed) => seed + 1))('seed %i', (seed) => {
      const stands = Number.POSITIVE_INFINITY;
      const bench = late === 'wr' ? new Bench(stands, 11_000, seed) : new Bench(8000, stands, seed);
      const period = 9000;
      bench.clocks.run(8000 * 4);
      bench.release(late === 'wr' ? 'rd_rst_ni' : 'wr_rst_ni');
      bench.clocks.run(8000 * 100);
      expect(bench.got).toEqual([]);
      bench[late].period = period;
      // A reset that is let go by the clock itself (cdc_reset).
      bench.clocks.run(period * 3);
      bench.release(`${late}_rst_ni`);
      bench.clocks.until(() => bench.put.length > 60, 1e9);
      bench.drain();
    });
  },
);

test('a reset in the middle of things empties it', () => {
  const bench = new Bench(8000, 11_000, 9);
  bench.reset();
  for (let n = 0; n < 30; n++) {
    bench.clocks.run(8000 * (20 + n));
    bench.gaps = 100;
    bench.reset(n & 1 ? 'wr_rst_ni' : 'rd_rst_ni', n * 3000);
    bench.clocks.run(8000 * 20);
    bench.put.length = 0;
    bench.got.length = 0;
    bench.gaps = 0;
  }
  bench.clocks.until(() => bench.put.length > 40, 1e9);
  bench.drain();
});
