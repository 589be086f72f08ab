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
let makers: Record<'fetch', Make>;
beforeAll(async () => {
  makers = await build('fetch', { fetch: { module: 'fetch' } });
});

const RULE: RuleEntry = { ...ANY_RULE, setup_always: 0 };

interface Places {
  l3: number;
  ipv6: number;
  l4: number;
  payload: number;
  payload_end: number;
  packet_end: number;
  /** Where the quoted packet's source address and L4 begin. */
  quoted?: { sourceAt: number; l4: number };
}
type Found = { at: number } | { reason: ReasonName } | { nothing: true };

/** docs/card.md, steps 3.9 and 3.10: the identifier's place, or why there is none. */
function place(rule: RuleEntry, where: Places): Found {
  const { payload, payload_end, packet_end } = where;
  const typeAt = payload + rule.type_offset;
  if (rule.setup_type && typeAt >= payload_end) return { reason: 'no_identifier' };
  if (rule.id_width === 0) return { nothing: true };
  const address = where.l3 + (where.ipv6 ? 24 : 16);
  const first = ([where.l3, where.l4, payload, address][rule.id_base] ?? 0) + rule.id_offset;
  const end = rule.id_base === 1 || rule.id_base === 2 ? payload_end : packet_end;
  const last = first + rule.id_width - 1;
  if (last >= end) return { reason: 'no_identifier' };
  return last >= WINDOW ? { reason: 'punt_window' } : { at: first };
}

/** docs/card.md, "ICMP errors": what can be read of a quoted packet. */
function quotedPlace(rule: RuleEntry, ipv6: number, sourceAt: number, l4: number): Found {
  const { id_base, id_offset: offset, id_width: width } = rule;
  if (id_base === 3 && offset + width <= (ipv6 ? 16 : 4)) return { at: sourceAt + offset };
  if (id_base === 1 && offset >= 2 && offset + width <= 4) return { at: l4 + offset - 2 };
  return { reason: 'punt_icmp' };
}

function find(rule: RuleEntry, where: Places): Found {
  const { quoted, ipv6 } = where;
  return quoted ? quotedPlace(rule, ipv6, quoted.sourceAt, quoted.l4) : place(rule, where);
}

/** What classify and the parser hand over. */
function metaOf(where: Places): Record<string, number> {
  const { quoted, ...places } = where;
  const { payload, payload_end, l3, ipv6 } = where;
  const destination_at = quoted?.sourceAt ?? l3 + (ipv6 ? 24 : 16);
  const payload_length = quoted ? 0 : Math.max(0, Math.min(16, payload_end - payload));
  return {
    ...places,
    ...(quoted ? { l4: quoted.l4 - 2 } : {}),
    quoted: Number(quoted !== undefined),
    destination_at,
    payload_length,
    by_rules: 1,
    decided: 0,
  };
}
function offsetOf({ id_base, id_offset }: RuleEntry, meta: Record<string, number>): number {
  const { l3, l4, payload, destination_at } = meta;
  return ([l3, l4, payload, destination_at][id_base] ?? 0) + id_offset;
}

function apply(dut: Dut, rule: RuleEntry, meta: Record<string, number>, window: Buffer): void {
  dut.set({ meta_i: META.pack(meta), rule_i: packEntry('rule', rule) });
  const offset = offsetOf(rule, meta);
  // What header_pick reads; beyond the window it may be anything.
  const around = Buffer.alloc(16, 0xee);
  window.subarray(offset - (offset % 8)).copy(around);
  dut.set({ offset_i: offset, around_i: around });
}

function keyAt(window: Buffer, at: number, { id_width, id_little }: RuleEntry): bigint {
  const bytes = Buffer.from(window.subarray(at, at + id_width));
  return BigInt(`0x${(id_little ? bytes.reverse() : bytes).toString('hex')}`);
}

