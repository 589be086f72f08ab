import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { Random } from './harness/streams.ts';

const LATENCY = 2;
/** One for each way in which the RAM is cut: one slice, slices of 18, 9 and 4 bits, single bits, none. */
const SHAPES = {
  single: { ENTRIES: 64, BITS: 10 },
  wide: { ENTRIES: 64, BITS: 40 },
  nines: { ENTRIES: 2048, BITS: 15 },
  fours: { ENTRIES: 4096, BITS: 15 },
  ones: { ENTRIES: 16_384, BITS: 5 },
  plain: { ENTRIES: 32_768, BITS: 40 },
} as const;
type Shape = keyof typeof SHAPES;
const NAMES = Object.keys(SHAPES) as Shape[];

let makers: Record<Shape, Make>;
beforeAll(async () => {
  const specs = Object.fromEntries(
    NAMES.map((name) => [name, { module: 'table_ram', parameters: SHAPES[name] }]),
  ) as Record<Shape, { module: string; parameters: { ENTRIES: number; BITS: number } }>;
  makers = await build('table-ram', specs);
});

describe.each(NAMES)('table_ram, %s', (name) => {
  const { ENTRIES, BITS } = SHAPES[name];
  // Neighbours, and addresses that differ in one bit only.
  const some = [0, 1, 2, 3, 5, 9, 17, 33, ENTRIES - 1, ENTRIES / 2];
  for (let bit = 6; 2 ** bit < ENTRIES; bit++) some.push(2 ** bit, 2 ** bit + 1);

  const filled = (random: Random): { dut: Dut; entries: Map<number, bigint> } => {
    const dut = makers[name](random.word() >>> 1);
    const entries = new Map(some.map((index) => [index, random.bits(BITS)]));
    for (const [index, entry] of entries) {
      dut.set({ host_write_i: 1, host_address_i: index, host_data_i: entry }).clock();
    }
    dut.set({ host_write_i: 0 });
    return { dut, entries };
  };

  test('every entry two clocks after its address, at both ports', () => {
    const random = new Random(51);
    const { dut, entries } = filled(random);
    const asked: [number, number][] = [];
    for (let i = 0; i < 500; i++) {
      const [read, host] = [random.pick(some), random.pick(some)];
      asked.push([read, host]);
      dut.set({ read_address_i: read, host_address_i: host }).clock();
      if (asked.length < LATENCY) continue;
      const [readBefore = 0, hostBefore = 0] = asked.shift() ?? [];
      expect(dut.big('read_data_o')).toBe(entries.get(readBefore));
      expect(dut.big('host_data_o')).toBe(entries.get(hostBefore));
    }
  });

  test('a read sees the write of its own clock whole, an earlier read the old entry whole', () => {
    const random = new Random(52);
    const { dut, entries } = filled(random);
    const near = some.slice(0, 6);
    const expected: (bigint | undefined)[] = [];
    let collisions = 0;
    for (let i = 0; i < 3000; i++) {
      const write = random.chance(60);
      const [host, read] = [random.pick(near), random.pick(near)];
      const data = random.bits(BITS);
      if (write) entries.set(host, data);
      collisions += Number(write && host === read);
      expected.push(entries.get(read));
      dut.set({ host_write_i: write, host_address_i: host, host_data_i: data });
      dut.set({ read_address_i: read }).clock();
      if (expected.length >= LATENCY) expect(dut.big('read_data_o')).toBe(expected.shift());
    }
    expect(collisions).toBeGreaterThan(150);
  });

  test('the host reads what it wrote the clock before', () => {
    const random = new Random(53);
    const { dut } = filled(random);
    for (let i = 0; i < 100; i++) {
      const [host_address_i, host_data_i] = [random.pick(some), random.bits(BITS)];
      dut.set({ host_write_i: 1, host_address_i, host_data_i }).clock();
      dut.set({ host_write_i: 0 }).clock(LATENCY);
      expect(dut.big('host_data_o')).toBe(host_data_i);
    }
  });
});
