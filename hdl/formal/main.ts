/** `npm run formal`: proofs of the card's modules, and what they do not prove. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../options.ts';
import { type Outcome, prove, reach, replaceOnce, ToolError } from './engine.ts';
import { MUTANTS } from './mutants.ts';
import { type MutantResult, page, type TaskResult } from './page.ts';
import { TASKS } from './tasks.ts';

const USAGE = `usage:
  npm run formal                        all tasks, as a table
  npm run formal -- --short             those that run in \`npm test\`
  npm run formal -- --only NAME         one task (or all of one module); may be given several times
  npm run formal -- --mutants           plants each fault of mutants.ts in a copy and sees it found
  npm run formal -- --json              one object, schema vidline.formal/1
  npm run formal -- --write FILE        also the page; with the results of the mutants, if they ran
  npm run formal -- --keep DIR          model, counterexample and waveform of each task stay there

Exit status: 0 all proven; 1 something is refuted, undecided or not reached; 2 wrong use; 3 a tool
is missing or cannot read the RTL.`;

const values = readOptions(USAGE, {
  short: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] },
  mutants: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  write: { type: 'string' },
  keep: { type: 'string' },
});

const named = (name: string) => values.only.length === 0 || values.only.includes(name);
const tasks = TASKS.filter(
  (task) => (named(task.name) || named(task.wrapper ?? task.name)) && (task.short || !values.short),
);
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Calls `work` with a folder of its own, which goes away unless it is to be kept. */
async function inFolder<T>(name: string, work: (directory: string) => Promise<T>): Promise<T> {
  const plain = name.replaceAll(/[^a-z0-9]+/gi, '-');
  if (values.keep !== undefined) {
    const directory = join(values.keep, plain);
    mkdirSync(directory, { recursive: true });
    return work(directory);
  }
  const directory = mkdtempSync(join(tmpdir(), `vidline-formal-${plain}-`));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const seconds = (outcome: Outcome) => outcome.seconds.toFixed(1).padStart(7);
const word = (outcome: Outcome) => (outcome.good ? 'proven' : 'FAILED');

async function runTasks(): Promise<TaskResult[]> {
  const results: TaskResult[] = [];
  for (const task of tasks) {
    const result = await inFolder(task.name, async (directory) => {
      const proof = await prove(task, directory);
      return { task, proof, cover: await reach(task, directory) };
    });
    const { proof, cover } = result;
    say(`${task.name.padEnd(28)}${word(proof)} ${seconds(proof)} s  ${proof.detail}`);
    if (!cover.good) say(`${''.padEnd(28)}FAILED ${seconds(cover)} s  ${cover.detail}`);
    results.push(result);
  }
  return results;
}

async function runMutants(): Promise<MutantResult[]> {
  const results: MutantResult[] = [];
  for (const mutant of MUTANTS) {
    const task = TASKS.find(({ name }) => name === mutant.task);
    if (task === undefined) throw new ToolError(`mutants.ts: there is no task "${mutant.task}"`);
    if (!tasks.includes(task)) continue;
    const change = (text: string) => replaceOnce(text, mutant.from, mutant.to, mutant.file);
    const proof = await inFolder(`${mutant.task}-${mutant.name}`, (directory) =>
      prove(task, directory, { [mutant.file]: change }),
    );
    const found = !proof.good && proof.detail.startsWith('refuted');
    say(`${mutant.file.padEnd(28)}${found ? 'found ' : 'MISSED'} ${mutant.name}: ${proof.detail}`);
    results.push({ mutant, found, detail: proof.detail });
  }
  return results;
}

async function main(): Promise<number> {
  if (tasks.length === 0) {
    say(`There is no such task. Tasks: ${TASKS.map(({ name }) => `"${name}"`).join(', ')}`);
    return 2;
  }
  const results = values.mutants && values.write === undefined ? [] : await runTasks();
  const mutants = values.mutants ? await runMutants() : [];
  if (values.json) {
    const plain = {
      schema: 'vidline.formal/1',
      tasks: results.map(({ task, proof, cover }) => ({ name: task.name, proof, cover })),
      mutants: mutants.map(({ mutant, found, detail }) => ({ ...mutant, found, detail })),
    };
    process.stdout.write(`${JSON.stringify(plain)}\n`);
  }
  if (values.write !== undefined) writeFileSync(values.write, page(results, mutants));
  const good =
    results.every(({ proof, cover }) => proof.good && cover.good) &&
    mutants.every(({ found }) => found);
  return good ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  say(error.message);
  process.exitCode = 3;
}
