/**
 * `npm run size`: what the card costs on ECP5, module by module, and how fast it is when placed and
 * routed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readConfiguration } from './configuration.ts';
import { readOptions } from './options.ts';
import { OWN_PART, PART_NAMES, PARTS } from './parts.ts';
import { type Measured, page, table } from './size-page.ts';
import { slowPaths } from './size-paths.ts';
import { route, TARGET_MHZ } from './size-route.ts';
import { add, cellsByInstance, instances, noCells, synthesise } from './size-synthesis.ts';
import { findTools, MissingTool, type Tool, version } from './tools.ts';

const USAGE = `usage:
  npm run size                               both ECP5 configurations
  npm run size -- --configuration ecp5-25    one (may be repeated)
  npm run size -- --route [--seed N]         also place and route ecp5-25 (a quarter of an hour)
  npm run size -- --json                     one JSON object, schema vidline.size/1, on standard output
  npm run size -- --write docs/size.md       the page

Cells are those of Yosys after flattening, before packing; each is given to the instance whose path
its name begins with, so that the sum is exact and the parts are close. Exit status: 0 done;
3 a tool is missing; 5 the card cannot be synthesised.`;

const values = readOptions(USAGE, {
  configuration: { type: 'string', multiple: true },
  route: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  write: { type: 'string' },
});

const ROUTED = 'ecp5-25';

const say = (text: string) => process.stderr.write(`${text}\n`);

async function measure(): Promise<Measured> {
  const needed: Tool[] = values.route ? ['yosys', 'nextpnr-ecp5'] : ['yosys'];
  const tools = findTools(needed, ['yosys', 'nextpnr-ecp5']);
  const versions = needed.map((tool) => version(tools, tool));
  const folder = mkdtempSync(join(tmpdir(), 'vidline-size-'));
  try {
    const configurations: Measured['configurations'][number][] = [];
    const names = values.configuration ?? Object.keys(OWN_PART);
    for (const name of names) {
      const part = OWN_PART[name];
      if (!part)
        throw new Error(`no part is named for ${name}: ${Object.keys(OWN_PART).join(', ')}`);
      say(`${versions[0]} maps ${name}, flattened: two minutes or three`);
      const { elaborated, netlist } = await synthesise(tools, readConfiguration(name), {
        flatten: true,
        folder,
      });
      const known = instances(elaborated);
      const cells = cellsByInstance(netlist, known);
      const total = noCells();
      for (const one of cells.values()) add(total, one);
      const rows = [...cells].map(([path, own]) => ({
        path,
        module: path === '' ? 'linecard' : (known.get(path) ?? ''),
        cells: own,
      }));
      const slow = slowPaths(netlist, known, 1000 / TARGET_MHZ);
      configurations.push({ name, part, total, rows, slow });
    }
    let routed: Awaited<ReturnType<typeof route>> | undefined;
    if (values.route) {
      // Where the card does not fit its own part it is placed in the next, which says how fast it would be.
      const parts = PART_NAMES.map((name) => PARTS[name]);
      const options = { parts, seed: Number(values.seed), folder, line: say };
      routed = await route(tools, readConfiguration(ROUTED), options);
    }
    const machine = `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} threads`;
    return {
      versions,
      machine,
      configurations,
      ...routed,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  const measured = await measure();
  if (values.write !== undefined) {
    const file = resolve(values.write);
    writeFileSync(file, page(measured));
    say(`written: ${file}`);
  }
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ schema: 'vidline.size/1', ...measured })}\n`);
  } else process.stdout.write(table(measured));
} catch (error) {
  say((error as Error).message);
  process.exitCode = error instanceof MissingTool ? 3 : 5;
}
