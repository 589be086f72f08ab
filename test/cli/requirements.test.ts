import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** Whether a test is one that needs network namespaces, by the file that it is in. */
const needsNetwork = (file: string) => /\.net\.test\.ts$|^test\/demo\//.test(file);

/** A search path on which no namespace can be made. */
function withoutNamespaces(): string {
  const program = join(folder, 'unshare');
  writeFileSync(program, '#!/bin/sh\necho "unshare failed: Operation not permitted" >&2\nexit 1\n');
  chmodSync(program, 0o755);
  return `${folder}:${process.env.PATH}`;
}

/** Runs the check; every test that the document names has the given status. */
function check(
  document: string,
  status: string | ((file: string) => string) = 'passed',
  env: NodeJS.ProcessEnv = { VIDLINE_REQUIRE_NETWORK: '1' },
) {
  const files = new Map<string, { title: string; status: string }[]>();
  for (const [, file = '', title = ''] of original.matchAll(
    /`(test\/[^`]+)`: (.+?)(?=<br>| \|)/g,
  )) {
    const outcome = typeof status === 'string' ? status : status(file);
    files.set(file, [...(files.get(file) ?? []), { title, status: outcome }]);
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
  const { VIDLINE_REQUIRE_NETWORK: _, ...others } = process.env;
  const done = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    cwd: root,
    env: { ...others, ...env },
  });
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

  const networkSkipped = (file: string) => (needsNetwork(file) ? 'skipped' : 'passed');

  test('lists what this machine does not allow as left out, not as a failure', () => {
    const { status, said } = check(original, networkSkipped, { PATH: withoutNamespaces() });
    const lines = said.trim().split('\n');
    expect(lines.filter((line) => !/: test ".*" is left out here$/.test(line))).toEqual([]);
    expect(said).toMatch(/H5: test "test\/demo\/.*" is left out here/);
    expect(said).toMatch(/G6: test "test\/cli\/verbs\.net\.test\.ts: .*" is left out here/);
    expect(status).toBe(0);
  });

  test('insists on it where VIDLINE_REQUIRE_NETWORK is set', () => {
    const env = { PATH: withoutNamespaces(), VIDLINE_REQUIRE_NETWORK: '1' };
    const { status, said } = check(original, networkSkipped, env);
    expect(said).toMatch(/H5: test ".*" skipped/);
    expect(said).not.toContain('left out');
    expect(status).toBe(1);
  });

  test.each([
    ['a test that needs no network', 'skipped', /G1: test "test\/host\/.*" skipped/],
    [
      'a test on real interfaces that failed',
      (file: string) => (needsNetwork(file) ? 'failed' : 'passed'),
      /H5: test ".*" failed/,
    ],
  ])('does not excuse %s by the machine', (_, outcome, words) => {
    const { status, said } = check(original, outcome, { PATH: withoutNamespaces() });
    expect(said).toMatch(words);
    expect(status).toBe(1);
  });
});
