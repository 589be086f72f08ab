/**
 * `npm run fuzz`: random tables, table writes and frames into the card's RTL and into the reference
 * decision; every end, byte and record must agree. docs/fuzz.md says how.
 */
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { readOptions } from '../../hdl/options.ts';
import { type Found, type Progress, replay, runCampaign } from './campaign.ts';
import type { Mismatch } from './mismatch.ts';
import { loadTrial, saveCapture, saveTrial } from './store.ts';

const USAGE = `usage:
  npm run fuzz -- --frames 1000000 --seed 1
  npm run fuzz -- --configuration sim-512      one card only; three, each in a process, where not given
  npm run fuzz -- --no-shrink                  a mismatch as it was met, which takes minutes less
  npm run fuzz -- --replay build/fuzz/sim-17.json

Exit status 0: all agree. 1: a mismatch, whose smallest case lies in build/fuzz. 2: usage.`;

const FOLDER = 'build/fuzz';
/** Both widths, and a small card: its queues are soon full, and its rows can name slots it has not. */
const CARDS = ['sim', 'sim-512', 'ecp5-25'];
/** In so many frames every reason is met; else what is drawn has become too narrow. */
const MANY = 150_000;
/** The simulated wire waits for the receiver. test/hdl/rx-port.test.ts has one that does not. */
const UNREACHED: readonly string[] = ['rx_overflow'];

const say = (text: string) => process.stderr.write(`${text}\n`);

function progressText(configuration: string, { frames, trials, seconds }: Progress): string {
  const rate = Math.round(frames / Math.max(seconds, 0.001));
  const count = frames.toLocaleString('en');
  return `${configuration}: ${count} frames in ${trials} trials, ${seconds.toFixed(0)} s, ${rate} frames/s`;
}

function report(configuration: string, { mismatch, seed, trial, fresh }: Found): void {
  mkdirSync(FOLDER, { recursive: true });
  const base = `${FOLDER}/${configuration}-${seed}`;
  saveTrial(trial, `${base}.json`);
  saveCapture(trial, `${base}.pcapng`);
  const frames = trial.steps.reduce(
    (sum, step) => sum + (step.kind === 'frames' ? step.frames.length : 0),
    0,
  );
  const rules = trial.state.rules.filter((rule) => rule !== undefined).length;
  const entries = trial.state.rows.size + (trial.state.overrides?.size ?? 0);
  say(`\n${configuration}: card and reference disagree, seed ${seed}\n${mismatch.message}\n`);
  say(`the case: ${frames} frames, ${rules} rules, ${entries} rows and overrides`);
  if (!fresh) say('a fresh card agrees; it depends on the trials before, from the first seed on');
  say(`frames:  ${base}.pcapng\nall:     ${base}.json`);
  say(`again:   npm run fuzz -- --replay ${base}.json`);
}

interface Wanted {
  readonly frames: number;
  readonly seed: number;
  /** Make the trial small where it fails. */
  readonly small: boolean;
}

/** Frames by the name of their reason; undefined where card and reference disagree. */
type Reasons = ReadonlyMap<string, bigint> | undefined;

/** One card in this process. */
async function campaign(configuration: string, wanted: Wanted): Promise<Reasons> {
  const onProgress = (progress: Progress) => say(progressText(configuration, progress));
  const onMismatch = (seed: number, { message }: Mismatch) => {
    const first = message.split('\n')[0];
    say(`${configuration}: seed ${seed}: ${first}${wanted.small ? '; making it small …' : ''}`);
  };
  const { found, reasons } = await runCampaign({
    configuration,
    ...wanted,
    onProgress,
    onMismatch,
  });
  if (found === undefined) return reasons;
  report(configuration, found);
  return undefined;
}

/** The same in a process of its own, which sends what it has met. */
async function elsewhere(configuration: string, wanted: Wanted): Promise<Reasons> {
  const { frames, seed, small } = wanted;
  const args = ['--configuration', configuration, '--frames', `${frames}`, '--seed', `${seed}`];
  if (!small) args.push('--no-shrink');
  const child = fork(fileURLToPath(import.meta.url), args, {
    execArgv: process.execArgv,
    serialization: 'advanced',
  });
  let reasons: Reasons;
  child.once('message', (met) => {
    reasons = met as Map<string, bigint>;
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return code === 0 ? reasons : undefined;
}

/** How often each card met each reason; which were never met by any. */
function summary(cards: readonly string[], met: readonly Reasons[]): string[] {
  const table = new Table({
    head: ['reason', ...cards],
    colAligns: ['left', ...cards.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
  const names = new Set(met.flatMap((reasons) => [...(reasons?.keys() ?? [])]));
  for (const name of names) {
    const counts = met.map((reasons) => reasons?.get(name) ?? 0n);
    table.push([name, ...counts.map((count) => count.toLocaleString('en'))]);
  }
  say(table.toString());
  return [...names].filter(
    (name) => !UNREACHED.includes(name) && met.every((reasons) => !reasons?.get(name)),
  );
}

async function all(cards: readonly string[], frames: number, rest: Omit<Wanted, 'frames'>) {
  const wanted = { frames: Math.ceil(frames / cards.length), ...rest };
  const [only] = cards;
  const met =
    cards.length === 1 && only !== undefined
      ? [await campaign(only, wanted)]
      : await Promise.all(cards.map((card) => elsewhere(card, wanted)));
  if (process.send) {
    process.send(met[0]);
    return met[0] === undefined ? 1 : 0;
  }
  const missed = summary(cards, met);
  if (met.includes(undefined)) return 1;
  say(`${frames.toLocaleString('en')} frames, seed ${rest.seed}: all agree`);
  if (cards.length === 1 || frames < MANY || missed.length === 0) return 0;
  say(`never met: ${missed.join(', ')}`);
  return 1;
}

async function main(): Promise<number> {
  const values = readOptions(USAGE, {
    frames: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    configuration: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
    replay: { type: 'string' },
  });
  if (values.replay !== undefined) {
    const mismatch = await replay(loadTrial(values.replay));
    say(mismatch === undefined ? 'card and reference agree' : mismatch.message);
    return mismatch === undefined ? 0 : 1;
  }
  const [frames, seed] = [Number(values.frames), Number(values.seed)];
  if (!Number.isSafeInteger(frames) || !Number.isSafeInteger(seed) || frames < 1) {
    say('--frames and --seed must be whole numbers, --frames at least 1');
    return 2;
  }
  const { configuration } = values;
  const cards = configuration === undefined ? CARDS : [configuration];
  return all(cards, frames, { seed, small: !values['no-shrink'] });
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
