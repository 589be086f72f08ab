import { beforeAll, describe, expect, test } from 'vitest';
import { decodeEntry, encodeEntry, REGISTERS, TABLES } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { packEntry, unpackEntry } from './harness/records.ts';
import { PARAMETERS, RegisterBench, SIZES } from './harness/register-bench.ts';
import { Random } from './harness/streams.ts';

let makers: Record<'registers', Make>;
beforeAll(async () => {
  makers = await build('registers-state', {
    registers: { module: 'registers', parameters: PARAMETERS },
  });
});

const bench = (seed = 1) => new RegisterBench(makers.registers(seed));
const word = (entry: Uint32Array, index = 0) => entry[index] ?? 0;

describe('registers: slots', () => {
  test('events are read as they stand, and acknowledged with the count that was read', () => {
    const random = new Random(152);
    const one = bench();
    const { offset, stride, words } = TABLES.slot_event;
    for (let slot = 0; slot < SIZES.slots; slot++) {
      const entry = decodeEntry(
        'slot_event',
        Uint32Array.from({ length: words }, () => random.word()),
      );
      one.held.slot_event.entries[slot] = packEntry('slot_event', entry);
      expect(decodeEntry('slot_event', one.readEntry('slot_event', slot))).toEqual(entry);
      one.write(offset + slot * stride * 4, entry.count);
      expect(one.acks.at(-1)).toEqual([slot, entry.count]);
      // The other words acknowledge nothing.
      one.write(offset + (slot * stride + 1) * 4, entry.count);
      one.write(offset + (slot * stride + 2) * 4, entry.count);
    }
    expect(one.acks.length).toBe(SIZES.slots);
    const { slots_low, slots_high } = REGISTERS.events;
    one.dut.set({ slot_pending_i: 0b1010_0110 });
    expect([one.read(slots_low), one.read(slots_high)]).toEqual([0b1010_0110, 0]);
  });

  test('raised and dropped by one pulse each, up as the card says', () => {
    const one = bench();
    const pulses: string[] = [];
    one.onClock = () => {
      const { dut } = one;
      dut.settle();
      for (const name of ['slot_raise_o', 'slot_drop_o']) {
        if (dut.get(name)) pulses.push(`${name} ${dut.get('slot_index_o')}`);
      }
    };
    const write = (slot: number, up: number, epoch: number) => {
      const entry = encodeEntry('slot', { up, epoch, port: 1, line_port: 0 });
      one.write(TABLES.slot.offset + slot * 4, word(entry));
    };
    write(5, 0, 1); // it is down, which slot_health knows
    write(5, 1, 1);
    write(5, 1, 2);
    write(5, 0, 2);
    write(5, 0, 2);
    write(2, 1, 9);
    write(SIZES.slots, 1, 9); // there is none
    const drop = 'slot_drop_o 5';
    expect(pulses).toEqual([drop, 'slot_raise_o 5', drop, drop, 'slot_raise_o 2']);
    expect(one.up).toBe(0b100);
    for (const up of [0b100, 0, 0b1000_0001]) {
      one.up = up;
      one.clock();
      const slots = one.dut.settle().big('slots_o');
      const bits = one.dut.width('slots_o') / SIZES.slots;
      for (let slot = 0; slot < SIZES.slots; slot++) {
        const entry = unpackEntry('slot', BigInt.asUintN(bits, slots >> BigInt(bits * slot)));
        expect(entry.up).toBe((up >> slot) & 1);
      }
      const read = decodeEntry('slot', one.readEntry('slot', 2));
      expect([read.up, read.epoch]).toEqual([(up >> 2) & 1, 9]);
    }
  });
});

describe('registers: overrides', () => {
  test('a write and a read wait until frames leave room', () => {
    const one = bench();
    one.patience = 300;
    const entry = { key: 77n, space: 3, vid: 5, valid: 1 };
    one.overrideFree = 0;
    const words = encodeEntry('override', entry);
    const { offset } = TABLES.override;
    for (const [i, value] of words.slice(0, -1).entries()) one.write(offset + i * 4, value);
    expect(() => one.write(offset + 16, word(words, 4))).toThrow('no answer');
    expect(one.writes).toBe(0);
    one.overrideFree = 10;
    one.write(offset + 16, word(words, 4));
    expect(one.writes).toBe(1);
    expect(decodeEntry('override', one.readEntry('override', 0))).toEqual(entry);
    // Other tables have ports of their own.
    one.overrideFree = 0;
    one.patience = 20;
    one.write(TABLES.vid_row.offset, 0x8001);
    expect(one.read(TABLES.vid_row.offset)).toBe(0x8001);
  });

  test('hit bits are read and cleared where 1 is written, and only then', () => {
    const random = new Random(153);
    const one = bench();
    const { offset } = TABLES.override_hit;
    const { entries } = one.held.override_hit;
    for (let i = 0; i < 100; i++) {
      one.hitClocks = random.between(1, 12);
      const index = random.below(entries.length);
      entries[index] = random.bits(32);
      const before = entries[index] ?? 0n;
      const mask = random.word();
      expect(one.read(offset + index * 4)).toBe(Number(before));
      if (random.chance(50)) {
        one.write(offset + index * 4, mask);
        expect(one.read(offset + index * 4)).toBe(Number(before & ~BigInt(mask)));
      }
    }
    expect(one.read(offset + entries.length * 4)).toBe(0);
  });

  test('emptying the table takes as long as it takes', () => {
    const one = bench();
    one.patience = 200;
    const entry = { key: 77n, space: 3, vid: 5, valid: 1 };
    one.writeEntry('override', 9, encodeEntry('override', entry));
    let clocks = 0;
    one.onClock = () => clocks++;
    one.write(REGISTERS.control.overrides_clear, 1);
    expect(clocks).toBeGreaterThan(one.clearClocks);
    expect(decodeEntry('override', one.readEntry('override', 9)).valid).toBe(0);
    expect(one.read(REGISTERS.control.overrides_clear)).toBe(0);
  });
});

