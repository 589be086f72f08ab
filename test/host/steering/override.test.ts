import { describe, expect, it } from 'vitest';
import { HASHES } from '../../../driver/generated/registers.ts';
import { buildUdpFrame } from '../../../host/protocol/udp.ts';
import { decide } from '../../../host/steering/decide.ts';
import { way0, way1 } from '../../../host/steering/hash.ts';
import { overrideKey, placesOf } from '../../../host/steering/override.ts';
import type { Override } from '../../../host/steering/rule.ts';
import type { CardState, OverrideEntry } from '../../../host/steering/state.ts';
import { Random } from '../../generators/random.ts';
import { fields, fromLine, HOST, LINK, stateWith, V4, V6 } from './ground.ts';

const rule = (rest: string) => stateWith(`  - { name: x, match: { protocol: udp }, ${rest} }`);
const TEID = 'identifier: { base: payload, width: 4, mask: 0x00ffffff }';

/** A table that holds one key in its first or second place. */
function holding(
  state: CardState,
  key: bigint,
  { vid = 1, way = 0, space = 5 }: { vid?: number; way?: 0 | 1; space?: number } = {},
): CardState {
  const place = placesOf(space, key, state.sizes.overrides)[way];
  return { ...state, overrides: new Map<number, OverrideEntry>([[place, { space, key, vid }]]) };
}

function frame(payload: string, addresses: { src: string; dst: string } = V4): Buffer {
  const bytes = Buffer.from(payload, 'hex');
  return buildUdpFrame({ ...LINK, ...addresses, srcPort: 1, dstPort: 2, payload: bytes });
}

const run = (state: CardState, bytes = frame('ab000007')) => decide(bytes, fromLine, state);

describe('the hashes', () => {
  it('are those of the register map', () => {
    const random = new Random(1);
    for (let i = 0; i < 500; i++) {
      const space = random.below(256);
      const key = i < 128 ? 1n << BigInt(i) : random.bits(128);
      const bits = (BigInt(space) << 128n) | key;
      const parity = (value: bigint) =>
        [...value.toString(2)].filter((digit) => digit === '1').length & 1;
      const hash = (masks: readonly bigint[]) =>
        masks.reduce((sum, mask, n) => sum | (parity(bits & mask) << n), 0);
      expect(way0(space, key)).toBe(hash(HASHES.way0));
      expect(way1(space, key)).toBe(hash(HASHES.way1));
    }
  });
});

