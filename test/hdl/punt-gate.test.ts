import { beforeAll, describe, expect, test } from 'vitest';
import type { PolicerEntry } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { Struct } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const ENTRY = new Struct('policer_entry_t');
const RULES = 4;
const BUCKETS = RULES + 2;

let makers: Record<'wide' | 'narrow' | 'large', Make>;
beforeAll(async () => {
  const spec = (rules: number, FORWARD: number) => ({
    module: 'punt_gate',
    parameters: { RULES: rules, FORWARD },
  });
  makers = await build('punt-gate', {
    wide: spec(RULES, 1),
    narrow: spec(RULES, 0),
    large: spec(16, 1),
  });
});

interface Inputs {
  readonly time: bigint; // us
  readonly next: number;
  readonly commit: boolean;
  readonly dequeue: number | undefined;
  readonly write: { index: number; entry: PolicerEntry } | undefined;
}

const OPEN: PolicerEntry = { interval: 0, share: 0, burst: 0 };

/** What is looked at one clock before it is judged, where there is no FORWARD. */
interface Look {
  readonly index: number;
  readonly entry: PolicerEntry;
  readonly waiting: number;
  /** Theoretical arrival time in 1/256 us; undefined: come long ago. */
  readonly arrival: bigint | undefined;
}

/** GCRA by the book: times as they are, without end. */
class Model {
  readonly entries: PolicerEntry[];
  readonly waiting: number[];
  readonly #arrivals: (bigint | undefined)[];
  readonly #forward: boolean;
  #frame = { index: 0, now: 0n, interval: 0 };
  #look: Look = { index: 0, entry: OPEN, waiting: 0, arrival: undefined };
  #left: (number | undefined)[] = [undefined];
  #written: Inputs['write'][] = [];
  #time: bigint;
  conform = true;
  shareOk = true;

  constructor(buckets: number, forward: boolean, time: bigint) {
    this.#time = time;
    this.entries = Array.from({ length: buckets }, () => OPEN);
    this.waiting = Array.from({ length: buckets }, () => 0);
    this.#arrivals = Array.from({ length: buckets }, () => undefined);
    this.#forward = forward;
  }

  /** Bucket of the frame that may go now. */
  get index(): number {
    return this.#frame.index;
  }

  clock({ time, next, commit, dequeue, write }: Inputs): void {
    const { index, now: then, interval } = this.#frame;
    if (commit) {
      const arrival = this.#arrivals[index];
      const start = arrival === undefined || arrival < then ? then : arrival;
      this.#arrivals[index] = start + BigInt(interval);
      this.waiting[index] = (this.waiting[index] ?? 0) + 1;
    }
    // A written entry counts a clock later; its bucket is full then and for two clocks more.
    this.#written.unshift(write);
    this.#written.length = 4;
    const [, written, ...before] = this.#written;
    const filled = written ?? before.find((one) => one !== undefined);
    if (filled) this.#arrivals[filled.index] = undefined;

    const look = {
      index: next,
      entry: this.entries[next] ?? OPEN,
      waiting: this.waiting[next] ?? 0,
      arrival: this.#arrivals[next],
    };
    this.#judge(this.#forward ? look : this.#look, this.#time * 256n);
    this.#look = look;
    this.#time = time; // counts a clock later

    if (written && written.index < this.entries.length) this.entries[written.index] = written.entry;
    // What leaves counts two clocks later.
    this.#left.push(dequeue);
    const left = this.#left.shift();
    if (left !== undefined) this.waiting[left] = (this.waiting[left] ?? 0) - 1;
  }

  #judge({ index, entry, waiting, arrival }: Look, now: bigint): void {
    const { interval, burst, share } = entry;
    this.conform = interval === 0 || arrival === undefined || now >= arrival - BigInt(burst);
    this.shareOk = share === 0 || waiting < share;
    this.#frame = { index, now, interval };
  }
}

class Bench {
  readonly dut: Dut;
  readonly model: Model;
  readonly buckets: number;
  time = 1_000_000n;

