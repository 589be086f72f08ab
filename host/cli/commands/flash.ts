import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { type Board, boardNames, readBoard, UnknownBoard } from '../../../hdl/fpga-board.ts';
import { type BuiltBoard, buildBoard } from '../../../hdl/fpga-build.ts';
import { reportText } from '../../../hdl/fpga-page.ts';
import type { FpgaReport } from '../../../hdl/fpga-report.ts';
import { MissingTool, onPath, shown } from '../../../hdl/tools.ts';
import { CommandError, EXIT, type ExitStatus } from '../exit.ts';

interface FlashOptions {
  readonly board: string;
  readonly buildOnly?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** What `--json` prints. */
export interface FlashReport {
  readonly schema: 'vidline.flash/1';
  readonly report: FpgaReport;
  /** Path of the bitstream; null where the part is too small. */
  readonly bitstream: string | null;
  /** What programs the board, word by word; null where there is no bitstream. */
  readonly command: readonly string[] | null;
  readonly programmed: boolean;
}

const LOADER = 'openFPGALoader';
/** Seeds that are tried until one meets all clocks. */
const MOST_SEEDS = 5;

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** `vidline flash` */
export function addFlash(program: Command): void {
  program
    .command('flash')
    .description("build a board's bitstream, and put it into the board with openFPGALoader")
    .requiredOption('--board <name>', `one of ${boardNames().join(', ')}`)
    .option('--build-only', 'only build; the board need not be there')
    .option('--dry-run', 'build, and say how the board would be programmed')
    .option('--force', 'also a bitstream that misses its timing')
    .option('--json', 'one JSON object, schema vidline.flash/1')
    .action(async (options: FlashOptions) => {
      process.exitCode = await flash(options);
    });
}

async function flash(options: FlashOptions): Promise<ExitStatus> {
  const { buildOnly = false, dryRun = false, force = false, json = false } = options;
  const board = namedBoard(options.board);
  const programs = !buildOnly && !dryRun;
  // What is missing is said before minutes are spent on building.
  if (programs) requireLoader();
  const { report, bitstream } = await build(board);
  const command = bitstream === undefined ? null : [LOADER, '-b', board.programmer, bitstream];
  if (!json) process.stdout.write(reportText(report));
  const met = report.bitstream?.meetsTiming ?? false;
  const programmed = programs && command !== null && (met || force);
  if (programmed) await run(command);
  if (json) {
    const done = { schema: 'vidline.flash/1', report, bitstream: bitstream ?? null } as const;
    process.stdout.write(`${JSON.stringify({ ...done, command, programmed })}\n`);
  }
  if (command === null) {
    throw new CommandError(
      EXIT.mismatch,
      `there is no bitstream: the card does not fit the ${board.part.name} of ${board.id}`,
    );
  }
  if (dryRun) say(`would call: ${command.join(' ')}`);
  if (buildOnly) say(`built: ${shown(command.at(-1) ?? '')}`);
  if (programs && !programmed) {
    throw new CommandError(
      EXIT.mismatch,
      'not programmed: no seed met the timing, so the card could do anything; --force does it all the same',
    );
  }
  return met ? EXIT.ok : EXIT.mismatch;
}

function namedBoard(name: string): Board {
  try {
    return readBoard(name);
  } catch (error) {
    if (error instanceof UnknownBoard) throw new CommandError(EXIT.badInput, error.message);
    throw error;
  }
}

function requireLoader(): void {
  if (onPath(LOADER) !== undefined) return;
  throw new CommandError(
    EXIT.noDevice,
    `${LOADER} is missing: package openfpgaloader (Debian 12 or newer, Ubuntu 24.04), or OSS CAD Suite`,
  );
}

async function build(board: Board): Promise<BuiltBoard> {
  const seeds = Array.from({ length: MOST_SEEDS }, (_, i) => i + 1);
  try {
    return await buildBoard(board, { seeds, untilMet: true, line: say });
  } catch (error) {
    if (error instanceof MissingTool) throw new CommandError(EXIT.noDevice, error.message);
    throw error;
  }
}

/** Not by way of a shell. What it says goes to standard error. */
function run([program = '', ...words]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', process.stderr, process.stderr] });
    child.once('error', (error) =>
      reject(new CommandError(EXIT.noDevice, `${program} could not be started: ${error.message}`)),
    );
    child.once('close', (status) => {
      if (status === 0) return resolve();
      const remedy = 'is the board plugged in, and may you open its USB device?';
      reject(new CommandError(EXIT.noDevice, `${program} ended with status ${status}; ${remedy}`));
    });
  });
}
