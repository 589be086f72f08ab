import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../.ci/leftovers', import.meta.url));
let folder: string;
let started: ChildProcess | undefined;

function leftovers(...args: string[]) {
  const done = spawnSync(SCRIPT, args, { encoding: 'utf8' });
  return { status: done.status, said: done.stderr };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vidline-test-'));
  expect(leftovers('begin', folder)).toEqual({ status: 0, said: '' });
});
afterEach(() => {
  started?.kill('SIGKILL');
  started = undefined;
  rmSync(folder, { recursive: true });
});

const check = (seconds: number) => leftovers('check', folder, `${seconds}`);

function sleeper(seconds: string, mark: string): Promise<void> {
  const child = spawn('sleep', [seconds], { env: { ...process.env, VIDLINE_CI: mark } });
  started = child;
  return new Promise((resolve) => child.once('spawn', resolve));
}

describe('what CI finds of a demo that has ended', () => {
  test('is nothing where nothing is left, whatever else runs on the machine', async () => {
    await sleeper('600', `${folder}-of-another`);
    writeFileSync(join(folder, 'tmp', 'tsx-cache'), '');
    expect(check(0)).toEqual({ status: 0, said: '' });
  });

  test('is a process of it', async () => {
    await sleeper('600', folder);
    expect(check(0)).toEqual({ status: 1, said: `process ${started?.pid}: sleep 600 \n` });
  });

  test('is no process that ends in a moment', async () => {
    await sleeper('0.3', folder);
    expect(check(20)).toEqual({ status: 0, said: '' });
  });

  test('is a temporary folder of it', () => {
    mkdirSync(join(folder, 'tmp', 'vidline-x'));
    expect(check(0)).toEqual({ status: 1, said: 'temporary file: vidline-x\n' });
  });

  test('is an interface or namespace that was not there, or is there no more', () => {
    appendFileSync(join(folder, 'networks'), 'zz-was-there:\n');
    expect(check(0)).toEqual({ status: 1, said: 'network gone: zz-was-there:\n' });
    writeFileSync(join(folder, 'networks'), '');
    expect(check(0).said).toMatch(/^network: lo:$/m);
  });

  test('is asked for in one of two ways', () => {
    expect(leftovers('find')).toMatchObject({ status: 2 });
  });
});
