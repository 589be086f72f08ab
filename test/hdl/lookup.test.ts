import { beforeAll, describe, expect, test } from 'vitest';
import type { VidRowEntry } from '../../driver/generated/registers.ts';
import { REASON } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { META, packEntry } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const VIDS = 64;
const LATENCY = 3;
let makers: Record<'lookup', Make>;
beforeAll(async () => {
  makers = await build('lookup', { lookup: { module: 'lookup', parameters: { VIDS } } });
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
