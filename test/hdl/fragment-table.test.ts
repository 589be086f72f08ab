import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build, elaborate } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { way0 } from './harness/hash.ts';
import { Random } from './harness/streams.ts';

const ENTRIES = 16;
const CIRCLE = 2n ** 40n;
/** Clocks between frames that learn, where there is no forwarding. */
const SPACE = 5;
const VARIANTS = ['forward', 'spaced', 'forward4', 'spaced4'] as const;
type Variant = (typeof VARIANTS)[number];

let makers: Record<Variant | 'tiny', Make>;
beforeAll(async () => {
  const module = 'fragment_table';
  makers = await build('fragment-table', {
    forward: { module, parameters: { ENTRIES, FORWARD: 1 } },
    spaced: { module, parameters: { ENTRIES, FORWARD: 0 } },
    forward4: { module, parameters: { ENTRIES, FORWARD: 1, LATENCY: 4 } },
    spaced4: { module, parameters: { ENTRIES, FORWARD: 0, LATENCY: 4 } },
    tiny: { module, parameters: { ENTRIES: 2, FORWARD: 1 } },
  });
});

interface Key {
  space: number;
  key: bigint;
}
interface Left {
  vidValid: number;
  vid: number;
}
interface Learned extends Left, Key {
  clock: number;
  time: bigint;
}
interface Frame extends Key {
  clock: number;
  /** What stood at its place when it came. */
  found: Learned | undefined;
  leaves: Learned | undefined;
  /** Time and limit two clocks before its answer. */
  now: bigint;
  limit: number;
}

const same = (one: Key, other: Key) => one.space === other.space && one.key === other.key;

/** The table with what it should hold, frame by frame; its answers are checked at every clock. */
class Bench {
  readonly dut: Dut;
  readonly random: Random;
  readonly entries: number;
  time: bigint;
  limit = 100;
  now = 0;
  table = new Map<number, Learned>();
  readonly seen = { hits: 0, misses: 0, expired: 0, distances: new Set<number>() };
  #frames: Frame[] = [];
  #learnedNext: number | undefined;

  readonly latency: number;

  constructor(variant: Variant | 'tiny', entries: number, seed: number, time = 0n) {
    const make = makers[variant];
    this.latency = variant.endsWith('4') ? 4 : 3;
    this.dut = make(seed);
    this.random = new Random(seed);
    this.entries = entries;
    this.time = time;
    this.reset();
  }

  reset(): void {
    this.dut.set({ lookup_valid_i: 0, learn_i: 0, fragment_us_i: this.limit });
    this.dut.set({ time_us_i: this.time }).reset();
    let clocks = 0;
    for (; this.dut.settle().get('busy_o') === 1; clocks++) this.dut.clock();
    expect(clocks).toBe(this.entries);
    this.table.clear();
    this.#frames = [];
    this.#learnedNext = undefined;
  }

  indexOf({ space, key }: Key): number {
    return way0(space, key) % this.entries;
  }

