import type { Command } from 'commander';
import type { ProcessorStatus } from '../../switch/switch-status.ts';
import type { MoveReport } from '../../switch/vid-steward.ts';
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

/** `vidline slot list|up|down|drain` */
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
  withSocket(slot.command('drain').argument('<slot>'))
    .description(
      'move its VIDs elsewhere while they are at work; nothing new comes until `slot up`',
    )
    .action(async (text: string, options: SocketOptions) => {
      const number = parseNumber('slot', text, LAST_SLOT);
      print(options, await ask(options, 'slot.drain', { slot: number }), (report) => [
        ...moveTable(report),
        `slot ${number} is empty; stop its processor, or take it back with \`vidline slot up\``,
      ]);
    });
}

/** What was moved where, a line for each way. */
export function moveTable({ moves, moved, failures }: MoveReport): string[] {
  const ways = new Map<string, { from: string; to: string; vids: number[] }>();
  for (const { vid, from, to } of moves) {
    const way = ways.get(`${from} ${to}`) ?? { from, to, vids: [] };
    way.vids.push(vid);
    ways.set(`${from} ${to}`, way);
  }
  if (ways.size === 0) return ['no VID has to move'];
  const rows = [...ways.values()].map(({ from, to, vids }) => [from, to, ranges(vids)]);
  return [
    ...table(['from', 'to', 'VIDs'], rows),
    `moved: ${moved} of ${moves.length}`,
    ...failures.map(({ why }) => why),
  ];
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
      [slot.state, slot.locked ? 'locked' : '', slot.draining ? 'draining' : '']
        .filter((word) => word !== '')
        .join(', '),
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
