/** A comparison as a page of docs/: Markdown, its pictures in a folder beside it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pictures } from '../../compare/report/pictures.ts';
import type { CompareReport } from '../../compare/report/report.ts';
import { type Table, tablesOf } from '../../compare/report/tables.ts';
import { engineLines, machineLine, verdict } from '../../compare/report/words.ts';

/** Writes `path`, and `path` without its ending as a folder of SVG files. Throws the errors of `node:fs`. */
export function writeDocument(path: string, report: CompareReport): void {
  const folder = basename(path).replace(/\.[^.]*$/, '');
  const drawn = pictures(report);
  mkdirSync(join(dirname(path), folder), { recursive: true });
  for (const { name, svg } of drawn) {
    writeFileSync(join(dirname(path), folder, `${name}.svg`), `${svg}\n`);
  }
  const images = drawn.map(
    ({ name, caption }) => `![${caption}](${folder}/${name}.svg)\n\n*${caption}*`,
  );
  const list = (lines: readonly string[]) => lines.map((text) => `- ${text}`).join('\n');
  const others: Table = {
    title: '',
    head: ['what', 'value', 'where it stands'],
    rows: report.published.map(({ what, value, source }) => [what, value, source]),
  };
  const page = [
    '# Hardware against software',
    `Written by \`${report.command}\`; do not edit.`,
    `**${verdict(report)}**`,
    `${report.date}. ${machineLine(report.machine)}`,
    list(engineLines(report)),
    ...tablesOf(report).map((table) => `## ${table.title}\n\n${markdownTable(table)}`),
    '## Pictures',
    ...images,
    '## Method',
    list(report.method),
    '## What this does not show',
    list(report.limits),
    '## Numbers of others',
    'Not measured here, on other machines and for other work; none of them is comparable as it stands.',
    markdownTable(others),
  ];
  writeFileSync(path, `${page.join('\n\n')}\n`);
}

export function markdownTable({ head, rows }: Table): string {
  const isNumber = (cell: string | number | undefined) => /^[\d,.]+$/.test(String(cell));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) =>
    rows.some((row) => isNumber(row[column])) ? '---:' : '---',
  );
  const shown = (cell: string | number) =>
    typeof cell === 'number' ? cell.toLocaleString('en-US') : cell.replaceAll('|', '\\|');
  return [line(head), line(rule), ...rows.map((row) => line(row.map(shown)))].join('\n');
}
