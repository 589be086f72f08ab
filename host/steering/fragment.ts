/** What tells fragmented packets apart, and where the card remembers them (docs/card.md). */

import { way0 } from './hash.ts';
import type { IpHeader } from './headers.ts';

/** Name spaces of fragmented packets in the hash. */
const SPACE = { 4: 0xfe, 6: 0xff };

export interface FragmentKey {
  readonly space: number;
  readonly key: bigint;
}

/** RFC 791 §3.2: protocol, identification and both addresses. RFC 8200 §4.5: all but the protocol. */
export function fragmentKey(ip: IpHeader): FragmentKey {
  const { version, identification, protocol } = ip;
  const [source, destination] = [number(ip.source), number(ip.destination)];
  if (version === 4) {
    const who = (BigInt(protocol) << 16n) | BigInt(identification);
    return { space: SPACE[4], key: (who << 80n) | (source << 32n) | destination };
  }
  const addresses = fold(source) ^ rotate(fold(destination));
  return { space: SPACE[6], key: (BigInt(identification) << 96n) | addresses };
}

/** Its place in a table of so many. */
export function fragmentPlace({ space, key }: FragmentKey, size: number): number {
  return way0(space, key) % size;
}

const WIDTH = 96n;
const WHOLE = (1n << WIDTH) - 1n;

/** 128 bits as 96: the upper 32 over the highest that stay. */
function fold(address: bigint): bigint {
  return (address & WHOLE) ^ ((address >> WIDTH) << 64n);
}

/** Left by 48 bits of 96, so that source and destination are no mirror image of each other. */
function rotate(value: bigint): bigint {
  return ((value << 48n) | (value >> 48n)) & WHOLE;
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}
