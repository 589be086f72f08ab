/** The three that may catch a fault, run in the copy: tests, fuzz, proofs. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TASKS } from '../../hdl/formal/tasks.ts';
import { TREE } from './places.ts';

export interface Check {
  /** `none`: no proof concerns the module. */
  readonly verdict: 'caught' | 'missed' | 'none';
  /** What failed first, in its own words. */
  readonly by: string;
}

/** A check came to no verdict: the fault does not build, a tool is missing. */
export class CheckError extends Error {}

export const FUZZ_FRAMES = 15_000;
export const FUZZ_SEED = 1;

/** Whoever needs longer stands still; that is a catch. Seconds, about ten times what is usual. */
const LIMITS = { build: 900, tests: 900, fuzz: 300, proof: 1800 };

const MISSED: Check = { verdict: 'missed', by: '' };
const caught = (by: string): Check => ({ verdict: 'caught', by: by.trim().slice(0, 300) });

interface Ended {
  /** null: it was stopped after its time. */
  readonly status: number | null;
  readonly out: string;
  readonly text: string;
}

let running: number | undefined;

/** Ends what a check has started; each has a process group of its own. */
export function stopRunning(): void {
  if (running === undefined) return;
  try {
    process.kill(-running, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Runs a program of the copy, by its path from there. */
function node(words: readonly string[], seconds: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      cwd: TREE,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running = child.pid;
    const out: Buffer[] = [];
    const all: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => {
      out.push(data);
      all.push(data);
    });
    child.stderr.on('data', (data: Buffer) => all.push(data));
    const timer = setTimeout(stopRunning, seconds * 1000);
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      running = undefined;
      resolve({ status, out: Buffer.concat(out).toString(), text: Buffer.concat(all).toString() });
    });
  });
}

const tsx = (...words: string[]) => ['--import', 'tsx', ...words];

/** The card has to build with the fault in it: that it does not is no catch. */
export async function buildCard(): Promise<void> {
  const words = tsx('sim/build.ts', '--configuration', 'sim');
  const { status, text } = await node(words, LIMITS.build);
  if (status !== 0) throw new CheckError(`the card does not build:\n${text.slice(-2000)}`);
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** vitest over these files, up to the first that fails. */
export async function runTests(files: readonly string[]): Promise<Check> {
  const results = join(TREE, 'test/.results/vitest.json');
  rmSync(results, { force: true });
  const options = ['--config', 'test/vitest.config.ts', '--bail', '1', '--maxWorkers', '1'];
  const words = ['node_modules/vitest/vitest.mjs', 'run', ...options, ...files];
  const { status, text } = await node(words, LIMITS.tests);
  if (status === 0) return MISSED;
  if (status === null) return caught('the tests come to no end');
  if (!existsSync(results)) throw new CheckError(`vitest:\n${text.slice(-2000)}`);
  const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as Report;
  for (const { name, status: end, message, assertionResults } of testResults) {
    const failed = assertionResults.find((result) => result.status === 'failed');
    const file = name.slice(name.indexOf('test/'));
    if (failed !== undefined) {
      const [first = ''] = failed.failureMessages;
      const timeout = first.includes('timed out') ? ' (timed out)' : '';
      return caught(`${file}: ${failed.fullName}${timeout}`);
    }
    if (end === 'failed') throw new CheckError(`${file}: ${message.slice(0, 2000)}`);
  }
  throw new CheckError(`vitest ended with status ${status}:\n${text.slice(-2000)}`);
}

/** Random frames at 64 bits. */
export async function runFuzz(): Promise<Check> {
  const size = ['--frames', String(FUZZ_FRAMES), '--seed', String(FUZZ_SEED)];
  const words = tsx('test/fuzz/main.ts', '--configuration', 'sim', ...size, '--no-shrink');
  const { status, text } = await node(words, LIMITS.fuzz);
  if (status === 0) return MISSED;
  if (status === null) return caught('the card comes to no end');
  if (status !== 1) throw new CheckError(`fuzz ended with status ${status}:\n${text.slice(-2000)}`);
  const seed = /^sim: (seed \d+: .*)$/m.exec(text)?.[1];
  const thrown = /^\w*(?:Error|Mismatch)\b.*$/m.exec(text)?.[0];
  return caught(seed ?? thrown ?? text.slice(-300));
}

interface Formal {
  readonly tasks: readonly {
    readonly name: string;
    readonly proof: { readonly good: boolean; readonly detail: string };
    readonly cover: { readonly good: boolean; readonly detail: string };
  }[];
}

async function runProof(name: string): Promise<Check> {
  const task = TASKS.find((known) => known.name === name);
  if (task === undefined) throw new CheckError(`there is no proof "${name}"`);
  const short = task.short ? ['--short'] : [];
  const words = tsx('hdl/formal/main.ts', '--only', name, ...short, '--json');
  const { status, out, text } = await node(words, LIMITS.proof);
  if (status !== 0 && status !== 1) throw new CheckError(`${name}:\n${text.slice(-2000)}`);
  const result = (JSON.parse(out) as Formal).tasks.find((other) => other.name === name);
  if (result === undefined) throw new CheckError(`${name} did not run`);
  const { proof, cover } = result;
  if (proof.detail.startsWith('refuted')) return caught(`${name}: ${proof.detail}`);
  // Found neither proven nor refuted in its time, a proof has caught nothing.
  if (!proof.good) return { verdict: 'missed', by: `${name}: ${proof.detail}` };
  if (!cover.good) return caught(`${name}: ${cover.detail}`);
  return MISSED;
}

/** These proofs, up to the first that fails. */
export async function runProofs(names: readonly string[]): Promise<Check> {
  if (names.length === 0) return { verdict: 'none', by: '' };
  const missed: string[] = [];
  for (const name of names) {
    const check = await runProof(name);
    if (check.verdict === 'caught') return check;
    if (check.by !== '') missed.push(check.by);
  }
  return { verdict: 'missed', by: missed.join('; ') };
}
