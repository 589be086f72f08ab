/** The live comparison on a terminal. */
import type { Table } from '../../../compare/report/tables.ts';
import { markdownTable } from '../document.ts';
import { tableText } from '../text.ts';
import { isGtp, type LoadName, PATHS } from './path.ts';
import type { LiveReport, Spread } from './rounds.ts';

const one = (spread: Spread | null, digits: number) => {
  if (spread === null) return '–';
  const [median, low, high] = [spread.median, spread.low, spread.high].map((n) =>
    n.toFixed(digits),
  );
  return `${median} (${low} to ${high})`;
};

const WORDS: Readonly<Record<LoadName, { session: string; answer: string; rate: string }>> = {
  sip: { session: 'SIP: NUMBER calls', answer: 'BYE to answer, ms', rate: 'calls/s' },
  gtp: {
    session: 'GTP: NUMBER contexts, half of GTPv1 and half of GTPv2,',
    answer: 'ping to answer, ms',
    rate: 'contexts/s',
  },
};

/** A table for each kind of load of which a path was taken. */
export function liveTables({ rate, calls, rounds, paths }: LiveReport): Table[] {
  return (Object.keys(PATHS) as LoadName[]).flatMap((load) => {
    const own = paths.filter(
      ({ path, skipped }) => isGtp(path) === (load === 'gtp') && skipped === undefined,
    );
    if (own.length === 0) return [];
    const words = WORDS[load];
    const what = words.session.replace('NUMBER', `${calls}`);
    return [
      {
        title: `${what} at ${rate} a second, ${rounds} rounds in turn; median (lowest to highest)`,
        head: [
          ...['path', 'failed', 'retransmitted', words.answer, 'packets of a session in software'],
          ...['CPU µs a packet', `${words.rate} without failure`],
        ],
        rows: own.map((path) => [
          ...[path.path, one(path.failed, 0), one(path.retransmissions, 0)],
          ...[one(path.answerMs, 2), one(path.softwarePackets, 2), one(path.cpuUsPerPacket, 0)],
          path.callsPerSecond ?? 'none',
        ]),
      },
    ];
  });
}

/** What each path is, or why it is left out. */
export const liveLines = ({ paths }: LiveReport): string[] =>
  paths.map(({ path, what, skipped }) => {
    const line = `${isGtp(path) ? 'GTP' : 'SIP'}, ${what}`;
    return skipped === undefined ? line : `${line}: left out, ${skipped}`;
  });

export function liveText(report: LiveReport): string {
  const lines = [...liveTables(report).map(tableText), '', ...liveLines(report)];
  lines.push('What this does not show:', ...report.limits.map((limit) => `  ${limit}`));
  return `${lines.join('\n').trimStart()}\n`;
}

/** The same as a page of docs/. */
export function livePage(report: LiveReport, machine: string): string {
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');
  const parts = [
    '# Hardware against software, live',
    'Written by `vidline compare --live --write`; do not edit.',
    `${report.date}. ${machine}`,
    list(liveLines(report)),
    ...liveTables(report).flatMap((table) => [`**${table.title}**`, markdownTable(table)]),
    '## What this does not show',
    list(report.limits),
  ];
  return `${parts.join('\n\n')}\n`;
}
