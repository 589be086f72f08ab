/**
 * Finds and runs the FPGA tools: Yosys, nextpnr and ecppack. What is on the PATH comes first; else a private
 * set under hdl/.tools (`npm run fpga:tools`), which is a small Debian root of its own, since Debian 12
 * and Ubuntu 24.04 package no nextpnr for ECP5. Nothing in `npm test` needs the private set.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve, sep } from 'node:path';
import { ROOT } from './configuration.ts';

/** The private set: a root folder with usr/bin and all libraries. Ignored by git. */
export const PRIVATE = join(ROOT, 'hdl', '.tools');

const TOOLS = ['yosys', 'nextpnr-ecp5', 'ecppack'] as const;
export type Tool = (typeof TOOLS)[number];

/** Which package brings what, for an error that helps. */
const HINTS: Readonly<Record<Tool, string>> = {
  yosys: 'package yosys (Debian 12 or newer, Ubuntu 24.04), or OSS CAD Suite',
  'nextpnr-ecp5':
    'package nextpnr-ecp5 (Debian 13), OSS CAD Suite, or `npm run fpga:tools` for a private set',
  ecppack:
    'package fpga-trellis (Debian 13), OSS CAD Suite, or `npm run fpga:tools` for a private set',
};

export class MissingTool extends Error {
  constructor(tool: Tool) {
    super(`${tool} is missing: ${HINTS[tool]}`);
  }
}

export interface Toolset {
  readonly origin: 'PATH' | 'hdl/.tools';
  /** Program and arguments that run a tool with files under their usual names. */
  command(tool: Tool, args: readonly string[]): { program: string; args: string[] };
}

/** A program of the PATH; undefined where there is none. */
export function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

const PATH_TOOLS: Toolset = {
  origin: 'PATH',
  command: (tool, args) => ({ program: tool, args: [...args] }),
};

// Mounts of a namespace of one's own end with the process. $1: the set; $2: this project; $3: where
// temporary files are; $4: working folder; then the command. /proc: Yosys finds its own files there.
const ENTER = `set -e
root=$1; project=$2; temporary=$3; folder=$4; shift 4
mount --rbind /proc "$root/proc"
mount --rbind "$project" "$root$project"
mount --rbind "$temporary" "$root$temporary"
exec chroot "$root" sh -c 'cd "$1" && shift && exec "$@"' sh "$folder" "$@"`;

const PRIVATE_TOOLS: Toolset = {
  origin: 'hdl/.tools',
  command(tool, args) {
    const project = ROOT.replace(/\/$/, '');
    for (const folder of [project, tmpdir()]) mkdirSync(join(PRIVATE, folder), { recursive: true });
    const flags = process.getuid?.() === 0 ? '-m' : '-rm';
    const places = [PRIVATE, project, tmpdir(), process.cwd()];
    return {
      program: 'unshare',
      args: [flags, 'sh', '-c', ENTER, 'sh', ...places, `/usr/bin/${tool}`, ...args],
    };
  },
};

/**
 * Tools of one origin that has all of `needed`. `preferred` are tools that make the better origin where
 * a choice is left: numbers of one page should come from one set. Throws MissingTool.
 */
export function findTools(needed: readonly Tool[], preferred: readonly Tool[] = needed): Toolset {
  const sets: [Toolset, (tool: Tool) => boolean][] = [
    [PATH_TOOLS, (tool) => onPath(tool) !== undefined],
    [PRIVATE_TOOLS, (tool) => existsSync(join(PRIVATE, 'usr', 'bin', tool))],
  ];
  for (const wanted of [[...needed, ...preferred], needed]) {
    const found = sets.find(([, has]) => wanted.every(has));
    if (found) return found[0];
  }
  throw new MissingTool(
    needed.find((tool) => !sets.some(([, has]) => has(tool))) ?? 'nextpnr-ecp5',
  );
}

/**
 * Runs a tool to its end. It prints thousands of lines: they go to `line`, and the last of them into
 * the error where it fails.
 */
export function run(
  tools: Toolset,
  tool: Tool,
  args: readonly string[],
  line: (text: string) => void = () => {},
): Promise<void> {
  const { program, args: words } = tools.command(tool, args);
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    let rest = '';
    const keep = (data: Buffer) => {
      const text = data.toString();
      tail = (tail + text).slice(-4000);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) line(one);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) =>
      reject(new Error(`${program} could not be started (${error.message}): ${HINTS[tool]}`)),
    );
    child.once('close', (status) => {
      if (rest !== '') line(rest);
      if (status === 0) resolve();
      else reject(new Error(`${tail}\n${tool} ended with status ${status}`));
    });
  });
}

/** Where Yosys of this origin keeps its libraries of cells. */
export function dataFolder({ origin }: Toolset): string {
  const program = origin === 'PATH' ? realpathSync(onPath('yosys') ?? '') : undefined;
  const bin = program === undefined ? join(PRIVATE, 'usr', 'bin') : dirname(program);
  return resolve(bin, '..', 'share', 'yosys');
}

/** The version as the tool states it, in a word or two. */
export function version(tools: Toolset, tool: Tool): string {
  const { program, args } = tools.command(tool, tool === 'yosys' ? ['-V'] : ['--version']);
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  const text = `${stdout ?? ''}${stderr ?? ''}`;
  const found = /(?:Yosys|Version)\s+(nextpnr-)?([0-9][^\s)]*)/.exec(text);
  return `${tool === 'yosys' ? 'Yosys' : tool} ${found?.[2] ?? '(version not known)'}`;
}

/** A path for messages: from the project's root where it lies there. */
export function shown(path: string): string {
  const short = relative(ROOT, path);
  return short.startsWith(`..${sep}`) ? path : short;
}
