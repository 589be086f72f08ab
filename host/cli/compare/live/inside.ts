/** One run inside a cage: started by command.ts with what to do as one JSON argument, never by people. */
import { writeFile } from 'node:fs/promises';
import { cageFolder, leaveCage, onLifeline } from '../../namespaces/cage.ts';
import { run } from '../../namespaces/run.ts';
import { reportError } from '../../report-error.ts';
import { runGtp } from './gtp-run.ts';
import { isGtp, type PathName } from './path.ts';
import type { LiveRun } from './rounds.ts';
import { runSip } from './sip-run.ts';

interface Order {
  readonly path: PathName;
  readonly rate: number;
  readonly calls: number;
  /** File for the result. */
  readonly result: string;
}

const order: Order = JSON.parse(process.argv[2] ?? '{}');
onLifeline(() => void leaveCage(130));

let status = 0;
try {
  const folder = await cageFolder();
  // So that the processes of this cage can be seen; not all systems let us.
  await run('mount', ['-t', 'proc', 'proc', '/proc']).catch(() => '');
  const { path, rate, calls } = order;
  const done = isGtp(path)
    ? await runGtp(path, { rate, sessions: calls })
    : await runSip(path, { rate, calls, folder });
  const result: LiveRun = { path, rate, ...done };
  await writeFile(order.result, JSON.stringify(result));
} catch (error) {
  status = reportError(error);
}
await leaveCage(status);
