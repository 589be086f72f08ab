/** What can be wrong with rules that are each well written: together, or for a card of some size. */
import type { CardSizes } from '../../driver/generated/registers.ts';
import { portIdentifier } from './port-identifier.ts';
import { prefixKey, WHOLE_INTERNET } from './prefix.ts';
import { type Problem, ruleProblem } from './problem.ts';
import { relation } from './relation.ts';
import { type Identifier, type Prefix, type Rule, ruleName, type Service } from './rule.ts';

/** The sizes that rules depend on. */
export type RuleSizes = Pick<CardSizes, 'rules' | 'prefixes' | 'vids' | 'window'>;

export interface Findings {
  /** The rules cannot be used. */
  readonly errors: readonly Problem[];
  /** They can, but perhaps not as meant. */
  readonly warnings: readonly Problem[];
}

/** Of rules whose every identifier wraps round below zero. */
const BEYOND = 2n ** 64n;
const ETHERNET = 14;
const IP_HEADER = { 4: 20, 6: 40 };
const ADDRESS_AT = { 4: 16, 6: 24 };
const L4_HEADER = new Map([
  [6, 20],
  [17, 8],
  [132, 12],
]);
/** IPv6 next headers that the card looks behind before it tries rules (docs/card.md, step 2). */
const EXTENSIONS = [0, 43, 44, 51, 60, 135, 139, 140];

export function checkServices(services: readonly Service[], sizes: RuleSizes): Findings {
  const rules = services.flatMap((service) => service.rules);
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  errors.push(...duplicateServices(services), ...tooMany(rules, sizes), ...mixedSpaces(rules));
  for (const rule of rules) {
    errors.push(...neverMatches(rule), ...beyondWindow(rule, sizes), ...neverSteers(rule, sizes));
    if (errors.length === 0) warnings.push(...sometimesOut(rule, sizes));
  }
  rules.forEach((second, index) => {
    for (const first of rules.slice(0, index)) {
      const lie = relation(first, second);
      const name = ruleName(first);
      const at = first.origin === undefined ? '' : ` (line ${first.origin.place.line})`;
      if (lie === 'hides') {
        const message = `no packet reaches this rule: ${name}${at} is tried first and takes them all`;
        const remedy = `put ${ruleName(second)} before ${name}, or narrow ${name}`;
        errors.push(ruleProblem(second, '', message, remedy));
      } else if (lie === 'overlap') {
        const message = `some packets of this rule go to ${name}${at}, which is tried first`;
        const remedy = 'if that is not meant, narrow one of them';
        warnings.push(ruleProblem(second, '', message, remedy));
      }
    }
  });
  return { errors, warnings };
}

function duplicateServices(services: readonly Service[]): Problem[] {
  return services.flatMap((service, index) => {
    const earlier = services.slice(0, index).find(({ name }) => name === service.name);
    if (earlier === undefined) return [];
    const place = service.rules[0]?.origin?.place;
    const first = earlier.rules[0]?.origin?.place.file ?? 'another place';
    const message = `${first} defines a service of that name already`;
    const remedy = 'rename one, or load only one';
    return [{ place, field: `service ${service.name}`, message, remedy }];
  });
}

/** Keys of different make in one name space could be taken for each other. */
function mixedSpaces(rules: readonly Rule[]): Problem[] {
  return rules.flatMap((rule, index) => {
    const { override } = rule;
    if (override === undefined) return [];
    const other = rules
      .slice(0, index)
      .find((earlier) => earlier.override?.space === override.space);
    if (other?.override === undefined || other.override.by === override.by) return [];
    const message = `${ruleName(other)} has overrides by ${other.override.by} in space ${override.space}`;
    return [ruleProblem(rule, 'override.space', message, 'use another space')];
  });
}

/** Distinct prefixes of all rules, in the order of their first use. */
export function distinctPrefixes(rules: readonly Rule[]): ReadonlyMap<string, Prefix> {
  const found = new Map<string, Prefix>();
  for (const { match } of rules) {
    for (const prefix of match.destinations === 'any' ? [] : match.destinations) {
      const key = prefixKey(prefix);
      if (!found.has(key)) found.set(key, prefix);
    }
  }
  return found;
}

function tooMany(rules: readonly Rule[], sizes: RuleSizes): Problem[] {
  const problems: Problem[] = [];
  const surplus = rules[sizes.rules];
  if (surplus !== undefined) {
    const message = `there are ${rules.length} rules and the card holds ${sizes.rules}`;
    problems.push(ruleProblem(surplus, '', message, 'load fewer services, or merge rules'));
  }
  const first = [...distinctPrefixes(rules).keys()][sizes.prefixes];
  if (first !== undefined) {
    const rule = rules.find(({ match }) =>
      match.destinations === 'any' ? false : match.destinations.some((p) => prefixKey(p) === first),
    );
    const count = distinctPrefixes(rules).size;
    const message = `there are ${count} different prefixes and the card holds ${sizes.prefixes}`;
    const remedy = 'use fewer or wider prefixes';
    if (rule !== undefined) problems.push(ruleProblem(rule, 'match.destination', message, remedy));
  }
  return problems;
}

