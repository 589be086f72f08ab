/** How the packets that one rule matches lie to those of another. */
import { containsPrefix, prefixesMeet, WHOLE_INTERNET } from './prefix.ts';
import {
  type Compare,
  type Match,
  type PortRange,
  type Prefix,
  type Rule,
  readsL4,
} from './rule.ts';

/** Protocols with ports, as far as the card knows. */
const WITH_PORTS: readonly (number | 'any')[] = [6, 17, 132];
const ALL_PORTS: PortRange = { low: 0, high: 0xffff };

export type Relation =
  | 'apart' // no packet is matched by both
  | 'hides' // each packet of the second is matched by the first
  | 'within' // the first is the exception to the second: fewer packets, all of them the second's
  | 'overlap';

/** How `first`, which is tried before `second`, lies to it. */
export function relation(first: Rule, second: Rule): Relation {
  if (!meet(first.match, second.match)) return 'apart';
  if (covers(first, second)) return 'hides';
  return covers(second, first) ? 'within' : 'overlap';
}

function meet(a: Match, b: Match): boolean {
  if (a.protocol !== 'any' && b.protocol !== 'any' && a.protocol !== b.protocol) return false;
  if (!prefixes(a).some((x) => prefixes(b).some((y) => prefixesMeet(x, y)))) return false;
  if (a.ports !== 'any' && b.ports !== 'any') {
    if (a.ports.low > b.ports.high || b.ports.low > a.ports.high) return false;
  }
  const others = comparedBytes(b.compare);
  return [...comparedBytes(a.compare)].every(([offset, { value, mask }]) => {
    const other = others.get(offset);
    return other === undefined || ((value ^ other.value) & mask & other.mask) === 0;
  });
}

function covers(outer: Rule, inner: Rule): boolean {
  return (
    (outer.match.protocol === 'any' || outer.match.protocol === inner.match.protocol) &&
    prefixes(inner.match).every((x) => prefixes(outer.match).some((y) => containsPrefix(y, x))) &&
    coversPorts(outer.match, inner.match) &&
    coversCompare(outer.match.compare, inner.match.compare) &&
    // Only a rule without L4 takes later fragments.
    (!readsL4(outer) || readsL4(inner))
  );
}

function coversPorts(outer: Match, inner: Match): boolean {
  if (outer.ports === 'any') return true;
  const range =
    inner.ports === 'any' && WITH_PORTS.includes(inner.protocol) ? ALL_PORTS : inner.ports;
  return range !== 'any' && outer.ports.low <= range.low && range.high <= outer.ports.high;
}

function coversCompare(outer: Compare | undefined, inner: Compare | undefined): boolean {
  const others = comparedBytes(inner);
  return [...comparedBytes(outer)].every(([offset, { value, mask }]) => {
    const other = others.get(offset);
    if (other === undefined) return false;
    return (mask & ~other.mask) === 0 && ((value ^ other.value) & mask) === 0;
  });
}

function prefixes({ destinations }: Match): readonly Prefix[] {
  return destinations === 'any' ? WHOLE_INTERNET : destinations;
}

/** The bytes that a compare looks at, by their offset in the payload. */
function comparedBytes(compare: Compare | undefined): Map<number, { value: number; mask: number }> {
  const bytes = new Map<number, { value: number; mask: number }>();
  for (let i = 0; compare !== undefined && i < 4; i++) {
    const mask = (compare.mask >>> (24 - i * 8)) & 0xff;
    const value = (compare.value >>> (24 - i * 8)) & 0xff;
    if (mask !== 0) bytes.set(compare.offset + i, { value, mask });
  }
  return bytes;
}
