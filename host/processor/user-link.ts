/**
 * What a gateway says to users and their peers as a router: the prefix of an IPv6 user (TS 29.061
 * §11.2.1.3.2, RFC 4861 §6.2.6), and that a packet is too long for a tunnel (RFC 1191, RFC 8201).
 */
import { addressToBytes, bytesToAddress } from '../protocol/address.ts';
import { internetChecksum, transportChecksum } from '../protocol/checksum.ts';
import { IP_PROTOCOL } from '../protocol/ip.ts';
import { buildIpv4 } from '../protocol/ipv4.ts';
import { buildIpv6 } from '../protocol/ipv6.ts';
import type { UserPacket } from './user-packet.ts';

const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
/** The gateway's own address on each user's link. */
const LINK_LOCAL = 'fe80::1';
const ALL_NODES = 'ff02::1';
/** Bytes of the offending packet that an ICMPv4 error quotes (RFC 1812 §4.3.2.3, as most do). */
const QUOTED_V4 = 548;
/** So that an ICMPv6 error stays within the least MTU (RFC 4443 §2.4). */
const QUOTED_V6 = 1232;

/** The advertisement for a user that solicits one; undefined where the packet is none. */
export function answerRouterSolicitation(
  packet: UserPacket,
  prefix: string,
  mtu: number,
): Buffer | undefined {
  const { version, protocol, bytes, payload } = packet;
  if (version !== 6 || protocol !== IP_PROTOCOL.icmpv6) return undefined;
  if (bytes[payload] !== ROUTER_SOLICITATION) return undefined;
  const message = Buffer.alloc(16 + 32 + 8);
  message.writeUInt8(ROUTER_ADVERTISEMENT, 0);
  message.writeUInt8(64, 4); // hop limit for users
  message.writeUInt16BE(9000, 6); // router's life in seconds, the longest (RFC 4861 §6.2.1)
  // Prefix information (§4.6.2): for addresses of its own, for ever, and not on-link.
  message.set([3, 4, 64, 0x40], 16);
  message.fill(0xff, 20, 28);
  message.set(addressToBytes(prefix), 32);
  // MTU (§4.6.4).
  message.set([5, 1], 48);
  message.writeUInt32BE(mtu, 52);
  return icmpv6(LINK_LOCAL, ALL_NODES, message);
}

/**
 * Tells the sender of a packet that it is too long for the way to the user; undefined where a router
 * must not: it may be fragmented by others, or is an ICMP error itself.
 */
export function tooLong(packet: UserPacket, mtu: number, address: string): Buffer | undefined {
  const { version, bytes, protocol, payload } = packet;
  const src = bytesToAddress(packet.sourceBytes);
  if (version === 6) {
    if (protocol === IP_PROTOCOL.icmpv6 && (bytes[payload] ?? 0) < 128) return undefined;
    const message = Buffer.concat([Buffer.alloc(8), bytes.subarray(0, QUOTED_V6)]);
    message.writeUInt8(2, 0); // packet too big
    message.writeUInt32BE(mtu, 4);
    const own = address.includes(':') ? address : LINK_LOCAL;
    return icmpv6(own, src, message);
  }
  const dontFragment = (bytes.readUInt16BE(6) & 0x4000) !== 0;
  if (!dontFragment || address.includes(':')) return undefined;
  if (protocol === IP_PROTOCOL.icmp && ![0, 8].includes(bytes[payload] ?? 0)) return undefined;
  const message = Buffer.concat([Buffer.alloc(8), bytes.subarray(0, QUOTED_V4)]);
  message.set([3, 4], 0); // destination unreachable, fragmentation needed
  message.writeUInt16BE(mtu, 6);
  message.writeUInt16BE(internetChecksum(message), 2);
  return buildIpv4({ src: address, dst: src, protocol: IP_PROTOCOL.icmp, payload: message });
}

function icmpv6(src: string, dst: string, message: Buffer): Buffer {
  message.writeUInt16BE(transportChecksum(src, dst, IP_PROTOCOL.icmpv6, message), 2);
  return buildIpv6({ src, dst, nextHeader: IP_PROTOCOL.icmpv6, hopLimit: 255, payload: message });
}
