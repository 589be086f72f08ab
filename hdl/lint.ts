/**
 * `npm run lint` for the RTL: Verilator -Wall over every configuration, with the card's pins, with the serial
 * line in their place, and, where the data path is as wide as the MACs', with each kind of them around it. A
 * warning is a failure.
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
/** Tops of a configuration, each with parameters of its own. */
function tops(name: string): [top: string, ...own: string[]][] {
  const wide = readConfiguration(name).parameters.DATA_WIDTH !== 64;
  const boards: [string, string][] = wide
    ? []
    : [
        ['board_core', '-GRMII=0'],
        ['board_core', '-GRMII=1'],
      ];
  return [['linecard'], ['serial_card'], ...boards];
}

for (const [name, top, ...own] of configurationNames().flatMap((name) =>
  tops(name).map((words) => [name, ...words] as const),
)) {
  const words = [
    '--lint-only',
    '-Wall',
    '--top-module',
    top,
    ...parameterWords(readConfiguration(name), '-G'),
    ...own,
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
  process.stderr.write(
    `${[top, ...own].join(' ')}, ${name}: ${status === 0 ? 'clean' : 'FAILED'}\n`,
  );
  if (status !== 0) failures += 1;
}
process.exitCode = failures > 0 ? 1 : 0;
