/**
 * The reference decision: what docs/card.md says, step by step, for one frame. It is written to be
 * read beside that page. It works on service rules as they are meant and on tables as plain
 * objects, and shares no code with what fills the card's tables.
 */
import {
  type Decision,
  type EndName,
  ORIGIN,
  REASON,
  REASONS,
  type ReasonName,
} from '../../driver/generated/registers.ts';
import { bytesToMac, isGroupMac, macToBytes } from '../protocol/address.ts';
import { type Headers, noHeaders, readHeaders, readL4 } from './headers.ts';
import { matches, type Packet, placeOf, readKey, vidOf } from './match.ts';
import type { Rule } from './rule.ts';
import { readSlotMac, slotMac } from './slot-mac.ts';
import type { Arrival, CardState, InjectState, SlotState } from './state.ts';

export interface Verdict {
  readonly reason: ReasonName;
  readonly end: EndName;
  /** The record without its time. `egress` is 0 for drops, where it has no meaning. */
  readonly decision: Omit<Decision, 'time_us'>;
  /** The frame as it leaves; undefined for drops. */
  readonly egressFrame: Uint8Array | undefined;
}

/** What a step found out: a reason, and the fields of the record that it reached. */
interface Outcome extends Partial<Omit<Decision, 'reason' | 'time_us'>> {
  readonly reason: ReasonName;
  /** MAC addresses to be written; those left out stay. */
  readonly dstMac?: string;
  readonly srcMac?: string;
}

/** Fields that a frame keeps when its queue turns out to be full. */
const KEPT_WHEN_FULL = [
  'rule_hit',
  'rule',
  'key_valid',
  'key',
  'vid_valid',
  'vid',
  'row_active',
  'row_backup',
  'row_in_sync',
  'row_valid',
  'slot_valid',
  'slot',
  'epoch',
] as const;

/** The end of `frame` and the reason for it. Pure: the same arguments give the same verdict. */
export function decide(frame: Uint8Array, arrival: Arrival, state: CardState): Verdict {
  const headers = headersFor(frame, arrival, state);
  const unhealthy = health(frame, arrival, state, headers);
  if (unhealthy !== undefined) return finish(frame, arrival, state, { reason: unhealthy });
  const outcome = afterHealth(frame, arrival, state, headers);
  if (arrival.queueFull && endOf(outcome.reason) !== 'drop') {
    const kept = KEPT_WHEN_FULL.map((name) => [name, outcome[name] ?? 0]);
    const fields = { ...Object.fromEntries(kept), key: outcome.key ?? 0n };
    return finish(frame, arrival, state, { ...fields, reason: 'queue_full' });
  }
  return finish(frame, arrival, state, outcome);
}

/** Step 2. Of what is injected, only a frame to be steered as if it came by some port is looked into. */
function headersFor(frame: Uint8Array, { from }: Arrival, { ports }: CardState): Headers {
  if ('inject' in from) {
    const port = from.inject.mode === 2 ? ports[from.inject.target] : undefined;
    return port === undefined ? noHeaders() : readHeaders(frame, port.mac);
  }
  const port = ports[from.port];
  return readHeaders(frame, port?.fabric ? undefined : port?.mac);
}

/** Step 1. */
function health(
  frame: Uint8Array,
  { receiver }: Arrival,
  { enabled, sizes }: CardState,
  { headerMin, packetEnd }: Headers,
): ReasonName | undefined {
  if ((receiver?.taken ?? frame.length) > sizes.maxFrame) return 'rx_oversize';
  if (receiver?.error) return 'rx_error';
  if (receiver?.overflow) return 'rx_overflow';
  if (receiver?.underrun) return 'rx_underrun';
  if (!enabled) return 'disabled';
  if (frame.length < 14) return 'runt';
  if (frame.length < headerMin) return 'truncated';
  if (frame.length < packetEnd) return 'ip_length';
  return undefined;
}

