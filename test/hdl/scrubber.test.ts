import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { Random } from './harness/streams.ts';

/** In the second the type sets are the largest table. */
const SHAPES = {
  overrides: { VIDS: 64, OVERRIDES: 128, RULES: 4 },
  types: { VIDS: 64, OVERRIDES: 64, RULES: 16 },
} as const;
type Shape = keyof typeof SHAPES;
let makers: Record<Shape, Make>;
beforeAll(async () => {
  makers = await build('scrubber', {
    overrides: { module: 'scrubber', parameters: SHAPES.overrides },
    types: { module: 'scrubber', parameters: SHAPES.types },
  });
});

const TABLES = ['vid_row', 'override', 'type_set'] as const;
type Table = (typeof TABLES)[number];

/** The tables that are asked, with as many clocks as each takes; asked by the host where not granted. */
class Bench {
  readonly dut;
  readonly random = new Random(161);
  readonly bad: Record<Table, Set<number>> = {
    vid_row: new Set(),
    override: new Set(),
    type_set: new Set(),
  };
  /** Percent of the clocks. */
  grants = 100;
  frames = 0;
  /** As `errors_o` shows them: a clock late. */
  met = 0;
  #news = 0;
  #asked: { index: number; free: boolean }[] = [];
  #override = 0;

  constructor(shape: Shape) {
    this.dut = makers[shape]();
    this.dut.set({ enable_i: 0, grant_i: 0, ready_i: 0, met_i: 0 });
    this.dut.set({ vid_row_bad_i: 0, override_bad_i: 0, type_set_bad_i: 0 }).reset();
  }

  clock(): void {
    const { dut, random, bad } = this;
    const grant = random.chance(this.grants);
    const free = !random.chance(this.frames);
    const met = random.chance(2);
    this.met += this.#news;
    this.#news = Number(met);
    // Where the index belongs to no entry, any answer may come.
    const answer = (table: Table, index: number | undefined) => bad[table].has(index ?? -1);
    const late = this.#asked[2];
    if (late?.free) this.#override = late.index;
    dut.set({ grant_i: grant, ready_i: free, met_i: met });
    dut.set({
      vid_row_bad_i: answer('vid_row', this.#asked[1]?.index),
      override_bad_i: answer('override', this.#override),
      type_set_bad_i: answer('type_set', this.#asked[1]?.index),
    });
    dut.settle();
    const index = grant ? dut.get('index_o') : random.below(64);
    this.#asked = [{ index, free }, ...this.#asked.slice(0, 2)];
    dut.clock();
  }

  /** Clocks until that many rounds are done, and what they have found is counted. */
  rounds(count: number): void {
    while (this.dut.get('rounds_o') < count) this.clock();
    this.clock();
  }
}

describe.each(['overrides', 'types'] as const)('scrubber, mostly %s', (shape) => {
  const sizes = SHAPES[shape];
  const counts = { vid_row: sizes.VIDS, override: sizes.OVERRIDES, type_set: sizes.RULES * 8 };

  test.each([
    ['undisturbed', 100, 0],
    ['the host comes between', 93, 0],
    ['frames leave overrides little room', 100, 80],
    ['both', 95, 50],
  ])(
    'counts each bad word once a round, and says where the last one is: %s',
    (_, grants, frames) => {
      const bench = new Bench(shape);
      const { random, dut } = bench;
      Object.assign(bench, { grants, frames });
      for (const table of TABLES) {
        for (let i = 0; i < 5; i++) bench.bad[table].add(random.below(counts[table]));
        // An index that this table does not have says nothing, whatever comes back.
        for (let i = counts[table]; i < 256; i++) bench.bad[table].add(i);
        bench.bad[table].add(counts[table] - 1);
      }
      for (let i = 0; i < 200; i++) bench.clock();
      expect([dut.get('errors_o'), dut.get('rounds_o')]).toEqual([bench.met, 0]);
      dut.set({ enable_i: 1 });
      const there = (table: Table) => [...bench.bad[table]].filter((i) => i < counts[table]);
      const each = TABLES.reduce((sum, table) => sum + there(table).length, 0);
      for (let round = 1; round <= 3; round++) {
        bench.rounds(round);
        expect(dut.get('errors_o')).toBe(round * each + bench.met);
        const table = shape === 'overrides' ? 1 : 2;
        expect(dut.get('last_o')).toBe(table * 2 ** 24 + Math.max(...Object.values(counts)) - 1);
      }
    },
  );
});
