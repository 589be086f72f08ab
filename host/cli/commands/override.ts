import type { Command } from 'commander';
import type { OverrideList } from '../../switch/control-verbs.ts';
import { CommandError, EXIT } from '../exit.ts';
import { ask, parseNumber, print, type SocketOptions, table, withSocket } from './socket.ts';

const LAST_VID = 0xffff;

interface MatchOptions extends SocketOptions {
  readonly source?: string;
  readonly identifier?: string;
}

/** `vidline override list|add|remove` */
export function addOverride(program: Command): void {
  const override = program
    .command('override')
    .description('exact matches that name a VID, for rules whose service file asks for them');

  withSocket(override.command('list'))
    .description('all, and how full the table is')
    .action(async (options: SocketOptions) => {
      print(options, await ask(options, 'override.list', {}), overrideTable);
    });

  withMatch(override.command('add').argument('<service/rule>').argument('<vid>'))
    .description('steer what matches to a VID')
    .option('--ages', 'goes by itself when no packet has used it for a while')
    .action(async (rule: string, vid: string, options: MatchOptions & { ages?: boolean }) => {
      const number = parseNumber('VID', vid, LAST_VID);
      const ages = options.ages ?? false;
      const list = await ask(options, 'override.add', {
        ...match(rule, options),
        vid: number,
        ages,
      });
      print(options, list, overrideTable);
    });

  withMatch(override.command('remove').argument('<service/rule>'))
    .description('what matches is steered as its rule says, or punted')
    .action(async (rule: string, options: MatchOptions) => {
      print(options, await ask(options, 'override.remove', match(rule, options)), overrideTable);
    });
}

function withMatch(command: Command): Command {
  return withSocket(command)
    .option('--source <ip>', 'source address, where the rule asks by it')
    .option('--identifier <number>', 'as it stands in the packet, where the rule asks by it');
}

function match(rule: string, { source, identifier }: MatchOptions) {
  if (identifier !== undefined && !/^(\d+|0x[0-9a-f]{1,16})$/i.test(identifier)) {
    throw new CommandError(EXIT.usage, `--identifier ${identifier}: give a number as 17 or 0x11`);
  }
  return {
    rule,
    ...(source === undefined ? {} : { source }),
    ...(identifier === undefined ? {} : { identifier }),
  };
}

function overrideTable(list: OverrideList): string[] {
  const { overrides, entries, places, loadFactor, longestInsert, moves, failures, aged } = list;
  const rows = table(
    ['rule', 'space', 'source', 'identifier', 'VID', 'unused for'],
    overrides.map(({ rules, space, source, identifier, vid, fixed, idle }) => [
      rules.join(' ') || '–',
      `${space}`,
      source ?? '–',
      identifier ?? '–',
      `${vid}`,
      fixed ? 'stays' : `${idle} s`,
    ]),
  );
  return [
    ...(overrides.length === 0 ? [] : [...rows, '']),
    `${entries} of ${places} places taken (${(100 * loadFactor).toFixed(1)} %); entries moved: ` +
      `${moves}, at most ${longestInsert} for one insert; without a place: ${failures}; aged: ${aged}`,
  ];
}
