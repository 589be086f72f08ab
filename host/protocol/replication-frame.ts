/**
 * Frames that carry replication between slots, over the fabric through the card. Behind the
 * EtherType: version (1), 0, sender's slot and epoch, receiver's slot and epoch, length (2), the
 * datagram. Sent to the receiver's MAC address it goes there straight; sent to the control address
 * it is delivered by the switch processor, which checks the sender.
 */
import { buildEthernet, parseEthernet } from './ethernet.ts';

/** Local experimental EtherType 2 (IEEE 802 §9.2.4). */
export const REPLICATION_ETHERTYPE = 0x88b6;
const VERSION = 1;
const HEAD = 8;

export interface SlotPlace {
  readonly slot: number;
  readonly epoch: number;
}

export interface ReplicationFrame {
  readonly srcMac: string;
  readonly dstMac: string;
  readonly from: SlotPlace;
  readonly to: SlotPlace;
  readonly datagram: Buffer;
}

export function buildReplicationFrame(frame: ReplicationFrame): Buffer {
  const { srcMac, dstMac, from, to, datagram } = frame;
  const payload = Buffer.allocUnsafe(HEAD + datagram.length);
  payload.set([VERSION, 0, from.slot, from.epoch, to.slot, to.epoch], 0);
  payload.writeUInt16BE(datagram.length, 6);
  payload.set(datagram, HEAD);
  return buildEthernet({ srcMac, dstMac, etherType: REPLICATION_ETHERTYPE, payload });
}

/** Undefined where it is none of version 1. */
export function parseReplicationFrame(frame: Uint8Array): ReplicationFrame | undefined {
  const ethernet = parseEthernet(frame);
  if (ethernet?.etherType !== REPLICATION_ETHERTYPE) return undefined;
  const { payload, srcMac, dstMac } = ethernet;
  if (payload.length < HEAD || payload[0] !== VERSION) return undefined;
  const length = payload.readUInt16BE(6);
  if (payload.length < HEAD + length) return undefined;
  const [, , fromSlot = 0, fromEpoch = 0, toSlot = 0, toEpoch = 0] = payload;
  return {
    srcMac,
    dstMac,
    from: { slot: fromSlot, epoch: fromEpoch },
    to: { slot: toSlot, epoch: toEpoch },
    datagram: payload.subarray(HEAD, HEAD + length),
  };
}
