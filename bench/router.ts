/** What a frame costs the software router (host/router): the measure for what the card is worth. */
import { gtpFrames, SHORTEST, TEID_AT, teidOf } from '../host/compare/cost/frames.ts';
import { costOfRouter } from '../host/compare/cost/router-cost.ts';
import { gtpRouter } from '../host/compare/cost/sessions.ts';
import type { Benchmark, Context } from './benchmark.ts';
import type { Measured, Value } from './report.ts';
import { spreadOf } from './spread.ts';

const FRAMES = 256;
const SESSIONS = 65_536;
const ROUNDS = { quick: 3, full: 9 };
const SAMPLES = { quick: 2_000, full: 50_000 };
const LEAST = 20;

async function run({ quick, say }: Context): Promise<Measured> {
  const router = await gtpRouter();
  const teids = Array.from({ length: SESSIONS }, (_, n) => teidOf(n, router.sizes.vids));
  const workload = { name: 'G-PDUs', frames: gtpFrames(new Uint32Array(FRAMES)) };
  const identifiers = { values: Uint32Array.from(teids), at: TEID_AT };
  const samples = quick ? SAMPLES.quick : SAMPLES.full;
  const medians = { together: [] as number[], single: [] as number[] };
  for (let round = 0; round < (quick ? ROUNDS.quick : ROUNDS.full); round++) {
    say(`round ${round + 1}`);
    for (const [name, batch] of [['together', 32] as const, ['single', 1] as const]) {
      const { cost, reasons } = costOfRouter(router, workload, { batch, samples, identifiers });
      if (Object.keys(reasons).join() !== 'steer_active') {
        throw new Error(`frames ended as ${JSON.stringify(reasons)}`);
      }
      medians[name].push(cost.p50);
    }
  }
  const rows: Record<string, Value>[] = [
    { taken: '32 together', ns: spreadOf(medians.together) },
    { taken: 'one by one', ns: spreadOf(medians.single) },
  ];
  const value = 1000 / spreadOf(medians.together).median;
  return {
    configuration: 'sim',
    method: [
      `One core; ${FRAMES} buffers with frames of ${SHORTEST} bytes (${SHORTEST + 4} on the wire), each of another of ${SESSIONS.toLocaleString('en-US')} sessions, all in cache. From headers in memory to new addresses in memory; the median of each round.`,
      'The whole job: parse, classify, look up, decide, rewrite, and the decision record. Each frame’s reason is checked.',
    ],
    headlines: [
      { what: 'software router, 64 bytes', value, unit: 'Mframes/s a core', aim: { least: LEAST } },
    ],
    tables: [
      {
        caption: 'Nanoseconds a frame',
        columns: [
          { key: 'taken', title: 'frames' },
          { key: 'ns', title: 'ns a frame', digits: 1 },
        ],
        rows,
      },
    ],
    limits: [
      'What a network card, its driver and PCIe add; docs/comparison.md has cold caches, more sessions and Linux beside it.',
    ],
  };
}

export const router: Benchmark = {
  name: 'router',
  title: 'What a frame costs the software router',
  run,
};
