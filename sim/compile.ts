/** Compiles C++ sources, several at a time, and keeps each object by what it was made from. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** A program that failed; the message has its last words. */
export class BuildError extends Error {
  readonly code = 'BUILD';
}

/** Runs a program, gathers what it says; rejects with BuildError when it fails or is not there. */
export function run(command: string, args: readonly string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        new BuildError(
          error.code === 'ENOENT'
            ? `${command} is not installed: node sim/prepare.mjs test says how to get it`
            : `${command}: ${error.message}`,
        ),
      ),
    );
    child.on('close', (status, signal) => {
      const text = Buffer.concat(said).toString();
      if (status === 0) return resolve(text);
      const tail = text.trim().split('\n').slice(-60).join('\n');
      const end = signal ? `signal ${signal}` : `status ${status}`;
      reject(new BuildError(`${command} ${args.join(' ')}\nended with ${end}:\n${tail}`));
    });
  });
}

export interface Compilation {
  readonly source: string;
  readonly flags: readonly string[];
  /** Whatever else the object depends on: headers' contents, versions. */
  readonly salt: string;
}

/** Objects that nobody has used for so long are removed. */
const OBJECT_AGE_MS = 7 * 24 * 3600 * 1000;

/**
 * Compiles with `g++`, as many at a time as the machine has processors. Resolves with the paths of
 * the objects, in order. An object made from the same source, flags and salt is used again.
 */
export async function compile(
  compilations: readonly Compilation[],
  folder: string,
  onDone: (source: string) => void = () => {},
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const objects = await Promise.all(
    compilations.map(async ({ source, flags, salt }) => {
      const hash = createHash('sha256');
      hash.update(JSON.stringify([flags, salt])).update(await readFile(source));
      return join(folder, `${hash.digest('hex').slice(0, 24)}.o`);
    }),
  );
  const now = new Date();
  const waiting: number[] = [];
  for (const [index, object] of objects.entries()) {
    if (existsSync(object)) utimesSync(object, now, now);
    else waiting.push(index);
  }
  const work = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const { source, flags } = compilations[index] as Compilation;
      const object = objects[index] as string;
      const partial = `${object}.${process.pid}`;
      const said = await run('g++', [...flags, '-c', source, '-o', partial]);
      if (said !== '') process.stderr.write(said); // warnings
      renameSync(partial, object);
      onDone(source);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const age = now.getTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > OBJECT_AGE_MS) rmSync(path, { force: true });
  }
  return objects;
}
