import { beforeAll, describe, expect, test } from 'vitest';
import type { ReasonName, RuleEntry } from '../../driver/generated/registers.ts';
import { REASON, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { META, packEntry, unpackEntry } from './harness/records.ts';
import { ANY_RULE, randomRule } from './harness/rules.ts';
import { Random } from './harness/streams.ts';

const WINDOW = 160;
const RULES = 4;
let makers: Record<'locate' | 'fetch' | 'type_sets' | 'identify', Make>;
beforeAll(async () => {
  makers = await build('extract', {
    locate: { module: 'locate' },
    fetch: { module: 'fetch' },
    type_sets: { module: 'type_sets', parameters: { RULES } },
    identify: { module: 'identify' },
  });
});

const RULE: RuleEntry = { ...ANY_RULE, setup_always: 0 };
const OPEN = { by_rules: 1, decided: 0 };
const reasonOf = (meta: Record<string, bigint>): ReasonName | undefined =>
  meta.decided ? REASONS[Number(meta.reason)]?.name : undefined;

interface Places {
  l3: number;
  ipv6: number;
  l4: number;
  payload: number;
  payload_end: number;
  packet_end: number;
}

/** docs/card.md, steps 3.9 and 3.10: the identifier's place, or why there is none. */
function place(rule: RuleEntry, at: Places): number | ReasonName {
  if (rule.setup_type && at.payload + rule.type_offset >= at.payload_end) return 'no_identifier';
  const address = at.l3 + (at.ipv6 ? 24 : 16);
  const first = ([at.l3, at.l4, at.payload, address][rule.id_base] ?? 0) + rule.id_offset;
  const end = rule.id_base === 1 || rule.id_base === 2 ? at.payload_end : at.packet_end;
  const last = first + rule.id_width - 1;
  if (last >= end) return 'no_identifier';
  return last >= WINDOW ? 'punt_window' : first;
}

describe('locate', () => {
  const payloadLength = ({ payload, payload_end }: Places) =>
    Math.max(0, Math.min(16, payload_end - payload));
  const locate = (dut: Dut, rule: RuleEntry, at: Places, payload: Buffer) => {
    const meta = { ...OPEN, ...at, payload_length: payloadLength(at) };
    dut
      .set({ meta_i: META.pack(meta), rule_i: packEntry('rule', rule), payload_i: payload })
      .clock();
    const got = META.unpack(dut.big('meta_o'));
    expect(unpackEntry('rule', dut.big('rule_o'))).toEqual(rule);
    return reasonOf(got) ?? dut.get('offset_o');
  };
  const at: Places = { l3: 14, ipv6: 0, l4: 34, payload: 42, payload_end: 58, packet_end: 60 };
  const long = { ...at, payload_end: 500, packet_end: 500 };

  const cases: [string, Partial<RuleEntry>, Places, number | ReasonName][] = [
    ['from L3', { id_base: 0, id_offset: 12 }, at, 26],
    ['from L4', { id_base: 1, id_offset: 2 }, at, 36],
    ['from the payload', { id_base: 2, id_offset: 4 }, at, 46],
    ['from the IPv4 destination address', { id_base: 3 }, at, 30],
    ['from the IPv6 destination address', { id_base: 3 }, { ...at, ipv6: 1 }, 38],
    ['its last byte is the payload’s last', { id_base: 2, id_offset: 8, id_width: 8 }, at, 50],
    [
      'its last byte is behind the payload',
      { id_base: 2, id_offset: 9, id_width: 8 },
      at,
      'no_identifier',
    ],
    ['in L4, behind the payload', { id_base: 1, id_offset: 24 }, at, 'no_identifier'],
    ['in L3, behind the payload, in the packet', { id_base: 0, id_offset: 45 }, at, 59],
    ['in L3, behind the packet', { id_base: 0, id_offset: 46 }, at, 'no_identifier'],
    ['at the address, behind the packet', { id_base: 3, id_offset: 30 }, at, 'no_identifier'],
    ['its last byte is the window’s last', { id_base: 2, id_offset: 117 }, long, 159],
    ['one behind the window', { id_base: 2, id_offset: 118 }, long, 'punt_window'],
    ['it begins in the window', { id_base: 2, id_offset: 111, id_width: 8 }, long, 'punt_window'],
    ['far beyond', { id_base: 2, id_offset: 255, id_width: 8 }, long, 'punt_window'],
    ['far beyond, and behind the packet', { id_base: 2, id_offset: 255 }, at, 'no_identifier'],
    ['the type is the payload’s last byte', { setup_type: 1, type_offset: 15 }, at, 14],
    [
      'the type is behind the payload',
      { setup_type: 1, type_offset: 15 },
      { ...at, payload_end: 57 },
      'no_identifier',
    ],
    ['a type that nobody asks for', { type_offset: 15 }, { ...at, payload_end: 42 }, 14],
  ];
  test.each(cases)('%s', (_, rule, places, expected) => {
    const dut = makers.locate();
    expect(locate(dut, { ...RULE, ...rule }, places, Buffer.alloc(16))).toBe(expected);
  });

  test('rules and packets at random', () => {
    const random = new Random(41);
    const dut = makers.locate();
    const seen = new Map<number | ReasonName, number>();
    for (let i = 0; i < 5000; i++) {
      const l3 = random.pick([14, 18, 22]);
      const l4 = l3 + random.pick([20, 24, 40, 60]);
      const payload = l4 + random.pick([0, 8, 12, 20, 60]);
      const payload_end = payload + random.pick([0, 1, 8, 15, 16, 40, 1400]);
      const packet_end = payload_end + random.pick([0, 0, 1, 40]);
      const places = { l3, ipv6: random.below(2), l4, payload, payload_end, packet_end };
      const rule = { ...randomRule(random), setup_always: 0 };
      if (random.chance(50)) rule.id_offset = random.below(24);
      const bytes = random.bytes(16);
      const expected = place(rule, places);
      expect(locate(dut, rule, places, bytes)).toBe(expected);
      expect(dut.get('type_o')).toBe(bytes[rule.type_offset]);
      const kind = typeof expected === 'string' ? expected : 0;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    expect(Math.min(...seen.values())).toBeGreaterThan(100);
    expect(seen.size).toBe(3);
  });

  test('what is decided, or does not go by rules, is left alone', () => {
    const dut = makers.locate();
    const reason = REASON.foreign_mac;
    for (const meta of [
      { by_rules: 1, decided: 1, reason },
      { by_rules: 0, decided: 0, reason },
    ]) {
      dut.set({ meta_i: META.pack(meta), rule_i: packEntry('rule', RULE) }).clock();
      expect(dut.big('meta_o')).toBe(META.pack(meta));
    }
  });
});

test('fetch: every offset, every width, both byte orders, one a clock', () => {
  const random = new Random(42);
  const dut = makers.fetch();
  let before: { key: bigint; rule: RuleEntry; open: boolean } | undefined;
  for (let id_width = 1; id_width <= 8; id_width++) {
    for (let offset = 14; offset + id_width <= WINDOW; offset++) {
      for (const id_little of [0, 1]) {
        const window = random.bytes(WINDOW);
        const rule = { ...randomRule(random), id_width, id_little };
        const open = random.chance(90);
        const meta = { by_rules: 1, decided: Number(!open), key_valid: 0 };
        dut.set({ meta_i: META.pack(meta), rule_i: packEntry('rule', rule) });
        dut.set({ offset_i: offset, window_i: window }).clock();
        if (before) {
          const got = META.unpack(dut.big('meta_o'));
          const { key, rule: ruleBefore } = before;
          const expected = before.open ? [1n, key] : [0n, 0n];
          expect([got.key_valid, got.key]).toEqual(expected);
          expect(unpackEntry('rule', dut.big('rule_o'))).toEqual(ruleBefore);
        }
        const bytes = Buffer.from(window.subarray(offset, offset + id_width));
        const ordered = id_little ? bytes.reverse() : bytes;
        before = { key: BigInt(`0x${ordered.toString('hex')}`), rule, open };
      }
    }
  }
});

describe('identify', () => {
  const ask = (dut: Dut, key: bigint, rule: RuleEntry, inSet: boolean, meta = {}) => {
    dut.set({
      meta_i: META.pack({ ...OPEN, key, key_valid: 1, ...meta }),
      rule_i: packEntry('rule', rule),
      type_is_setup_i: inSet,
    });
    dut.clock();
  };
  const idle = (dut: Dut) => ask(dut, 0n, RULE, false);

  test.each([
    ['nothing asks for it', {}, 0n, true, false],
    ['identifier zero', { setup_zero: 1 }, 0n, false, true],
    ['another identifier', { setup_zero: 1 }, 1n << 63n, false, false],
    ['zero under the mask only', { setup_zero: 1, id_mask: 0xffn }, 0x100n, false, false],
    ['a type of the set', { setup_type: 1 }, 5n, true, true],
    ['a type that is not in it', { setup_type: 1 }, 5n, false, false],
    ['both, the type', { setup_type: 1, setup_zero: 1 }, 5n, true, true],
    ['both, zero', { setup_type: 1, setup_zero: 1 }, 0n, false, true],
  ])('set-up: %s', (_, rule, key, inSet, setup) => {
    const dut = makers.identify();
    ask(dut, key, { ...RULE, ...rule }, inSet);
    idle(dut);
    expect(reasonOf(META.unpack(dut.big('meta_o')))).toBe(setup ? 'punt_setup' : undefined);
  });

  test('a frame that is decided before keeps its reason', () => {
    const dut = makers.identify();
    ask(dut, 0n, { ...RULE, setup_zero: 1 }, true, { decided: 1, reason: REASON.no_service });
    idle(dut);
    expect(reasonOf(META.unpack(dut.big('meta_o')))).toBe('no_service');
  });

  test('masked, minus, shifted, modulo 2^64, one a clock', () => {
    const random = new Random(43);
    const dut = makers.identify();
    let before: bigint | undefined;
    for (let i = 0; i < 3000; i++) {
      const key = random.bits(random.pick([8, 32, 64]));
      const rule = randomRule(random);
      if (random.chance(30)) rule.id_mask = (1n << BigInt(random.below(65))) - 1n;
      if (random.chance(50)) rule.id_subtract = random.bits(8);
      ask(dut, key, rule, random.chance(50));
      if (before !== undefined) expect(dut.big('vid_o')).toBe(before);
      const difference = BigInt.asUintN(64, (key & rule.id_mask) - rule.id_subtract);
      before = difference >> BigInt(rule.id_shift);
    }
  });
});

describe('type_sets', () => {
  /** All words written, with what they hold. */
  function filled(random: Random): { dut: Dut; words: number[] } {
    const dut = makers.type_sets(random.word() >>> 1);
    const words = Array.from({ length: RULES * 8 }, () => random.word());
    dut.set({ host_write_i: 1 });
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

  test('the host reads back, one word a clock', () => {
    const { dut, words } = filled(new Random(45));
    for (const [index, word] of words.entries()) {
      expect(dut.set({ host_index_i: index }).clock().get('host_data_o')).toBe(word);
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
});
