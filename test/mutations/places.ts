/** Where the mutation check works. */
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const HOME = fileURLToPath(new URL('../../build/mutations/', import.meta.url));
/** The private copy in which faults are planted. */
export const TREE = `${HOME}tree`;

export const hdl = (...names: readonly string[]): string[] =>
  names.map((name) => `test/hdl/${name}.test.ts`);
