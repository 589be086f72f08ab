/**
 * A processor's heartbeat: an Ethernet frame to the control address that the card itself reads
 * (docs/card.md, step 4). It counts only from the slot's fabric port, with the slot's MAC address of
 * its present epoch, and with the nonce of its present incarnation.
 */
import { buildEthernet, parseEthernet } from './ethernet.ts';

/** Local experimental EtherType 1 (IEEE 802 §9.2.4). */
export const HEARTBEAT_ETHERTYPE = 0x88b5;
export const HEARTBEAT_VERSION = 1;
/** Bytes behind the EtherType that the card asks for: version, three reserved, nonce, sequence. */
export const HEARTBEAT_BYTES = 12;
/** With the sender's progress behind them. */
const LONG_BYTES = 16;

export interface Heartbeat {
  /** 32 bits, told to the switch processor with `hello`. */
  readonly nonce: number;
  /** Rises by one with each, modulo 2^32; for who looks at a capture, the card does not. */
  readonly sequence: number;
  /** Rises as long as the sender's worker goes on; for who looks at a capture. Left out: not said. */
  readonly progress?: number;
}

/** What stands behind the EtherType. */
export function buildHeartbeat({ nonce, sequence, progress }: Heartbeat): Buffer {
  const payload = Buffer.alloc(progress === undefined ? HEARTBEAT_BYTES : LONG_BYTES);
  payload.writeUInt8(HEARTBEAT_VERSION, 0);
  payload.writeUInt32BE(nonce >>> 0, 4);
  payload.writeUInt32BE(sequence >>> 0, 8);
  if (progress !== undefined) payload.writeUInt32BE(progress >>> 0, 12);
  return payload;
}

/** A whole frame. */
export function buildHeartbeatFrame(
  heartbeat: Heartbeat & { readonly srcMac: string; readonly dstMac: string },
): Buffer {
  const { srcMac, dstMac } = heartbeat;
  const payload = buildHeartbeat(heartbeat);
  return buildEthernet({ srcMac, dstMac, etherType: HEARTBEAT_ETHERTYPE, payload });
}

/** Reads a frame; undefined where it is no heartbeat of this version. */
export function parseHeartbeat(
  frame: Uint8Array,
): (Heartbeat & { readonly srcMac: string; readonly dstMac: string }) | undefined {
  const ethernet = parseEthernet(frame);
  if (ethernet?.etherType !== HEARTBEAT_ETHERTYPE) return undefined;
  const { payload, srcMac, dstMac } = ethernet;
  if (payload.length < HEARTBEAT_BYTES || payload[0] !== HEARTBEAT_VERSION) return undefined;
  const beat = {
    srcMac,
    dstMac,
    nonce: payload.readUInt32BE(4),
    sequence: payload.readUInt32BE(8),
  };
  return payload.length < LONG_BYTES ? beat : { ...beat, progress: payload.readUInt32BE(12) };
}
