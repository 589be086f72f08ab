import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { Random } from './harness/streams.ts';

const SIZES = [2, 3, 16, 40] as const;
const TOTALS = 6;
const PACKET_BITS = 13;
const BYTE_BITS = 23;

let makers: Record<string, Make>;
beforeAll(async () => {
  const spec = (ENTRIES: number) => ({ module: 'counter_bank', parameters: { ENTRIES } });
  makers = await build('counter-bank', {
    ...Object.fromEntries(SIZES.map((entries) => [`bank${entries}`, spec(entries)])),
    packets: { module: 'counter_bank', parameters: { ENTRIES: 4, PACKET_BITS: 6, BYTE_BITS: 0 } },
    pulses: { module: 'counter_pulses', parameters: { ENTRIES: 3, BITS: 6 } },
    totals: { module: 'counter_totals', parameters: { ENTRIES: TOTALS } },
  });
});

function make(name: string, seed: number): Dut {
  const maker = makers[name];
  if (!maker) throw new Error(`no module ${name}`);
  return maker(seed);
}

interface Total {
  packets: number;
  bytes: number;
}
const none = (entries: number): Total[] =>
  Array.from({ length: entries }, () => ({ packets: 0, bytes: 0 }));

/** A bank with what each of its memories should hold, and a collector as its contract wants it. */
class Bank {
  readonly dut: Dut;
  readonly memories: [Total[], Total[]];
  readonly entries: number;
  readonly packetBits: number;
  active: 0 | 1 = 0;

  constructor(name: string, entries: number, seed: number, packetBits = PACKET_BITS) {
    this.entries = entries;
    this.packetBits = packetBits;
    this.memories = [none(entries), none(entries)];
    this.dut = make(name, seed).set({
      event_valid_i: 0,
      active_i: 0,
      event_memory_i: 0,
      clear_i: 0,
    });
    this.dut.set({ collect_select_i: 0, collect_clear_i: 0, collect_index_i: 0 }).reset();
    for (let i = 0; i < entries; i++) this.dut.set({ clear_i: 1, collect_index_i: i }).clock();
    this.dut.set({ clear_i: 0 });
  }

  clock(index?: number, bytes = 0): void {
    const event = { event_valid_i: index !== undefined, event_index_i: index ?? 0 };
    this.dut.set({
      ...event,
      event_bytes_i: bytes,
      active_i: this.active,
      event_memory_i: this.active,
    });
    const total = index === undefined ? undefined : this.memories[this.active][index];
    if (total) {
      total.packets++;
      total.bytes += bytes;
    }
    this.dut.clock();
  }

  /** Changes memories and collects the one that counted, `event` going on meanwhile. */
  collect(event: () => void): Total[] {
    this.active = this.active === 0 ? 1 : 0;
    for (let i = 0; i < 5; i++) event();
    const got = Array.from({ length: this.entries }, (_, index) => {
      this.dut.set({ collect_select_i: 1, collect_index_i: index });
      event();
      this.dut.set({ collect_select_i: 0 });
      event();
      const data = this.dut.settle().big('collect_data_o');
      this.dut.set({ collect_clear_i: 1 });
      event();
      this.dut.set({ collect_clear_i: 0 });
      const mask = (1n << BigInt(this.packetBits)) - 1n;
      return { packets: Number(data & mask), bytes: Number(data >> BigInt(this.packetBits)) };
    });
    return got;
  }

  /** What the memory that was just collected should have given; it is empty from now on. */
  expected(): Total[] {
    const idle = this.active === 0 ? 1 : 0;
    const before = this.memories[idle];
    this.memories[idle] = none(this.entries);
    return before;
  }
}

