/**
 * Checks docs/requirements.md against the last run of the tests: every requirement has a line, and
 * every test that a line names exists, ran and passed. Usage: requirements.ts [DOCUMENT [RESULTS]].
 *
 * Tests on real interfaces cannot run on a machine that forbids network namespaces; they are listed
 * as left out here. Where VIDLINE_REQUIRE_NETWORK is set (CI) they count as not passed.
 */
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { probeCage } from '../host/cli/namespaces/cage.ts';

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

/** Files whose tests need real interfaces, as test/vitest.config.ts has them. */
const NETWORK_TESTS = [/\.net\.test\.ts$/, /^test\/demo\//];

interface Findings {
  /** What is wrong with the document, a line each. */
  readonly problems: readonly string[];
  /** Tests that this machine does not allow, a line each. */
  readonly leftOut: readonly string[];
}

/** @param networkLess tests on real interfaces may be missing. */
function check(document: string, results: Results, networkLess: boolean): Findings {
  const problems: string[] = [];
  const leftOut: string[] = [];
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
      } else if (status === 'skipped' && networkLess && isNetworkTest(named[1] ?? '')) {
        leftOut.push(`${place}: test "${test}" is left out here`);
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
  return { problems, leftOut };
}

function isNetworkTest(file: string): boolean {
  return NETWORK_TESTS.some((pattern) => pattern.test(file));
}

/** Whether tests on real interfaces may be missing: this machine forbids them, and nobody insists. */
async function mayBeNetworkLess(): Promise<boolean> {
  if (process.env.VIDLINE_REQUIRE_NETWORK) return false;
  return (await probeCage()).kind === undefined;
}

function read(file: string, remedy: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${(error as Error).message}; ${remedy}`);
  }
}

const results: Results = JSON.parse(read(RESULTS, 'run `npm test -- tests` first'));
const document = read(DOCUMENT, 'it belongs to the repository');
const { problems, leftOut } = check(document, results, await mayBeNetworkLess());
for (const line of [...problems, ...leftOut]) {
  process.stderr.write(`${relative(ROOT, DOCUMENT)}: ${line}\n`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