function versions({ match }: Rule): (4 | 6)[] {
  const prefixes = match.destinations === 'any' ? WHOLE_INTERNET : match.destinations;
  return [...new Set(prefixes.map(({ version }) => version))];
}

function neverMatches(rule: Rule): Problem[] {
  const { protocol, ports } = rule.match;
  if (protocol === 'any') return [];
  if (ports !== 'any' && !L4_HEADER.has(protocol)) {
    const message = `IP protocol ${protocol} has no ports, so nothing matches`;
    return [ruleProblem(rule, 'match.port', message, 'leave out port, or name udp, tcp or sctp')];
  }
  if (EXTENSIONS.includes(protocol) && !versions(rule).includes(4)) {
    const message = `${protocol} is an IPv6 extension header; the card looks behind these`;
    const remedy = 'name the protocol behind it';
    return [ruleProblem(rule, 'match.protocol', message, remedy)];
  }
  return [];
}

/** Where, at the earliest, the identifier's base lies in a frame. */
function earliestBase(rule: Rule, base: Identifier['base']): number {
  const { protocol } = rule.match;
  return Math.min(
    ...versions(rule).map((version) => {
      if (base === 'l3') return ETHERNET;
      if (base === 'destination') return ETHERNET + ADDRESS_AT[version];
      const l4 = ETHERNET + IP_HEADER[version];
      // "any" protocol may be one without an L4 header that the card knows.
      return base === 'l4' ? l4 : l4 + (protocol === 'any' ? 0 : (L4_HEADER.get(protocol) ?? 0));
    }),
  );
}

function beyondWindow(rule: Rule, { window }: RuleSizes): Problem[] {
  const { identifier, setup } = rule;
  if (identifier === undefined || setup.always) return [];
  const { base, offset, width } = identifier;
  const start = earliestBase(rule, base);
  if (start + offset + width <= window) return [];
  const message =
    `the identifier's last byte is byte ${start + offset + width} of the frame or a later one; ` +
    `the card looks at ${window}`;
  const last = window - start - width;
  return [ruleProblem(rule, 'identifier.offset', message, `use an offset of at most ${last}`)];
}

/** Smallest and largest VID of packets that the rule matches, as far as mask and ports tell. */
function vidBounds(rule: Rule, identifier: Identifier): { low: bigint; high: bigint } {
  const { width, mask, subtract, shift } = identifier;
  const ports = portIdentifier(rule);
  const low = BigInt(ports?.low ?? 0);
  const high = ports === undefined ? mask & (2n ** BigInt(width * 8) - 1n) : BigInt(ports.high);
  if (high < subtract) return { low: BEYOND, high: BEYOND };
  const first = low < subtract ? subtract : low;
  return { low: (first - subtract) >> BigInt(shift), high: (high - subtract) >> BigInt(shift) };
}

function neverSteers(rule: Rule, { vids }: RuleSizes): Problem[] {
  const { identifier, override, setup } = rule;
  if (identifier === undefined || override !== undefined || setup.always) return [];
  const { low, high } = vidBounds(rule, identifier);
  if (low === BEYOND) {
    const message = `no identifier reaches ${identifier.subtract}, which is subtracted from it`;
    return [ruleProblem(rule, 'identifier.subtract', message, 'lower subtract, or widen the mask')];
  }
  if (low >= BigInt(vids)) {
    const message = `the smallest VID of this rule is ${low}; the card has VIDs 0 to ${vids - 1}`;
    return [ruleProblem(rule, 'identifier', message, 'raise shift or subtract')];
  }
  // Ports are stated one by one, so VIDs beyond the table are a mistake and not somebody's noise.
  if (high >= BigInt(vids) && portIdentifier(rule) !== undefined) {
    const message = `its ports give VIDs up to ${high}; the card has VIDs 0 to ${vids - 1}`;
    const last = identifier.subtract + (BigInt(vids) << BigInt(identifier.shift)) - 1n;
    return [ruleProblem(rule, 'match.port', message, `end the range at ${last}, or raise shift`)];
  }
  return [];
}

function sometimesOut(rule: Rule, { vids }: RuleSizes): Problem[] {
  const { identifier, override, setup } = rule;
  const problems: Problem[] = [];
  if (setup.always && override !== undefined) {
    const message = 'overrides are never asked: setup: always';
    problems.push(ruleProblem(rule, 'override', message, 'leave one of them out'));
  }
  if (identifier === undefined) return problems;
  if (setup.always) {
    const message = 'the identifier is never read: setup: always';
    problems.push(ruleProblem(rule, 'identifier', message, 'leave one of them out'));
  } else if (override?.only) {
    // The identifier is only a key; no VID is computed from it.
  } else if (vidBounds(rule, identifier).high >= BigInt(vids)) {
    const { high } = vidBounds(rule, identifier);
    const message = `the identifier can give VIDs up to ${high}; those above ${vids - 1} are punted`;
    problems.push(
      ruleProblem(rule, 'identifier', message, 'use a narrower mask or a larger shift'),
    );
  }
  return problems;
}
