import { type DemoReport, type OriginAccount, total } from './report.ts';

/** What the demo shows while it runs and at its end. */
export interface View {
  readonly seconds: number;
  readonly wanted: number;
  readonly rate: number;
  /** Calls under way. */
  readonly current: number;
  /** Set-ups that the switch processor has given to a processor; known at once, unlike `calls`. */
  readonly begun: number;
  readonly report: Omit<DemoReport, 'problems'>;
}

const count = (value: number): string => value.toLocaleString('en-US');

/** One line for those who read a log: no terminal is there to be redrawn. */
export function progressLine({ seconds, wanted, report }: View): string {
  const { calls, packets } = report;
  return [
    `${seconds.toFixed(0).padStart(4)} s`,
    `calls ${count(calls.attempted)} of ${count(wanted)}`,
    `failed ${count(calls.failed)}`,
    `steered ${count(packets.steered)}`,
    `punted ${count(packets.punted)}`,
    `dropped ${count(total(packets.dropped))}`,
  ].join(', ');
}

/** The whole table, as lines without colour; it fits 80 columns up to a million packets. */
export function renderTable(view: View): string[] {
  const { report, current, seconds, wanted, rate, begun } = view;
  const { calls, packets, inDialog, processors, accounting } = report;
  const aCall = (number: number) => (begun === 0 ? 0 : number / begun).toFixed(2);
  const answered = processors.reduce((sum, processor) => sum + processor.calls, 0);
  const share = (had: number) =>
    answered === 0 ? '–' : `${((100 * had) / answered).toFixed(1)} %`;
  return [
    `${count(wanted)} calls, ${count(rate)} a second, ${seconds.toFixed(1)} s`,
    '',
    ...matrix([
      ['', 'attempted', 'succeeded', 'failed', 'under way', 'retransmissions'],
      ['calls', calls.attempted, calls.succeeded, calls.failed, current, calls.retransmissions],
    ]),
    '',
    ...matrix([
      ['packets', 'received', ...SHOWN_ENDS.map((end) => END_WORDS[end])],
      endsRow('from the line', accounting.line, ['steer', 'punt', 'drop']),
      endsRow('from processors', accounting.slot, ['line', 'slot', 'host', 'drop']),
      endsRow('injected', accounting.host, ['steer', 'punt', 'line', 'slot', 'drop']),
    ]),
    ...reasons(report),
    '',
    `in-dialog: ${count(inDialog.packets)} packets, ${count(inDialog.punted)} of them punted`,
    `a call: ${aCall(packets.punted)} packets through the switch processor, ` +
      `${aCall(packets.steered)} steered by the card`,
    '',
    ...matrix([
      ['processor', 'slot', 'VIDs', 'calls', 'share', 'packets'],
      ...processors.map(({ name, slot, vids, calls: had, packets: sent }) => [
        name,
        slot,
        vids,
        had,
        share(had),
        sent,
      ]),
    ]),
  ];
}

const SHOWN_ENDS = ['steer', 'punt', 'line', 'slot', 'host', 'drop'] as const;
const END_WORDS = {
  steer: 'steered',
  punt: 'punted',
  line: 'to line',
  slot: 'to slots',
  host: 'to host',
  drop: 'dropped',
} as const;

/** An end that packets of this origin cannot have is blank, unless one has it nevertheless. */
function endsRow(name: string, account: OriginAccount, possible: readonly string[]) {
  const cells = SHOWN_ENDS.map((end) => {
    const packets = account.ends[end] ?? 0;
    return packets > 0 || possible.includes(end) ? packets : '';
  });
  return [name, account.received, ...cells];
}

/** Rows as columns: the first to the left, the others to the right. */
function matrix(rows: readonly (readonly (string | number)[])[]): string[] {
  const texts = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)),
  );
  const widths = (texts[0] ?? []).map((_, column) =>
    Math.max(...texts.map((row) => (row[column] ?? '').length)),
  );
  return texts.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(Math.max(width, 16)) : cell.padStart(width + 2);
      })
      .join('')
      .trimEnd(),
  );
}

/** Drops and losses by reason, where there are any. */
function reasons({ packets, lost }: View['report']): string[] {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([reason, number]) => `${reason} ${count(number)}`);
  const lines: string[] = [];
  if (total(packets.dropped) > 0) lines.push(`dropped: ${list(packets.dropped).join(', ')}`);
  if (total(lost) > 0) lines.push(`lost: ${list(lost).join(', ')}`);
  return lines;
}

/** The last words: the table, the equation, and the verdict. */
export function renderSummary(view: View, problems: readonly string[]): string[] {
  const { accounting, card, timeScale } = view.report;
  const lines = [...renderTable(view), '', 'every packet has one end:'];
  const { inFlight, ...origins } = accounting;
  for (const [origin, { received, ends }] of Object.entries(origins)) {
    const terms = Object.entries(ends)
      .filter(([, value]) => value > 0)
      .map(([end, value]) => `${end} ${count(value)}`);
    lines.push(
      `  ${origin.padEnd(5)}${count(received).padStart(12)} = ${terms.join(' + ') || '0'}`,
    );
  }
  lines.push(`  in flight${count(inFlight).padStart(8)}`);
  lines.push(
    '',
    `card ${card.configuration}, ${card.dataWidth} bits wide, build ${card.build}, ` +
      `${count(card.clocks)} clocks`,
  );
  if (timeScale !== undefined) {
    lines.push(`its pins simulated one by one, 1/${(1 / timeScale).toFixed(0)} of a board's speed`);
  }
  if (problems.length === 0)
    lines.push('good: every call succeeded, and the card steered them all');
  for (const problem of problems) lines.push(`NOT GOOD: ${problem}`);
  return lines;
}

/** A part of the terminal that is written over again and again. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  #height = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Shows `lines` in place of those before. Lines longer than the terminal is wide are cut. */
  draw(lines: readonly string[]): void {
    const width = this.#out.columns || 80;
    const body = lines.map((line) => `${line.slice(0, width - 1)}\x1b[K\n`).join('');
    this.#out.write(`${this.#up()}${body}\x1b[J`);
    this.#height = lines.length;
  }

  /** Takes away what is shown. */
  clear(): void {
    if (this.#height > 0) this.#out.write(`${this.#up()}\x1b[J`);
    this.#height = 0;
  }

  #up(): string {
    return this.#height === 0 ? '' : `\x1b[${this.#height}A\r`;
  }
}
