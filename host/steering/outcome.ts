/** What a step of the decision found out, and what frame and record become by it. */
import {
  type Decision,
  type EndName,
  ORIGIN,
  REASON,
  REASONS,
  type ReasonName,
} from '../../driver/generated/registers.ts';
import { writeMac } from './mac.ts';
import { writeSlotMac } from './slot-mac.ts';
import type { Arrival, CardState } from './state.ts';

export type Fields = Omit<Decision, 'time_us'>;

/** A reason, and the fields of the record that were reached. */
export interface Outcome extends Partial<Omit<Fields, 'reason'>> {
  readonly reason: ReasonName;
  /** The destination address becomes that of `slot` with `epoch`. */
  readonly toSlot?: boolean;
  /** Source address to be written; not there: it stays. */
  readonly srcMac?: string | undefined;
  /** Place of the override that gave the VID. */
  readonly override?: number;
}

/** A slot that the card does not have is down, and so is one behind a port that it does not have. */
export function isUp(slot: number, { slots, ports }: CardState): boolean {
  const entry = slots[slot];
  return entry?.up === true && ports[entry.port] !== undefined;
}

/** To a slot that is up. */
export function toSlot(reason: ReasonName, slot: number, state: CardState): Outcome {
  const { port = 0, epoch = 0 } = state.slots[slot] ?? {};
  const srcMac = state.ports[port]?.mac;
  return { reason, egress: port, slot_valid: 1, slot, epoch, toSlot: true, srcMac };
}

export function endOf(reason: ReasonName): EndName {
  return REASONS[REASON[reason]]?.end ?? 'drop';
}

/** Goes to the host, so that it may be policed. */
export function isForHost(reason: ReasonName): boolean {
  const end = endOf(reason);
  return end === 'punt' || end === 'host';
}

/** Ends that leave by a port or to the host. */
export function leaves(reason: ReasonName): boolean {
  const end = endOf(reason);
  return end !== 'drop' && end !== 'consume';
}

/** What is left of an outcome whose frame was refused by its queue or on the way there. */
export function refuse(outcome: Outcome, reason: ReasonName): Outcome {
  const { egress: _, toSlot: _slot, srcMac: _mac, ...kept } = outcome;
  return { ...kept, reason };
}

/** The record without its time. `egress` is 0 for drops, where it has no meaning. */
export function record(
  frame: Uint8Array,
  { from, receiver }: Arrival,
  state: CardState,
  outcome: Outcome,
): Fields {
  const injected = 'inject' in from;
  const fabric = !injected && state.ports[from.port]?.fabric;
  return {
    reason: REASON[outcome.reason],
    origin: injected ? ORIGIN.host : fabric ? ORIGIN.slot : ORIGIN.line,
    ingress: injected ? state.ports.length : from.port,
    egress: leaves(outcome.reason) ? (outcome.egress ?? 0) : 0,
    rule_hit: outcome.rule_hit ?? 0,
    rule: outcome.rule ?? 0,
    fragment: outcome.fragment ?? 0,
    quoted: outcome.quoted ?? 0,
    key_valid: outcome.key_valid ?? 0,
    key: outcome.key ?? 0n,
    override_hit: outcome.override_hit ?? 0,
    vid_valid: outcome.vid_valid ?? 0,
    vid: outcome.vid ?? 0,
    row_active: outcome.row_active ?? 0,
    row_backup: outcome.row_backup ?? 0,
    row_in_sync: outcome.row_in_sync ?? 0,
    row_valid: outcome.row_valid ?? 0,
    slot_valid: outcome.slot_valid ?? 0,
    slot: outcome.slot ?? 0,
    epoch: outcome.epoch ?? 0,
    length: Math.min(receiver?.taken ?? frame.length, state.sizes.maxFrame + 1),
  };
}

/** Step 6: the frame as it leaves; undefined where it does not. */
export function rewrite(
  frame: Uint8Array,
  { fabricPrefix }: CardState,
  outcome: Outcome,
): Uint8Array | undefined {
  if (!leaves(outcome.reason)) return undefined;
  const copy = Uint8Array.from(frame);
  const { slot = 0, epoch = 0 } = outcome;
  if (outcome.toSlot) writeSlotMac(copy, 0, fabricPrefix, slot, epoch);
  if (outcome.srcMac !== undefined) writeMac(copy, 6, outcome.srcMac);
  return copy;
}
