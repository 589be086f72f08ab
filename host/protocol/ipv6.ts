/** IPv6 packets (RFC 8200). Extension headers are left in the payload, behind `nextHeader`. */
import { addressToBytes, bytesToAddress } from './address.ts';
import { checkRange, view } from './bytes.ts';

export interface Ipv6Fields {
  readonly src: string;
  readonly dst: string;
  /** IANA protocol number of what the payload begins with. */
  readonly nextHeader: number;
  readonly payload: Uint8Array;
  /** DSCP and ECN. */
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  readonly hopLimit?: number;
}

export interface Ipv6Packet extends Required<Ipv6Fields> {
  readonly payload: Buffer;
}

/** Reads a packet; bytes behind its payload length are left out. Undefined where it is none. */
export function parseIpv6(packet: Uint8Array): Ipv6Packet | undefined {
  if (packet.length < 40) return undefined;
  const bytes = view(packet);
  const payloadLength = bytes.readUInt16BE(4);
  if (bytes.readUInt8(0) >> 4 !== 6 || 40 + payloadLength > bytes.length) return undefined;
  const first = bytes.readUInt32BE(0);
  return {
    src: bytesToAddress(bytes.subarray(8, 24)),
    dst: bytesToAddress(bytes.subarray(24, 40)),
    nextHeader: bytes.readUInt8(6),
    hopLimit: bytes.readUInt8(7),
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xfffff,
    payload: bytes.subarray(40, 40 + payloadLength),
  };
}

/** A packet. Throws where a field does not fit its place. */
export function buildIpv6(fields: Ipv6Fields): Buffer {
  const header = Buffer.alloc(40);
  const trafficClass = checkRange('trafficClass', fields.trafficClass ?? 0, 0xff);
  const flowLabel = checkRange('flowLabel', fields.flowLabel ?? 0, 0xfffff);
  header.writeUInt32BE(0x60000000 + trafficClass * 0x100000 + flowLabel, 0);
  header.writeUInt16BE(checkRange('payload length', fields.payload.length, 0xffff), 4);
  header.writeUInt8(checkRange('nextHeader', fields.nextHeader, 0xff), 6);
  header.writeUInt8(checkRange('hopLimit', fields.hopLimit ?? 64, 0xff), 7);
  header.set(ipv6Bytes('src', fields.src), 8);
  header.set(ipv6Bytes('dst', fields.dst), 24);
  return Buffer.concat([header, fields.payload]);
}

function ipv6Bytes(field: string, address: string): Buffer {
  const bytes = addressToBytes(address);
  if (bytes.length !== 16) throw new RangeError(`${field} ${address}: must be an IPv6 address`);
  return bytes;
}
