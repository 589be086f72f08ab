/** Random tables beside ports, slots, rules and rows: what the card remembers and limits. */
import { type CardSizes, REASONS } from '../../driver/generated/registers.ts';
import { placesOf } from '../../host/steering/override.ts';
import type { Rule } from '../../host/steering/rule.ts';
import type {
  BadParity,
  CardState,
  HealthEntry,
  MirrorState,
  OverrideEntry,
  PolicerEntry,
} from '../../host/steering/state.ts';
import type { Random } from './random.ts';

type Tables = Required<
  Pick<CardState, 'overrides' | 'health' | 'policers' | 'fragmentUs' | 'mirror' | 'badParity'>
>;

export function randomTables(
  random: Random,
  sizes: CardSizes,
  rules: readonly (Rule | undefined)[],
  rows: CardState['rows'],
): Tables {
  const overrides = randomOverrides(random, sizes, rules, rows);
  return {
    overrides,
    health: Array.from({ length: sizes.slots }, () => randomHealth(random)),
    policers: Array.from({ length: sizes.rules + 2 }, () => randomPolicer(random)),
    fragmentUs: random.chance(85) ? random.between(100, 5000) : 0,
    mirror: random.chance(30) ? randomMirror(random, sizes, rows) : undefined,
    badParity: randomBadParity(random, sizes, { rows, overrides }),
  };
}

/** Keys that rules might ask for, nearly all of them in one of their places. */
function randomOverrides(
  random: Random,
  sizes: CardSizes,
  rules: readonly (Rule | undefined)[],
  rows: CardState['rows'],
): Map<number, OverrideEntry> {
  const overrides = new Map<number, OverrideEntry>();
  for (const rule of rules) {
    if (rule?.override === undefined) continue;
    for (let count = random.between(2, 8); count > 0; count--) {
      const { space } = rule.override;
      const key = randomKey(random, rule);
      const vid = random.chance(90) ? random.pick([...rows.keys()]) : random.below(0x10000);
      const [first, second] = placesOf(space, key, sizes.overrides);
      const places = random.chance(4)
        ? [random.below(sizes.overrides)]
        : random.chance(4)
          ? [first, second]
          : [random.pick([first, second])];
      for (const place of places) overrides.set(place, { space, key, vid });
    }
  }
  return overrides;
}

function randomKey(random: Random, { override, identifier }: Rule): bigint {
  const width = BigInt(8 * (identifier?.width ?? 0));
  const masked = random.bits(64) & (identifier?.mask ?? 0n) & ((1n << width) - 1n);
  if (override?.by === 'identifier') return masked;
  const v4 = random.chance(60);
  if (override?.by === 'source') return v4 ? random.bits(32) << 96n : random.bits(128);
  return ((v4 ? random.bits(32) << 32n : random.bits(64)) << 64n) | masked;
}

function randomHealth(random: Random): HealthEntry | undefined {
  if (random.chance(40)) return undefined;
  return {
    nonce: random.word(),
    timeoutUs: random.chance(25) ? random.between(200, 20_000) : 0,
    suspectUs: random.chance(20) ? random.between(100, 10_000) : 0,
  };
}

function randomPolicer(random: Random): PolicerEntry | undefined {
  if (random.chance(75)) return undefined;
  const interval = random.chance(30) ? 0 : random.between(1, 256 * 300);
  return {
    interval,
    burst: random.chance(10) ? random.word() >>> 4 : random.below(40) * interval,
    // Small ones: the simulated host takes what comes, and seldom do many wait.
    share: random.chance(50) ? random.pick([1, 1, 2, 4, random.between(1, 127)]) : 0,
  };
}

function randomMirror(random: Random, sizes: CardSizes, rows: CardState['rows']): MirrorState {
  const codes = REASONS.flatMap((reason) => (reason === undefined ? [] : [reason.code]));
  return {
    port: random.below(random.chance(90) ? sizes.ports : 16),
    vid: random.chance(60) ? random.pick([...rows.keys()]) : undefined,
    reasons: new Set(codes.filter(() => random.chance(20))),
  };
}

/** Of what is in use, in one state of eight. */
function randomBadParity(
  random: Random,
  sizes: CardSizes,
  { rows, overrides }: Pick<Tables, 'overrides'> & Pick<CardState, 'rows'>,
): BadParity {
  const bad = random.chance(12);
  const some = (values: Iterable<number>) =>
    new Set(bad ? [...values].filter(() => random.chance(10)) : []);
  const words = Array.from({ length: sizes.rules * 8 }, (_, word) => word);
  return { rows: some(rows.keys()), overrides: some(overrides.keys()), typeSets: some(words) };
}
