/**
 * Builds the simulated card: Verilator makes C++ of the RTL, g++ makes an addon of it.
 *
 *   npx tsx sim/build.ts [--configuration NAME] [--trace] [--bench]
 *
 * g++ is called directly, not through node-gyp: an addon is one shared object, Node-API is a stable
 * C interface whose headers come from the package node-api-headers, and so nothing depends on where
 * (or whether) a distribution installs Node's headers, and nothing is downloaded while building.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Configuration, Design } from '../hdl/configuration.ts';
import { buildId, cardDesign, ROOT, readConfiguration } from '../hdl/configuration.ts';
import { constantsHeader } from './card-constants.ts';
import { compile, run } from './compile.ts';
import { withLock } from './lock.ts';
import {
  CXX_FLAGS,
  files,
  LINK_FLAGS,
  NATIVE,
  packageFolder,
  sources,
  texts,
  VERILATOR_FLAGS,
} from './sources.ts';

/** What a board's core is built for (hdl/rtl/board_core.sv). */
export interface Board {
  /** Of the core's clock; 50000 and more. */
  readonly clockKhz: number;
  /** Of the serial line, a fourth of the clock at most. */
  readonly baud: number;
  /** RMII in place of RGMII. */
  readonly rmii: boolean;
}

/** A small module with the card's pins, for tests of the simulation itself. */
export interface StandIn extends Design {
  /** Parameters of the configuration that it has. */
  readonly parameters: readonly string[];
  /** Large, and used for little: compiled in half the time, and half as fast. */
  readonly quick?: boolean;
}

export interface BuildOptions {
  /** Name in hdl/configurations.yaml. */
  readonly configuration: string;
  /** The variant that can write waveforms; a third slower even where it writes none. */
  readonly trace?: boolean;
  /** Also the model in a plain C++ program, for the benchmark. */
  readonly bench?: boolean;
  /** The card with its host on the serial line, at so many clocks a bit (4 and more). */
  readonly clocksPerBit?: number;
  /** A board's core, which has the serial line too, with PHYs at its ports. */
  readonly board?: Board;
  /** What to build in place of the card. */
  readonly standIn?: StandIn;
}

export interface Built {
  readonly addonPath: string;
  /** What the card reports as `build_id`. */
  readonly buildId: number;
  /** With `bench`: the program. */
  readonly benchPath?: string;
}

const BUILD = resolve(ROOT, 'build/sim');

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** UART_STEP of hdl/rtl/serial_card.sv: phase a clock, where a bit is 65536. 0: no serial line. */
function uartStep({ clocksPerBit, board }: BuildOptions): number {
  if (board) return Math.round((board.baud * 65.536) / board.clockKhz);
  if (clocksPerBit === undefined) return 0;
  const step = Math.round(65536 / clocksPerBit);
  if (!(clocksPerBit >= 4) || step < 1)
    throw new RangeError(`${clocksPerBit} clocks a bit: the serial line takes 4 to 65536`);
  return step;
}

const digest = (...parts: readonly string[]) =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);

/** What there is to build, and where it goes. */
interface Plan {
  readonly options: BuildOptions;
  readonly configuration: Configuration;
  readonly design: Design;
  readonly id: number;
  readonly tools: readonly string[];
  /** Text of card_constants.h. */
  readonly constants: string;
  /** All builds of this variant. */
  readonly home: string;
  /** This build, by what it is made from. */
  readonly target: string;
}

async function plan(options: BuildOptions): Promise<Plan> {
  const design = options.standIn ?? cardDesign();
  const configuration = readConfiguration(options.configuration);
  const id = buildId(configuration, design);
  const tools = [await run('verilator', ['--version']), await run('g++', ['--version'])];
  const constants = constantsHeader();
  const packages = ['node-addon-api', 'node-api-headers'].map((name) =>
    join(packageFolder(name), 'package.json'),
  );
  const key = digest(
    JSON.stringify([
      id,
      configuration,
      options.trace ?? false,
      uartStep(options),
      options.board,
      tools,
      ...(options.standIn?.quick ? ['quick'] : []),
    ]),
    JSON.stringify([VERILATOR_FLAGS, CXX_FLAGS, LINK_FLAGS]),
    texts([...files(NATIVE, '.h'), ...files(NATIVE, '.cc'), ...packages]),
    constants,
  );
  const { board } = options;
  const line = board
    ? `-board-${board.rmii ? 'rmii' : 'rgmii'}-${board.clockKhz}-${board.baud}`
    : options.clocksPerBit === undefined
      ? ''
      : `-serial-${options.clocksPerBit}`;
  const variant = `${configuration.name}${line}${options.trace ? '-trace' : ''}`;
  const home = join(BUILD, options.standIn ? `${design.name}-${variant}` : variant);
  return { options, configuration, design, id, tools, constants, home, target: join(home, key) };
}

