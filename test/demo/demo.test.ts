import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CapturedFrame, ensureBuilt, readCapture } from '../../sim/index.ts';
import { cageHere } from '../cli/cage-here.ts';
import { killAll, nothingLeft, processesWith } from '../cli/processes.ts';

const COMMAND = fileURLToPath(new URL('../../host/cli/main.ts', import.meta.url));
const CHECK = fileURLToPath(new URL('../check-demo.ts', import.meta.url));
const MARK = 'VIDLINE_TEST_MARK';
const possible = await cageHere();

let mark: string;
let folder: string;
let networksBefore: string[];
const netns = () => (existsSync('/run/netns') ? readdirSync('/run/netns') : []);

beforeAll(async () => {
  await ensureBuilt({ configuration: 'sim' });
}, 300_000);

beforeEach(() => {
  mark = randomUUID();
  folder = mkdtempSync(join(tmpdir(), 'vidline-test-'));
  networksBefore = netns();
});

afterEach(() => {
  killAll(MARK, mark);
  rmSync(folder, { recursive: true });
});

function run(program: string, ...args: string[]) {
  const child = spawn(program, args, {
    env: { ...process.env, [MARK]: mark, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const look of waiting) look();
    });
  }
  const exit = new Promise<number | string | null>((resolve) => {
    child.once('close', (status, signal) => resolve(signal ?? status));
  });
  /** Resolves when standard error has the pattern; rejects when the program ends without it. */
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(output.stderr)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void exit.then(() => reject(new Error(`it ended without ${pattern}:\n${output.stderr}`)));
    });
  return { child, exit, output, said };
}

const demo = (...args: string[]) =>
  run(process.execPath, '--import', 'tsx', COMMAND, 'demo', ...args);

