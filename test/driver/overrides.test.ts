import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { NewOverride, Override } from '../../driver/index.ts';
import { Card, OverrideTable, TABLES } from '../../driver/index.ts';
import { ModelCard } from './model-card.ts';

let model: ModelCard;
let table: OverrideTable;

async function open(sizes: { overrides?: number; vids?: number } = {}): Promise<void> {
  model = new ModelCard(sizes);
  table = new OverrideTable(await Card.attach(model));
}
beforeEach(() => open());

const key = (n: number): bigint => (BigInt(n) * 0x9e3779b97f4a7c15f39cc0605cedc835n) % (1n << 128n);
const entry = (n: number, vid = n % 256): NewOverride => ({ space: n % 3, key: key(n), vid });
const find = (n: number) => model.lookUp(n % 3, key(n), false);

/** Watches every write of the card: each of these is found with its VID. Counts the writes. */
function watch(standing: Map<string, Override>) {
  const seen = { writes: 0, missed: [] as string[] };
  model.watch = () => {
    seen.writes++;
    for (const { space, key, vid } of standing.values())
      if (model.lookUp(space, key, false) !== vid) seen.missed.push(`${space}:${key}`);
  };
  return seen;
}

describe('what is inserted', () => {
  test('is found with its VID, changes its VID in place, and is gone when deleted', async () => {
    await table.insert({ space: 1, key: 5n, vid: 7 });
    expect(model.lookUp(1, 5n)).toBe(7);
    expect(model.lookUp(0, 5n)).toBeUndefined();
    expect(table.get(1, 5n)).toMatchObject({ vid: 7, fixed: false, idle: 0 });
    const place = table.get(1, 5n)?.place;
    expect(model.ways(1, 5n)).toContain(place);
    await table.insert({ space: 1, key: 5n, vid: 8 });
    expect(model.lookUp(1, 5n)).toBe(8);
    expect(table.get(1, 5n)).toMatchObject({ vid: 8, place });
    expect(table.statistics()).toMatchObject({ entries: 1, inserts: 1, loadFactor: 1 / 128 });
    expect(await table.delete(1, 5n)).toBe(true);
    expect(await table.delete(1, 5n)).toBe(false);
    expect(model.lookUp(1, 5n)).toBeUndefined();
    expect(table.list()).toEqual([]);
  });

  test('lies where the hashes of the card say, for any key', async () => {
    await open({ overrides: 65536 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 255 }),
        fc.bigInt(0n, 2n ** 128n - 1n),
        async (space, any) => {
          await table.insert({ space, key: any, vid: 3 });
          expect(model.lookUp(space, any)).toBe(3);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is refused before anything is written where a value does not fit', async () => {
    for (const bad of [
      { space: 256, key: 0n, vid: 0 },
      { space: 0, key: 1n << 128n, vid: 0 },
      { space: 0, key: -1n, vid: 0 },
      { space: 0, key: 0n, vid: 256 },
    ])
      expect(() => table.insert([entry(1), bad])).toThrow(RangeError);
    expect(() => table.insert({ space: 0, key: 9n, vid: 999 })).toThrow(
      /override space 0 key 0x9: VID 999: this card has VIDs 0 to 255/,
    );
    expect(model.written()).toEqual([]);
  });
});

test('no packet misses: at every single write every standing key is found', async () => {
  const command = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('insert' as const), fc.nat(60)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('many' as const), fc.nat(60)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('delete' as const), fc.nat(60)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('lost' as const), fc.nat(60)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('restart' as const), fc.nat(60)) },
  );
  let moves = 0;
  let full = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 120 }), async (commands) => {
      await open({ overrides: 64 });
      // What must be found: the entries of the calls that were resolved and were not deleted since.
      const standing = new Map<string, Override>();
      const seen = watch(standing);
      const name = (n: number) => `${n % 3}:${key(n)}`;
      const insert = async (list: readonly NewOverride[]) => {
        // Whose VID changes is found with the old one or with the new one.
        for (const { space, key } of list) standing.delete(`${space}:${key}`);
        const before = new Set(table.list().map(({ space, key }) => `${space}:${key}`));
        try {
          await table.insert(list);
        } catch (error) {
          expect(error).toMatchObject({ code: 'FULL' });
          full++;
        }
        for (const { space, key, vid } of table.list()) {
          const its = `${space}:${key}`;
          if (list.some((it) => `${it.space}:${it.key}` === its) || before.has(its))
            standing.set(its, { space, key, vid });
        }
      };
      for (const [what, n] of commands) {
        if (what === 'insert') await insert([entry(n)]);
        else if (what === 'many') await insert([0, 7, 14, 21, 28].map((more) => entry(n + more)));
        else if (what === 'delete') {
          standing.delete(name(n));
          await table.delete(n % 3, key(n));
        } else if (what === 'lost') {
          // The writes are done and the reply is lost: the call fails, and the next one repairs.
          standing.delete(name(n));
          const had = table.get(n % 3, key(n));
          model.failure = new Error('line cut');
          await table.insert(entry(n)).catch(() => {});
          model.failure = undefined;
          if (had !== undefined) await table.delete(n % 3, key(n));
        } else {
          moves += table.statistics().moves;
          const known = table.list();
          table = new OverrideTable(await Card.attach(model));
          await table.reconcile(known);
        }
      }
      moves += table.statistics().moves;
      expect(seen.missed).toEqual([]);
      expect(await table.compare()).toEqual([]);
      for (const { space, key, vid } of table.list()) expect(model.lookUp(space, key)).toBe(vid);
    }),
    { numRuns: 60 },
  );
  expect(moves, 'entries were moved').toBeGreaterThan(100);
  expect(full, 'inserts found no place').toBeGreaterThan(5);
});

