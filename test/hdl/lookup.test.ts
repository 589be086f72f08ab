import { beforeAll, describe, expect, test } from 'vitest';
import type { VidRowEntry } from '../../driver/generated/registers.ts';
import { REASON } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build, elaborate } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { META, packEntry } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const VIDS = 64;
const LATENCY = 3;
let makers: Record<'whole' | 'banked' | 'lookup', Make>;
beforeAll(async () => {
  const ram = { ENTRIES: 64, BITS: 40 };
  makers = await build('lookup', {
    whole: { module: 'table_ram', parameters: ram },
    banked: { module: 'table_ram', parameters: { ...ram, BANK_WORDS: 16 } },
    lookup: { module: 'lookup', parameters: { VIDS, BANK_WORDS: 16 } },
  });
});

describe.each(['whole', 'banked'] as const)('table_ram, %s', (name) => {
  const filled = (random: Random): { dut: Dut; entries: bigint[] } => {
    const dut = makers[name](random.word() >>> 1);
    const entries = Array.from({ length: 64 }, () => random.bits(40));
    for (const [index, entry] of entries.entries()) {
      dut.set({ host_write_i: 1, host_address_i: index, host_data_i: entry }).clock();
    }
    dut.set({ host_write_i: 0 });
    return { dut, entries };
  };

  test('every entry three clocks after its address, at both ports', () => {
    const random = new Random(51);
    const { dut, entries } = filled(random);
    const asked: [number, number][] = [];
    for (let i = 0; i < 500; i++) {
      const [read, host] = [random.below(64), random.below(64)];
      asked.push([read, host]);
      dut.set({ read_address_i: read, host_address_i: host }).clock();
      if (asked.length < LATENCY) continue;
      const [readBefore = 0, hostBefore = 0] = asked.shift() ?? [];
      expect(dut.big('read_data_o')).toBe(entries[readBefore]);
      expect(dut.big('host_data_o')).toBe(entries[hostBefore]);
    }
  });

  test('a read sees the write of its own clock whole, an earlier read the old entry whole', () => {
    const random = new Random(52);
    const { dut, entries } = filled(random);
    const near = [3, 3, 4, 19, 35, 51]; // the same word of other banks among them
    const expected: bigint[] = [];
    let collisions = 0;
    for (let i = 0; i < 5000; i++) {
      const write = random.chance(60);
      const [host, read] = [random.pick(near), random.pick(near)];
      const data = random.bits(40);
      if (write) entries[host] = data;
      collisions += Number(write && host === read);
      expected.push(entries[read] ?? 0n);
      dut.set({ host_write_i: write, host_address_i: host, host_data_i: data });
      dut.set({ read_address_i: read }).clock();
      if (expected.length >= LATENCY) expect(dut.big('read_data_o')).toBe(expected.shift());
    }
    expect(collisions).toBeGreaterThan(300);
  });

  test('the host reads what it wrote the clock before', () => {
    const random = new Random(53);
    const { dut } = filled(random);
    for (let i = 0; i < 100; i++) {
      const [host_address_i, host_data_i] = [random.below(64), random.bits(40)];
      dut.set({ host_write_i: 1, host_address_i, host_data_i }).clock();
      dut.set({ host_write_i: 0 }).clock(LATENCY);
      expect(dut.big('host_data_o')).toBe(host_data_i);
    }
  });
});

test('banks that do not make up the table do not elaborate', async () => {
  const parameters = { ENTRIES: 40, BITS: 8, BANK_WORDS: 16 };
  await expect(elaborate({ module: 'table_ram', parameters })).rejects.toThrow(/no multiple/);
});

describe('lookup', () => {
  interface Asked {
    meta: Record<string, bigint>;
    row: VidRowEntry;
    vid: bigint;
  }
  function expected({ meta, row, vid }: Asked): Record<string, bigint> {
    if (!meta.by_rules || meta.decided) return meta;
    if (vid >= BigInt(VIDS)) {
      return { ...meta, decided: 1n, reason: BigInt(REASON.punt_vid_range), vid_valid: 0n };
    }
    return {
      ...meta,
      vid_valid: 1n,
      vid,
      row_valid: BigInt(row.valid),
      row_in_sync: BigInt(row.backup_in_sync),
      row_backup: BigInt(row.backup),
      row_active: BigInt(row.active),
    };
  }
  const comparable = (meta: Record<string, bigint>) =>
    meta.by_rules && !meta.decided ? { ...meta, reason: 0n } : meta;

  test('a frame a clock while rows are being written', () => {
    const random = new Random(54);
    const dut = makers.lookup(9);
    const row = (): VidRowEntry => ({
      valid: random.below(2),
      backup_in_sync: random.below(2),
      active: random.below(64),
      backup: random.below(64),
    });
    const rows = Array.from({ length: VIDS }, row);
    const write = (index: number) =>
      dut.set({
        host_write_i: 1,
        host_address_i: index,
        host_data_i: packEntry('vid_row', rows[index] ?? row()),
      });
    for (let i = 0; i < VIDS; i++) write(i).clock();
    const inside: Asked[] = [];
    const seen = { range: 0, row: 0 };
    for (let i = 0; i < 6000; i++) {
      dut.set({ host_write_i: 0 });
      const changed = random.below(VIDS);
      if (random.chance(50)) {
        rows[changed] = row();
        write(changed);
      }
      const beyond = [64n, 65n, 1n << 16n, 1n << 63n, 2n ** 64n - 1n];
      const low = BigInt(random.chance(30) ? changed : random.below(VIDS));
      const vid = random.chance(80) ? low : random.pick(beyond) | low;
      const meta = META.random((bits) => random.bits(bits));
      const unset = ['vid', 'vid_valid', 'row_valid', 'row_in_sync', 'row_active', 'row_backup'];
      for (const name of unset) meta[name] = 0n;
      Object.assign(meta, { by_rules: BigInt(random.chance(90)) });
      meta.decided = BigInt(random.chance(10));
      dut.set({ meta_i: META.pack(meta), vid_i: vid }).clock();
      inside.push({ meta, vid, row: { ...(rows[Number(low)] ?? row()) } });
      if (inside.length < LATENCY) continue;
      const done = inside.shift() as Asked;
      const want = expected(done);
      expect(comparable(META.unpack(dut.big('meta_o')))).toEqual(comparable(want));
      if (want.vid_valid) seen.row++;
      if (want.reason === BigInt(REASON.punt_vid_range)) seen.range++;
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(100);
  });

  test('the first VID without a row', () => {
    const dut = makers.lookup();
    for (const [vid, range] of [
      [BigInt(VIDS - 1), false],
      [BigInt(VIDS), true],
    ] as const) {
      dut.set({ meta_i: META.pack({ by_rules: 1 }), vid_i: vid, host_write_i: 0 }).clock(LATENCY);
      const meta = META.unpack(dut.big('meta_o'));
      expect([meta.vid_valid, meta.decided]).toEqual([BigInt(!range), BigInt(range)]);
    }
  });
});
