import type { Command } from 'commander';
import { EXIT } from '../exit.ts';
import { moveTable } from './slot.ts';
import { ask, print, type SocketOptions, withSocket } from './socket.ts';

/** `vidline rebalance` */
export function addRebalance(program: Command): void {
  withSocket(program.command('rebalance'))
    .description('move VIDs, with their state, to where there is room for their load')
    .option('--dry-run', 'only say what would be moved')
    .action(async (options: SocketOptions & { dryRun?: boolean }) => {
      const { dryRun = false } = options;
      const report = await ask(options, 'rebalance', { dryRun });
      print(options, report, () => [...moveTable(report), ...(dryRun ? ['nothing was done'] : [])]);
      if (report.failures.length > 0) process.exitCode = EXIT.mismatch;
    });
}
