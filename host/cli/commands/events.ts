import type { Command } from 'commander';
import type { SlotLogEntry } from '../../switch/slot-log.ts';
import { ask, parseNumber, print, type SocketOptions, table, withSocket } from './socket.ts';

/** Slots that the register map can express. */
const LAST_SLOT = 63;

/** `vidline events` */
export function addEvents(program: Command): void {
  withSocket(program.command('events'))
    .description('what happened to slots: who came up, who went down, when and why')
    .option('--slot <number>', 'of one slot only')
    .action(async (options: SocketOptions & { slot?: string }) => {
      const all = await ask(options, 'events', {});
      const slot =
        options.slot === undefined ? undefined : parseNumber('--slot', options.slot, LAST_SLOT);
      print(options, slot === undefined ? all : all.filter((it) => it.slot === slot), eventTable);
    });
}

function eventTable(events: readonly SlotLogEntry[]): string[] {
  if (events.length === 0) return ['nothing happened to any slot'];
  return table(
    ['at', 'slot', 'processor', 'epoch', 'what', 'cause', 'why'],
    events.map(({ at, slot, name, epoch, what, cause, why, times }) => [
      at,
      `${slot}`,
      name ?? '–',
      `${epoch}`,
      what,
      cause ?? '–',
      times === undefined ? why : `${why} (reported ${times} times)`,
    ]),
  );
}
