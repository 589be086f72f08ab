/** Synthesis of the card for ECP5 with Yosys, and what its netlist says of each module. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Configuration, cardDesign, parameterWords } from './configuration.ts';
import { run, type Toolset } from './tools.ts';

/** Cells of an instance or a whole design. */
export interface Cells {
  luts: number;
  /** CCU2C: two bits of an adder or comparator; takes two LUT4s. */
  carries: number;
  /** TRELLIS_DPR16X4: 16 words of 4 bits; takes four LUT4s, and two more to be written. */
  lutRams: number;
  flipFlops: number;
  blockRams: number;
}

export const LUTS_OF_CARRY = 2;
export const LUTS_OF_LUT_RAM = 6;

const KINDS: Readonly<Record<string, keyof Cells>> = {
  LUT4: 'luts',
  CCU2C: 'carries',
  TRELLIS_DPR16X4: 'lutRams',
  TRELLIS_FF: 'flipFlops',
  DP16KD: 'blockRams',
};

export const noCells = (): Cells => ({
  luts: 0,
  carries: 0,
  lutRams: 0,
  flipFlops: 0,
  blockRams: 0,
});

/** LUT4 sites that the cells take: what has to fit. */
export function sites({ luts, carries, lutRams }: Cells): number {
  return luts + LUTS_OF_CARRY * carries + LUTS_OF_LUT_RAM * lutRams;
}

export function add(to: Cells, cells: Cells): void {
  for (const key of Object.keys(to) as (keyof Cells)[]) to[key] += cells[key];
}

/** The parts of Yosys's JSON netlist that are used here. */
export interface Netlist {
  readonly modules: Readonly<Record<string, NetlistModule>>;
}
export interface NetlistCell {
  readonly type: string;
  readonly port_directions: Readonly<Record<string, string>>;
  readonly connections: Readonly<Record<string, (number | string)[]>>;
}
export interface NetlistModule {
  readonly attributes: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, { direction: string; bits: unknown[] }>>;
  readonly cells: Readonly<Record<string, NetlistCell>>;
  readonly netnames: Readonly<Record<string, { bits: (number | string)[] }>>;
}

export function topOf(netlist: Netlist): NetlistModule {
  const top = Object.values(netlist.modules).find(({ attributes }) => 'top' in attributes);
  if (!top) throw new Error('the netlist of Yosys has no top module');
  return top;
}

/** `$paramod\rx_port\BYTES=…` and `$paramod$<hash>\rx_port` are `rx_port`. */
export function moduleName(type: string): string {
  return type.startsWith('$paramod') ? (type.split('\\')[1] ?? type) : type;
}

/** Path of each instance of a module of ours in the elaborated design, with its module's name. */
export function instances(netlist: Netlist): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (module: NetlistModule, path: string) => {
    for (const [name, { type }] of Object.entries(module.cells)) {
      const inner = netlist.modules[type];
      if (!inner || type.startsWith('$__')) continue;
      found.set(path + name, moduleName(type));
      visit(inner, `${path}${name}.`);
    }
  };
  visit(topOf(netlist), '');
  return found;
}

/**
 * The instance that a cell or net of the flattened netlist belongs to: Yosys names what it makes after
 * signals nearby, and flattening puts the path in front. '' is the top itself.
 */
export function ownerOf(name: string, known: ReadonlyMap<string, string>): string {
  for (let at = name.lastIndexOf('.'); at > 0; at = name.lastIndexOf('.', at - 1)) {
    const path = name.slice(0, at);
    if (known.has(path)) return path;
  }
  return '';
}

/** Cells of each instance, '' for the top's own. The sum over all is exact, the owners are by name. */
export function cellsByInstance(
  netlist: Netlist,
  known: ReadonlyMap<string, string>,
): Map<string, Cells> {
  const result = new Map<string, Cells>([['', noCells()]]);
  for (const path of known.keys()) result.set(path, noCells());
  for (const [name, { type }] of Object.entries(topOf(netlist).cells)) {
    const kind = KINDS[type];
    const cells = result.get(ownerOf(name, known));
    if (kind !== undefined && cells) cells[kind] += 1;
  }
  return result;
}

