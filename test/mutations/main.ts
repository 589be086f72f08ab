/**
 * `npm run mutations`: plants faults in the RTL, one at a time, and sees who notices: the tests of the
 * module, the fuzz, the proofs.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ToolError } from '../../hdl/formal/engine.ts';
import { readOptions } from '../../hdl/options.ts';
import {
  buildCard,
  type Check,
  CheckError,
  FUZZ_FRAMES,
  FUZZ_SEED,
  runFuzz,
  runProofs,
  runTests,
  stopRunning,
} from './checks.ts';
import { copyDigest, digest, makeCopy, planted, pristine, withFault } from './copy.ts';
import { FAULTS, type Fault } from './faults.ts';
import { catches, KINDS, type Kind, page, type Tried, table } from './page.ts';
import { HOME } from './places.ts';

const USAGE = `usage:
  npm run mutations                         all faults of faults.ts, as a table
  npm run mutations -- --only 'any nonce'   this one, again; may be given several times
  npm run mutations -- --json               one object, schema vidline.mutations/1
  npm run mutations -- --write FILE         also the page docs/mutations.md

It takes an hour or two. Each verdict is kept in build/mutations with the fault and the file that it
was planted in, so that a run that was interrupted goes on, and only what has changed runs again.

Exit status: 0 all caught; 1 one is not; 2 wrong use; 3 a fault cannot be planted or does not build,
a tool is missing, or something fails without any fault.`;

const RESULTS = `${HOME}results.json`;

interface Kept {
  /** What passed without a fault, and the copy in which it did. */
  control: { copy: string; passed: string[] };
  /** By fault and kind of check. */
  faults: Record<string, Partial<Record<Kind, Check & { readonly key: string }>>>;
}

const say = (line: string) => process.stderr.write(`${line}\n`);

function load(): Kept {
  try {
    return JSON.parse(readFileSync(RESULTS, 'utf8')) as Kept;
  } catch {
    return { control: { copy: '', passed: [] }, faults: {} };
  }
}

function save(kept: Kept): void {
  writeFileSync(RESULTS, JSON.stringify(kept, undefined, 1));
}

/** A verdict stands for this fault in this text, and for what was run. */
function keyOf(fault: Fault, kind: Kind): string {
  const run = { tests: fault.tests, fuzz: [FUZZ_FRAMES, FUZZ_SEED], proofs: fault.proofs }[kind];
  return digest(kind, JSON.stringify([fault.from, fault.to, run]), pristine(fault));
}

const known = (kept: Kept, fault: Fault, kind: Kind) =>
  kept.faults[fault.name]?.[kind]?.key === keyOf(fault, kind);

/** What fails without a fault can catch none: all that these faults need has to pass. */
async function control(kept: Kept, faults: readonly Fault[]): Promise<void> {
  const copy = copyDigest();
  if (kept.control.copy !== copy) kept.control = { copy, passed: [] };
  const { passed } = kept.control;
  const pass = async (names: readonly string[], check: () => Promise<Check>) => {
    say(`without a fault: ${names.join(', ')}`);
    const { verdict, by } = await check();
    if (verdict === 'caught') throw new CheckError(`without any fault, this fails: ${by}`);
    passed.push(...names);
    save(kept);
  };
  const needed = (kind: Kind) => faults.filter((fault) => !known(kept, fault, kind));
  const left = (names: readonly string[]) =>
    [...new Set(names)].filter((name) => !passed.includes(name));
  for (const name of left(needed('proofs').flatMap(({ proofs }) => proofs))) {
    await pass([name], () => runProofs([name]));
  }
  if (needed('fuzz').length > 0 && !passed.includes('fuzz')) {
    await buildCard();
    await pass(['fuzz'], runFuzz);
  }
  const files = left(needed('tests').flatMap(({ tests }) => tests));
  if (files.length > 0) await pass(files, () => runTests(files));
}

/** Runs what is not known yet of a fault. */
async function tryOut(kept: Kept, fault: Fault): Promise<void> {
  await planted(fault, async () => {
    const run: Record<Kind, () => Promise<Check>> = {
      tests: () => runTests(fault.tests),
      fuzz: runFuzz,
      proofs: () => runProofs(fault.proofs),
    };
    const kinds = KINDS.filter((kind) => !known(kept, fault, kind));
    if (kinds.some((kind) => kind !== 'proofs')) await buildCard();
    for (const kind of kinds) {
      const check = await run[kind]();
      say(`  ${kind.padEnd(8)}${check.verdict.padEnd(8)}${check.by.split('\n')[0]}`);
      kept.faults[fault.name] = {
        ...kept.faults[fault.name],
        [kind]: { key: keyOf(fault, kind), ...check },
      };
      save(kept);
    }
  });
}

function resultOf(kept: Kept, fault: Fault): Tried {
  const plain = (kind: Kind): Check => {
    const check = kept.faults[fault.name]?.[kind];
    if (check === undefined) throw new CheckError(`${fault.name}: no verdict of the ${kind}`);
    return { verdict: check.verdict, by: check.by };
  };
  return {
    fault,
    result: { tests: plain('tests'), fuzz: plain('fuzz'), proofs: plain('proofs') },
  };
}

async function main(): Promise<number> {
  const values = readOptions(USAGE, {
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    write: { type: 'string' },
  });
  const { only } = values;
  const unknown = only.find((name) => !FAULTS.some((fault) => fault.name === name));
  if (unknown !== undefined) {
    say(`There is no fault "${unknown}": ${FAULTS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const faults = FAULTS.filter(({ name }) => only.length === 0 || only.includes(name));
  for (const fault of faults) withFault(fault, pristine(fault));

  mkdirSync(HOME, { recursive: true });
  const kept = load();
  for (const { name } of faults) if (only.length > 0) delete kept.faults[name];
  const pending = faults.filter((fault) => KINDS.some((kind) => !known(kept, fault, kind)));
  if (pending.length > 0) {
    makeCopy();
    await control(kept, pending);
  }
  for (const [index, fault] of pending.entries()) {
    say(`${index + 1} of ${pending.length}: ${fault.name} (${fault.file}): ${fault.wrong}`);
    await tryOut(kept, fault);
    if (catches(resultOf(kept, fault)).length === 0) say('  NOT CAUGHT');
  }
  const tried = faults.map((fault) => resultOf(kept, fault));
  if (values.json) {
    const plain = tried.map(({ fault, result }) => ({ ...fault, ...result }));
    process.stdout.write(`${JSON.stringify({ schema: 'vidline.mutations/1', faults: plain })}\n`);
  } else {
    process.stdout.write(`${table(tried)}\n`);
  }
  if (values.write !== undefined) writeFileSync(values.write, page(tried));
  return tried.every((each) => catches(each).length > 0) ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopRunning();
    process.exit(3);
  });
}
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof CheckError || error instanceof ToolError)) throw error;
  say(error.message);
  process.exitCode = 3;
}
