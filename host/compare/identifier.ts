/**
 * Identifiers that hold no VID, as overrides have them, and the fixed rule by which each gets one
 * when frames of a capture are decided.
 */
import type { Decision } from '../../driver/index.ts';
import { readHeaders } from '../steering/headers.ts';
import { overrideKey } from '../steering/override.ts';
import type { Rule, Service } from '../steering/rule.ts';
import { LINE_MAC } from './layout.ts';

/** What an override matches: its name space, and 128 bits. */
export interface OverrideIdentifier {
  readonly space: number;
  readonly key: bigint;
}

/** FNV-1a of 32 bits (draft-eastlake-fnv §2): offset basis 2,166,136,261, prime 16,777,619. */
export function fnv1a(bytes: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/**
 * The VID that an identifier gets at its first frame: FNV-1a over its space (1 byte) and its key (16
 * bytes, big-endian), modulo the number of VIDs.
 */
export function hashedVid({ space, key }: OverrideIdentifier, vids: number): number {
  const bytes = Buffer.from(key.toString(16).padStart(32, '0'), 'hex');
  return fnv1a([space, ...bytes]) % vids;
}

/** What the card asked its overrides for, as a frame from the line that it punted shows. */
export function askedOverride(
  { override, identifier }: Rule,
  frame: Uint8Array,
  { key }: Pick<Decision, 'key'>,
): OverrideIdentifier | undefined {
  if (override === undefined) return undefined;
  const masked = key & (identifier?.mask ?? 0n);
  const source = readHeaders(frame, { line: true, mac: LINE_MAC }).ip?.source;
  if (source === undefined) return undefined;
  return { space: override.space, key: overrideKey(override.by, source, masked) };
}

/**
 * The services with every identifier as one that holds no VID: for captures of systems that know
 * nothing of us, whose identifiers would all give the same few VIDs. Each rule has a name space of its own.
 */
export function learningAll(services: readonly Service[]): Service[] {
  const rules = services.flatMap((service) => service.rules);
  const used = new Set(rules.map(({ override }) => override?.space));
  let free = 256;
  const learning = (rule: Rule): Rule => {
    const { identifier, override, setup } = rule;
    if (identifier === undefined || setup.always) return rule;
    // What has an override already is asked for it; without one it is punted from now on.
    if (override !== undefined) return { ...rule, override: { ...override, only: true } };
    do free--;
    while (used.has(free));
    if (free < 0) throw new RangeError('there are more rules than name spaces (256)');
    return { ...rule, override: { by: 'identifier', only: true, space: free } };
  };
  return services.map((service) => ({ ...service, rules: service.rules.map(learning) }));
}
