/** What frames cost in software: the router and the reference, on the same workloads. */

import type { SoftwareRouter } from '../../router/software-router.ts';
import type { ReferenceCard } from '../../steering/reference-card.ts';
import { loadServices } from '../../steering/service-file.ts';
import { layout } from '../layout.ts';
import { ReferenceEngine } from '../reference-engine.ts';
import type { Curve, SoftwareResult } from '../report/report.ts';
import { gtpFrames, SHORTEST, teidOf, type Workload } from './frames.ts';
import { distribution } from './quantiles.ts';
import { costOfReference } from './reference-cost.ts';
import { costOfRouter, type Measured } from './router-cost.ts';
import { costBySessions, GTP, gtpRouter } from './sessions.ts';

export interface CostOptions {
  /** The capture's frames; none: they are not measured. */
  readonly sample: readonly Buffer[];
  /** Filled with the capture's services, with all that was learned. */
  readonly router: SoftwareRouter;
  readonly reference: ReferenceCard;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

export interface SoftwareCosts {
  readonly cpp: Omit<SoftwareResult, 'what'>;
  readonly typescript: Omit<SoftwareResult, 'what'>;
  readonly distributions: readonly Curve[];
  /** Nanoseconds that were taken off each call for the clock. */
  readonly clockNs: number;
}

const TOGETHER = 32;
const SESSIONS = Array.from({ length: 8 }, (_, n) => 2 ** (10 + 2 * n));
const SAMPLES = {
  quick: { warm: 5_000, cold: 50, typescript: 3_000, sessions: 3_000, rounds: 1, most: 2 ** 18 },
  full: {
    warm: 100_000,
    cold: 1_000,
    typescript: 30_000,
    sessions: 20_000,
    rounds: 3,
    most: 2 ** 24,
  },
};

/** Rejects with BuildError. */
export async function softwareCosts(options: CostOptions): Promise<SoftwareCosts> {
  const { sample, quick, say } = options;
  const samples = quick ? SAMPLES.quick : SAMPLES.full;
  const gtp = await gtpRouter();
  const { vids } = gtp.sizes;
  const shortest: Workload = {
    name: `${SHORTEST + 4} bytes, GTP-U`,
    frames: gtpFrames(Array.from({ length: 256 }, (_, n) => teidOf(n * 251, vids))),
  };
  const ofCapture: Workload = { name: 'the capture’s', frames: sample };
  const gtpReference = new ReferenceEngine(layout(loadServices(GTP), gtp.sizes)).card;
  const jobs = [
    { workload: shortest, router: gtp, reference: gtpReference },
    ...(sample.length > 0
      ? [{ workload: ofCapture, router: options.router, reference: options.reference }]
      : []),
  ];
  const measured: { cpp: Measured[]; typescript: Pick<Measured, 'cost' | 'values'>[] } = {
    cpp: [],
    typescript: [],
  };
  for (const { workload, router, reference } of jobs) {
    say(`cost of a frame: ${workload.name}`);
    for (const batch of [TOGETHER, 1]) {
      measured.cpp.push(costOfRouter(router, workload, { batch, samples: samples.warm }));
      measured.cpp.push(
        costOfRouter(router, workload, { batch, samples: samples.cold, cold: true }),
      );
      const few = Math.ceil(samples.typescript / batch);
      measured.typescript.push(costOfReference(reference, workload, { batch, samples: few }));
    }
  }
  const sessions = await costBySessions({
    sessions: SESSIONS.filter((count) => count <= samples.most),
    samples: samples.sessions,
    rounds: samples.rounds,
    say,
  });
  const result = (list: readonly Pick<Measured, 'cost'>[]) => ({
    costs: list.map(({ cost }) => cost),
    megaframesPerSecond: Object.fromEntries(
      list
        .filter(({ cost }) => cost.batch === TOGETHER && cost.caches === 'warm')
        .map(({ cost }) => [cost.workload, 1000 / cost.p50]),
    ),
  });
  const curve = (
    name: string,
    list: readonly Pick<Measured, 'cost' | 'values'>[],
    batch: number,
  ) => {
    const one = list.find(({ cost }) => cost.batch === batch && cost.caches === 'warm');
    return one === undefined ? [] : [{ name, points: distribution(one.values) }];
  };
  return {
    cpp: { ...result(measured.cpp), sessions },
    typescript: result(measured.typescript),
    distributions: [
      ...curve(`C++, ${TOGETHER} together`, measured.cpp, TOGETHER),
      ...curve('C++, one by one', measured.cpp, 1),
      ...curve('TypeScript, one by one', measured.typescript, 1),
    ],
    clockNs: measured.cpp[0]?.clockNs ?? 0,
  };
}