/** Waits until a process of the demo fits, and resolves with its id. */
async function processLike(pattern: RegExp): Promise<number> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    const found = processesWith(MARK, mark).find(({ command }) => pattern.test(command));
    if (found) return found.pid;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no process like ${pattern}: ${JSON.stringify(processesWith(MARK, mark))}`);
}

async function expectNothingLeft(): Promise<void> {
  await nothingLeft(MARK, mark);
  expect(netns()).toEqual(networksBefore);
  // tsx keeps its compiled files there; they are its own cache.
  expect(readdirSync(folder).filter((name) => !/^(tsx-|capture$)/.test(name))).toEqual([]);
}

/** What `npm run demo -- --json` put out is judged by the script that CI judges it by. */
async function expectGoodReport(
  stdout: string,
  calls: number,
  processors: number,
  ...network: string[]
): Promise<void> {
  const file = join(folder, 'tsx-report.json');
  writeFileSync(file, stdout);
  const words = [file, `${calls}`, `${processors}`, ...network];
  const check = run(process.execPath, '--import', 'tsx', CHECK, ...words);
  expect({ status: await check.exit, said: check.output.stderr }).toEqual({ status: 0, said: '' });
}

async function frames(file: string): Promise<CapturedFrame[]> {
  const all: CapturedFrame[] = [];
  for await (const frame of readCapture(join(folder, 'capture', file))) all.push(frame);
  return all;
}

const ports = (frame: CapturedFrame) => ({
  source: frame.data.readUInt16BE(34),
  destination: frame.data.readUInt16BE(36),
});

describe.runIf(possible)('the demo on network namespaces', () => {
  test('SIPp calls through the card; the report and the captures say so; nothing is left', async () => {
    const capture = join(folder, 'capture');
    const options = ['--rate', '50', '--calls', '100', '--processors', '3'];
    const { exit, output } = demo(...options, '--json', '--capture', capture);
    expect(await exit, output.stderr).toBe(0);
    await expectNothingLeft();

    expect(output.stdout.trim().split('\n')).toHaveLength(1);
    await expectGoodReport(output.stdout, 100, 3);
    const report = JSON.parse(output.stdout);
    expect(report.network).toBe('namespaces');
    expect(report.problems).toEqual([]);

    expect(readdirSync(capture).sort()).toEqual([
      'fabric-0.pcapng',
      'fabric-1.pcapng',
      'fabric-2.pcapng',
      'host.pcapng',
      'line.pcapng',
    ]);
    const line = await frames('line.pcapng');
    expect(line).toHaveLength(report.packets.lineIn + report.packets.toLine);
    expect(line.filter(({ comment }) => !comment)).toEqual([]);
    // RFC 3261 §12.2.1.1: what follows the 200 goes to the Contact, whose port stands for the VID.
    const steered = line.filter(({ comment }) => comment?.includes('steer_active'));
    expect(steered).toHaveLength(report.packets.steered);
    for (const frame of steered) {
      const { destination } = ports(frame);
      const vid = destination - 20_000;
      expect(frame.comment).toMatch(
        new RegExp(
          `^line0 \\(line\\) → fabric\\d: steer_active \\(steer\\)\\. rule 1 sip/dialog, ` +
            `key ${destination} \\(0x[0-9a-f]+\\), VID ${vid}, row active \\d+ backup \\d+ .*, ` +
            'slot \\d+ epoch \\d+\\. ',
        ),
      );
    }
    // Each frame to or from a slot is in the file of its side, too.
    const fabric = (await Promise.all([0, 1, 2].map((n) => frames(`fabric-${n}.pcapng`)))).flat();
    expect(fabric.filter(({ comment }) => comment?.includes('steer_active'))).toHaveLength(
      steered.length,
    );
    const host = await frames('host.pcapng');
    const setups = host.filter(({ comment }) => comment?.includes('punt_setup'));
    expect(setups.map((frame) => ports(frame).destination)).toEqual(
      Array(setups.length).fill(5060),
    );
    expect(setups.length).toBeGreaterThanOrEqual(100);
  });

  test('without --json the summary is on standard output and progress on standard error', async () => {
    const { exit, output } = demo('--rate', '20', '--calls', '20');
    expect(await exit, output.stderr).toBe(0);
    expect(output.stdout).toMatch(/^calls +20 +20 +0 +0 +\d+$/m);
    expect(output.stdout).toMatch(/^good: every call succeeded/m);
    expect(output.stdout + output.stderr).not.toContain('\x1b');
    expect(output.stderr).toMatch(/Calling 192\.0\.2\.1: 20 calls, 20 a second/);
    await expectNothingLeft();
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'ends in good order on %s, with what it has seen so far',
    async (signal) => {
      const { child, exit, output, said } = demo('--rate', '20', '--calls', '2000', '--json');
      await said(/Calling /);
      await processLike(/^sipp /);
      await new Promise((resolve) => setTimeout(resolve, 2000)); // some calls
      child.kill(signal);
      expect(await exit, output.stderr).toBe(130);
      const report = JSON.parse(output.stdout);
      expect(report.problems).toEqual(['stopped before its end']);
      expect(report.calls.attempted).toBeGreaterThan(0);
      expect(report.calls.failed).toBe(0);
      await expectNothingLeft();
    },
  );

  test('leaves nothing when it is stopped while it starts', async () => {
    const { child, exit, said } = demo();
    await said(/Starting the card/);
    child.kill('SIGINT');
    expect(await exit).toBe(130);
    await expectNothingLeft();
  });

  test('leaves nothing when it is killed', async () => {
    const { child, exit, said } = demo('--rate', '20', '--calls', '2000');
    await said(/Calling /);
    child.kill('SIGKILL');
    expect(await exit).toBe('SIGKILL');
    await expectNothingLeft();
  });

  test.each([
    ['a SIP server', /processor\/main\.ts .*--name sip-2/, 1, /sip-2 ended with SIGKILL/],
    ['SIPp', /^sipp /, 1, /SIPp was ended by SIGKILL/],
    ['its inner process', /demo\/inside\.ts/, 6, /inner process died/],
  ] as const)('says so and leaves nothing when %s is killed', async (_, pattern, status, words) => {
    const { exit, output, said } = demo('--rate', '20', '--calls', '2000');
    await said(/Calling /);
    await processLike(/^sipp /);
    const inner = await processLike(/^(?!unshare|setpriv).*demo\/inside\.ts/);
    process.kill(status === 6 ? inner : await processLike(pattern), 'SIGKILL');
    expect(await exit, output.stderr).toBe(status);
    expect(output.stdout + output.stderr).toMatch(words);
    await expectNothingLeft();
  });

  test('goes on in memory, and says plainly what that is, where nothing else is allowed', async () => {
    // A user namespace that may have no others, and a process in it that may do nothing.
    const powerless =
      'echo 0 > /proc/sys/user/max_user_namespaces && ' +
      'exec setpriv --bounding-set=-all --inh-caps=-all "$@"';
    const { exit, output } = run(
      'unshare',
      ...['-Ur', 'sh', '-c', powerless, 'sh', process.execPath, '--import', 'tsx', COMMAND, 'demo'],
      ...['--rate', '50', '--calls', '50', '--json'],
    );
    expect(await exit, output.stderr).toBe(0);
    expect(output.stderr).toMatch(/NOT the real thing/);
    expect(output.stderr).toMatch(/For the real thing: /);
    expect(JSON.parse(output.stdout)).toMatchObject({ network: 'memory', problems: [] });
    await expectNothingLeft();
  });
});

describe('the demo in memory', () => {
  test('makes its calls through the same card', async () => {
    const { exit, output } = demo('--memory', '--rate', '50', '--calls', '50', '--json');
    expect(await exit, output.stderr).toBe(0);
    await expectGoodReport(output.stdout, 50, 4, 'memory');
    await expectNothingLeft();
  });

  test('refuses wrong options with status 2, in words', async () => {
    const { exit, output } = demo('--processors', '9');
    expect(await exit).toBe(2);
    expect(output.stderr).toMatch(/--processors 9: give a whole number from 1 to 7/);
  });
});
