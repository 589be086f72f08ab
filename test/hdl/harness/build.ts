/**
 * Builds modules of the card for tests: Verilator makes C++ of each, one call of g++ makes one
 * addon of all that a test file asks for. A build is kept in build/hdl-test by what it was made
 * from; the same sources are not built again.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, run } from '../../../sim/compile.ts';
import { withLock } from '../../../sim/lock.ts';
import type { Door } from './dut.ts';
import { Dut } from './dut.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BUILD = resolve(ROOT, 'build/hdl-test');
const DOOR = fileURLToPath(new URL('door.cc', import.meta.url));
/** Where modules are read; another copy shows whether the tests notice what is changed in it. */
const RTL = resolve(ROOT, process.env.VIDLINE_TEST_RTL ?? 'hdl/rtl');
export const PACKAGES = [
  resolve(ROOT, 'hdl/generated/linecard_regs_pkg.sv'),
  resolve(ROOT, 'hdl/generated/serial_pkg.sv'),
  join(RTL, 'linecard_pkg.sv'),
  join(RTL, 'mac/mac_pkg.sv'),
];

export interface ModelSpec {
  readonly module: string;
  readonly parameters?: Readonly<Record<string, number>>;
}

/** Makes an instance in reset-less, random state; the same seed gives the same state. */
export type Make = (seed?: number) => Dut;

const VERILATOR_FLAGS = [
  '--cc',
  '--assert',
  '--no-timing',
  '--x-assign',
  'unique',
  '--x-initial',
  'unique',
  '-Wno-lint', // `npm run lint` is where warnings fail
  '-Wno-style',
  '-Wno-SYMRSVDWORD', // a rule's field `override`; Verilator gives it another name in C++
];
// Compiling costs more than running: the tests take few clocks.
const CXX_FLAGS = [
  '-std=gnu++17',
  '-O0',
  '-fPIC',
  '-fvisibility=hidden',
  '-fvisibility-inlines-hidden',
  '-fno-gnu-unique',
  '-pthread',
];

/** File of each module. */
const MODULES = new Map(
  [RTL, join(RTL, 'mac')].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.sv'))
      .map((name) => [basename(name, '.sv'), join(folder, name)] as const),
  ),
);

function modulePath(module: string): string {
  const path = MODULES.get(module);
  if (path === undefined) throw new RangeError(`there is no module ${module} in ${RTL}`);
  return path;
}

