/**
 * Which rules take a packet: docs/card.md, "A rule matches", written out once more. And rules and
 * packets at random, so that each condition decides often.
 */
import type { RuleEntry } from '../../../driver/generated/registers.ts';
import type { Random } from './streams.ts';

export interface Packet {
  protocol: number;
  /** Prefix table entries that the destination lies in, bit n for entry n. */
  prefixes: number;
  hasPorts: boolean;
  port: number;
  laterFragment: boolean;
  /** Payload as far as it is there, at most 16 bytes. */
  payload: Buffer;
}

/** Matches every packet. */
export const ANY_RULE: RuleEntry = {
  valid: 1,
  any_protocol: 1,
  any_prefix: 1,
  any_port: 1,
  protocol: 0,
  prefixes: 0,
  port_low: 0,
  port_high: 0,
  compare_value: 0,
  compare_mask: 0,
  compare_offset: 0,
  type_offset: 0,
  setup_always: 1,
  setup_zero: 0,
  setup_type: 0,
  id_base: 0,
  id_little: 0,
  id_width: 1,
  id_offset: 0,
  id_mask: 0n,
  id_subtract: 0n,
  id_shift: 0,
  override: 0,
  override_only: 0,
  override_space: 0,
};

export function needsL4(rule: RuleEntry): boolean {
  if (rule.any_port === 0 || rule.compare_mask !== 0 || rule.setup_type === 1) return true;
  return rule.setup_always === 0 && (rule.id_base === 1 || rule.id_base === 2);
}

function compares(rule: RuleEntry, payload: Buffer): boolean {
  return [0, 1, 2, 3].every((i) => {
    const shift = 24 - 8 * i;
    const mask = (rule.compare_mask >>> shift) & 0xff;
    if (mask === 0) return true;
    const at = rule.compare_offset + i;
    if (at >= payload.length) return false;
    return (((payload[at] ?? 0) ^ (rule.compare_value >>> shift)) & mask) === 0;
  });
}

export function ruleMatches(rule: RuleEntry, packet: Packet): boolean {
  if (rule.valid === 0) return false;
  if (rule.any_protocol === 0 && rule.protocol !== packet.protocol) return false;
  if (rule.any_prefix === 0 && (rule.prefixes & packet.prefixes) === 0) return false;
  const { port } = packet;
  const inRange = packet.hasPorts && port >= rule.port_low && port <= rule.port_high;
  if (rule.any_port === 0 && !inRange) return false;
  return compares(rule, packet.payload) && !(packet.laterFragment && needsL4(rule));
}

export function randomPacket(random: Random): Packet {
  return {
    protocol: random.pick([6, 17, 132, 58]),
    prefixes: random.below(256),
    hasPorts: random.chance(70),
    port: random.pick([5059, 5060, 5061, 2152]),
    laterFragment: random.chance(25),
    payload: Buffer.from(
      Array.from({ length: random.pick([0, 1, 3, 4, 8, 15, 16, 16, 16]) }, () => random.below(2)),
    ),
  };
}

export function randomRule(random: Random): RuleEntry {
  const bit = (percent: number) => (random.chance(percent) ? 1 : 0);
  const low = random.pick([5059, 5060, 2152]);
  const mask = random.pick([0n, 0n, 0xff000000n, 0xff00ff01n]);
  return {
    valid: bit(90),
    any_protocol: bit(50),
    any_prefix: bit(60),
    any_port: bit(50),
    protocol: random.pick([6, 17, 132, 58]),
    prefixes: random.pick([0, 1, 2, 0x80, 0xff, 0x41]),
    port_low: low,
    port_high: random.pick([low, low + 1, 5061, 65_535]),
    compare_value: Number(random.bits(32) & 0x01010101n),
    compare_mask: Number(random.bits(32) & mask),
    compare_offset: random.below(16),
    type_offset: random.below(16),
    setup_always: bit(30),
    setup_zero: bit(30),
    setup_type: bit(20),
    id_base: random.below(4),
    id_little: bit(50),
    id_width: random.between(1, 8),
    id_offset: random.below(256),
    id_mask: random.bits(64),
    id_subtract: random.bits(64),
    id_shift: random.below(64),
    override: random.below(4),
    override_only: bit(50),
    override_space: random.below(256),
  };
}
