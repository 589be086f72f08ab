/** Tables of `npm run size`, for the terminal and for docs/size.md. */
import type { Stretch } from './nextpnr.ts';
import type { Part } from './parts.ts';
import { CARD } from './size-harness.ts';
import type { SlowPaths } from './size-paths.ts';
import { type Routed, TARGET_MHZ } from './size-route.ts';
import {
  add,
  type Cells,
  LUTS_OF_CARRY,
  LUTS_OF_LUT_RAM,
  noCells,
  sites,
} from './size-synthesis.ts';
import { markdown, plain } from './tables.ts';

export interface Measured {
  readonly versions: readonly string[];
  readonly machine: string;
  readonly configurations: readonly {
    readonly name: string;
    readonly part: Part;
    readonly total: Cells;
    readonly rows: readonly { path: string; module: string; cells: Cells }[];
    readonly slow: SlowPaths;
  }[];
  readonly routed?: Routed;
  /** What nextpnr said of parts that were too small. */
  readonly misfits?: readonly string[];
}

interface Row {
  readonly module: string;
  count: number;
  readonly cells: Cells;
}

/** Instances of one module together, largest first. */
function byModule(rows: Measured['configurations'][number]['rows']): Row[] {
  const found = new Map<string, Row>();
  for (const { module, cells } of rows) {
    const row = found.get(module) ?? { module, count: 0, cells: noCells() };
    row.count += 1;
    add(row.cells, cells);
    found.set(module, row);
  }
  const weight = ({ cells }: Row) => sites(cells) + cells.flipFlops / 1000;
  return [...found.values()].sort((a, b) => weight(b) - weight(a));
}

const number = (value: number) => value.toLocaleString('en-GB');
const percent = (value: number, of: number) => `${((100 * value) / of).toFixed(0)} %`;

const HEAD = ['module', 'LUT4 sites', 'LUT4', 'CCU2C', 'LUT RAM', 'FF', 'block RAM'];
const cellsOf = (cells: Cells) =>
  [sites(cells), cells.luts, cells.carries, cells.lutRams, cells.flipFlops, cells.blockRams].map(
    number,
  );

function grid({ rows, total, part }: Measured['configurations'][number]): string[][] {
  const lines = byModule(rows)
    .filter(({ cells }) => sites(cells) + cells.flipFlops + cells.blockRams > 0)
    .map(({ module, count, cells }) => [
      count > 1 ? `${module} (${count})` : module,
      ...cellsOf(cells),
    ]);
  const share = [
    `of the ${part.name}`,
    percent(sites(total), part.luts),
    '',
    '',
    '',
    percent(total.flipFlops, part.luts),
    percent(total.blockRams, part.rams),
  ];
  return [HEAD, ...lines, ['together', ...cellsOf(total)], share];
}

/** Does the configuration fit its part, and by how much not? Before packing: a full part may fail all the same. */
function verdict({ name, total, part }: Measured['configurations'][number]): string {
  const over = [
    [sites(total), part.luts, 'LUT4 sites'],
    [total.flipFlops, part.luts, 'flip-flops'],
    [total.blockRams, part.rams, 'block RAMs'],
  ] as const;
  const misses = over
    .filter(([used, there]) => used > there)
    .map(([used, there, kind]) => `${number(used - there)} ${kind} too many`);
  if (misses.length === 0) return `${name} has no more cells than the ${part.name}.`;
  return `${name} does not fit the ${part.name}: ${misses.join(', ')}.`;
}

/** The slowest path in a sentence or two: how far it misses the clock, and where its time goes. */
function pathWords({ path, mhz }: Routed): string {
  const logic = path.stretches.reduce((sum, stretch) => sum + stretch.logic, 0);
  const wires = path.stretches.reduce((sum, stretch) => sum + stretch.routing, 0);
  const cells = path.stretches.reduce((sum, stretch) => sum + stretch.cells, 0);
  const time = ({ logic: inCells, routing }: Stretch) => inCells + routing;
  const [longest] = [...path.stretches].sort((one, other) => time(other) - time(one));
  const period = 1000 / TARGET_MHZ;
  const missed = 1000 / mhz - period;
  const far =
    missed > 0 ? `${missed.toFixed(2)} ns too long` : `${(-missed).toFixed(2)} ns to spare`;
  return [
    `A clock may take ${period.toFixed(2)} ns: the slowest path is ${far}. It spends ${logic.toFixed(2)} ns in ${cells} cells and`,
    `${wires.toFixed(2)} ns in wires${longest ? `; ${time(longest).toFixed(2)} ns of it lie in ${place(longest.instance)}` : ''}.`,
  ].join('\n');
}

const place = (instance: string) => (instance === CARD || instance === '' ? 'linecard' : instance);

const SHOWN = 10; // slow ways