  constructor(make: Make, { buckets = BUCKETS, seed = 1, forward = true } = {}) {
    this.dut = make(seed);
    this.buckets = buckets;
    this.model = new Model(buckets, forward, this.time);
    const quiet = { next_index_i: 0, commit_i: 0, dequeue_i: 0, dequeue_index_i: 0 };
    const host = { host_write_i: 0, host_index_i: 0, host_data_i: 0 };
    this.dut.set({ ...quiet, ...host, time_us_i: this.time }).reset();
    for (let i = 0; this.dut.get('busy_o') === 1; i++) {
      if (i > 1000) throw new Error('it stays busy');
      this.dut.clock();
    }
    this.clock({});
  }

  clock(some: Partial<Inputs>): void {
    const quiet = { next: 0, commit: false, dequeue: undefined, write: undefined };
    const inputs: Inputs = { ...quiet, time: this.time, ...some };
    const { next, commit, dequeue, write } = inputs;
    this.time = inputs.time;
    this.dut.set({ time_us_i: inputs.time, next_index_i: next, commit_i: commit });
    this.dut.set({ dequeue_i: dequeue !== undefined, dequeue_index_i: dequeue ?? 0 });
    this.dut.set({ host_write_i: write !== undefined });
    if (write) {
      this.dut.set({
        host_index_i: write.index,
        host_data_i: ENTRY.pack({ ...write.entry }),
      });
    }
    this.dut.clock();
    this.model.clock(inputs);
    const { conform, shareOk } = this.model;
    expect([this.dut.get('conform_o'), this.dut.get('share_ok_o')]).toEqual([
      Number(conform),
      Number(shareOk),
    ]);
  }

  write(index: number, entry: Partial<PolicerEntry>): void {
    this.clock({ write: { index, entry: { ...OPEN, ...entry } } });
    for (let i = 0; i < 3; i++) this.clock({});
  }

  read(index: number): PolicerEntry {
    this.dut.set({ host_index_i: index });
    this.clock({});
    this.dut.set({ host_index_i: (index + 1) % this.buckets });
    this.clock({});
    this.clock({});
    const { interval, share, burst } = ENTRY.unpack(this.dut.big('host_data_o'));
    return { interval: Number(interval), share: Number(share), burst: Number(burst) };
  }

  /** What the gate says of the bucket's next frame. */
  ask(index: number, time = this.time): { conform: boolean; shareOk: boolean } {
    for (let i = 0; i < 2; i++) this.clock({ next: index, time });
    return this.model;
  }

  /** Offers a frame of the bucket and puts it into the queue, if it conforms. */
  offer(index: number, time = this.time): boolean {
    const { conform } = this.ask(index, time);
    this.clock({ commit: conform, dequeue: conform ? index : undefined });
    return conform;
  }
}

function randomEntry(random: Random): PolicerEntry {
  const interval = random.pick([0, 1, 255, 256, 257, 1000, 25_600, 0xffffff, random.below(2000)]);
  const frames = random.pick([0, 1, 2, 7, random.below(50)]);
  const burst = random.pick([0, frames * interval, random.below(5000), 0xffffffff]);
  return { interval, burst: Math.min(burst, 0xffffffff), share: random.pick([0, 1, 2, 5, 127]) };
}

const ERA = 2n ** 25n; // us; what the module keeps of an arrival time is told apart by eras
function step(random: Random, time: bigint): bigint {
  if (random.chance(60)) return 0n;
  if (random.chance(90)) return BigInt(random.pick([1, 1, 1, 2, 5, random.below(300)]));
  // Rarely far, often to the edges of eras.
  const edge = ERA - (time % ERA);
  const small = BigInt(random.below(3)) - 1n;
  return random.pick([
    edge + small,
    edge + ERA + small,
    edge + 2n * ERA + small,
    edge / 2n,
    ERA * 3n + small,
    BigInt(random.below(20_000_000)),
    7n * 24n * 3_600_000_000n,
    2n ** 40n,
  ]);
}

