/**
 * A board's bitstream: synthesis, place and route for some seeds, packing. Each result is kept in
 * build/fpga by what it was made from, so that what was interrupted goes on, and the same is not made again.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildId, ROOT, readConfiguration } from './configuration.ts';
import { type Board, constraints } from './fpga-board.ts';
import { FPGA_SCHEMA, type FpgaClock, type FpgaReport } from './fpga-report.ts';
import {
  clockName,
  FULL,
  Misfit,
  PLACER_FLAGS,
  placeAndRoute,
  type Report,
  slowestPath,
} from './nextpnr.ts';
import {
  add,
  type Cells,
  cellsByInstance,
  instances,
  type Netlist,
  noCells,
  sites,
  synthesise,
} from './size-synthesis.ts';
import { findTools, run, type Tool, type Toolset, version } from './tools.ts';

export interface BuildOptions {
  /** nextpnr's seeds, in order. */
  readonly seeds: readonly number[];
  /** No further seed once one has met all clocks. */
  readonly untilMet?: boolean;
  readonly line?: (text: string) => void;
}

export interface BuiltBoard {
  readonly report: FpgaReport;
  /** Path of the bitstream; undefined where the part is too small. */
  readonly bitstream: string | undefined;
}

const NEEDED: readonly Tool[] = ['yosys', 'nextpnr-ecp5', 'ecppack'];
const BUILD = join(ROOT, 'build', 'fpga');
/** Builds that nobody has used for so long are removed. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/** One run of place and route. */
interface Run {
  readonly seed: number;
  readonly report: Report;
}

/** What synthesis left: enough to give paths to modules and to say what does not fit. */
interface Mapped {
  readonly known: ReadonlyMap<string, string>;
  readonly cells: Cells;
  readonly multipliers: number;
}

/** Rejects with MissingTool, or with what a tool said; a part that is too small is a result. */
export async function buildBoard(board: Board, options: BuildOptions): Promise<BuiltBoard> {
  const { seeds, untilMet = false, line = () => {} } = options;
  const tools = findTools(NEEDED);
  const versions = NEEDED.map((tool) => version(tools, tool));
  const configuration = readConfiguration(board.configuration);
  const id = buildId(configuration).toString(16).padStart(8, '0');
  const lpf = constraints(board);
  const home = join(BUILD, board.id);
  const { fpga, pins, ...facts } = board; // not where the files lie: what is in them
  const key = createHash('sha256')
    .update(JSON.stringify([id, facts, versions, lpf, PLACER_FLAGS]))
    .update(readFileSync(fpga))
    .digest('hex')
    .slice(0, 16);
  const folder = join(home, key);
  const mapped = await map(tools, board, folder, line);
  utimesSync(folder, new Date(), new Date());
  for (const name of readdirSync(home)) {
    const age = Date.now() - statSync(join(home, name)).mtimeMs;
    if (age > KEPT_MS) rmSync(join(home, name), { recursive: true, force: true });
  }
  const base = {
    schema: FPGA_SCHEMA,
    board: board.id,
    part: board.part.name,
    package: board.package,
    speed: board.speed,
    configuration: board.configuration,
    build: id,
    tools: versions,
  } as const;
  try {
    refuseFull(board, mapped);
    const lpfFile = join(folder, 'fpga.lpf');
    writeFileSync(lpfFile, lpf);
    const runs: Run[] = [];
    for (const seed of seeds) {
      const report = await place(tools, board, { folder, seed, lpf: lpfFile, line });
      runs.push({ seed, report });
      tell(board, runs.at(-1) as Run, line);
      if (untilMet && margin(board, report) >= 1) break;
    }
    const best = runs.reduce((a, b) => (margin(board, b.report) > margin(board, a.report) ? b : a));
    const bitstream = join(folder, `seed-${best.seed}`, 'fpga.bit');
    if (!existsSync(bitstream)) {
      const config = join(folder, `seed-${best.seed}`, 'fpga.config');
      await run(tools, 'ecppack', ['--compress', '--input', config, '--bit', bitstream]);
    }
    const meetsTiming = margin(board, best.report) >= 1;
    return {
      bitstream,
      report: {
        ...base,
        misfit: null,
        ...measured(board, runs, mapped),
        bitstream: { seed: best.seed, meetsTiming },
      },
    };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    line(`it does not fit the ${board.part.name}: ${error.message}`);
    const { part } = board;
    return {
      bitstream: undefined,
      report: {
        ...base,
        misfit: error.message,
        fmax: {},
        lut: { used: sites(mapped.cells), of: part.luts },
        ff: { used: mapped.cells.flipFlops, of: part.luts },
        bram: { used: mapped.cells.blockRams, of: part.rams },
        dsp: { used: mapped.multipliers, of: part.multipliers },
        path: null,
        bitstream: null,
      },
    };
  }
}

