/** Overrides: exact matches that name a VID (docs/card.md, step 3.12). */
import { way0, way1 } from './hash.ts';
import type { Override } from './rule.ts';
import type { CardState, OverrideEntry } from './state.ts';

/** What is looked up: the identifier under its mask, the source address, or both. */
export function overrideKey(by: Override['by'], source: Uint8Array, identifier: bigint): bigint {
  if (by === 'identifier') return identifier;
  const hex = Buffer.from(source).toString('hex').padEnd(32, '0');
  // IPv4 stands where the first 32 bits of IPv6 do.
  if (by === 'source') return BigInt(`0x${hex}`);
  return (BigInt(`0x${hex.slice(0, 16)}`) << 64n) | identifier;
}

/** The two places where a key may lie in a table of `size` places; half of them belong to each hash. */
export function placesOf(space: number, key: bigint, size: number): [number, number] {
  const half = size / 2;
  return [way0(space, key) % half, half + (way1(space, key) % half)];
}

export interface Found {
  readonly places: readonly [number, number];
  /** One of the two words cannot be trusted. */
  readonly badParity: boolean;
  readonly hit: { readonly place: number; readonly entry: OverrideEntry } | undefined;
}

/** If both places hold the key, the first counts. */
export function findOverride(space: number, key: bigint, state: CardState): Found {
  const places = placesOf(space, key, state.sizes.overrides);
  const bad = state.badParity?.overrides;
  const hit = places
    .map((place) => ({ place, entry: state.overrides?.get(place) }))
    .find(({ entry }) => entry?.space === space && entry.key === key);
  return {
    places,
    badParity: bad !== undefined && places.some((place) => bad.has(place)),
    hit: hit?.entry && { place: hit.place, entry: hit.entry },
  };
}
