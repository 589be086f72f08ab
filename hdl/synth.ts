/**
 * Reads the card with Yosys and maps a configuration to ECP5 cells, module by module, so that nothing
 * that cannot be synthesised creeps in. Prints the cells by kind. `npm run size` is the measurement:
 * this is the quick check, a third of the time, which does not optimise across modules and so counts too much.
 *
 *   npx tsx hdl/synth.ts [--configuration ecp5-25] [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfiguration } from './configuration.ts';
import { type Netlist, type NetlistModule, synthesise, topOf } from './size-synthesis.ts';
import { findTools } from './tools.ts';

const { values } = parseArgs({
  options: {
    configuration: { type: 'string', default: 'ecp5-25' },
    json: { type: 'boolean', default: false },
  },
});

/** Cells by kind in a module and all that it holds. */
function count(netlist: Netlist, module: NetlistModule, cells: Map<string, number>): void {
  for (const { type } of Object.values(module.cells)) {
    const inner = netlist.modules[type];
    // Library cells are modules of the netlist too, without cells of their own.
    if (inner && Object.keys(inner.cells).length > 0) count(netlist, inner, cells);
    else if (/^[A-Z]/.test(type)) cells.set(type, (cells.get(type) ?? 0) + 1);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'vidline-synth-'));
try {
  const configuration = readConfiguration(values.configuration);
  process.stderr.write(`yosys synth_ecp5 of ${configuration.name}: about one minute\n`);
  const { netlist } = await synthesise(findTools(['yosys'], []), configuration, {
    flatten: false,
    folder,
  });
  const cells = new Map<string, number>();
  count(netlist, topOf(netlist), cells);
  if (!((cells.get('LUT4') ?? 0) > 0)) {
    throw new Error('no LUT4 in the netlist of Yosys: its form has changed');
  }
  const sorted = [...cells].sort(([a], [b]) => a.localeCompare(b));
  if (values.json) {
    const all = { configuration: configuration.name, cells: Object.fromEntries(sorted) };
    process.stdout.write(`${JSON.stringify(all)}\n`);
  } else {
    for (const [name, number] of sorted) {
      process.stdout.write(`${name.padEnd(16)}${String(number).padStart(8)}\n`);
    }
  }
} catch (error) {
  process.stderr.write(
    `${(error as Error).message}\nsynthesis of ${values.configuration} failed\n`,
  );
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
