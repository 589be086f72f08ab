/** Frames a second through real interfaces, none lost. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../hdl/configuration.ts';
import { cageRemedy, enterCage, probeCage } from '../host/cli/namespaces/cage.ts';
import { compile, run as runProgram } from '../sim/compile.ts';
import { ensureBuilt } from '../sim/index.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { CONFIGURATION } from './card-bed.ts';
import { withFolder } from './folder.ts';
import type { InterfaceOrder, Try } from './interfaces-inside.ts';
import type { Measured, Value } from './report.ts';
import { spreadOf } from './spread.ts';

const INSIDE = fileURLToPath(new URL('interfaces-inside.ts', import.meta.url));
const SENDER = fileURLToPath(new URL('native/sender.cc', import.meta.url));
const AIM = 100_000;

/** Compiles the program that sends frames; resolves with its path. */
async function buildSender(): Promise<string> {
  const flags = ['-std=gnu++17', '-O2', '-Wall', '-Wextra'];
  const folder = resolve(ROOT, 'build/bench');
  const [object = ''] = await compile([{ source: SENDER, flags, salt: '' }], folder);
  const name = createHash('sha256').update(object).digest('hex').slice(0, 12);
  const program = join(folder, `sender-${name}`);
  await runProgram('g++', [object, '-o', program]);
  return program;
}

/** The highest rate of a round without loss; 0 where even the first lost. */
export function bestOf(tries: readonly Try[]): number {
  return Math.max(0, ...tries.filter(({ good }) => good).map(({ delivered }) => delivered));
}

const run = (context: Context): Promise<Measured> => withFolder((folder) => runIn(folder, context));

async function runIn(folder: string, { quick, say }: Context): Promise<Measured> {
  const { kind, reasons } = await probeCage();
  if (kind === undefined)
    return nothing(`no network namespaces here (${reasons.join('; ')}); ${cageRemedy()}`);
  await ensureBuilt({ configuration: CONFIGURATION });
  const sender = await buildSender();
  const order: InterfaceOrder = {
    sender,
    folder,
    output: join(folder, 'tries.json'),
    rounds: quick ? 1 : 3,
    seconds: quick ? 0.4 : 1,
    least: 10_000,
    most: 400_000,
  };
  say(`ramps of ${order.seconds} s a step through two veth pairs, ${order.rounds} of them`);
  const cage = enterCage(kind, INSIDE, [JSON.stringify(order)]);
  const stop = () => cage.kill();
  process.once('exit', stop);
  try {
    const { status, orderly } = await cage.ended;
    if (status !== 0 || !orderly) throw new Error(`the part in namespaces ended with ${status}`);
    const rounds = JSON.parse(await readFile(order.output, 'utf8')) as Try[][];
    return summary(rounds, order.seconds);
  } finally {
    process.off('exit', stop);
  }
}

function summary(rounds: readonly Try[][], seconds: number): Measured {
  const best = spreadOf(rounds.map(bestOf));
  const rows = rounds.flatMap((tries, round) =>
    tries.map(
      (one): Record<string, Value> => ({
        round: round + 1,
        offered: one.offered,
        sent: one.sent,
        arrived: one.arrived,
        delivered: one.delivered,
        busy: one.busy,
        good: one.good,
        why: one.why,
      }),
    ),
  );
  return {
    configuration: CONFIGURATION,
    method: [
      `Sender (a small C++ program, AF_PACKET, sendmmsg, paced) in a namespace of its own → veth → the card's line port → a VID row → the card's fabric port → veth → another namespace, where the kernel counts frames. The card is the live simulation; nothing else runs in it.`,
      `Frames of 64 bytes (60 without FCS), ${seconds} s a step; the rate rises by 15 % until frames are lost, then the gap is halved three times. Good: every frame sent has arrived, and the last of them so soon that the rate of arrival, from the first frame sent to the last one out, is at least 95 % of the rate offered: what only waits in a socket's buffer does not count. A step in which nothing was lost but something was late is tried once more.`,
      'The sender takes a processor of its own beside the one that runs the card; on two processors nothing else should run.',
    ],
    headlines: [
      {
        what: 'frames through real interfaces, none lost',
        value: best.median,
        unit: 'frames/s',
        aim: { least: AIM },
      },
    ],
    tables: [
      {
        caption: 'Highest rate of each round without loss',
        columns: [{ key: 'best', title: 'frames/s, median (low to high)' }],
        rows: [{ best }],
      },
      {
        caption: 'Every step',
        detail: true,
        columns: [
          { key: 'round', title: 'round' },
          { key: 'offered', title: 'offered/s' },
          { key: 'sent', title: 'sent' },
          { key: 'arrived', title: 'arrived' },
          { key: 'delivered', title: 'delivered/s' },
          { key: 'busy', title: 'model busy', digits: 2 },
          { key: 'good', title: 'good' },
          { key: 'why', title: 'why not' },
        ],
        rows,
      },
    ],
    limits: [
      'What the card would take on a wire: here the simulation and the kernel set the pace.',
      'Both directions at once, and frames of other lengths.',
    ],
  };
}

function nothing(skipped: string): Measured {
  return {
    configuration: CONFIGURATION,
    method: [],
    headlines: [],
    tables: [],
    limits: [],
    skipped,
  };
}

export const interfaces: Benchmark = {
  name: 'interfaces',
  title: 'Frames a second through real interfaces',
  run,
};
