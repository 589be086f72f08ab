import type { Command } from 'commander';
import type { MismatchReport } from '../../switch/control-verbs.ts';
import { EXIT } from '../exit.ts';
import { ask, print, type SocketOptions, withSocket } from './socket.ts';

/** `vidline verify` */
export function addVerify(program: Command): void {
  withSocket(program.command('verify'))
    .description("compare the card's tables with what the VID manager says; status 1: they differ")
    .action(async (options: SocketOptions) => {
      const result = await ask(options, 'verify', {});
      print(options, result, ({ mismatches }) =>
        mismatches.length === 0 ? ['the card holds what it should'] : mismatches.flatMap(words),
      );
      if (result.mismatches.length > 0) process.exitCode = EXIT.mismatch;
    });
}

function words({ table, index, expected, found }: MismatchReport): string[] {
  const differing = Object.keys(expected).filter((field) => expected[field] !== found[field]);
  return differing.map(
    (field) => `${table}[${index}].${field}: should be ${expected[field]}, is ${found[field]}`,
  );
}
