/** The `vidline` command. One verb a job; what each means is in README.md of this folder. */
import { Command, CommanderError } from 'commander';
import { addAttach } from './commands/attach.ts';
import { addCompare } from './commands/compare.ts';
import { addDecide } from './commands/decide.ts';
import { addDemo } from './commands/demo.ts';
import { addEvents } from './commands/events.ts';
import { addFlash } from './commands/flash.ts';
import { addOverride } from './commands/override.ts';
import { addRebalance } from './commands/rebalance.ts';
import { addReg } from './commands/reg.ts';
import { addServe } from './commands/serve.ts';
import { addSlot } from './commands/slot.ts';
import { addStatus } from './commands/status.ts';
import { addVerify } from './commands/verify.ts';
import { addVid } from './commands/vid.ts';
import { EXIT } from './exit.ts';
import { reportError } from './report-error.ts';

const program = new Command('vidline')
  .description('steers sessions in hardware by an identifier in the packet')
  .exitOverride()
  .showHelpAfterError('(--help says what there is)')
  .configureHelp({ showGlobalOptions: true });

const verbs = [
  addDemo,
  addDecide,
  addCompare,
  addServe,
  addFlash,
  addAttach,
  addStatus,
  addEvents,
  addVid,
  addSlot,
  addRebalance,
  addOverride,
  addReg,
  addVerify,
];
for (const add of verbs) add(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has said what is wrong; its own status does not tell help from a mistake.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    process.exitCode = reportError(error);
  }
}
