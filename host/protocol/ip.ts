/** IPv4 and IPv6 under one roof: frames whose payload does not care which one carries it. */
import { ipVersion } from './address.ts';
import {
  buildEthernet,
  ETHERTYPE,
  type EthernetFrame,
  type LinkHeader,
  parseEthernet,
} from './ethernet.ts';
import { buildIpv4, type Ipv4Packet, parseIpv4 } from './ipv4.ts';
import { buildIpv6, type Ipv6Packet, parseIpv6 } from './ipv6.ts';

/** IANA protocol numbers that we name. */
export const IP_PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 };

export interface IpFrameFields extends LinkHeader {
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** IPv4's TTL or IPv6's hop limit. */
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  /** IPv4 only. */
  readonly identification?: number;
  /** IPv4 only. */
  readonly options?: Uint8Array;
}

/** What surrounds an L4 segment; the same for every L4 protocol's own frame functions. */
export type IpCarrier = Omit<IpFrameFields, 'protocol' | 'payload'>;

export interface IpFrame {
  readonly ethernet: EthernetFrame;
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  readonly hopLimit: number;
  /** Behind the IP header, without padding. */
  readonly payload: Buffer;
  /** A part of a packet only. */
  readonly fragment: boolean;
  /** Always true for IPv6, which has no header checksum. */
  readonly checksumOk: boolean;
}

/** Reads link and IP header; undefined where the frame carries no whole IP packet. */
export function parseIpFrame(frame: Uint8Array): IpFrame | undefined {
  const ethernet = parseEthernet(frame);
  if (ethernet?.etherType === ETHERTYPE.ipv4) {
    const packet = parseIpv4(ethernet.payload);
    return packet && fromIpv4(ethernet, packet);
  }
  if (ethernet?.etherType === ETHERTYPE.ipv6) {
    const packet = parseIpv6(ethernet.payload);
    return packet && fromIpv6(ethernet, packet);
  }
  return undefined;
}

function fromIpv4(ethernet: EthernetFrame, packet: Ipv4Packet): IpFrame {
  const { src, dst, protocol, payload, checksumOk } = packet;
  const fragment = packet.moreFragments || packet.fragmentOffset !== 0;
  return { ethernet, src, dst, protocol, hopLimit: packet.ttl, payload, fragment, checksumOk };
}

function fromIpv6(ethernet: EthernetFrame, packet: Ipv6Packet): IpFrame {
  const { src, dst, nextHeader, hopLimit, payload } = packet;
  const common = { ethernet, src, dst, hopLimit, payload, checksumOk: true };
  return { ...common, protocol: nextHeader, fragment: false };
}

/** A frame with an IPv4 or IPv6 packet, by the form of the addresses. */
export function buildIpFrame(fields: IpFrameFields): Buffer {
  return carryIp(fields, fields.protocol, fields.payload);
}

/** The same with the segment apart, for those that have one of their own. */
export function carryIp(fields: IpCarrier, protocol: number, payload: Uint8Array): Buffer {
  const { dstMac, srcMac, vlans = [], src, dst } = fields;
  const trafficClass = fields.trafficClass ?? 0;
  const hopLimit = fields.hopLimit ?? 64;
  if (ipVersion(src) === 6) {
    const ip = { src, dst, nextHeader: protocol, payload, trafficClass, hopLimit };
    const etherType = ETHERTYPE.ipv6;
    return buildEthernet({ dstMac, srcMac, vlans, etherType, payload: buildIpv6(ip) });
  }
  const packet = buildIpv4({
    src,
    dst,
    protocol,
    payload,
    trafficClass,
    ttl: hopLimit,
    identification: fields.identification ?? 0,
    options: fields.options ?? new Uint8Array(0),
  });
  return buildEthernet({ dstMac, srcMac, vlans, etherType: ETHERTYPE.ipv4, payload: packet });
}
