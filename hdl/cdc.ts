/**
 * Lint for clock-domain crossings, over Yosys's netlist of a board's core, the card in it, or of any other
 * top module.
 *
 *   npx tsx hdl/cdc.ts [--configuration ecp5-25] [--json]
 *   npx tsx hdl/cdc.ts --top NAME FILE.sv …
 *
 * Rules and names: hdl/cdc-rules.ts. Exit status: 0 no finding, 1 findings, 3 Yosys is missing,
 * 5 the sources cannot be read.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CROSSER, type JsonModule, plainName } from './cdc-netlist.ts';
import { check, checkChain, type Finding, type Outcome } from './cdc-rules.ts';
import { cardDesign, parameterWords, readConfiguration } from './configuration.ts';
import { findTools, MissingTool, run } from './tools.ts';

export interface Sources {
  readonly top: string;
  readonly files: readonly string[];
  /** Parameters of the top as words of Yosys's chparam. */
  readonly parameters?: string;
}

/** All findings of a design: its top, flattened but for modules that cross, and those themselves. */
export async function lint({ top, files, parameters }: Sources): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'vidline-cdc-'));
  try {
    const file = join(folder, 'netlist.json');
    const script = [
      `read_verilog -sv ${files.join(' ')}`,
      ...(parameters ? [`chparam ${parameters} ${top}`] : []),
      `hierarchy -check -top ${top}`,
      'proc',
      'setattr -mod -set keep_hierarchy 1 *cdc_*',
      'flatten',
      'opt_clean',
      `write_json ${file}`,
    ];
    await run(findTools(['yosys'], []), 'yosys', ['-p', script.join('; ')]);
    const { modules } = JSON.parse(readFileSync(file, 'utf8')) as {
      modules: Record<string, JsonModule>;
    };
    const main = modules[top];
    if (!main) throw new Error(`Yosys's netlist has no module ${top}`);
    const outcome = check(main);
    const inside: Finding[] = Object.entries(modules).flatMap(([type, module]) => {
      const name = plainName(type);
      if (name === top || !CROSSER.test(name)) return [];
      if (name === 'cdc_fifo') return check(module, true).findings;
      return checkChain(name, module);
    });
    return { ...outcome, findings: [...outcome.findings, ...inside] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      configuration: { type: 'string', default: 'ecp5-25' },
      top: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const board = (): Sources => {
    const configuration = readConfiguration(values.configuration);
    const parameters = parameterWords(configuration, '-set ').join(' ').replaceAll('=', ' ');
    return { top: 'board_core', files: cardDesign().files, parameters };
  };
  const sources = values.top === undefined ? board() : { top: values.top, files: positionals };
  const outcome = await lint(sources);
  const { clocks, registers, memories, crossers, findings } = outcome;
  if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else {
    for (const { rule, text } of findings) process.stdout.write(`${rule}: ${text}\n`);
    const between = findings.length === 0 ? 'no unmarked crossing' : `${findings.length} findings`;
    const clock = clocks.length === 1 ? 'one clock' : `${clocks.length} clocks`;
    process.stdout.write(
      `${sources.top}: ${clock} (${clocks.join(', ')}), ${registers} flip-flops, ${memories} RAMs, ${crossers} crossing modules, ${between}\n`,
    );
  }
  // A lint that finds nothing to look at is broken.
  return findings.length > 0 || registers === 0 ? 1 : 0;
}

if (process.argv[1]?.endsWith('cdc.ts')) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = error instanceof MissingTool ? 3 : 5;
  }
}
