/** Overrides through the driver: how fast they go in, how full the table gets, what an insert costs. */
import {
  Card,
  DriverError,
  type NewOverride,
  OverrideTable,
  SimulationTransport,
} from '../driver/index.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { CardBed, CONFIGURATION } from './card-bed.ts';
import { formatNumber } from './render.ts';
import type { Measured } from './report.ts';
import { interleave, type Spread, spreadOf } from './spread.ts';
import { TableInMemory } from './table-in-memory.ts';

/** Of the table: a fifth less than where two ways of single places begin to fail. */
const LOAD = 0.4;
const SINGLE = { quick: 200, full: 1000 };
const ROUNDS = { quick: 3, full: 5 };
const TABLES = { quick: 4, full: 40 };
/** Sizes of the override tables of hdl/configurations.yaml. */
const SIZES = [1024, 4096, 65_536];

const MASK = (1n << 64n) - 1n;

/** SplitMix64: the n-th of a sequence without order. */
function mixed(n: bigint): bigint {
  let z = (n * 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/** Keys without any order, another set for each round. */
function scattered(round: number, n: number): NewOverride {
  const at = 2n * (BigInt(round) * 0x100000n + BigInt(n));
  return { space: round & 255, key: (mixed(at) << 64n) | mixed(at + 1n), vid: n & 0xff };
}

/** IPv4 sources one behind the other, as subscribers of one prefix have them. */
const inOrder = (round: number, n: number): NewOverride => ({
  space: round & 255,
  key: BigInt(0x0a000000 + n) << 96n,
  vid: n & 0xff,
});

/** Exact: what the register bus takes. */
async function cardClocks(count: number): Promise<number> {
  const bed = await CardBed.open();
  try {
    const table = new OverrideTable(bed.card);
    await table.clear();
    const list = Array.from({ length: count }, (_, n) => scattered(0, n));
    const before = await bed.simulated.clocks();
    await table.insert(list);
    return ((await bed.simulated.clocks()) - before) / count;
  } finally {
    await bed.close();
  }
}

/** A live card, wall-clock. */
async function rates(quick: boolean): Promise<Record<'many' | 'single' | 'sweep', Spread>> {
  const singles = quick ? SINGLE.quick : SINGLE.full;
  const transport = await SimulationTransport.open({ configuration: CONFIGURATION, mode: 'live' });
  const card = await Card.attach(transport);
  try {
    const count = Math.floor(card.sizes.overrides * (quick ? LOAD / 10 : LOAD));
    let round = 0;
    const seconds = async (work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return (performance.now() - start) / 1000;
    };
    const filled = async () => {
      const table = new OverrideTable(card);
      await table.clear();
      round++;
      return table;
    };
    const results = await interleave(quick ? ROUNDS.quick : ROUNDS.full, {
      many: async () => {
        const table = await filled();
        const list = Array.from({ length: count }, (_, n) => scattered(round, n));
        return count / (await seconds(() => table.insert(list)));
      },
      single: async () => {
        const table = await filled();
        return (
          singles /
          (await seconds(async () => {
            for (let n = 0; n < singles; n++) await table.insert(scattered(round, n));
          }))
        );
      },
      sweep: async () => {
        const table = await filled();
        await table.insert(Array.from({ length: 1000 }, (_, n) => scattered(round, n)));
        return 1000 * (await seconds(() => table.sweep()));
      },
    });
    return {
      many: spreadOf(results.many),
      single: spreadOf(results.single),
      sweep: spreadOf(results.sweep),
    };
  } finally {
    await card.close();
  }
}

interface Fill {
  /** At the first key that found no place. */
  readonly load: Spread;
  readonly longest: number;
  /** Moves for each insert up to 40 % load. */
  readonly moves: number;
  /** Tables of these in which a key found no place below 40 % load. */
  readonly early: number;
}

/** Fills tables until the first key finds no place. No card: what counts is which places there are. */
async function fill(
  places: number,
  tables: number,
  key: (round: number, n: number) => NewOverride,
): Promise<Fill> {
  const loads: number[] = [];
  let longest = 0;
  let moves = 0;
  let early = 0;
  let inserted = 0;
  for (let round = 0; round < tables; round++) {
    const table = new OverrideTable(await Card.attach(new TableInMemory(places)));
    let at40: number | undefined;
    try {
      for (let n = 0; n < places; ) {
        const some = Math.min(200, places - n);
        await table.insert(Array.from({ length: some }, (_, i) => key(round, n + i)));
        n += some;
        if (at40 === undefined && n >= LOAD * places) {
          at40 = table.statistics().moves;
          longest = Math.max(longest, table.statistics().longestInsert);
          moves += at40;
          inserted += n;
        }
      }
    } catch (error) {
      if (!(error instanceof DriverError) || error.code !== 'FULL') throw error;
    }
    if (at40 === undefined) early++;
    loads.push(table.statistics().loadFactor * 100);
  }
  return { load: spreadOf(loads), longest, moves: inserted === 0 ? 0 : moves / inserted, early };
}

async function run({ quick, say }: Context): Promise<Measured> {
  const count = quick ? 400 : 4000;
  say('inserts on a card');
  const clocks = await cardClocks(count);
  const { many, single, sweep } = await rates(quick);
  const tables = quick ? TABLES.quick : TABLES.full;
  const fills: { places: number; keys: string; tables: number; fill: Fill }[] = [];
  for (const places of SIZES) {
    for (const [keys, key] of [
      ['without order', scattered],
      ['addresses in a row', inOrder],
    ] as const) {
      const some = places > 10_000 ? Math.max(1, tables / 10) : tables;
      say(`${some} tables of ${places} places, keys ${keys}`);
      fills.push({ places, keys, tables: some, fill: await fill(places, some, key) });
    }
  }
  const worst = Math.min(
    ...fills.filter(({ keys }) => keys === 'without order').map(({ fill: { load } }) => load.low),
  );
  return {
    configuration: CONFIGURATION,
    method: [
      `Clocks: ${formatNumber(count)} inserts in lock-step, exact. Inserts a second: wall-clock on a live card without traffic, each entry written and read back; several runs in turn.`,
      'One by one: each insert is complete before the next is begun. A sweep reads the hit bits of all places and clears those that are set.',
      'Load: tables of each size are filled in memory with the driver’s own planning until the first key finds no place within 64 moves; the hashes are those of the card.',
      'A key can lie in two places, one in each half: in theory such tables fill to just under half, and above that some key finds none.',
    ],
    headlines: [
      { what: 'overrides inserted and read back', value: many.median, unit: 'inserts/s' },
      { what: 'card clocks an insert', value: clocks, unit: 'clocks' },
      { what: 'load at the first failure, lowest of all tables', value: worst, unit: '%' },
    ],
    tables: [
      {
        caption: 'Inserts',
        columns: [
          { key: 'how', title: 'how' },
          { key: 'clocks', title: 'card clocks', digits: 1 },
          { key: 'rate', title: 'a second, median (low to high)' },
          { key: 'ms', title: 'ms, median (low to high)', digits: 1 },
        ],
        rows: [
          { how: 'many at once', clocks, rate: many },
          { how: 'one by one', rate: single },
          { how: 'a sweep of all hit bits', ms: sweep },
        ],
      },
      {
        caption: 'How full the table gets',
        columns: [
          { key: 'places', title: 'places' },
          { key: 'keys', title: 'keys' },
          { key: 'tables', title: 'tables' },
          { key: 'load', title: '% at the first failure, median (low to high)', digits: 1 },
          { key: 'early', title: 'tables that failed below 40 %' },
          { key: 'moves', title: 'moves an insert up to 40 %', digits: 3 },
          { key: 'longest', title: 'most moves up to 40 %' },
        ],
        rows: fills.map(({ fill: of, ...what }) => ({ ...what, ...of })),
      },
    ],
    limits: [
      'What a real transport would take: inserts a second are of a simulated card on this machine.',
      'Keys that somebody has chosen so that they collide: the hashes are known, and the table takes what the host puts in.',
    ],
  };
}

export const overrides: Benchmark = {
  name: 'overrides',
  title: 'Overrides through the driver',
  run,
};
