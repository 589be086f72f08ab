import { beforeAll, describe, expect, test } from 'vitest';
import type { TableEntries, TableName } from '../../driver/generated/registers.ts';
import {
  COUNTERS,
  decodeEntry,
  encodeEntry,
  MAP,
  REGISTERS,
  TABLES,
} from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { packEntry, packTable } from './harness/records.ts';
import {
  BUILD_ID,
  CONFIGURATION_ID,
  PARAMETERS,
  RegisterBench,
  SIZES,
} from './harness/register-bench.ts';
import { Random } from './harness/streams.ts';

let makers: Record<'registers' | 'table' | 'single', Make>;
beforeAll(async () => {
  makers = await build('registers', {
    registers: { module: 'registers', parameters: PARAMETERS },
    table: { module: 'config_table', parameters: { ENTRIES: 5, BITS: 70 } },
    single: { module: 'config_table', parameters: { ENTRIES: 1, BITS: 8 } },
  });
});

const NAMES = Object.keys(TABLES) as TableName[];
/** What the host writes stays as it is, for as long as the card is left alone. */
const KEPT = NAMES.filter((name) => TABLES[name].access === 'rw' || name === 'override');
const OUTPUTS = {
  port: 'ports_o',
  slot: 'slots_o',
  prefix: 'prefixes_o',
} as const;
/** Tables that the data path reads all at once, and the rules. */
const SEEN = [...(Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[]), 'rule'] as const;
type Seen = (typeof SEEN)[number];

/** All entries as they stand for the data path, side by side. */
function present(one: RegisterBench, table: Seen): bigint {
  if (table !== 'rule') return one.dut.settle().big(OUTPUTS[table]);
  const bits = BigInt(one.dut.width('rule_data_o'));
  const { entries } = one.held.rule;
  return entries.reduce((whole, entry, index) => whole | (entry << (bits * BigInt(index))), 0n);
}

/** Entries side by side, undefined where nothing has been written. */
function wires<T extends TableName>(table: T, entries: readonly (TableEntries[T] | undefined)[]) {
  return packTable(
    table,
    entries.map((entry) => entry ?? packNothing(table)),
  );
}

const bench = (seed = 1) => new RegisterBench(makers.registers(seed));

/** Any value in every field of an entry. */
function randomEntry<T extends TableName>(table: T, random: Random): TableEntries[T] {
  const words = Uint32Array.from({ length: TABLES[table].words }, () => random.word());
  return decodeEntry(table, words);
}

/** What is read of a slot that is written after reset: it rises with another epoch than 0 only. */
function kept<T extends TableName>(table: T, entry: TableEntries[T]): TableEntries[T] {
  const { epoch = 0 } = entry as { epoch?: number };
  return table === 'slot' && epoch === 0 ? { ...entry, up: 0 } : entry;
}

describe('config_table', () => {
  test('all zero after reset; a write changes its entry and no other, at one clock', () => {
    const random = new Random(91);
    const dut = makers.table(7).set({ write_i: 0, index_i: 0 }).reset();
    const entries = Array<bigint>(5).fill(0n);
    const written = Array<boolean>(5).fill(false);
    const whole = () => entries.reduce((sum, entry, i) => sum | (entry << BigInt(70 * i)), 0n);
    expect(dut.big('entries_o')).toBe(0n);
    let index = 0; // of the clock before
    for (let i = 0; i < 500; i++) {
      const next = random.chance(80) ? random.below(5) : random.pick([5, 6, 7, 8, 13, 0x8000]);
      const data = random.bits(70);
      const write = random.chance(50);
      dut.set({ write_i: write, index_i: next, data_i: data }).settle();
      expect(dut.big('entries_o')).toBe(whole());
      expect(dut.get('written_o')).toBe(written[index] ? 1 : 0);
      if (write && index < 5) {
        entries[index] = data;
        written[index] = true;
      }
      dut.clock();
      expect(dut.big('entries_o')).toBe(whole());
      index = next;
    }
    dut.set({ write_i: 0 }).reset();
    expect(dut.big('entries_o')).toBe(0n);
    for (let i = 0; i < 5; i++) {
      expect(dut.set({ index_i: i }).clock().settle().get('written_o')).toBe(0);
    }
  });

  test('a table of one entry', () => {
    const dut = makers.single().set({ write_i: 0, index_i: 0, data_i: 9 }).reset().clock();
    dut.set({ write_i: 1, index_i: 1 }).clock();
    dut.set({ write_i: 1, index_i: 0, data_i: 5 }).clock();
    expect(dut.get('entries_o')).toBe(9);
    expect(dut.set({ write_i: 0 }).settle().get('written_o')).toBe(1);
    expect(dut.set({ index_i: 1 }).clock().settle().get('written_o')).toBe(0);
  });
});

