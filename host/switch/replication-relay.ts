/**
 * Delivers copies between processors (G10): what an owner sends to the control address for its
 * backup goes on to the backup's slot. The card vouches for the sender; what says another sender, or
 * is for an incarnation that is not up, is dropped. Lost ones the owner sends the straight way.
 */
import type { Decision, InjectedFrame } from '../../driver/index.ts';
import { buildReplicationFrame, parseReplicationFrame } from '../protocol/replication-frame.ts';
import { toPort } from './port-frame.ts';
import type { SlotRegistry } from './slot-registry.ts';

export interface ReplicationRelayOptions {
  readonly registry: SlotRegistry;
  readonly controlMac: string;
}

export class ReplicationRelay {
  readonly #options: ReplicationRelayOptions;

  constructor(options: ReplicationRelayOptions) {
    this.#options = options;
  }

  /** Name of the frame's end; undefined where it is none of replication's. */
  take(data: Buffer, decision: Decision, injected: InjectedFrame[]): string | undefined {
    const frame = parseReplicationFrame(data);
    if (frame === undefined) return undefined;
    const { registry, controlMac } = this.#options;
    const { from, to } = frame;
    const { slot_valid, slot, epoch } = decision;
    if (slot_valid !== 1 || from.slot !== slot || from.epoch !== epoch) {
      return 'dropped_replication_sender';
    }
    const receiver = registry.bySlot(to.slot);
    if (receiver?.state !== 'up' || receiver.epoch !== to.epoch) return 'dropped_replication_down';
    const link = { srcMac: controlMac, dstMac: registry.macOf(receiver) };
    const copy = buildReplicationFrame({ ...frame, ...link });
    injected.push(toPort({ port: receiver.port, data: copy }));
    return 'replication_delivered';
  }
}