describe.each([
  ['wide', BUCKETS],
  ['narrow', BUCKETS],
  ['large', 18],
] as const)('punt_gate, %s', (name, buckets) => {
  const bench = (seed = 1) =>
    new Bench(makers[name], { buckets, seed, forward: name !== 'narrow' });

  test('after reset nothing is limited and all entries read 0', () => {
    const one = bench();
    for (let index = 0; index < buckets; index++) {
      expect(one.read(index)).toEqual(OPEN);
      for (let i = 0; i < 20; i++) expect(one.offer(index)).toBe(true);
    }
  });

  test('entries are read back; those that there are not read 0 and do no harm', () => {
    const random = new Random(3);
    const one = bench();
    const entries = Array.from({ length: buckets }, () => ({
      interval: random.below(2 ** 24),
      share: random.below(128),
      burst: random.below(2 ** 32),
    }));
    for (const [index, entry] of entries.entries()) one.write(index, entry);
    for (const index of [buckets, buckets + 1, 32, 32 + buckets - 1, 0x8001]) {
      one.write(index, { interval: 5, share: 3 });
      expect(one.read(index)).toEqual(OPEN);
    }
    for (const [index, entry] of entries.entries()) expect(one.read(index)).toEqual(entry);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'random frames, writes and times, every clock (seed %i)',
    (seed) => {
      const random = new Random(seed);
      const one = bench(seed);
      const queue: number[] = [];
      let [next, idle] = [0, 0];
      const seen = { conform: 0, not: 0, shareNot: 0 };
      for (let i = 0; i < 12_000; i++) {
        if (random.chance(40)) next = random.below(buckets);
        const { conform, shareOk } = one.model;
        const may = name !== 'narrow' || idle > 0;
        const room = queue.length < 100 && (shareOk || random.chance(3));
        const commit = may && room && conform && random.chance(70);
        if (commit) queue.push(one.model.index);
        idle = commit ? 0 : idle + 1;
        const dequeue = random.chance(45) ? queue.shift() : undefined;
        const write = random.chance(2)
          ? { index: random.below(buckets + 1), entry: randomEntry(random) }
          : undefined;
        one.clock({ time: one.time + step(random, one.time), next, commit, dequeue, write });
        if (one.model.conform) seen.conform++;
        else seen.not++;
        if (!one.model.shareOk) seen.shareNot++;
      }
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(300);
    },
  );

  test.each([
    [256, 0],
    [300, 0],
    [1000, 3000],
    [2560, 25_600],
    [100, 1],
  ])(
    'interval %i, burst %i: never over the rate in any window, never under it',
    (interval, burst) => {
      const random = new Random(interval + burst);
      const one = bench();
      one.write(1, { interval, burst });
      const times: bigint[] = [];
      const start = one.time * 256n;
      // Whenever there is time, somebody asks: as much as there may be is let through.
      for (let i = 0; i < 1500; i++) {
        const time = one.time + BigInt(random.pick([0, 0, 0, 1, 1, 2]));
        if (one.offer(1, time)) times.push(time * 256n);
      }
      const most = (window: bigint) => 1 + Math.floor((Number(window) + burst) / interval);
      for (const [i, from] of times.entries()) {
        for (let j = i; j < Math.min(times.length, i + 60); j++) {
          expect(j - i + 1).toBeLessThanOrEqual(most((times[j] ?? 0n) - from));
        }
      }
      // Not under: asked all the time, the sum is what the rate allows, but for one frame and the
      // microseconds in which more than one was due and nobody asked so often.
      const whole = most(one.time * 256n - start);
      const asked = interval >= 512 ? whole - 2 : 0;
      expect(times.length).toBeGreaterThanOrEqual(asked);
      expect(times.length).toBeLessThanOrEqual(whole);
    },
  );

  test('a burst is let through at once, one frame more is not; then one for each interval', () => {
    const one = bench();
    one.write(2, { interval: 10 * 256, burst: 4 * 10 * 256 });
    const burst = () => {
      let count = 0;
      while (one.offer(2)) count++;
      return count;
    };
    expect(burst()).toBe(5);
    for (let i = 0; i < 5; i++) {
      expect(one.offer(2, one.time + 9n)).toBe(false);
      expect(one.offer(2, one.time + 1n)).toBe(true);
      expect(one.offer(2)).toBe(false);
    }
    one.time += 1_000n;
    expect(burst()).toBe(5);
    one.time += 20n;
    expect(burst()).toBe(2);
  });

  test('silence of any length leaves a bucket full, and no more than full', () => {
    const lengths = [24, 25, 26, 27, 28, 30, 31, 32, 36, 38, 39, 40, 41, 44, 47];
    for (const length of lengths) {
      for (const more of [-1n, 0n, 1n]) {
        // In one jump, in a few, in many.
        for (const steps of [1n, 3n, 300n]) {
          const one = bench(length);
          one.write(1, { interval: 2560, burst: 2560 });
          for (const expected of [true, true, false]) expect(one.offer(1)).toBe(expected);
          const start = one.time;
          const silence = 2n ** BigInt(length) + more;
          for (let i = 1n; i <= steps; i++) one.clock({ time: start + (silence * i) / steps });
          for (const expected of [true, true, false]) expect(one.offer(1)).toBe(expected);
        }
      }
    }
  });

  test('a jump back in time makes no bucket wait for more than two eras', () => {
    const random = new Random(8);
    for (let round = 0; round < 30; round++) {
      const one = bench(round);
      one.time = BigInt(random.below(2 ** 30)) + 2n ** 31n;
      one.write(1, { interval: 2560, burst: 2560 });
      while (one.offer(1));
      // The module alone: by the book the bucket would wait for its old time.
      const back = one.time - BigInt(random.below(2 ** random.between(5, 31)));
      const { dut } = one;
      let last = back;
      dut.set({ commit_i: 0, next_index_i: 1, dequeue_i: 0 });
      for (let i = 0n; i < 60n; i++) {
        const time = back + (i * ERA) / 20n;
        dut.set({ time_us_i: time }).clock();
        if (dut.get('conform_o') === 0) last = time;
      }
      expect(last - back).toBeLessThanOrEqual(2n * ERA);
      expect(dut.get('conform_o')).toBe(1);
    }
  });

  test('writing an entry fills its bucket and no other; who waits is not forgotten', () => {
    const one = bench();
    const entry = { interval: 25_600, burst: 25_600, share: 3 };
    for (const index of [0, 1]) one.write(index, entry);
    for (const index of [0, 1]) while (one.offer(index));
    for (let times = 1; times <= 5; times++) {
      for (let i = 0; i < times; i++) one.write(1, entry);
      expect(one.offer(0)).toBe(false);
      expect([one.offer(1), one.offer(1), one.offer(1)]).toEqual([true, true, false]);
    }
    one.write(1, { share: 2 });
    for (const ok of [true, true, false]) {
      expect(one.ask(1).shareOk).toBe(ok);
      if (ok) one.clock({ commit: true });
    }
    one.write(1, { share: 2 });
    expect(one.ask(1).shareOk).toBe(false);
    one.clock({ dequeue: 1 });
    one.clock({});
    expect(one.ask(1).shareOk).toBe(true);
  });

  test('shares: entering and leaving in one clock, of one bucket and of two, thousands of times', () => {
    const one = bench();
    one.write(1, { share: 2 });
    one.write(2, { share: 1 });
    const enter = (index: number, ok: boolean, dequeue?: number) => {
      expect(one.ask(index).shareOk).toBe(ok);
      one.clock({ commit: ok, dequeue });
    };
    for (let i = 0; i < 500; i++) {
      enter(1, true);
      enter(2, true);
      enter(2, false);
      enter(1, true, 1);
      one.clock({});
      enter(1, true, 2);
      one.clock({});
      enter(1, false);
      enter(2, true, 1);
      one.clock({ dequeue: 1 });
      one.clock({ dequeue: 2 });
      one.clock({});
    }
  });
});

test('back-to-back frames of one bucket in every clock are each charged', () => {
  const one = new Bench(makers.wide);
  one.write(3, { interval: 256, burst: 9 * 256, share: 100 });
  let count = 0;
  one.clock({ next: 3 });
  for (let i = 0; i < 40; i++) {
    const { conform } = one.model;
    one.clock({ next: 3, commit: conform, time: one.time + (i === 20 ? 3n : 0n) });
    count += Number(conform);
  }
  expect(count).toBe(13);
});