/** A module's file and those of all modules that it has instances of. Modules bear common words' names. */
function sources(module: string): string[] {
  const found = new Set([module]);
  for (const name of found) {
    const text = readFileSync(modulePath(name), 'utf8').replace(/\/\/.*/g, '');
    const instances = text.matchAll(/\b(\w+)\s+(?:#\s*\(|\w+\s*\()/g);
    const words = new Set([...instances].map(([, word]) => word));
    for (const other of MODULES.keys()) if (words.has(other)) found.add(other);
  }
  return [...found].sort().map(modulePath);
}

function verilatorArguments({ module, parameters = {} }: ModelSpec): string[] {
  return [
    ...VERILATOR_FLAGS,
    '--top-module',
    module,
    ...Object.entries(parameters).map(([name, value]) => `-G${name}=${value}`),
    ...PACKAGES,
    ...sources(module),
  ];
}

/** Rejects with Verilator's words where the parameters do not elaborate. */
export async function elaborate(spec: ModelSpec): Promise<void> {
  const flags = verilatorArguments(spec).filter((flag) => flag !== '--cc');
  await run('verilator', ['--lint-only', ...flags]);
}

/** The list of a model's ports, out of the header that Verilator wrote. */
function makerOf(prefix: string, header: string): string {
  const ports: string[] = [];
  let clock = '';
  for (const match of header.matchAll(/VL_(IN|OUT)(?:8|16|64|W)?\(&(\w+),(\d+),(\d+)/g)) {
    const [, direction, name, high, low] = match;
    if (name === 'clk_i') {
      clock = 'model->clock = &model->top->clk_i;';
      continue;
    }
    const width = Number(high) - Number(low) + 1;
    ports.push(`{"${name}", ${width}, ${direction === 'IN'}, &model->top->${name}}`);
  }
  return `{"${prefix}", [](int seed) -> Model* {
    auto* model = new ModelOf<V${prefix}>(seed);
    model->ports = {${ports.join(', ')}};
    ${clock}
    return model;
  }}`;
}

async function buildAddon(
  models: Readonly<Record<string, ModelSpec>>,
  folder: string,
  salt: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const includes: string[] = [];
  const makers: string[] = [];
  for (const [name, spec] of Object.entries(models)) {
    const out = join(folder, name);
    await run('verilator', [...verilatorArguments(spec), '--prefix', `V${name}`, '-Mdir', out]);
    for (const file of readdirSync(out).sort()) {
      if (file.endsWith('.cpp')) includes.push(`#include "${join(out, file)}"`);
    }
    makers.push(makerOf(name, readFileSync(join(out, `V${name}.h`), 'utf8')));
  }
  writeFileSync(join(folder, 'modules.h'), `${includes.join('\n')}\n`);
  writeFileSync(join(folder, 'models.h'), `const Maker MODELS[] = {${makers.join(',\n')}};\n`);

  const runtime = join((await run('verilator', ['--getenv', 'VERILATOR_ROOT'])).trim(), 'include');
  const headers = dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'));
  const common = [...CXX_FLAGS, `-isystem${runtime}`, `-isystem${join(runtime, 'vltstd')}`];
  const doorFlags = [
    ...common,
    ...[folder, ...Object.keys(models).map((name) => join(folder, name))].map(
      (path) => `-I${path}`,
    ),
    `-isystem${join(headers, 'include')}`,
  ];
  const runtimeSources = ['verilated', 'verilated_threads'].map((name) => ({
    source: join(runtime, `${name}.cpp`),
    flags: common,
    salt: '',
  }));
  const objects = await compile(
    [{ source: DOOR, flags: doorFlags, salt }, ...runtimeSources],
    join(BUILD, 'objects'),
  );
  const addon = join(folder, 'models.node');
  await run('g++', ['-shared', '-pthread', '-Wl,-Bsymbolic', ...objects, '-o', `${addon}.new`]);
  renameSync(`${addon}.new`, addon);
  for (const name of Object.keys(models)) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Makers of the models, by their names (C++ identifiers). `group` names the folder: one for each
 * test file. Rejects with BuildError, with what the tool said, where a tool fails.
 */
export async function build<Name extends string>(
  group: string,
  models: Readonly<Record<Name, ModelSpec>>,
): Promise<Record<Name, Make>> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([models, VERILATOR_FLAGS, CXX_FLAGS]));
  hash.update(await run('verilator', ['--version'])).update(await run('g++', ['--version']));
  const list = Object.values<ModelSpec>(models);
  const files = new Set([...PACKAGES, ...list.flatMap(({ module }) => sources(module))]);
  for (const file of [DOOR, fileURLToPath(import.meta.url), ...files]) {
    hash.update(readFileSync(file));
  }
  const key = hash.digest('hex').slice(0, 16);
  const home = join(BUILD, group);
  const folder = join(home, key);
  const addon = join(folder, 'models.node');
  await withLock(`${home}.lock`, async () => {
    if (existsSync(addon)) return;
    await buildAddon(models, folder, key);
    for (const name of readdirSync(home)) {
      const age = Date.now() - statSync(join(home, name)).mtimeMs;
      if (name !== key && age > 3600 * 1000) rmSync(join(home, name), { recursive: true });
    }
  });
  const door = createRequire(import.meta.url)(addon) as Door;
  const makers = Object.keys(models).map((name) => [name, (seed = 1) => new Dut(door, name, seed)]);
  return Object.fromEntries(makers) as Record<Name, Make>;
}
