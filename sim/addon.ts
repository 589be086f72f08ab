/** Builds an addon that is one C++ file, for who needs a system call that Node does not have. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ROOT } from '../hdl/configuration.ts';
import { compile, run } from './compile.ts';
import { withLock } from './lock.ts';
import { ADDON_FLAGS, CXX_FLAGS, LINK_FLAGS } from './sources.ts';

const BUILD = resolve(ROOT, 'build/native');

/**
 * Path of the addon that `source` makes; built where it is not there yet, once however many ask at a
 * time. Rejects with `BuildError` where g++ is missing or fails.
 */
export async function ensureAddon(source: string): Promise<string> {
  const flags = [...CXX_FLAGS, '-Wall', '-Wextra', ...ADDON_FLAGS];
  const key = createHash('sha256').update(readFileSync(source)).update(JSON.stringify(flags));
  const name = basename(source, '.cc');
  const target = join(BUILD, `${name}-${key.digest('hex').slice(0, 16)}.node`);
  if (existsSync(target)) return target;
  await withLock(join(BUILD, `${name}.lock`), async () => {
    if (existsSync(target)) return;
    const salt = await run('g++', ['--version']);
    const objects = await compile([{ source, flags, salt }], join(BUILD, 'objects'));
    const partial = `${target}.${process.pid}`;
    await run('g++', [...LINK_FLAGS, '-shared', ...objects, '-o', partial]);
    renameSync(partial, target); // whole or not at all
  });
  return target;
}
