/** A lock between processes: two that want the same build wait for one. */
import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Milliseconds between signs of life of a lock's holder, and without one until it is gone. */
const SIGN = 1000;
const PATIENCE = 15_000;

/** Process ids mean something only to processes of the same namespace: a demo's cage has its own. */
function namespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}

/** Whether the holder of a lock is gone: it died, or gave no sign for long. */
function abandoned(path: string): boolean {
  try {
    const [pid, where] = readFileSync(join(path, 'pid'), 'utf8').split(' ');
    if (where === namespace()) return !alive(Number(pid));
  } catch {} // it has not written who it is yet
  const seen = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return seen !== undefined && Date.now() - seen > PATIENCE;
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {} // somebody took it away; the work goes on
}

/** Does `work` while no other process does work under the same path. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    try {
      mkdirSync(path);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (abandoned(path)) rmSync(path, { recursive: true, force: true });
    else await setTimeout(200);
  }
  const signs = setInterval(() => touch(path), SIGN);
  try {
    writeFileSync(join(path, 'pid'), `${process.pid} ${namespace()}`);
    return await work();
  } finally {
    clearInterval(signs);
    rmSync(path, { recursive: true, force: true });
  }
}
