import type { Command } from 'commander';
import type { ProcessorStatus } from '../../switch/switch-status.ts';
import {
  ask,
  parseNumber,
  print,
  ranges,
  type SocketOptions,
  table,
  withSocket,
} from './socket.ts';

/** Slots that the register map can express. */
const LAST_SLOT = 63;

/** `vidline slot list|up|down` */
export function addSlot(program: Command): void {
  const slot = program.command('slot').description('places that processors occupy');
  withSocket(slot.command('list'))
    .description('who is in each, with its VIDs')
    .action(async (options: SocketOptions) => {
      print(options, await ask(options, 'slot.list', {}), slotTable);
    });
  withSocket(slot.command('down').argument('<slot>'))
    .description('send nothing there any more, and let nobody in until `slot up`')
    .action(async (text: string, options: SocketOptions) => {
      const number = parseNumber('slot', text, LAST_SLOT);
      print(options, await ask(options, 'slot.down', { slot: number }), (it) => slotTable([it]));
    });
  withSocket(slot.command('up').argument('<slot>'))
    .description('let its processor in again; it comes by itself, with a new epoch')
    .action(async (text: string, options: SocketOptions) => {
      const number = parseNumber('slot', text, LAST_SLOT);
      print(options, await ask(options, 'slot.up', { slot: number }), (it) => slotTable([it]));
    });
}

export function slotTable(slots: readonly ProcessorStatus[]): string[] {
  return table(
    [
      'slot',
      'processor',
      'state',
      'epoch',
      'port',
      'MAC address',
      'heard',
      'set-ups',
      'VIDs',
      'backs up',
    ],
    slots.map((slot) => [
      `${slot.slot}`,
      slot.name ?? '–',
      slot.locked ? `${slot.state}, locked` : slot.state,
      `${slot.epoch}`,
      `${slot.port}`,
      slot.mac,
      slot.heartbeats ? 'yes' : 'no',
      `${slot.assigned}`,
      ranges(slot.vids),
      ranges(slot.backupVids),
    ]),
  );
}
