/** A user's IP packet on its way through the gateway. */
import { bytesToAddress } from '../protocol/address.ts';
import { view } from '../protocol/bytes.ts';
import type { FlowKey } from './traffic-match.ts';

export interface UserPacket extends FlowKey {
  readonly version: 4 | 6;
  /** The packet without what stands behind its length; `hop` changes it. */
  readonly bytes: Buffer;
  readonly sourceBytes: Buffer;
  readonly destination: Buffer;
  /** Where the payload begins; IPv6 extension headers are part of it. */
  readonly payload: number;
  /** Takes one off TTL or hop limit; false, and nothing changed, where none is left. */
  readonly hop: () => boolean;
}

/** Undefined where it is no IP packet, or shorter than it says. */
export function readUserPacket(given: Uint8Array): UserPacket | undefined {
  const bytes = view(given);
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) return readIpv4(bytes);
  return version === 6 ? readIpv6(bytes) : undefined;
}

function readIpv4(all: Buffer): UserPacket | undefined {
  if (all.length < 20) return undefined;
  const head = ((all[0] ?? 0) & 0x0f) * 4;
  const total = all.readUInt16BE(2);
  if (head < 20 || total < head || total > all.length) return undefined;
  const bytes = all.subarray(0, total);
  const isFirst = (bytes.readUInt16BE(6) & 0x1fff) === 0;
  const protocol = bytes.readUInt8(9);
  return {
    version: 4,
    bytes,
    sourceBytes: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    payload: head,
    protocol,
    source: () => bytesToAddress(bytes.subarray(12, 16)),
    sourcePort: () => (isFirst ? portAt(bytes, head, protocol) : undefined),
    hop: () => {
      const ttl = bytes.readUInt8(8);
      if (ttl <= 1) return false;
      bytes.writeUInt8(ttl - 1, 8);
      // RFC 1624: the sum's complement grows by what its word has lost, 0x0100.
      const sum = bytes.readUInt16BE(10) + 0x0100;
      bytes.writeUInt16BE((sum + Number(sum >= 0xffff)) & 0xffff, 10);
      return true;
    },
  };
}

function readIpv6(all: Buffer): UserPacket | undefined {
  if (all.length < 40 || all.length < 40 + all.readUInt16BE(4)) return undefined;
  const bytes = all.subarray(0, 40 + all.readUInt16BE(4));
  const protocol = bytes.readUInt8(6);
  return {
    version: 6,
    bytes,
    sourceBytes: bytes.subarray(8, 24),
    destination: bytes.subarray(24, 40),
    payload: 40,
    protocol,
    source: () => bytesToAddress(bytes.subarray(8, 24)),
    sourcePort: () => portAt(bytes, 40, protocol),
    hop: () => {
      const limit = bytes.readUInt8(7);
      if (limit <= 1) return false;
      bytes.writeUInt8(limit - 1, 7);
      return true;
    },
  };
}

/** Of TCP and UDP. */
function portAt(bytes: Buffer, at: number, protocol: number): number | undefined {
  if ((protocol !== 6 && protocol !== 17) || bytes.length < at + 2) return undefined;
  return bytes.readUInt16BE(at);
}
