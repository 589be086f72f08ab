/** Packets that host/protocol has no need to build: extension headers, ICMP errors, heartbeats. */
import { buildEthernet, type LinkHeader } from '../../host/protocol/ethernet.ts';
import { buildIpv6, type Ipv6Fields } from '../../host/protocol/ipv6.ts';

/** An extension header; its first byte, the next header, is filled in when they are chained. */
export interface Extension {
  readonly type: number;
  readonly bytes: Buffer;
}

/** Of a type whose length is given in units of eight bytes, or of four for AH (51). */
export function extension(type: number, length: number): Extension {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(type === 51 ? length / 4 - 2 : length / 8 - 1, 1);
  return { type, bytes };
}

/** @param offset in bytes, a multiple of 8. */
export function fragmentHeader(offset: number, more: boolean, identification: number): Extension {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(offset | (more ? 1 : 0), 2);
  bytes.writeUInt32BE(identification >>> 0, 4);
  return { type: 44, bytes };
}

/** Chains headers before a payload of type `nextHeader`. */
export function chain(
  extensions: readonly Extension[],
  nextHeader: number,
  payload: Uint8Array,
): { nextHeader: number; payload: Buffer } {
  const headers = extensions.map(({ bytes }, i) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(extensions[i + 1]?.type ?? nextHeader, 0);
    return copy;
  });
  return {
    nextHeader: extensions[0]?.type ?? nextHeader,
    payload: Buffer.concat([...headers, payload]),
  };
}

/** An IPv6 frame with extension headers. */
export function buildExtended(
  link: LinkHeader,
  { nextHeader, payload, ...fields }: Ipv6Fields,
  extensions: readonly Extension[],
): Buffer {
  const packet = buildIpv6({ ...fields, ...chain(extensions, nextHeader, payload) });
  return buildEthernet({ ...link, etherType: 0x86dd, payload: packet });
}

/** ICMP or ICMPv6: type, code, checksum, four bytes of whatever, and what is quoted. */
export function icmpError(type: number, quoted: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type, 0, 0, 0, 0, 0, 0, 0), quoted]);
}

/** What follows the EtherType of a heartbeat (docs/card.md, Heartbeats). */
export function heartbeat(nonce: number, sequence = 0, version = 1): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(version, 0);
  bytes.writeUInt32BE(nonce >>> 0, 4);
  bytes.writeUInt32BE(sequence >>> 0, 8);
  return bytes;
}

/** IEEE 802 local experimental EtherType 1, of heartbeats. */
export const HEARTBEAT_TYPE = 0x88b5;
