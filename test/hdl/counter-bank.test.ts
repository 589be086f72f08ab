import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { Random } from './harness/streams.ts';

let makers: Record<'bank2' | 'bank3' | 'bank16', Make>;
beforeAll(async () => {
  const spec = (ENTRIES: number) => ({ module: 'counter_bank', parameters: { ENTRIES } });
  makers = await build('counter-bank', { bank2: spec(2), bank3: spec(3), bank16: spec(16) });
});

interface Total {
  packets: number;
  bytes: number;
}

/** The bank with what it should hold: `live` now, `frozen` at the last snapshot. */
class Bench {
  readonly dut: Dut;
  readonly live: Total[];
  frozen: Total[];

  constructor(make: Make, entries: number, seed = 1) {
    this.dut = make(seed);
    this.live = Array.from({ length: entries }, () => ({ packets: 0, bytes: 0 }));
    this.frozen = this.live.map((total) => ({ ...total }));
    this.dut.set({ event_valid_i: 0, snapshot_i: 0, read_index_i: 0 }).reset();
    this.settle();
  }

  /** One clock; `index` of an event, or undefined for none. */
  clock(index?: number, bytes = 0, snapshot = false): void {
    const event = { event_valid_i: index !== undefined, event_index_i: index ?? 0 };
    this.dut.set({ ...event, event_bytes_i: bytes, snapshot_i: snapshot });
    const total = index === undefined ? undefined : this.live[index];
    if (total) {
      total.packets++;
      total.bytes += bytes;
    }
    if (snapshot && this.dut.settle().get('busy_o') === 0) {
      this.frozen = this.live.map((entry) => ({ ...entry }));
    }
    this.dut.clock();
  }

  settle(): void {
    for (let i = 0; this.dut.settle().get('busy_o') === 1; i++) {
      if (i > 10_000) throw new Error('the bank stays busy');
      this.clock();
    }
  }

  read(): Total[] {
    return this.live.map((_, index) => {
      this.dut.set({ read_index_i: index });
      this.clock();
      const data = this.dut.big('read_data_o');
      return { packets: Number(data & 0xffff_ffff_ffff_ffffn), bytes: Number(data >> 64n) };
    });
  }
}

describe.each([2, 3, 16] as const)('counter_bank of %i entries', (entries) => {
  const bench = (seed = 1) => new Bench(makers[`bank${entries}`], entries, seed);

  test('all zero after reset, whatever the memories held', () => {
    const one = bench();
    expect(one.read()).toEqual(one.live);
    one.clock(undefined, 0, true);
    one.settle();
    expect(one.read()).toEqual(one.live);
  });

  test('the same entry in consecutive clocks, at every distance', () => {
    for (const distance of [1, 2, 3, 4]) {
      const one = bench(distance);
      for (let i = 0; i < 50; i++) {
        one.clock(1, 60 + i);
        for (let gap = 1; gap < distance; gap++) one.clock(gap % 2 ? 0 : undefined, 7);
      }
      one.clock(undefined, 0, true);
      one.settle();
      expect(one.read()).toEqual(one.frozen);
      expect(one.frozen[1]?.packets).toBe(50);
    }
  });

  test('a snapshot has the event of its own clock and none of the next', () => {
    const one = bench();
    one.clock(0, 100);
    one.clock(0, 200, true);
    one.clock(0, 400);
    one.settle();
    expect(one.read()[0]).toEqual({ packets: 2, bytes: 300 });
    one.clock(undefined, 0, true);
    one.settle();
    expect(one.read()[0]).toEqual({ packets: 3, bytes: 700 });
  });

  test.each([100, 60])('snapshots while events come in %i of 100 clocks', (percent) => {
    const one = bench(percent);
    const random = new Random(percent);
    const event = (snapshot = false) => {
      const index = random.chance(50) ? 0 : random.below(entries);
      one.clock(random.chance(percent) ? index : undefined, random.between(1, 2000), snapshot);
    };
    for (let round = 0; round < 40; round++) {
      for (let i = random.below(60); i > 0; i--) event();
      event(true);
      // Another snapshot is ignored while this one is being added up.
      while (one.dut.settle().get('busy_o') === 1) event(random.chance(20));
      const expected = one.frozen;
      const got = one.live.map((_, index) => {
        one.dut.set({ read_index_i: index });
        event();
        return one.dut.big('read_data_o');
      });
      expect(got).toEqual(
        expected.map(({ packets, bytes }) => (BigInt(bytes) << 64n) | BigInt(packets)),
      );
    }
    const packets = one.live.reduce((sum, total) => sum + total.packets, 0);
    expect(packets).toBeGreaterThan(500);
  });

  test('a snapshot ends, though an event comes in every clock', () => {
    const one = bench();
    one.clock(0, 1, true);
    let clocks = 0;
    for (; one.dut.settle().get('busy_o') === 1 && clocks < 1000; clocks++) one.clock(0, 1);
    expect(clocks).toBeLessThan(10 + 4 * entries);
  });

  test('bytes and packets carry beyond 32 bits apart from each other', () => {
    const one = bench();
    for (let i = 0; i < 70_000; i++) one.clock(0, 65_535);
    one.clock(undefined, 0, true);
    one.settle();
    expect(one.read()[0]).toEqual({ packets: 70_000, bytes: 70_000 * 65_535 });
    expect(70_000 * 65_535).toBeGreaterThan(2 ** 32);
  });
});
