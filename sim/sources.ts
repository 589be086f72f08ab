/** What the simulated card is compiled from, and with which flags. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Configuration } from '../hdl/configuration.ts';
import { ROOT } from '../hdl/configuration.ts';
import type { Compilation } from './compile.ts';

export const NATIVE = resolve(ROOT, 'sim/native');

/** Everything that looks at pins or threads, but no door: addon.cc and bench_main.cc are the doors. */
const PARTS = [
  'card',
  'checksum',
  'interface_port',
  'memory_port',
  'observer',
  'outbox',
  'phy',
  'register_bus',
  'streams',
  'uart_port',
  'worker',
  'worker_calls',
  'worker_statistics',
];

export const VERILATOR_FLAGS = [
  '--cc',
  '-O3',
  '--assert',
  '--unroll-count',
  '256', // comparisons of 68 pairs of bits are a loop else
  '--no-timing', // the card has no delays; without this newer Verilators want C++20 coroutines
  '--x-assign',
  'fast',
  '--x-initial',
  'unique', // what has no reset starts with values from the card's seed
  // `npm run lint` is where warnings fail. Not -Wno-fatal: it would let the card's own $error over
  // impossible parameters pass.
  '-Wno-lint',
  '-Wno-style',
  '--prefix',
  'Vlinecard', // whatever is on top
];

export const CXX_FLAGS = [
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

export const LINK_FLAGS = ['-pthread', '-Wl,-Bsymbolic'];

/** A folder's files with that ending, sorted, with their folder. */
export function files(folder: string, ending: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

export const texts = (paths: readonly string[]): string =>
  paths.map((path) => readFileSync(path, 'utf8')).join('\0');

/** Folder of an npm package. */
export function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

/** Of an addon's door to Node. */
export const ADDON_FLAGS = [
  `-isystem${packageFolder('node-addon-api')}`,
  `-isystem${join(packageFolder('node-api-headers'), 'include')}`,
  '-DNAPI_VERSION=8',
  '-DNAPI_CPP_EXCEPTIONS',
];

export interface Place {
  readonly configuration: Configuration;
  readonly trace: boolean;
  /** UART_STEP of a card with its host on the serial line; 0: on its pins. */
  readonly uartStep: number;
  readonly quick: boolean;
  /** A board's core, with PHYs at its pins. */
  readonly board: { readonly clockKhz: number; readonly rmii: boolean } | undefined;
  /** Where Verilator put the model. */
  readonly model: string;
  /** Where card_constants.h lies. */
  readonly constants: string;
  /** Verilator's runtime. */
  readonly runtime: string;
  /** Versions of the tools. */
  readonly tools: readonly string[];
}

export interface Sources {
  /** What addon and benchmark share. */
  readonly shared: Compilation[];
  readonly addon: Compilation;
  readonly bench: Compilation;
}

export function sources(place: Place): Sources {
  const { configuration, trace, uartStep, board, quick, model, constants, runtime, tools } = place;
  const nativeHeaders = texts([...files(NATIVE, '.h'), ...files(constants, '.h')]);
  const salt = [...tools, nativeHeaders].join('\0');
  const modelSalt = salt + texts(files(model, '.h'));
  const plain = [...CXX_FLAGS, '-Wall', '-Wextra', `-I${NATIVE}`, `-I${constants}`];
  const verilated = [
    ...CXX_FLAGS,
    '-include',
    join(NATIVE, 'verilator_hooks.h'),
    `-I${NATIVE}`,
    `-I${constants}`,
    `-isystem${runtime}`,
    `-isystem${join(runtime, 'vltstd')}`,
    `-DVM_TRACE=${Number(trace)}`,
    `-DVM_TRACE_FST=${Number(trace)}`,
    '-DVM_TRACE_VCD=0',
    '-DVM_COVERAGE=0',
    '-DVM_SC=0',
  ];
  const ofModel = [...verilated, `-I${model}`];
  const { PORTS, DATA_WIDTH } = configuration.parameters;
  const runtimeParts = ['verilated', 'verilated_threads', ...(trace ? ['verilated_fst_c'] : [])];
  const door = (name: string, flags: readonly string[] = []) => ({
    source: join(NATIVE, name),
    flags: [...plain, ...flags],
    salt,
  });
  return {
    shared: [
      ...files(model, '.cpp').map((source) => ({
        source,
        flags: [...ofModel, ...(source.endsWith('__Slow.cpp') ? ['-O0'] : quick ? ['-O1'] : [])],
        salt: modelSalt,
      })),
      {
        source: join(NATIVE, board ? 'board_model.cc' : 'card_model.cc'),
        flags: [
          ...ofModel,
          `-DVIDLINE_PORTS=${PORTS}`,
          `-DVIDLINE_DATA_WIDTH=${DATA_WIDTH}`,
          `-DVIDLINE_UART_STEP=${uartStep}`,
          ...(board
            ? [`-DVIDLINE_CLOCK_KHZ=${board.clockKhz}`, `-DVIDLINE_RMII=${Number(board.rmii)}`]
            : []),
        ],
        salt: modelSalt,
      },
      ...runtimeParts.map((name) => ({
        source: join(runtime, `${name}.cpp`),
        flags: verilated,
        salt,
      })),
      { source: join(NATIVE, 'verilator_hooks.cc'), flags: verilated, salt },
      ...PARTS.map((name) => door(`${name}.cc`)),
    ],
    addon: door('addon.cc', ADDON_FLAGS),
    bench: door('bench_main.cc'),
  };
}
