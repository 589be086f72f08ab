/** Which rule a packet from the line matches (docs/card.md, step 3), and the identifier it reads. */
import { type IpHeader, type L4, portAt } from './headers.ts';
import type { Quoted } from './quoted.ts';
import { type Identifier, type Prefix, type Rule, readsL4 } from './rule.ts';

/** What rules are held against. */
export interface Packet {
  readonly frame: Uint8Array;
  readonly ip: IpHeader;
  /** Undefined for later fragments, and for packets that are judged by what they quote. */
  readonly l4: L4 | undefined;
  readonly quoted: Quoted | undefined;
  readonly protocol: number;
  /** Where the session's own end is: the destination, or the source of a quoted packet. */
  readonly own: Uint8Array;
  /** Of the session's own end. */
  readonly port: number | undefined;
  readonly laterFragment: boolean;
}

export function packetOf(frame: Uint8Array, ip: IpHeader, l4: L4 | undefined): Packet {
  const { protocol, destination: own, laterFragment } = ip;
  return { frame, ip, l4, quoted: undefined, protocol, own, port: l4?.port, laterFragment };
}

/** The packet that came back in an ICMP error: what it was sent from is what it would come in to. */
export function quotedPacket(frame: Uint8Array, ip: IpHeader, quoted: Quoted): Packet {
  const { protocol, source: own, laterFragment } = quoted;
  const port = laterFragment ? undefined : portAt(frame, protocol, quoted.l4);
  return { frame, ip, l4: undefined, quoted, protocol, own, port, laterFragment };
}

/** Whether all of a rule's conditions hold. */
export function matches(rule: Rule, packet: Packet): boolean {
  const { protocol, destinations, ports } = rule.match;
  if (protocol !== 'any' && protocol !== packet.protocol) return false;
  if (ports !== 'any') {
    const { port } = packet;
    if (port === undefined || port < ports.low || port > ports.high) return false;
  }
  if (destinations !== 'any' && !destinations.some((prefix) => within(packet, prefix))) {
    return false;
  }
  if (packet.laterFragment && readsL4(rule)) return false;
  return compares(rule, packet);
}

function within({ ip, own }: Packet, { version, address, mask }: Prefix): boolean {
  if (version !== ip.version) return false;
  return mask.every((bits, i) => ((own[i] ?? 0) & bits) === ((address[i] ?? 0) & bits));
}

function compares({ match: { compare } }: Rule, { frame, l4 }: Packet): boolean {
  if (compare === undefined || compare.mask === 0) return true;
  if (l4 === undefined) return false;
  for (let i = 0; i < 4; i++) {
    const bits = (compare.mask >>> (24 - i * 8)) & 0xff;
    if (bits === 0) continue;
    const at = l4.payloadBegin + compare.offset + i;
    const difference = (frame[at] ?? 0) ^ (compare.value >>> (24 - i * 8));
    if (at >= l4.payloadEnd || (difference & bits) !== 0) return false;
  }
  return true;
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

/**
 * Where an identifier lies in a quoted packet, which has it where the sender's own packets have it:
 * in the source address instead of the destination's, or in the source port. Undefined where the
 * identifier is something else.
 */
export function placeInQuoted(
  { base, offset, width }: Identifier,
  { l4, sourceAt, source }: Quoted,
): number | undefined {
  if (base === 'destination') {
    return offset + width <= source.length ? sourceAt + offset : undefined;
  }
  // The destination port, bytes 2 and 3, has the source port as its counterpart, bytes 0 and 1.
  const isPort = base === 'l4' && offset >= 2 && offset + width <= 4;
  return isPort ? l4 + offset - 2 : undefined;
}

/** The bytes at `at` as a number, in the identifier's byte order. */
export function readKey(frame: Uint8Array, at: number, { width, order }: Identifier): bigint {
  let high = 0;
  let low = 0;
  for (let i = 0; i < width; i++) {
    const byte = frame[order === 'little' ? at + width - 1 - i : at + i] ?? 0;
    high = ((high << 8) | (low >>> 24)) >>> 0;
    low = ((low << 8) | byte) >>> 0;
  }
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

/** The VID that a key stands for; it may be beyond any table. */
export function vidOf(key: bigint, { mask, subtract, shift }: Identifier): bigint {
  return BigInt.asUintN(64, (key & mask) - subtract) >> BigInt(shift);
}
