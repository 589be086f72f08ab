/** Step 3 of docs/card.md: frames from the line. */
import { type FragmentKey, fragmentKey } from './fragment.ts';
import { type Headers, type IpHeader, readL4 } from './headers.ts';
import {
  matches,
  type Packet,
  packetOf,
  placeInQuoted,
  placeOf,
  quotedPacket,
  readKey,
  vidOf,
} from './match.ts';
import { isUp, type Outcome, toSlot } from './outcome.ts';
import { findOverride, overrideKey } from './override.ts';
import { type Quoted, readQuoted } from './quoted.ts';
import type { Identifier, Rule } from './rule.ts';
import type { CardState } from './state.ts';

/** What first fragments have left behind. */
export interface FirstFragments {
  /** Undefined: the first has not come, or too long ago. Without `vid` it was not steered. */
  find(key: FragmentKey): { readonly vid: number | undefined } | undefined;
}

/** A frame that waits for its first fragment. */
export interface Waits {
  readonly waitsFor: FragmentKey;
}

/** The last byte at which a payload may begin; rules compare up to 16 bytes behind it. */
const PAYLOAD_MAX = 142;

export function fromLine(
  frame: Uint8Array,
  state: CardState,
  headers: Headers,
  firsts: FirstFragments,
): Outcome | Waits {
  const { ip } = headers;
  const egress = state.ports.length;
  if (headers.foreign) return { reason: 'foreign_mac' };
  if (headers.neighbour) return { reason: 'punt_neighbour', egress };
  if (ip === undefined) return { reason: 'ethertype' };
  if (ip.impossible) return { reason: 'ip_header' };
  if (ip.unreadable) return { reason: 'punt_ipv6_extension', egress };
  if (ip.l4 > ip.packetEnd) return { reason: 'l4_length' };
  const l4 = ip.laterFragment ? undefined : readL4(frame, ip);
  if (l4 === undefined && !ip.laterFragment) return { reason: 'l4_length' };
  if (l4 !== undefined && l4.payloadBegin > PAYLOAD_MAX) return { reason: 'punt_window', egress };
  const quoted = readQuoted(frame, ip);
  const packet = quoted === undefined ? packetOf(frame, ip, l4) : quotedPacket(frame, ip, quoted);
  const found = byRules(packet, state);
  if (found !== undefined) return quoted === undefined ? found : { ...found, quoted: 1 };
  if (quoted !== undefined) return { reason: 'no_service', quoted: 1 };
  return ip.laterFragment ? byFirst(ip, state, firsts) : { reason: 'no_service' };
}

/** Step 3.7: the first rule that matches. */
function byRules(packet: Packet, state: CardState): Outcome | undefined {
  for (let index = 0; index < state.rules.length; index++) {
    const rule = state.rules[index];
    if (rule === undefined || !matches(rule, packet)) continue;
    return { rule_hit: 1, rule: index, ...byRule(packet, rule, index, state) };
  }
  return undefined;
}

/** A later fragment that no rule matches without an L4 header goes where its first went. */
function byFirst(ip: IpHeader, state: CardState, firsts: FirstFragments): Outcome | Waits {
  const egress = state.ports.length;
  if ((state.fragmentUs ?? 0) === 0) return { reason: 'punt_fragment', egress };
  const key = fragmentKey(ip);
  const first = firsts.find(key);
  if (first === undefined) return { waitsFor: key };
  if (first.vid === undefined) return { reason: 'punt_fragment', egress, fragment: 1 };
  return { fragment: 1, vid_valid: 1, vid: first.vid, ...byRow(first.vid, state) };
}