describe('a table that is full', () => {
  test('says how full, and nothing that was in is lost', async () => {
    const standing = new Map<string, Override>();
    const seen = watch(standing);
    let failure: unknown;
    for (let n = 0; failure === undefined; n++) {
      try {
        await table.insert(entry(n));
        standing.set(`${n}`, entry(n));
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toMatchObject({ code: 'FULL' });
    const { entries, failures, loadFactor, longestInsert } = table.statistics();
    expect(`${failure}`).toMatch(
      new RegExp(
        `within 64 moves; ${entries} of 128 places are taken .*Nothing that was in is lost`,
      ),
    );
    expect(failures).toBe(1);
    expect(loadFactor).toBeGreaterThan(0.25);
    expect(longestInsert).toBeGreaterThan(0);
    expect(seen.missed).toEqual([]);
    expect(await table.compare()).toEqual([]);
  });

  test('has those of the same call that came before', async () => {
    const all = Array.from({ length: 100 }, (_, n) => entry(n));
    const inserting = table.insert(all);
    await expect(inserting).rejects.toThrow(/The \d+ before it in this call are in/);
    const inside = table.list().length;
    expect(inside).toBeGreaterThan(30);
    for (let n = 0; n < inside; n++) expect(find(n)).toBe(entry(n).vid);
  });

  test('of which a place can be had by moves, has it: the bound is what stops it', async () => {
    const greedy = new OverrideTable(await Card.attach(new ModelCard()), { mostMoves: 0 });
    for (const it of [greedy, table]) {
      const filling = it.insert(Array.from({ length: 128 }, (_, n) => entry(n)));
      await expect(filling).rejects.toMatchObject({ code: 'FULL' });
    }
    expect(greedy.statistics().moves).toBe(0);
    expect(table.statistics().entries).toBeGreaterThan(greedy.statistics().entries);
  });
});

describe('after a restart', () => {
  const list = Array.from({ length: 40 }, (_, n) => entry(n));

  test('what is right is not touched', async () => {
    await table.insert(list);
    const known = table.list();
    model.log.length = 0;
    const again = new OverrideTable(await Card.attach(model));
    expect(await again.reconcile(known)).toEqual({ kept: 40, written: 0, cleared: 0 });
    expect(model.written()).toEqual([]);
    expect(
      again
        .list()
        .map(({ place }) => place)
        .sort(),
    ).toEqual(known.map(({ place }) => place).sort());
  });

  test('what is missing is written, what nobody wants is cleared, and nothing else is touched', async () => {
    await table.insert(list);
    const known = table.list();
    const [lost, wrong, unwanted, ...others] = known;
    if (!lost || !wrong || !unwanted) throw new Error('entries are missing');
    model.places[lost.place] = undefined;
    model.places[wrong.place] = { ...wrong, vid: wrong.vid + 1 };
    // A copy in the other way, and an entry where none of its hashes leads.
    const copied = others.find((it) => {
      const other = model.ways(it.space, it.key).find((place) => place !== it.place) ?? 0;
      return model.places[other] === undefined && other !== lost.place;
    });
    if (copied === undefined) throw new Error('no entry has a free way');
    const copy = model.ways(copied.space, copied.key).find((it) => it !== copied.place) ?? 0;
    model.places[copy] = { ...copied };
    const free = model.places.findIndex(
      (held, place) => held === undefined && place !== lost.place && place !== copy,
    );
    model.places[free] = { space: 9, key: 1n, vid: 0 };
    const wanted = known.filter((it) => it !== unwanted);
    model.log.length = 0;
    const again = new OverrideTable(await Card.attach(model));
    const before = watch(
      new Map(wanted.filter((it) => it !== lost && it !== wrong).map((it) => [`${it.key}`, it])),
    );
    expect(await again.reconcile(wanted)).toEqual({ kept: 37, written: 2, cleared: 3 });
    expect(before.missed).toEqual([]);
    const touched = new Set(
      model.written().map((address) => (address - TABLES.override.offset) >> 5),
    );
    expect(touched.size).toBe(5);
    expect(await again.compare()).toEqual([]);
    expect(model.lookUp(9, 1n)).toBeUndefined();
    for (const { space, key, vid } of wanted) expect(model.lookUp(space, key)).toBe(vid);
  });

  test('compare tells place, what should be there and what is, and writes nothing', async () => {
    await table.insert([entry(1), entry(2)]);
    const place = table.get(1, key(1))?.place ?? 0;
    model.places[place] = { ...entry(1), vid: 77 };
    model.log.length = 0;
    expect(await table.compare()).toEqual([
      { place, wanted: entry(1), found: { ...entry(1), vid: 77 } },
    ]);
    expect(model.written()).toEqual([]);
  });

  test('a fresh card, whatever its RAM holds, is emptied at one stroke', async () => {
    model.places.fill({ space: 1, key: 1n, vid: 1 });
    await table.clear();
    expect(model.written()).toHaveLength(1);
    expect(await table.compare()).toEqual([]);
  });
});

describe('faults', () => {
  test('a place that does not keep its value is named, and is put right with the next call', async () => {
    model.store = (_, value) => value & ~2;
    const inserting = table.insert({ space: 0, key: 3n, vid: 2 });
    await expect(inserting).rejects.toMatchObject({ code: 'VERIFY' });
    await expect(inserting).rejects.toThrow(/place \d+ of the override table holds 0x00000001/);
    expect(table.list()).toEqual([]);
    model.store = (_, value) => value;
    await table.insert({ space: 0, key: 4n, vid: 4 });
    expect(model.places.filter((held) => held !== undefined)).toEqual([
      { space: 0, key: 4n, vid: 4 },
    ]);
  });

  test('a reconcile that is cut off forgets nothing that is wanted', async () => {
    const wanted = Array.from({ length: 20 }, (_, n) => entry(n));
    const access = model.access.bind(model);
    // The calls that read succeed, the one that writes does not.
    model.access = (accesses) => {
      if (accesses.some(({ write }) => write !== undefined)) model.failure = new Error('line cut');
      return access(accesses);
    };
    await expect(table.reconcile(wanted)).rejects.toThrow('line cut');
    model.access = access;
    await table.sweep();
    expect(table.list()).toHaveLength(20);
    for (let n = 0; n < 20; n++) expect(find(n)).toBe(entry(n).vid);
  });
});

describe('ageing', () => {
  test('takes those that no packet used, and leaves fixed ones', async () => {
    await table.insert([entry(1), entry(2), { ...entry(3), fixed: true }]);
    for (let sweep = 0; sweep < 3; sweep++) {
      model.lookUp(1, key(1));
      expect(await table.age(3)).toHaveLength(sweep < 2 ? 0 : 1);
    }
    expect(table.list().map(({ key }) => key)).toEqual([key(1), key(3)]);
    expect(find(2)).toBeUndefined();
    expect(find(3)).toBe(3);
    expect(table.get(0, key(3))?.idle).toBe(3);
    expect(table.statistics().aged).toBe(1);
  });

  test('an entry that was moved after it was used is not taken for unused', async () => {
    for (let n = 0; table.statistics().moves === 0; n++) {
      // All have idled for two sweeps, and are used just before somebody has to move.
      for (let sweep = 0; sweep < 3; sweep++) await table.sweep();
      for (const { space, key } of table.list()) model.lookUp(space, key);
      await table.insert(entry(n));
    }
    const { length } = table.list();
    // The hit bit is that of the place where it was.
    expect(await table.age(3)).toEqual([]);
    expect(table.list()).toHaveLength(length);
  });

  test('reads the hit bits and clears only those that it read', async () => {
    await table.insert(entry(1));
    model.lookUp(1, key(1));
    expect(await table.sweep()).toBe(1);
    model.log.length = 0;
    expect(await table.sweep()).toBe(0);
    expect(model.written()).toEqual([]);
    expect(table.get(1, key(1))?.idle).toBe(1);
  });
});

test('calls wait for each other', async () => {
  const calls = Array.from({ length: 30 }, (_, n) => table.insert(entry(n)));
  const deleted = table.delete(0, key(0));
  await Promise.all(calls);
  expect(await deleted).toBe(true);
  expect(table.list()).toHaveLength(29);
  expect(await table.compare()).toEqual([]);
});
