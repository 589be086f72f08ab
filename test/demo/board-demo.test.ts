/** The demo of calls on a board's core at its pins, the driver on its pseudo-terminal as with a board on the desk. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { DemoReport } from '../../host/cli/demo/report.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = ['--import', 'tsx', 'host/cli/main.ts', 'demo', 'board'];
const CALLS = 6;

function demo(...words: string[]) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [...COMMAND, ...words], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

test('calls are set up over the serial line and steered by the board', {
  timeout: 900_000,
}, async () => {
  const { status, stdout, stderr } = await demo('--calls', `${CALLS}`, '--json');
  expect(stderr).toContain('good: every call succeeded');
  expect(status).toBe(0);
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as DemoReport;
  expect(report).toMatchObject({
    schema: 'vidline.demo/1',
    transport: 'serial',
    problems: [],
    lost: {},
    calls: { attempted: CALLS, succeeded: CALLS, failed: 0 },
    inDialog: { punted: 0 },
    card: { configuration: 'ecp5-25' },
  });
  expect(report.inDialog.packets).toBeGreaterThanOrEqual(2 * CALLS);
  // Two servers behind one port: the card tells them apart by slot.
  expect(report.processors.map(({ calls }) => calls > 0)).toEqual([true, true]);
  expect(report.timeScale).toBeGreaterThan(0);
  expect(report.timeScale).toBeLessThan(1);
});

test('what a board cannot have is refused in words', async () => {
  const { status, stderr } = await demo('--processors', '9');
  expect(status).toBe(2);
  expect(stderr).toContain('give a whole number from 1 to 8');
});
