#!/usr/bin/env node
/**
 * Gets a machine ready for one of the project's commands, before anything else of it runs: tools
 * from the distribution, then the packages of package-lock.json. Plain JavaScript without imports
 * from outside Node, since node_modules may not exist yet.
 *
 *   node sim/prepare.mjs demo|test|bench [--dry-run] [--optional]
 *
 * --dry-run   say what is missing and how it would be had; change nothing
 * --optional  install also what the purpose can do without
 *
 * Exit status: 0 ready; 2 wrong use; 3 something is missing and could not be installed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MINIMUM_NODE = [20, 11];
const PURPOSES = ['demo', 'test', 'bench'];

/**
 * Tools, each with the Debian and Ubuntu package that has it and what it is wanted for.
 * `file` instead of `command`: a header. `network`: wanted only for real network interfaces, which
 * the demo can do without (in-memory ports). `optional`: a purpose that works without it.
 */
export const TOOLS = [
  { command: 'verilator', package: 'verilator', why: 'turns the card into C++', minimum: [5, 6] },
  { command: 'g++', package: 'g++', why: 'compiles the card and the addon' },
  { file: '/usr/include/zlib.h', package: 'zlib1g-dev', why: 'waveforms (FST) are compressed' },
  {
    command: 'sipp',
    package: 'sip-tester',
    why: 'the SIP client that makes the calls',
    network: true,
  },
  { command: 'ip', package: 'iproute2', why: 'makes network namespaces and veths', network: true },
  { command: 'ethtool', package: 'ethtool', why: 'switches offloads of veths off', network: true },
  {
    command: 'yosys',
    package: 'yosys',
    why: 'checks that the card can be synthesised',
    only: ['test'],
  },
  {
    command: 'python3',
    package: 'python3',
    why: 'sends and hears raw frames in the tests of network interfaces',
    only: ['test'],
  },
  {
    command: 'sgsnemu',
    package: 'osmo-ggsn',
    why: 'the SGSN that opens contexts at our gateways',
    only: ['test'],
    network: true,
  },
  {
    command: 'tshark',
    package: 'tshark',
    why: 'a second opinion on the frames that the tests write',
    only: ['test'],
    optional: true,
  },
  {
    command: 'openFPGALoader',
    package: 'openfpgaloader',
    why: 'says whether it knows our boards',
    only: ['test'],
    optional: true,
  },
];

