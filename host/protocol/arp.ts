/** ARP for IPv4 over Ethernet (RFC 826), as whole frames. */
import { addressToBytes, bytesToAddress, bytesToMac, macToBytes } from './address.ts';
import { view } from './bytes.ts';
import { buildEthernet, ETHERTYPE, type LinkHeader, parseEthernet } from './ethernet.ts';

export interface ArpFields extends LinkHeader {
  readonly operation: 'request' | 'reply';
  readonly senderMac: string;
  readonly senderAddress: string;
  /** All zeros in a request. */
  readonly targetMac: string;
  readonly targetAddress: string;
}

export type ArpFrame = Required<ArpFields>;

const OPERATIONS = { request: 1, reply: 2 } as const;

/** Reads a request or reply; undefined for anything else, or where the frame is too short. */
export function parseArp(frame: Uint8Array): ArpFrame | undefined {
  const ethernet = parseEthernet(frame);
  if (ethernet === undefined || ethernet.etherType !== ETHERTYPE.arp) return undefined;
  const bytes = ethernet.payload;
  if (bytes.length < 28) return undefined;
  // Hardware type Ethernet, protocol type IPv4, address lengths 6 and 4.
  if (bytes.readUInt32BE(0) !== 0x00010800 || bytes.readUInt16BE(4) !== 0x0604) return undefined;
  const code = bytes.readUInt16BE(6);
  if (code !== OPERATIONS.request && code !== OPERATIONS.reply) return undefined;
  const { dstMac, srcMac, vlans } = ethernet;
  return {
    dstMac,
    srcMac,
    vlans,
    operation: code === OPERATIONS.request ? 'request' : 'reply',
    senderMac: bytesToMac(bytes, 8),
    senderAddress: bytesToAddress(bytes.subarray(14, 18)),
    targetMac: bytesToMac(bytes, 18),
    targetAddress: bytesToAddress(bytes.subarray(24, 28)),
  };
}

/** A frame of 42 bytes and its tags. */
export function buildArp(fields: ArpFields): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt32BE(0x00010800, 0);
  bytes.writeUInt16BE(0x0604, 4);
  bytes.writeUInt16BE(OPERATIONS[fields.operation], 6);
  bytes.set(macToBytes(fields.senderMac), 8);
  bytes.set(ipv4('senderAddress', fields.senderAddress), 14);
  bytes.set(macToBytes(fields.targetMac), 18);
  bytes.set(ipv4('targetAddress', fields.targetAddress), 24);
  return buildEthernet({ ...fields, etherType: ETHERTYPE.arp, payload: bytes });
}

function ipv4(field: string, address: string): Buffer {
  const bytes = addressToBytes(address);
  if (bytes.length !== 4) throw new RangeError(`${field} ${address}: must be an IPv4 address`);
  return view(bytes);
}

/** The reply to `request` that says that `mac` has the address asked for. */
export function buildArpReply(request: ArpFrame, mac: string): Buffer {
  return buildArp({
    dstMac: request.senderMac,
    srcMac: mac,
    vlans: request.vlans,
    operation: 'reply',
    senderMac: mac,
    senderAddress: request.targetAddress,
    targetMac: request.senderMac,
    targetAddress: request.senderAddress,
  });
}
