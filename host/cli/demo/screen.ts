import { type DemoReport, total } from './report.ts';

/** What the demo shows while it runs and at its end. */
export interface View {
  readonly seconds: number;
  readonly wanted: number;
  readonly rate: number;
  /** Calls under way. */
  readonly current: number;
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

/** The whole table, as lines without colour. */
export function renderTable(view: View): string[] {
  const { report, current, seconds, wanted, rate } = view;
  const { calls, packets, inDialog, processors, accounting } = report;
  const neighbours = accounting.line.ends.punt ?? 0;
  const perCall = calls.attempted === 0 ? 0 : packets.punted / calls.attempted;
  const lines = [
    `${count(wanted)} calls, ${count(rate)} a second, ${seconds.toFixed(1)} s`,
    '',
    row('calls', {
      attempted: calls.attempted,
      succeeded: calls.succeeded,
      failed: calls.failed,
      'under way': current,
      retransmissions: calls.retransmissions,
    }),
    row('from the line', {
      received: packets.lineIn,
      steered: packets.steered,
      punted: neighbours,
      dropped: accounting.line.ends.drop ?? 0,
    }),
    row('from processors', {
      received: accounting.slot.received,
      'to line': accounting.slot.ends.line ?? 0,
      'to host': accounting.slot.ends.host ?? 0,
      'to slots': accounting.slot.ends.slot ?? 0,
      dropped: accounting.slot.ends.drop ?? 0,
    }),
    row('switch processor', {
      injected: packets.injected,
      'to slots': accounting.host.ends.slot ?? 0,
      'to line': accounting.host.ends.line ?? 0,
      dropped: accounting.host.ends.drop ?? 0,
    }),
    row('in-dialog', { packets: inDialog.packets, punted: inDialog.punted }),
    ...reasons(report),
    `the switch processor saw ${perCall.toFixed(2)} packets a call; the card steered ` +
      `${calls.attempted === 0 ? '0.00' : (packets.steered / calls.attempted).toFixed(2)}`,
    '',
    `${'processor'.padEnd(12)}${['slot', 'VIDs', 'calls', 'share', 'packets'].map(right).join('')}`,
  ];
  const answered = processors.reduce((sum, processor) => sum + processor.calls, 0);
  for (const { name, slot, vids, calls: had, packets: sent } of processors) {
    const share = answered === 0 ? '–' : `${((100 * had) / answered).toFixed(1)} %`;
    const cells = [`${slot}`, count(vids), count(had), share, count(sent)];
    lines.push(`${name.padEnd(12)}${cells.map(right).join('')}`);
  }
  return lines;
}

const right = (text: string): string => text.padStart(10);

function row(name: string, values: Readonly<Record<string, number>>): string {
  const cells = Object.entries(values).map(([what, value]) => `${what} ${count(value)}`);
  return `${name.padEnd(18)}${cells.map((cell) => cell.padEnd(20)).join('')}`.trimEnd();
}

/** Drops and losses by reason, where there are any. */
function reasons({ packets, lost }: View['report']): string[] {
  const lines: string[] = [];
  if (total(packets.dropped) > 0) lines.push(row('dropped', packets.dropped));
  if (total(lost) > 0) lines.push(row('lost', lost));
  return lines;
}

/** The last words: the table, the equation, and the verdict. */
export function renderSummary(view: View, problems: readonly string[]): string[] {
  const { accounting, card } = view.report;
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
