/** The Internet checksum (RFC 1071) and SCTP's CRC32c (RFC 9260 appendix A). */
import { addressToBytes } from './address.ts';

/**
 * Ones' complement of the ones' complement sum of the 16-bit words of all parts as one string of
 * bytes. Over bytes that hold a right checksum it is 0.
 */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  return complement(0, parts);
}

/**
 * The same over what UDP, TCP and ICMPv6 sum before themselves (RFC 768, RFC 9293 §3.1, RFC 8200 §8.1), and
 * `parts`. Throws RangeError for addresses of two IP versions.
 */
export function transportChecksum(
  src: string,
  dst: string,
  protocol: number,
  ...parts: readonly Uint8Array[]
): number {
  const [from, to] = [addressToBytes(src), addressToBytes(dst)];
  if (from.length !== to.length) {
    throw new RangeError(`${src} and ${dst} are addresses of two IP versions`);
  }
  let length = 0;
  for (const part of parts) length += part.length;
  // The upper half of IPv6's length field counts, too, and adds nothing: segments are shorter.
  return complement(wordSum(from) + wordSum(to) + protocol + length, parts);
}

/** Of whole 16-bit words. */
function wordSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  }
  return sum;
}

function complement(begun: number, parts: readonly Uint8Array[]): number {
  let sum = begun;
  let high = true; // a part may end in the middle of a word
  for (const part of parts) {
    const { length } = part;
    let at = 0;
    if (!high && length > 0) {
      sum += part[at++] ?? 0;
      high = true;
    }
    for (; at + 1 < length; at += 2) sum += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0);
    if (at < length) {
      sum += (part[at] ?? 0) << 8;
      high = false;
    }
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
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
