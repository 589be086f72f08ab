import { beforeAll, describe, expect, test } from 'vitest';
import type { OverrideEntry } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build, elaborate } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { way0, way1 } from './harness/hash.ts';
import { packEntry } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const ENTRIES = 64;
const HALF = ENTRIES / 2;
/** Clocks in which the host's reads are made. */
const READ_LATENCY = 3;
/** Between two look-ups of a table that is asked for frames of five beats. */
const SPACE = 5;
const VARIANTS = ['every', 'spaced', 'every5', 'spaced5'] as const;
type Variant = (typeof VARIANTS)[number];
const everyClock = (variant: Variant) => variant.startsWith('every');
/** Clocks in which the hash is made. */
const hashing = (variant: Variant) => (variant.endsWith('5') ? 2 : 0);

let makers: Record<Variant, Make>;
beforeAll(async () => {
  const module = 'override_table';
  makers = await build('override-table', {
    every: { module, parameters: { ENTRIES, EVERY_CLOCK: 1 } },
    spaced: { module, parameters: { ENTRIES, EVERY_CLOCK: 0 } },
    every5: { module, parameters: { ENTRIES, EVERY_CLOCK: 1, LATENCY: 5 } },
    spaced5: { module, parameters: { ENTRIES, EVERY_CLOCK: 0, LATENCY: 5 } },
  });
});

interface Asked {
  space: number;
  key: bigint;
}
interface Word extends OverrideEntry {
  bad: boolean;
}
const EMPTY: Word = { key: 0n, space: 0, vid: 0, valid: 0, bad: false };
const placesOf = ({ space, key }: Asked): [number, number] => [
  way0(space, key) % HALF,
  HALF + (way1(space, key) % HALF),
];

interface Answer {
  hit: boolean;
  vid: number;
  bad: boolean;
  badIndex: number;
  /** Place whose hit bit is set. */
  used: number | undefined;
}

/** The table with what it should hold, checked at every clock. */
class Bench {
  readonly dut: Dut;
  readonly variant: Variant;
  readonly random: Random;
  words: Word[] = Array.from({ length: ENTRIES }, () => ({ ...EMPTY }));
  readonly hits = new Set<number>();
  readonly seen = { hits: 0, misses: 0, bad: 0, both: 0 };
  now = 0;
  #under: (Answer | undefined)[] = [undefined, undefined, undefined];
  #last = -SPACE;
  /** Look-ups whose hash is being made. */
  readonly #hashed: (Asked | undefined)[];

  constructor(variant: Variant, seed = 1) {
    this.variant = variant;
    this.#hashed = Array(hashing(variant)).fill(undefined);
    this.random = new Random(seed);
    this.dut = makers[variant](seed);
    const quiet = {
      turn_i: 0,
      lookup_valid_i: 0,
      host_write_i: 0,
      host_index_i: 0,
      host_bad_parity_i: 0,
    };
    const still = { clear_i: 0, hits_read_i: 0, hits_clear_i: 0, hits_index_i: 0 };
    this.dut.set({ ...quiet, ...still }).reset();
    this.dut.set({ clear_i: 1 }).clock();
    this.dut.set({ clear_i: 0 }).settle();
    for (let i = 0; this.dut.get('busy_o') === 1; i++) {
      if (i > 10 * ENTRIES) throw new Error('clearing does not end');
      this.dut.clock();
    }
  }

  get mayAsk(): boolean {
    return everyClock(this.variant) || this.now - this.#last >= SPACE;
  }

