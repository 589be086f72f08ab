/** Pools of users' addresses that carry a VID: what a rule by destination address says of them. */

import { bytesToAddress } from '../protocol/address.ts';
import type { ControlPool } from '../protocol/control.ts';
import type { Rule } from './rule.ts';

/** One for each prefix of the rule; none where its identifier is no plain part of the address. */
export function addressPools({ match, identifier }: Rule): ControlPool[] {
  if (identifier?.base !== 'destination' || identifier.order !== 'big') return [];
  const { offset, width, mask, subtract, shift } = identifier;
  const vidBits = mask >> BigInt(shift);
  const plain = (vidBits & (vidBits + 1n)) === 0n; // ones from the shift upwards
  if (subtract !== 0n || !plain || match.destinations === 'any') return [];
  const vidEnd = 8 * (offset + width) - shift;
  return match.destinations.map(({ address, mask: prefix }) => ({
    prefix: `${bytesToAddress(address)}/${ones(prefix)}`,
    vidEnd,
  }));
}

function ones(mask: Uint8Array): number {
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.lastIndexOf('1') + 1;
}
