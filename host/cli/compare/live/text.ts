/** The live comparison on a terminal. */
import type { Table } from '../../../compare/report/tables.ts';
import { markdownTable } from '../document.ts';
import { tableText } from '../text.ts';
import type { LiveReport, Spread } from './rounds.ts';

const one = (spread: Spread | null, digits: number) => {
  if (spread === null) return '–';
  const [median, low, high] = [spread.median, spread.low, spread.high].map((n) =>
    n.toFixed(digits),
  );
  return `${median} (${low} to ${high})`;
};

export function liveTable({ rate, calls, rounds, paths }: LiveReport): Table {
  const taken = paths.filter(({ skipped }) => skipped === undefined);
  return {
    title: `SIP: ${calls} calls at ${rate} a second, ${rounds} rounds in turn; median (lowest to highest)`,
    head: [
      ...['path', 'failed', 'retransmitted', 'BYE to answer, ms'],
      ...['packets of a session in software', 'CPU µs a packet', 'calls/s without failure'],
    ],
    rows: taken.map((path) => [
      ...[path.path, one(path.failed, 0), one(path.retransmissions, 0), one(path.byeMs, 2)],
      ...[one(path.softwarePackets, 2), one(path.cpuUsPerPacket, 0)],
      path.callsPerSecond ?? 'none',
    ]),
  };
}

/** What each path is, or why it is left out. */
export const liveLines = ({ paths }: LiveReport): string[] =>
  paths.map(({ what, skipped }) =>
    skipped === undefined ? what : `${what}: left out, ${skipped}`,
  );

export function liveText(report: LiveReport): string {
  const lines = [tableText(liveTable(report)).trimStart(), ...liveLines(report)];
  lines.push('What this does not show:', ...report.limits.map((limit) => `  ${limit}`));
  return `${lines.join('\n')}\n`;
}

/** The same as a page of docs/. */
export function livePage(report: LiveReport, machine: string): string {
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');
  const table = liveTable(report);
  const parts = [
    '# Hardware against software, live',
    'Written by `vidline compare --live --write`; do not edit.',
    `${report.date}. ${machine}`,
    list(liveLines(report)),
    `**${table.title}**`,
    markdownTable(table),
    '## What this does not show',
    list(report.limits),
  ];
  return `${parts.join('\n\n')}\n`;
}
