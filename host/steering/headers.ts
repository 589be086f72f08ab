/** Step 2 of docs/card.md: what a frame's headers say, and how long it must be to say it. */
import { bytesToMac, isGroupMac } from '../protocol/address.ts';

/** Offsets count from the frame's first byte. */
export interface Headers {
  /** Shortest frame that holds all headers looked at. */
  readonly headerMin: number;
  /** Where the IP packet ends; 0 where there is none. */
  readonly packetEnd: number;
  /** To a unicast address that is not the port's. Nothing else was looked at. */
  readonly foreign: boolean;
  readonly kind: 'arp' | 'ipv4' | 'ipv6' | 'other';
  readonly neighbour: boolean;
  /** Undefined for all but IPv4 and IPv6. */
  readonly ip: IpHeader | undefined;
}

export interface IpHeader {
  readonly version: 4 | 6;
  /** The header's version or lengths are impossible; the rest means nothing then. */
  readonly impossible: boolean;
  readonly l3: number;
  readonly l4: number;
  readonly packetEnd: number;
  readonly protocol: number;
  /** Where the destination address begins. */
  readonly destinationAt: number;
  readonly destination: Uint8Array;
  readonly laterFragment: boolean;
  readonly firstFragment: boolean;
}

const NOTHING_SEEN: Headers = {
  headerMin: 14,
  packetEnd: 0,
  foreign: false,
  kind: 'other',
  neighbour: false,
  ip: undefined,
};

const ICMPV6 = 58;

/** A frame that is not looked into: injected as it is, or to a slot. */
export function noHeaders(): Headers {
  return NOTHING_SEEN;
}

/**
 * Bytes behind the frame's end read as 0. That cannot mislead: what is read there lies below
 * `headerMin`, so the frame is `truncated` whatever it gives.
 *
 * @param portMac where the frame must be addressed to it or to a group; undefined for any address.
 */
export function readHeaders(frame: Uint8Array, portMac: string | undefined): Headers {
  if (frame.length < 14) return NOTHING_SEEN;
  const addressed = bytesToMac(frame, 0);
  if (portMac !== undefined && addressed !== portMac && !isGroupMac(addressed)) {
    return { ...NOTHING_SEEN, foreign: true };
  }
  let l3 = 14;
  let etherType = word(frame, 12);
  for (let tags = 0; tags < 2 && (etherType === 0x8100 || etherType === 0x88a8); tags++) {
    l3 += 4;
    etherType = word(frame, l3 - 2);
  }
  if (etherType === 0x0806) {
    return { ...NOTHING_SEEN, headerMin: l3 + 28, kind: 'arp', neighbour: true };
  }
  if (etherType === 0x0800) return readIpv4(frame, l3);
  if (etherType === 0x86dd) return readIpv6(frame, l3);
  return { ...NOTHING_SEEN, headerMin: l3 };
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
    l3,
    l4: l3 + headerLength,
    packetEnd,
    protocol: byte(frame, l3 + 9),
    destinationAt: l3 + 16,
    destination: frame.subarray(l3 + 16, l3 + 20),
    laterFragment,
    firstFragment: !laterFragment && (fragment & 0x2000) !== 0,
  };
  const headerMin = l3 + 20;
  return { headerMin, packetEnd, foreign: false, kind: 'ipv4', neighbour: false, ip };
}

function readIpv6(frame: Uint8Array, l3: number): Headers {
  const impossible = byte(frame, l3) >> 4 !== 6;
  const payloadLength = word(frame, l3 + 4);
  const nextHeader = byte(frame, l3 + 6);
  const l4 = l3 + 40;
  const packetEnd = impossible ? 0 : l4 + payloadLength;
  const carriesIcmp = !impossible && nextHeader === ICMPV6 && payloadLength >= 1;
  const icmpType = byte(frame, l4);
  const ip: IpHeader = {
    version: 6,
    impossible,
    l3,
    l4,
    packetEnd,
    protocol: nextHeader,
    destinationAt: l3 + 24,
    destination: frame.subarray(l3 + 24, l3 + 40),
    laterFragment: false,
    firstFragment: false,
  };
  return {
    headerMin: nextHeader === ICMPV6 ? l3 + 41 : l3 + 40,
    packetEnd,
    foreign: false,
    kind: 'ipv6',
    // Router and neighbour solicitation and advertisement, redirect: RFC 4861 §4.
    neighbour: carriesIcmp && icmpType >= 133 && icmpType <= 137,
    ip,
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
  const { l4, packetEnd } = ip;
  const rest = packetEnd - l4;
  const port = word(frame, l4 + 2);
  switch (ip.protocol) {
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
      return { port: undefined, payloadBegin: l4, payloadEnd: packetEnd };
  }
}

function byte(frame: Uint8Array, offset: number): number {
  return frame[offset] ?? 0;
}

function word(frame: Uint8Array, offset: number): number {
  return byte(frame, offset) * 256 + byte(frame, offset + 1);
}
