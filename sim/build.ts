/**
 * Builds the simulated card: Verilator makes C++ of the RTL, g++ makes an addon of it.
 *
 *   npx tsx sim/build.ts [--configuration NAME] [--trace] [--bench]
 *
 * g++ is called directly, not through node-gyp: an addon is one shared object, Node-API is a stable
 * C interface whose headers come from the package node-api-headers, and so nothing depends on where
 * (or whether) a distribution installs Node's headers, and nothing is downloaded while building.
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
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Design } from '../hdl/configuration.ts';
import { buildId, cardDesign, ROOT, readConfiguration } from '../hdl/configuration.ts';
import { constantsHeader } from './card-constants.ts';
import type { Compilation } from './compile.ts';
import { compile, run } from './compile.ts';
import { withLock } from './lock.ts';

/** A small module with the card's pins, for tests of the simulation itself. */
export interface StandIn extends Design {
  /** Parameters of the configuration that it has. */
  readonly parameters: readonly string[];
}

export interface BuildOptions {
  /** Name in hdl/configurations.yaml. */
  readonly configuration: string;
  /** The variant that can write waveforms; a third slower even where it writes none. */
  readonly trace?: boolean;
  /** Also the model in a plain C++ program, for the benchmark. */
  readonly bench?: boolean;
  /** What to build in place of the card. */
  readonly standIn?: StandIn;
}

export interface Built {
  readonly addonPath: string;
  /** What the card reports as `build_id`. */
  readonly buildId: number;
  /** With `bench`: the program. */
  readonly benchPath?: string;
}

const NATIVE = resolve(ROOT, 'sim/native');
const BUILD = resolve(ROOT, 'build/sim');

/** Everything that looks at pins or threads, but no door: addon.cc and bench_main.cc are the doors. */
const PARTS = [
  'card',
  'checksum',
  'interface_port',
  'memory_port',
  'observer',
  'outbox',
  'register_bus',
  'streams',
  'worker',
  'worker_statistics',
].map((name) => `${name}.cc`);

const VERILATOR_FLAGS = [
  '--cc',
  '-O3',
  '--assert',
  '--no-timing', // the card has no delays; without this newer Verilators want C++20 coroutines
  '--x-assign',
  'fast',
  '--x-initial',
  'unique', // what has no reset starts with values from the card's seed
  '-Wno-lint', // `npm run lint` is where warnings fail
  '-Wno-style',
  '-Wno-fatal',
  '--top-module',
  'linecard',
  '--prefix',
  'Vlinecard',
];

const CXX_FLAGS = [
  '-std=gnu++17',
  '-O3',
  '-fPIC',
  // Two addons in one process (two configurations) hold the same class names: nothing of one may
  // be bound to the other.
  '-fvisibility=hidden',
  '-fvisibility-inlines-hidden',
  '-fno-gnu-unique',
  '-pthread',
];

const LINK_FLAGS = ['-pthread', '-Wl,-Bsymbolic'];

