/**
 * `npm run lint` for the RTL: Verilator -Wall over every configuration, with the card's pins and with the
 * serial line in their place. A warning is a failure.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  cardDesign,
  configurationNames,
  parameterWords,
  readConfiguration,
} from './configuration.ts';

const waivers = fileURLToPath(new URL('lint.vlt', import.meta.url));
let failures = 0;
for (const [name, top] of configurationNames().flatMap((name) => [
  [name, 'linecard'] as const,
  [name, 'serial_card'] as const,
])) {
  const words = [
    '--lint-only',
    '-Wall',
    '--top-module',
    top,
    ...parameterWords(readConfiguration(name), '-G'),
    waivers,
    ...cardDesign().files,
  ];
  const { status, error } = spawnSync('verilator', words, {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) {
    process.stderr.write(
      `verilator could not be started (${error.message}): apt install verilator\n`,
    );
    process.exit(3);
  }
  process.stderr.write(`${top}, ${name}: ${status === 0 ? 'clean' : 'FAILED'}\n`);
  if (status !== 0) failures += 1;
}
process.exitCode = failures > 0 ? 1 : 0;
