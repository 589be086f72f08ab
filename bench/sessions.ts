/** GTP sessions set up through card, switch processor and gateways, in lock-step. */
import { GatewayBench } from '../test/card/gateway-bench.ts';
import { BatchedGround } from './batched-ground.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { CONFIGURATION } from './card-bed.ts';
import { onOneCore } from './one-core.ts';
import type { Measured } from './report.ts';

const GATEWAYS = [1, 2, 4, 8] as const;
/** Of the wide card, which needs fewer clocks a frame, only so many. */
const WIDE_GATEWAYS = 4;
const WIDE = 'sim-512';
/** AIM of issue 4, free. */
const AIM = 5_000;
/** What the dearest number of gateways may cost against the cheapest, and still be called flat. */
const FLAT = 1.25;
/** Fabric ports that gateways share. */
const PORTS = 4;
const SESSIONS = { quick: 320, full: 6_400 };
/** Before it is measured: what a program does the first time is another thing. */
const WARM = 1_600;
/** Set-ups under way at a time: the card lets 64 wait for the host. */
const BATCH = 56;

/**
 * `alone`: sessions have no copies. `free`: they have, and answers leave at once. `gated`: answers wait for the
 * copies.
 */
const MODES = ['alone', 'free', 'gated'] as const;

export interface Sample {
  readonly configuration: string;
  readonly gateways: number;
  readonly mode: (typeof MODES)[number];
  readonly sessions: number;
  /** Of the whole process: peer, simulation, switch processor and gateways. */
  readonly cpuMicroseconds: number;
  readonly seconds: number;
  readonly clocks: number;
  /** Frames of the service that the switch processor was handed. */
  readonly punts: number;
}

async function sample(
  configuration: string,
  gateways: number,
  mode: Sample['mode'],
  sessions: number,
): Promise<Sample> {
  const ground = await BatchedGround.open(configuration);
  const ports = Math.min(PORTS, gateways);
  const numbers = Array.from({ length: gateways }, (_, n) => n);
  const slots = numbers.map((n) => ({
    ...{ slot: n, port: 2 + (n % ports), linePort: 0 },
    doors: [{ slot: 32 + n, linePort: 1 }],
  }));
  const bench = new GatewayBench(ground, { slots }, ports);
  try {
    await bench.sp.start();
    await bench.peer.start();
    for (const n of numbers) {
      await bench.startGateway(`gw-${n + 1}`, 2 + (n % ports), {
        replicates: mode !== 'alone',
        ...(mode === 'free' ? { modes: {} } : {}),
      });
    }
    await bench.advance(1000);
    if (mode !== 'alone') {
      await bench.until(() => bench.sp.vids.list().every(({ inSync }) => inSync));
    }
    await create(bench, ground, 0, WARM);
    const punted = () => bench.sp.status().punted.ends.into_slot ?? 0;
    const before = { punts: punted(), clocks: await ground.transport.card.clocks() };
    const cpu = process.cpuUsage();
    const began = performance.now();
    await create(bench, ground, WARM, sessions);
    const used = process.cpuUsage(cpu);
    const seconds = (performance.now() - began) / 1000;
    const held = bench.gateways.reduce((sum, { gateway }) => sum + gateway.sessions.size, 0);
    if (held !== WARM + sessions)
      throw new Error(`${held} of ${WARM + sessions} sessions are there`);
    return {
      ...{ configuration, gateways, mode, sessions, seconds },
      cpuMicroseconds: used.user + used.system,
      clocks: Number(await ground.transport.card.clocks()) - Number(before.clocks),
      punts: punted() - before.punts,
    };
  } finally {
    await bench.close();
  }
}

/** Opens sessions with IPv6 users, of whom a VID has room for 65,536; both versions in turn. */
async function create(
  bench: GatewayBench,
  ground: BatchedGround,
  first: number,
  count: number,
): Promise<void> {
  for (let at = 0; at < count; at += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => {
      const imsi = `00101${String(first + at + i).padStart(10, '0')}`;
      return bench.peer.create(imsi, i % 2 === 0 ? 2 : 1, 'ipv6');
    });
    await bench.during(Promise.all(some));
    // The card's time goes on, so that its policers see the rate at which set-ups come, not a burst.
    await ground.advance(BATCH / 5);
  }
}