describe('registers: single ones', () => {
  test.each([
    ['fragment_us', REGISTERS.control.fragment_us, 'fragment_us_o', 0xffffffffn],
    ['stall_us', REGISTERS.control.stall_us, 'stall_us_o', 0xffffffffn],
    ['suspect_hold_us', REGISTERS.control.suspect_hold_us, 'suspect_hold_us_o', 0xffffffffn],
    ['select', REGISTERS.mirror.select, 'mirror_o', 0xffff00f3n],
  ] as const)('%s', (_, address, output, mask) => {
    const random = new Random(154);
    const one = bench();
    expect([one.read(address), one.dut.big(output)]).toEqual([0, 0n]);
    for (const value of [0xffffffff, random.word(), 0, random.word()]) {
      one.write(address, value);
      const expected = BigInt(value) & mask;
      expect([BigInt(one.read(address)), one.dut.big(output)]).toEqual([expected, expected]);
    }
  });

  test('reasons that are mirrored, in two words', () => {
    const one = bench();
    const { reasons_low, reasons_high } = REGISTERS.mirror;
    one.write(reasons_low, 0x89abcdef);
    one.write(reasons_high, 0x81234567);
    expect(one.dut.big('mirror_reasons_o')).toBe(0x8123456789abcdefn);
    expect([one.read(reasons_low), one.read(reasons_high)]).toEqual([0x89abcdef, 0x81234567]);
  });
});

describe('registers: parity', () => {
  const { control } = REGISTERS.control;
  const { parity_errors, parity_last, scrubs } = REGISTERS.events;
  const ROUND = 64 * 6 + 100;

  test('a word of each table, written with the wrong parity, is found once a round', () => {
    const one = bench();
    Object.assign(one, { overrideFree: 100, patience: 100 });
    one.write(control, 2); // bad_parity, not enabled: nothing is looked at yet
    one.write(TABLES.type_set.offset + 11 * 4, 0x55);
    one.write(TABLES.vid_row.offset + 37 * 4, 0x8001);
    const entry = { key: 77n, space: 3, vid: 5, valid: 1 };
    one.writeEntry('override', 50, encodeEntry('override', entry));
    for (const name of ['type_set', 'vid_row', 'override'] as const) {
      expect(one.held[name].bad.size, name).toBe(1);
    }
    for (let i = 0; i < ROUND; i++) one.clock();
    expect([one.read(parity_errors), one.read(scrubs)]).toEqual([0, 0]);
    one.write(control, 1);
    const rounds = () => {
      for (let i = 0; i < 5000 && one.read(scrubs) < 3; i++)
        for (let n = 0; n < 20; n++) one.clock();
      expect(one.read(scrubs)).toBe(3);
    };
    rounds();
    const errors = one.read(parity_errors);
    expect(errors).toBeGreaterThanOrEqual(9);
    expect(errors).toBeLessThanOrEqual(12);
    // Written rightly they are well again.
    one.write(TABLES.type_set.offset + 11 * 4, 0x55);
    one.write(TABLES.vid_row.offset + 37 * 4, 0x8001);
    one.writeEntry('override', 50, encodeEntry('override', entry));
    const settled = one.read(parity_errors);
    for (let i = 0; i < 2 * ROUND; i++) one.clock();
    expect(one.read(parity_errors)).toBe(settled);
  });

  test.each([
    ['vid_row', 37, 0],
    ['override', 50, 1],
    ['type_set', 11, 2],
  ] as const)('the last one was in %s, entry %i', (table, index, code) => {
    const one = bench();
    one.held[table].bad.add(index);
    one.write(control, 1);
    for (let i = 0; i < ROUND; i++) one.clock();
    expect(one.read(parity_errors)).toBeGreaterThan(0);
    expect(one.read(parity_last)).toBe(index + 2 ** 24 * code);
  });

  test('what the data path has met counts too', () => {
    const one = bench();
    one.dut.set({ bad_word_i: 1 });
    for (let i = 0; i < 3; i++) one.clock();
    one.dut.set({ bad_word_i: 0 });
    expect(one.read(parity_errors)).toBe(3);
  });

  test('accesses of the host disturb neither it nor the scrubber', () => {
    const random = new Random(155);
    const one = bench();
    Object.assign(one, { overrideFree: 30, patience: 300 });
    one.held.vid_row.bad.add(20);
    one.held.override.bad.add(21);
    one.write(control, 1);
    for (let i = 0; i < 1500; i++) {
      const index = random.below(64);
      const table = random.pick(['vid_row', 'override', 'type_set'] as const);
      const count = TABLES[table].entries(SIZES);
      one.held[table].entries[index % count] = random.bits(table === 'override' ? 153 : 14);
      const read = packEntry(table, decodeEntry(table, one.readEntry(table, index % count)));
      expect(read).toBe(one.held[table].entries[index % count]);
      for (let n = random.below(40); n > 0; n--) one.clock();
    }
    const [errors, rounds] = [one.read(parity_errors), one.read(scrubs)];
    expect(rounds).toBeGreaterThan(5);
    expect(errors).toBeGreaterThanOrEqual(2 * rounds);
    expect(errors).toBeLessThanOrEqual(2 * rounds + 2);
  });
});
