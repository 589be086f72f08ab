import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = join(root, 'test/requirements.ts');
const original = readFileSync(join(root, 'docs/requirements.md'), 'utf8');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vidline-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the check; every test that the document names has the given status. */
function check(document: string, status = 'passed') {
  const files = new Map<string, { title: string; status: string }[]>();
  for (const [, file = '', title = ''] of original.matchAll(
    /`(test\/[^`]+)`: (.+?)(?=<br>| \|)/g,
  )) {
    files.set(file, [...(files.get(file) ?? []), { title, status }]);
  }
  const testResults = [...files].map(([name, assertionResults]) => ({
    name: join(root, name),
    assertionResults,
  }));
  writeFileSync(join(folder, 'document.md'), document);
  writeFileSync(join(folder, 'results.json'), JSON.stringify({ testResults }));
  const args = [
    '--import',
    'tsx',
    script,
    join(folder, 'document.md'),
    join(folder, 'results.json'),
  ];
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root });
  return { status: done.status, said: done.stderr };
}

describe('the check of docs/requirements.md', () => {
  test('finds nothing when all tests that it names passed', () => {
    expect(check(original)).toEqual({ status: 0, said: '' });
  });

  test.each([
    ['a test that failed', original, 'failed', /line \d+, G1: test ".*" failed/],
    ['a test that was left out', original, 'skipped', /line \d+, H5: test ".*" skipped/],
    [
      'a name without a test',
      original.replace('carries a call', 'carries the call'),
      'passed',
      /line \d+, G1: no test ".*carries the call/,
    ],
    [
      'a requirement without a line',
      original.replace(/^\| D9 .*\n/m, ''),
      'passed',
      /D9 has no line/,
    ],
    [
      'a requirement with two lines',
      original.replace(/^\| D9 .*\n/m, '$&$&'),
      'passed',
      /D9: there is a line/,
    ],
    [
      'words that are no test',
      original.replace('Not yet.', 'Nearly.'),
      'passed',
      /"Nearly\." is neither/,
    ],
  ])('finds %s', (_, document, status, words) => {
    const result = check(document, status);
    expect(result.status).toBe(1);
    expect(result.said).toMatch(words);
  });
});
