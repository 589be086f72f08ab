/** Step 2 of docs/card.md: what a frame's headers say, and how long it must be to say it. */
import { type Chain, readChain } from './extensions.ts';
import { isGroupMac, macAt } from './mac.ts';
import { CONTROL, readSlotMac } from './slot-mac.ts';

/** Offsets count from the frame's first byte. */
export interface Headers {
  /** Shortest frame that holds all headers looked at. */
  readonly headerMin: number;
  /** Where the IP packet ends; 0 where there is none. */
  readonly packetEnd: number;
  /** To a unicast address that is not the port's. Nothing else was looked at. */
  readonly foreign: boolean;
  readonly kind: 'arp' | 'ipv4' | 'ipv6' | 'heartbeat' | 'other';
  readonly neighbour: boolean;
  /** Behind the last EtherType. */
  readonly l3: number;
  /** Undefined for all but IPv4 and IPv6. */
  readonly ip: IpHeader | undefined;
}

export interface IpHeader {
  readonly version: 4 | 6;
  /** The header's version or lengths are impossible; the rest means nothing then. */
  readonly impossible: boolean;
  /** IPv6 extension headers that the card does not read through; the same. */
  readonly unreadable: boolean;
  readonly l3: number;
  readonly l4: number;
  readonly packetEnd: number;
  readonly protocol: number;
  readonly source: Uint8Array;
  /** Where the destination address begins. */
  readonly destinationAt: number;
  readonly destination: Uint8Array;
  readonly laterFragment: boolean;
  readonly firstFragment: boolean;
  /** Of the fragmented packet. */
  readonly identification: number;
}

/** Which side of the card a frame comes from: what it must be addressed to, and what is read of it. */
export type Side =
  | { readonly line: true; readonly mac: string }
  | { readonly line: false; readonly fabricPrefix: number };

const NOTHING_SEEN: Headers = {
  headerMin: 14,
  packetEnd: 0,
  foreign: false,
  kind: 'other',
  neighbour: false,
  l3: 14,
  ip: undefined,
};
const FOREIGN: Headers = { ...NOTHING_SEEN, foreign: true };

const ICMPV6 = 58;
/** Of heartbeats: IEEE 802 local experimental EtherType 1. */
const HEARTBEAT = 0x88b5;

/** A frame that is not looked into: injected as it is, or to a slot. */
export function noHeaders(): Headers {
  return NOTHING_SEEN;
}

/**
 * Bytes behind the frame's end read as 0. That cannot mislead: what is read there lies below
 * `headerMin` or `packetEnd`, so the frame is not healthy whatever it gives.
 */
export function readHeaders(frame: Uint8Array, side: Side): Headers {
  if (frame.length < 14) return NOTHING_SEEN;
  if (side.line && !isGroupMac(frame) && macAt(frame, 0) !== side.mac) return FOREIGN;
  let l3 = 14;
  let etherType = word(frame, 12);
  for (let tags = 0; tags < 2 && (etherType === 0x8100 || etherType === 0x88a8); tags++) {
    l3 += 4;
    etherType = word(frame, l3 - 2);
  }
  if (etherType === 0x0800) return readIpv4(frame, l3);
  if (etherType === 0x86dd) return readIpv6(frame, l3);
  if (etherType === 0x0806) {
    return { ...NOTHING_SEEN, headerMin: l3 + 28, kind: 'arp', neighbour: true, l3 };
  }
  const heartbeat = etherType === HEARTBEAT && !side.line;
  if (heartbeat && readSlotMac(frame, 0, side.fabricPrefix)?.slot === CONTROL) {
    return { ...NOTHING_SEEN, headerMin: l3 + 12, kind: 'heartbeat', l3 };
  }
  return { ...NOTHING_SEEN, headerMin: l3, l3 };
}

function readIpv4(frame: Uint8Array, l3: number): Headers {
  const version = byte(frame, l3) >> 4;
  const headerLength = 4 * (byte(frame, l3) & 0x0f);
  const totalLength = word(frame, l3 + 2);
  const impossible = version !== 4 || headerLength < 20 || totalLength < headerLength;
  const packetEnd = impossible ? 0 : l3 + totalLength;
  const fragment = word(frame, l3 + 6);
  const laterFragment = (fragment & 0x1fff) !== 0;
  const ip: IpHeader = {
    version: 4,
    impossible,
    unreadable: false,
    l3,
    l4: l3 + headerLength,
    packetEnd,
    protocol: byte(frame, l3 + 9),
    source: frame.subarray(l3 + 12, l3 + 16),
    destinationAt: l3 + 16,
    destination: frame.subarray(l3 + 16, l3 + 20),
    laterFragment,
    firstFragment: !laterFragment && (fragment & 0x2000) !== 0,
    identification: word(frame, l3 + 4),
  };
  const headerMin = l3 + 20;
  return { headerMin, packetEnd, foreign: false, kind: 'ipv4', neighbour: false, l3, ip };
}

