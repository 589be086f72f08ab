/** `vidline compare` on a terminal. */
import CliTable from 'cli-table3';
import type { CompareReport, Mismatch } from '../../compare/report/report.ts';
import { type Table, tablesOf } from '../../compare/report/tables.ts';
import { engineLines, verdict } from '../../compare/report/words.ts';

export function comparisonText(report: CompareReport): string {
  const lines = [verdict(report), ...report.examples.map(exampleText)];
  const more = report.mismatches - report.examples.length;
  if (more > 0) lines.push(`… and ${more.toLocaleString('en-US')} more.`);
  lines.push(...tablesOf(report).map(tableText), ...engineLines(report));
  return `${lines.join('\n')}\n`;
}

function exampleText({ frame, differences, hex, engines }: Mismatch): string {
  const sides = Object.entries(engines).map(([name, said]) => {
    const grounds = Object.entries(said).filter(
      ([key, value]) => value !== null && key !== 'egress',
    );
    const words = grounds.map(([key, value]) => `${key} ${value}`).join(', ');
    return `  ${name}: ${words}${said.egress === null ? '' : `\n    leaves as ${said.egress}`}`;
  });
  return [`frame ${frame}: ${differences.join(', ')}`, `  ${hex}`, ...sides].join('\n');
}

/** With its title above. */
export function tableText({ title, head, rows }: Table): string {
  const isNumber = (cell: string | number | undefined) => /^[\d,.]+$/.test(String(cell));
  const table = new CliTable({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, column) =>
      rows.some((row) => isNumber(row[column])) ? 'right' : 'left',
    ),
  });
  for (const row of rows) {
    table.push(row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)));
  }
  return `\n${title}\n${table.toString()}`;
}
