/** A board simulated at its pins: how fast against the board itself, and frames through its MACs at line rate. */
import { Card, SerialTransport } from '../driver/index.ts';
import { SimulatedCard } from '../sim/index.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { FULL, SHORTEST } from './frames.ts';
import { formatNumber } from './render.ts';
import type { Measured } from './report.ts';

const CONFIGURATION = 'ecp5-25';
const CLOCK_KHZ = 62_500;
const IN = 0;
const OUT = 1;
/** Preamble, SFD, FCS and gap (IEEE 802.3 clauses 3.1.1 and 4.4.2), in octets. */
const AROUND = 8 + 4 + 12;
const FRAMES = { quick: { short: 500, full: 60 }, full: { short: 5000, full: 500 } };
/** Clocks of a board that has nothing to do. */
const REST = { quick: 200_000, full: 2_000_000 };

interface Speed {
  readonly clocks: number;
  /** Of processor time. */
  readonly perSecond: number;
}

async function measure(simulated: SimulatedCard, work: () => Promise<unknown>): Promise<Speed> {
  const before = await simulated.statistics();
  await work();
  const after = await simulated.statistics();
  const clocks = after.clocks - before.clocks;
  return { clocks, perSecond: clocks / (after.busySeconds - before.busySeconds) };
}

/** In by one port, and as the mirror's copies out by the other: both ways of a MAC, and no table. */
async function through(simulated: SimulatedCard, count: number, bytes: number): Promise<Speed> {
  const frame = Buffer.alloc(bytes, 0x2e);
  const speed = await measure(simulated, async () => {
    await simulated.send(
      IN,
      Array.from({ length: count }, () => frame),
    );
    await simulated.runUntilIdle(1e9);
  });
  const out = simulated.received(OUT);
  if (out.length !== count || out.some((seen) => !seen.equals(frame)))
    throw new Error(`${count} frames of ${bytes} bytes went in, ${out.length} came out`);
  return speed;
}

async function run({ quick, say }: Context): Promise<Measured> {
  const frames = quick ? FRAMES.quick : FRAMES.full;
  const board = { clockKhz: CLOCK_KHZ };
  say('a board at its pins');
  const simulated = await SimulatedCard.open({
    configuration: CONFIGURATION,
    mode: 'lockstep',
    board,
  });
  try {
    await simulated.attachMemory(IN);
    await simulated.attachMemory(OUT);
    const path = await simulated.attachSerial();
    const transport = await SerialTransport.open({ path, baudRate: 3_000_000 }, { keepAlive: 0 });
    const card = await Card.attach(transport);
    await card.setMirror({ port: OUT, reasons: ['disabled'] });
    await simulated.runUntilIdle();

    const rest = await measure(simulated, () => simulated.run(quick ? REST.quick : REST.full));
    const short = await through(simulated, frames.short, SHORTEST);
    const full = await through(simulated, frames.full, FULL);
    const ports = (await simulated.statistics()).ports.map(({ phy }) => phy);
    if (ports.some((phy) => phy === undefined || phy.fcs + phy.short + phy.gap + phy.preamble > 0))
      throw new Error(`the PHYs have met faults: ${JSON.stringify(ports)}`);
    await card.close();

    const real = (perSecond: number) => (CLOCK_KHZ * 1000) / perSecond;
    const line = (bytes: number) => ((bytes + AROUND) * 8 * CLOCK_KHZ) / 1e6;
    const row = (what: string, { perSecond }: Speed, more: Record<string, number> = {}) => ({
      what,
      clocks: perSecond,
      slower: real(perSecond),
      ...more,
    });
    const passed = (speed: Speed, count: number, bytes: number) => ({
      each: speed.clocks / count,
      line: line(bytes),
    });
    return {
      configuration: CONFIGURATION,
      method: [
        `board_core at ${formatNumber(CLOCK_KHZ)} kHz with RGMII at 1000 Mb/s on two ports: four clocks that are no multiples of each other, each pin at each edge; a serial line of a fourth of the clock in place of 3 Mbaud.`,
        'Frames come in by one port and leave as copies by the other, byte for byte; the PHYs check preamble, FCS, length and gap.',
        'Speed is of processor time within the model. Clocks a frame are those of the core, against what the line takes for it; some thousand clocks of waiting until all is quiet are among them.',
      ],
      headlines: [
        {
          what: 'a board with nothing to do, slower than itself',
          value: real(rest.perSecond),
          unit: 'times',
        },
        {
          what: 'a board with frames at line rate, slower than itself',
          value: real(short.perSecond),
          unit: 'times',
        },
      ],
      tables: [
        {
          caption: 'A simulated board',
          columns: [
            { key: 'what', title: 'what' },
            { key: 'clocks', title: 'clocks a second' },
            { key: 'slower', title: 'times slower than the board' },
            { key: 'each', title: 'clocks a frame', digits: 1 },
            { key: 'line', title: 'what the line takes', digits: 1 },
          ],
          rows: [
            row('nothing to do', rest),
            row('frames of 60 bytes', short, passed(short, frames.short, SHORTEST)),
            row('frames of 1514 bytes', full, passed(full, frames.full, FULL)),
          ],
        },
      ],
      limits: [
        'A board: no frame was ever sent by one. Clocks are those that the RTL takes.',
        'Other widths, more ports, or RMII.',
      ],
    };
  } finally {
    await simulated.close();
  }
}

export const board: Benchmark = {
  name: 'board',
  title: 'A board simulated at its pins',
  run,
};
