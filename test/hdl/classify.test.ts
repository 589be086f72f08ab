import { beforeAll, describe, expect, test } from 'vitest';
import type { RuleEntry } from '../../driver/generated/registers.ts';
import { REASON } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { META, packEntry, unpackEntry } from './harness/records.ts';
import { RuleTerms } from './harness/rule-terms.ts';
import type { Packet } from './harness/rules.ts';
import { ANY_RULE, randomPacket, randomRule, ruleMatches } from './harness/rules.ts';
import { Random } from './harness/streams.ts';

const RULES = 16;
const FEW = 2;
type Name = keyof typeof TURNS;
const NAMES = ['serial', 'half', 'whole', 'wide', 'few'] as const;
const TURNS = { serial: 8, half: 4, whole: 1, wide: 1, few: 8 } as const;
let makers: Record<'rule_terms' | 'rule_match' | Name, Make>;
let terms: RuleTerms;
beforeAll(async () => {
  const model = (width: number, name: Name, rules: number, PREFIXES = 8) => ({
    module: 'classify',
    parameters: { DATA_WIDTH: width, RULES: rules, TURNS: TURNS[name], PREFIXES },
  });
  makers = await build('classify', {
    rule_terms: { module: 'rule_terms' },
    rule_match: { module: 'rule_match', parameters: { PREFIXES: 8 } },
    serial: model(64, 'serial', RULES),
    half: model(64, 'half', RULES),
    whole: model(64, 'whole', RULES),
    wide: model(512, 'wide', RULES),
    few: model(64, 'few', FEW, 2),
  });
  terms = new RuleTerms(makers.rule_terms());
});

const UDP: Packet = {
  protocol: 17,
  prefixes: 0b0000_0101,
  hasPorts: true,
  port: 5060,
  laterFragment: false,
  payload: Buffer.from('INVITE sip:abc@d', 'latin1'),
};
const rubbish = new Random(99);

/** Payload wires: bytes that the packet does not have may be anything. */
function payloadWires({ payload }: Packet): Buffer {
  return Buffer.concat([payload, rubbish.bytes(16 - payload.length)]);
}

function matches(dut: Dut, rule: RuleEntry, packet: Packet): boolean {
  dut.set({
    enable_i: 1,
    terms_i: terms.of(rule),
    protocol_i: packet.protocol,
    prefixes_i: packet.prefixes,
    has_ports_i: packet.hasPorts,
    port_i: packet.port,
    later_fragment_i: packet.laterFragment,
    payload_i: payloadWires(packet),
    payload_length_i: packet.payload.length,
  });
  return dut.settle().get('match_o') === 1;
}

