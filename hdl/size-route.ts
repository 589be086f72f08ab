/** Place and route of the harnessed card with nextpnr, and what its report says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from './configuration.ts';
import { CARD, HARNESS, harness } from './size-harness.ts';
import {
  add,
  type Cells,
  cellsByInstance,
  elaborate,
  instances,
  noCells,
  ownerOf,
  type Part,
  sites,
  synthesise,
  topOf,
} from './size-synthesis.ts';
import { run, type Toolset } from './tools.ts';

/** What the project promises (docs/requirements.md): the clock of a 64-bit card at one gigabit a port. */
export const TARGET_MHZ = 125;
const PACKAGE = 'CABGA381';
const SPEED = '6';

/** nextpnr's --report, as far as it is used. Delays in ns, frequencies in MHz. */
interface Report {
  readonly fmax: Readonly<Record<string, { achieved: number }>>;
  readonly utilization: Readonly<Record<string, { used: number; available: number }>>;
  readonly critical_paths: readonly {
    readonly from: string;
    readonly to: string;
    readonly path: readonly Hop[];
  }[];
}
interface Hop {
  readonly type: string;
  readonly delay: number;
  readonly net?: string;
  readonly from: { readonly cell: string; readonly port: string };
  readonly to: { readonly cell: string; readonly port: string };
}

/** A stretch of the critical path that lies in one instance. */
export interface Stretch {
  readonly instance: string;
  logic: number;
  routing: number;
  /** Cells that the path goes through. */
  cells: number;
}

export interface Routed {
  readonly part: Part;
  readonly seed: number;
  readonly mhz: number;
  /** After packing, with the harness. */
  readonly utilization: Readonly<Record<string, { used: number; available: number }>>;
  /** Cells of the harness, to take off. */
  readonly harness: Cells;
  readonly path: {
    readonly nanoseconds: number;
    readonly from: string;
    readonly to: string;
    readonly stretches: readonly Stretch[];
  };
}

type Line = (text: string) => void;

/** The path without the harness's own name of the card in front. */
const inCard = (name: string) => name.replace(new RegExp(`^${CARD}\\.`), '');

/** Of the router's lines, one a thousand steps, every so many are passed on. */
const TELL = 20;

/** Beyond this part of LUT4 sites or flip-flops nextpnr's legaliser searches for hours. */
const FULL = 0.9;

export interface RouteOptions {
  /** The first into which it fits is taken. */
  readonly parts: readonly Part[];
  readonly seed: number;
  readonly folder: string;
  readonly line?: Line;
}

/** Result in the first of the parts that is large enough, and what nextpnr said of smaller ones. */
export async function route(
  tools: Toolset,
  configuration: Configuration,
  { parts, seed, folder, line = () => {} }: RouteOptions,
): Promise<{ routed: Routed; misfits: string[] }> {
  const card = await elaborate(tools, configuration, folder);
  const source = join(folder, `${HARNESS}.sv`);
  writeFileSync(source, harness(topOf(card).ports));
  line(`Yosys maps ${configuration.name} with its harness`);
  const { netlist, file, elaborated } = await synthesise(tools, configuration, {
    flatten: true,
    folder,
    top: { name: HARNESS, file: source },
  });
  const known = instances(elaborated);
  const cells = cellsByInstance(netlist, known);
  const own = cells.get('') ?? noCells();
  const all = noCells();
  for (const one of cells.values()) add(all, one);
  const misfits: string[] = [];
  const misfit = (part: Part, why: string) => {
    misfits.push(`${part.name}: ${why}`);
    line(`not in the ${part.name}: ${why}`);
  };
  for (const part of parts) {
    const fill = Math.max(sites(all), all.flipFlops) / part.luts;
    if (fill > FULL) {
      const percent = (100 * fill).toFixed(0);
      misfit(
        part,
        `with its harness it would be ${percent} % full, and nextpnr finds no place for the last cells`,
      );
      continue;
    }
    line(`nextpnr places and routes it in the ${part.name}`);
    const report = await place(tools, file, { part, seed, folder, line });
    if (typeof report === 'string') misfit(part, report);
    else return { routed: { part, seed, harness: own, ...read(report, known) }, misfits };
  }
  throw new Error(`it fits no part:\n${misfits.join('\n')}`);
}

/** nextpnr's report, or what it said where the part is too small. */
async function place(
  tools: Toolset,
  file: string,
  { part, seed, folder, line }: { part: Part; seed: number; folder: string; line: Line },
): Promise<Report | string> {
  const report = join(folder, 'report.json');
  let tooSmall = '';
  let steps = 0;
  try {
    await run(
      tools,
      'nextpnr-ecp5',
      [
        part.flag,
        ...['--package', PACKAGE, '--speed', SPEED, '--freq', `${TARGET_MHZ}`, '--seed', `${seed}`],
        ...['--json', file, '--report', report],
        ...['--timing-allow-fail', '--lpf-allow-unconstrained'],
        // router2 leaves some thousand wires with two nets for ever; this one takes five to ten minutes.
        ...['--router', 'router1'],
        // Adders and flip-flops beside full slices take many tries: as many as half the square of the cells.
        ...['--placer-heap-cell-placement-timeout', '2'],
      ],
      (text) => {
        if (/ERROR:.*(unable to|failed to place|no BELs remaining)/i.test(text)) tooSmall = text;
        const [, left] = /^Info: +\d+ \|.*\| *(\d+)\|/.exec(text) ?? [];
        if (left !== undefined) {
          steps += 1;
          if (steps % TELL === 0) line(`routing: ${left} ways to go`);
        } else if (/Running|Max frequency/.test(text)) line(text.replace(/^Info: */, ''));
      },
    );
  } catch (error) {
    if (tooSmall !== '') return tooSmall.replace(/^ERROR: */, '');
    throw error;
  }
  return JSON.parse(readFileSync(report, 'utf8')) as Report;
}

/** What is worth knowing of a report. */
function read(
  { fmax, utilization, critical_paths }: Report,
  known: ReadonlyMap<string, string>,
): Omit<Routed, 'part' | 'seed' | 'harness'> {
  const clock = Object.values(fmax)[0];
  const critical = critical_paths.find(
    ({ from, to }) => from.startsWith('posedge') && to.startsWith('posedge'),
  );
  if (!clock || !critical)
    throw new Error('the report of nextpnr has no clock: its form has changed');
  const stretches: Stretch[] = [];
  for (const { type, delay, from, to } of critical.path) {
    const instance = inCard(ownerOf(type === 'routing' ? to.cell : from.cell, known));
    let last = stretches.at(-1);
    if (last?.instance !== instance) {
      last = { instance, logic: 0, routing: 0, cells: 0 };
      stretches.push(last);
    }
    if (type === 'routing') last.routing += delay;
    else {
      last.logic += delay;
      last.cells += 1;
    }
  }
  return {
    mhz: clock.achieved,
    utilization,
    path: {
      nanoseconds: critical.path.reduce((sum, { delay }) => sum + delay, 0),
      from: inCard(critical.path[0]?.from.cell ?? ''),
      to: inCard(critical.path.at(-1)?.to.cell ?? ''),
      stretches,
    },
  };
}
