/** All threads of this process on one core, so that a number is that of one core. */
import { execFileSync } from 'node:child_process';

/** The cores of the main thread, as taskset lists them: `0,1` or `0-3`. Throws where there is no taskset. */
function cores(): string {
  try {
    const text = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
    return text.slice(text.lastIndexOf(':') + 1).trim();
  } catch (error) {
    throw new Error('one core cannot be had without taskset: install util-linux', { cause: error });
  }
}

function pin(list: string): void {
  execFileSync('taskset', ['-acp', list, String(process.pid)], { stdio: 'ignore' });
}

/** Runs `work` on one core, and lets go of it. */
export async function onOneCore<T>(work: () => Promise<T>): Promise<T> {
  const before = cores();
  const [last = '0'] = before.split(/[,-]/).reverse();
  pin(last);
  try {
    return await work();
  } finally {
    pin(before);
  }
}