describe('rule_match', () => {
  const NO_ID = { setup_always: 0, id_width: 4 };
  const cases: [string, Partial<RuleEntry>, Partial<Packet>, boolean][] = [
    ['a rule without conditions', {}, {}, true],
    ['the protocol', { any_protocol: 0, protocol: 17 }, {}, true],
    ['another protocol', { any_protocol: 0, protocol: 16 }, {}, false],
    ['protocol 0 when any_protocol is 0', { any_protocol: 0, protocol: 0 }, {}, false],
    ['one of its prefixes', { any_prefix: 0, prefixes: 0b0110 }, {}, true],
    ['none of its prefixes', { any_prefix: 0, prefixes: 0b1010 }, {}, false],
    ['no prefix named', { any_prefix: 0, prefixes: 0 }, {}, false],
    ['the last prefix', { any_prefix: 0, prefixes: 0x80 }, { prefixes: 0x80 }, true],
    ['the only port', { any_port: 0, port_low: 5060, port_high: 5060 }, {}, true],
    ['the range begins there', { any_port: 0, port_low: 5060, port_high: 9000 }, {}, true],
    ['the range ends there', { any_port: 0, port_low: 0, port_high: 5060 }, {}, true],
    ['the range begins behind', { any_port: 0, port_low: 5061, port_high: 9000 }, {}, false],
    ['the range ends before', { any_port: 0, port_low: 0, port_high: 5059 }, {}, false],
    ['all ports', { any_port: 0, port_high: 65_535 }, { port: 65_535 }, true],
    ['no ports', { any_port: 0, port_high: 65_535 }, { hasPorts: false }, false],
    ['four bytes', { compare_value: 0x494e5649, compare_mask: 0xffffffff }, {}, true],
    ['four other bytes', { compare_value: 0x494e564a, compare_mask: 0xffffffff }, {}, false],
    ['masked bits', { compare_value: 0x490000c9, compare_mask: 0xff00007f }, {}, true],
    ['value beyond the mask', { compare_value: 0xffffffff, compare_mask: 0x00400000 }, {}, true],
    [
      'the last four of 16',
      { compare_value: 0x62634064, compare_mask: 0xffffffff, compare_offset: 12 },
      {},
      true,
    ],
    [
      'a byte behind the payload',
      { compare_value: 0, compare_mask: 0x000000ff, compare_offset: 0 },
      { payload: Buffer.alloc(3) },
      false,
    ],
    [
      'the payload ends with the last byte compared',
      { compare_value: 0, compare_mask: 0x0000ff00 },
      { payload: Buffer.alloc(3) },
      true,
    ],
    ['no compare, no payload', {}, { payload: Buffer.alloc(0) }, true],
    ['a later fragment', {}, { laterFragment: true }, true],
    [
      'a later fragment and ports',
      { any_port: 0, port_high: 65_535 },
      { laterFragment: true },
      false,
    ],
    ['a later fragment and a compare', { compare_mask: 1 << 30 }, { laterFragment: true }, false],
    ['a later fragment and a type', { setup_type: 1 }, { laterFragment: true }, false],
    [
      'a later fragment, identifier in L4',
      { ...NO_ID, id_base: 1 },
      { laterFragment: true },
      false,
    ],
    ['a later fragment, in the payload', { ...NO_ID, id_base: 2 }, { laterFragment: true }, false],
    ['a later fragment, in L3', { ...NO_ID, id_base: 0 }, { laterFragment: true }, true],
    ['a later fragment, in the address', { ...NO_ID, id_base: 3 }, { laterFragment: true }, true],
    ['setup_always reads no identifier', { id_base: 2 }, { laterFragment: true }, true],
  ];
  test.each(cases)('%s', (_, rule, packet, expected) => {
    const dut = makers.rule_match();
    expect(matches(dut, { ...ANY_RULE, ...rule }, { ...UDP, ...packet })).toBe(expected);
  });

  test('rules and packets at random', () => {
    const dut = makers.rule_match();
    const random = new Random(5);
    const seen = { true: 0, false: 0 };
    for (let i = 0; i < 6000; i++) {
      const rule = randomRule(random);
      const packet = randomPacket(random);
      const expected = ruleMatches({ ...rule, valid: 1 }, packet);
      expect(matches(dut, rule, packet), JSON.stringify({ rule, packet }, String)).toBe(expected);
      seen[`${expected}`]++;
    }
    expect(seen.true).toBeGreaterThan(500);
  });
});

interface Asked {
  meta: Record<string, bigint>;
  payload: Buffer;
  packet: Packet;
}

function ask(packet: Packet, meta: Record<string, bigint>): Asked {
  const fields = {
    ...meta,
    protocol: BigInt(packet.protocol),
    has_ports: BigInt(packet.hasPorts),
    destination_port: BigInt(packet.port),
    later_fragment: BigInt(packet.laterFragment),
    payload_length: BigInt(packet.payload.length),
  };
  return { meta: fields, payload: payloadWires(packet), packet };
}

interface Done extends Asked {
  /** Clock of the first turn. */
  at: number;
  meta_o: Record<string, bigint>;
  rule: RuleEntry;
  offset: number;
  payloadOut: Buffer;
}

/** The stage between a parser, which shows each packet for as many clocks as there are turns, and a rule table. */
class Bench {
  readonly dut: Dut;
  readonly turns: number;
  readonly lanes: number;
  /** As it stands for what is compared in the clock to come. */
  rules: readonly (RuleEntry | undefined)[] = [];
  clocks = 0;
  readonly #random = new Random(77);
  #before: readonly (RuleEntry | undefined)[] = [];
  #asked: { asked: Asked; at: number }[] = [];

  constructor(name: Name) {
    this.dut = makers[name]();
    this.turns = TURNS[name];
    this.lanes = Math.ceil((name === 'few' ? FEW : RULES) / this.turns);
  }