/** Yosys, where its netlist is not there yet. */
async function map(
  tools: Toolset,
  board: Board,
  folder: string,
  line: (text: string) => void,
): Promise<Mapped> {
  const configuration = readConfiguration(board.configuration);
  const summary = join(folder, 'mapped.json');
  if (!existsSync(summary)) {
    line(`Yosys maps ${board.id}, ${board.configuration}: two minutes or three`);
    const partial = `${folder}.${process.pid}`;
    mkdirSync(partial, { recursive: true });
    try {
      const parameters = Object.entries(board.parameters).map(([name, value]) => [
        name,
        `${value}`,
      ]);
      const { elaborated, netlist, file } = await synthesise(tools, configuration, {
        flatten: true,
        folder: partial,
        top: {
          name: 'fpga',
          files: [board.fpga],
          configured: 'board_core',
          parameters: {
            ...Object.fromEntries(parameters),
            CONFIGURATION_ID: `${configuration.id}`,
            BUILD_ID: `32'h${buildId(configuration).toString(16)}`,
          },
        },
      });
      renameSync(file, join(partial, 'netlist.json'));
      const known = [...instances(elaborated)];
      writeFileSync(join(partial, 'mapped.json'), JSON.stringify({ known, ...count(netlist) }));
      rmSync(folder, { recursive: true, force: true });
      renameSync(partial, folder); // whole or not at all
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  const { known, ...counted } = JSON.parse(readFileSync(summary, 'utf8'));
  return { known: new Map(known), ...counted };
}

function count(netlist: Netlist): Omit<Mapped, 'known'> {
  const cells = noCells();
  for (const one of cellsByInstance(netlist, new Map()).values()) add(cells, one);
  const top = netlist.modules.fpga;
  const multipliers = Object.values(top?.cells ?? {}).filter(({ type }) => type === 'MULT18X18D');
  return { cells, multipliers: multipliers.length };
}

/** Throws Misfit where there are more cells than sites, or so many that nextpnr would search for hours. */
function refuseFull({ part }: Board, { cells }: Mapped): void {
  const number = (value: number) => value.toLocaleString('en-GB');
  const kinds = [
    ['LUT4 sites', sites(cells), part.luts, FULL],
    ['flip-flops', cells.flipFlops, part.luts, FULL],
    ['block RAMs', cells.blockRams, part.rams, 1],
  ] as const;
  const over = kinds
    .filter(([, used, there, share]) => used > there * share)
    .map(([kind, used, there]) => `${number(used)} of ${number(there)} ${kind}`);
  if (over.length > 0) {
    throw new Misfit(
      `${over.join(', ')} (nextpnr finds no places beyond ${100 * FULL} % of the logic)`,
    );
  }
}

async function place(
  tools: Toolset,
  board: Board,
  options: { folder: string; seed: number; lpf: string; line: (text: string) => void },
): Promise<Report> {
  const { folder, seed, lpf, line } = options;
  const target = join(folder, `seed-${seed}`);
  const done = join(target, 'report.json');
  if (!existsSync(done)) {
    line(`seed ${seed}: nextpnr places and routes it in the ${board.part.name}, about ten minutes`);
    const partial = `${target}.${process.pid}`;
    mkdirSync(partial, { recursive: true });
    try {
      await placeAndRoute(tools, {
        ...{ part: board.part, package: board.package, speed: `${board.speed}`, seed, lpf, line },
        json: join(folder, 'netlist.json'),
        report: join(partial, 'report.json'),
        configuration: join(partial, 'fpga.config'),
      });
      rmSync(target, { recursive: true, force: true });
      renameSync(partial, target); // whole or not at all
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  const report = JSON.parse(readFileSync(done, 'utf8')) as Report;
  for (const net of Object.keys(report.fmax)) {
    if (board.clocks[clockName(net)] === undefined) {
      throw new Error(`the clock ${clockName(net)} has no frequency in ${board.id}/board.yaml`);
    }
  }
  return report;
}

const ratio = (board: Board, net: string, mhz: number) =>
  mhz / (board.clocks[clockName(net)] ?? Number.NaN);

/** Reached over wanted, of the clock that does worst; 1 and more: timing is met. */
function margin(board: Board, { fmax }: Report): number {
  return Math.min(
    ...Object.entries(fmax).map(([net, { achieved }]) => ratio(board, net, achieved)),
  );
}

function tell(board: Board, { seed, report }: Run, line: (text: string) => void): void {
  const clocks = Object.entries(report.fmax).map(([net, { achieved }]) => {
    const name = clockName(net);
    return `${name} ${achieved.toFixed(1)} of ${board.clocks[name]} MHz`;
  });
  line(`seed ${seed}: ${clocks.join(', ')}`);
}

function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function measured(
  board: Board,
  runs: readonly Run[],
  { known }: Mapped,
): Pick<FpgaReport, 'fmax' | 'lut' | 'ff' | 'bram' | 'dsp' | 'path'> {
  const fmax: Record<string, FpgaClock> = {};
  for (const net of Object.keys(runs[0]?.report.fmax ?? {})) {
    const seeds = runs.map(({ seed, report }) => ({ seed, mhz: report.fmax[net]?.achieved ?? 0 }));
    const sorted = seeds.map(({ mhz }) => mhz).sort((a, b) => a - b);
    const name = clockName(net);
    fmax[name] = {
      constraint: board.clocks[name] ?? 0,
      worst: sorted[0] ?? 0,
      median: median(sorted),
      seeds,
    };
  }
  const all = runs.flatMap((one) =>
    Object.entries(one.report.fmax).map(([net, { achieved }]) => ({
      ...one,
      net,
      reached: ratio(board, net, achieved),
    })),
  );
  const worst = all.sort((a, b) => a.reached - b.reached)[0];
  const path = worst && slowestPath(worst.report, worst.net, known);
  const use = (kind: string) => {
    const { used = 0, available = 0 } = worst?.report.utilization[kind] ?? {};
    return { used, of: available };
  };
  return {
    fmax,
    lut: use('TRELLIS_COMB'),
    ff: use('TRELLIS_FF'),
    bram: use('DP16KD'),
    dsp: use('MULT18X18D'),
    path:
      worst && path
        ? {
            clock: clockName(worst.net),
            seed: worst.seed,
            ...path,
            stretches: path.stretches.map((stretch) => ({
              ...stretch,
              module: known.get(stretch.instance) ?? 'fpga',
            })),
          }
        : null,
  };
}
