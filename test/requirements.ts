/**
 * Checks docs/requirements.md against the last run of the tests: every requirement has a line, and
 * every test that a line names exists, ran and passed. Usage: requirements.ts [DOCUMENT [RESULTS]].
 */
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DOCUMENT = resolve(ROOT, process.argv[2] ?? 'docs/requirements.md');
const RESULTS = resolve(ROOT, process.argv[3] ?? 'test/.results/vitest.json');

/** How many requirements each letter has. */
const LETTERS = { G: 13, S: 12, D: 11, H: 5 } as const;

interface Results {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** What is wrong with the document, a line each. */
function check(document: string, results: Results): string[] {
  const problems: string[] = [];
  const outcomes = new Map<string, string>();
  for (const { name, assertionResults } of results.testResults) {
    const file = relative(ROOT, name);
    for (const { title, status } of assertionResults) {
      // Of tests with one title in several suites, the one that did not pass counts.
      const test = `${file}: ${title}`;
      if ((outcomes.get(test) ?? 'passed') === 'passed') outcomes.set(test, status);
    }
  }
  const ids = new Set<string>();
  for (const [index, line] of document.split('\n').entries()) {
    const [, id, , shown] = /^\| ([A-Z]\d+) \| (.*?) \| (.*) \|$/.exec(line) ?? [];
    if (id === undefined || shown === undefined) continue;
    const place = `line ${index + 1}, ${id}`;
    if (ids.has(id)) problems.push(`${place}: there is a line for it already; make it one`);
    ids.add(id);
    for (const part of shown.split('<br>')) {
      if (/^Not yet[.:]/.test(part)) continue;
      const named = /^`([^`]+)`: (.+)$/.exec(part);
      if (named === null) {
        problems.push(`${place}: "${part}" is neither \`file\`: title nor "Not yet."`);
        continue;
      }
      const test = `${named[1]}: ${named[2]}`;
      const status = outcomes.get(test);
      if (status === undefined) {
        problems.push(`${place}: no test "${test}" ran; correct the name, or write "Not yet."`);
      } else if (status !== 'passed') {
        problems.push(`${place}: test "${test}" ${status}`);
      }
    }
  }
  for (const [letter, count] of Object.entries(LETTERS)) {
    for (let number = 1; number <= count; number++) {
      if (!ids.has(`${letter}${number}`)) problems.push(`${letter}${number} has no line`);
    }
  }
  return problems;
}

function read(file: string, remedy: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${(error as Error).message}; ${remedy}`);
  }
}

const results: Results = JSON.parse(read(RESULTS, 'run `npm test -- tests` first'));
const problems = check(read(DOCUMENT, 'it belongs to the repository'), results);
for (const problem of problems) {
  process.stderr.write(`${relative(ROOT, DOCUMENT)}: ${problem}\n`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
