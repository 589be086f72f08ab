import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeCage } from '../../host/cli/namespaces/cage.ts';
import { networkOf } from '../../host/cli/namespaces/topology.ts';
import { cageHere } from './cage-here.ts';
import { type FoundProcess, killAll, nothingLeft, processesWith } from './processes.ts';

const MARK = 'VIDLINE_TEST_MARK';
const program = fileURLToPath(new URL('fixtures/caged.ts', import.meta.url));
const possible = await cageHere();
const withoutRoot = (await probeCage(['user'])).kind === 'user';

describe.runIf(possible)('a cage', { timeout: 30_000 }, () => {
  let mark: string;
  let folder: string;
  let networksBefore: string[];
  const netns = () => (existsSync('/run/netns') ? readdirSync('/run/netns') : []);

  beforeEach(() => {
    mark = randomUUID();
    folder = mkdtempSync(join(tmpdir(), 'vidline-test-'));
    networksBefore = netns();
  });

  afterEach(() => {
    killAll(MARK, mark);
    rmSync(folder, { recursive: true });
  });

  /** Starts the fixture; resolves when its inside has said what it made. */
  async function start(what: string, ...more: string[]) {
    const child = spawn(process.execPath, ['--import', 'tsx', program, what, ...more], {
      env: { ...process.env, [MARK]: mark, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = new Promise<number | string | null>((resolve) => {
      child.once('exit', (status, signal) => resolve(signal ?? status));
    });
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    const first = new Promise<void>((resolve) => {
      reader.on('line', (line) => {
        lines.push(line);
        resolve();
      });
    });
    const closed = new Promise<void>((resolve) => void reader.once('close', () => resolve()));
    await Promise.race([first, exit]);
    return { child, exit, lines, closed };
  }

  /** Nothing may be left: no process, so no namespace that one of them held; no name, no file. */
  async function expectNothingLeft(): Promise<void> {
    await nothingLeft(MARK, mark);
    expect(netns()).toEqual(networksBefore);
    // tsx keeps its compiled files there; they are its own cache.
    expect(readdirSync(folder).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
    expect(existsSync('/run/vidline/socket')).toBe(false);
  }

  function processOf(child: ChildProcess, pattern: RegExp): FoundProcess {
    const found = processesWith(MARK, mark).filter(
      ({ pid, command }) => pid !== child.pid && pattern.test(command),
    );
    const first = found[0];
    if (first === undefined) throw new Error(`no process like ${pattern}`);
    return first;
  }

  test('holds the client, the processors and their wires, and is gone after a normal end', async () => {
    const { exit, lines, closed } = await start('end');
    expect(await exit).toBe(0);
    await closed;
    const state = JSON.parse(lines[0] ?? '');
    const names = state.links.map((link: { ifname: string }) => link.ifname);
    expect(names.sort()).toEqual(['fabric0', 'fabric1', 'fabric2', 'fabric3', 'line0', 'lo']);
    expect(state.address[0].addr_info).toEqual([
      expect.objectContaining({ family: 'inet', local: '192.0.2.1', prefixlen: 32 }),
    ]);
    expect(state.routes.map((route: { dst: string }) => route.dst).sort()).toEqual([
      '169.254.77.1',
      '192.0.2.0/24',
    ]);
    expect(state.arpIgnore.trim()).toBe('8');
    expect(state.offloads).toMatch(/^tx-checksumming: off/m);
    expect(state.offloads).toMatch(/^rx-checksumming: off/m);
    expect(state.offloads).toMatch(/^generic-receive-offload: off/m);
    expect(JSON.parse(lines[1] ?? '')).toEqual({ status: 0, orderly: true });
    await expectNothingLeft();
  });

  test.runIf(withoutRoot)('is the same through a user namespace', async () => {
    const { exit, lines, closed } = await start('end', 'user');
    expect(await exit).toBe(0);
    await closed;
    expect(JSON.parse(lines[0] ?? '').links.length).toBe(6);
    expect(JSON.parse(lines[1] ?? '')).toEqual({ status: 0, orderly: true });
    await expectNothingLeft();
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends in good order on %s', async (signal) => {
    const { child, exit, lines, closed } = await start('wait');
    child.kill(signal);
    expect(await exit).toBe(0);
    await closed;
    expect(JSON.parse(lines[1] ?? '')).toEqual({ status: 0, orderly: true });
    await expectNothingLeft();
  });

  test('is gone when the one who started it is killed', async () => {
    const { child, exit } = await start('wait');
    expect(processesWith(MARK, mark).length).toBeGreaterThan(5);
    child.kill('SIGKILL');
    expect(await exit).toBe('SIGKILL');
    await expectNothingLeft();
  });

  test.each([
    ['unshare', /^unshare /],
    ['the first process inside', /^\S*node .*caged\.ts/],
  ])('is gone when %s is killed', async (_, pattern) => {
    const { child, exit, lines, closed } = await start('wait');
    process.kill(processOf(child, pattern).pid, 'SIGKILL');
    expect(await exit).toBe(0);
    await closed;
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ orderly: false });
    await expectNothingLeft();
  });

  test('is gone when the first process inside crashes', async () => {
    const { exit, lines, closed } = await start('crash');
    expect(await exit).toBe(0);
    await closed;
    const end = JSON.parse(lines[1] ?? '');
    expect(end.orderly).toBe(false);
    expect(end.status).not.toBe(0);
    await expectNothingLeft();
  });

  test('has namespaces of its own, not those of the machine', async () => {
    const { child, exit } = await start('wait');
    const networks = new Set(
      processesWith(MARK, mark)
        .filter(({ command }) => command.startsWith('sleep '))
        .map(({ network }) => network),
    );
    expect(networks.size).toBe(5);
    expect(netns()).toEqual(networksBefore);
    child.kill('SIGTERM');
    await exit;
    await expectNothingLeft();
  });
});

test('the network of an address', () => {
  expect(networkOf('192.0.2.100/24')).toBe('192.0.2.0/24');
  expect(networkOf('10.1.255.7/20')).toBe('10.1.240.0/20');
  expect(networkOf('10.1.255.7/32')).toBe('10.1.255.7/32');
  expect(networkOf('10.1.255.7/0')).toBe('0.0.0.0/0');
  expect(() => networkOf('10.1.255.7')).toThrow(/prefix length/);
  expect(() => networkOf('10.1.255.7/33')).toThrow(/prefix length/);
});
