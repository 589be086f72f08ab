/**
 * The demo's part inside a cage: started by command.ts with the options as one JSON argument, never
 * by people.
 */
import { cageFolder, leaveCage, onLifeline } from '../namespaces/cage.ts';
import { reportError } from '../report-error.ts';
import { NamespaceNetwork } from './network.ts';
import type { DemoOptions } from './options.ts';
import { runDemo } from './run.ts';

const options: DemoOptions = JSON.parse(process.argv[2] ?? '{}');
const stop = new AbortController();
onLifeline(() => stop.abort());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stop.abort());
}

let status: number;
try {
  status = await runDemo(
    options,
    async () => NamespaceNetwork.make(options, await cageFolder()),
    stop.signal,
  );
} catch (error) {
  status = reportError(error);
}
await leaveCage(status);
