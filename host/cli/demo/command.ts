import { access, constants } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../../../sim/index.ts';
import { CommandError, EXIT } from '../exit.ts';
import { type CageKind, cageRemedy, enterCage, probeCage } from '../namespaces/cage.ts';
import { SYSTEM_ENVIRONMENT } from '../namespaces/run.ts';
import { MemoryNetwork } from './network.ts';
import type { DemoOptions } from './options.ts';
import { runDemo } from './run.ts';

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url));
/** What real interfaces need beside namespaces. */
const TOOLS = ['sipp', 'ip', 'ethtool', 'nsenter', 'unshare', 'setpriv'];

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** `vidline demo`: resolves with the exit status. */
export async function demo(given: DemoOptions): Promise<number> {
  const options = await withPaths(given);
  // Outside of the cage, where what is built stays.
  await ensureBuilt({ configuration: 'sim', trace: options.wave !== undefined });
  const kind = options.memory ? undefined : await possibleCage();
  if (options.memory) say('Ports in memory, as asked for: this is NOT the real thing.');
  if (kind === undefined) return inMemory(options);
  return inCage(kind, options);
}

/** `vidline demo board`: resolves with the exit status. */
export async function boardDemo(options: DemoOptions): Promise<number> {
  say('Frames go in and out of the simulated PHYs in memory; the SIP client is our own.');
  return inMemory(options);
}

/** Absolute, since they are opened elsewhere; refused now where they cannot be written. */
async function withPaths(options: DemoOptions): Promise<DemoOptions> {
  const { capture, wave } = options;
  if (wave !== undefined) {
    const folder = dirname(resolve(wave));
    await access(folder, constants.W_OK).catch((error: Error) => {
      throw new CommandError(EXIT.badInput, `--wave ${wave}: ${error.message}; make the folder`);
    });
  }
  return {
    ...options,
    ...(capture === undefined ? {} : { capture: resolve(capture) }),
    ...(wave === undefined ? {} : { wave: resolve(wave) }),
  };
}

/** The kind of cage for real interfaces; undefined, after saying why and what to do, where none is. */
async function possibleCage(): Promise<CageKind | undefined> {
  const missing: string[] = [];
  for (const tool of TOOLS) if (!(await installed(tool))) missing.push(tool);
  let why: string;
  let remedy: string;
  if (missing.length > 0) {
    why = `${missing.join(', ')} not installed`;
    remedy = 'install what sim/prepare.mjs names (packages sip-tester iproute2 ethtool util-linux)';
  } else {
    const { kind, reasons } = await probeCage();
    if (kind !== undefined) return kind;
    why = reasons.join('; ');
    remedy = cageRemedy();
  }
  say(`There can be no real network interfaces here: ${why}.`);
  say(
    'So this is NOT the real thing: the ports of the card are queues in memory, and the calls are',
  );
  say(`made by a client of our own, not by SIPp. For the real thing: ${remedy}.`);
  return undefined;
}

async function installed(tool: string): Promise<boolean> {
  for (const folder of (SYSTEM_ENVIRONMENT.PATH ?? '').split(delimiter)) {
    try {
      await access(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      // not in this folder
    }
  }
  return false;
}

/** Calls `stop` at the first signal that asks for an end, `kill` at the second. */
function onSignals(stop: () => void, kill: () => void): () => void {
  let asked = false;
  const heard = () => {
    if (asked) kill();
    else stop();
    asked = true;
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, heard);
  return () => {
    for (const signal of signals) process.off(signal, heard);
  };
}

async function inMemory(options: DemoOptions): Promise<number> {
  const stop = new AbortController();
  const off = onSignals(
    () => stop.abort(),
    () => process.exit(130),
  );
  try {
    return await runDemo(options, async () => new MemoryNetwork(options), stop.signal);
  } finally {
    off();
  }
}

async function inCage(kind: CageKind, options: DemoOptions): Promise<number> {
  say(
    kind === 'root'
      ? 'Network namespaces as root.'
      : 'Network namespaces without root, through a user namespace.',
  );
  const cage = enterCage(kind, INSIDE, [JSON.stringify(options)]);
  const off = onSignals(cage.stop, cage.kill);
  try {
    const { status, orderly } = await cage.ended;
    if (orderly) return status;
    throw new CommandError(
      EXIT.simulator,
      `the demo's inner process died (status ${status}) and took everything with it; ` +
        'what it wrote above is all that is known',
    );
  } finally {
    off();
  }
}