  /** One clock, with a frame or none; `leaves` where it is a first fragment. */
  clock(asked?: Key, leaves?: Left): void {
    const { dut, now, random } = this;
    if (asked) {
      const index = this.indexOf(asked);
      const left = leaves && { ...asked, ...leaves, clock: now, time: 0n };
      const found = this.table.get(index);
      this.#frames.push({ ...asked, clock: now, found, leaves: left, now: 0n, limit: 0 });
      if (left) this.table.set(index, left);
    }
    const { space, key } = asked ?? { space: random.below(256), key: random.bits(128) };
    dut.set({ lookup_valid_i: asked !== undefined, space_i: space, key_i: key });
    dut.set({ time_us_i: this.time % 2n ** 48n, fragment_us_i: this.limit });
    for (const frame of this.#frames) {
      if (frame.clock !== now - this.latency + 2) continue;
      frame.now = this.time;
      frame.limit = this.limit;
    }
    const learner = this.#frames.find((frame) => frame.clock === now - this.latency - 1)?.leaves;
    const left = learner ?? { vidValid: random.below(2), vid: random.below(65_536) };
    dut.set({ learn_i: learner !== undefined, learn_vid_valid_i: left.vidValid });
    dut.set({ learn_vid_i: left.vid }).settle();
    if (learner) learner.time = this.time;
    this.#check(this.#frames.find((frame) => frame.clock === now - this.latency));
    expect(dut.get('learned_o')).toBe(Number(this.#learnedNext !== undefined));
    if (this.#learnedNext !== undefined) {
      expect(dut.get('learned_index_o')).toBe(this.#learnedNext);
    }
    this.#learnedNext = learner && this.indexOf(learner);
    dut.clock();
    this.now++;
    if ((this.#frames[0]?.clock ?? now) < now - 6) this.#frames.shift();
  }

  #check(frame: Frame | undefined): void {
    if (!frame) return;
    const { dut, seen } = this;
    const { found } = frame;
    const distance = found ? frame.clock - found.clock : 0;
    // What was overtaken counts as new; the rest by its age.
    const age = found ? BigInt.asUintN(40, frame.now - found.time) : CIRCLE;
    const young = distance <= 4 || age < BigInt(frame.limit);
    const hit = found !== undefined && same(found, frame) && young;
    expect(dut.get('hit_o'), `frame of clock ${frame.clock}`).toBe(Number(hit));
    expect(dut.get('index_o')).toBe(this.indexOf(frame));
    if (found && same(found, frame) && !young) seen.expired++;
    if (!hit) {
      seen.misses++;
      return;
    }
    seen.hits++;
    seen.distances.add(distance);
    expect(dut.get('vid_valid_o')).toBe(found.vidValid);
    expect(dut.get('vid_o')).toBe(found.vid);
  }

  idle(clocks: number): void {
    for (let i = 0; i < clocks; i++) this.clock();
  }
}

const randomKey = (random: Random): Key => ({ space: random.below(256), key: random.bits(128) });
const randomLeft = (random: Random): Left => ({
  vidValid: Number(random.chance(80)),
  vid: random.below(65_536),
});

describe.each(VARIANTS)('fragment_table, %s', (variant) => {
  const space = variant.startsWith('spaced') ? SPACE : 1;

  test.each([
    ['from zero', 0n],
    ['across the end of the circle of 2^40', CIRCLE - 3000n],
    ['late', 2n ** 47n + 5n],
  ])('random frames at every clock, times %s', (_, start) => {
    const bench = new Bench(variant, ENTRIES, 3, start);
    const { random } = bench;
    const keys = Array.from({ length: 24 }, () => randomKey(random));
    for (let i = 0; i < 12; i++) {
      const { space: name, key } = random.pick(keys);
      keys.push({ space: name, key: key ^ (1n << BigInt(random.below(128))) });
    }
    let last = -space;
    let near = random.pick(keys);
    for (let i = 0; i < 6000; i++) {
      if (random.chance(30)) bench.time += BigInt(random.below(3));
      if (random.chance(1)) bench.time += BigInt(random.between(50, 250));
      if (i % 997 === 0) {
        bench.idle(8);
        bench.limit = random.pick([100, 1, 250, 0xffff_ffff]);
      }
      if (bench.now - last < space || random.chance(15)) {
        bench.clock();
        continue;
      }
      last = bench.now;
      if (random.chance(30)) near = random.pick(keys);
      const key = random.chance(60) ? near : random.pick(keys);
      bench.clock(key, random.chance(35) ? randomLeft(random) : undefined);
    }
    expect(bench.seen.hits).toBeGreaterThan(200);
    expect(bench.seen.misses).toBeGreaterThan(200);
    expect(bench.seen.expired).toBeGreaterThan(5);
    const near6 = space > 1 ? [5, 6] : [1, 2, 3, 4, 5, 6];
    for (const distance of near6) expect(bench.seen.distances).toContain(distance);
  });

  test('a later fragment at every distance behind its first sees it', () => {
    const bench = new Bench(variant, ENTRIES, 4);
    const { random } = bench;
    for (let distance = space; distance <= 12; distance++) {
      const key = randomKey(random);
      bench.clock(key, randomLeft(random));
      bench.idle(distance - 1);
      bench.clock(key);
      bench.idle(8);
    }
    expect(bench.seen.hits).toBe(13 - space);
  });

  test('the newest at a place counts, and what it has displaced is gone at once', () => {
    const bench = new Bench(variant, ENTRIES, 5);
    const { random } = bench;
    const one = randomKey(random);
    let other = randomKey(random);
    while (bench.indexOf(other) !== bench.indexOf(one)) other = randomKey(random);
    for (let gap = space; gap < 9; gap++) {
      const before = { ...bench.seen };
      bench.clock(one, randomLeft(random));
      bench.idle(gap - 1);
      bench.clock(other, randomLeft(random));
      bench.idle(space - 1);
      bench.clock(one);
      bench.idle(space - 1);
      bench.clock(other);
      bench.idle(10);
      bench.clock(one);
      bench.idle(6);
      // The second learner misses, then `one` twice; `other` hits.
      expect(bench.seen.hits - before.hits).toBe(1);
    }
  });

  test('it counts for fragment_us and no longer, also where the circle of the clock closes', () => {
    for (const start of [0n, CIRCLE - 50n, CIRCLE - 100n, 3n * CIRCLE - 99n]) {
      const bench = new Bench(variant, ENTRIES, 6, start);
      const key = randomKey(bench.random);
      for (const [later, hit] of [
        [0n, 1],
        [99n, 1],
        [100n, 0],
        [101n, 0],
        [5000n, 0],
        [CIRCLE - 1n, 0],
        [CIRCLE + 99n, 1], // a whole turn: the same time, for all that can be seen
      ] as const) {
        const { hits } = bench.seen;
        bench.clock(key, { vidValid: 1, vid: 5 });
        bench.idle(7);
        bench.time += later;
        bench.clock(key);
        bench.idle(6);
        expect(bench.seen.hits - hits, `${start} + ${later}`).toBe(hit);
        bench.time += 200n;
        bench.idle(2);
      }
    }
  });

  test('reset empties it', () => {
    const bench = new Bench(variant, ENTRIES, 7);
    const keys = Array.from({ length: 40 }, () => randomKey(bench.random));
    for (const key of keys) {
      bench.clock(key, { vidValid: 1, vid: 1 });
      bench.idle(SPACE);
    }
    expect(bench.table.size).toBeGreaterThan(12);
    bench.reset();
    for (const key of keys) {
      bench.clock(key);
      bench.idle(SPACE);
    }
    expect(bench.seen.hits).toBe(0);
  });
});

test('every pair of bits of space and key counts', () => {
  const bench = new Bench('tiny', 2, 8);
  const key = randomKey(bench.random);
  bench.clock(key, { vidValid: 1, vid: 1 });
  bench.idle(8);
  let tried = 0;
  for (let bit = 0; bit < 136; bit += 2) {
    for (const flip of [1n, 2n, 3n]) {
      const whole = ((BigInt(key.space) << 128n) | key.key) ^ (flip << BigInt(bit));
      const other = { space: Number(whole >> 128n), key: BigInt.asUintN(128, whole) };
      if (bench.indexOf(other) !== bench.indexOf(key)) continue;
      bench.clock(other);
      tried++;
    }
  }
  bench.idle(6);
  expect(tried).toBeGreaterThanOrEqual(68);
  expect(bench.seen.hits).toBe(0);
  bench.clock(key);
  bench.idle(6);
  expect(bench.seen.hits).toBe(1);
});

test('a table of 48 places does not elaborate', async () => {
  const spec = { module: 'fragment_table', parameters: { ENTRIES: 48 } };
  await expect(elaborate(spec)).rejects.toThrow(/power of two/);
});