/** Ways that are too long for the clock before anything is placed, the worst of each module they begin in. */
function slowGrid({ paths }: SlowPaths): string[][] {
  const slow = paths.filter(({ late }) => late > 0).slice(0, SHOWN);
  return [
    ['ns', 'cells', 'ends', 'from', 'through'],
    ...slow.map(({ nanoseconds, cells, late, from, through }) => [
      nanoseconds.toFixed(1),
      number(cells),
      number(late),
      from,
      through.join(' › '),
    ]),
  ];
}

const slowWords = ({ ends, late }: SlowPaths) =>
  late === 0
    ? `By cells alone each of ${number(ends)} ways ends within ${1000 / TARGET_MHZ} ns.`
    : `By cells alone ${number(late)} of ${number(ends)} ways take longer than ${1000 / TARGET_MHZ} ns.`;

function pathLines({ path, mhz, part, seed }: Routed): string[] {
  const verdict = mhz >= TARGET_MHZ ? 'meets' : 'misses';
  return [
    `${mhz.toFixed(1)} MHz in the ${part.name}, speed 6, seed ${seed}: ${verdict} ${TARGET_MHZ} MHz.`,
    `Critical path, ${path.nanoseconds.toFixed(2)} ns, from ${path.from} to ${path.to}:`,
    ...path.stretches.map(
      ({ instance, logic, routing, cells }) =>
        `  ${place(instance).padEnd(36)} ${logic.toFixed(2)} ns in ${cells} cells, ${routing.toFixed(2)} ns in wires`,
    ),
  ];
}

function usedLines({ utilization, harness }: Routed): string[] {
  const kinds = ['TRELLIS_COMB', 'TRELLIS_FF', 'TRELLIS_RAMW', 'DP16KD'];
  return [
    ...kinds.flatMap((kind) => {
      const use = utilization[kind];
      return use ? [`  ${kind.padEnd(13)} ${use.used} of ${use.available}`] : [];
    }),
    `  of these the harness has ${sites(harness)} LUT4 sites and ${harness.flipFlops} FF`,
  ];
}

/** For the terminal. */
export function table(measured: Measured): string {
  const parts = measured.configurations.map(
    (one) =>
      `${one.name}\n${plain(grid(one))}\n${verdict(one)}\n\n${slowWords(one.slow)}\n${plain(slowGrid(one.slow))}\n`,
  );
  for (const misfit of measured.misfits ?? []) parts.push(`Not in the ${misfit}\n`);
  if (measured.routed) {
    parts.push(`${[...pathLines(measured.routed), ...usedLines(measured.routed)].join('\n')}\n`);
  }
  return `${parts.join('\n')}`;
}

/** docs/size.md. */
export function page(measured: Measured): string {
  const lines = [
    '# What the card costs on ECP5',
    '',
    'Written by `npm run size -- --route --write docs/size.md`; do not edit.',
    '',
    `Tools: ${measured.versions.join(', ')}. Configurations are those of [hdl/configurations.yaml](../hdl/configurations.yaml).`,
    'Cells are those of Yosys after flattening, before packing. Each cell is given to the module in whose',
    'instance its name lies: the sums are exact, the parts are close, since logic that was merged across a',
    `border stands on one side of it. *LUT4 sites* is what has to fit: LUT4 + ${LUTS_OF_CARRY} for each CCU2C (two bits of an`,
    `adder) + ${LUTS_OF_LUT_RAM} for each LUT RAM (TRELLIS_DPR16X4, 16 words of 4 bits). A block RAM is a DP16KD, 18 kbit.`,
    'A number in parentheses is the number of instances.',
  ];
  for (const one of measured.configurations) {
    lines.push('', `## ${one.name}`, '', verdict(one), '', markdown(grid(one)));
    lines.push('', slowWords(one.slow));
    if (one.slow.late === 0) continue;
    lines.push(
      'Of each module that slow ways begin in, the worst: its length, its cells, and how many ends are reached too',
      'late from there. A rough sum (a wire 0.85 ns, more where it is long or shared): placement adds to it.',
      '',
      markdown(slowGrid(one.slow)),
    );
  }
  if (measured.routed) {
    lines.push(
      '',
      '## Placed and routed',
      '',
      'One run of nextpnr-ecp5, package CABGA381, speed 6, one clock constrained to 125 MHz. The card has more',
      'ports than the part has pins: for this measurement only, a harness feeds its inputs from a shift',
      'register and folds its outputs into one pin. No board is behind these numbers: there are no I/O timings in',
      'them.',
      '',
    );
    const misfits = measured.misfits ?? [];
    if (misfits.length > 0) {
      lines.push('**Not in its own part.** Tried before:', '');
      lines.push(...misfits.map((misfit) => `- ${misfit}`), '');
    }
    lines.push(pathWords(measured.routed), '');
    lines.push('```', ...pathLines(measured.routed), ...usedLines(measured.routed), '```');
  }
  return `${lines.join('\n')}\n`;
}
