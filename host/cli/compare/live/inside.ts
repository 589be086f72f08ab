/** One run inside a cage: started by command.ts with what to do as one JSON argument, never by people. */
import { writeFile } from 'node:fs/promises';
import { cageFolder, leaveCage, onLifeline } from '../../namespaces/cage.ts';
import { run } from '../../namespaces/run.ts';
import { DEFAULT_TOPOLOGY, makeTopology } from '../../namespaces/topology.ts';
import { reportError } from '../../report-error.ts';
import { runLoad } from './load.ts';
import { CLIENT, type PathName, REMOTE, startPath } from './paths.ts';
import type { LiveRun } from './rounds.ts';

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
  const topology = await makeTopology(DEFAULT_TOPOLOGY);
  const path = await startPath(order.path, topology, folder);
  const { scenario, transport } = path;
  const { client } = topology;
  const { rate, calls } = order;
  const load = await runLoad({
    ...{ client, local: CLIENT, remote: REMOTE, scenario, transport, rate, calls, folder },
  });
  const met = await path.met();
  await path.stop();
  const { counts, byeMs } = load;
  const result: LiveRun = { path: order.path, rate, counts, byeMs, met };
  await writeFile(order.result, JSON.stringify(result));
} catch (error) {
  status = reportError(error);
}
await leaveCage(status);
