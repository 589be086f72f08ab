import { beforeAll, describe, expect, test } from 'vitest';
import { TABLES } from '../../driver/index.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { Random } from './harness/streams.ts';

const CLOCKS = { board: 62_500, odd: 66_667, fast: 125_000 } as const;
let makers: Record<'two' | 'four' | keyof typeof CLOCKS, Make>;
beforeAll(async () => {
  const time = (name: keyof typeof CLOCKS) => ({
    module: 'microseconds',
    parameters: { CLOCK_KHZ: CLOCKS[name] },
  });
  makers = await build('mac-counters', {
    two: { module: 'mac_counters', parameters: { PORTS: 2, RMII: 0 } },
    four: { module: 'mac_counters', parameters: { PORTS: 4, RMII: 1 } },
    board: time('board'),
    odd: time('odd'),
    fast: time('fast'),
  });
});

const { offset, stride, words, fields } = TABLES.mac;

describe.each([
  ['two', 2, 0],
  ['four', 4, 1],
] as const)('mac_counters of %s ports', (name, ports, rmii) => {
  const fresh = (seed: number) => {
    const idle = { fault_valid_i: 0, unsent_valid_i: 0, link_i: 0, speed_i: 0, full_duplex_i: 0 };
    const dut = makers[name](seed)
      .set({ ...idle, address_i: 0, fault_i: 0 })
      .reset();
    // Cleared behind a reset, a counter a clock.
    return dut.clock(8 * ports + 4);
  };
  const read = (dut: Dut, port: number, word: number) => {
    dut.set({ address_i: offset + 4 * (stride * port + word) }).clock(4);
    return dut.get('data_o');
  };

  test('counters are 0 behind a reset, and words that the table has not stay so', () => {
    const dut = fresh(3);
    for (let port = 0; port < 16; port++)
      for (let word = port < ports ? 1 : 0; word < stride; word++)
        expect(read(dut, port, word)).toBe(0);
    expect(read(dut, 0, words)).toBe(0);
    for (const address of [0, offset - 4, offset + 0x1000, offset ^ 0x800000])
      expect(dut.set({ address_i: address }).clock(4).get('data_o')).toBe(0);
  });

  test('the state of each line stands in its fields', () => {
    const dut = fresh(4).set({ link_i: 0b01, speed_i: 0b0110, full_duplex_i: 0b10 });
    const state = (link: number, speed: number, duplex: number) =>
      1 |
      (link << fields.link.bit) |
      (speed << fields.speed.bit) |
      (duplex << fields.full_duplex.bit) |
      (rmii << fields.rmii.bit);
    expect(read(dut, 0, 0)).toBe(state(1, 2, 0));
    expect(read(dut, 1, 0)).toBe(state(0, 1, 1));
  });

  test('each is counted once at its own place, whoever reads meanwhile', () => {
    const random = new Random(5);
    const dut = fresh(5);
    const counts = Array.from({ length: ports }, () => Array<number>(words).fill(0));
    const faults = Array<number>(ports).fill(0); // 0: none waits
    const unsent = Array<boolean>(ports).fill(false);
    const waits = { now: 0, most: 0 };
    let asked = { port: 0, word: 1, since: 0 };
    for (let n = 0; n < 4000; n++) {
      for (let p = 0; p < ports; p++) {
        if (faults[p] === 0 && random.chance(10)) faults[p] = random.between(1, 7);
        unsent[p] ||= random.chance(6);
      }
      const mask = (of: readonly unknown[]) =>
        of.reduce<number>((m, on, p) => m | (on ? 1 << p : 0), 0);
      dut.set({
        fault_valid_i: mask(faults),
        unsent_valid_i: mask(unsent),
        fault_i: faults.reduce((all, code, p) => all | (code << (3 * p)), 0),
      });
      if (random.chance(8)) {
        asked = { port: random.below(ports), word: random.between(1, words - 1), since: n };
        dut.set({ address_i: offset + 4 * (stride * asked.port + asked.word) });
      }
      dut.settle();
      if (n - asked.since >= 5) {
        // What is on its way to its place may be missing.
        const counted = counts[asked.port]?.[asked.word] ?? 0;
        expect(counted - dut.get('data_o')).toBeOneOf([0, 1]);
      }
      const [taken, gone] = [dut.get('fault_ready_o'), dut.get('unsent_ready_o')];
      for (let p = 0; p < ports; p++) {
        const own = counts[p] ?? [];
        const code = faults[p] ?? 0;
        if (taken & (1 << p) && code !== 0) {
          own[code] = (own[code] ?? 0) + 1;
          faults[p] = 0;
        }
        if (gone & (1 << p) && unsent[p]) {
          own[8] = (own[8] ?? 0) + 1;
          unsent[p] = false;
        }
      }
      waits.now = faults[0] === 0 ? 0 : waits.now + 1;
      waits.most = Math.max(waits.most, waits.now);
      dut.clock();
    }
    dut.set({ fault_valid_i: 0, unsent_valid_i: 0 }).clock(4);
    expect(waits.most).toBeLessThanOrEqual(4 * ports);
    for (let p = 0; p < ports; p++)
      for (let word = 1; word < words; word++) {
        expect(read(dut, p, word), `port ${p}, word ${word}`).toBe(counts[p]?.[word]);
        expect(counts[p]?.[word]).toBeGreaterThan(10);
      }
  });
});

describe.each(Object.entries(CLOCKS))('microseconds of a %s clock', (name, khz) => {
  test('a tick is a microsecond, without error in the long run, and the time counts them', () => {
    const dut = makers[name as keyof typeof CLOCKS](2).reset();
    let ticks = 0;
    for (let clocks = 1; clocks <= 40_000; clocks++) {
      const time = dut.big('time_us_o');
      expect(time === BigInt(ticks) || time === BigInt(ticks - 1)).toBe(true);
      ticks += dut.clock().get('tick_o');
      expect(Math.abs(ticks - (clocks * 1000) / khz)).toBeLessThanOrEqual(1);
    }
    expect(Number(dut.clock(2).big('time_us_o'))).toBeGreaterThanOrEqual(ticks);
  });
});
