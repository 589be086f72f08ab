import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../../../driver/generated/registers.ts';
import { compileServices, encodeRules } from '../../../host/steering/compile.ts';
import { parseService } from '../../../host/steering/service-file.ts';
import { SIZES } from '../../generators/sizes.ts';

const text = `service: x
rules:
  - name: one
    match:
      protocol: udp
      destination: [192.0.2.1, 2001:db8::/32]
      port: 100-200
      compare: { offset: 4, value: 0x12340000, mask: 0xffff0000 }
    identifier: { base: payload, offset: 9, width: 8, order: little, mask: 0xf0, subtract: 5, shift: 4 }
    override: { by: source_identifier, only: true, space: 200 }
    setup: { zero: true, types: [0, 31, 32, 255], typeOffset: 3 }
  - name: two
    match: { destination: 2001:db8::/32 }
    setup: always
`;

describe('compileServices', () => {
  const compiled = compileServices([parseService(text, 'x.yaml')], SIZES);

  it('gives whole tables, invalid behind the last rule and prefix', () => {
    expect(compiled.names).toEqual(['x/one', 'x/two']);
    expect(compiled.rules).toHaveLength(16);
    expect(compiled.prefixes).toHaveLength(8);
    expect(compiled.typeSets.map((words) => words.length)).toEqual(Array(16).fill(8));
    expect(compiled.rules.map(({ valid }) => valid)).toEqual([1, 1, ...Array(14).fill(0)]);
    expect(compiled.prefixes.map(({ valid }) => valid)).toEqual([1, 1, ...Array(6).fill(0)]);
  });

  it('puts each field where the register description says', () => {
    expect(compiled.rules[0]).toEqual({
      valid: 1,
      any_protocol: 0,
      any_prefix: 0,
      any_port: 0,
      protocol: 17,
      prefixes: 0b11,
      port_low: 100,
      port_high: 200,
      compare_value: 0x12340000,
      compare_mask: 0xffff0000,
      compare_offset: 4,
      type_offset: 3,
      setup_always: 0,
      setup_zero: 1,
      setup_type: 1,
      id_base: 2,
      id_little: 1,
      id_width: 8,
      id_offset: 9,
      id_mask: 0xf0n,
      id_subtract: 5n,
      id_shift: 4,
      override: 3,
      override_only: 1,
      override_space: 200,
    });
    expect(compiled.rules[1]).toMatchObject({
      any_protocol: 1,
      any_port: 1,
      prefixes: 0b10,
      setup_always: 1,
      override: 0,
    });
    expect(compiled.prefixes.slice(0, 2)).toEqual([
      { address: 0xc0000201n << 96n, mask: 0xffffffffn << 96n, v6: 0, valid: 1 },
      { address: 0x20010db8n << 96n, mask: 0xffffffffn << 96n, v6: 1, valid: 1 },
    ]);
    expect(compiled.typeSets[0]).toEqual([0x80000001, 1, 0, 0, 0, 0, 0, 0x80000000]);
    expect(compiled.typeSets[1]).toEqual(Array(8).fill(0));
  });

  it('gives entries that fit the words of the card', () => {
    for (const rule of compiled.rules) {
      expect(decodeEntry('rule', encodeEntry('rule', rule))).toEqual(rule);
    }
    for (const prefix of compiled.prefixes) {
      expect(decodeEntry('prefix', encodeEntry('prefix', prefix))).toEqual(prefix);
    }
  });
});

describe('encodeRules', () => {
  it('keeps the index of each rule, and refuses what does not fit', () => {
    const [one] = parseService(text, 'x.yaml').rules;
    expect(
      encodeRules([undefined, one], SIZES)
        .rules.map(({ valid }) => valid)
        .slice(0, 3),
    ).toEqual([0, 1, 0]);
    expect(() => encodeRules([one], { rules: 16, prefixes: 1 })).toThrow(/2 prefixes do not fit/);
    const bare = one && { ...one, identifier: undefined };
    expect(() => encodeRules([bare], SIZES)).toThrow(/x\/one has no identifier/);
  });
});
