/** A comparison as one page of HTML that needs nothing else. */
import { pictures } from './pictures.ts';
import type { CompareReport, Mismatch } from './report.ts';
import { type Table, tablesOf } from './tables.ts';
import { engineLines, machineLine, verdict } from './words.ts';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; background: #fff }
table { border-collapse: collapse; margin: 1rem 0; font-size: .9rem } th, td { padding: .25rem .6rem; border-bottom: 1px solid #d5dbe1; text-align: left }
td.n { text-align: right; font-variant-numeric: tabular-nums } figure { margin: 1.5rem 0 } figure svg { width: 100%; height: auto }
figcaption, .small { color: #55626f; font-size: .9rem } pre { overflow-x: auto; background: #f3f5f7; padding: .6rem; font-size: .8rem }
.good { color: #2c6e3f } .bad { color: #b3273c }`;

/** Text as HTML shows it. */
export function htmlText(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (char) => names[char] ?? char);
}

function table({ title, head, rows }: Table): string {
  const cells = (row: Table['rows'][number]) =>
    row
      .map((cell) => {
        const text = typeof cell === 'number' ? cell.toLocaleString('en-US') : cell;
        return `<td${/^[\d,.]+$/.test(text) ? ' class="n"' : ''}>${htmlText(text)}</td>`;
      })
      .join('');
  return `<h3>${htmlText(title)}</h3><table><tr>${head.map((name) => `<th>${htmlText(name)}</th>`).join('')}</tr>
${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}</table>`;
}

function example({ frame, differences, hex, engines }: Mismatch): string {
  const sides = Object.entries(engines).map(
    ([name, reasoning]) => `${name}: ${JSON.stringify(reasoning)}`,
  );
  return `<h4>Frame ${frame}: ${htmlText(differences.join(', '))}</h4><pre>${htmlText([hex, ...sides].join('\n'))}</pre>`;
}

const list = (lines: readonly string[]) =>
  `<ul>${lines.map((text) => `<li>${htmlText(text)}</li>`).join('')}</ul>`;

export function renderPage(report: CompareReport): string {
  const { mismatches, examples, published, method, limits } = report;
  const drawn = pictures(report).map(
    ({ caption, svg }) => `<figure>${svg}<figcaption>${htmlText(caption)}</figcaption></figure>`,
  );
  const others = published.map(
    ({ what, value, source }) =>
      `<tr><td>${htmlText(what)}</td><td>${htmlText(value)}</td><td>${htmlText(source)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Hardware against software: ${htmlText(report.capture)}</title><style>${STYLE}</style></head><body>
<h1>Hardware against software</h1>
<p class="${mismatches === 0 ? 'good' : 'bad'}"><strong>${htmlText(verdict(report))}</strong></p>
<p class="small">${htmlText(report.date)} · <code>${htmlText(report.command)}</code><br>${htmlText(machineLine(report.machine))}</p>
${list(engineLines(report))}
${examples.length > 0 ? `<h2>Where they differ</h2>${examples.map(example).join('\n')}` : ''}
${tablesOf(report).map(table).join('\n')}
<h2>Pictures</h2>
${drawn.join('\n')}
<h2>Method</h2>${list(method)}
<h2>What this does not show</h2>${list(limits)}
<h2>Numbers of others</h2><p class="small">Not measured here, on other machines and for other work; none of them is comparable as it stands.</p>
<table><tr><th>what</th><th>value</th><th>where it stands</th></tr>${others.join('\n')}</table>
</body></html>
`;
}
