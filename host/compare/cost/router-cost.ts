/** What a frame costs the software router, in nanoseconds of one core. */
import { REASONS } from '../../../driver/index.ts';
import type { SoftwareRouter } from '../../router/software-router.ts';
import { LINE } from '../layout.ts';
import type { Workload } from './frames.ts';
import { type Quantiles, quantilesOf } from './quantiles.ts';

export interface Cost extends Quantiles {
  readonly workload: string;
  /** Frames of one call. */
  readonly batch: number;
  readonly caches: 'warm' | 'cold';
}

export interface Measured {
  readonly cost: Cost;
  /** Nanoseconds a frame, call by call, without the clock's own. */
  readonly values: Float64Array;
  /** Frames by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly clockNs: number;
}

export interface RouterCostOptions {
  readonly batch: number;
  readonly samples: number;
  readonly cold?: boolean;
  /** Identifiers that the frames are given in turn, and where. */
  readonly identifiers?: { readonly values: Uint32Array; readonly at: number };
}

export function costOfRouter(
  router: SoftwareRouter,
  { name, frames }: Workload,
  { batch, samples, cold = false, identifiers }: RouterCostOptions,
): Measured {
  // At least one batch of them, however few there are.
  const enough = Array.from(
    { length: Math.ceil(batch / frames.length) * frames.length },
    (_, n) => frames[n % frames.length] as Buffer,
  );
  const list = frames.length >= batch ? frames : enough;
  const { costs, reasons, clockNs } = router.native.measure({
    bytes: Buffer.concat(list),
    lengths: Uint32Array.from(list, ({ length }) => length),
    port: LINE,
    identifiers: identifiers?.values ?? new Uint32Array(),
    identifierAt: identifiers?.at ?? 0,
    batch,
    samples,
    cold,
  });
  const values = costs.map((cost) => Math.max(0, cost - clockNs / batch));
  const caches = cold ? 'cold' : 'warm';
  return {
    cost: { workload: name, batch, caches, ...quantilesOf(values) },
    values,
    reasons: Object.fromEntries(
      [...reasons].flatMap((count, code) => (count > 0 ? [[REASONS[code]?.name, count]] : [])),
    ),
    clockNs,
  };
}
