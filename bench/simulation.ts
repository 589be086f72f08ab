/** Simulated frames a second: the addon against the same model in a plain C++ loop. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeEntry, HOST_TABLES, REGISTERS } from '../driver/index.ts';
import { run as runProgram } from '../sim/compile.ts';
import { ensureBuilt } from '../sim/index.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { CardBed, CONFIGURATION } from './card-bed.ts';
import { withFolder } from './folder.ts';
import { PREFIX, steered, VIDS_USED, vids } from './frames.ts';
import { formatNumber } from './render.ts';
import type { Column, Measured } from './report.ts';
import { interleave, type Spread, spreadOf } from './spread.ts';
import { busiestThread, threadSeconds } from './threads.ts';

/** Seconds that one run should take; the number of frames follows from a first, short one. */
const RUN_SECONDS = { quick: 0.6, full: 2 };
const ROUNDS = { quick: 3, full: 5 };
/** Frames in one call of `send`. */
const BATCH = VIDS_USED;
const AIM = 0.85;

/** Of one run. */
interface Speed {
  /** Frames a second of processor time of the thread that runs the model, all that it does. */
  readonly thread: number;
  /** Frames a second of processor time within the model and its pins only. */
  readonly model: number;
  /** Frames a second of wall-clock, as the caller sees it. */
  readonly wall: number;
  readonly clocksPerFrame: number;
}

const FRAMES = vids(BATCH).map((vid) => steered(vid));

/** What the plain loop reads: the bed's register writes, and the same frames. */
export async function benchInput(bed: CardBed): Promise<string> {
  const lines: string[] = [];
  const write = (address: number, value: number) => lines.push(`w ${address} ${value}`);
  for (const table of HOST_TABLES) {
    for (let index = 0; index < bed.card.entries(table); index++) {
      const words = encodeEntry(table, bed.tables.get(table, index));
      for (const access of bed.card.writeAccesses(table, index, words))
        write(access.address, access.write ?? 0);
    }
  }
  write(REGISTERS.control.fabric_prefix, PREFIX);
  write(REGISTERS.control.control, 1);
  for (const frame of FRAMES) lines.push(`f 0 ${frame.toString('hex')}`);
  return `${lines.join('\n')}\n`;
}

async function plainLoop(program: string, input: string, frames: number): Promise<Speed> {
  const begin = performance.now();
  const said = JSON.parse(await runProgram(program, [input, String(frames)])) as {
    frames: number;
    sent: number;
    clocks: number;
    seconds: number;
  };
  if (said.frames !== frames || said.sent !== frames)
    throw new Error(`the plain loop was fed ${said.frames} and sent ${said.sent} of ${frames}`);
  if ((performance.now() - begin) / 1000 < said.seconds)
    throw new Error('the plain loop says that it took longer than it was seen to take');
  const rate = said.frames / said.seconds;
  // Its seconds are those of its only thread; loading the tables before is not among them.
  return { thread: rate, model: rate, wall: rate, clocksPerFrame: said.clocks / said.frames };
}

/** Takes the time of `feed`, which puts so many frames through the card. */
async function timed(bed: CardBed, frames: number, feed: () => Promise<number>): Promise<Speed> {
  const before = await bed.simulated.statistics();
  const threads = await threadSeconds();
  const begin = performance.now();
  const out = await feed();
  const wall = (performance.now() - begin) / 1000;
  const spent = busiestThread(threads, await threadSeconds());
  const after = await bed.simulated.statistics();
  if (out !== frames) throw new Error(`${out} of ${frames} frames came out of the card`);
  return {
    thread: frames / spent,
    model: frames / (after.busySeconds - before.busySeconds),
    wall: frames / wall,
    clocksPerFrame: (after.clocks - before.clocks) / frames,
  };
}

/** Batches one after the other, the next handed over while one runs. */
function lockStep(bed: CardBed, frames: number): Promise<Speed> {
  return timed(bed, frames, async () => {
    let out = 0;
    let running: Promise<unknown> = Promise.resolve();
    for (let fed = 0; fed < frames; fed += BATCH) {
      const sent = bed.simulated.send(0, FRAMES);
      const idle = bed.simulated.runUntilIdle();
      await running;
      out += bed.simulated.received(1).length + bed.simulated.received(3).length;
      running = Promise.all([sent, idle]);
    }
    await running;
    return out + bed.simulated.received(1).length + bed.simulated.received(3).length;
  });
}

/** The card runs by itself and is never without frames until the last. */
function live(bed: CardBed, frames: number, arrivals: { count: number; check: () => void }) {
  return timed(bed, frames, async () => {
    arrivals.count = 0;
    let fed = 0;
    const feed = async (to: number) => {
      while (fed < Math.min(to, frames)) {
        fed += BATCH; // before the wait, in which another call may come
        await bed.simulated.send(0, FRAMES);
      }
    };
    await feed(3 * BATCH);
    await new Promise<void>((resolve, reject) => {
      arrivals.check = () => {
        feed(arrivals.count + 3 * BATCH).catch(reject);
        if (arrivals.count >= frames) resolve();
      };
    });
    return arrivals.count;
  });
}

