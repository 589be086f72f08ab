/** The part of the demo of gateways inside a cage: started by gateway-command.ts, never by people. */
import { EXIT } from '../exit.ts';
import { cageFolder, leaveCage, onLifeline } from '../namespaces/cage.ts';
import { reportError } from '../report-error.ts';
import { type GatewayDemoOptions, runGatewayDemo } from './gateway-run.ts';

const options: GatewayDemoOptions = JSON.parse(process.argv[2] ?? '{}');
// What runs in the cage ends with it, at once.
onLifeline(() => void leaveCage(130));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void leaveCage(130));
}

let status: number;
try {
  const folder = await cageFolder();
  status = (await runGatewayDemo(options, folder)) ? EXIT.ok : EXIT.mismatch;
} catch (error) {
  status = reportError(error);
}
await leaveCage(status);
