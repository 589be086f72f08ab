import type { Command } from 'commander';
import type { CopyStatus } from '../../switch/replication-keeper.ts';
import type { SwitchStatus } from '../../switch/switch-status.ts';
import { slotTable } from './slot.ts';
import { ask, print, ranges, type SocketOptions, table, withSocket } from './socket.ts';

/** `vidline status` */
export function addStatus(program: Command): void {
  withSocket(program.command('status'))
    .description('card, processors and punted packets of a running switch processor')
    .action(async (options: SocketOptions) => {
      print(options, await ask(options, 'status', {}), words);
    });
}

function words(status: SwitchStatus): string[] {
  const { card, punted, selection, processors, neighbours } = status;
  const { sizes } = card;
  const lines = [
    `card ${card.name}: ${sizes.dataWidth} bits, ${sizes.ports} ports, ${sizes.slots} slots, ` +
      `${sizes.vids} VIDs, ${sizes.rules} rules`,
    `selection: ${selection}`,
    '',
    ...slotTable(processors),
    '',
    `packets that came to the switch processor: ${punted.frames}; injected: ${punted.injected}; ` +
      `in-dialog among them (should be 0): ${punted.inDialog}`,
  ];
  lines.push('', ...copyTable(status.replication.vids));
  const { failovers, failedOver, returned, moved, lost, differed } = status.replication;
  lines.push(
    `processors that died: ${failovers}, VIDs that their backups took: ${failedOver}, ` +
      `that came home: ${returned}, moved: ${moved}; copies given up: ${lost + differed}`,
    '',
  );
  const { entries, places } = status.overrides;
  lines.push(`overrides: ${entries} of ${places} places`);
  for (const { slot, name, lastDown } of processors) {
    if (lastDown === undefined) continue;
    const { at, cause, why, epoch } = lastDown;
    lines.push(
      `slot ${slot} went down last at ${at} (${lastDown.name ?? name ?? 'nobody'}, epoch ${epoch}; ` +
        `${cause}: ${why})`,
    );
  }
  for (const [rule, reasons] of Object.entries(punted.reasons)) {
    for (const [reason, count] of Object.entries(reasons)) {
      lines.push(`  ${rule === '-' ? '(no rule)' : rule} ${reason}: ${count}`);
    }
  }
  lines.push('what became of them:');
  for (const [end, count] of Object.entries(punted.ends)) lines.push(`  ${end}: ${count}`);
  const { found, none, refused } = punted.heirs;
  if (found + none + refused + punted.held > 0) {
    lines.push(
      `set-ups whose processor died: ${found} given to who has what it made, ${none} to anybody, ` +
        `${refused} dropped, ${punted.held} being asked for`,
    );
  }
  lines.push(
    `neighbours known: ${neighbours.peers}, asked for: ${neighbours.asked}, ` +
      `without an answer: ${neighbours.unanswered}`,
  );
  return lines;
}

/**
 * VIDs with the same owner, backup and state of the copy in one line. Since when: the latest of them, for only
 * since then all of them are safe; `–` where one has not said.
 */
export function copyTable(copies: readonly CopyStatus[]): string[] {
  const groups = new Map<
    string,
    { cells: string[]; since: (string | undefined)[]; vids: number[] }
  >();
  for (const { vid, owner, backup, state, since } of copies) {
    const cells = [owner, backup ?? '–', state];
    const group = groups.get(cells.join(' ')) ?? { cells, since: [], vids: [] };
    group.vids.push(vid);
    group.since.push(since);
    groups.set(cells.join(' '), group);
  }
  const rows = [...groups.values()].map(({ cells, since, vids }) => [
    ...[...cells, latest(since) ?? '–', ranges(vids)],
  ]);
  return table(['processor', 'backup', 'copy', 'since', 'VIDs'], rows);
}

/** Of times of ISO 8601 in UTC, whose order is that of their letters. */
function latest(times: readonly (string | undefined)[]): string | undefined {
  const sorted = [...times].sort(); // undefined goes last
  return sorted.at(-1);
}
