/** Builds the software router as an addon, where it is not there yet. */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from '../../hdl/configuration.ts';
import { compile, run } from '../../sim/compile.ts';
import { withLock } from '../../sim/lock.ts';
import { ADDON_FLAGS, CXX_FLAGS, files, LINK_FLAGS, texts } from '../../sim/sources.ts';
import { constantsHeader } from './constants.ts';

const NATIVE = resolve(ROOT, 'host/router/native');
const BUILD = resolve(ROOT, 'build/router');

/** Path of the addon, built once however many ask at a time. Rejects with `BuildError`. */
export async function ensureRouter(): Promise<string> {
  const sources = files(NATIVE, '.cc');
  const constants = constantsHeader();
  const compiler = await run('g++', ['--version']);
  const salt = [compiler, constants, texts(files(NATIVE, '.h'))].join('\0');
  const flags = [...CXX_FLAGS, '-Wall', '-Wextra', `-I${NATIVE}`];
  const hash = createHash('sha256').update(salt).update(texts(sources));
  const key = hash
    .update(JSON.stringify([flags, ADDON_FLAGS, LINK_FLAGS]))
    .digest('hex')
    .slice(0, 16);
  const target = join(BUILD, `router-${key}.node`);
  if (existsSync(target)) return target;
  await withLock(join(BUILD, 'lock'), async () => {
    if (existsSync(target)) return;
    process.stderr.write('Building the software router (once; kept in build/router)\n');
    const include = join(BUILD, `include-${key}`);
    mkdirSync(include, { recursive: true });
    writeFileSync(join(include, 'router_constants.h'), constants);
    const list = sources.map((source) => ({
      source,
      flags: [
        ...flags,
        `-I${include}`,
        ...(/(addon|measure)\.cc$/.test(source) ? ADDON_FLAGS : []),
      ],
      salt,
    }));
    const objects = await compile(list, join(BUILD, 'objects'));
    const partial = `${target}.${process.pid}`;
    await run('g++', [...LINK_FLAGS, '-shared', ...objects, '-o', partial]);
    renameSync(partial, target); // whole or not at all
  });
  return target;
}
