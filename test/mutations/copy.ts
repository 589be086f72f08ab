/** A private copy of the source tree, and faults in it: nobody else sees them. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { replaceOnce } from '../../hdl/formal/engine.ts';
import type { Fault } from './faults.ts';
import { ROOT, TREE } from './places.ts';

const FOLDERS = ['hdl', 'sim', 'driver', 'host', 'test', 'bench'];
const FILES = ['package.json', 'tsconfig.json'];

/** Copies what there is now. What was built in the copy stays, since builds know what they are made from. */
export function makeCopy(): void {
  mkdirSync(TREE, { recursive: true });
  for (const name of [...FOLDERS, ...FILES]) {
    const to = join(TREE, name);
    rmSync(to, { recursive: true, force: true });
    cpSync(join(ROOT, name), to, {
      recursive: true,
      filter: (path) => !basename(path).startsWith('.'),
    });
  }
  const packages = join(TREE, 'node_modules');
  if (!existsSync(packages)) symlinkSync(realpathSync(join(ROOT, 'node_modules')), packages);
}

export const digest = (...parts: readonly string[]) =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);

/** Digest of all files of the copy, by name and content. */
export function copyDigest(): string {
  const parts: string[] = [];
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(TREE, folder), { recursive: true }).sort()) {
      const path = join(folder, String(name));
      if (/\.\w+$/.test(path)) parts.push(path, readFileSync(join(TREE, path), 'utf8'));
    }
  }
  return digest(...parts);
}

const rtlPath = (root: string, file: string) => join(root, `hdl/rtl/${file}.sv`);

const texts = new Map<string, string>();

/** The file that a fault is planted in, as it was when it was first asked for. */
export function pristine({ file }: Fault): string {
  const text = texts.get(file) ?? readFileSync(rtlPath(ROOT, file), 'utf8');
  texts.set(file, text);
  return text;
}

/** Throws ToolError unless `from` stands in the file once. */
export const withFault = (fault: Fault, text: string) =>
  replaceOnce(text, fault.from, fault.to, `${fault.name}: ${fault.file}.sv`);

/** Plants the fault in the copy while `work` runs. */
export async function planted<T>(fault: Fault, work: () => Promise<T>): Promise<T> {
  const path = rtlPath(TREE, fault.file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, withFault(fault, text));
  try {
    return await work();
  } finally {
    writeFileSync(path, text);
  }
}