describe('overrides', () => {
  it('by identifier, under its mask', () => {
    const state = rule(`${TEID}, override: { by: identifier, space: 5 }`);
    for (const way of [0, 1] as const) {
      expect(run(holding(state, 7n, { way })).decision).toMatchObject({
        reason: 0,
        key_valid: 1,
        key: 0xab000007n,
        override_hit: 1,
        vid_valid: 1,
        vid: 1,
      });
    }
    expect(run(holding(state, 0xab000007n)).decision.override_hit).toBe(0);
  });

  it('by source address, IPv4 in its first 32 bits', () => {
    const state = rule('override: { by: source, space: 5 }');
    const v4 = holding(state, 0xc6336401n << 96n);
    expect(fields(run(v4))).toEqual({
      egress: 1,
      rule_hit: 1,
      override_hit: 1,
      vid_valid: 1,
      vid: 1,
      row_backup: 1,
      row_in_sync: 1,
      row_valid: 1,
      slot_valid: 1,
      epoch: 7,
      length: 46,
    });
    const v6 = holding(state, 0x20010db8000000000000000000000002n);
    expect(run(v6, frame('00', V6)).decision).toMatchObject({ override_hit: 1, vid: 1 });
    expect(run(v6).reason).toBe('punt_no_override');
  });

  it('by both; of an IPv6 address its first 64 bits', () => {
    const state = rule(`${TEID}, override: { by: source_identifier, space: 5 }`);
    const v4 = holding(state, (0xc6336401n << 96n) | 7n);
    expect(run(v4).decision).toMatchObject({ override_hit: 1, vid: 1 });
    const v6 = holding(state, (0x20010db800000000n << 64n) | 7n);
    expect(run(v6, frame('00000007', V6)).decision).toMatchObject({ override_hit: 1, vid: 1 });
    const source = Buffer.from('20010db8000000000000000000000002', 'hex');
    expect(overrideKey('source_identifier', source, 7n)).toBe((0x20010db8n << 96n) | 7n);
  });

  it('lie where their hashes say, in their own space', () => {
    const state = rule(`${TEID}, override: { by: identifier, only: true, space: 5 }`);
    const found = holding(state, 7n);
    const [place, other] = placesOf(5, 7n, state.sizes.overrides);
    const entry = found.overrides?.get(place);
    if (entry === undefined) throw new Error('nothing is there');
    const at = (index: number) => run({ ...state, overrides: new Map([[index, entry]]) }).reason;
    expect([at(place), at(other), at(place ^ 1), at(other ^ 1)]).toEqual([
      'steer_active',
      'steer_active',
      'punt_no_override',
      'punt_no_override',
    ]);
    const elsewhere = new Map([[place, { ...entry, space: 6 }]]);
    expect(run({ ...state, overrides: elsewhere }).reason).toBe('punt_no_override');
    const both = new Map([
      [place, entry],
      [other, { ...entry, vid: 9 }],
    ]);
    expect(run({ ...state, overrides: both }).decision.vid).toBe(1);
  });

  it('that are not there leave the identifier, unless the rule wants one', () => {
    const computed = rule(`${TEID}, override: { by: identifier }`);
    expect(run(computed, frame('00000001')).decision).toMatchObject({ vid: 1, override_hit: 0 });
    const only = rule(`${TEID}, override: { by: identifier, only: true }`);
    expect(fields(run(only))).toEqual({
      reason: 12,
      egress: HOST,
      rule_hit: 1,
      key_valid: 1,
      key: 0xab000007n,
      length: 46,
    });
  });

  it('need a row that the card has', () => {
    const state = rule(`${TEID}, override: { by: identifier, space: 5 }`);
    expect(fields(run(holding(state, 7n, { vid: 4096 })))).toMatchObject({
      reason: 5,
      override_hit: 1,
    });
    expect(run(holding(state, 7n, { vid: 4096 })).decision.vid_valid).toBe(0);
    expect(run(holding(state, 7n, { vid: 4095 })).reason).toBe('punt_no_row');
  });

  it('come behind set-ups, and need the identifier that the rule names', () => {
    const all = `${TEID}, override: { by: source, space: 5 }, setup: { zero: true, types: [9], typeOffset: 1 }`;
    const state = holding(rule(all), 0xc6336401n << 96n);
    expect(run(state, frame('00000000')).reason).toBe('punt_setup');
    expect(run(state, frame('01090000')).reason).toBe('punt_setup');
    expect(run(state, frame('010000')).reason).toBe('no_identifier');
    expect(run(state, frame('01000000')).reason).toBe('steer_active');
    const bare = 'override: { by: source, space: 5 }, setup: { types: [0], typeOffset: 0 }';
    const none = holding(rule(bare), 0xc6336401n << 96n);
    expect(run(none, frame('00')).reason).toBe('punt_setup');
    expect(run(none, frame('01')).reason).toBe('steer_active');
    expect(run(none, frame('')).reason).toBe('no_identifier');
  });

  it.each<Override['by']>(['identifier', 'source', 'source_identifier'])(
    'by %s lead later fragments where no L4 is needed',
    (by) => {
      const state = stateWith(
        `  - { name: x, match: {}, identifier: { base: l3, offset: 4, width: 2 }, override: { by: ${by}, space: 5 } }`,
      );
      const bytes = frame('00');
      bytes[18] = 0x12; // identification
      bytes[19] = 0x34;
      bytes[21] = 1; // fragment offset
      const key = overrideKey(by, Buffer.from([198, 51, 100, 1]), 0x1234n);
      expect(run(holding(state, key), bytes).decision).toMatchObject({
        override_hit: 1,
        fragment: 0,
        vid: 1,
      });
    },
  );
});

describe('words with the wrong parity', () => {
  const none = {
    rows: new Set<number>(),
    overrides: new Set<number>(),
    typeSets: new Set<number>(),
  };
  const state = rule(
    `${TEID}, override: { by: identifier, space: 5 }, setup: { types: [250], typeOffset: 0 }`,
  );
  const places = placesOf(5, 7n, state.sizes.overrides);

  it.each(places.map((place) => [place]))('of an override, at place %i', (place) => {
    const badParity = { ...none, overrides: new Set([place]) };
    expect(fields(run({ ...holding(state, 7n), badParity }))).toEqual({
      reason: 14,
      egress: HOST,
      rule_hit: 1,
      key_valid: 1,
      key: 0xab000007n,
      length: 46,
    });
  });

  it('of a row', () => {
    const badParity = { ...none, rows: new Set([1]) };
    expect(run({ ...holding(state, 7n), badParity }).decision).toMatchObject({
      reason: 14,
      vid_valid: 1,
      vid: 1,
      override_hit: 1,
      row_valid: 0,
      row_backup: 0,
      slot_valid: 0,
    });
  });

  it('of a set of types, where one of its types is asked for', () => {
    const bad = (word: number) =>
      run({ ...state, badParity: { ...none, typeSets: new Set([word]) } });
    expect(bad(0xab >> 5).decision).toMatchObject({ reason: 14, key_valid: 1, override_hit: 0 });
    expect(bad((0xab >> 5) + 1).reason).not.toBe('punt_parity');
  });
});