function afterHealth(
  frame: Uint8Array,
  arrival: Arrival,
  state: CardState,
  headers: Headers,
): Outcome {
  const { from } = arrival;
  if ('inject' in from) return fromHost(frame, from.inject, state, headers);
  return state.ports[from.port]?.fabric
    ? fromFabric(frame, from.port, state, headers)
    : fromLine(frame, state, headers);
}

/** Step 3. */
function fromLine(frame: Uint8Array, state: CardState, headers: Headers): Outcome {
  const { ip } = headers;
  const egress = state.ports.length;
  if (headers.foreign) return { reason: 'foreign_mac' };
  if (headers.neighbour) return { reason: 'punt_neighbour', egress };
  if (ip === undefined) return { reason: 'ethertype' };
  if (ip.impossible) return { reason: 'ip_header' };
  if (ip.version === 6 && IPV6_EXTENSIONS.has(ip.protocol)) {
    return { reason: 'punt_ipv6_extension', egress };
  }
  const l4 = ip.laterFragment ? undefined : readL4(frame, ip);
  if (l4 === undefined && !ip.laterFragment) return { reason: 'l4_length' };
  const packet = { frame, ip, l4 };
  const index = state.rules.findIndex((rule) => rule !== undefined && matches(rule, packet));
  const rule = state.rules[index];
  if (rule !== undefined) return { rule_hit: 1, rule: index, ...byRule(packet, rule, state) };
  return ip.laterFragment ? { reason: 'punt_fragment', egress } : { reason: 'no_service' };
}

/** Next headers that are extensions (RFC 7045 §4, without the experimental ones). */
const IPV6_EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 44, 51, 60, 135, 139, 140]);

/** Steps 3.8 to 3.12. */
function byRule(packet: Packet, rule: Rule, state: CardState): Outcome {
  const { setup, identifier } = rule;
  const { frame, l4 } = packet;
  const egress = state.ports.length;
  if (setup.always) return { reason: 'punt_setup', egress };
  if (identifier === undefined) throw new Error(`rule ${rule.name} has no identifier`);
  let type: number | undefined;
  if (setup.types !== undefined && l4 !== undefined) {
    const at = l4.payloadBegin + setup.types.offset;
    if (at >= l4.payloadEnd) return { reason: 'no_identifier' };
    type = frame[at];
  }
  const { at, end } = placeOf(identifier, packet);
  if (at + identifier.width > end) return { reason: 'no_identifier' };
  if (at + identifier.width > state.sizes.window) return { reason: 'punt_window', egress };
  const key = readKey(frame, at, identifier);
  const read = { key_valid: 1, key };
  if ((setup.zero && key === 0n) || (type !== undefined && setup.types?.values.has(type))) {
    return { reason: 'punt_setup', egress, ...read };
  }
  const v = vidOf(key, identifier);
  if (v >= BigInt(state.sizes.vids)) return { reason: 'punt_vid_range', egress, ...read };
  return { ...read, vid_valid: 1, vid: Number(v), ...byRow(Number(v), state) };
}

