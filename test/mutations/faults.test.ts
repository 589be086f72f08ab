/** The faults can still be planted, and who is to notice them is there. (`npm run mutations` takes an hour.) */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TASKS } from '../../hdl/formal/tasks.ts';
import { pristine, withFault } from './copy.ts';
import { FAULTS } from './faults.ts';
import { ROOT } from './places.ts';

describe('faults to be planted', () => {
  it('have names of their own', () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  });

  it.each(FAULTS)('$name: $file has the text once', (fault) => {
    const text = pristine(fault);
    expect(withFault(fault, text)).not.toBe(text);
  });

  it.each(FAULTS)('$name: its tests and proofs are there', ({ tests, proofs }) => {
    const known = TASKS.map(({ name }) => name);
    expect(tests.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(proofs.filter((name) => !known.includes(name))).toEqual([]);
    expect(tests.length).toBeGreaterThan(0);
  });
});