const run = (context: Context): Promise<Measured> => onOneCore(() => measure(context));

async function measure({ quick, say }: Context): Promise<Measured> {
  const sessions = quick ? SESSIONS.quick : SESSIONS.full;
  const samples: Sample[] = [];
  for (const mode of MODES) {
    for (const gateways of GATEWAYS) {
      // Nobody to have the copies.
      if (mode !== 'alone' && gateways === 1) continue;
      say(`${mode}, ${gateways} gateways`);
      samples.push(await sample(CONFIGURATION, gateways, mode, sessions));
    }
    say(`${mode}, ${WIDE_GATEWAYS} gateways, ${WIDE}`);
    samples.push(await sample(WIDE, WIDE_GATEWAYS, mode, sessions));
  }
  const rows = samples.map((it) => ({
    ...{ configuration: it.configuration, mode: it.mode, gateways: it.gateways },
    persecond: Math.round(it.sessions / it.seconds),
    cpu: Math.round(it.cpuMicroseconds / it.sessions),
    clocks: Number((it.clocks / it.sessions).toFixed(1)),
    punts: Number((it.punts / it.sessions).toFixed(2)),
  }));
  /** The most that a session costs with any number of gateways, against the least: 1 is flat. */
  const flatness = (what: 'cpu' | 'clocks') =>
    Math.max(
      ...MODES.map((mode) => {
        const costs = rows
          .filter((row) => row.mode === mode && row.configuration === CONFIGURATION)
          .map((row) => row[what]);
        return Math.max(...costs) / Math.min(...costs);
      }),
    );
  const best = (mode: string) =>
    Math.max(...rows.filter((row) => row.mode === mode).map(({ persecond }) => persecond));
  return {
    configuration: CONFIGURATION,
    method: [
      `Lock-step, in one process whose threads all have the same core (taskset): a peer of our own sets up ${sessions} sessions, half of GTPv1 and half of GTPv2, ${BATCH} at a time, after ${WARM} that are not counted. Each is a request that the card punts, the switch processor forwards into a slot, and a gateway answers through the card.`,
      'Each set-up is three frames in the card; the wide one (sim-512) passes them in fewer clocks. The best of both is the headline.',
      'CPU is of the whole process: peer, simulated card, driver, switch processor and gateways.',
      'Alone: nobody has copies of the sessions. Free: each has a copy at a backup, to which it goes across the fabric, and its answer leaves at once. Gated: the answer waits until the backup has acknowledged the session.',
    ],
    headlines: [
      {
        what: 'sessions a second, free',
        value: best('free'),
        unit: 'sessions/s',
        aim: { least: AIM },
      },
      { what: 'sessions a second, gated', value: best('gated'), unit: 'sessions/s' },
      { what: 'sessions a second, without copies', value: best('alone'), unit: 'sessions/s' },
      {
        what: 'card clocks a session, most over least of 1, 2, 4, 8 gateways',
        value: flatness('clocks'),
        unit: 'times',
        aim: { most: FLAT },
      },
      {
        what: 'CPU time a session, most over least of 1, 2, 4, 8 gateways',
        value: flatness('cpu'),
        unit: 'times',
        aim: { most: FLAT },
      },
    ],
    tables: [
      {
        caption: 'Sessions set up, by gateways',
        columns: [
          { key: 'configuration', title: 'card' },
          { key: 'mode', title: 'answers' },
          { key: 'gateways', title: 'gateways' },
          { key: 'persecond', title: 'sessions/s' },
          { key: 'cpu', title: 'CPU µs a session' },
          { key: 'clocks', title: 'clocks a session' },
          { key: 'punts', title: 'set-ups through the switch processor a session' },
        ],
        rows,
      },
    ],
    limits: [
      'The simulated card and the peer take part of the time; a program of its own for each would leave more for the gateways.',
      'Users pay nothing yet: no packet is sent while sessions are set up.',
    ],
  };
}

export const sessions: Benchmark = {
  name: 'sessions',
  title: 'GTP sessions',
  run,
};