export interface Synthesis {
  readonly elaborated: Netlist;
  readonly netlist: Netlist;
  /** File of the mapped netlist, for place and route. */
  readonly file: string;
}

const CARD = 'linecard';

export interface Top {
  readonly name: string;
  /** Sources beside the card's. */
  readonly files: readonly string[];
  /** The module that has the configuration's parameters; the card where not given. */
  readonly configured?: string;
  /** More parameters of that module, as Yosys writes constants. */
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface SynthesisOptions {
  readonly flatten: boolean;
  /** Folder for files in between. */
  readonly folder: string;
  /** Another top than the card, made of more sources. */
  readonly top?: Top;
  readonly line?: (text: string) => void;
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Netlist;

/** The card's hierarchy with the configuration's parameters, not mapped: seconds. */
export async function elaborate(
  tools: Toolset,
  configuration: Configuration,
  folder: string,
): Promise<Netlist> {
  const file = join(folder, `${configuration.name}-elaborated.json`);
  await run(tools, 'yosys', [
    '-p',
    [
      `read_verilog -sv ${cardDesign().files.join(' ')}`,
      `chparam ${parameterWords(configuration, '-set ').join(' ').replaceAll('=', ' ')} ${CARD}`,
      `hierarchy -check -top ${CARD}`,
      'proc',
      `write_json ${file}`,
    ].join('; '),
  ]);
  return read(file);
}

/** What synth_ecp5 knows of flip-flops. */
const FLIP_FLOPS =
  '-cell $_DFF_?_ 01 -cell $_DFF_?P?_ r -cell $_SDFF_?P?_ r ' +
  '-cell $_DFFE_??_ 01 -cell $_DFFE_?P??_ r -cell $_SDFFE_?P??_ r -cell $_DLATCH_?_ x';
/**
 * A slice's flip-flops have one enable and one reset. One that fewer flip-flops share than this is made of LUTs:
 * else nextpnr searches for places for hours, where a part is three quarters full.
 */
const FEWEST = 10;

/** Maps the card, or `top` around it, to ECP5 cells. */
export async function synthesise(
  tools: Toolset,
  configuration: Configuration,
  { flatten, folder, top, line = () => {} }: SynthesisOptions,
): Promise<Synthesis> {
  const { name, files, configured = CARD, parameters = {} }: Top = top ?? { name: CARD, files: [] };
  const elaborated = join(folder, `${configuration.name}-elaborated.json`);
  const file = join(folder, `${configuration.name}-mapped.json`);
  const words = [
    ...parameterWords(configuration, '-set ').map((word) => word.replace('=', ' ')),
    ...Object.entries(parameters).map(([key, value]) => `-set ${key} ${value}`),
  ];
  const synthesis = `synth_ecp5 -top ${name}${flatten ? '' : ' -noflatten'}`;
  const script = [
    // Primitives that `files` may name; synth_ecp5 reads them once more.
    'read_verilog -lib +/ecp5/cells_bb.v',
    `read_verilog -sv ${[...cardDesign().files, ...files].join(' ')}`,
    `chparam ${words.join(' ')} ${configured}`,
    `hierarchy -check -top ${name}`,
    'proc',
    `write_json ${elaborated}`,
    `${synthesis} -run begin:map_ffs`,
    `dfflegalize ${FLIP_FLOPS} -mince ${FEWEST} -minsrst ${FEWEST}`,
    `${synthesis} -run map_ffs:`,
    'check -assert',
    `write_json ${file}`,
  ];
  await run(tools, 'yosys', ['-p', script.join('; ')], line);
  return { elaborated: read(elaborated), netlist: read(file), file };
}