describe.each(SIZES)('counter_bank of %i entries', (entries) => {
  const bank = (seed: number) => new Bank(`bank${entries}`, entries, seed);

  test('the same entry in consecutive clocks, at every distance', () => {
    for (const distance of [1, 2, 3, 4, 5]) {
      const one = bank(distance);
      for (let i = 0; i < 50; i++) {
        one.clock(1, 60 + i);
        for (let gap = 1; gap < distance; gap++) one.clock(gap % 2 ? 0 : undefined, 7);
      }
      const got = one.collect(() => one.clock());
      const expected = one.expected();
      expect(got).toEqual(expected);
      expect(expected[1]?.packets).toBe(50);
    }
  });

  test.each([100, 60])('collected again and again, events in %i of 100 clocks', (percent) => {
    const one = bank(percent);
    const random = new Random(percent);
    let packets = 0;
    const event = () => {
      const index = random.chance(50) ? 0 : random.below(entries);
      const happens = random.chance(percent);
      packets += Number(happens);
      one.clock(happens ? index : undefined, random.between(1, 2000));
    };
    for (let round = 0; round < 40; round++) {
      for (let i = random.below(60); i > 0; i--) event();
      const got = one.collect(event);
      expect(got).toEqual(one.expected());
    }
    expect(packets).toBeGreaterThan(500);
  });

  test('all zero after clearing, whatever the memories held', () => {
    const one = bank(7);
    const event = () => one.clock();
    for (let round = 0; round < 2; round++) {
      expect(one.collect(event)).toEqual(none(entries));
      one.expected();
    }
  });

  test.each([
    { name: 'packets', bytes: 0, half: 2 ** (PACKET_BITS - 1) },
    { name: 'bytes', bytes: 40_000, half: Math.ceil(2 ** (BYTE_BITS - 1) / 40_000) },
  ])('high when half of the $name of an entry is counted, and not before', ({ bytes, half }) => {
    const one = bank(8);
    for (let i = 1; i < half; i++) {
      one.clock(1, bytes);
      if (one.dut.settle().get('high_o') === 1) throw new Error(`high at ${i} of ${half}`);
    }
    one.clock(1, bytes);
    let high = 0;
    for (let i = 0; i < 6; i++) {
      one.clock();
      high += one.dut.settle().get('high_o');
    }
    expect(high).toBe(1);
  });
});

test('counter_bank without bytes', () => {
  const one = new Bank('packets', 4, 3, 6);
  for (let i = 0; i < 40; i++) one.clock(i % 3, 0);
  const got = one.collect(() => one.clock());
  expect(got).toEqual(one.expected());
  expect(got.map(({ packets }) => packets)).toEqual([14, 13, 13, 0]);
});

test('counter_pulses: all at once, a change in any clock', () => {
  const dut = make('pulses', 5).set({ change_i: 0, pulse_i: 0, collect_select_i: 0 }).reset();
  const random = new Random(12);
  const counts = [0, 0, 0];
  for (let round = 0; round < 50; round++) {
    counts.fill(0);
    const clocks = random.between(1, 31);
    let high = false;
    for (let i = 0; i < clocks; i++) {
      const pulse = random.below(8);
      for (const index of counts.keys())
        counts[index] = (counts[index] ?? 0) + ((pulse >> index) & 1);
      dut.set({ pulse_i: pulse, change_i: i === clocks - 1 }).clock();
      high ||= dut.get('high_o') === 1;
    }
    expect(high).toBe(false);
    dut.set({ change_i: 0, pulse_i: 0 }).clock();
    for (const [index, count] of counts.entries()) {
      dut.set({ collect_select_i: 1, collect_index_i: index }).clock();
      dut.set({ collect_select_i: 0 }).clock();
      expect(dut.get('collect_data_o')).toBe(count);
      dut.clock();
      expect(dut.get('collect_data_o')).toBe(0);
    }
  }
  let clocks = 0;
  for (dut.set({ pulse_i: 4, change_i: 0 }); dut.get('high_o') === 0; clocks++) dut.clock();
  expect(clocks).toBe(34);
});

