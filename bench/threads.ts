/** Processor time of this process's threads (Linux, proc(5)). */
import { readdir, readFile } from 'node:fs/promises';

/** Linux shows times in hundredths of a second to every program (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** Seconds of user and system time so far, by thread id. */
export async function threadSeconds(): Promise<Map<string, number>> {
  const seconds = new Map<string, number>();
  for (const id of await readdir('/proc/self/task')) {
    const text = await readFile(`/proc/self/task/${id}/stat`, 'utf8').catch(() => undefined);
    if (text !== undefined) seconds.set(id, parseStat(text));
  }
  return seconds;
}

/** utime and stime, fields 14 and 15; the name in field 2 may hold spaces and brackets. */
export function parseStat(text: string): number {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Seconds of the thread that has worked most since; NaN where none has. The main thread is left out. */
export function busiestThread(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  main = String(process.pid),
): number {
  const spent = [...after]
    .filter(([id]) => id !== main)
    .map(([id, seconds]) => seconds - (before.get(id) ?? 0));
  const most = Math.max(0, ...spent);
  return most > 0 ? most : Number.NaN;
}
