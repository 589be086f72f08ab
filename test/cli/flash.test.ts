/** `vidline flash` with stand-ins for the tools that write down how they were called. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FpgaProgram, type FpgaTools, makeFpgaTools } from '../hdl/harness/fpga-tools.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = ['--import', 'tsx', 'host/cli/main.ts', 'flash'];

let tools: FpgaTools;
let environment: Record<string, string>;
const make = (...missing: FpgaProgram[]) => {
  tools = makeFpgaTools(missing);
  environment = { PATH: tools.path };
};
beforeEach(() => make());
afterEach(() => tools.remove());

function flash(...words: string[]) {
  const options = { cwd: ROOT, env: { ...process.env, ...environment } };
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [...COMMAND, ...words], options, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const programmed = () => tools.calls().filter(([program]) => program === 'openFPGALoader');

test('builds, says how fast and how large, and calls openFPGALoader once, word by word', async () => {
  const { status, stdout } = await flash('--board', 'colorlight-i9', '--json');
  expect(status).toBe(0);
  const { schema, report, bitstream, command, programmed: done } = JSON.parse(stdout);
  expect(schema).toBe('vidline.flash/1');
  expect(report).toMatchObject({ schema: 'vidline.fpga/1', board: 'colorlight-i9' });
  expect(command).toEqual(['openFPGALoader', '-b', 'colorlight-i9', bitstream]);
  expect(done).toBe(true);
  expect(programmed()).toEqual([command]);
  // In words, from the cache.
  const before = tools.calls().length;
  const again = await flash('--board', 'colorlight-i9');
  expect(again.stdout).toMatch(/clk_core\s+62\.5\s+60\.0/);
  expect(again.stdout).toMatch(/30 of 100 \(30 %\)/);
  expect(tools.calls().slice(before)).toEqual([command]);
});

test('--dry-run and --build-only touch no board, also where there is no programmer', async () => {
  tools.remove();
  make('openFPGALoader');
  const dry = await flash('--board', 'ulx3s-85f', '--dry-run', '--json');
  expect(dry.status).toBe(0);
  expect(dry.stderr).toMatch(/would call: openFPGALoader -b ulx3s \S+\/fpga\.bit\n/);
  expect(JSON.parse(dry.stdout).programmed).toBe(false);
  const only = await flash('--board', 'ulx3s-85f', '--build-only');
  expect(only.status).toBe(0);
  expect(only.stderr).toMatch(/built: build\/fpga\/ulx3s-85f\/\S+\.bit/);
  const missing = await flash('--board', 'ulx3s-85f');
  expect(missing.status).toBe(3);
  expect(missing.stderr).toMatch(
    /openFPGALoader is missing: package openfpgaloader .*OSS CAD Suite/,
  );
});

test('a bitstream that misses its timing goes to no board, unless that is forced', async () => {
  environment.TOOLS_MHZ = '40,41,42,43,44';
  const refused = await flash('--board', 'colorlight-i9', '--json');
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('no seed met the timing');
  expect(programmed()).toEqual([]);
  await flash('--board', 'colorlight-i9', '--force', '--json');
  expect(programmed()).toHaveLength(1);
});

test('a part that is too small, a board that is not there, a programmer that fails: each an error of its own', async () => {
  environment.TOOLS_LUTS = '24000';
  const small = await flash('--board', 'colorlight-i5');
  expect(small.status).toBe(1);
  expect(small.stderr).toContain('the card does not fit the LFE5U-25F of colorlight-i5');
  const unknown = await flash('--board', 'colorlight-i7');
  expect(unknown.status).toBe(5);
  expect(unknown.stderr).toContain('hdl/boards has no "colorlight-i7"');
  delete environment.TOOLS_LUTS;
  environment.TOOLS_STATUS = '1';
  const failed = await flash('--board', 'colorlight-i9');
  expect(failed.status).toBe(3);
  expect(failed.stderr).toMatch(/openFPGALoader ended with status 1; is the board plugged in/);
});
