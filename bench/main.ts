/** `npm run bench`: see USAGE in options.ts. Exit status: 0 measured, 2 wrong use, else what failed. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EXIT } from '../host/cli/exit.ts';
import { reportError } from '../host/cli/report-error.ts';
import { buildId, readConfiguration } from '../sim/index.ts';
import type { Benchmark } from './benchmark.ts';
import { board } from './board.ts';
import { calls } from './calls.ts';
import { CONFIGURATION } from './card-bed.ts';
import { clocks } from './clocks.ts';
import { failover } from './failover.ts';
import { interfaces } from './interfaces.ts';
import { latency } from './latency.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, readOptions, USAGE, UsageError } from './options.ts';
import { overrides } from './overrides.ts';
import { renderPage, renderText } from './render.ts';
import { replication } from './replication.ts';
import { type BenchmarkResult, type Report, SCHEMA } from './report.ts';
import { router } from './router.ts';
import { rows } from './rows.ts';
import { serial } from './serial.ts';
import { sessions } from './sessions.ts';
import { simulation } from './simulation.ts';

/** Exact ones first, those that want the machine for themselves last. */
const BENCHMARKS: readonly Benchmark[] = [
  clocks,
  latency,
  rows,
  overrides,
  serial,
  failover,
  replication,
  router,
  sessions,
  simulation,
  board,
  interfaces,
  calls,
];

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function measure(benchmark: Benchmark, quick: boolean): Promise<BenchmarkResult> {
  const { name, title } = benchmark;
  say(`${name}: ${title}`);
  const begin = performance.now();
  const measured = await benchmark.run({ quick, say: (line) => say(`  ${line}`) });
  const seconds = Math.round((performance.now() - begin) / 100) / 10;
  return { name, title, seconds, ...measured };
}

async function bench(options: BenchOptions): Promise<void> {
  if (options.write !== undefined) accessSync(dirname(resolve(options.write)), constants.W_OK);
  const machine = await describeMachine();
  const benchmarks: BenchmarkResult[] = [];
  for (const benchmark of BENCHMARKS) {
    if (options.only.includes(benchmark.name))
      benchmarks.push(await measure(benchmark, options.quick));
  }
  const id = buildId(readConfiguration(CONFIGURATION));
  const report: Report = {
    schema: SCHEMA,
    date: new Date().toISOString().replace(/\.\d+/, ''),
    quick: options.quick,
    machine,
    build: id.toString(16).padStart(8, '0'),
    benchmarks,
  };
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${renderText(report)}`);
  if (options.write === undefined) return;
  const words = options.only.length === BENCHMARKS.length ? [] : ['--only', ...options.only];
  if (options.quick) words.push('--quick');
  words.push('--write', options.write);
  writeFileSync(options.write, renderPage(report, `npm run bench -- ${words.join(' ')}`));
  say(`Written: ${options.write}`);
}

// Not by the signal itself, so that `exit` handlers end what was started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(130));

try {
  const names = BENCHMARKS.map(({ name }) => name);
  const options = readOptions(process.argv.slice(2), names);
  if (options.help) process.stdout.write(USAGE);
  else if (options.list)
    for (const { name, title } of BENCHMARKS) process.stdout.write(`${name.padEnd(12)}${title}\n`);
  else await bench(options);
} catch (error) {
  if (error instanceof UsageError) {
    say(`bench: ${error.message}\n\n${USAGE}`);
    process.exitCode = EXIT.usage;
  } else {
    process.exitCode = reportError(error);
  }
}
