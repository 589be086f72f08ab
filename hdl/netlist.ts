/**
 * The card after synthesis as sources again: Yosys's netlist of ECP5 cells, the models of those cells that
 * Yosys brings, and ours of those that it leaves empty (hdl/cells). It has the card's pins, so that whatever
 * tests the RTL tests it.
 *
 *   npx tsx hdl/netlist.ts [--configuration ecp5-25]    makes it, and prints where its files are
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildId, type Design, ROOT, readConfiguration } from './configuration.ts';
import { synthesise, topOf } from './size-synthesis.ts';
import { dataFolder, findTools, MissingTool, run, type Toolset, version } from './tools.ts';

const BUILD = join(ROOT, 'build', 'netlist');
const OURS = fileURLToPath(new URL('cells', import.meta.url));

/** `module NAME … endmodule` of a library, without what is for timing only. */
export function cutModules(library: string): Map<string, string> {
  const found = new Map<string, string>();
  const plain = library.replace(/^\s*specify$[\s\S]*?^\s*endspecify$/gm, '');
  for (const [text, name = ''] of plain.matchAll(/^module\s+(\w+)[\s\S]*?^endmodule$/gm)) {
    found.set(name, text);
  }
  return found;
}

/** Modules of the library that those with the given names are made of, themselves among them. */
export function closure(library: ReadonlyMap<string, string>, names: Iterable<string>): string[] {
  const needed = new Set(names);
  for (const name of needed) {
    const words = new Set(library.get(name)?.match(/\b[A-Z]\w+/g));
    for (const other of library.keys()) if (words.has(other)) needed.add(other);
  }
  return [...needed].filter((name) => library.has(name)).sort();
}

/** Models of all cells of these kinds. Throws where one has none. */
function modelsOf(kinds: ReadonlySet<string>, tools: Toolset): { text: string; files: string[] } {
  const ours = readdirSync(OURS).filter((name) => name.endsWith('.sv'));
  const own = ours.filter((name) => kinds.has(name.replace(/\.sv$/, '')));
  const library = cutModules(readFileSync(join(dataFolder(tools), 'ecp5', 'cells_sim.v'), 'utf8'));
  const theirs = [...kinds].filter((kind) => !own.includes(`${kind}.sv`));
  const missing = theirs.filter((kind) => !library.has(kind));
  if (missing.length > 0) throw new Error(`hdl/cells has no model of ${missing.join(', ')}`);
  // Parts of a model bear its name in small letters.
  const parts = ours.filter((name) => own.some((file) => isPart(name, file)));
  return {
    text: closure(library, theirs)
      .map((name) => `${library.get(name)}\n`)
      .join('\n'),
    files: [...own, ...parts].map((name) => join(OURS, name)),
  };
}

const isPart = (name: string, of: string) =>
  name.startsWith(`${of.replace(/\.sv$/, '').toLowerCase()}_`);

/** What a netlist is made of: the card, or a board's core with the parameters that a board gives it. */
export type NetlistTop =
  | { readonly name: 'linecard' }
  | { readonly name: 'board_core'; readonly parameters: Readonly<Record<string, number>> };

/**
 * The netlist of a configuration with the top's pins and no parameters left. Two minutes where it is not in
 * build/netlist. Rejects with MissingTool, or with what Yosys said.
 */
export async function netlistDesign(
  name: string,
  line: (text: string) => void = () => {},
  top: NetlistTop = { name: 'linecard' },
): Promise<Design> {
  const configuration = readConfiguration(name);
  const tools = findTools(['yosys'], ['yosys', 'nextpnr-ecp5']);
  const id = buildId(configuration);
  const own = Object.fromEntries(
    Object.entries('parameters' in top ? top.parameters : {}).map(([key, value]) => [
      key,
      `${value}`,
    ]),
  );
  const yosys = version(tools, 'yosys');
  const key = createHash('sha256')
    .update(JSON.stringify([id, configuration, yosys, top]))
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .digest('hex')
    .slice(0, 16);
  const home = join(BUILD, `${top.name}-${name}`);
  const folder = join(home, key);
  const netlist = join(folder, 'netlist.v');
  const kindsFile = join(folder, 'kinds.json');
  if (!existsSync(kindsFile)) {
    line(`${yosys} maps ${top.name}, ${name}: two minutes or three (once; kept in build/netlist)`);
    const partial = `${folder}.${process.pid}`;
    mkdirSync(partial, { recursive: true });
    try {
      const { netlist: mapped, file } = await synthesise(tools, configuration, {
        flatten: true,
        folder: partial,
        top: {
          name: top.name,
          files: [],
          configured: top.name,
          parameters: {
            ...own,
            CONFIGURATION_ID: `${configuration.id}`,
            BUILD_ID: `32'h${id.toString(16)}`,
          },
        },
      });
      await run(tools, 'yosys', [
        '-p',
        `read_json ${file}; delete t:$scopeinfo; splitnets; opt_clean -purge; write_verilog -noattr ${join(partial, 'netlist.v')}`,
      ]);
      const types = Object.values(topOf(mapped).cells).map(({ type }) => type);
      // Of Yosys's own there are only notes on the hierarchy.
      const kinds = new Set(types.filter((type) => type !== '$scopeinfo'));
      writeFileSync(join(partial, 'kinds.json'), JSON.stringify([...kinds].sort()));
      for (const old of readdirSync(partial)) {
        if (old.startsWith(`${name}-`)) rmSync(join(partial, old));
      }
      rmSync(folder, { recursive: true, force: true });
      renameSync(partial, folder); // whole or not at all
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
    for (const old of readdirSync(home)) {
      if (old !== key) rmSync(join(home, old), { recursive: true, force: true });
    }
  }
  const kinds = new Set(JSON.parse(readFileSync(kindsFile, 'utf8')) as string[]);
  const { text, files } = modelsOf(kinds, tools);
  const models = join(folder, 'cells.v');
  // Yosys fills its RAMs with assignments that Verilator takes for blocking ones, which they are here.
  writeFileSync(models, `/* verilator lint_off INITIALDLY */\n${text}`);
  return { name: 'netlist', files: [...files, models, netlist] };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { configuration: { type: 'string', default: 'ecp5-25' } },
  });
  try {
    const say = (text: string) => void process.stderr.write(`${text}\n`);
    const { files } = await netlistDesign(values.configuration, say);
    process.stdout.write(`${files.join('\n')}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return error instanceof MissingTool ? 3 : 5;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
