/** What somebody with a board types, with a simulated card's serial line in the board's place. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SimulatedCard } from '../../sim/index.ts';
import { openSerial } from '../driver/carriers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = ['--import', 'tsx', 'host/cli/main.ts'];
const folder = mkdtempSync(join(tmpdir(), 'vidline-attach-'));
const socket = join(folder, 'control');

let simulated: SimulatedCard;
let card: string;
beforeAll(async () => {
  const line = await openSerial('live');
  simulated = line.simulated;
  card = `uart:${line.path}@3000000`;
});
afterAll(async () => {
  await simulated.close();
  rmSync(folder, { recursive: true, force: true });
});

function vidline(...words: string[]) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [...COMMAND, ...words], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** The next line of a program that runs, as JSON. */
async function told(child: ChildProcess, event: string): Promise<Record<string, unknown>> {
  if (!child.stdout) throw new Error('no standard output');
  for await (const line of createInterface({ input: child.stdout })) {
    const value = JSON.parse(line) as Record<string, unknown>;
    if (value.event === event) return value;
  }
  throw new Error(`it ended without ${event}`);
}

test('without an address it says who the card is, and ends', async () => {
  const { status, stdout } = await vidline('attach', '--card', card, '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    event: 'card',
    card,
    configuration: 3,
    build: simulated.buildId.toString(16).padStart(8, '0'),
    sizes: { ports: 2, slots: 8, vids: 4096 },
  });
});

test("of a board it says each port's link and speed as well", async () => {
  const board = await SimulatedCard.open({ configuration: 'ecp5-25', mode: 'live', board: {} });
  try {
    await board.setPhy(1, { speed: 100, fullDuplex: false });
    const at = `uart:${await board.attachSerial()}@3000000`;
    const { status, stdout } = await vidline('attach', '--card', at, '--json');
    expect(status).toBe(0);
    const [, line, fabric] = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(line).toMatchObject({ event: 'port', port: 0, link: true, speed: 1000, kind: 'RGMII' });
    expect(fabric).toMatchObject({ port: 1, link: true, speed: 100, fullDuplex: false });
    const words = await vidline('attach', '--card', at);
    expect(words.stderr).toMatch(
      /port 1: RGMII, 100 Mb\/s half duplex, link up; half duplex is not/,
    );
  } finally {
    await board.close();
  }
});

test('with one it is a switch processor that other verbs ask; tables agree, and its end leaves the card on', async () => {
  const words = ['attach', '--card', card, '--address', '192.0.2.1', '--slots-per-port', '4'];
  const child = spawn(process.execPath, [...COMMAND, ...words, '--socket', socket, '--json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    expect(await told(child, 'ready')).toMatchObject({ socket });
    expect(await vidline('verify', '--socket', socket)).toMatchObject({ status: 0 });
    const slots = await vidline('slot', 'list', '--socket', socket, '--json');
    expect(JSON.parse(slots.stdout).slots ?? JSON.parse(slots.stdout)).toHaveLength(4);
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  }
});

test('what is wrong is said with a remedy and a status', async () => {
  expect(await vidline('attach', '--card', 'ttyUSB0')).toMatchObject({
    status: 5,
    stderr: expect.stringMatching(/"ttyUSB0" names no card: give uart:PATH@BAUD/),
  });
  expect(await vidline('attach', '--card', 'uart:/dev/ttyNotThere')).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/\/dev\/ttyNotThere@3000000: there is no such device/),
  });
  const ports = ['--line', '0', '1', '--fabric', '1', '--address', '192.0.2.1'];
  expect(await vidline('attach', '--card', card, ...ports)).toMatchObject({
    status: 5,
    stderr: expect.stringMatching(/port 1 is either --line or --fabric/),
  });
});
