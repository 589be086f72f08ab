/** What a frame costs the reference decision in TypeScript, in nanoseconds of one core. */
import type { ReferenceCard } from '../../steering/reference-card.ts';
import { LINE } from '../layout.ts';
import type { Workload } from './frames.ts';
import { quantilesOf } from './quantiles.ts';
import type { Measured } from './router-cost.ts';

const FROM = { from: { port: LINE } } as const;

/** Frames before the clock counts, so that the compiler has seen what there is to see. */
const WARM_UP = 20_000;

export function costOfReference(
  card: ReferenceCard,
  { name, frames }: Workload,
  { batch, samples }: { readonly batch: number; readonly samples: number },
): Pick<Measured, 'cost' | 'values'> {
  let next = 0;
  const some = () => {
    for (let n = 0; n < batch; n++) {
      const frame = frames[next++ % frames.length];
      if (frame !== undefined) card.arrive(frame, FROM);
    }
  };
  for (let n = 0; n < WARM_UP; n += batch) some();
  const clock = clockCost();
  const values = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    const begin = performance.now();
    some();
    values[sample] = Math.max(0, (performance.now() - begin) * 1e6 - clock) / batch;
  }
  return { cost: { workload: name, batch, caches: 'warm', ...quantilesOf(values) }, values };
}

/** Nanoseconds between two looks at the clock. */
function clockCost(): number {
  const values = Array.from({ length: 1001 }, () => {
    const begin = performance.now();
    return (performance.now() - begin) * 1e6;
  });
  return quantilesOf(values).p50;
}
