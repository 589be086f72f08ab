/** IPv4 packets (RFC 791). */
import { addressToBytes, bytesToAddress } from './address.ts';
import { checkRange, view } from './bytes.ts';
import { internetChecksum } from './checksum.ts';

export interface Ipv4Fields {
  readonly src: string;
  readonly dst: string;
  /** IANA protocol number. */
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** DSCP and ECN. */
  readonly trafficClass?: number;
  readonly identification?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** Bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  readonly ttl?: number;
  /** Padded with "end of option list" to a multiple of 4; at most 40 bytes. */
  readonly options?: Uint8Array;
}

export interface Ipv4Packet extends Required<Ipv4Fields> {
  readonly payload: Buffer;
  readonly options: Buffer;
  /** Bytes of the header, 20 to 60. */
  readonly headerLength: number;
  readonly checksumOk: boolean;
}

/**
 * Reads a packet; bytes behind its total length (padding) are left out. Undefined where version,
 * header length or total length is impossible or the bytes end before the packet does.
 */
export function parseIpv4(packet: Uint8Array): Ipv4Packet | undefined {
  if (packet.length < 20) return undefined;
  const bytes = view(packet);
  const headerLength = (bytes.readUInt8(0) & 0x0f) * 4;
  const totalLength = bytes.readUInt16BE(2);
  if (bytes.readUInt8(0) >> 4 !== 4 || headerLength < 20) return undefined;
  if (totalLength < headerLength || totalLength > bytes.length) return undefined;
  const fragment = bytes.readUInt16BE(6);
  return {
    src: bytesToAddress(bytes.subarray(12, 16)),
    dst: bytesToAddress(bytes.subarray(16, 20)),
    protocol: bytes.readUInt8(9),
    trafficClass: bytes.readUInt8(1),
    identification: bytes.readUInt16BE(4),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    ttl: bytes.readUInt8(8),
    options: bytes.subarray(20, headerLength),
    payload: bytes.subarray(headerLength, totalLength),
    headerLength,
    checksumOk: internetChecksum(bytes.subarray(0, headerLength)) === 0,
  };
}

/** A packet with its header checksum. Throws where a field does not fit its place. */
export function buildIpv4(fields: Ipv4Fields): Buffer {
  const options = fields.options ?? new Uint8Array(0);
  const headerLength = 20 + Math.ceil(checkRange('length of options', options.length, 40) / 4) * 4;
  const totalLength = checkRange('total length', headerLength + fields.payload.length, 0xffff);
  const packet = Buffer.allocUnsafe(totalLength);
  const header = packet.subarray(0, headerLength).fill(0);
  const offset = fields.fragmentOffset ?? 0;
  if (offset % 8 !== 0) throw new RangeError(`fragmentOffset ${offset}: must be a multiple of 8`);
  const units = checkRange('fragmentOffset / 8', offset / 8, 0x1fff);
  const flags = (fields.dontFragment ? 0x4000 : 0) | (fields.moreFragments ? 0x2000 : 0);
  header.writeUInt8(0x40 | (headerLength / 4), 0);
  header.writeUInt8(checkRange('trafficClass', fields.trafficClass ?? 0, 0xff), 1);
  header.writeUInt16BE(totalLength, 2);
  header.writeUInt16BE(checkRange('identification', fields.identification ?? 0, 0xffff), 4);
  header.writeUInt16BE(flags | units, 6);
  header.writeUInt8(checkRange('ttl', fields.ttl ?? 64, 0xff), 8);
  header.writeUInt8(checkRange('protocol', fields.protocol, 0xff), 9);
  header.set(ipv4Bytes('src', fields.src), 12);
  header.set(ipv4Bytes('dst', fields.dst), 16);
  header.set(options, 20);
  header.writeUInt16BE(internetChecksum(header), 10);
  packet.set(fields.payload, headerLength);
  return packet;
}

function ipv4Bytes(field: string, address: string): Buffer {
  const bytes = addressToBytes(address);
  if (bytes.length !== 4) throw new RangeError(`${field} ${address}: must be an IPv4 address`);
  return bytes;
}
