/** VID rows written through the driver, each read back. */
import type { Benchmark, Context } from './benchmark.ts';
import { CardBed, CONFIGURATION } from './card-bed.ts';
import { formatNumber } from './render.ts';
import type { Measured } from './report.ts';
import { interleave, type Spread, spreadOf } from './spread.ts';

const ROWS = { quick: 4096, full: 32_768 };
const SINGLE = { quick: 200, full: 1000 };
const ROUNDS = { quick: 3, full: 7 };

/** Rows that all differ from what the card holds. */
class Rows {
  readonly #bed: CardBed;
  #round = 0;

  constructor(bed: CardBed) {
    this.#bed = bed;
  }

  /** Sets the first `count` rows to what they do not hold; nothing reaches the card yet. */
  change(count: number): void {
    this.#round = (this.#round + 1) % 64;
    for (let index = 0; index < count; index++) this.set(index, this.#round);
  }

  set(index: number, round: number): void {
    this.#bed.tables.set('vid_row', index, {
      active: (index + round) % 8,
      backup: round,
      backup_in_sync: round % 2,
      valid: 1,
    });
  }
}

/** Exact: what the register bus takes. */
async function cardClocks(count: number): Promise<Record<'plain' | 'verified', number>> {
  const bed = await CardBed.open();
  try {
    const rows = new Rows(bed);
    const clocksOf = async (work: () => Promise<unknown>) => {
      const before = await bed.simulated.clocks();
      await work();
      return ((await bed.simulated.clocks()) - before) / count;
    };
    rows.change(count);
    const verified = await clocksOf(() => bed.tables.write());
    const entry = { active: 1, backup: 2, backup_in_sync: 0, valid: 1 };
    const entries = Array.from({ length: count }, (_, index) => ({ index, entry }));
    const plain = await clocksOf(() => bed.card.writeTable('vid_row', entries));
    return { plain, verified };
  } finally {
    await bed.close();
  }
}

/** A live card, wall-clock: driver, addon, and the simulated card itself. */
async function rates(quick: boolean): Promise<Record<'many' | 'plain' | 'single', Spread>> {
  const count = quick ? ROWS.quick : ROWS.full;
  const singles = quick ? SINGLE.quick : SINGLE.full;
  const bed = await CardBed.open({ mode: 'live' });
  try {
    const rows = new Rows(bed);
    const perSecond = async (written: number, work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return written / ((performance.now() - start) / 1000);
    };
    const results = await interleave(quick ? ROUNDS.quick : ROUNDS.full, {
      many: () => {
        rows.change(count);
        return perSecond(count, async () => {
          const { rows: written } = await bed.tables.write();
          if (written !== count) throw new Error(`${written} rows were written, not ${count}`);
        });
      },
      plain: () => {
        const entries = Array.from({ length: count }, (_, index) => ({
          index,
          entry: { active: index % 8, backup: 0, backup_in_sync: 0, valid: 1 },
        }));
        return perSecond(count, () => bed.card.writeTable('vid_row', entries));
      },
      single: () =>
        perSecond(singles, async () => {
          const { vids } = bed.card.sizes;
          for (let n = 0; n < singles; n++) {
            // Rows that the other variants leave alone; two values in turn.
            const { backup } = bed.tables.get('vid_row', vids - 1 - n);
            rows.set(vids - 1 - n, (backup + 1) % 64);
            await bed.tables.write();
          }
        }),
    });
    return {
      many: spreadOf(results.many),
      plain: spreadOf(results.plain),
      single: spreadOf(results.single),
    };
  } finally {
    await bed.close();
  }
}

async function run({ quick, say }: Context): Promise<Measured> {
  const count = quick ? ROWS.quick : ROWS.full;
  say(`${count} rows at once, and one after the other`);
  const clocks = await cardClocks(4096);
  const { many, plain, single } = await rates(quick);
  return {
    configuration: CONFIGURATION,
    method: [
      `Clocks: 4,096 rows in lock-step, exact. Rows a second: wall-clock on a live card without traffic, ${formatNumber(count)} rows that all change; several runs in turn.`,
      'Verified: CardTables writes what differs and reads it back, 512 rows in one call of the transport. Plain: written, not read back.',
      'One by one: each row is written and read back before the next is begun, as a single failover or move is.',
    ],
    headlines: [
      { what: 'VID rows written and read back', value: many.median, unit: 'rows/s' },
      { what: 'card clocks a row, written and read back', value: clocks.verified, unit: 'clocks' },
    ],
    tables: [
      {
        caption: 'VID rows',
        columns: [
          { key: 'how', title: 'how' },
          { key: 'clocks', title: 'card clocks a row', digits: 1 },
          { key: 'rate', title: 'rows/s, median (low to high)' },
        ],
        rows: [
          { how: 'many at once, verified', clocks: clocks.verified, rate: many },
          { how: 'many at once, plain', clocks: clocks.plain, rate: plain },
          { how: 'one by one, verified', rate: single },
        ],
      },
    ],
    limits: [
      'What a real transport (serial line, PCIe) would take: rows a second here are of a simulated card on this machine.',
    ],
  };
}

export const rows: Benchmark = {
  name: 'rows',
  title: 'VID rows through the driver',
  run,
};
