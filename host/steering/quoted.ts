/** ICMP errors: the packet that they quote (RFC 792, RFC 4443 §3; docs/card.md, ICMP errors). */
import type { IpHeader } from './headers.ts';

const ICMP = 1;
const ICMPV6 = 58;
/** Destination unreachable, source quench, redirect, time exceeded, parameter problem. */
const ERRORS_V4: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
/** Destination unreachable, packet too big, time exceeded, parameter problem. */
const ERRORS_V6: ReadonlySet<number> = new Set([1, 2, 3, 4]);
/** Bytes of ICMP before what is quoted. */
const ICMP_HEADER = 8;
/** Bytes behind the quoted IP header that must be there: its two ports. */
const LEAST_L4 = 4;

/** Of the packet that one of our processors sent. Offsets count from the frame's first byte. */
export interface Quoted {
  readonly protocol: number;
  readonly laterFragment: boolean;
  readonly l4: number;
  readonly sourceAt: number;
  readonly source: Uint8Array;
}

/** Undefined for all packets but ICMP errors that quote enough. */
export function readQuoted(frame: Uint8Array, ip: IpHeader): Quoted | undefined {
  if (ip.laterFragment || ip.firstFragment) return undefined;
  const type = frame[ip.l4] ?? 0;
  const l3 = ip.l4 + ICMP_HEADER;
  const first = frame[l3] ?? 0;
  if (first >> 4 !== ip.version) return undefined;
  if (ip.version === 4) {
    const headerLength = 4 * (first & 0x0f);
    const plain = ip.l4 === ip.l3 + 20; // no options before it
    if (ip.protocol !== ICMP || !plain || !ERRORS_V4.has(type)) return undefined;
    if (headerLength < 20) return undefined;
    const l4 = l3 + headerLength;
    const fragment = 256 * (frame[l3 + 6] ?? 0) + (frame[l3 + 7] ?? 0);
    const laterFragment = (fragment & 0x1fff) !== 0;
    const protocol = frame[l3 + 9] ?? 0;
    return quote(frame, ip, { protocol, laterFragment, l4, sourceAt: l3 + 12 }, 4);
  }
  const plain = ip.l4 === ip.l3 + 40; // no extension header before it
  if (ip.protocol !== ICMPV6 || !plain || !ERRORS_V6.has(type)) return undefined;
  const place = { laterFragment: false, l4: l3 + 40, sourceAt: l3 + 8 };
  return quote(frame, ip, { protocol: frame[l3 + 6] ?? 0, ...place }, 16);
}

function quote(
  frame: Uint8Array,
  { packetEnd }: IpHeader,
  place: Pick<Quoted, 'protocol' | 'laterFragment' | 'l4' | 'sourceAt'>,
  addressLength: number,
): Quoted | undefined {
  const { l4, sourceAt } = place;
  if (l4 + LEAST_L4 > packetEnd) return undefined;
  return { ...place, source: frame.subarray(sourceAt, sourceAt + addressLength) };
}
