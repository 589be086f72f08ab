/** ICMP echo (RFC 792) as users and hosts of the packet network have it. */
import { internetChecksum } from '../../host/protocol/checksum.ts';
import { IP_PROTOCOL } from '../../host/protocol/ip.ts';
import { buildIpv4, parseIpv4 } from '../../host/protocol/ipv4.ts';

/** An ICMP echo request from a user, or its answer. */
export interface Ping {
  readonly src: string;
  readonly dst: string;
  readonly type: number;
  readonly sequence: number;
  readonly ttl: number;
}

export function ping(src: string, dst: string, sequence: number, type = 8, bytes = 24): Buffer {
  const message = Buffer.alloc(8 + bytes);
  message.writeUInt8(type, 0);
  message.writeUInt16BE(sequence, 6);
  message.writeUInt16BE(internetChecksum(message), 2);
  return buildIpv4({ src, dst, protocol: IP_PROTOCOL.icmp, payload: message });
}

export function readPing(packet: Uint8Array): Ping | undefined {
  const ip = parseIpv4(packet);
  if (ip?.protocol !== IP_PROTOCOL.icmp || !ip.checksumOk || ip.payload.length < 8)
    return undefined;
  if (internetChecksum(ip.payload) !== 0) return undefined;
  const { src, dst, ttl } = ip;
  return { src, dst, ttl, type: ip.payload.readUInt8(0), sequence: ip.payload.readUInt16BE(6) };
}