/** counter_totals beside banks that are a list: what a bank would answer is asked from `memory`. */
class Totals {
  readonly dut: Dut;
  /** Counted since the last collection: memory 0 and 1. */
  readonly memory: [Total[], Total[]] = [none(TOTALS), none(TOTALS)];
  readonly live = none(TOTALS);
  frozen = none(TOTALS);
  cleared = new Set<number>();
  #answers: bigint[] = [0n, 0n];

  constructor(seed: number) {
    this.dut = make('totals', seed);
    this.dut.set({ snapshot_i: 0, high_i: 0, read_word_i: 0, collect_data_i: 0 }).reset();
    this.settle();
  }

  count(index: number, packets: number, bytes: number): void {
    const active = this.memory[this.dut.settle().get('active_o') as 0 | 1][index];
    const live = this.live[index];
    if (!active || !live) throw new Error('no such entry');
    active.packets += packets;
    active.bytes += bytes;
    live.packets += packets;
    live.bytes += bytes;
  }

  clock(snapshot = false, high = false): void {
    const { dut } = this;
    dut.set({ snapshot_i: snapshot, high_i: high, collect_data_i: this.#answers.shift() ?? 0n });
    dut.settle();
    const idle = this.memory[dut.get('active_o') === 0 ? 1 : 0];
    const at = dut.get('collect_entry_o');
    const { packets, bytes } = idle[at] ?? { packets: 0, bytes: 0 };
    this.#answers.push((BigInt(bytes) << BigInt(PACKET_BITS)) | BigInt(packets));
    if (dut.get('clear_o') === 1) this.cleared.add(at);
    else if (dut.get('collect_clear_o') === 1) idle[at] = { packets: 0, bytes: 0 };
    if (snapshot && dut.get('busy_o') === 0) this.frozen = this.live.map((total) => ({ ...total }));
    dut.clock();
  }

  settle(): number {
    let clocks = 0;
    for (; this.dut.settle().get('busy_o') === 1; clocks++) {
      if (clocks > 1000) throw new Error('the totals stay busy');
      this.clock();
    }
    return clocks;
  }

  read(): Total[] {
    const word = (index: number) => {
      this.dut.set({ read_word_i: index });
      for (let i = 0; i < 3; i++) this.clock();
      return this.dut.get('read_data_o');
    };
    return this.live.map((_, entry) => ({
      packets: word(4 * entry) + word(4 * entry + 1) * 2 ** 32,
      bytes: word(4 * entry + 2) + word(4 * entry + 3) * 2 ** 32,
    }));
  }
}

describe('counter_totals', () => {
  test('all zero after reset, and every entry of the banks has been cleared', () => {
    const one = new Totals(1);
    expect(one.read()).toEqual(none(TOTALS));
    expect([...one.cleared]).toEqual(Array.from({ length: TOTALS }, (_, i) => i));
  });

  test('what the host reads is that of the last snapshot, whatever is collected since', () => {
    const one = new Totals(2);
    const random = new Random(3);
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 4; i++) one.count(random.below(TOTALS), 3, random.below(5000));
      const snapshot = random.chance(40);
      one.clock(snapshot, !snapshot);
      // Both are ignored while busy.
      for (let i = 0; i < 5; i++) one.clock(random.chance(50), random.chance(50));
      if (snapshot) one.settle();
      expect(one.read()).toEqual(one.frozen);
      one.settle();
    }
    one.clock(true);
    one.settle();
    expect(one.read()).toEqual(one.live);
  });

  test('bytes carry beyond 32 bits', () => {
    const one = new Totals(4);
    for (let walk = 0; walk < 600; walk++) {
      for (let entry = 0; entry < TOTALS; entry++)
        one.count(entry, entry, 2 ** BYTE_BITS - 1 - entry);
      one.clock(walk === 599, true);
      one.settle();
    }
    expect(one.read()).toEqual(one.live);
    expect(one.live[0]?.bytes).toBeGreaterThan(2 ** 32);
  });

  test('a walk takes 4 clocks an entry, and little more', () => {
    const one = new Totals(5);
    one.clock(true);
    expect(one.settle()).toBeLessThan(4 * TOTALS + 16);
  });
});
