/** `vidline decide` for people: what became of the frames, by end, service and slot. */
import Table from 'cli-table3';
import type { Tally } from '../../compare/tally.ts';

export interface Setting {
  readonly configuration: string;
  readonly dataWidth: number;
  readonly vids: number;
  /** First frames for whose identifier the override table had no room. */
  readonly withoutRoom: number;
}

/** Slots beyond these are told by their number only: a table of 64 rows says less. */
const MOST_SLOTS = 16;

const count = (value: number): string => value.toLocaleString('en-US');
const several = (value: number, what: string) => `${count(value)} ${what}${value === 1 ? '' : 's'}`;

export function summaryText(tally: Tally, setting: Setting): string {
  const { configuration, dataWidth } = setting;
  const lines = [
    `${several(tally.frames, 'frame')} on card ${configuration}, ${dataWidth} bits wide`,
  ];
  if (tally.frames === 0) return `${lines.join('\n')}\n`;
  lines.push(
    matrix(
      ['end', 'reason', 'frames'],
      tally.byEnd().map(({ end, reason, frames }) => [end, reason, frames]),
    ),
  );
  const services = tally.byService();
  if (services.length > 0) {
    lines.push(
      matrix(
        ['service', 'rule', 'frames', 'steered', 'punted', 'dropped'],
        services.map((row) => [
          row.service,
          row.rule,
          row.frames,
          row.steered,
          row.punted,
          row.dropped,
        ]),
      ),
    );
  }
  const slots = tally.bySlot();
  if (slots.length > 0) {
    const shown = slots.slice(0, MOST_SLOTS).map(({ slot, frames }) => [`${slot}`, frames]);
    const rest = slots.slice(MOST_SLOTS);
    const more = rest.reduce((sum, { frames }) => sum + frames, 0);
    if (rest.length > 0) shown.push([`${rest.length} others`, more]);
    lines.push(matrix(['slot', 'frames'], shown));
  }
  return `${[...lines, ...remarks(tally, setting)].join('\n')}\n`;
}

function remarks({ clocks, learned, cut }: Tally, { vids, withoutRoom }: Setting): string[] {
  const lines: string[] = [];
  if (clocks.frames > 0) {
    const mean = (clocks.sum / clocks.frames).toFixed(1);
    lines.push(
      `clocks from a frame's first beat to its end: least ${count(clocks.least)}, ` +
        `mean ${mean}, most ${count(clocks.most)}`,
    );
  }
  if (learned > 0) {
    lines.push(
      `${several(learned, 'identifier')} learned a VID at the first frame: ` +
        `FNV-1a of the identifier modulo ${count(vids)}`,
    );
  }
  if (withoutRoom > 0) {
    lines.push(
      `${several(withoutRoom, 'frame')} found no room in the override table for an identifier; ` +
        'take a card with more OVERRIDES',
    );
  }
  if (cut > 0) {
    lines.push(
      `${several(cut, 'frame')} ${cut === 1 ? 'was' : 'were'} cut by the capture and not decided: ` +
        'capture whole frames (-s 0)',
    );
  }
  return lines;
}

/** Numbers to the right. */
function matrix(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, column) =>
      rows.some((row) => typeof row[column] === 'number') ? 'right' : 'left',
    ),
  });
  for (const row of rows) {
    table.push(row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)));
  }
  return table.toString();
}
