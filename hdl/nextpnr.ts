/** Place and route with nextpnr-ecp5, and what its report says. */
import { readFileSync } from 'node:fs';
import type { Part } from './parts.ts';
import { ownerOf } from './size-synthesis.ts';
import { run, type Toolset } from './tools.ts';

/** nextpnr's --report, as far as it is used. Delays in ns, frequencies in MHz. */
export interface Report {
  readonly fmax: Readonly<Record<string, { achieved: number; constraint: number }>>;
  readonly utilization: Readonly<Record<string, { used: number; available: number }>>;
  readonly critical_paths: readonly CriticalPath[];
}
interface CriticalPath {
  /** `posedge CLOCK`, or `<async>`. */
  readonly from: string;
  readonly to: string;
  readonly path: readonly Hop[];
}
interface Hop {
  readonly type: string;
  readonly delay: number;
  readonly from: { readonly cell: string; readonly port: string };
  readonly to: { readonly cell: string; readonly port: string };
}

/** A stretch of a path that lies in one instance. Times in ns. */
export interface Stretch {
  readonly instance: string;
  logic: number;
  routing: number;
  /** Cells that the path goes through. */
  cells: number;
}

export interface Path {
  readonly nanoseconds: number;
  readonly from: string;
  readonly to: string;
  readonly stretches: readonly Stretch[];
}

/** Where the part is too small: what nextpnr said. */
export class Misfit extends Error {}

export interface PlaceOptions {
  readonly part: Part;
  readonly package: string;
  readonly speed: string;
  readonly seed: number;
  /** Netlist of Yosys. */
  readonly json: string;
  /** Where the report goes. */
  readonly report: string;
  /** MHz, of clocks that no constraint names. */
  readonly frequency?: number;
  /** Pins and clocks. Without them pins are where nextpnr likes. */
  readonly lpf?: string;
  /** Where the configuration goes that ecppack reads. */
  readonly configuration?: string;
  readonly line?: (text: string) => void;
}

/** Of the router's lines, one a thousand steps, every so many are passed on. */
const TELL = 20;

/** Beyond this part of LUT4 sites or flip-flops nextpnr's legaliser searches for hours. */
export const FULL = 0.9;

export const PLACER_FLAGS: readonly string[] = [
  // router2 leaves some thousand wires with two nets for ever; this one takes five to ten minutes.
  ...['--router', 'router1'],
  // Adders and flip-flops beside full slices take many tries: as many as half the square of the cells.
  ...['--placer-heap-cell-placement-timeout', '2'],
];

/** Five to ten minutes for the card. Rejects with `Misfit` where nextpnr finds no place for all cells. */
export async function placeAndRoute(tools: Toolset, options: PlaceOptions): Promise<Report> {
  const { part, seed, json, report, frequency, lpf, configuration, line = () => {} } = options;
  let tooSmall = '';
  let steps = 0;
  try {
    await run(
      tools,
      'nextpnr-ecp5',
      [
        part.flag,
        ...['--package', options.package, '--speed', options.speed, '--seed', `${seed}`],
        ...['--json', json, '--report', report, '--timing-allow-fail'],
        ...(frequency === undefined ? [] : ['--freq', `${frequency}`]),
        ...(lpf === undefined ? ['--lpf-allow-unconstrained'] : ['--lpf', lpf]),
        ...(configuration === undefined ? [] : ['--textcfg', configuration]),
        ...PLACER_FLAGS,
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
    if (tooSmall !== '') throw new Misfit(tooSmall.replace(/^ERROR: */, ''));
    throw error;
  }
  return JSON.parse(readFileSync(report, 'utf8')) as Report;
}

/** The clock's name in the sources: nextpnr puts words around the net's. */
export function clockName(net: string): string {
  return net.replace(/^\$glbnet\$/, '').replace(/\$TRELLIS_IO_(IN|OUT)$/, '');
}

/**
 * The slowest path between two flip-flops of one clock, by instances of `known`; names get by `shorten`.
 * Undefined where the clock has none.
 */
export function slowestPath(
  { critical_paths }: Report,
  net: string,
  known: ReadonlyMap<string, string>,
  shorten: (name: string) => string = (name) => name,
): Path | undefined {
  const edge = `posedge ${net}`;
  const critical = critical_paths.find(({ from, to }) => from === edge && to === edge);
  if (!critical) return undefined;
  const stretches: Stretch[] = [];
  for (const { type, delay, from, to } of critical.path) {
    const instance = shorten(ownerOf(type === 'routing' ? to.cell : from.cell, known));
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
    nanoseconds: critical.path.reduce((sum, { delay }) => sum + delay, 0),
    from: shorten(critical.path[0]?.from.cell ?? ''),
    to: shorten(critical.path.at(-1)?.to.cell ?? ''),
    stretches,
  };
}