const run = (context: Context): Promise<Measured> => withFolder((folder) => runIn(folder, context));

async function runIn(folder: string, { quick, say }: Context): Promise<Measured> {
  const { benchPath } = await ensureBuilt({ configuration: CONFIGURATION, bench: true });
  if (benchPath === undefined) throw new Error('the plain loop was not built');
  const stepped = await CardBed.open();
  const running = await CardBed.open({ mode: 'live' });
  try {
    await stepped.attachMemory();
    const arrivals = { count: 0, check: () => {} };
    for (const port of [0, 1, 2, 3])
      await running.simulated.attachMemory(port, (frames) => {
        arrivals.count += frames.length;
        arrivals.check();
      });
    const input = join(folder, 'input');
    await writeFile(input, await benchInput(stepped));
    const first = await plainLoop(benchPath, input, 4 * BATCH);
    const seconds = quick ? RUN_SECONDS.quick : RUN_SECONDS.full;
    const frames = Math.max(4, Math.round((first.thread * seconds) / BATCH)) * BATCH;
    const rounds = quick ? ROUNDS.quick : ROUNDS.full;
    say(`${rounds} rounds of ${frames} frames: plain loop, addon in lock-step, addon live`);
    const speeds = await interleave(rounds, {
      plain: () => plainLoop(benchPath, input, frames),
      lockStep: () => lockStep(stepped, frames),
      live: () => live(running, frames, arrivals),
    });
    return summary(speeds, frames);
  } finally {
    await stepped.close();
    await running.close();
  }
}

type Variant = 'plain' | 'lockStep' | 'live';

const NAMES: Readonly<Record<Variant, string>> = {
  plain: 'plain C++ loop',
  lockStep: 'addon, lock-step',
  live: 'addon, live',
};

function summary(speeds: Record<Variant, Speed[]>, frames: number): Measured {
  const spread = (variant: Variant, of: keyof Speed): Spread =>
    spreadOf(speeds[variant].map((speed) => speed[of]));
  const ratio = (variant: Variant, of: 'thread' | 'model' | 'wall') =>
    spread(variant, of).median / spread('plain', of).median;
  const variants = Object.keys(NAMES) as Variant[];
  const columns: Column[] = [
    { key: 'variant', title: '' },
    { key: 'clocksPerFrame', title: 'clocks a frame', digits: 2 },
    { key: 'thread', title: 'frames/s of its thread' },
    { key: 'threadRatio', title: 'ratio', digits: 3 },
    { key: 'model', title: 'frames/s of the model' },
    { key: 'modelRatio', title: 'ratio', digits: 3 },
    { key: 'wall', title: 'frames/s by wall-clock' },
  ];
  return {
    configuration: CONFIGURATION,
    method: [
      `The same model, pins, frames (${formatNumber(frames)} of 64 bytes a run, ${formatNumber(BATCH)} different ones, all steered) and tables. Runs of the three take turns.`,
      'Of its thread: frames by processor time of the thread that runs the model, with everything else that it does (feeding, fetching, handing over to JavaScript). Other programs on the machine do not lengthen it as they do wall-clock; caches and clock speed they still share.',
      'Of the model: processor time between the first and last clock of a burst only. By wall-clock: what a TypeScript caller sees who sends batches and gets frames back; there is none for the plain loop.',
    ],
    headlines: [
      {
        what: 'addon in lock-step against the plain loop, of its thread',
        value: ratio('lockStep', 'thread'),
        unit: 'ratio',
        aim: { least: AIM },
      },
      {
        what: 'addon live against the plain loop, of its thread',
        value: ratio('live', 'thread'),
        unit: 'ratio',
        aim: { least: AIM },
      },
      {
        what: 'simulated frames, plain loop',
        value: spread('plain', 'thread').median,
        unit: 'frames/s',
      },
    ],
    tables: [
      {
        caption: 'Simulated frames a second: median (low to high), ratios of medians',
        columns,
        rows: variants.map((variant) => ({
          variant: NAMES[variant],
          clocksPerFrame: spread(variant, 'clocksPerFrame').median,
          thread: spread(variant, 'thread'),
          threadRatio: ratio(variant, 'thread'),
          model: spread(variant, 'model'),
          modelRatio: ratio(variant, 'model'),
          ...(variant === 'plain' ? {} : { wall: spread(variant, 'wall') }),
        })),
      },
    ],
    limits: ['Anything about hardware: these are speeds of a simulation on this machine.'],
  };
}

export const simulation: Benchmark = {
  name: 'simulation',
  title: 'Simulated frames a second, addon against plain C++',
  run,
};