/** Folder of an npm package. */
function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A folder's files with that ending, sorted, with their folder. */
function files(folder: string, ending: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

const texts = (paths: readonly string[]) =>
  paths.map((path) => readFileSync(path, 'utf8')).join('\0');

/**
 * Builds what is not there already; a second call with the same sources does nothing. Rejects with
 * `BuildError` where a tool is missing or fails, with what it said.
 */
export async function ensureBuilt(options: BuildOptions): Promise<Built> {
  const { trace = false, bench = false } = options;
  const design = options.standIn ?? cardDesign();
  const configuration = readConfiguration(options.configuration);
  const id = buildId(configuration, design);
  const headers = files(NATIVE, '.h');
  const tools = [await run('verilator', ['--version']), await run('g++', ['--version'])];
  const napi = packageFolder('node-addon-api');
  const nodeApi = packageFolder('node-api-headers');
  const constants = constantsHeader();

  const key = createHash('sha256')
    .update(
      JSON.stringify([id, configuration, trace, tools, VERILATOR_FLAGS, CXX_FLAGS, LINK_FLAGS]),
    )
    .update(texts([...headers, ...files(NATIVE, '.cc')]))
    .update(texts([napi, nodeApi].map((folder) => join(folder, 'package.json'))))
    .update(constants)
    .digest('hex')
    .slice(0, 16);
  const variant = `${configuration.name}${trace ? '-trace' : ''}`;
  const home = join(BUILD, design.name === 'linecard' ? variant : `${design.name}-${variant}`);
  const target = join(home, key);
  const built: Built = {
    addonPath: join(target, 'vidline.node'),
    buildId: id,
    ...(bench ? { benchPath: join(target, 'bench') } : {}),
  };
  const complete = () =>
    existsSync(built.addonPath) && (!bench || existsSync(join(target, 'bench')));
  if (complete()) return built;

  return withLock(`${home}.lock`, async () => {
    if (complete()) return built;
    const start = Date.now();
    const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
    progress(`Building the simulated card, configuration ${variant} (once; kept in build/):`);

    const model = join(target, 'model');
    mkdirSync(model, { recursive: true });
    const parameters: Record<string, number | string> = {
      ...configuration.parameters,
      CONFIGURATION_ID: configuration.id,
      BUILD_ID: `32'h${id.toString(16)}`,
    };
    await run('verilator', [
      ...VERILATOR_FLAGS,
      ...(trace ? ['--trace-fst', '--trace-structs'] : []),
      ...Object.entries(parameters)
        .filter(([name]) => options.standIn?.parameters.includes(name) ?? true)
        .map(([name, value]) => `-G${name}=${value}`),
      '-Mdir',
      model,
      ...design.files,
    ]);
    progress(`  Verilator: the RTL as C++, ${seconds()}`);

    const verilatorRoot = (await run('verilator', ['--getenv', 'VERILATOR_ROOT'])).trim();
    const runtime = join(verilatorRoot, 'include');
    writeFileSync(join(model, 'card_constants.h'), constants);
    const nativeSalt = [tools[1], constants, texts(headers)].join('\0');
    const modelFlags = [
      ...CXX_FLAGS,
      '-include',
      join(NATIVE, 'verilator_hooks.h'),
      `-I${model}`,
      `-I${NATIVE}`,
      `-isystem${runtime}`,
      `-isystem${join(runtime, 'vltstd')}`,
      `-DVM_TRACE=${Number(trace)}`,
      `-DVM_TRACE_FST=${Number(trace)}`,
      '-DVM_TRACE_VCD=0',
      '-DVM_COVERAGE=0',
      '-DVM_SC=0',
    ];
    const withModel = texts(files(model, '.h')) + tools.join('\0') + texts(headers);
    const list: Compilation[] = [];
    const add = (source: string, flags: readonly string[], salt: string) =>
      list.push({ source, flags, salt });
    for (const source of files(model, '.cpp')) add(source, modelFlags, withModel);
    for (const name of ['verilated', 'verilated_threads', ...(trace ? ['verilated_fst_c'] : [])]) {
      // `model` stands in the flags: leave it out where it is not looked at, so that objects last.
      const flags = modelFlags.filter((flag) => flag !== `-I${model}`);
      add(join(runtime, `${name}.cpp`), flags, tools.join('\0') + texts(headers));
    }
    const shape = configuration.parameters;
    add(
      join(NATIVE, 'card_model.cc'),
      [...modelFlags, `-DVIDLINE_PORTS=${shape.PORTS}`, `-DVIDLINE_DATA_WIDTH=${shape.DATA_WIDTH}`],
      withModel,
    );
    add(join(NATIVE, 'verilator_hooks.cc'), modelFlags, nativeSalt);
    const constantsFolder = join(
      BUILD,
      'include',
      createHash('sha256').update(constants).digest('hex').slice(0, 8),
    );
    mkdirSync(constantsFolder, { recursive: true });
    writeFileSync(join(constantsFolder, 'card_constants.h'), constants);
    const plain = [...CXX_FLAGS, '-Wall', '-Wextra', `-I${NATIVE}`, `-I${constantsFolder}`];
    for (const part of PARTS) add(join(NATIVE, part), plain, nativeSalt);
    const addonAt = list.length;
    add(
      join(NATIVE, 'addon.cc'),
      [
        ...plain,
        `-isystem${napi}`,
        `-isystem${join(nodeApi, 'include')}`,
        '-DNAPI_VERSION=8',
        '-DNAPI_CPP_EXCEPTIONS',
      ],
      nativeSalt + texts([join(napi, 'package.json'), join(nodeApi, 'package.json')]),
    );
    if (bench) add(join(NATIVE, 'bench_main.cc'), plain, nativeSalt);

    const objects = await compile(list, join(BUILD, 'objects'));
    progress(`  g++: ${list.length} sources, ${seconds()}`);
    const shared = objects.slice(0, addonAt);
    const libraries = trace ? ['-lz'] : [];
    const link = async (flags: readonly string[], door: string | undefined, name: string) => {
      const partial = join(target, `${name}.${process.pid}`);
      await run('g++', [
        ...LINK_FLAGS,
        ...flags,
        ...shared,
        door as string,
        ...libraries,
        '-o',
        partial,
      ]);
      renameSync(partial, join(target, name));
    };
    await link(['-shared'], objects[addonAt], 'vidline.node');
    if (bench) await link([], objects[addonAt + 1], 'bench');
    rmSync(model, { recursive: true });
    for (const name of readdirSync(home)) removeOld(join(home, name), target);
    progress(`  done, ${seconds()}`);
    return built;
  });
}

/** Removes another build of the same variant, unless it is so young that somebody may be using it. */
function removeOld(folder: string, present: string): void {
  if (folder === present) return;
  const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > 3600 * 1000) rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      configuration: { type: 'string', default: 'sim' },
      trace: { type: 'boolean', default: false },
      bench: { type: 'boolean', default: false },
    },
  });
  const built = await ensureBuilt(values);
  process.stdout.write(`${JSON.stringify(built)}\n`);
  return 0;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().then(
    (status) => {
      process.exitCode = status;
    },
    (error: Error) => {
      process.stderr.write(`sim/build.ts: ${error.message}\n`);
      process.exitCode = error.name === 'TypeError' ? 2 : 6;
    },
  );
}
