/** How much of what may come to the host, by bucket of the card's policers. */
import {
  type CardSizes,
  type PolicerEntry,
  type PuntLimit,
  policerEntry,
} from '../../driver/index.ts';
import { type Rule, ruleName, type Service } from '../steering/rule.ts';

/**
 * What a rule has that says nothing: more set-ups than one switch processor can serve, and few
 * enough at a time that others find room in the host's queue.
 */
export const DEFAULT_LIMIT: PuntLimit = { rate: 10_000, burst: 256, share: 64 };
/** Of the line without a rule: questions for addresses (ARP, neighbour discovery). */
export const LINE_LIMIT: PuntLimit = { rate: 2000, burst: 128, share: 32 };
/** Of all processors together: control messages and their questions for addresses. */
export const FABRIC_LIMIT: PuntLimit = { rate: 20_000, burst: 512, share: 96 };

export function limitOf(service: Service, rule: Rule): PuntLimit {
  return rule.punt ?? service.punt ?? DEFAULT_LIMIT;
}

/** The whole policer table; entries of rules that there are not have no limit, and no frames. */
export function policerTable(services: readonly Service[], sizes: CardSizes): PolicerEntry[] {
  const rules = services.flatMap((service) =>
    service.rules.map((rule) => encode(limitOf(service, rule), ruleName(rule))),
  );
  const none = policerEntry({});
  return [
    ...Array.from({ length: sizes.rules }, (_, index) => rules[index] ?? none),
    policerEntry(LINE_LIMIT),
    policerEntry(FABRIC_LIMIT),
  ];
}

function encode(limit: PuntLimit, name: string): PolicerEntry {
  try {
    return policerEntry(limit);
  } catch (error) {
    throw new RangeError(`${name}: punt: ${(error as Error).message}`);
  }
}
