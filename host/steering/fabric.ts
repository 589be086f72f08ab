/** Step 4 of docs/card.md: frames from a fabric port. */
import type { ReasonName } from '../../driver/generated/registers.ts';
import type { Headers } from './headers.ts';
import { isGroupMac } from './mac.ts';
import { isUp, type Outcome, toSlot } from './outcome.ts';
import { CONTROL, readSlotMac } from './slot-mac.ts';
import type { CardState, SlotState } from './state.ts';

/** Of the heartbeat's layout: docs/card.md, Heartbeats. */
const HEARTBEAT_VERSION = 1;

export function fromFabric(
  frame: Uint8Array,
  ingress: number,
  state: CardState,
  headers: Headers,
): Outcome {
  const host = state.ports.length;
  if (headers.ip?.impossible) return { reason: 'ip_header' };
  const source = checkSource(frame, ingress, state);
  const sender =
    'reason' in source ? {} : { slot_valid: 1, slot: source.slot, epoch: source.entry.epoch };
  if (headers.neighbour) return { reason: 'host_neighbour', egress: host, ...sender };
  if (headers.kind === 'heartbeat') {
    const good = !('reason' in source) && isHeartbeat(frame, headers.l3, source.slot, state);
    return good ? { reason: 'heartbeat', ...sender } : { reason: 'heartbeat_refused' };
  }
  const destination = readSlotMac(frame, 0, state.fabricPrefix);
  const control = destination?.slot === CONTROL;
  if ('reason' in source) {
    return control ? { reason: 'host_unverified', egress: host } : { reason: source.reason };
  }
  if (control) return { reason: 'host_control', egress: host, ...sender };
  if (destination !== undefined) {
    if (!isUp(destination.slot, state)) return { reason: 'slot_down' };
    // The sender may know an older epoch; its own address stays, so that the receiver can answer.
    return { ...toSlot('slot_to_slot', destination.slot, state), srcMac: undefined };
  }
  if (isGroupMac(frame)) return { reason: 'slot_group' };
  const line = state.ports[source.entry.linePort];
  if (line === undefined) return { reason: 'inject_target' };
  return { reason: 'line_from_slot', egress: source.entry.linePort, srcMac: line.mac, ...sender };
}

/** The right version, and the nonce of the slot's present incarnation. */
function isHeartbeat(frame: Uint8Array, l3: number, slot: number, state: CardState): boolean {
  const nonce = Buffer.from(frame.subarray(l3 + 4, l3 + 8)).readUInt32BE(0);
  return frame[l3] === HEARTBEAT_VERSION && nonce === (state.health?.[slot]?.nonce ?? 0);
}

/** Step 4.3: who sent it, by its source address. */
export function checkSource(
  frame: Uint8Array,
  ingress: number,
  state: CardState,
): { slot: number; entry: SlotState } | { reason: ReasonName; slot: number | undefined } {
  const source = readSlotMac(frame, 6, state.fabricPrefix);
  const entry = source && state.slots[source.slot];
  if (source === undefined || entry === undefined || entry.port !== ingress) {
    return { reason: 'source_unknown', slot: undefined };
  }
  const { slot } = source;
  if (source.epoch !== entry.epoch) return { reason: 'source_epoch', slot };
  if (!entry.up) return { reason: 'source_down', slot };
  return { slot, entry };
}