/**
 * Builds what is not there already; a second call with the same sources does nothing, and two at
 * once wait for one build. Says on standard error what it does. Rejects with `BuildError` where a
 * tool is missing or fails, with what it said.
 */
export async function ensureBuilt(options: BuildOptions): Promise<Built> {
  const planned = await plan(options);
  const { target } = planned;
  const built: Built = {
    addonPath: join(target, 'vidline.node'),
    buildId: planned.id,
    ...(options.bench ? { benchPath: join(target, 'bench') } : {}),
  };
  const complete = () =>
    existsSync(built.addonPath) && (built.benchPath === undefined || existsSync(built.benchPath));
  if (complete()) return built;
  await withLock(`${planned.home}.lock`, async () => {
    if (complete()) return;
    const model = join(target, 'model');
    try {
      await build(planned, model);
    } finally {
      rmSync(model, { recursive: true, force: true });
    }
  });
  return built;
}

async function build(planned: Plan, model: string): Promise<void> {
  const { options, configuration, tools, home, target } = planned;
  const { trace = false, bench = false } = options;
  const start = Date.now();
  const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  progress(`Building the simulated card, ${basename(home)} (once; kept in build/sim):`);

  await verilate(planned, model);
  progress(`  Verilator: the RTL as C++, ${seconds()}`);

  const constants = join(BUILD, 'include', digest(planned.constants));
  mkdirSync(constants, { recursive: true });
  writeFileSync(join(constants, 'card_constants.h'), planned.constants);
  const runtime = join((await run('verilator', ['--getenv', 'VERILATOR_ROOT'])).trim(), 'include');
  const all = sources({
    configuration,
    trace,
    uartStep: uartStep(options),
    board: options.board,
    quick: options.standIn?.quick ?? false,
    model,
    constants,
    runtime,
    tools,
  });
  const list = [...all.shared, all.addon, ...(bench ? [all.bench] : [])];
  const objects = await compile(list, join(BUILD, 'objects'));
  const shared = objects.slice(0, all.shared.length);
  const [addon = '', benchmark = ''] = objects.slice(all.shared.length);
  progress(`  g++: ${list.length} sources, ${seconds()}`);

  const libraries = trace ? ['-lz'] : [];
  const link = async (name: string, words: readonly string[]) => {
    const partial = join(target, `${name}.${process.pid}`);
    await run('g++', [...LINK_FLAGS, ...words, ...shared, ...libraries, '-o', partial]);
    renameSync(partial, join(target, name)); // whole or not at all
  };
  if (bench) await link('bench', [benchmark]);
  await link('vidline.node', ['-shared', addon]);
  for (const name of readdirSync(home)) removeOld(join(home, name), target);
  progress(`  done, ${seconds()}`);
}

/** Parameters that the top has beside the configuration's. */
function ownParameters(options: BuildOptions): Record<string, number> {
  const { board } = options;
  if (board) return { CLOCK_KHZ: board.clockKhz, BAUD: board.baud, RMII: Number(board.rmii) };
  return uartStep(options) > 0 ? { UART_STEP: uartStep(options) } : {};
}

async function verilate({ options, configuration, design, id }: Plan, model: string) {
  mkdirSync(model, { recursive: true });
  const parameters: Record<string, number | string> = {
    ...configuration.parameters,
    CONFIGURATION_ID: configuration.id,
    BUILD_ID: `32'h${id.toString(16)}`,
    ...ownParameters(options),
  };
  await run('verilator', [
    ...VERILATOR_FLAGS,
    // Each file of the model includes all of its names, millions of bytes of a netlist's.
    ...(options.standIn?.quick ? ['--output-split', '100000'] : []),
    '--top-module',
    options.board ? 'board_core' : uartStep(options) > 0 ? 'serial_card' : 'linecard',
    ...(options.trace ? ['--trace-fst', '--trace-structs'] : []),
    ...Object.entries(parameters)
      .filter(([name]) => options.standIn?.parameters.includes(name) ?? true)
      .map(([name, value]) => `-G${name}=${value}`),
    '-Mdir',
    model,
    ...design.files,
  ]);
}

/** Removes another build of the same variant, unless it is so young that somebody may be using it. */
function removeOld(folder: string, present: string): void {
  if (folder === present) return;
  const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > 3600 * 1000) rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      configuration: { type: 'string', default: 'sim' },
      trace: { type: 'boolean', default: false },
      bench: { type: 'boolean', default: false },
    },
  });
  process.stdout.write(`${JSON.stringify(await ensureBuilt(values))}\n`);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error: NodeJS.ErrnoException) => {
    process.stderr.write(`sim/build.ts: ${error.message}\n`);
    const usage = error.code?.startsWith('ERR_PARSE_ARGS') ?? false;
    process.exitCode = usage ? 2 : 6; // wrong use, or a fault of the simulator
  });
}
