/** Service rules as the card's tables hold them. */
import type { PrefixEntry, RuleEntry } from '../../driver/generated/registers.ts';
import { VALUES } from '../../driver/generated/registers.ts';
import { checkServices, distinctPrefixes, type RuleSizes } from './check.ts';
import { prefixKey } from './prefix.ts';
import { type Problem, ServiceError } from './problem.ts';
import type { Prefix, Rule, Service } from './rule.ts';
import { ruleName } from './rule.ts';

export interface CompiledServices {
  /** The whole rule table, `sizes.rules` entries; those behind the last rule are not valid. */
  readonly rules: readonly RuleEntry[];
  /** The whole prefix table, `sizes.prefixes` entries. */
  readonly prefixes: readonly PrefixEntry[];
  /** For each entry of the rule table its eight words of the type_set table. */
  readonly typeSets: readonly (readonly number[])[];
  /** `service/rule` by rule index; as many as there are rules. */
  readonly names: readonly string[];
  /** Rules that can be used but may not do what is meant. */
  readonly warnings: readonly Problem[];
}

const NO_RULE: RuleEntry = {
  valid: 0,
  any_protocol: 0,
  any_prefix: 0,
  any_port: 0,
  protocol: 0,
  prefixes: 0,
  port_low: 0,
  port_high: 0,
  compare_value: 0,
  compare_mask: 0,
  compare_offset: 0,
  type_offset: 0,
  setup_always: 0,
  setup_zero: 0,
  setup_type: 0,
  id_base: 0,
  id_little: 0,
  id_width: 0,
  id_offset: 0,
  id_mask: 0n,
  id_subtract: 0n,
  id_shift: 0,
  override: 0,
  override_only: 0,
  override_space: 0,
};

const NO_PREFIX: PrefixEntry = { address: 0n, mask: 0n, v6: 0, valid: 0 };

/**
 * Checks the services and gives the tables of a card of these sizes. The order of services, and of
 * rules in them, is the order in which the card tries them.
 *
 * @throws ServiceError where a rule hides another, cannot match, or the card is too small.
 */
export function compileServices(services: readonly Service[], sizes: RuleSizes): CompiledServices {
  const { errors, warnings } = checkServices(services, sizes);
  if (errors.length > 0) throw new ServiceError(errors);
  const rules = services.flatMap((service) => service.rules);
  return { ...encodeRules(rules, sizes), names: rules.map(ruleName), warnings };
}

/**
 * The tables for rules by their index, without any check but that they fit; an index without a rule
 * gets an entry that is not valid.
 */
export function encodeRules(
  rules: readonly (Rule | undefined)[],
  sizes: Pick<RuleSizes, 'rules' | 'prefixes'>,
): Pick<CompiledServices, 'rules' | 'prefixes' | 'typeSets'> {
  const present = rules.filter((rule) => rule !== undefined);
  const prefixes = distinctPrefixes(present);
  if (rules.length > sizes.rules || prefixes.size > sizes.prefixes) {
    throw new RangeError(
      `${rules.length} rules and ${prefixes.size} prefixes do not fit ${sizes.rules} and ${sizes.prefixes}`,
    );
  }
  const indexes = new Map([...prefixes.keys()].map((key, index) => [key, index]));
  const entries = Array.from({ length: sizes.rules }, (_, i) => rules[i]);
  const places = Array.from({ length: sizes.prefixes }, (_, i) => [...prefixes.values()][i]);
  return {
    rules: entries.map((rule) => (rule === undefined ? NO_RULE : encodeRule(rule, indexes))),
    prefixes: places.map((prefix) => (prefix === undefined ? NO_PREFIX : encodePrefix(prefix))),
    typeSets: entries.map((rule) => encodeTypes(rule?.setup.types?.values)),
  };
}

function encodeRule(rule: Rule, prefixes: ReadonlyMap<string, number>): RuleEntry {
  const { match, identifier, override, setup } = rule;
  if (identifier === undefined && !setup.always && override?.by !== 'source') {
    throw new RangeError(`rule ${ruleName(rule)} has no identifier and is no set-up rule`);
  }
  const { ports, compare, protocol, destinations } = match;
  return {
    valid: 1,
    any_protocol: protocol === 'any' ? 1 : 0,
    any_prefix: destinations === 'any' ? 1 : 0,
    any_port: ports === 'any' ? 1 : 0,
    protocol: protocol === 'any' ? 0 : protocol,
    prefixes: destinations === 'any' ? 0 : prefixSet(destinations, prefixes),
    port_low: ports === 'any' ? 0 : ports.low,
    port_high: ports === 'any' ? 0 : ports.high,
    compare_value: compare?.value ?? 0,
    compare_mask: compare?.mask ?? 0,
    compare_offset: compare?.offset ?? 0,
    type_offset: setup.types?.offset ?? 0,
    setup_always: setup.always ? 1 : 0,
    setup_zero: setup.zero ? 1 : 0,
    setup_type: setup.types === undefined ? 0 : 1,
    id_base: identifier === undefined ? 0 : VALUES.rule_id_base[identifier.base],
    id_little: identifier?.order === 'little' ? 1 : 0,
    id_width: identifier?.width ?? 0,
    id_offset: identifier?.offset ?? 0,
    id_mask: identifier?.mask ?? 0n,
    id_subtract: identifier?.subtract ?? 0n,
    id_shift: identifier?.shift ?? 0,
    override: VALUES.rule_override[override?.by ?? 'none'],
    override_only: override?.only ? 1 : 0,
    override_space: override?.space ?? 0,
  };
}

function prefixSet(destinations: readonly Prefix[], indexes: ReadonlyMap<string, number>): number {
  let set = 0;
  for (const prefix of destinations) set |= 1 << (indexes.get(prefixKey(prefix)) ?? 0);
  return set;
}

function encodePrefix({ version, address, mask }: Prefix): PrefixEntry {
  return {
    address: leftAligned(address),
    mask: leftAligned(mask),
    v6: version === 6 ? 1 : 0,
    valid: 1,
  };
}

/** The table holds 128 bits, the first on the wire in bit 127. */
function leftAligned(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes).toString('hex').padEnd(32, '0');
  return BigInt(`0x${hex}`);
}

function encodeTypes(types: ReadonlySet<number> | undefined): number[] {
  return Array.from({ length: 8 }, (_, word) => {
    let bits = 0;
    for (let bit = 0; bit < 32; bit++) if (types?.has(word * 32 + bit)) bits |= 1 << bit;
    return bits >>> 0;
  });
}