describe('registers', () => {
  test('identity', () => {
    const one = bench();
    const identity = {
      magic: MAP.magic,
      version: MAP.major * 65_536 + MAP.minor,
      build_id: BUILD_ID,
      configuration: CONFIGURATION_ID,
      data_width: SIZES.dataWidth,
      ports: SIZES.ports,
      slots: SIZES.slots,
      vids: SIZES.vids,
      rules: SIZES.rules,
      prefixes: SIZES.prefixes,
      max_frame: SIZES.maxFrame,
      window: SIZES.window,
      vid_counter_bits: SIZES.vidCounterBits,
      vid_byte_counter_bits: SIZES.vidByteCounterBits,
      overrides: SIZES.overrides,
      fragments: SIZES.fragments,
    } satisfies Record<keyof typeof REGISTERS.identity, number>;
    for (const [name, address] of Object.entries(REGISTERS.identity)) {
      one.write(address, 0x5555);
      expect(one.read(address), name).toBe(identity[name as keyof typeof identity]);
    }
  });

  test.each(KEPT)('table %s: every entry is read back as it was written', (table) => {
    const random = new Random(92);
    const one = bench();
    Object.assign(one, { overrideFree: 20, patience: 200 });
    const count = TABLES[table].entries(SIZES);
    const entries = Array.from({ length: count }, () => kept(table, randomEntry(table, random)));
    for (const [index, entry] of entries.entries()) {
      one.writeEntry(table, index, encodeEntry(table, entry));
    }
    for (const [index, entry] of entries.entries()) {
      expect(decodeEntry(table, one.readEntry(table, index))).toEqual(entry);
    }
    const seen = SEEN.find((name) => name === table);
    if (seen) expect(present(one, seen)).toBe(wires(table, entries));
  });

  test.each(KEPT)('table %s: bits that are no field read 0', (table) => {
    const one = bench();
    one.writeEntry(table, 1, new Uint32Array(TABLES[table].words).fill(0xffffffff));
    const words = one.readEntry(table, 1);
    expect(encodeEntry(table, decodeEntry(table, words))).toEqual(words);
    for (const value of Object.values(decodeEntry(table, words))) expect(Number(value)).not.toBe(0);
  });

  test.each(SEEN)('table %s: an entry changes at one clock, whole', (table) => {
    const random = new Random(93);
    const one = bench();
    const before = kept(table, randomEntry(table, random));
    const after = kept(table, randomEntry(table, random));
    one.writeEntry(table, 1, encodeEntry(table, before));
    const seen: bigint[] = [];
    const look = () => {
      const now = present(one, table);
      if (now !== seen.at(-1)) seen.push(now);
    };
    one.onClock = look;
    one.writeEntry(table, 1, encodeEntry(table, after));
    look();
    const at = (entry: typeof before) => wires(table, [undefined, entry]);
    expect(seen).toEqual([at(before), at(after)]);
  });

  test('entries that there are not: writes do nothing, reads give 0', () => {
    const random = new Random(94);
    const one = bench();
    for (const table of NAMES) {
      const count = TABLES[table].entries(SIZES);
      for (const index of [count, count + 1, 2 * count]) {
        one.writeEntry(table, index, encodeEntry(table, randomEntry(table, random)));
        expect([...one.readEntry(table, index)], `${table} ${index}`).not.toContainEqual(
          expect.toSatisfy((word: number) => word !== 0),
        );
      }
    }
    for (const table of SEEN) expect(present(one, table)).toBe(0n);
    expect([one.writes, one.acks.length, one.up]).toEqual([0, 0, 0]);
  });

  test('addresses between the fields of an entry, and between pages, read 0', () => {
    const one = bench();
    for (const table of KEPT) {
      const { offset, stride, words } = TABLES[table];
      one.writeEntry(table, 0, new Uint32Array(words).fill(0xffffffff));
      for (let word = words; word < stride; word++) {
        const address = offset + word * 4;
        one.write(address, 0xffffffff);
        expect(one.read(address), `0x${address.toString(16)}`).toBe(0);
      }
      expect(decodeEntry(table, one.readEntry(table, 0))).toEqual(
        decodeEntry(table, new Uint32Array(words).fill(0xffffffff)),
      );
    }
    for (const address of [0x40, 0xfc, 0x130, 0x1fc, 0x214, 0x2fc, 0x30c, 0xffc]) {
      one.write(address, 0xffffffff);
      expect(one.read(address), `0x${address.toString(16)}`).toBe(0);
    }
  });

  test('counters are read at their own addresses', () => {
    const one = bench();
    for (const { offset, stride, entries } of Object.values(COUNTERS)) {
      const last = offset + (entries(SIZES) * stride - 1) * 4;
      for (const address of [offset, offset + 4, last]) {
        expect(one.read(address)).toBe(RegisterBench.countWord(address));
      }
    }
  });

  test('control, fabric prefix and status', () => {
    const { control, fabric_prefix, status } = REGISTERS.control;
    const one = bench();
    const { dut } = one;
    expect([dut.get('enable_o'), one.read(control), one.read(fabric_prefix)]).toEqual([0, 0, 0]);
    one.write(fabric_prefix, 0x0a1b2c3d);
    one.write(control, 1);
    expect([dut.get('fabric_prefix_o'), one.read(fabric_prefix)]).toEqual([0x0a1b2c3d, 0x0a1b2c3d]);
    expect([dut.get('enable_o'), one.read(control)]).toEqual([1, 1]);
    dut.set({ idle_i: 0, in_flight_i: 0x1234 });
    expect(one.read(status)).toBe(0x12340000);
    dut.set({ idle_i: 1, in_flight_i: 0 });
    expect(one.read(status)).toBe(1);
    one.write(control, 0xfffffffe);
    expect([dut.get('enable_o'), dut.get('bad_parity_o'), one.read(control)]).toEqual([0, 1, 2]);
    one.write(control, 0xfffffffc);
    expect([dut.get('enable_o'), dut.get('bad_parity_o'), one.read(control)]).toEqual([0, 0, 0]);
  });

  test('control waits until everything is clear after reset', () => {
    const { control, fabric_prefix } = REGISTERS.control;
    for (const busy of ['snapshot_busy_i', 'clearing_i']) {
      const one = bench();
      one.dut.set({ [busy]: 1 });
      one.write(fabric_prefix, 5); // others do not wait
      expect(() => one.write(control, 1, 100)).toThrow('no answer');
      expect(one.dut.get('enable_o')).toBe(0);
      one.dut.set({ [busy]: 0, cfg_valid_i: 1 });
      one.write(control, 1);
      expect(one.dut.get('enable_o')).toBe(1);
    }
  });

  test('a snapshot: one pulse, the write ends when it can be read', () => {
    const { snapshot, snapshot_in_flight, snapshot_held } = REGISTERS.control;
    const one = bench();
    let clocks = 0;
    one.onClock = () => {
      if (one.dut.settle().get('snapshot_o') === 1) clocks = 50;
      else if (clocks > 0) clocks--;
      one.dut.set({ snapshot_busy_i: clocks > 0 && clocks < 50 });
      one.dut.set({ snapshot_in_flight_i: 77, snapshot_held_i: 0x1234 });
    };
    for (let i = 1; i <= 3; i++) {
      one.write(snapshot, 1, 100);
      expect(clocks).toBe(0);
      expect(one.snapshots).toBe(i);
      expect(one.read(snapshot)).toBe(i);
    }
    expect([one.read(snapshot_in_flight), one.read(snapshot_held)]).toEqual([77, 0x1234]);
    expect(one.snapshots).toBe(3);
  });

  test('the low half of the time latches the high half', () => {
    const { time_low, time_high, magic } = { ...REGISTERS.control, ...REGISTERS.identity };
    const one = bench();
    let now = 0x1_0000_0000n * 5n - 8n;
    one.onClock = () => one.dut.set({ time_us_i: now++ });
    for (let i = 0; i < 20; i++) {
      const start = now;
      const low = one.read(time_low);
      one.read(magic);
      for (let idle = 0; idle < 5; idle++) one.clock();
      const time = (BigInt(one.read(time_high)) << 32n) | BigInt(low);
      expect(time >= start - 1n && time < start + 20n, `${time} after ${start}`).toBe(true);
    }
  });

  test('down is latched: a slot comes up with another epoch only', () => {
    const one = bench();
    const address = TABLES.slot.offset + 4;
    const write = (up: number, epoch: number, port = 1) => {
      one.write(address, encodeEntry('slot', { up, epoch, port, line_port: 0 })[0] ?? 0);
      const {
        up: isUp,
        epoch: itsEpoch,
        port: itsPort,
      } = decodeEntry('slot', Uint32Array.of(one.read(address)));
      return [isUp, itsEpoch, itsPort];
    };
    expect(write(1, 0)).toEqual([0, 0, 1]); // as after reset: down with epoch 0
    expect(write(1, 7)).toEqual([1, 7, 1]);
    expect(write(1, 7, 0)).toEqual([1, 7, 0]); // up stays up
    expect(write(0, 7)).toEqual([0, 7, 1]);
    expect(write(1, 7, 0)).toEqual([0, 7, 0]); // the rest is written, up is not
    expect(write(1, 8)).toEqual([1, 8, 1]);
    expect(write(0, 9)).toEqual([0, 9, 1]);
    expect(write(1, 9)).toEqual([0, 9, 1]);
    expect(write(1, 8)).toEqual([1, 8, 1]);
    one.up = 0; // the card has found out by itself
    one.clock();
    expect(write(1, 8)).toEqual([0, 8, 1]);
    expect(write(1, 9)).toEqual([1, 9, 1]);
  });

  test('accesses with and without clocks between them', () => {
    const random = new Random(95);
    const one = bench();
    const words = new Map<number, number>();
    for (let i = 0; i < 600; i++) {
      const address = TABLES.slot.offset + random.below(SIZES.slots) * 4;
      if (random.chance(50)) {
        const entry = randomEntry('slot', random);
        const before = decodeEntry('slot', Uint32Array.of(words.get(address) ?? 0));
        one.write(address, encodeEntry('slot', entry)[0] ?? 0);
        if (before.up === 0 && entry.epoch === before.epoch) entry.up = 0;
        words.set(address, encodeEntry('slot', entry)[0] ?? 0);
      } else {
        expect(one.read(address)).toBe(words.get(address) ?? 0);
      }
      for (let idle = random.pick([0, 0, 1, 3]); idle > 0; idle--) {
        // Without valid the rest of the bus says nothing.
        one.dut.set({ cfg_addr_i: random.below(2 ** 24), cfg_write_i: random.below(2) });
        one.clock();
      }
    }
  });
});

/** An entry that nobody has written. */
function packNothing<T extends TableName>(table: T): TableEntries[T] {
  expect(packEntry(table, {})).toBe(0n);
  return decodeEntry(table, new Uint32Array(TABLES[table].words));
}
