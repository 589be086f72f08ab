/**
 * Stand-ins for the FPGA tools on a PATH of their own: they take the arguments that the tools take, write files of
 * their forms, and note each call. How fast a seed is, and how large the card: `TOOLS_MHZ` (a number a seed, of
 * clk_core), `TOOLS_LUTS`, `TOOLS_CLOCK` (one more clock), `TOOLS_STATUS` (of openFPGALoader).
 */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the PATH, and the calls so far: program, then its arguments. */
export interface FpgaTools {
  readonly folder: string;
  readonly path: string;
  calls(): string[][];
  /** Removes itself, and what was built with it. */
  remove(): void;
}

const NOTE = `#!/usr/bin/env node
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');
const words = process.argv.slice(2);
const id = __dirname.slice(-6); // its own version, and so builds of its own
const value = (flag) => words[words.indexOf(flag) + 1];
const note = (name) => appendFileSync(__dirname + '/calls', JSON.stringify([name, ...words]) + '\\n');
`;

const PROGRAMS = {
  yosys: `
if (words[0] === '-V') { console.log('Yosys 0.0-' + id); process.exit(); }
note('yosys');
const luts = Number(process.env.TOOLS_LUTS ?? 3);
const cell = { type: 'LUT4', port_directions: {}, connections: {} };
const cells = Object.fromEntries(Array.from({ length: luts }, (_, i) => ['core.lut' + i, cell]));
const made = (cells, attributes = {}) => ({ attributes, cells, ports: {}, netnames: {} });
const [elaborated, mapped] = [...words[1].matchAll(/write_json ([^\\s;]+)/g)].map(([, file]) => file);
const core = { core: { ...cell, type: 'board_core' } };
writeFileSync(elaborated, JSON.stringify({ modules: { fpga: made(core, { top: '1' }), board_core: made({}) } }));
writeFileSync(mapped, JSON.stringify({ modules: { fpga: made(cells, { top: '1' }) } }));
`,
  'nextpnr-ecp5': `
if (words[0] === '--version') { console.log('nextpnr-ecp5 (Version 0.0-' + id + ')'); process.exit(); }
note('nextpnr-ecp5');
const seed = Number(value('--seed'));
const mhz = (process.env.TOOLS_MHZ ?? '60,64,66,62,63').split(',').map(Number)[seed - 1];
const lpf = readFileSync(value('--lpf'), 'utf8');
const [, port] = /FREQUENCY PORT "(r\\S+)"/.exec(lpf);
const clocks = { '$glbnet$clk_core': mhz, [port + '$TRELLIS_IO_IN']: 150 };
if (process.env.TOOLS_CLOCK) clocks[process.env.TOOLS_CLOCK] = 1;
const hop = (type, from, to, delay) => ({ type, delay, from: { cell: from, port: 'Q' }, to: { cell: to, port: 'A' } });
const critical = (net) => ({
  from: 'posedge ' + net, to: 'posedge ' + net,
  path: [hop('clk-to-q', 'core.a', 'core.a', 0.5), hop('routing', 'core.a', 'core.b', 2), hop('setup', 'core.b', 'core.b', 0.25)],
});
writeFileSync(value('--report'), JSON.stringify({
  fmax: Object.fromEntries(Object.entries(clocks).map(([net, achieved]) => [net, { achieved, constraint: 0 }])),
  utilization: { TRELLIS_COMB: { used: 30, available: 100 }, TRELLIS_FF: { used: 20, available: 100 }, DP16KD: { used: 1, available: 10 }, MULT18X18D: { used: 0, available: 8 } },
  critical_paths: Object.keys(clocks).map(critical),
}));
writeFileSync(value('--textcfg'), 'seed ' + seed + '\\n' + lpf);
`,
  ecppack: `
if (words[0] === '--version') { console.log('ecppack (Version 0.0-' + id + ')'); process.exit(); }
note('ecppack');
writeFileSync(value('--bit'), readFileSync(value('--input')));
`,
  openFPGALoader: `
note('openFPGALoader');
process.exit(Number(process.env.TOOLS_STATUS ?? 0));
`,
} as const;

export type FpgaProgram = keyof typeof PROGRAMS;

/** Without `missing`. Whoever calls removes them. */
export function makeFpgaTools(missing: readonly FpgaProgram[] = []): FpgaTools {
  const folder = mkdtempSync(join(tmpdir(), 'vidline-fpga-tools-'));
  for (const [name, text] of Object.entries(PROGRAMS)) {
    if (missing.some((one) => one === name)) continue;
    writeFileSync(join(folder, name), NOTE + text);
    chmodSync(join(folder, name), 0o755);
  }
  symlinkSync(process.execPath, join(folder, 'node'));
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}'); // whatever lies above
  const calls = join(folder, 'calls');
  const noted = () => {
    if (!existsSync(calls)) return [];
    const lines = readFileSync(calls, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as string[]);
  };
  return {
    folder,
    // Nothing else: the machine may have the true ones.
    path: folder,
    calls: noted,
    remove: () => {
      // Where Yosys was told to write, without the process's number.
      for (const [, , script = ''] of noted()) {
        const [, built] = /write_json (\S+)\.\d+\/[^/]+;/.exec(script) ?? [];
        if (built !== undefined) rmSync(built, { recursive: true, force: true });
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
