/** `npm run fpga` with stand-ins for the tools; the boards' files against each other. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { boardNames, constraints, readBoard, UnknownBoard } from '../../hdl/fpga-board.ts';
import { buildBoard } from '../../hdl/fpga-build.ts';
import { boardsPage, reportText } from '../../hdl/fpga-page.ts';
import { coreMhz, parseReport } from '../../hdl/fpga-report.ts';
import { MissingTool, onPath } from '../../hdl/tools.ts';
import { type FpgaTools, makeFpgaTools } from './harness/fpga-tools.ts';

const BOARD = readBoard('colorlight-i9');
let tools: FpgaTools;
beforeEach(() => {
  tools = makeFpgaTools();
  vi.stubEnv('PATH', tools.path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  tools.remove();
});
const build = (...seeds: number[]) => buildBoard(BOARD, { seeds });

describe('a build', () => {
  test('says worst and median of all seeds, and packs the best', async () => {
    const { report, bitstream } = await build(1, 2, 3, 4, 5);
    expect(parseReport(JSON.stringify(report))).toEqual(report);
    const seeds = [60, 64, 66, 62, 63].map((mhz, i) => ({ seed: i + 1, mhz }));
    expect(report.fmax).toEqual({
      clk_core: { constraint: 62.5, worst: 60, median: 63, seeds },
      'rgmii_rx_clk_i[0]': {
        constraint: 125,
        worst: 150,
        median: 150,
        seeds: seeds.map(({ seed }) => ({ seed, mhz: 150 })),
      },
    });
    expect(report.bitstream).toEqual({ seed: 3, meetsTiming: true });
    expect(coreMhz(report)).toBe(60);
    const text = readFileSync(bitstream ?? '', 'utf8');
    expect(text).toMatch(/^seed 3\n/);
    // Every clock is constrained, by port or by net.
    expect(text).toContain('FREQUENCY NET "clk_core" 62.5 MHZ;');
    expect(text).toContain('FREQUENCY PORT "rgmii_rx_clk_i[1]" 125 MHZ;');
    expect(report.lut).toEqual({ used: 30, of: 100 });
    // The worst clock of the worst seed, by the instance's module.
    expect(report.path).toMatchObject({ clock: 'clk_core', seed: 1, nanoseconds: 2.75 });
    expect(report.path?.stretches).toEqual([
      { instance: 'core', module: 'board_core', logic: 0.75, routing: 2, cells: 2 },
    ]);
    expect(reportText(report)).toMatch(/clk_core\s+62\.5\s+60\.0\s+63\.0.*missed/);
  });

  test('the same again calls no tool; a further seed only what it needs', async () => {
    await build(1);
    const before = tools.calls().length;
    await build(1);
    expect(tools.calls()).toHaveLength(before);
    await build(1, 2);
    const programs = tools.calls().slice(before);
    expect(programs.map(([program]) => program)).toEqual(['nextpnr-ecp5', 'ecppack']);
  });

  test('gives the core the configuration, its id and the sources build, and the part its own words', async () => {
    const { report } = await build(1);
    const [[, , script = ''] = [], nextpnr = []] = tools.calls();
    expect(script).toContain(`-set BUILD_ID 32'h${report.build.replace(/^0+/, '')} `.trim());
    expect(script).toMatch(/chparam .*-set PORTS 2 .*-set CLOCK_KHZ 62500 .* board_core;/);
    expect(script).toContain('-set CONFIGURATION_ID 3');
    expect(nextpnr.join(' ')).toMatch(/^nextpnr-ecp5 --45k --package CABGA381 --speed 6 --seed 1 /);
  });

  test('stops at the first seed that meets all clocks where that is asked', async () => {
    const options = { seeds: [1, 2, 3], untilMet: true };
    const { report } = await buildBoard(BOARD, options);
    expect(report.fmax.clk_core?.seeds).toHaveLength(2);
    expect(report.bitstream).toEqual({ seed: 2, meetsTiming: true });
  });

  test('that meets nothing says so', async () => {
    vi.stubEnv('TOOLS_MHZ', '40');
    const { report } = await build(1);
    expect(report.bitstream).toEqual({ seed: 1, meetsTiming: false });
    expect(reportText(report)).toContain('MISSES its timing');
  });

  test('of a card that the part cannot hold is a report with numbers and no bitstream', async () => {
    vi.stubEnv('TOOLS_LUTS', '40000');
    const made = await buildBoard(BOARD, { seeds: [1] });
    expect(made.bitstream).toBeUndefined();
    expect(made.report.misfit).toContain('40,000 of 43,848 LUT4 sites');
    expect(made.report.lut).toEqual({ used: 40000, of: 43848 });
    expect(parseReport(JSON.stringify(made.report))).toEqual(made.report);
    expect(tools.calls().map(([program]) => program)).toEqual(['yosys']);
  });

  test('with a clock that no constraint names is an error', async () => {
    vi.stubEnv('TOOLS_CLOCK', '$glbnet$stray');
    await expect(build(1)).rejects.toThrow('the clock stray has no frequency');
  });
});

describe.each(boardNames())('%s', (name) => {
  const board = readBoard(name);
  const source = readFileSync(board.fpga, 'utf8');
  const ports = [...source.matchAll(/^ {4}(?:input|output) +logic (?:\[(\d+):0\]|) *(\w+),?$/gm)];
  const bits = ports.flatMap(([, high, port]) =>
    high === undefined
      ? [port]
      : Array.from({ length: Number(high) + 1 }, (_, i) => `${port}[${i}]`),
  );

  test('each pin of the top has one site, and no site two pins', () => {
    const pins = [...constraints(board).matchAll(/LOCATE COMP "(\S+)" SITE "(\w+)"/g)];
    expect(pins.map(([, pin]) => pin).sort()).toEqual(bits.sort());
    expect(new Set(pins.map(([, , site]) => site)).size).toBe(pins.length);
    const voltages = [...constraints(board).matchAll(/IOBUF PORT "(\S+)" IO_TYPE=LVCMOS33/g)];
    expect(voltages.map(([, pin]) => pin).sort()).toEqual(bits.sort());
  });

  test('the PLL makes what board.yaml says', () => {
    const divider = (of: string) => Number(new RegExp(`\\.${of}\\((\\d+)\\)`).exec(source)?.[1]);
    const oscillator =
      ((board.clocks.clk25_i ?? 0) / divider('CLKI_DIV')) *
      divider('CLKFB_DIV') *
      divider('CLKOP_DIV');
    // Lattice FPGA-DS-02012, sysCLOCK PLL timing.
    expect(oscillator).toBeGreaterThanOrEqual(400);
    expect(oscillator).toBeLessThanOrEqual(800);
    expect(oscillator / divider('CLKOP_DIV')).toBe(board.clocks.clk_125);
    expect(oscillator / divider('CLKOS_DIV')).toBe(board.clocks.clk_core);
    expect(board.parameters.CLOCK_KHZ).toBe(1000 * (board.clocks.clk_core ?? 0));
  });

  test('its README has its commands', () => {
    const readme = readFileSync(
      new URL(`../../hdl/boards/${name}/README.md`, import.meta.url),
      'utf8',
    );
    expect(readme).toContain('**Never on hardware.**');
    expect(readme).toContain(`flash --board ${name} `);
    expect(readme).toContain(`@${board.parameters.BAUD} `);
    expect(readme).toContain(`openFPGALoader -b ${board.programmer}`);
  });
});

test('docs/boards.md is what the reports say', () => {
  const written = readFileSync(new URL('../../docs/boards.md', import.meta.url), 'utf8');
  expect(written).toBe(boardsPage());
});

test('a name that is no board is an error that names all', () => {
  expect(() => readBoard('colorlight')).toThrow(UnknownBoard);
  expect(() => readBoard('colorlight')).toThrow(/it has colorlight-i5, colorlight-i9/);
});

test('a tool that is missing is named with what brings it', () => {
  expect(new MissingTool('ecppack').message).toMatch(
    /ecppack is missing: package fpga-trellis \(Debian 13\), OSS CAD Suite, or `npm run fpga:tools`/,
  );
});

test('the real openFPGALoader knows the boards', (context) => {
  vi.unstubAllEnvs();
  const program = onPath('openFPGALoader');
  if (program === undefined) return context.skip();
  const { stdout } = spawnSync(program, ['--list-boards'], { encoding: 'utf8' });
  const known = stdout.split('\n').map((line) => line.split(/\s/)[0]);
  for (const name of boardNames()) expect(known).toContain(readBoard(name).programmer);
});
