import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { Random } from './harness/streams.ts';

const RULES = 4;
let makers: Record<'type_sets', Make>;
beforeAll(async () => {
  makers = await build('type-sets', { type_sets: { module: 'type_sets', parameters: { RULES } } });
});

describe('type_sets', () => {
  /** All words written, with what they hold. */
  function filled(random: Random): { dut: Dut; words: number[] } {
    const dut = makers.type_sets(random.word() >>> 1);
    const words = Array.from({ length: RULES * 8 }, () => random.word());
    dut.set({ host_write_i: 1, host_bad_parity_i: 0 });
    for (const [index, word] of words.entries()) {
      dut.set({ host_index_i: index, host_data_i: word }).clock();
    }
    dut.set({ host_write_i: 0 });
    return { dut, words };
  }
  const member = (words: readonly number[], rule: number, type: number) =>
    ((words[rule * 8 + (type >> 5)] ?? 0) >>> (type & 31)) & 1;

  test('every rule and type, one a clock, the answer two clocks later', () => {
    const { dut, words } = filled(new Random(44));
    const expected: number[] = [];
    for (let rule = 0; rule < RULES; rule++) {
      for (let type = 0; type < 256; type++) {
        expected.push(member(words, rule, type));
        dut.set({ rule_i: rule, type_i: type }).clock();
        if (expected.length >= 2) expect(dut.get('member_o')).toBe(expected.shift());
      }
    }
  });

  test('the host reads back, one word a clock, two clocks later', () => {
    const random = new Random(45);
    const { dut, words } = filled(random);
    const asked: number[] = [];
    for (let i = 0; i < 200; i++) {
      const index = random.below(words.length);
      asked.push(words[index] ?? 0);
      dut.set({ host_index_i: index }).clock();
      if (asked.length < 2) continue;
      expect([dut.get('host_data_o'), dut.get('host_bad_o')]).toEqual([asked.shift(), 0]);
    }
  });

  test('a question sees a write of its own clock, and none of a later one', () => {
    const random = new Random(46);
    const { dut, words } = filled(random);
    const expected: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const index = random.below(4);
      const write = random.chance(60);
      if (write) words[index] = random.word();
      dut.set({ host_write_i: write, host_index_i: index, host_data_i: words[index] ?? 0 });
      const type = random.below(128);
      expected.push(member(words, 0, type));
      dut.set({ rule_i: 0, type_i: type }).clock();
      if (expected.length >= 2) expect(dut.get('member_o')).toBe(expected.shift());
    }
  });

  test('a word that is written with the wrong parity is bad at both ports, and no other', () => {
    const random = new Random(48);
    const { dut, words } = filled(random);
    for (let i = 0; i < 200; i++) {
      const index = random.below(words.length);
      const bad = random.below(2);
      words[index] = random.word();
      dut.set({ host_write_i: 1, host_index_i: index, host_bad_parity_i: bad });
      dut.set({ host_data_i: words[index] ?? 0 });
      // Asked in the clock of the write, and later.
      const type = ((index & 7) << 5) | random.below(32);
      dut.set({ rule_i: index >> 3, type_i: type }).clock();
      dut.set({ host_write_i: 0, host_bad_parity_i: 0 }).clock();
      expect(dut.get('bad_o')).toBe(bad);
      dut.clock();
      const found = [dut.get('bad_o'), dut.get('host_bad_o'), dut.get('host_data_o')];
      expect(found).toEqual([bad, bad, words[index]]);
      expect(dut.get('member_o')).toBe(member(words, index >> 3, type));
      const other = (index + 8) % words.length;
      dut.set({ host_write_i: 1, host_index_i: other, host_data_i: words[other] ?? 0 }).clock();
      dut.set({ host_write_i: 0, rule_i: other >> 3 }).clock(2);
      expect([dut.get('bad_o'), dut.get('host_bad_o')]).toEqual([0, 0]);
    }
  });
});
