/** Which rule a packet from the line matches (docs/card.md, step 3), and the identifier it reads. */
import type { IpHeader, L4 } from './headers.ts';
import { type Identifier, type Prefix, type Rule, readsL4 } from './rule.ts';

/** A packet whose headers are in order; `l4` is undefined for later fragments. */
export interface Packet {
  readonly frame: Uint8Array;
  readonly ip: IpHeader;
  readonly l4: L4 | undefined;
}

/** Whether all of a rule's conditions hold. */
export function matches(rule: Rule, packet: Packet): boolean {
  const { protocol, destinations, ports } = rule.match;
  const { ip, l4 } = packet;
  if (readsL4(rule) && ip.laterFragment) return false;
  if (protocol !== 'any' && protocol !== ip.protocol) return false;
  if (destinations !== 'any' && !destinations.some((prefix) => within(ip, prefix))) return false;
  if (ports !== 'any') {
    const port = l4?.port;
    if (port === undefined || port < ports.low || port > ports.high) return false;
  }
  return compares(rule, packet);
}

function within(ip: IpHeader, { version, address, mask }: Prefix): boolean {
  if (version !== ip.version) return false;
  return mask.every((bits, i) => {
    return ((ip.destination[i] ?? 0) & bits) === ((address[i] ?? 0) & bits);
  });
}

function compares({ match: { compare } }: Rule, { frame, l4 }: Packet): boolean {
  if (compare === undefined || compare.mask === 0) return true;
  if (l4 === undefined) return false;
  const mask = bigEndianBytes(compare.mask);
  const value = bigEndianBytes(compare.value);
  return mask.every((bits, i) => {
    if (bits === 0) return true;
    const at = l4.payloadBegin + compare.offset + i;
    return at < l4.payloadEnd && ((frame[at] ?? 0) & bits) === ((value[i] ?? 0) & bits);
  });
}

function bigEndianBytes(word: number): number[] {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff);
}

/**
 * Where an identifier lies: its offset, and the byte before which its last byte must lie. `l4` and
 * `payload` need an L4 header; a rule that reads them matches no packet without one.
 */
export function placeOf(identifier: Identifier, { ip, l4 }: Packet): { at: number; end: number } {
  const payloadEnd = l4?.payloadEnd ?? 0;
  const { offset } = identifier;
  switch (identifier.base) {
    case 'l3':
      return { at: ip.l3 + offset, end: ip.packetEnd };
    case 'destination':
      return { at: ip.destinationAt + offset, end: ip.packetEnd };
    case 'l4':
      return { at: ip.l4 + offset, end: payloadEnd };
    case 'payload':
      return { at: (l4?.payloadBegin ?? 0) + offset, end: payloadEnd };
  }
}

/** The bytes at `at` as a number, in the identifier's byte order. */
export function readKey(frame: Uint8Array, at: number, { width, order }: Identifier): bigint {
  const bytes = [...frame.subarray(at, at + width)];
  if (order === 'little') bytes.reverse();
  return bytes.reduce((key, byte) => key * 256n + BigInt(byte), 0n);
}

/** The VID that a key stands for; it may be beyond any table. */
export function vidOf(key: bigint, { mask, subtract, shift }: Identifier): bigint {
  return BigInt.asUintN(64, (key & mask) - subtract) >> BigInt(shift);
}
