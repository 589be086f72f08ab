/** The same table for a terminal and for a page: lines of cells, the first of them the head. */

/** Numbers to the right. */
export function plain(lines: readonly string[][]): string {
  const widths = (lines[0] ?? []).map((_, i) =>
    Math.max(...lines.map((line) => line[i]?.length ?? 0)),
  );
  const left = widths.map((_, i) => lines.every((line) => !/^[\d,.]/.test(line[i] ?? '')));
  return lines
    .map((line) =>
      line
        .map((text, i) => (left[i] ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdown([head = [], ...lines]: readonly string[][]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...lines.map(row)].join(
    '\n',
  );
}
