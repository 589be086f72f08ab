import { type Command, Option } from 'commander';
import type { VidAssignment } from '../../switch/vid-manager.ts';
import { CommandError, EXIT } from '../exit.ts';
import {
  ask,
  parseNumber,
  print,
  ranges,
  type SocketOptions,
  table,
  withSocket,
} from './socket.ts';

const LAST_VID = 0xffff;

/** `vidline vid list|assign|release|move|backup` */
export function addVid(program: Command): void {
  const vid = program.command('vid').description('identifiers, and the processors that own them');

  withSocket(vid.command('list'))
    .description('all VIDs that are assigned')
    .option('--owner <name>', 'of one processor only')
    .action(async (options: SocketOptions & { owner?: string }) => {
      const all = await ask(options, 'vid.list', {});
      const { owner } = options;
      print(options, owner === undefined ? all : all.filter((it) => it.owner === owner), vidTable);
    });

  withSocket(vid.command('assign').argument('<processor>').argument('[vids...]'))
    .description('give a processor further VIDs: these, or so many free ones')
    .option('--count <number>', 'how many free ones')
    .action(async (owner: string, list: string[], options: SocketOptions & { count?: string }) => {
      if (list.length > 0 === (options.count !== undefined)) {
        throw new CommandError(EXIT.usage, 'name VIDs, or say how many with --count; one of them');
      }
      const what =
        options.count === undefined
          ? { vids: list.map((text) => parseNumber('VID', text, LAST_VID)) }
          : { count: parseNumber('--count', options.count, LAST_VID + 1) };
      print(options, await ask(options, 'vid.assign', { owner, ...what }), (vids) => [
        `${owner} owns ${ranges(vids)} now, beside what it had`,
      ]);
    });

  withSocket(vid.command('release').argument('<vid>'))
    .description('take a VID from its processor; its packets are punted from then on')
    .action(async (text: string, options: SocketOptions) => {
      const number = parseNumber('VID', text, LAST_VID);
      print(options, await ask(options, 'vid.release', { vid: number }), (was) => [
        `VID ${number} was ${was.owner}'s and is nobody's now`,
      ]);
    });

  withSocket(vid.command('move').argument('<vid>').argument('<processor>'))
    .description('make another processor the owner, with the state: copied first, handed over then')
    .action(async (text: string, to: string, options: SocketOptions) => {
      const number = parseNumber('VID', text, LAST_VID);
      print(options, await ask(options, 'vid.move', { vid: number, to }), (it) => vidTable([it]));
    });

  withSocket(vid.command('backup').argument('<vid>').argument('[processor]'))
    .description('name the processor that takes over, or none')
    .option('--in-sync', 'it holds the state: the card may use it')
    .addOption(new Option('--none', 'no backup').conflicts('inSync'))
    .action(
      async (
        text: string,
        name: string | undefined,
        options: SocketOptions & { inSync?: boolean; none?: boolean },
      ) => {
        if ((name === undefined) === (options.none !== true)) {
          throw new CommandError(EXIT.usage, 'name a processor, or say --none');
        }
        const result = await ask(options, 'vid.backup', {
          vid: parseNumber('VID', text, LAST_VID),
          backup: name ?? null,
          inSync: options.inSync ?? false,
        });
        print(options, result, (it) => vidTable([it]));
      },
    );
}

function vidTable(vids: readonly VidAssignment[]): string[] {
  return table(
    ['VID', 'processor', 'backup', 'in sync', 'on its way to'],
    vids.map(({ vid, owner, backup, inSync, next, home }) => [
      `${vid}`,
      owner,
      backup ?? '–',
      backup === undefined ? '–' : inSync ? 'yes' : 'no',
      next !== undefined ? `${next.name} (${next.as})` : (home ?? '–'),
    ]),
  );
}
