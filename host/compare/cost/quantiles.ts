/** Many measurements of one thing, as the few numbers that are told of them. */

export interface Quantiles {
  readonly samples: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Throws RangeError where there is nothing to summarise. */
export function quantilesOf(values: Iterable<number>): Quantiles {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) throw new RangeError('quantiles of nothing');
  return {
    samples: sorted.length,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    p999: quantile(sorted, 0.999),
  };
}

/** The same of whole numbers that were counted: how often each came. */
export function quantilesOfCounts(counts: ReadonlyMap<number, number>): Quantiles {
  const rising = [...counts].sort(([a], [b]) => a - b);
  const samples = rising.reduce((sum, [, count]) => sum + count, 0);
  if (samples === 0) throw new RangeError('quantiles of nothing');
  const at = (share: number) => {
    let left = Math.max(1, Math.ceil(share * samples));
    for (const [value, count] of rising) {
      left -= count;
      if (left <= 0) return value;
    }
    return Number.NaN;
  };
  const mean = rising.reduce((sum, [value, count]) => sum + value * count, 0) / samples;
  return { samples, mean, p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

/** The least value that `share` of all values do not exceed (nearest rank). */
export function quantile(sorted: Float64Array, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/**
 * Points of the distribution for a picture, up to 99.9 %: share of the values that are no more than
 * `value`.
 */
export function distribution(
  values: Iterable<number>,
  points = 120,
): { readonly value: number; readonly share: number }[] {
  const sorted = Float64Array.from(values).sort();
  return Array.from({ length: points }, (_, n) => {
    // Closer together towards the end, where it matters.
    const share = 0.999 * (1 - (1 - n / (points - 1)) ** 2.5);
    return { value: quantile(sorted, share), share };
  });
}
