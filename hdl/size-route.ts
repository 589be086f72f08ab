/** Place and route of the harnessed card with nextpnr. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from './configuration.ts';
import { FULL, Misfit, type Path, placeAndRoute, slowestPath } from './nextpnr.ts';
import type { Part } from './parts.ts';
import { CARD, HARNESS, harness } from './size-harness.ts';
import {
  add,
  type Cells,
  cellsByInstance,
  elaborate,
  instances,
  noCells,
  sites,
  synthesise,
  topOf,
} from './size-synthesis.ts';
import type { Toolset } from './tools.ts';

/** What the project promises (docs/requirements.md): the clock of a 64-bit card at one gigabit a port. */
export const TARGET_MHZ = 125;
const PACKAGE = 'CABGA381';
const SPEED = '6';

export interface Routed {
  readonly part: Part;
  readonly seed: number;
  readonly mhz: number;
  /** After packing, with the harness. */
  readonly utilization: Readonly<Record<string, { used: number; available: number }>>;
  /** Cells of the harness, to take off. */
  readonly harness: Cells;
  readonly path: Path;
}

/** The path without the harness's own name of the card in front. */
const inCard = (name: string) => name.replace(new RegExp(`^${CARD}\\.`), '');

export interface RouteOptions {
  /** The first into which it fits is taken. */
  readonly parts: readonly Part[];
  readonly seed: number;
  readonly folder: string;
  readonly line?: (text: string) => void;
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
    top: { name: HARNESS, files: [source] },
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
    try {
      const report = await placeAndRoute(tools, {
        ...{ part, package: PACKAGE, speed: SPEED, seed, json: file, line },
        report: join(folder, 'report.json'),
        frequency: TARGET_MHZ,
      });
      const [net = '', clock] = Object.entries(report.fmax)[0] ?? [];
      const path = slowestPath(report, net, known, inCard);
      if (!clock || !path) {
        throw new Error('the report of nextpnr has no clock: its form has changed');
      }
      const { utilization } = report;
      return {
        routed: { part, seed, harness: own, mhz: clock.achieved, utilization, path },
        misfits,
      };
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      misfit(part, error.message);
    }
  }
  throw new Error(`it fits no part:\n${misfits.join('\n')}`);
}
