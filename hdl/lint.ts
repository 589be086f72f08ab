/**
 * `npm run lint` for the RTL: Verilator -Wall over every configuration, with the card's pins, with the serial
 * line in their place, and, where the data path is as wide as the MACs', with each kind of them around it; then
 * each board's own top. A warning is a failure.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  cardDesign,
  configurationNames,
  parameterWords,
  readConfiguration,
} from './configuration.ts';
import { boardNames, readBoard } from './fpga-board.ts';

const cells = (...names: string[]) =>
  names.map((name) => fileURLToPath(new URL(`cells/${name}.sv`, import.meta.url)));
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

function lint(what: string, words: readonly string[]): void {
  const { status, error } = spawnSync('verilator', ['--lint-only', '-Wall', waivers, ...words], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) {
    process.stderr.write(
      `verilator could not be started (${error.message}): apt install verilator\n`,
    );
    process.exit(3);
  }
  process.stderr.write(`${what}: ${status === 0 ? 'clean' : 'FAILED'}\n`);
  if (status !== 0) failures += 1;
}

const card = cardDesign().files;
for (const name of configurationNames()) {
  const parameters = parameterWords(readConfiguration(name), '-G');
  for (const [top, ...own] of tops(name)) {
    const words = ['--top-module', top, ...parameters, ...own, ...card];
    lint(`${[top, ...own].join(' ')}, ${name}`, words);
  }
}
// The core has the parameters of its defaults here; what the board adds is pins and primitives.
const primitives = cells('DELAYG', 'EHXPLLL', 'IDDRX1F', 'ODDRX1F');
for (const name of boardNames()) {
  lint(name, ['--timing', '--top-module', 'fpga', ...card, ...primitives, readBoard(name).fpga]);
}
process.exitCode = failures > 0 ? 1 : 0;
