import { beforeAll, describe, expect, test } from 'vitest';
import type { ReasonName, RuleEntry } from '../../driver/generated/registers.ts';
import { REASON, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { ipv4, ipv6 } from './harness/frames.ts';
import { FRAME_CLOCKS } from './harness/line.ts';
import { META, packEntry } from './harness/records.ts';
import { ANY_RULE, randomRule } from './harness/rules.ts';
import { Random } from './harness/streams.ts';

let makers: Record<'identify' | 'addresses512' | 'addresses64' | 'addresses8', Make>;
beforeAll(async () => {
  makers = await build('identify', {
    identify: { module: 'identify' },
    addresses512: { module: 'addresses', parameters: { DATA_WIDTH: 512 } },
    addresses8: { module: 'addresses', parameters: { DATA_WIDTH: 64, RULE_TURNS: 8 } },
    addresses64: { module: 'addresses', parameters: { DATA_WIDTH: 64 } },
  });
});

const RULE: RuleEntry = { ...ANY_RULE, setup_always: 0 };
const OPEN = { by_rules: 1, decided: 0 };
const MASK64 = 2n ** 64n - 1n;
const reasonOf = (meta: Record<string, bigint>): ReasonName | undefined =>
  meta.decided ? REASONS[Number(meta.reason)]?.name : undefined;

interface Asked {
  key: bigint;
  rule: RuleEntry;
  inSet?: boolean;
  badSet?: boolean;
  source?: bigint;
  meta?: Record<string, number>;
}

function apply(dut: Dut, { key, rule, inSet, badSet, source, meta }: Asked): void {
  dut.set({
    meta_i: META.pack({ ...OPEN, key, key_valid: 1, ...meta }),
    rule_i: packEntry('rule', rule),
    source_i: source ?? 0n,
    type_is_setup_i: inSet ?? false,
    type_bad_i: badSet ?? false,
  });
  dut.settle();
}
const idle: Asked = { key: 0n, rule: RULE, meta: { by_rules: 0 } };

/** What becomes of a frame: docs/card.md, step 3.11. */
function setup({ key, rule, inSet, badSet, meta = {} }: Asked): ReasonName | undefined {
  if (meta.quoted) return undefined;
  if (rule.setup_type && badSet) return 'punt_parity';
  const zero = rule.setup_zero === 1 && meta.key_valid !== 0 && key === 0n;
  return zero || (rule.setup_type && inSet) ? 'punt_setup' : undefined;
}

/** The override's key: docs/card.md, "Overrides". */
function overrideKey({ key, rule, source = 0n }: Asked): bigint {
  const masked = key & rule.id_mask;
  if (rule.override === 2) return source;
  if (rule.override === 3) return (source & (MASK64 << 64n)) | masked;
  return masked;
}

describe('identify', () => {
  const cases: [string, Partial<RuleEntry>, Partial<Asked>, ReasonName | undefined][] = [
    ['nothing asks for it', {}, { inSet: true, badSet: true }, undefined],
    ['identifier zero', { setup_zero: 1 }, { key: 0n }, 'punt_setup'],
    ['another identifier', { setup_zero: 1 }, { key: 1n << 63n }, undefined],
    ['zero under the mask only', { setup_zero: 1, id_mask: 0xffn }, { key: 0x100n }, undefined],
    ['no identifier at all', { setup_zero: 1 }, { key: 0n, meta: { key_valid: 0 } }, undefined],
    ['a type of the set', { setup_type: 1 }, { inSet: true }, 'punt_setup'],
    ['a type that is not in it', { setup_type: 1 }, {}, undefined],
    ['a set of the wrong parity', { setup_type: 1 }, { badSet: true }, 'punt_parity'],
    ['wrong, and in it', { setup_type: 1 }, { badSet: true, inSet: true }, 'punt_parity'],
    [
      'wrong, and identifier zero',
      { setup_type: 1, setup_zero: 1 },
      { badSet: true, key: 0n },
      'punt_parity',
    ],
    ['both, the type', { setup_type: 1, setup_zero: 1 }, { inSet: true }, 'punt_setup'],
    ['both, zero', { setup_type: 1, setup_zero: 1 }, { key: 0n }, 'punt_setup'],
    [
      'what is quoted sets nothing up',
      { setup_type: 1, setup_zero: 1 },
      { key: 0n, inSet: true, badSet: true, meta: { quoted: 1 } },
      undefined,
    ],
  ];
  test.each(cases)('set-up: %s', (_, rule, change, expected) => {
    const dut = makers.identify();
    const asked = { key: 5n, ...change, rule: { ...RULE, ...rule, override: 1 } };
    expect(setup(asked)).toBe(expected);
    apply(dut, asked);
    // What is decided asks for no override: it must leave no hit bit behind.
    expect(dut.get('ask_o')).toBe(Number(expected === undefined));
    apply(dut.clock(), idle);
    expect(reasonOf(META.unpack(dut.clock().big('meta_o')))).toBe(expected);
  });

  test.each([
    ['decided before', { decided: 1, reason: REASON.no_service }, 'no_service'],
    ['not by rules', { by_rules: 0 }, undefined],
    ['follows its first', { follows: 1 }, undefined],
  ] as const)('left alone: %s', (_, meta, reason) => {
    const dut = makers.identify();
    const rule = { ...RULE, setup_zero: 1, setup_type: 1, override: 2 };
    apply(dut, { key: 0n, rule, inSet: true, badSet: true, meta });
    expect(dut.get('ask_o')).toBe(0);
    apply(dut.clock(), idle);
    const got = META.unpack(dut.clock().big('meta_o'));
    expect(reasonOf(got)).toBe(reason);
    expect(got.asks).toBe(0n);
  });

  test.each([
    ['computed otherwise', { override: 1 }, {}, 0n],
    ['overrides only', { override: 1, override_only: 1 }, {}, 1n],
    ['by source, without an identifier', { override: 2 }, { key_valid: 0 }, 1n],
  ])('an override, %s', (_, rule, meta, only) => {
    const dut = makers.identify();
    apply(dut, { key: 5n, rule: { ...RULE, ...rule }, meta });
    apply(dut.clock(), idle);
    expect(META.unpack(dut.clock().big('meta_o'))).toMatchObject({ asks: 1n, only, decided: 0n });
  });

  test('masked, minus, shifted, modulo 2^64; what the override table is asked; one a clock', () => {
    const random = new Random(43);
    const dut = makers.identify();
    const expected: { vid: bigint; reason: ReasonName | undefined; asks: boolean }[] = [];
    const asked = new Set<number>();
    for (let i = 0; i < 4000; i++) {
      const key = random.chance(10) ? 0n : random.bits(random.pick([8, 32, 64]));
      const rule = randomRule(random);
      if (random.chance(30)) rule.id_mask = (1n << BigInt(random.below(65))) - 1n;
      if (random.chance(50)) rule.id_subtract = random.bits(8);
      const present: Asked = {
        key,
        rule,
        inSet: random.chance(50),
        badSet: random.chance(10),
        source: random.bits(128),
        meta: { quoted: Number(random.chance(10)), asks: 0 },
      };
      apply(dut, present);
      const reason = setup(present);
      const asks = rule.override !== 0 && reason === undefined;
      expect(dut.get('ask_o')).toBe(Number(asks));
      if (asks) {
        expect(dut.get('ask_space_o')).toBe(rule.override_space);
        expect(dut.big('ask_key_o')).toBe(overrideKey(present));
        asked.add(rule.override);
      }
      const difference = BigInt.asUintN(64, (key & rule.id_mask) - rule.id_subtract);
      expected.push({ vid: difference >> BigInt(rule.id_shift), reason, asks });
      dut.clock();
      if (expected.length < 2) continue;
      const done = expected.shift();
      expect(dut.big('vid_o')).toBe(done?.vid);
      const got = META.unpack(dut.big('meta_o'));
      expect(reasonOf(got)).toBe(done?.reason);
      if (!done?.reason) expect(got.asks).toBe(BigInt(done?.asks ?? 0));
    }
    expect(asked.size).toBe(3);
  });
});

describe('addresses', () => {
  const rotate48 = (value: bigint) => ((value << 48n) | (value >> 48n)) & (2n ** 96n - 1n);
  const folded = (address: bigint) => (address & (2n ** 96n - 1n)) ^ ((address >> 96n) << 64n);
  const number = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex')}`);

  test.each([
    ['addresses64', 64, 1],
    ['addresses8', 64, 8],
    ['addresses512', 512, 1],
  ] as const)('as keys of overrides and fragments: %s', (name, width, fold) => {
    const random = new Random(47);
    const dut = makers[name]();
    const apart = FRAME_CLOCKS[width];
    const begun: { at: number; source: bigint; space: number; key: bigint }[] = [];
    const next = (at: number) => {
      const v6 = random.chance(50);
      const [protocol, identification] = [random.below(256), random.word()];
      const body = random.bytes(40);
      const packet = v6 ? ipv6(44, body, random) : ipv4({ protocol }, body, random);
      const meta = { ...META.random((bits) => random.bits(bits)), ipv6: v6, ipv4: !v6 };
      dut.set({
        header_i: packet.subarray(0, 40),
        meta_i: META.pack({ ...meta, protocol, identification }),
      });
      if (v6) {
        const [from, to] = [number(packet.subarray(8, 24)), number(packet.subarray(24, 40))];
        const key = (BigInt(identification) << 96n) | (folded(from) ^ rotate48(folded(to)));
        begun.push({ at, source: from, space: 0xff, key });
      } else {
        const [from, to] = [number(packet.subarray(12, 16)), number(packet.subarray(16, 20))];
        const ids = (BigInt(protocol) << 32n) | (BigInt(packet.readUInt16BE(4)) << 16n);
        begun.push({
          at,
          source: from << 96n,
          space: 0xfe,
          key: (ids << 64n) | (from << 32n) | to,
        });
      }
    };
    let seen = 0;
    for (let clock = 0, free = 0; seen < 600; clock++) {
      // Between frames there is rubbish.
      dut.set({ header_i: random.bytes(40), meta_i: random.bits(META.bits) });
      const first = clock >= free && random.chance(80);
      if (first) {
        next(clock);
        free = clock + apart;
      }
      const folds = begun.some(({ at }) => clock === at + fold);
      dut.set({ pick_first_i: first, fold_first_i: folds }).settle();
      if (begun[0]?.at === clock - fold - 2) {
        const done = begun.shift();
        expect(dut.big('source_o')).toBe(done?.source);
        expect(dut.get('fragment_space_o')).toBe(done?.space);
        expect(dut.big('fragment_key_o')).toBe(done?.key);
        seen++;
      }
      dut.clock();
    }
  });
});
