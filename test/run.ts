/**
 * `npm test`: every check of the project, one after the other, and what each costs.
 *
 *   npm test                       all steps
 *   npm test -- format types       these steps only (`npm run lint` is generated format types rtl)
 *   npm test -- --list             their names
 *
 * A step that fails does not stop the others. Exit status 0 only when all are good. The times go
 * to test/.results/steps.json.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RESULTS = fileURLToPath(new URL('.results/', import.meta.url));

interface Step {
  readonly name: string;
  readonly what: string;
  /** Words of the command; run in the project's root, so anyone can repeat it. */
  readonly command: readonly string[];
}

const tsx = (...words: string[]) => ['npx', 'tsx', ...words];

const STEPS: readonly Step[] = [
  {
    name: 'generated',
    what: 'generated files are those of hdl/registers.yaml',
    command: tsx('hdl/generate/main.ts', '--check'),
  },
  {
    name: 'format',
    what: 'style and lint of TypeScript',
    command: ['npx', 'biome', 'check', '--config-path=test', '--error-on-warnings', '.'],
  },
  {
    name: 'types',
    what: 'strict TypeScript',
    command: ['npx', 'tsc', '--noEmit', '-p', 'tsconfig.json'],
  },
  {
    name: 'rtl',
    what: 'Verilator -Wall over each configuration and width',
    command: tsx('hdl/lint.ts'),
  },
  {
    name: 'crossings',
    what: 'no signal goes from one clock to another unmarked',
    command: tsx('hdl/cdc.ts'),
  },
  {
    name: 'formal',
    what: "the card's modules keep what is proven of them, in short (`npm run formal`: all)",
    command: tsx('hdl/formal/main.ts', '--short'),
  },
  {
    name: 'tests',
    what: 'the tests',
    command: ['npx', 'vitest', 'run', '--config', 'test/vitest.config.ts'],
  },
  {
    name: 'fuzz',
    what: 'card and reference agree on 240,000 random frames',
    command: tsx('test/fuzz/main.ts', '--frames', '240000', '--seed', '1'),
  },
  {
    name: 'requirements',
    what: 'tests named in docs/requirements.md exist and ran',
    command: tsx('test/requirements.ts'),
  },
  {
    name: 'synthesis',
    what: 'Yosys reads the card and maps ecp5-25',
    command: tsx('hdl/synth.ts'),
  },
];

interface Outcome {
  readonly step: Step;
  readonly good: boolean;
  readonly seconds: number;
}

function runStep(step: Step): Promise<Outcome> {
  process.stderr.write(`\n── ${step.name}: ${step.what}\n`);
  const begin = performance.now();
  return new Promise((resolve) => {
    const [program = '', ...args] = step.command;
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    const end = (good: boolean) =>
      resolve({ step, good, seconds: (performance.now() - begin) / 1000 });
    child.once('error', (error) => {
      process.stderr.write(`${program} could not be started: ${error.message}\n`);
      end(false);
    });
    child.once('exit', (status) => end(status === 0));
  });
}

function table(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(({ step, good, seconds }) => {
    return `  ${step.name.padEnd(14)}${seconds.toFixed(1).padStart(8)} s   ${good ? 'good' : 'FAILED'}`;
  });
  const total = outcomes.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...lines, `  ${'together'.padEnd(14)}${total.toFixed(1).padStart(8)} s`].join('\n');
}

async function main(names: readonly string[]): Promise<number> {
  if (names.includes('--list')) {
    for (const { name, what } of STEPS) process.stdout.write(`${name.padEnd(14)}${what}\n`);
    return 0;
  }
  const unknown = names.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) {
    const known = STEPS.map(({ name }) => name).join(', ');
    process.stderr.write(`There is no step "${unknown}". Steps: ${known}\n`);
    return 2;
  }
  const outcomes: Outcome[] = [];
  for (const step of STEPS) {
    if (names.length === 0 || names.includes(step.name)) outcomes.push(await runStep(step));
  }
  const times = outcomes.map(({ step, good, seconds }) => ({ name: step.name, good, seconds }));
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}steps.json`, `${JSON.stringify(times, null, 2)}\n`);
  process.stderr.write(`\n${table(outcomes)}\n`);
  const failed = outcomes.filter(({ good }) => !good);
  for (const { step } of failed) {
    process.stderr.write(`\n${step.name} failed; to repeat it: ${step.command.join(' ')}\n`);
  }
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
