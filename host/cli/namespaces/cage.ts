import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { run, SYSTEM_ENVIRONMENT, ToolError } from './run.ts';

/**
 * A cage is a process tree of its own: network, mount, process-id and (without root) user
 * namespace in one. What runs in it can make interfaces and namespaces as it likes, and nothing of
 * it can outlive it: when its first process dies, however, the kernel kills all others, and with
 * the last process go its network namespaces, their veths, and the file system on /run that holds
 * its sockets and temporary files. That first process dies with us by two ways, the parent-death
 * signal and the end of a pipe, so that even `kill -9` of any part leaves nothing behind.
 */
export type CageKind = 'root' | 'user';

/** Words for unshare(1). `--kill-child`: the first process inside dies with unshare itself. */
const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child=SIGKILL'];
const FLAGS: Record<CageKind, readonly string[]> = {
  root: NAMESPACES,
  user: ['--user', '--map-root-user', ...NAMESPACES],
};

/** File descriptor of the pipe from outside; inside, its end means that nobody is there any more. */
const LIFELINE = 3;
const MARK = 'VIDLINE_CAGE';

/**
 * What a cage must be able to do, done for real: some systems (Ubuntu 24.04) allow a user namespace
 * and then deny what one wants it for, and some containers allow veths but no mounts.
 */
const PROBE = [
  'mount -t tmpfs vidline /run',
  'mkdir /run/netns',
  'ip netns add probe',
  'ip link add probe0 type veth peer name probe1 netns probe',
  'nsenter --net=/run/netns/probe ip link set probe1 up',
  'nsenter --net=/run/netns/probe ip -o link show probe1',
].join(' && ');

export interface CagePossibility {
  /** The kind of cage that works here; undefined: none. */
  readonly kind: CageKind | undefined;
  /** Where none works: what was tried and how it failed, one line each. */
  readonly reasons: readonly string[];
}

/**
 * Finds out which kind of cage this machine allows, by making one; tries `kinds` in order, all that
 * this user may hope for unless told. Takes about 0.1 s.
 */
export async function probeCage(
  kinds: readonly CageKind[] = process.getuid?.() === 0 ? ['root', 'user'] : ['user'],
): Promise<CagePossibility> {
  const reasons: string[] = [];
  for (const kind of kinds) {
    try {
      const shown = await run('unshare', [...FLAGS[kind], 'sh', '-c', PROBE]);
      if (/\bprobe1@/.test(shown)) return { kind, reasons };
      reasons.push(`${describe(kind)}: the veth that was made is not there`);
    } catch (error) {
      const said = error instanceof ToolError ? error.output.trim() || `${error.status}` : error;
      reasons.push(`${describe(kind)}: ${said}`);
    }
  }
  return { kind: undefined, reasons };
}

function describe(kind: CageKind): string {
  return kind === 'root' ? 'namespaces as root' : 'namespaces through a user namespace';
}

/** What to do where no cage is possible, for people. */
export function cageRemedy(): string {
  return process.getuid?.() === 0
    ? 'in a container, start it with --privileged (or with --cap-add=SYS_ADMIN --cap-add=NET_ADMIN)'
    : 'run it as root (sudo -E env "PATH=$PATH" npm run demo), or allow user namespaces: ' +
        'sudo sysctl kernel.unprivileged_userns_clone=1 ' +
        'kernel.apparmor_restrict_unprivileged_userns=0 (those of the two that your kernel knows)';
}

/** True in a process that `enterCage` started. */
export function inCage(): boolean {
  return process.env[MARK] !== undefined;
}

export interface Cage {
  readonly process: ChildProcess;
  /** Asks what runs inside to end in good order; it hears it by `onLifeline`. Idempotent. */
  stop(): void;
  /** Ends everything inside at once. Idempotent. */
  kill(): void;
  /**
   * The first process inside has ended: its exit status, 128 + n when signal n ended it, and whether
   * it ended by `leaveCage` (false: it crashed or was killed).
   */
  readonly ended: Promise<{ status: number; orderly: boolean }>;
}

/**
 * Starts a TypeScript program of ours inside a cage, with the given arguments and with our standard
 * input, output and error. The program must end by `leaveCage`.
 */
export function enterCage(kind: CageKind, program: string, args: readonly string[]): Cage {
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig=KILL',
      'unshare',
      ...FLAGS[kind],
      process.execPath,
      '--import',
      import.meta.resolve('tsx'),
      program,
      ...args,
    ],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env: { ...SYSTEM_ENVIRONMENT, LC_ALL: process.env.LC_ALL, [MARK]: kind },
    },
  );
  const lifeline = child.stdio[LIFELINE] as Duplex;
  lifeline.on('error', () => {}); // the inside is gone; `ended` says so
  let orderly = false;
  lifeline.on('data', () => {
    orderly = true;
  });
  const ended = new Promise<{ status: number; orderly: boolean }>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ToolError('setpriv', error.code ?? error.message, ''));
    });
    // 'close', not 'exit': what was written to the lifeline has been read by then.
    child.once('close', (status, signal) => {
      resolve({
        status: status ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        orderly,
      });
    });
  });
  return {
    process: child,
    ended,
    stop: () => lifeline.end(),
    kill: () => void child.kill('SIGKILL'),
  };
}

let lifeline: Socket | undefined;

/**
 * Inside a cage: calls `end` once when those outside want it to end or are gone. Without effect
 * outside of a cage.
 */
export function onLifeline(end: () => void): void {
  if (!inCage()) return;
  // Node's pipes to children are sockets. A file stream would read it in a thread that blocks, and
  // process.exit waits for such threads.
  lifeline = new Socket({ fd: LIFELINE, readable: true, writable: true, allowHalfOpen: true });
  lifeline.on('data', () => {});
  let called = false;
  const once = () => {
    if (!called) end();
    called = true;
  };
  lifeline.once('end', once);
  lifeline.once('close', once);
  lifeline.on('error', () => {}); // 'close' follows
  lifeline.unref();
}

/**
 * Inside a cage: ends this process, and with it all that runs in the cage, and lets those outside
 * know that it meant to. Outside of a cage it is process.exit.
 */
export async function leaveCage(status: number): Promise<never> {
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  if (lifeline && !lifeline.destroyed) {
    await new Promise<void>((resolve) => void lifeline?.end('orderly\n', () => resolve()));
  }
  process.exit(status);
}

/** Output into a pipe is written later; process.exit would lose it. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()));
}

/**
 * Inside a cage: puts a file system of the cage's own on /run and returns a folder in it that only
 * this user can enter. What lies in it is gone with the cage.
 */
export async function cageFolder(): Promise<string> {
  await run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'vidline', '/run']);
  await run('mkdir', ['-p', '/run/netns']);
  await run('mkdir', ['-m', '700', '/run/vidline']);
  return '/run/vidline';
}
