/** `npm run fpga`: a board's bitstream, how large it is, and how fast over several seeds. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './configuration.ts';
import { boardNames, readBoard, UnknownBoard } from './fpga-board.ts';
import { buildBoard } from './fpga-build.ts';
import { boardsPage, reportText } from './fpga-page.ts';
import { reportFile } from './fpga-report.ts';
import { readOptions } from './options.ts';
import { MissingTool } from './tools.ts';

const USAGE = `usage:
  npm run fpga -- --board colorlight-i9               five seeds: about an hour, kept in build/fpga
  npm run fpga -- --board colorlight-i9 --seeds 1
  npm run fpga -- --board colorlight-i9 --json        vidline.fpga/1 on standard output
  npm run fpga -- --board colorlight-i9 --write       hdl/boards/NAME/report.json and docs/boards.md
  npm run fpga -- --page                              docs/boards.md from the reports that are there

Exit status: 0 done, also where the part is too small or timing is missed: the report says so;
2 wrong use; 3 a tool is missing; 5 the sources cannot be built.`;

const MOST_SEEDS = 50;
const say = (text: string) => void process.stderr.write(`${text}\n`);

function put(file: string, text: string): void {
  writeFileSync(file, text);
  say(`written: ${relative(ROOT, file)}`);
}

async function main(): Promise<number> {
  const values = readOptions(USAGE, {
    board: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  });
  const page = () => put(join(ROOT, 'docs', 'boards.md'), boardsPage());
  if (values.page) {
    page();
    return 0;
  }
  if (values.board === undefined) {
    say(`give --board, one of ${boardNames().join(', ')}`);
    return 2;
  }
  const count = Number(values.seeds);
  if (!(Number.isInteger(count) && count >= 1 && count <= MOST_SEEDS)) {
    say(`--seeds ${values.seeds}: give a number from 1 to ${MOST_SEEDS}`);
    return 2;
  }
  const seeds = Array.from({ length: count }, (_, i) => i + 1);
  const { report, bitstream } = await buildBoard(readBoard(values.board), { seeds, line: say });
  if (bitstream !== undefined) say(`bitstream: ${relative(ROOT, bitstream)}`);
  if (values.write) {
    put(reportFile(report.board), `${JSON.stringify(report, null, 2)}\n`);
    page();
  }
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : reportText(report));
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say((error as Error).message);
  const usage = error instanceof UnknownBoard;
  process.exitCode = usage ? 2 : error instanceof MissingTool ? 3 : 5;
}