  /** One clock; a packet may come with it where none has for so many clocks as there are turns. */
  clock(asked?: Asked): Done | undefined {
    const { dut, turns, lanes } = this;
    if (asked) this.#asked.push({ asked, at: this.clocks });
    const shown = this.#asked.at(-1);
    const turn = Math.min(turns, shown ? this.clocks - shown.at : turns);
    const present = turn < turns ? shown?.asked : undefined;
    dut.set({
      match_first_i: asked !== undefined,
      select_first_i: this.#asked[0]?.at === this.clocks - turns,
      meta_i: present ? META.pack(present.meta) : this.#random.bits(META.bits),
      prefixes_i:
        (present?.packet.prefixes ?? this.#random.below(256)) % 2 ** dut.width('prefixes_i'),
      payload_i: present?.payload ?? this.#random.bytes(16),
      turn_i: turn,
    });
    const row = Array.from({ length: lanes }, (_, lane) =>
      turn < turns ? this.rules[turn * lanes + lane] : undefined,
    );
    dut.set({ terms_i: terms.table(row) });
    dut.set({ valid_i: row.reduce((bits, rule, lane) => bits | ((rule?.valid ?? 0) << lane), 0) });
    const chosen = this.#before[dut.settle().get('choose_o')];
    dut.set({
      chosen_i: chosen ? packEntry('rule', chosen) : this.#random.bits(dut.width('chosen_i')),
    });
    dut.clock();
    this.#before = this.rules;
    this.clocks++;
    if (this.#asked[0]?.at !== this.clocks - 1 - turns) return undefined;
    const { asked: left, at } = this.#asked.shift() as { asked: Asked; at: number };
    return {
      ...{ ...left, at, meta_o: META.unpack(dut.big('meta_o')), offset: dut.get('offset_o') },
      rule: unpackEntry('rule', dut.big('rule_o')),
      payloadOut: dut.bytes('payload_o'),
    };
  }

  /** A packet alone; `change` before each turn, 0 the first. */
  one(rules: readonly RuleEntry[], asked: Asked, change = (_turn: number) => {}): Done {
    this.rules = rules;
    change(0);
    let done = this.clock(asked);
    for (let turn = 1; turn <= this.turns; turn++) {
      change(turn);
      done = this.clock();
    }
    return done as Done;
  }
}

/** What comes out for it, by docs/card.md, steps 3.7 and 3.8; `follow`: later fragments do. */
function expected(rules: readonly RuleEntry[], { meta, packet }: Asked, follow: boolean) {
  const undecided = meta.by_rules === 1n && meta.decided === 0n;
  const index = rules.findIndex((rule) => ruleMatches(rule, packet));
  const rule = rules[index];
  const out: Record<string, bigint> = { ...meta, quoted: undecided ? (meta.quoted ?? 0n) : 0n };
  const decide = (reason: number) => Object.assign(out, { decided: 1n, reason: BigInt(reason) });
  if (!undecided) return { out, rule };
  const quoted = meta.quoted === 1n;
  const fragment = packet.laterFragment && !quoted;
  const follows = rule === undefined && fragment && follow;
  Object.assign(out, { rule_hit: BigInt(rule !== undefined), follows: BigInt(follows) });
  out.rule = BigInt(Math.max(0, index));
  if (rule === undefined) {
    if (!follows) decide(fragment ? REASON.punt_fragment : REASON.no_service);
  } else if (quoted && (rule.setup_always || rule.override >= 2)) {
    decide(REASON.punt_icmp);
  } else if (rule.setup_always) {
    decide(REASON.punt_setup);
  }
  return { out, rule };
}

/** From the frame's first byte. */
function offsetOf(rule: RuleEntry, meta: Record<string, bigint>): number {
  const bases = [meta.l3, meta.l4, meta.payload, meta.destination_at];
  return Number(bases[rule.id_base] ?? 0n) + rule.id_offset;
}

/** Fields of `out`; where the frame goes on undecided its reason has no meaning yet. */
function comparable(fields: Record<string, bigint>): Record<string, bigint> {
  return fields.decided === 0n ? { ...fields, reason: 0n } : fields;
}

const fresh = { by_rules: 1n };
const NONE = { ...ANY_RULE, any_port: 0, port_low: 9, port_high: 9 };

describe.each(['serial', 'half', 'whole', 'wide'] as const)('classify, %s', (name) => {
  test('the first rule that matches decides, whatever stands behind it', () => {
    const bench = new Bench(name);
    for (let first = 0; first < RULES; first++) {
      const rules = Array.from({ length: RULES }, (_, i) => ({
        ...ANY_RULE,
        valid: i >= first ? 1 : 0,
        setup_always: 0,
        id_offset: i,
      }));
      const { meta_o: meta, rule } = bench.one(rules, ask(UDP, fresh));
      expect([meta.rule_hit, meta.rule, meta.decided]).toEqual([1n, BigInt(first), 0n]);
      expect(rule.id_offset).toBe(first);
    }
  });

  test('a rule that is rewritten around its turn is applied as it was compared', () => {
    const bench = new Bench(name);
    const old = { ...ANY_RULE, setup_always: 0, id_base: 1, id_offset: 7, id_width: 3 };
    const now = { ...old, id_width: 4, id_offset: 200 };
    const without = Array<RuleEntry>(RULES).fill({ ...ANY_RULE, valid: 0 });
    const meta = { ...fresh, l3: 14n, l4: 34n, payload: 42n };
    const seen = new Set<string>();
    for (let index = 0; index < RULES; index++) {
      const turn = Math.floor(index / bench.lanes);
      for (const [what, changed] of [
        ['gone', { ...ANY_RULE, valid: 0 }],
        ['other', now],
      ] as const) {
        for (let at = 0; at <= bench.turns; at++) {
          const done = bench.one(without.with(index, old), ask(UDP, meta), (present) => {
            if (present === at) bench.rules = without.with(index, changed);
          });
          const compared = turn < at ? old : what === 'other' ? now : undefined;
          expect(done.meta_o.rule_hit, `${index} ${what} at ${at}`).toBe(BigInt(!!compared));
          if (compared) expect(done.rule).toEqual(compared);
          if (compared) expect(done.offset).toBe(34 + compared.id_offset);
          seen.add(`${what} ${turn < at}`);
        }
      }
    }
    expect(seen.size).toBe(4);
  });

  test('packets as close as they come, rules and packets at random, rules rewritten meanwhile', () => {
    const random = new Random(8);
    const hits = new Set<number>();
    const seen = { rewritten: 0, follows: 0, icmp: 0 };
    for (let round = 0; round < 40; round++) {
      const bench = new Bench(name);
      const someRule = () => {
        const rule = randomRule(random);
        return round % 2 ? { ...rule, any_protocol: 0, any_port: 0, valid: 1 } : rule;
      };
      let rules = Array.from({ length: RULES }, someRule);
      const follow = random.chance(50);
      bench.dut.set({ follow_i: follow });
      // Of each packet the rules that it is compared by, each as it stands in its turn.
      const compared = new Map<number, RuleEntry[]>();
      let [left, free, begun] = [50, 0, 0];
      while (left > 0) {
        const change = random.chance(random.pick([5, 40]));
        const index = random.below(RULES);
        if (change) rules = rules.with(index, someRule());
        bench.rules = rules;
        let asked: Asked | undefined;
        if (bench.clocks >= free && random.chance(80)) {
          const meta = META.random((bits) => random.bits(bits));
          Object.assign(meta, { rule_hit: 0n, rule: 0n, follows: 0n });
          Object.assign(meta, { by_rules: BigInt(random.chance(90)) });
          Object.assign(meta, { quoted: BigInt(random.chance(25)) });
          meta.decided = BigInt(random.chance(10));
          asked = ask(randomPacket(random), meta);
          begun = bench.clocks;
          free = begun + bench.turns;
          compared.set(begun, [...rules]);
        }
        const turn = bench.clocks - begun;
        const row = compared.get(begun);
        for (let lane = 0; row && turn < bench.turns && lane < bench.lanes; lane++) {
          const at = turn * bench.lanes + lane;
          const rule = rules[at] as RuleEntry;
          if (turn > 0 && row[at] !== rule) seen.rewritten++;
          row[at] = rule;
        }
        const done = bench.clock(asked);
        if (!done) continue;
        left--;
        const { out, rule } = expected(compared.get(done.at) ?? [], done, follow);
        expect(comparable(done.meta_o)).toEqual(comparable(out));
        expect(done.payloadOut).toEqual(done.payload);
        if (out.rule_hit === 1n && done.meta_o.decided === 0n && rule) {
          expect(done.rule).toEqual(rule);
          expect(done.offset).toBe(offsetOf(rule, done.meta));
          hits.add(Number(out.rule));
        }
        seen.follows += Number(out.follows === 1n && out.decided === 0n);
        seen.icmp += Number(out.decided === 1n && Number(out.reason) === REASON.punt_icmp);
      }
    }
    expect(hits.size).toBeGreaterThan(8);
    expect(Math.min(seen.follows, seen.icmp)).toBeGreaterThan(10);
    if (TURNS[name] > 1) expect(seen.rewritten).toBeGreaterThan(10);
  });
});

describe('classify', () => {
  test('no rule: no_service, or punt_fragment for a later fragment', () => {
    const bench = new Bench('few');
    const reason = (packet: Packet) => Number(bench.one([NONE], ask(packet, fresh)).meta_o.reason);
    expect(reason(UDP)).toBe(REASON.no_service);
    expect(reason({ ...UDP, laterFragment: true })).toBe(REASON.punt_fragment);
    expect(bench.one([NONE], ask(UDP, fresh)).meta_o.rule_hit).toBe(0n);
    expect(bench.one([{ ...ANY_RULE, valid: 0 }], ask(UDP, fresh)).meta_o.rule_hit).toBe(0n);
  });

  test('setup_always ends it; what is decided or not by rules is left alone', () => {
    const bench = new Bench('few');
    const one = (meta: Record<string, bigint>) => bench.one([ANY_RULE], ask(UDP, meta)).meta_o;
    const setup = one(fresh);
    expect([setup.decided, Number(setup.reason)]).toEqual([1n, REASON.punt_setup]);
    const reason = BigInt(REASON.foreign_mac);
    const before = one({ by_rules: 1n, decided: 1n, reason });
    expect([before.rule_hit, before.reason]).toEqual([0n, reason]);
    expect(one({}).rule_hit).toBe(0n);
  });

  test('a later fragment without a rule follows its first, where fragments are followed', () => {
    const bench = new Bench('few');
    bench.dut.set({ follow_i: 1 });
    const fragment = { ...UDP, laterFragment: true };
    const { meta_o: meta } = bench.one([NONE], ask(fragment, fresh));
    expect([meta.decided, meta.follows, meta.rule_hit]).toEqual([0n, 1n, 0n]);
    // A rule that needs no L4 takes it, and what an ICMP error quotes follows nothing.
    expect(bench.one([ANY_RULE], ask(fragment, fresh)).meta_o.follows).toBe(0n);
    const { meta_o: quoted } = bench.one([NONE], ask(fragment, { ...fresh, quoted: 1n }));
    expect([quoted.follows, Number(quoted.reason)]).toEqual([0n, REASON.no_service]);
    expect(bench.one([NONE], ask(UDP, fresh)).meta_o.follows).toBe(0n);
  });

  test.each([
    ['set-up packets only', { setup_always: 1 }, 'punt_icmp'],
    ['an override by source', { setup_always: 0, override: 2 }, 'punt_icmp'],
    ['an override by source and identifier', { setup_always: 0, override: 3 }, 'punt_icmp'],
    ['an override by identifier', { setup_always: 0, override: 1 }, undefined],
    ['an identifier', { setup_always: 0 }, undefined],
  ] as const)('a quoted packet and a rule of %s', (_, change, reason) => {
    for (const name of NAMES) {
      const rules = [{ ...ANY_RULE, ...change }];
      const { meta_o: meta } = new Bench(name).one(rules, ask(UDP, { ...fresh, quoted: 1n }));
      expect([meta.rule_hit, meta.quoted]).toEqual([1n, 1n]);
      expect(meta.decided).toBe(BigInt(reason !== undefined));
      if (reason) expect(Number(meta.reason)).toBe(REASON[reason]);
    }
  });
});
