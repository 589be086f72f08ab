/**
 * Reads the card with Yosys and maps a configuration to ECP5 cells, so that nothing that cannot be
 * synthesised creeps in. Prints the cells by kind.
 *
 *   npx tsx hdl/synth.ts [--configuration ecp5-25] [--flatten] [--json]
 *
 * Module by module by default, which is three times as fast; --flatten lets Yosys optimise across
 * modules, and so counts what a bitstream would have. No place and route: the numbers are cells
 * before packing, and say nothing of speed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cardDesign, parameterWords, readConfiguration } from './configuration.ts';

/** Cells of the LFE5U-25F (Lattice FPGA-DS-02012, table 1.1) to compare with. */
const PART: Readonly<Record<string, number>> = { LUT4: 24288, TRELLIS_FF: 24288, DP16KD: 56 };

const { values } = parseArgs({
  options: {
    configuration: { type: 'string', default: 'ecp5-25' },
    flatten: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** Yosys prints thousands of lines; they are kept and shown only where it fails. */
function yosys(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('yosys', ['-p', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const keep = (data: Buffer) => {
      tail = (tail + data.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) =>
      reject(new Error(`yosys could not be started (${error.message}): apt install yosys`)),
    );
    child.once('exit', (status) => (status === 0 ? resolve() : reject(new Error(tail))));
  });
}

const configuration = readConfiguration(values.configuration);
const directory = mkdtempSync(join(tmpdir(), 'vidline-synth-'));
try {
  const report = join(directory, 'cells.txt');
  const parameters = parameterWords(configuration, '-set ').join(' ').replaceAll('=', ' ');
  process.stderr.write(
    `yosys synth_ecp5 of ${configuration.name}: one minute, three with --flatten\n`,
  );
  await yosys(
    [
      `read_verilog -sv ${cardDesign().files.join(' ')}`,
      `chparam ${parameters} linecard`,
      'hierarchy -check -top linecard',
      `synth_ecp5 -top linecard${values.flatten ? '' : ' -noflatten'}`,
      'check -assert',
      `tee -q -o ${report} stat`,
    ].join('; '),
  );
  const cells: Record<string, number> = {};
  for (const line of readFileSync(report, 'utf8').split('\n')) {
    const [, name, count] = /^\s+([A-Z][A-Z0-9_]+)\s+(\d+)$/.exec(line) ?? [];
    if (name !== undefined) cells[name] = Number(count);
  }
  if (!((cells.LUT4 ?? 0) > 0))
    throw new Error('no LUT4 in the report of Yosys: its form has changed');
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ configuration: configuration.name, cells, part: PART })}\n`,
    );
  } else {
    for (const [name, count] of Object.entries(cells)) {
      const room = PART[name];
      const of =
        room === undefined
          ? ''
          : `   of ${room} in the LFE5U-25F (${((100 * count) / room).toFixed(0)} %)`;
      process.stdout.write(`${name.padEnd(16)}${String(count).padStart(8)}${of}\n`);
    }
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\nsynthesis of ${configuration.name} failed\n`);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