  /** Whether the host has the RAM in this clock. */
  hostHas(asks: boolean): boolean {
    return everyClock(this.variant) || !(hashing(this.variant) ? this.#hashed[0] : asks);
  }

  answer(asked: Asked): Answer {
    const places = placesOf(asked);
    const found = places.filter((place) => {
      const word = this.words[place] ?? EMPTY;
      return word.valid === 1 && word.key === asked.key && word.space === asked.space;
    });
    const wrong = places.filter((place) => this.words[place]?.bad);
    const [first] = found;
    if (found.length === 2) this.seen.both++;
    return {
      hit: first !== undefined,
      vid: first === undefined ? 0 : (this.words[first]?.vid ?? 0),
      bad: wrong.length > 0,
      badIndex: wrong[0] ?? 0,
      used: wrong.length > 0 ? undefined : first,
    };
  }

  /** One clock, with a look-up or without; inputs of the host are set by the caller. */
  clock(asked?: Asked): void {
    const { dut } = this;
    dut.set({ turn_i: asked !== undefined, lookup_valid_i: asked !== undefined });
    const { space, key } = asked ?? { space: this.random.below(256), key: this.random.bits(128) };
    dut.set({ space_i: space, key_i: key }).settle();
    if (asked) this.#last = this.now;
    expect(dut.get('host_ready_o')).toBe(Number(this.hostHas(asked !== undefined)));
    // The words as they are at the end of this clock: the caller has written them to the model.
    this.#hashed.push(asked);
    const reads = this.#hashed.shift();
    this.#under.push(reads ? this.answer(reads) : undefined);
    const done = this.#under.shift();
    if (done?.used !== undefined) this.hits.add(done.used);
    dut.clock();
    this.now++;
    const [next] = this.#under;
    if (!next) return;
    expect(dut.get('hit_o')).toBe(Number(next.hit));
    expect(dut.get('bad_parity_o')).toBe(Number(next.bad));
    if (next.hit) expect(dut.get('vid_o')).toBe(next.vid);
    if (next.bad) expect(dut.get('bad_index_o')).toBe(next.badIndex);
    if (next.bad) this.seen.bad++;
    else if (next.hit) this.seen.hits++;
    else this.seen.misses++;
  }

  idle(clocks: number): void {
    for (let i = 0; i < clocks; i++) this.clock();
  }

  /** Sets the host's inputs for a write, which the next clock without a look-up makes. */
  drive(index: number, word: Word): void {
    const { bad, ...entry } = word;
    this.dut.set({ host_write_i: 1, host_index_i: index, host_bad_parity_i: bad });
    this.dut.set({ host_data_i: packEntry('override', entry) });
  }

  write(index: number, word: Word): void {
    this.drive(index, word);
    if (!this.hostHas(false)) this.clock();
    this.words[index] = { ...word };
    this.clock();
    this.dut.set({ host_write_i: 0 });
  }

  read(index: number): { entry: bigint; bad: number } {
    this.dut.set({ host_write_i: 0, host_index_i: index });
    if (!this.hostHas(false)) this.clock();
    this.clock();
    this.dut.set({ host_index_i: (index + 1) % ENTRIES });
    this.idle(READ_LATENCY - 1);
    return { entry: this.dut.big('host_data_o'), bad: this.dut.get('host_parity_bad_o') };
  }

  hitWord(index: number): number {
    this.dut.set({ hits_index_i: index, hits_read_i: 1 });
    this.clock();
    this.dut.set({ hits_read_i: 0 });
    this.walked();
    return this.dut.get('hits_data_o');
  }

  walked(): void {
    for (let i = 0; this.dut.settle().get('hits_busy_o') === 1; i++) {
      if (i > 100) throw new Error('the walk along the hit bits does not end');
      this.clock();
    }
  }

  clearHits(index: number, mask: number): void {
    this.dut.set({ hits_index_i: index, hits_clear_i: 1, hits_clear_mask_i: mask });
    this.clock();
    this.dut.set({ hits_clear_i: 0, hits_clear_mask_i: this.random.word() });
  }

  expectedHits(index: number): number {
    let word = 0;
    for (let bit = 0; bit < 32; bit++) if (this.hits.has(index * 32 + bit)) word |= 1 << bit;
    return word >>> 0;
  }
}

const randomKey = (random: Random): Asked => ({ space: random.below(256), key: random.bits(128) });
const wordOf = (asked: Asked, vid: number): Word => ({ ...asked, vid, valid: 1, bad: false });

describe.each(VARIANTS)('override_table, %s', (variant) => {
  test('random look-ups while the host writes and reads, at every clock', () => {
    const bench = new Bench(variant, 3);
    const { random, dut } = bench;
    const keys = Array.from({ length: 40 }, () => randomKey(random));
    // Keys that differ in one bit only, or in the space.
    for (let i = 0; i < 20; i++) {
      const { space, key } = random.pick(keys);
      keys.push({ space, key: key ^ (1n << BigInt(random.below(128))) });
      keys.push({ space: space ^ (1 << random.below(8)), key });
    }
    const reads: ({ index: number; word: Word } | undefined)[] = [undefined, undefined];
    let shown: { index: number; word: Word } | undefined;
    const written = { waiting: false, index: 0, word: EMPTY };
    let checked = 0;
    for (let i = 0; i < 12_000; i++) {
      const asks = bench.mayAsk && random.chance(85);
      const takes = bench.hostHas(asks);
      if (!written.waiting && random.chance(40)) {
        const asked = random.pick(keys);
        written.waiting = true;
        written.index = random.pick(placesOf(asked));
        written.word = {
          ...asked,
          vid: random.below(65_536),
          valid: Number(random.chance(85)),
          bad: random.chance(5),
        };
      }
      if (written.waiting) {
        bench.drive(written.index, written.word);
        if (takes) bench.words[written.index] = { ...written.word };
      } else {
        dut.set({ host_write_i: 0, host_index_i: random.below(ENTRIES) });
      }
      const index = dut.get('host_index_i');
      const reading = takes && !written.waiting;
      reads.push(reading ? { index, word: { ...(bench.words[index] ?? EMPTY) } } : undefined);
      if (takes) written.waiting = false;
      bench.clock(asks ? random.pick(keys) : undefined);
      shown = reads.shift() ?? shown;
      if (!shown) continue;
      const { bad, ...entry } = shown.word;
      const whole = entry.valid === 1 ? packEntry('override', entry) : 0n;
      expect(dut.big('host_data_o')).toBe(whole);
      expect(dut.get('host_parity_bad_o')).toBe(Number(bad));
      checked++;
    }
    const least = everyClock(variant) ? 900 : 200;
    expect(bench.seen.hits).toBeGreaterThan(least);
    expect(bench.seen.misses).toBeGreaterThan(least);
    expect(bench.seen.bad).toBeGreaterThan(least / 4);
    expect(bench.seen.both).toBeGreaterThan(10);
    expect(checked).toBeGreaterThan(1000);
    dut.set({ host_write_i: 0 });
    bench.idle(5);
    for (let word = 0; word < ENTRIES / 32; word++) {
      expect(bench.hitWord(word)).toBe(bench.expectedHits(word));
    }
    expect(bench.hits.size).toBeGreaterThan(ENTRIES / 2);
  });

  test('every bit of space and key counts, in both ways', () => {
    const bench = new Bench(variant, 2);
    const asked = randomKey(bench.random);
    for (let bit = 0; bit < 136; bit++) {
      const whole = ((BigInt(asked.space) << 128n) | asked.key) ^ (1n << BigInt(bit));
      const other = { space: Number(whole >> 128n), key: BigInt.asUintN(128, whole) };
      // At the places of the one stands the other.
      for (const place of placesOf(asked)) bench.write(place, wordOf(other, 1));
      bench.clock(asked);
      bench.idle(SPACE - 1);
    }
    expect(bench.seen).toEqual({ hits: 0, misses: 136, bad: 0, both: 0 });
  });

  test('a key that is moved is found at every clock', () => {
    const bench = new Bench(variant, 4);
    const { random } = bench;
    const moved = randomKey(random);
    const places = placesOf(moved);
    let at = 0;
    bench.write(places[0], wordOf(moved, 7));
    let hits = 0;
    const step = () => {
      const before = bench.seen.misses;
      bench.clock(bench.mayAsk ? moved : undefined);
      expect(bench.seen.misses).toBe(before);
      hits++;
    };
    for (let round = 0; round < 200; round++) {
      const from = places[at % 2] ?? 0;
      const to = places[++at % 2] ?? 0;
      for (const [index, word] of [
        [to, wordOf(moved, 7)],
        [from, { ...EMPTY }],
      ] as const) {
        for (let i = random.below(4); i > 0; i--) step();
        bench.drive(index, word);
        // The write waits for its clock; the model changes with it.
        const asks = bench.mayAsk && random.chance(70);
        const taken = bench.hostHas(asks);
        if (taken) bench.words[index] = { ...word };
        bench.clock(asks ? moved : undefined);
        if (!taken) {
          bench.words[index] = { ...word };
          bench.clock();
        }
        bench.dut.set({ host_write_i: 0 });
      }
    }
    bench.idle(4);
    expect(bench.seen.misses).toBe(0);
    expect(hits).toBeGreaterThan(200);
  });

  test('as many keys as cuckoo moves make room for are all found, each with its VID', () => {
    const bench = new Bench(variant, 5);
    const { random } = bench;
    const present = new Map<Asked, number>();
    const at = new Map<number, Asked>();
    // A walk along the keys in the way; each is written to its other place before its old one is taken.
    const insert = (asked: Asked, vid: number): boolean => {
      const path: number[] = [random.pick(placesOf(asked))];
      for (let last = at.get(path[0] ?? 0); last !== undefined; last = at.get(path.at(-1) ?? 0)) {
        const here = path.at(-1);
        const next = placesOf(last).find((place) => place !== here) ?? 0;
        if (path.includes(next) || path.length > 8) return false;
        path.push(next);
      }
      for (let i = path.length - 1; i > 0; i--) {
        const [to, from] = [path[i] ?? 0, path[i - 1] ?? 0];
        const key = at.get(from) as Asked;
        bench.write(to, wordOf(key, present.get(key) ?? 0));
        at.set(to, key);
        if (bench.mayAsk) bench.clock(key);
      }
      at.set(path[0] ?? 0, asked);
      present.set(asked, vid);
      bench.write(path[0] ?? 0, wordOf(asked, vid));
      return true;
    };
    for (let i = 0; i < 200; i++) {
      insert(randomKey(random), random.below(65_536));
      bench.idle(SPACE);
    }
    expect(present.size).toBeGreaterThan(ENTRIES * 0.6);
    const before = bench.seen.hits;
    for (const asked of present.keys()) {
      bench.clock(asked);
      bench.idle(SPACE - 1);
    }
    expect(bench.seen.hits - before).toBe(present.size);
  });

  test('hit bits: only what was used; the host clears what it names', () => {
    const bench = new Bench(variant, 6);
    const { random } = bench;
    const keys = Array.from({ length: 60 }, () => randomKey(random));
    for (const asked of keys) bench.write(random.pick(placesOf(asked)), wordOf(asked, 1));
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 12; i++) {
        bench.clock(random.chance(70) ? random.pick(keys) : randomKey(random));
        bench.idle(SPACE - 1);
      }
      const index = random.below(ENTRIES / 32);
      expect(bench.hitWord(index)).toBe(bench.expectedHits(index));
      const mask = random.word();
      bench.clearHits(index, mask);
      bench.walked();
      for (let bit = 0; bit < 32; bit++)
        if ((mask >>> bit) & 1) bench.hits.delete(index * 32 + bit);
      for (const word of [0, 1]) expect(bench.hitWord(word)).toBe(bench.expectedHits(word));
    }
    expect(bench.seen.hits).toBeGreaterThan(100);
  });

