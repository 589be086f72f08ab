/**
 * What a frame costs by the number of sessions: in the software router, whose rows are as many as there
 * are VIDs, and with a connection table in their place, which has an entry for each session.
 */
import { fileURLToPath } from 'node:url';
import { Card } from '../../../driver/index.ts';
import { SoftwareRouter } from '../../router/software-router.ts';
import { loadServices } from '../../steering/service-file.ts';
import { fillCard, layout } from '../layout.ts';
import { gtpFrames, TEID_AT, teidOf } from './frames.ts';
import { type Quantiles, quantilesOf } from './quantiles.ts';
import { costOfRouter } from './router-cost.ts';

export const GTP = fileURLToPath(new URL('../../services/gtp.yaml', import.meta.url));
const FRAMES = 256;
/** Identifiers that are drawn at random before the clock runs. */
const DRAWN = 1 << 20;
const BATCH = 32;

export interface SessionCost extends Quantiles {
  readonly table: 'vid rows' | 'connection table';
  readonly sessions: number;
  /** Of what is looked up. */
  readonly bytes: number;
}

export interface SessionOptions {
  readonly sessions: readonly number[];
  readonly samples: number;
  /** Times that both take their turn. */
  readonly rounds: number;
  readonly say?: (line: string) => void;
}

/** A router of configuration *sim* with GTP alone. */
export async function gtpRouter(): Promise<SoftwareRouter> {
  const router = await SoftwareRouter.open('sim');
  const card = await Card.attach(router);
  const services = loadServices(GTP);
  await fillCard(card, services, layout(services, card.sizes));
  return router;
}

/** Throws where frames were not steered. */
export async function costBySessions(options: SessionOptions): Promise<SessionCost[]> {
  const { sessions: counts, samples, rounds, say } = options;
  const router = await gtpRouter();
  const { vids } = router.sizes;
  const workload = { name: 'shortest G-PDUs', frames: gtpFrames(new Uint32Array(FRAMES)) };
  const costs: SessionCost[] = [];
  for (const sessions of counts) {
    say?.(`${sessions.toLocaleString('en-US')} sessions`);
    const keys = Uint32Array.from({ length: sessions }, (_, session) => teidOf(session, vids));
    const drawn = Uint32Array.from(
      { length: DRAWN },
      () => keys[Math.floor(Math.random() * sessions)] ?? 0,
    );
    const values = { rows: [] as number[], connections: [] as number[] };
    let bytes = 0;
    for (let round = 0; round < rounds; round++) {
      for (const kind of ['rows', 'connections'] as const) {
        bytes = Math.max(bytes, router.native.connect(kind === 'rows' ? NONE : keys));
        const identifiers = { values: drawn, at: TEID_AT };
        const one = costOfRouter(router, workload, { batch: BATCH, samples, identifiers });
        const others = Object.keys(one.reasons).filter((reason) => reason !== 'steer_active');
        if (others.length > 0) throw new Error(`measured frames ended as ${others.join(', ')}`);
        for (const value of one.values) values[kind].push(value);
      }
    }
    router.native.connect(NONE);
    const rows = { table: 'vid rows', sessions, bytes: 2 * vids } as const;
    costs.push({ ...rows, ...quantilesOf(values.rows) });
    const connections = { table: 'connection table', sessions, bytes } as const;
    costs.push({ ...connections, ...quantilesOf(values.connections) });
  }
  return costs;
}

const NONE = new Uint32Array();