/** Where a command lies on the search path, or undefined. Debian keeps some in /usr/sbin. */
export function which(command, path = process.env.PATH ?? '') {
  for (const folder of [...path.split(delimiter), '/usr/sbin', '/sbin']) {
    if (folder === '') continue;
    const file = join(folder, command);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/** True when the dotted version `have` is at least `[major, minor]`. */
export function atLeast(have, minimum) {
  const [major = 0, minor = 0] = have.split('.').map((part) => Number.parseInt(part, 10));
  return major > minimum[0] || (major === minimum[0] && minor >= minimum[1]);
}

/** What is wrong with a tool, in words, or undefined. */
function fault(tool, path) {
  if (tool.file) return existsSync(tool.file) ? undefined : 'not there';
  const found = which(tool.command, path);
  if (!found) return 'not there';
  if (!tool.minimum) return undefined;
  const said = spawnSync(found, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const version = /\d+\.\d+/.exec(said)?.[0];
  if (version === undefined) return `${found} does not say its version`;
  if (atLeast(version, tool.minimum)) return undefined;
  const [major, minor] = tool.minimum;
  return `${found} is version ${version}, older than ${major}.${String(minor).padStart(3, '0')}`;
}

/** The tools that a purpose lacks, each with `fault` in words. */
export function missingTools(purpose, { optional = false, path = process.env.PATH } = {}) {
  return TOOLS.filter((tool) => !tool.only || tool.only.includes(purpose))
    .filter((tool) => optional || !tool.optional)
    .map((tool) => ({ ...tool, fault: fault(tool, path) }))
    .filter((tool) => tool.fault !== undefined);
}

/**
 * Why node_modules does not fit the lock file, in words, or undefined when it fits. Compares what
 * npm noted when it installed (node_modules/.package-lock.json) with the lock: times of files say
 * nothing after a clone or a change of branch.
 */
export function packagesFault(root) {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return 'node_modules is not there';
  let have;
  try {
    have = JSON.parse(readFileSync(installed, 'utf8')).packages ?? {};
  } catch {
    return 'node_modules/.package-lock.json cannot be read';
  }
  const want = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  for (const [path, entry] of Object.entries(want)) {
    if (path === '' || entry.link) continue;
    const name = path.replace(/^.*node_modules\//, '');
    if (have[path] === undefined) {
      // Binaries for other machines stand in the lock and are rightly not installed.
      if (entry.optional || entry.devOptional || entry.peer) continue;
      return `${name} is not installed`;
    }
    if (have[path].version !== entry.version) {
      return `${name} is ${have[path].version}, the lock file says ${entry.version}`;
    }
  }
  return undefined;
}

/** TypeScript runs through tsx, whose compiler is esbuild's program for this very machine. */
function esbuildFault(root) {
  const program = join(
    root,
    'node_modules/@esbuild',
    `${process.platform}-${process.arch}`,
    'bin/esbuild',
  );
  if (!existsSync(program)) {
    return `esbuild has no program for ${process.platform}-${process.arch} in node_modules`;
  }
  const run = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? undefined : `${program} does not run: ${run.error ?? run.stderr}`;
}

const say = (line) => process.stderr.write(`${line}\n`);

class Missing extends Error {}

/** Runs a program with its output on ours; throws Missing when it fails. */
function run(command, args, env = {}) {
  say(`  $ ${[command, ...args].join(' ')}`);
  // Standard output is for data of the command that follows; what installers say is progress.
  const done = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['inherit', 2, 2],
    env: { ...process.env, ...env },
  });
  if (done.error) throw new Missing(`${command} could not be started: ${done.error.message}`);
  if (done.status !== 0) throw new Missing(`${command} ended with status ${done.status}`);
}

/**
 * How apt-get can be called here: the words that stand before it, or why not.
 * @returns {{ prefix: string[], asks: boolean } | { reason: string }}
 */
function aptAccess() {
  if (!which('apt-get')) {
    return { reason: 'this is not a Debian or Ubuntu system (there is no apt-get)' };
  }
  if (process.getuid?.() === 0) return { prefix: [], asks: false };
  const sudo = which('sudo');
  if (!sudo) return { reason: 'this needs root, and there is no sudo' };
  if (spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' }).status === 0) {
    return { prefix: [sudo], asks: false };
  }
  if (process.stdin.isTTY) return { prefix: [sudo], asks: true };
  return { reason: 'this needs root, and sudo wants a password but there is no terminal' };
}

/** True when apt knows a version of every package; false after a fresh installation (no lists). */
function aptKnows(packages) {
  const policy = spawnSync('apt-cache', ['policy', ...packages], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  }).stdout;
  return packages.every((name) => {
    const entry = policy.split(/^(?=\S)/m).find((text) => text.startsWith(`${name}:\n`));
    return entry !== undefined && !/Candidate: \(none\)/.test(entry);
  });
}

function aptInstall(packages, prefix) {
  // env after sudo, since sudo keeps no variables of ours.
  const apt = (args) => {
    const words = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    run(words[0], words.slice(1));
  };
  // Another apt (a first-boot update) may hold the lock for a while.
  const install = ['-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends'];
  if (!aptKnows(packages)) apt(['update']);
  try {
    apt([...install, ...packages]);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    say("  that failed; apt's lists may be out of date, once more with new ones");
    apt(['update']);
    apt([...install, ...packages]);
  }
}

function prepareTools(purpose, { dryRun, optional }) {
  const missing = missingTools(purpose, { optional });
  if (missing.length === 0) return true;
  say(
    `For ${purpose === 'demo' ? 'the demo' : `npm ${purpose === 'test' ? 'test' : 'run bench'}`} this machine lacks:`,
  );
  for (const tool of missing) {
    say(`  ${tool.command ?? tool.file}: ${tool.fault}; ${tool.why} (package ${tool.package})`);
  }
  const packages = [...new Set(missing.map((tool) => tool.package))];
  const access = aptAccess();
  const byHand = `sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`;
  if (dryRun) {
    say(
      access.reason
        ? `It cannot be installed from here: ${access.reason}.`
        : `Would install: ${packages.join(' ')}`,
    );
    return false;
  }
  if (access.reason) {
    if (purpose === 'demo' && missing.every((tool) => tool.network)) {
      // The card itself can be built; the demo then says what it is not.
      say(`It cannot be installed from here: ${access.reason}. The demo goes on without real`);
      say(`network interfaces. For the real thing: ${byHand}`);
      return true;
    }
    throw new Missing(`${access.reason}. Install by hand, then try again:\n  ${byHand}`);
  }
  say(
    access.asks
      ? 'Installing with apt-get; sudo may ask for your password:'
      : 'Installing with apt-get:',
  );
  try {
    aptInstall(packages, access.prefix);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    throw new Missing(`${error.message}. Install by hand, then try again:\n  ${byHand}`);
  }
  const left = missingTools(purpose, { optional });
  if (left.length === 0) return true;
  const first = left[0];
  throw new Missing(
    `after installing ${first.package}, ${first.command ?? first.file} is still not right: ${first.fault}.\n` +
      '  An older one may come first on the search path (PATH), or this release is too old:\n' +
      '  Debian 12 or 13 and Ubuntu 24.04 have all that is needed.',
  );
}

function preparePackages({ dryRun }) {
  const wrong = packagesFault(ROOT);
  if (wrong && dryRun) {
    say(`Would call npm ci: ${wrong}.`);
    return false;
  }
  if (wrong) {
    say(`Installing the packages of package-lock.json: ${wrong}.`);
    // No package needs its install script: esbuild's only checks itself, and the addon is built by
    // a command of ours, since newer npm versions hold install scripts back anyway.
    run('npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']);
  }
  const compiler = esbuildFault(ROOT);
  if (compiler) {
    throw new Missing(`${compiler}.\n  Remove node_modules and try again on this machine.`);
  }
  return true;
}

function main(args) {
  const purpose = args[0];
  const options = args.slice(1);
  const unknown = options.find((option) => !['--dry-run', '--optional'].includes(option));
  if (!PURPOSES.includes(purpose) || unknown) {
    say(unknown ? `Unknown option ${unknown}.` : `What for: ${PURPOSES.join(', ')}?`);
    say('Use: node sim/prepare.mjs demo|test|bench [--dry-run] [--optional]');
    return 2;
  }
  if (!atLeast(process.versions.node, MINIMUM_NODE)) {
    say(`This is Node ${process.versions.node}; vidline needs ${MINIMUM_NODE.join('.')} or newer.`);
    say('Debian 13 has Node 20 (apt-get install nodejs npm); https://nodejs.org has all others.');
    return 3;
  }
  const how = { dryRun: options.includes('--dry-run'), optional: options.includes('--optional') };
  try {
    const tools = prepareTools(purpose, how);
    const packages = preparePackages(how);
    return tools && packages ? 0 : 3;
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    say(`Not ready: ${error.message}`);
    return 3;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.slice(2));
}
