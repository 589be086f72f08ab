/** Tables of `npm run fpga`, for the terminal and for docs/boards.md. */
import { type Board, boardNames, readBoard } from './fpga-board.ts';
import { coreMhz, type FpgaReport, readReport } from './fpga-report.ts';
import { markdown, plain } from './tables.ts';

const number = (value: number) => value.toLocaleString('en-GB');
const share = ({ used, of }: { used: number; of: number }) =>
  `${number(used)} of ${number(of)} (${((100 * used) / of).toFixed(0)} %)`;

/** Bits a second that the card's core takes, Gb/s, at a clock in MHz. */
const gigabits = (mhz: number, width: number) => (mhz * width) / 1000;

function clockGrid({ fmax }: FpgaReport): string[][] {
  return [
    ['clock', 'wanted, MHz', 'worst', 'median', 'seeds', ''],
    ...Object.entries(fmax).map(([name, { constraint, worst, median, seeds }]) => [
      name,
      `${constraint}`,
      worst.toFixed(1),
      median.toFixed(1),
      seeds.map(({ mhz }) => mhz.toFixed(1)).join(' '),
      worst >= constraint ? 'met' : 'missed',
    ]),
  ];
}

const useGrid = ({ lut, ff, bram, dsp }: FpgaReport): string[][] => [
  ['LUT4', 'flip-flops', 'block RAMs', 'multipliers'],
  [share(lut), share(ff), share(bram), share(dsp)],
];

function pathGrid({ path }: FpgaReport): string[][] {
  return [
    ['on the slowest path', 'module', 'ns in cells', 'ns in wires', 'cells'],
    ...(path?.stretches ?? []).map(({ instance, module, logic, routing, cells }) => [
      instance || 'fpga',
      module,
      logic.toFixed(2),
      routing.toFixed(2),
      `${cells}`,
    ]),
  ];
}

function pathWords({ path }: FpgaReport): string {
  if (path === null) return '';
  const { clock, seed, nanoseconds } = path;
  return `The slowest path, ${nanoseconds.toFixed(2)} ns, is one of ${clock}'s, in seed ${seed}.`;
}

const title = ({ board, part, speed, configuration, build }: FpgaReport) =>
  `${board}: ${configuration}, build ${build}, in the ${part}, speed ${speed}`;

/** For the terminal. */
export function reportText(report: FpgaReport): string {
  const parts = [`${title(report)} (${report.tools.join(', ')})`, plain(useGrid(report))];
  if (report.misfit !== null) parts.push(`Not in this part: ${report.misfit}`);
  else parts.push(plain(clockGrid(report)), pathWords(report), plain(pathGrid(report)));
  if (report.bitstream) {
    const { seed, meetsTiming } = report.bitstream;
    parts.push(`The bitstream is seed ${seed}'s${meetsTiming ? '' : ', which MISSES its timing'}.`);
  }
  return `${parts.join('\n\n')}\n`;
}

function verdict(report: FpgaReport | undefined): string {
  if (report === undefined) return 'not built yet';
  if (report.misfit !== null) return 'no: the part is too small';
  return Object.values(report.fmax).every(({ worst, constraint }) => worst >= constraint)
    ? 'yes'
    : 'no: timing is missed';
}

function boardRow(id: string, board: Board, report: FpgaReport | undefined): string[] {
  const mhz = report && coreMhz(report);
  return [
    `[${id}](../hdl/boards/${id}/README.md)`,
    board.part.name,
    board.configuration,
    report ? share(report.lut) : '',
    report ? share(report.bram) : '',
    `${board.clocks.clk_core}`,
    mhz === undefined ? '' : mhz.toFixed(1),
    mhz === undefined ? '' : gigabits(mhz, 64).toFixed(1),
    verdict(report),
  ];
}

/** docs/boards.md, of the reports that are there. */
export function boardsPage(): string {
  const boards = boardNames().map((id) => [id, readBoard(id), readReport(id)] as const);
  const lines = [
    '# Boards',
    '',
    'Tables written by `npm run fpga -- --board NAME --write`; do not edit.',
    '',
    '**No board has been at hand: nothing here has ever run on hardware.** The numbers are those of the tools after place',
    'and route. How a board is built, flashed and attached stands in its own README (first column); how RGMII meets its',
    'times, worked out by hand, and why there is no smaller board, in [hdl/boards](../hdl/boards/README.md).',
    '',
    markdown([
      [
        'board',
        'part',
        'configuration',
        'LUT4',
        'block RAMs',
        'core wanted, MHz',
        'worst seed, MHz',
        'core at that, Gb/s',
        'a bitstream that meets timing',
      ],
      ...boards.map(([id, board, report]) => boardRow(id, board, report)),
    ]),
    '',
    '*Core at that* is what the core takes at its worst seed, 64 bits a clock: the boards have no faster ports than two of',
    '1 Gb/s (of 100 Mb/s on the ULX3S). Each clock is constrained; a clock that board.yaml does not name is an error.',
    'nextpnr relates no clock to another and knows no times at pins: every crossing is a module (`hdl/cdc.ts` checks that),',
    'and the pins are worked out by hand. Multipliers are 18 × 18 bits.',
  ];
  for (const [id, board, report] of boards) {
    if (report === undefined) continue;
    lines.push(
      '',
      `## ${id}`,
      '',
      `${board.name}: build ${report.build}, ${report.tools.join(', ')}.`,
    );
    if (report.misfit !== null) {
      lines.push('', `**Not in the ${report.part}**: ${report.misfit}.`);
      continue;
    }
    lines.push('', markdown(useGrid(report)), '', markdown(clockGrid(report)));
    lines.push('', pathWords(report), '', markdown(pathGrid(report)));
  }
  return `${lines.join('\n')}\n`;
}