/** Steps 3.13 and 3.14. */
function byRow(vid: number, state: CardState): Outcome {
  const row = state.rows.get(vid);
  const egress = state.ports.length;
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

/** Step 4. */
function fromFabric(
  frame: Uint8Array,
  ingress: number,
  state: CardState,
  headers: Headers,
): Outcome {
  const host = state.ports.length;
  if (headers.ip?.impossible) return { reason: 'ip_header' };
  const source = checkSource(bytesToMac(frame, 6), ingress, state);
  const sender =
    'reason' in source ? {} : { slot_valid: 1, slot: source.slot, epoch: source.entry.epoch };
  if (headers.neighbour) return { reason: 'host_neighbour', egress: host, ...sender };
  const dstMac = bytesToMac(frame, 0);
  const destination = readSlotMac(dstMac, state.fabricPrefix);
  const control = destination?.slot === CONTROL;
  if ('reason' in source) {
    return control ? { reason: 'host_unverified', egress: host } : { reason: source.reason };
  }
  if (control) return { reason: 'host_control', egress: host, ...sender };
  if (destination !== undefined) {
    if (!isUp(destination.slot, state)) return { reason: 'slot_down' };
    // The sender may know an older epoch; its own address stays, so that the receiver can answer.
    const { srcMac: _, ...sent } = toSlot('slot_to_slot', destination.slot, state);
    return sent;
  }
  if (isGroupMac(dstMac)) return { reason: 'slot_group' };
  const line = state.ports[source.entry.linePort];
  if (line === undefined) return { reason: 'inject_target' };
  return { reason: 'line_from_slot', egress: source.entry.linePort, srcMac: line.mac, ...sender };
}

/** Fifth octet of the control address, where slots have their number. */
const CONTROL = 0xff;

/** Step 4.3. */
function checkSource(
  srcMac: string,
  ingress: number,
  state: CardState,
): { slot: number; entry: SlotState } | { reason: ReasonName } {
  const source = readSlotMac(srcMac, state.fabricPrefix);
  const entry = source && state.slots[source.slot];
  if (source === undefined || entry === undefined || entry.port !== ingress) {
    return { reason: 'source_unknown' };
  }
  if (source.epoch !== entry.epoch) return { reason: 'source_epoch' };
  if (!entry.up) return { reason: 'source_down' };
  return { slot: source.slot, entry };
}

/** Step 5. */
function fromHost(
  frame: Uint8Array,
  { mode, target }: InjectState,
  state: CardState,
  headers: Headers,
): Outcome {
  const port = state.ports[target];
  if (mode === 1) {
    return isUp(target, state) ? toSlot('inject_slot', target, state) : { reason: 'slot_down' };
  }
  if (mode === 3 || port === undefined) return { reason: 'inject_target' };
  if (mode === 2) return fromLine(frame, state, headers);
  return { reason: port.fabric ? 'inject_fabric' : 'inject_line', egress: target };
}

/** A slot that the card does not have is down, and so is one behind a port that it does not have. */
function isUp(slot: number, { slots, ports }: CardState): boolean {
  const entry = slots[slot];
  return entry?.up === true && ports[entry.port] !== undefined;
}

/** To a slot that is up. */
function toSlot(reason: ReasonName, slot: number, state: CardState): Outcome {
  const { port = 0, epoch = 0 } = state.slots[slot] ?? {};
  const dstMac = slotMac(state.fabricPrefix, slot, epoch);
  const srcMac = state.ports[port]?.mac;
  return { reason, egress: port, slot_valid: 1, slot, epoch, dstMac, ...(srcMac && { srcMac }) };
}

function endOf(reason: ReasonName): EndName {
  return REASONS[REASON[reason]]?.end ?? 'drop';
}

/** Step 6 and the record. */
function finish(frame: Uint8Array, arrival: Arrival, state: CardState, outcome: Outcome): Verdict {
  const { reason, dstMac, srcMac, ...fields } = outcome;
  const end = endOf(reason);
  const { from } = arrival;
  const injected = 'inject' in from;
  const fabric = !injected && state.ports[from.port]?.fabric;
  const decision = {
    reason: REASON[reason],
    origin: injected ? ORIGIN.host : fabric ? ORIGIN.slot : ORIGIN.line,
    ingress: injected ? state.ports.length : from.port,
    egress: 0,
    rule_hit: 0,
    rule: 0,
    key_valid: 0,
    key: 0n,
    vid_valid: 0,
    vid: 0,
    row_active: 0,
    row_backup: 0,
    row_in_sync: 0,
    row_valid: 0,
    slot_valid: 0,
    slot: 0,
    epoch: 0,
    length: Math.min(arrival.receiver?.taken ?? frame.length, state.sizes.maxFrame + 1),
    ...fields,
  };
  if (end === 'drop') return { reason, end, decision, egressFrame: undefined };
  const egressFrame = Uint8Array.from(frame);
  if (dstMac !== undefined) egressFrame.set(macToBytes(dstMac), 0);
  if (srcMac !== undefined) egressFrame.set(macToBytes(srcMac), 6);
  return { reason, end, decision, egressFrame };
}