/** Steps 3.8 to 3.11. */
function byRule(packet: Packet, rule: Rule, index: number, state: CardState): Outcome {
  const { setup, identifier } = rule;
  const egress = state.ports.length;
  if (setup.always) return { reason: packet.quoted ? 'punt_icmp' : 'punt_setup', egress };
  if (packet.quoted !== undefined) return byQuoted(packet, rule, packet.quoted, state);
  const { frame, l4 } = packet;
  let type: number | undefined;
  if (setup.types !== undefined && l4 !== undefined) {
    const at = l4.payloadBegin + setup.types.offset;
    if (at >= l4.payloadEnd) return { reason: 'no_identifier' };
    type = frame[at];
  }
  let key: bigint | undefined;
  if (identifier !== undefined) {
    const { at, end } = placeOf(identifier, packet);
    if (at + identifier.width > end) return { reason: 'no_identifier' };
    if (at + identifier.width > state.sizes.window) return { reason: 'punt_window', egress };
    key = readKey(frame, at, identifier);
  }
  const read = key === undefined ? {} : { key_valid: 1, key };
  if (type !== undefined && state.badParity?.typeSets.has(index * 8 + (type >> 5))) {
    return { reason: 'punt_parity', egress, ...read };
  }
  if ((setup.zero && key === 0n) || (type !== undefined && setup.types?.values.has(type))) {
    return { reason: 'punt_setup', egress, ...read };
  }
  return { ...read, ...toVid(packet, rule, identifier, key, state) };
}

/** An ICMP error. Set-ups are no matter of the packet that came back, nor is who sent the error. */
function byQuoted(packet: Packet, rule: Rule, quoted: Quoted, state: CardState): Outcome {
  const { identifier, override } = rule;
  const at =
    identifier === undefined || (override !== undefined && override.by !== 'identifier')
      ? undefined
      : placeInQuoted(identifier, quoted);
  if (identifier === undefined || at === undefined) {
    return { reason: 'punt_icmp', egress: state.ports.length };
  }
  const key = readKey(packet.frame, at, identifier);
  return { key_valid: 1, key, ...toVid(packet, rule, identifier, key, state) };
}

/** Step 3.12: the VID of an override, or what the identifier gives. */
function toVid(
  packet: Packet,
  { name, override }: Rule,
  identifier: Identifier | undefined,
  key: bigint | undefined,
  state: CardState,
): Outcome {
  const egress = state.ports.length;
  const vids = BigInt(state.sizes.vids);
  if (override !== undefined) {
    const masked = (key ?? 0n) & (identifier?.mask ?? 0n);
    const asked = overrideKey(override.by, packet.ip.source, masked);
    const { hit, badParity } = findOverride(override.space, asked, state);
    if (badParity) return { reason: 'punt_parity', egress };
    if (hit !== undefined) {
      const { vid } = hit.entry;
      const found = { override_hit: 1, override: hit.place };
      if (vid >= vids) return { reason: 'punt_vid_range', egress, ...found };
      return { ...found, vid_valid: 1, vid, ...byRow(vid, state) };
    }
    if (override.only || identifier === undefined) return { reason: 'punt_no_override', egress };
  }
  if (identifier === undefined || key === undefined) {
    throw new Error(`rule ${name} has no identifier`);
  }
  const v = vidOf(key, identifier);
  if (v >= vids) return { reason: 'punt_vid_range', egress };
  return { vid_valid: 1, vid: Number(v), ...byRow(Number(v), state) };
}

/** Steps 3.13 and 3.14. */
function byRow(vid: number, state: CardState): Outcome {
  const egress = state.ports.length;
  if (state.badParity?.rows.has(vid)) return { reason: 'punt_parity', egress };
  const row = state.rows.get(vid);
  const seen = {
    row_valid: row?.valid ? 1 : 0,
    row_active: row?.active ?? 0,
    row_backup: row?.backup ?? 0,
    row_in_sync: row?.backupInSync ? 1 : 0,
  };
  if (!row?.valid) return { reason: 'punt_no_row', egress, ...seen };
  if (isUp(row.active, state)) return { ...seen, ...toSlot('steer_active', row.active, state) };
  if (row.backupInSync && isUp(row.backup, state)) {
    return { ...seen, ...toSlot('steer_backup', row.backup, state) };
  }
  return { reason: 'punt_slots_down', egress, ...seen };
}
