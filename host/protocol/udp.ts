/** UDP (RFC 768), as a datagram and as a whole frame. */
import { checkRange, view } from './bytes.ts';
import { transportChecksum } from './checksum.ts';
import type { VlanTag } from './ethernet.ts';
import { carryIp, IP_PROTOCOL, type IpCarrier, parseIpFrame } from './ip.ts';

export interface UdpPorts {
  readonly srcPort: number;
  readonly dstPort: number;
}

export interface UdpDatagram extends UdpPorts {
  readonly payload: Buffer;
  /** 0: the sender made none, which IPv4 allows (RFC 768). */
  readonly checksum: number;
}

/** Reads a datagram; undefined where its header or length does not fit the bytes. */
export function parseUdp(segment: Uint8Array): UdpDatagram | undefined {
  if (segment.length < 8) return undefined;
  const bytes = view(segment);
  const length = bytes.readUInt16BE(4);
  if (length < 8 || length > bytes.length) return undefined;
  return {
    srcPort: bytes.readUInt16BE(0),
    dstPort: bytes.readUInt16BE(2),
    checksum: bytes.readUInt16BE(6),
    payload: bytes.subarray(8, length),
  };
}

/** A datagram with its checksum; src and dst are the IP addresses that it covers. */
export function buildUdp(
  fields: UdpPorts & { readonly src: string; readonly dst: string; readonly payload: Uint8Array },
): Buffer {
  const length = checkRange('UDP length', 8 + fields.payload.length, 0xffff);
  const segment = Buffer.allocUnsafe(length);
  segment.writeUInt16BE(checkRange('srcPort', fields.srcPort, 0xffff), 0);
  segment.writeUInt16BE(checkRange('dstPort', fields.dstPort, 0xffff), 2);
  segment.writeUInt16BE(length, 4);
  segment.writeUInt16BE(0, 6);
  segment.set(fields.payload, 8);
  const sum = transportChecksum(fields.src, fields.dst, IP_PROTOCOL.udp, segment);
  // A sum of 0 is sent as all ones, because 0 says that there is none.
  segment.writeUInt16BE(sum || 0xffff, 6);
  return segment;
}

export interface UdpFrameFields extends IpCarrier, UdpPorts {
  readonly payload: Uint8Array;
}

export interface UdpFrame extends UdpPorts {
  readonly dstMac: string;
  readonly srcMac: string;
  readonly vlans: readonly Required<VlanTag>[];
  readonly src: string;
  readonly dst: string;
  /** A view of the frame. */
  readonly payload: Buffer;
}

/** A frame with one UDP datagram, over IPv4 or IPv6 by the form of the addresses. */
export function buildUdpFrame(fields: UdpFrameFields): Buffer {
  return carryIp(fields, IP_PROTOCOL.udp, buildUdp(fields));
}

/**
 * Reads a frame with one whole UDP datagram. Undefined where it is none: another protocol, a
 * fragment, a length that does not fit or a checksum that is wrong.
 *
 * @param checksums `ignore` for what a kernel hands over before it has finished the checksum.
 */
export function parseUdpFrame(
  frame: Uint8Array,
  { checksums = 'verify' }: { readonly checksums?: 'verify' | 'ignore' } = {},
): UdpFrame | undefined {
  const ip = parseIpFrame(frame);
  if (ip === undefined || ip.protocol !== IP_PROTOCOL.udp || ip.fragment) return undefined;
  const udp = parseUdp(ip.payload);
  if (udp === undefined) return undefined;
  const { src, dst } = ip;
  if (checksums === 'verify' && !(ip.checksumOk && udpChecksumOk(src, dst, ip.payload, udp))) {
    return undefined;
  }
  const { dstMac, srcMac, vlans } = ip.ethernet;
  const { srcPort, dstPort, payload } = udp;
  return { dstMac, srcMac, vlans, src, dst, srcPort, dstPort, payload };
}

function udpChecksumOk(src: string, dst: string, bytes: Buffer, udp: UdpDatagram): boolean {
  if (udp.checksum === 0) return !src.includes(':'); // IPv6 demands one, RFC 8200 §8.1
  const segment = bytes.subarray(0, 8 + udp.payload.length);
  return transportChecksum(src, dst, IP_PROTOCOL.udp, segment) === 0;
}
