/**
 * `npm run generate` writes everything that follows from hdl/registers.yaml,
 * hdl/serial.yaml and hdl/configurations.yaml; `npm run generate -- --check` writes nothing and fails where a file is
 * stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadDescription } from './model.ts';
import { page } from './page.ts';
import { loadSerial, serialSystemVerilog, serialTypeScript } from './serial.ts';
import { systemVerilog } from './systemverilog.ts';
import { typeScript } from './typescript.ts';

const root = new URL('../../', import.meta.url);
const description = loadDescription(fileURLToPath(new URL('hdl/registers.yaml', root)));
const serial = loadSerial(fileURLToPath(new URL('hdl/serial.yaml', root)));
const files: readonly [path: string, text: string][] = [
  ['hdl/generated/linecard_regs_pkg.sv', systemVerilog(description)],
  ['driver/generated/registers.ts', typeScript(description)],
  ['docs/registers.md', page(description)],
  ['hdl/generated/serial_pkg.sv', serialSystemVerilog(serial)],
  ['driver/generated/serial.ts', serialTypeScript(serial)],
];

const check = process.argv.includes('--check');
let stale = 0;
for (const [path, text] of files) {
  const target = fileURLToPath(new URL(path, root));
  if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
  if (check) {
    process.stderr.write(`${path} is stale: run \`npm run generate\` and commit the result\n`);
    stale += 1;
  } else {
    writeFileSync(target, text);
    process.stderr.write(`wrote ${path}\n`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;