function readIpv6(frame: Uint8Array, l3: number): Headers {
  const impossible = byte(frame, l3) >> 4 !== 6;
  const payloadLength = word(frame, l3 + 4);
  const nextHeader = byte(frame, l3 + 6);
  // What claims to be no IPv6 has no chain either.
  const chain = readChain(frame, l3, impossible ? NO_NEXT_HEADER : nextHeader);
  const packetEnd = impossible ? 0 : l3 + 40 + payloadLength;
  const carriesIcmp = !impossible && nextHeader === ICMPV6 && payloadLength >= 1;
  const icmpType = byte(frame, l3 + 40);
  return {
    headerMin: nextHeader === ICMPV6 ? l3 + 41 : chain.headerMin,
    packetEnd,
    foreign: false,
    kind: 'ipv6',
    // Router and neighbour solicitation and advertisement, redirect: RFC 4861 §4.
    neighbour: carriesIcmp && icmpType >= 133 && icmpType <= 137,
    l3,
    ip: ipv6Header(frame, { l3, impossible, packetEnd }, chain),
  };
}

/** Reserved (IANA): no chain begins with it. */
const NO_NEXT_HEADER = 255;

function ipv6Header(
  frame: Uint8Array,
  fixed: Pick<IpHeader, 'l3' | 'impossible' | 'packetEnd'>,
  chain: Chain,
): IpHeader {
  const { l3 } = fixed;
  return {
    ...fixed,
    version: 6,
    unreadable: chain.unreadable,
    l4: chain.l4,
    protocol: chain.protocol,
    source: frame.subarray(l3 + 8, l3 + 24),
    destinationAt: l3 + 24,
    destination: frame.subarray(l3 + 24, l3 + 40),
    laterFragment: chain.laterFragment,
    firstFragment: chain.firstFragment,
    identification: chain.identification,
  };
}

/** L4 of a packet from the line; not for later fragments. */
export interface L4 {
  /** Destination port, for protocols that have one. */
  readonly port: number | undefined;
  readonly payloadBegin: number;
  readonly payloadEnd: number;
}

/** Undefined where the header or its length does not fit the packet (`l4_length`). */
export function readL4(frame: Uint8Array, ip: IpHeader): L4 | undefined {
  const { l4, packetEnd, protocol } = ip;
  const rest = packetEnd - l4;
  if (rest < 0) return undefined;
  const port = portAt(frame, protocol, l4 + 2);
  switch (protocol) {
    case 17: {
      const length = word(frame, l4 + 4);
      if (rest < 8 || length < 8) return undefined;
      if (ip.firstFragment) return { port, payloadBegin: l4 + 8, payloadEnd: packetEnd };
      return length > rest ? undefined : { port, payloadBegin: l4 + 8, payloadEnd: l4 + length };
    }
    case 6: {
      const headerLength = 4 * (byte(frame, l4 + 12) >> 4);
      if (rest < 20 || headerLength < 20 || headerLength > rest) return undefined;
      return { port, payloadBegin: l4 + headerLength, payloadEnd: packetEnd };
    }
    case 132:
      return rest < 12 ? undefined : { port, payloadBegin: l4 + 12, payloadEnd: packetEnd };
    default:
      return { port, payloadBegin: l4, payloadEnd: packetEnd };
  }
}

/** The port at `at`, where the protocol has ports: UDP, TCP and SCTP. */
export function portAt(frame: Uint8Array, protocol: number, at: number): number | undefined {
  return protocol === 17 || protocol === 6 || protocol === 132 ? word(frame, at) : undefined;
}

function byte(frame: Uint8Array, offset: number): number {
  return frame[offset] ?? 0;
}

function word(frame: Uint8Array, offset: number): number {
  return byte(frame, offset) * 256 + byte(frame, offset + 1);
}
