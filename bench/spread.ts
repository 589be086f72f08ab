/** Numbers that were measured several times. */

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** How often it was measured. */
  readonly runs: number;
}

/** Throws RangeError where there is nothing to summarise. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('a spread needs at least one value');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low: at(0),
    high: at(sorted.length - 1),
    runs: sorted.length,
  };
}

/**
 * Runs all variants in turn, `rounds` times, so that whatever else the machine does meets all of
 * them alike; every other round goes backwards, so that none is always the one behind a heavy one.
 * Resolves with the results of each variant in the order of the rounds.
 */
export async function interleave<K extends string, R>(
  rounds: number,
  variants: Readonly<Record<K, () => Promise<R>>>,
): Promise<Record<K, R[]>> {
  const names = Object.keys(variants) as K[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, R[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed())
      results[name].push(await variants[name]());
  }
  return results;
}
