/** The models of ECP5's cells (hdl/cells) against what Lattice says of them: the benches in cells/ say it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { run } from '../../sim/compile.ts';

const folder = mkdtempSync(join(tmpdir(), 'vidline-cells-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sources = ['../../hdl/cells/', 'cells/'].flatMap((path) => {
  const place = fileURLToPath(new URL(path, import.meta.url));
  return readdirSync(place).map((name) => join(place, name));
});

test('DP16KD, EHXPLLL, IDDRX1F, ODDRX1F and DELAYG do what the vendor says', {
  timeout: 600_000,
}, async () => {
  await run('verilator', [
    ...['--binary', '--timing', '-Wno-lint', '-Wno-style', '-Wno-INITIALDLY', '-CFLAGS', '-O0'],
    ...['--top-module', 'cells_bench', '-Mdir', folder, '-o', 'bench'],
    ...sources,
  ]);
  const said = await run(join(folder, 'bench'), []);
  expect(said).not.toContain('FAULT');
  // As many as there are: a bench that ends early checks nothing.
  expect(said).toMatch(/^111 checks, 0 faults$/m);
});
