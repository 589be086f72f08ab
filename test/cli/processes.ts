import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Processes that carry a mark in their environment, with their parents; zombies do not count. */
export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Network namespace, as /proc names it. */
  readonly network: string;
}

/** All processes whose environment holds `name=value`, in whatever namespace they are. */
export function processesWith(name: string, value: string): FoundProcess[] {
  const found: FoundProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0');
      if (!environment.includes(`${name}=${value}`)) continue;
      const status = readFileSync(`/proc/${entry}/status`, 'utf8');
      found.push({
        pid: Number(entry),
        parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]),
        command: readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
        network: readlinkSync(`/proc/${entry}/ns/net`),
      });
    } catch {
      // it has ended meanwhile, or is another user's
    }
  }
  return found;
}

/** Waits until no process carries the mark; rejects with those that are left after `timeout` ms. */
export async function nothingLeft(name: string, value: string, timeout = 10_000): Promise<void> {
  for (let waited = 0; ; waited += 50) {
    const left = processesWith(name, value);
    if (left.length === 0) return;
    if (waited >= timeout) throw new Error(`still there: ${JSON.stringify(left, null, 2)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Kills all that carry the mark: a test that fails leaves nothing for the next one. */
export function killAll(name: string, value: string): void {
  for (const { pid } of processesWith(name, value)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself meanwhile
    }
  }
}
