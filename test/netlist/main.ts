/**
 * `npm run netlist`: the card after synthesis is the card. Yosys's netlist of ECP5 cells and the RTL go through the
 * same random trials (docs/fuzz.md) side by side: tables written and read back, frames in and out by every port and
 * the host, slots that come and go. Every frame, record, register and clock has to be the same in both, and what
 * the reference decides.
 */
import { netlistDesign } from '../../hdl/netlist.ts';
import { readOptions } from '../../hdl/options.ts';
import { MissingTool } from '../../hdl/tools.ts';
import { ensureBuilt, type StandIn } from '../../sim/index.ts';
import { runCampaign } from '../fuzz/campaign.ts';
import { Mismatch } from '../fuzz/mismatch.ts';
import { BOARD, compareOutcomes, exercise } from './board.ts';
import { openTwin } from './twin.ts';

const USAGE = `usage:
  npm run netlist                         20,000 frames through ecp5-25
  npm run netlist -- --frames 3000        the short form
  npm run netlist -- --configuration ecp5-85 --seed 7
  npm run netlist -- --board              a board's core with its MACs and serial line, at its pins (board.ts)

Exit status: 0 the same; 1 not; 2 wrong use; 3 a tool is missing; 5 no netlist.`;

const say = (text: string) => void process.stderr.write(`${text}\n`);

async function main(): Promise<number> {
  const values = readOptions(USAGE, {
    configuration: { type: 'string', default: 'ecp5-25' },
    frames: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    board: { type: 'boolean', default: false },
  });
  const { configuration } = values;
  const [frames, seed] = [Number(values.frames), Number(values.seed)];
  if (!(Number.isInteger(frames) && frames > 0 && Number.isInteger(seed) && seed >= 0)) {
    say('--frames and --seed are whole numbers');
    return 2;
  }
  if (values.board) return await board(configuration);
  const design = await netlistDesign(configuration, say);
  const netlist: StandIn = { ...design, parameters: [], quick: true };
  say('Verilator and g++ build the netlist as they build the RTL: some minutes (once; build/sim)');
  await ensureBuilt({ configuration });
  await ensureBuilt({ configuration, standIn: netlist });
  const { found, reasons, seconds } = await runCampaign({
    configuration,
    frames,
    seed,
    open: (options) => openTwin({ ...options, seed: 0 }, netlist),
    onProgress: ({ frames: done }) => say(`${done} frames`),
  });
  if (found !== undefined) {
    say(`seed ${found.seed}: ${found.mismatch.message}`);
    return 1;
  }
  const met = [...reasons].filter(([, count]) => count > 0n).length;
  process.stdout.write(
    `${configuration}: RTL and netlist agree on ${frames} frames with ${met} of ${reasons.size} reasons, ` +
      `each clock, record and register, in ${seconds.toFixed(0)} s\n`,
  );
  return 0;
}

async function board(configuration: string): Promise<number> {
  const parameters = { CLOCK_KHZ: BOARD.clockKhz, BAUD: BOARD.baud, RMII: Number(BOARD.rmii) };
  const design = await netlistDesign(configuration, say, { name: 'board_core', parameters });
  const netlist: StandIn = { ...design, parameters: [], quick: true };
  say(
    "A board's RTL, then its netlist: to be built (once; build/sim), programmed and fed with frames",
  );
  const rtl = await exercise(configuration, (text) => say(`RTL: ${text}`));
  const other = await exercise(configuration, (text) => say(`netlist: ${text}`), netlist);
  try {
    compareOutcomes(rtl, other);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    say(error.message);
    return 1;
  }
  process.stdout.write(
    `${configuration} on a board: RTL and netlist agree on ${rtl.toFabric.length} frames steered, a set-up ` +
      'punted, a frame injected, all counters, and tables written and read back over the serial line\n',
  );
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say((error as Error).stack ?? '');
  process.exitCode = error instanceof MissingTool ? 3 : 5;
}