/** What the module says of the frame of two clocks before. */
function read(dut: Dut): { reason: ReasonName } | { key: bigint } | { nothing: true } {
  const meta = META.unpack(dut.big('meta_o'));
  if (meta.decided) {
    expect([meta.key_valid, meta.key]).toEqual([0n, 0n]);
    return { reason: REASONS[Number(meta.reason)]?.name ?? 'disabled' };
  }
  return meta.key_valid ? { key: meta.key ?? 0n } : { nothing: true };
}
function wanted(found: Found, rule: RuleEntry, window: Buffer): ReturnType<typeof read> {
  return 'at' in found ? { key: keyAt(window, found.at, rule) } : found;
}

const at: Places = { l3: 14, ipv6: 0, l4: 34, payload: 42, payload_end: 58, packet_end: 60 };
const long = { ...at, payload_end: 500, packet_end: 500 };
const icmp = { ...at, payload: 34, quoted: { sourceAt: 54, l4: 62 } };
const icmp6 = { ...icmp, ipv6: 1, l4: 54, packet_end: 150, quoted: { sourceAt: 70, l4: 102 } };

describe('fetch: is the identifier there, and where', () => {
  type Case = [string, Partial<RuleEntry>, Places, number | ReasonName | undefined];
  const cases: Case[] = [
    ['from L3', { id_base: 0, id_offset: 12 }, at, 26],
    ['from L4', { id_base: 1, id_offset: 2 }, at, 36],
    ['from the payload', { id_base: 2, id_offset: 4 }, at, 46],
    ['from the IPv4 destination address', { id_base: 3 }, at, 30],
    ['from the IPv6 destination address', { id_base: 3 }, { ...at, ipv6: 1 }, 38],
    ['it ends with the payload', { id_base: 2, id_offset: 8, id_width: 8 }, at, 50],
    ['one byte on', { id_base: 2, id_offset: 9, id_width: 8 }, at, 'no_identifier'],
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
    ['no identifier is wanted', { id_width: 0, id_offset: 255 }, at, undefined],
    [
      'none, but a type',
      { id_width: 0, setup_type: 1, type_offset: 15 },
      { ...at, payload_end: 57 },
      'no_identifier',
    ],
    ['the quoted source address', { id_base: 3, id_width: 4 }, icmp, 54],
    ['its last byte', { id_base: 3, id_offset: 3 }, icmp, 57],
    ['one behind it', { id_base: 3, id_offset: 4 }, icmp, 'punt_icmp'],
    ['across its end', { id_base: 3, id_offset: 1, id_width: 4 }, icmp, 'punt_icmp'],
    ['of IPv6', { id_base: 3, id_offset: 8, id_width: 8 }, icmp6, 78],
    ['of IPv6, across its end', { id_base: 3, id_offset: 9, id_width: 8 }, icmp6, 'punt_icmp'],
    ['the quoted source port', { id_base: 1, id_offset: 2, id_width: 2 }, icmp, 62],
    ['its second byte', { id_base: 1, id_offset: 3 }, icmp6, 103],
    ['the quoted destination port', { id_base: 1, id_width: 2 }, icmp, 'punt_icmp'],
    ['from it into the source port', { id_base: 1, id_offset: 1 }, icmp, 'punt_icmp'],
    ['behind the source port', { id_base: 1, id_offset: 2, id_width: 3 }, icmp, 'punt_icmp'],
    ['quoted L3', { id_base: 0, id_offset: 12, id_width: 4 }, icmp, 'punt_icmp'],
    ['quoted payload', { id_base: 2, id_offset: 2, id_width: 2 }, icmp, 'punt_icmp'],
    [
      'a type: it has none, and is not asked for one',
      { id_base: 3, id_width: 4, setup_type: 1 },
      icmp,
      54,
    ],
  ];
  test.each(cases)('%s', (_, change, where, expected) => {
    const dut = makers.fetch();
    const rule = { ...RULE, ...change };
    const window = new Random(40).bytes(WINDOW);
    const found: Found =
      expected === undefined
        ? { nothing: true }
        : typeof expected === 'string'
          ? { reason: expected }
          : { at: expected };
    expect(find(rule, where)).toEqual(found);
    apply(dut, rule, metaOf(where), window);
    dut.clock();
    apply(dut, RULE, {}, Buffer.alloc(WINDOW));
    expect(read(dut.clock())).toEqual(wanted(found, rule, window));
    expect(unpackEntry('rule', dut.big('rule_o'))).toEqual(rule);
  });

  test('rules and packets at random, one a clock', () => {
    const random = new Random(41);
    const dut = makers.fetch();
    const seen = new Map<string, number>();
    let before: { expected: ReturnType<typeof read>; rule: RuleEntry } | undefined;
    for (let i = 0; i < 6000; i++) {
      const l3 = random.pick([14, 18, 22]);
      const l4 = l3 + random.pick([20, 24, 40, 60]);
      const payload = l4 + random.pick([0, 8, 12, 20, 60]);
      const payload_end = payload + random.pick([0, 1, 8, 15, 16, 40, 1400]);
      const packet_end = payload_end + random.pick([0, 0, 1, 40]);
      const where: Places = { l3, ipv6: random.below(2), l4, payload, payload_end, packet_end };
      const rule = { ...randomRule(random), setup_always: 0 };
      if (random.chance(50)) rule.id_offset = random.below(24);
      if (random.chance(5)) rule.id_width = 0;
      if (random.chance(30)) {
        // Only rules with an identifier come as far with a quoted packet.
        rule.id_width = random.between(1, 4);
        rule.id_offset = random.below(6);
        const sourceAt = l3 + (where.ipv6 ? 56 : 40);
        where.quoted = { sourceAt, l4: sourceAt + (where.ipv6 ? 32 : 4 * random.between(2, 12)) };
      }
      const [window, bytes] = [random.bytes(WINDOW), random.bytes(16)];
      apply(dut, rule, metaOf(where), window);
      expect(dut.set({ payload_i: bytes }).settle().get('type_o')).toBe(bytes[rule.type_offset]);
      dut.clock();
      if (before) {
        expect(read(dut), JSON.stringify(before, String)).toEqual(before.expected);
        expect(unpackEntry('rule', dut.big('rule_o'))).toEqual(before.rule);
      }
      const expected = wanted(find(rule, where), rule, window);
      before = { expected, rule };
      const kind = 'reason' in expected ? expected.reason : (Object.keys(expected)[0] ?? '');
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    expect(Math.min(...seen.values())).toBeGreaterThan(50);
    expect(seen.size).toBe(5);
  });
});

test('fetch: every offset, every width, both byte orders, one a clock', () => {
  const random = new Random(42);
  const dut = makers.fetch();
  let before: bigint | undefined;
  for (let id_width = 1; id_width <= 8; id_width++) {
    for (let offset = 14; offset + id_width <= WINDOW; offset++) {
      for (const id_little of [0, 1]) {
        const window = random.bytes(WINDOW);
        const where = { ...at, l3: 14, packet_end: 160 + random.below(1000) };
        const rule = { ...RULE, id_base: 0, id_offset: offset - 14, id_width, id_little };
        apply(dut, rule, metaOf(where), window);
        dut.clock();
        if (before !== undefined) expect(read(dut)).toEqual({ key: before });
        before = keyAt(window, offset, rule);
      }
    }
  }
});

test('fetch: what is decided, follows its first, or does not go by rules, is left alone', () => {
  const dut = makers.fetch();
  for (const meta of [
    { by_rules: 1, decided: 1, reason: REASON.foreign_mac },
    { by_rules: 1, decided: 0, follows: 1, reason: REASON.foreign_mac },
    { by_rules: 0, decided: 0, reason: REASON.foreign_mac },
  ]) {
    apply(dut, RULE, meta, Buffer.alloc(WINDOW, 0xff));
    dut.clock(2);
    expect(dut.big('meta_o')).toBe(META.pack(meta));
  }
});
