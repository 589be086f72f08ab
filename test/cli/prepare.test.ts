import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../sim/prepare.mjs', import.meta.url));

/**
 * A machine of scripts: a search path of its own, an apt-get that writes down how it is called and
 * then puts the tools there, and a project whose packages are one line.
 */
let root: string;
const at = (...path: string[]) => join(root, ...path);
const log = () => (existsSync(at('log')) ? readFileSync(at('log'), 'utf8').trim().split('\n') : []);

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
  chmodSync(at(path), mode);
}
const program = (name: string, body: string) => put(`bin/${name}`, `#!/bin/sh\n${body}\n`, 0o755);
const remove = (name: string) => rmSync(at('bin', name), { force: true });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vidline-test-'));
  mkdirSync(at('sim'));
  copyFileSync(script, at('sim/prepare.mjs'));
  const packages = { 'node_modules/tsx': { version: '1.0.0' } };
  put('package-lock.json', JSON.stringify({ packages }));
  put('node_modules/.package-lock.json', JSON.stringify({ packages }));
  put(
    `node_modules/@esbuild/${process.platform}-${process.arch}/bin/esbuild`,
    '#!/bin/sh\n',
    0o755,
  );
  for (const name of ['g++', 'python3', 'sipp', 'sgsnemu', 'ip', 'ethtool', 'yosys']) {
    program(name, '');
  }
  program('verilator', 'echo "Verilator 5.006 2023-01-22"');
  symlinkSync('/usr/bin/env', at('bin/env'));
  // sudo without a password, for those who run the tests without root
  program('sudo', '[ "$1" = -n ] && exit 0\nexec "$@"');
  program('apt-cache', `for p; do [ "$p" = policy ] || echo "$p:\n  Candidate: 1.0"; done`);
  program(
    'apt-get',
    `echo "apt-get $*" >> ${at('log')}
     case "$*" in *sip-tester*) printf '#!/bin/sh\\n' > ${at('bin/sipp')}; /bin/chmod 755 ${at('bin/sipp')};; esac`,
  );
  program('npm', `echo "npm $*" >> ${at('log')}`);
});

afterEach(() => rmSync(root, { recursive: true }));

function prepare(...args: string[]) {
  const done = spawnSync(process.execPath, [at('sim/prepare.mjs'), ...args], {
    encoding: 'utf8',
    input: '',
    env: { PATH: at('bin') },
  });
  expect(done.stdout).toBe(''); // standard output belongs to the command that follows
  return { status: done.status, said: done.stderr };
}

describe('sim/prepare.mjs', () => {
  test.each(['demo', 'test', 'bench'])(
    'says and does nothing for %s when all is there',
    (purpose) => {
      expect(prepare(purpose)).toEqual({ status: 0, said: '' });
      expect(log()).toEqual([]);
    },
  );

  test('installs what is missing, without asking apt for new lists when it knows the package', () => {
    remove('sipp');
    const { status, said } = prepare('demo');
    expect(status).toBe(0);
    expect(said).toMatch(/sipp: not there; .*package sip-tester/);
    expect(log()).toEqual([expect.stringMatching(/^apt-get .* install -y .*sip-tester$/)]);
  });

  test('asks apt for new lists first when it does not know the package', () => {
    remove('sipp');
    program('apt-cache', 'exit 0');
    expect(prepare('demo').status).toBe(0);
    expect(log()).toEqual(['apt-get update', expect.stringMatching(/install .*sip-tester$/)]);
  });

  test('tries once more with new lists when apt fails, then says what to do by hand', () => {
    remove('sipp');
    program('apt-get', `echo "apt-get $1" >> ${at('log')}; exit 100`);
    program('apt-cache', 'for p; do echo "$p:\n  Candidate: 1.0"; done');
    const { status, said } = prepare('test');
    expect(status).toBe(3);
    expect(log()).toEqual(['apt-get -o', 'apt-get update']);
    expect(said).toContain('sudo apt-get install -y sip-tester');
  });

  test('wants python3 for the tests only: Verilator and g++ are called directly', () => {
    remove('python3');
    expect(prepare('demo', '--dry-run')).toEqual({ status: 0, said: '' });
    expect(prepare('bench', '--dry-run')).toEqual({ status: 0, said: '' });
    const { status, said } = prepare('test', '--dry-run');
    expect(status).toBe(3);
    expect(said).toMatch(/python3: not there; .*raw frames.*package python3/);
  });

  test('says what to install where there is no apt-get', () => {
    for (const name of ['apt-get', 'g++', 'sipp']) remove(name);
    const { status, said } = prepare('demo');
    expect(status).toBe(3);
    expect(said).toContain('g++: not there; compiles the card');
    expect(said).toContain('no apt-get');
  });

  test('lets the demo go on without real interfaces, but not the tests', () => {
    for (const name of ['apt-get', 'sipp']) remove(name);
    expect(prepare('demo')).toMatchObject({
      status: 0,
      said: expect.stringMatching(/goes on without real\s+network interfaces/),
    });
    expect(prepare('test').status).toBe(3);
  });

  test('refuses an old Verilator in words, also when installing does not help', () => {
    program('verilator', 'echo "Verilator 4.038 2020-07-11"');
    const { status, said } = prepare('demo');
    expect(status).toBe(3);
    expect(said).toMatch(/is version 4\.038, older than 5\.006/);
    expect(said).toMatch(/still not right/);
  });

  test('changes nothing with --dry-run', () => {
    remove('sipp');
    put('package-lock.json', '{"packages":{"node_modules/tsx":{"version":"2.0.0"}}}');
    const { status, said } = prepare('demo', '--dry-run');
    expect(status).toBe(3);
    expect(said).toContain('sip-tester');
    expect(said).toContain('Would call npm ci: tsx is 1.0.0, the lock file says 2.0.0');
    expect(log()).toEqual([]);
  });

  test.each([
    ['node_modules is not there', () => rmSync(at('node_modules/.package-lock.json'))],
    [
      'yaml is not installed',
      () => put('package-lock.json', '{"packages":{"node_modules/yaml":{"version":"2.0.0"}}}'),
    ],
  ])('installs the packages when %s', (said, spoil) => {
    spoil();
    const result = prepare('demo');
    expect(result.said).toContain(said);
    expect(result.status).toBe(0);
    expect(log()).toEqual([expect.stringMatching(/^npm ci /)]);
  });

  test("does not miss other machines' binaries", () => {
    const packages = {
      'node_modules/tsx': { version: '1.0.0' },
      'node_modules/@esbuild/other': { version: '1.0.0', optional: true },
    };
    put('package-lock.json', JSON.stringify({ packages }));
    expect(prepare('demo')).toEqual({ status: 0, said: '' });
  });

  test('refuses node_modules that were made for another machine', () => {
    rmSync(at('node_modules/@esbuild'), { recursive: true });
    const { status, said } = prepare('demo');
    expect(status).toBe(3);
    expect(said).toMatch(/esbuild has no program for/);
  });

  test.each([[[]], [['bake']], [['demo', '--fast']]])('refuses %j with its usage', (args) => {
    const { status, said } = prepare(...args);
    expect(status).toBe(2);
    expect(said).toContain('demo|test|bench');
  });
});
