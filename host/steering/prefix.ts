/** Destination prefixes: `192.0.2.0/24`, `2001:db8::/32`, a single address, or address/mask. */
import { addressToBytes, bytesToAddress, ipVersion } from '../protocol/address.ts';
import type { Prefix } from './rule.ts';

/** Everything of one IP version. */
export const WHOLE_INTERNET: readonly Prefix[] = [parsePrefix('0.0.0.0/0'), parsePrefix('::/0')];

/** Throws RangeError with the remedy where the text is no prefix, or has bits that are not compared. */
export function parsePrefix(text: string): Prefix {
  const [host = '', tail, ...rest] = text.split('/');
  if (rest.length > 0) throw new RangeError(`"${text}" has two slashes; write address/length`);
  const version = ipVersion(host);
  const address = addressToBytes(host);
  const mask = tail === undefined ? Buffer.alloc(address.length, 0xff) : parseMask(tail, version);
  const masked = address.map((byte, i) => byte & (mask[i] ?? 0));
  if (!address.equals(masked)) {
    const meant = `${bytesToAddress(masked)}/${tail}`;
    throw new RangeError(`"${text}" has bits set that its mask leaves out; write ${meant}`);
  }
  return { text, version, address, mask };
}

function parseMask(tail: string, version: 4 | 6): Buffer {
  const bits = version === 4 ? 32 : 128;
  if (!/^\d+$/.test(tail)) {
    // Masks with holes choose, say, one host of each of many networks.
    const mask = addressToBytes(tail);
    if (mask.length * 8 !== bits)
      throw new RangeError(`"/${tail}" is a mask of another IP version`);
    return mask;
  }
  const length = Number(tail);
  if (length > bits)
    throw new RangeError(`"/${tail}" is too long; IPv${version} has /0 to /${bits}`);
  const octet = (i: number) => 0xff00 >> Math.min(8, Math.max(0, length - i * 8));
  return Buffer.from(Array.from({ length: bits / 8 }, (_, i) => octet(i) & 0xff));
}

/** Whether every address of `inner` is one of `outer`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return (
    outer.version === inner.version &&
    outer.mask.every((bits, i) => {
      const difference = (outer.address[i] ?? 0) ^ (inner.address[i] ?? 0);
      return (bits & ~(inner.mask[i] ?? 0)) === 0 && (bits & difference) === 0;
    })
  );
}

/** Whether some address is in both. */
export function prefixesMeet(a: Prefix, b: Prefix): boolean {
  return (
    a.version === b.version &&
    a.mask.every((bits, i) => {
      const difference = (a.address[i] ?? 0) ^ (b.address[i] ?? 0);
      return (bits & (b.mask[i] ?? 0) & difference) === 0;
    })
  );
}

/** Equal for prefixes that match the same addresses. */
export function prefixKey({ version, address, mask }: Prefix): string {
  const compared = address.map((byte, i) => byte & (mask[i] ?? 0));
  return `${version}:${Buffer.from(compared).toString('hex')}/${Buffer.from(mask).toString('hex')}`;
}
