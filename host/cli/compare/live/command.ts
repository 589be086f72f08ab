/** `vidline compare --live`: the same calls, and the same tunnels, by every path, each run in a cage of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../../../../sim/index.ts';
import { ensureRouter } from '../../../router/build.ts';
import { CommandError, EXIT } from '../../exit.ts';
import { type CageKind, cageRemedy, enterCage, probeCage } from '../../namespaces/cage.ts';
import { SYSTEM_ENVIRONMENT } from '../../namespaces/run.ts';
import { ALL_PATHS, isGtp, type PathName } from './path.ts';
import {
  isClean,
  LIMITS,
  type LivePath,
  type LiveReport,
  type LiveRun,
  SCHEMA,
  summarise,
  WHAT,
} from './rounds.ts';

export interface LiveOptions {
  /** Sessions a second of the rounds; then twice as many while none fails. */
  readonly rate: number;
  /** Seconds of each run. */
  readonly seconds: number;
  readonly rounds: number;
  /** Times that the rate is doubled at most. */
  readonly doublings: number;
  readonly paths?: readonly PathName[];
}

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url));
/** Programs that a path cannot do without. */
const NEEDS: Readonly<Record<PathName, readonly string[]>> = {
  card: ['sipp'],
  punt: ['sipp'],
  nftables: ['sipp', 'nft'],
  kamailio: ['sipp', 'kamailio'],
  'gtp-card': [],
  'gtp-punt': [],
  'gtp-nftables': ['nft'],
};

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Rejects with CommandError where no path can be taken. */
export async function compareLive(options: LiveOptions): Promise<LiveReport> {
  const { rate, seconds, rounds, doublings, paths = ALL_PATHS } = options;
  const { kind, reasons } = await probeCage();
  if (kind === undefined) {
    const message = `no network namespaces: ${reasons.join('; ')}; ${cageRemedy()}`;
    throw new CommandError(EXIT.noDevice, message);
  }
  await ensureBuilt({ configuration: 'sim' });
  await ensureRouter();
  const folder = mkdtempSync(join(tmpdir(), 'vidline-live-'));
  const callsAt = (of: number) => of * seconds;
  try {
    const missing = new Map(paths.map((path) => [path, NEEDS[path].filter(isMissing)] as const));
    const taken = paths.filter((path) => missing.get(path)?.length === 0);
    const runs = new Map<PathName, LiveRun[]>(taken.map((path) => [path, []]));
    const once = async (path: PathName, of: number) => {
      say(`${path}: ${of} ${isGtp(path) ? 'contexts' : 'calls'} a second for ${seconds} s`);
      const run = await runOnce(kind, path, of, callsAt(of), join(folder, 'result.json'));
      runs.get(path)?.push(run);
      return run;
    };
    for (let round = 0; round < rounds; round++) {
      for (const path of round % 2 === 0 ? taken : taken.toReversed()) await once(path, rate);
    }
    // Who was clean so far is asked for twice as much.
    let climbing = taken.filter((path) =>
      runs.get(path)?.every((run) => isClean(run, callsAt(rate))),
    );
    for (let step = 1; step <= doublings && climbing.length > 0; step++) {
      const higher = rate * 2 ** step;
      const clean: PathName[] = [];
      for (const path of climbing) {
        if (isClean(await once(path, higher), callsAt(higher))) clean.push(path);
      }
      climbing = clean;
    }
    const told = paths.map((path): LivePath => {
      const own = runs.get(path) ?? [];
      const without = missing.get(path) ?? [];
      const summary = summarise(path, own, rate, callsAt);
      return without.length > 0
        ? { ...summary, what: WHAT[path], skipped: `${without.join(', ')} not installed` }
        : summary;
    });
    const date = new Date().toISOString().replace(/\.\d+/, '');
    return {
      schema: SCHEMA,
      date,
      rate,
      calls: callsAt(rate),
      rounds,
      paths: told,
      limits: LIMITS,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isMissing(program: string): boolean {
  const words = ['-c', `command -v ${program}`];
  return spawnSync('sh', words, { env: SYSTEM_ENVIRONMENT }).status !== 0;
}

async function runOnce(
  kind: CageKind,
  path: PathName,
  rate: number,
  calls: number,
  result: string,
): Promise<LiveRun> {
  rmSync(result, { force: true });
  const cage = enterCage(kind, INSIDE, [JSON.stringify({ path, rate, calls, result })]);
  const stop = () => cage.kill();
  process.once('exit', stop);
  try {
    const { status, orderly } = await cage.ended;
    if (status === 0 && orderly) return JSON.parse(readFileSync(result, 'utf8')) as LiveRun;
    throw new CommandError(EXIT.mismatch, `${path}: the run came to no end (status ${status})`);
  } finally {
    process.off('exit', stop);
  }
}
