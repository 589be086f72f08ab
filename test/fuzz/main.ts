/**
 * `npm run fuzz`: random tables, table writes and frames into the card's RTL and into the reference
 * decision; every end, byte and record must agree. docs/fuzz.md says how.
 *
 *   npm run fuzz -- --frames 1000000 --seed 1
 *   npm run fuzz -- --configuration sim-512      one width only; both, in two processes, where not given
 *   npm run fuzz -- --no-shrink                  a mismatch as it was met, which takes minutes less
 *   npm run fuzz -- --replay build/fuzz/sim-17.json
 *
 * Exit status 0: all agree. 1: a mismatch, whose smallest case lies in build/fuzz. 2: usage.
 */
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Found, type Progress, replay, runCampaign } from './campaign.ts';
import type { Mismatch } from './mismatch.ts';
import { loadTrial, saveCapture, saveTrial } from './store.ts';

const FOLDER = 'build/fuzz';
const BOTH = ['sim', 'sim-512'];
/** With so many frames every reason is met; else what is drawn has become too narrow. */
const MANY = 50_000;
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

/** One configuration in this process. */
async function campaign(configuration: string, wanted: Wanted): Promise<number> {
  const { frames, small } = wanted;
  const onProgress = (progress: Progress) => say(progressText(configuration, progress));
  const onMismatch = (failed: number, { message }: Mismatch) =>
    say(
      `${configuration}: seed ${failed}: ${message.split('\n')[0]}${small ? '; making it small …' : ''}`,
    );
  const options = { configuration, ...wanted, onProgress, onMismatch };
  const { found, reasons } = await runCampaign(options);
  if (found !== undefined) {
    report(configuration, found);
    return 1;
  }
  const counted = [...reasons].map(([name, count]) => `${name} ${count}`);
  say(`${configuration}: all agree. ${counted.join(', ')}`);
  const missed = [...reasons].filter(([name, count]) => count === 0n && !UNREACHED.includes(name));
  if (frames < MANY || missed.length === 0) return 0;
  say(`${configuration}: never met: ${missed.map(([name]) => name).join(', ')}`);
  return 1;
}

/** Each width in a process of its own. */
async function both({ frames, seed, small }: Wanted): Promise<number> {
  const codes = BOTH.map((configuration) => {
    const half = String(Math.ceil(frames / BOTH.length));
    const args = ['--configuration', configuration, '--frames', half, '--seed', String(seed)];
    if (!small) args.push('--no-shrink');
    const child = fork(fileURLToPath(import.meta.url), args, { execArgv: process.execArgv });
    return new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  });
  return Math.max(...(await Promise.all(codes)));
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      frames: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      configuration: { type: 'string' },
      'no-shrink': { type: 'boolean', default: false },
      replay: { type: 'string' },
    },
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
  const wanted = { frames, seed, small: !values['no-shrink'] };
  return configuration === undefined ? both(wanted) : campaign(configuration, wanted);
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