  test('a hit is lost to a clear that comes later only, never to one of its own clock', () => {
    const bench = new Bench(variant, 7);
    const asked = randomKey(bench.random);
    const [place] = placesOf(asked);
    bench.write(place, wordOf(asked, 1));
    const bit = place % 32;
    const results: number[] = [];
    for (let offset = 0; offset < 40; offset++) {
      bench.clearHits(place >> 5, 2 ** bit);
      // Bit b is cleared b + 1 clocks behind the request; a hit is set with the look-up's answer.
      for (let i = 1; i < 45; i++) bench.clock(i === offset ? asked : undefined);
      const word = bench.hitWord(place >> 5);
      expect(word & ~(2 ** bit)).toBe(0);
      results.push((word >>> bit) & 1);
      bench.clearHits(place >> 5, 0xffff_ffff);
      bench.walked();
    }
    const expected = results.map((_, offset) =>
      Number(offset > 0 && offset + 3 + hashing(variant) >= bit + 1),
    );
    expect(results).toEqual(expected);
    expect(bit).toBeGreaterThan(5);
  });

  test('a hit in the clock in which its bit is read is not lost', () => {
    const bench = new Bench(variant, 8);
    const asked = randomKey(bench.random);
    const [place] = placesOf(asked);
    bench.write(place, wordOf(asked, 1));
    for (let offset = 0; offset < 40; offset++) {
      bench.dut.set({ hits_index_i: place >> 5, hits_read_i: 1 });
      bench.clock();
      bench.dut.set({ hits_read_i: 0 });
      for (let i = 1; i < 45; i++) bench.clock(i === offset ? asked : undefined);
      const sees = offset > 0 && offset + 3 + hashing(variant) <= (place % 32) + 1;
      expect(bench.dut.get('hits_data_o')).toBe(sees ? 2 ** (place % 32) : 0);
      if (offset > 0) expect(bench.hitWord(place >> 5)).toBe(2 ** (place % 32));
      bench.clearHits(place >> 5, 0xffff_ffff);
      bench.walked();
    }
  });

