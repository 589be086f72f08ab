/**
 * `npm run fpga:tools`: Yosys, nextpnr-ecp5 and the ECP5 data base as a private set in hdl/.tools, for
 * systems that do not package them: a small Debian 13 root (0.8 GB, one to two minutes). Nothing
 * outside of that folder changes; `rm -rf hdl/.tools` takes it away (with sudo where it came with sudo).
 *
 *   npm run fpga:tools [-- --force]    --force: also where the PATH has all tools
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './configuration.ts';
import { findTools, PRIVATE, shown, version } from './tools.ts';

const PACKAGES = [
  'yosys',
  'nextpnr-ecp5',
  'nextpnr-ecp5-chipdb',
  'fpga-trellis',
  'fpga-trellis-database',
];
const SUITE = 'trixie';

const { values } = parseArgs({ options: { force: { type: 'boolean', default: false } } });

function present(): boolean {
  try {
    const tools = findTools(['yosys', 'nextpnr-ecp5']);
    const versions = `${version(tools, 'yosys')}, ${version(tools, 'nextpnr-ecp5')}`;
    process.stderr.write(`${versions}: from ${tools.origin}\n`);
    return tools.origin === 'hdl/.tools' || !values.force;
  } catch {
    return false;
  }
}

function install(): number {
  const debootstrap = ['/usr/sbin/debootstrap', '/usr/bin/debootstrap'].find(existsSync);
  if (debootstrap === undefined) {
    process.stderr.write('debootstrap is missing: apt install debootstrap\n');
    return 3;
  }
  // Beside its place first, so that what is there is whole.
  const folder = mkdtempSync(join(ROOT, 'hdl', '.tools-'));
  const root = process.getuid?.() === 0;
  const words = [
    ...(root ? [] : ['sudo']),
    debootstrap,
    '--variant=minbase',
    `--include=${PACKAGES.join(',')}`,
    SUITE,
    folder,
  ];
  process.stderr.write(`${words.join(' ')}\n`);
  const { status } = spawnSync(words[0] ?? '', words.slice(1), {
    stdio: ['inherit', process.stderr, process.stderr],
  });
  if (status !== 0) {
    process.stderr.write(
      `debootstrap ended with status ${status}; its log, if any: ${shown(folder)}/debootstrap/debootstrap.log\n`,
    );
    return 3;
  }
  if (!root) spawnSync('sudo', ['chown', '-R', `${process.getuid?.()}`, folder]);
  rmSync(PRIVATE, { recursive: true, force: true });
  renameSync(folder, PRIVATE);
  return present() ? 0 : 3;
}

process.exitCode = present() ? 0 : install();
