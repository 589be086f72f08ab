/** The Internet checksum (RFC 1071) and SCTP's CRC32c (RFC 9260 appendix A). */
import { addressToBytes } from './address.ts';

/**
 * Ones' complement of the ones' complement sum of the 16-bit words of all parts as one string of
 * bytes. Over bytes that hold a right checksum it is 0.
 */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  let high = true; // a part may end in the middle of a word
  for (const part of parts) {
    for (const byte of part) {
      sum += high ? byte << 8 : byte;
      high = !high;
    }
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** What UDP, TCP and ICMPv6 sum before themselves: RFC 768, RFC 9293 §3.1, RFC 8200 §8.1. */
export function pseudoHeader(src: string, dst: string, protocol: number, length: number): Buffer {
  const [from, to] = [addressToBytes(src), addressToBytes(dst)];
  if (from.length !== to.length) {
    throw new RangeError(`${src} and ${dst} are addresses of two IP versions`);
  }
  const tail = Buffer.alloc(from.length === 4 ? 4 : 8);
  if (from.length === 4) {
    tail.writeUInt8(protocol, 1);
    tail.writeUInt16BE(length, 2);
  } else {
    tail.writeUInt32BE(length, 0);
    tail.writeUInt8(protocol, 7);
  }
  return Buffer.concat([from, to, tail]);
}

/** Castagnoli's polynomial, bit-reversed. */
const CRC32C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC32c as a number; SCTP writes it with the least significant byte first. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC32C[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