  test('wrong parity in either way; no hit bit for it; the host sees it and mends it', () => {
    const bench = new Bench(variant, 9);
    const asked = randomKey(bench.random);
    for (const [n, place] of placesOf(asked).entries()) {
      const other = placesOf(asked)[1 - n] ?? 0;
      bench.write(other, wordOf(asked, 5));
      bench.write(place, { ...wordOf(asked, 9), bad: true });
      bench.clock(asked);
      bench.idle(SPACE);
      expect(bench.seen.bad).toBe(n + 1);
      const { bad: _, ...entry } = wordOf(asked, 9);
      expect(bench.read(place)).toEqual({ entry: packEntry('override', entry), bad: 1 });
      expect(bench.read(other).bad).toBe(0);
      expect(bench.hits.size).toBe(0);
      bench.write(place, { ...EMPTY });
      bench.write(other, { ...EMPTY });
      expect(bench.read(place)).toEqual({ entry: 0n, bad: 0 });
    }
    for (const word of [0, 1]) expect(bench.hitWord(word)).toBe(0);
  });

  test('clearing: each look-up meanwhile sees its entry or none; then nothing is left', () => {
    const bench = new Bench(variant, 10);
    const { dut, random } = bench;
    const keys: Asked[] = [];
    for (let index = 0; index < ENTRIES; index++) {
      // A key for each place, found by trying.
      for (;;) {
        const asked = randomKey(random);
        if (!placesOf(asked).includes(index)) continue;
        keys.push(asked);
        bench.write(index, wordOf(asked, index));
        break;
      }
    }
    for (const asked of keys) {
      bench.clock(asked);
      bench.idle(SPACE);
    }
    expect(bench.hits.size).toBe(ENTRIES);
    dut.set({ clear_i: 1, turn_i: 0, lookup_valid_i: 0 }).clock();
    dut.set({ clear_i: 0 }).settle();
    const under: (number | undefined)[] = Array(2 + hashing(variant)).fill(undefined);
    const gone = new Set<number>();
    const found = { old: 0, none: 0 };
    let last = -SPACE;
    for (let i = 0; dut.get('busy_o') === 1; i++) {
      expect(i).toBeLessThan(10 * ENTRIES);
      const asks = everyClock(variant) || i - last >= SPACE;
      const which = random.below(ENTRIES);
      const { space, key } = keys[which] ?? randomKey(random);
      dut.set({ turn_i: asks, lookup_valid_i: asks, space_i: space, key_i: key });
      if (asks) last = i;
      under.push(asks ? which : undefined);
      dut.clock();
      const answered = under.shift();
      if (answered === undefined) continue;
      expect(dut.get('bad_parity_o')).toBe(0);
      if (dut.get('hit_o') === 0) {
        gone.add(answered);
        found.none++;
      } else {
        expect(dut.get('vid_o')).toBe(answered);
        expect(gone.has(answered)).toBe(false);
        found.old++;
      }
    }
    expect(found.none).toBeGreaterThan(5);
    if (everyClock(variant)) expect(found.old).toBeGreaterThan(5);
    dut.set({ turn_i: 0, lookup_valid_i: 0 }).clock(5);
    bench.hits.clear();
    bench.words = bench.words.map(() => ({ ...EMPTY }));
    for (const asked of keys) {
      bench.clock(asked);
      bench.idle(SPACE - 1);
    }
    for (let index = 0; index < ENTRIES; index++) {
      expect(bench.read(index)).toEqual({ entry: 0n, bad: 0 });
    }
    for (const word of [0, 1]) expect(bench.hitWord(word)).toBe(0);
  });
});

test.each(VARIANTS)('%s: a frame that asks nothing has its turn and leaves no trace', (variant) => {
  const bench = new Bench(variant, 31);
  const asked = randomKey(bench.random);
  const [place = 0] = placesOf(asked);
  bench.write(place, wordOf(asked, 7));
  const { dut } = bench;
  dut.set({ turn_i: 1, lookup_valid_i: 0, space_i: asked.space, key_i: asked.key });
  dut.clock(hashing(variant)).settle();
  expect(dut.get('host_ready_o')).toBe(Number(everyClock(variant)));
  dut.clock();
  dut.set({ turn_i: 0 }).clock(SPACE);
  expect(bench.hitWord(place >> 5)).toBe(0);
});

test.each([48, 32])('a table of %i places does not elaborate', async (entries) => {
  const spec = { module: 'override_table', parameters: { ENTRIES: entries } };
  await expect(elaborate(spec)).rejects.toThrow(/power of two/);
});
