/** What the serial line carries, against what it could. */
import { Card, CardTables, SerialTransport } from '../driver/index.ts';
import { SimulatedCard } from '../sim/index.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { formatNumber } from './render.ts';
import type { Measured } from './report.ts';

const CONFIGURATION = 'ecp5-25';
/** The fastest that the card's UART takes: everything is counted in octet times, so the rate is a factor. */
const CLOCKS_PER_BIT = 4;
const CLOCKS_PER_OCTET = 10 * CLOCKS_PER_BIT;
/** Octets a second at the rate that boards are built for. */
const OCTETS_PER_SECOND = 300_000;
const ROW_OCTETS = 4;
const ROWS = { quick: 1024, full: 4096 };
const FRAMES = { quick: 100, full: 400 };
const FRAME_OCTETS = 60;

interface Carried {
  /** Octet times for each row or frame. */
  readonly times: number;
  readonly perSecond: number;
  /** Of what the line would carry if nothing stood around them. */
  readonly share: number;
}

class Bed {
  readonly simulated: SimulatedCard;
  readonly transport: SerialTransport;
  readonly card: Card;
  readonly tables: CardTables;

  private constructor(simulated: SimulatedCard, transport: SerialTransport, card: Card) {
    this.simulated = simulated;
    this.transport = transport;
    this.card = card;
    this.tables = new CardTables(card);
  }

  static async open(): Promise<Bed> {
    const simulated = await SimulatedCard.open({
      configuration: CONFIGURATION,
      mode: 'lockstep',
      clocksPerBit: CLOCKS_PER_BIT,
    });
    const path = await simulated.attachSerial();
    const transport = await SerialTransport.open({ path, baudRate: 3_000_000 }, { keepAlive: 0 });
    const bed = new Bed(simulated, transport, await Card.attach(transport));
    await bed.tables.reconcile();
    await bed.card.setEnabled(true);
    await simulated.attachMemory(0);
    return bed;
  }

  async close(): Promise<void> {
    await this.transport.close();
    await this.simulated.close();
  }

  /** Of `count` pieces of so many octets, which `work` carries. */
  async measure(count: number, octets: number, work: () => Promise<unknown>): Promise<Carried> {
    const before = await this.simulated.clocks();
    await work();
    const times = ((await this.simulated.clocks()) - before) / CLOCKS_PER_OCTET / count;
    return { times, perSecond: OCTETS_PER_SECOND / times, share: octets / times };
  }
}

const entries = (count: number, round: number) =>
  Array.from({ length: count }, (_, index) => ({
    index,
    entry: { active: (index + round) % 8, backup: round, backup_in_sync: 0, valid: 1 },
  }));

/** ARP request (RFC 826), which the card hands to the host by itself. */
function arp(): Buffer {
  const frame = Buffer.alloc(FRAME_OCTETS);
  frame.write('ffffffffffff02aabbccddee08060001080006040001', 'hex');
  return frame;
}

async function punts(bed: Bed, count: number): Promise<Carried> {
  let came = 0;
  bed.card.on('frames', (frames) => {
    came += frames.length;
  });
  // So many at a time as the card's queue for the host holds.
  const some = 20;
  const carried = await bed.measure(count, FRAME_OCTETS, async () => {
    for (let sent = 0; sent < count; sent += some) {
      await bed.simulated.send(0, Array.from({ length: some }, arp));
      await bed.simulated.runUntilIdle();
    }
  });
  await bed.card.status();
  if (came !== count) throw new Error(`${came} frames came, not ${count}`);
  return carried;
}

async function run({ quick, say }: Context): Promise<Measured> {
  const rows = quick ? ROWS.quick : ROWS.full;
  const frames = quick ? FRAMES.quick : FRAMES.full;
  say(`${rows} rows and ${frames} punted frames over the simulated line`);
  const bed = await Bed.open();
  try {
    const written = await bed.measure(rows, ROW_OCTETS, () =>
      bed.card.writeTable('vid_row', entries(rows, 1)),
    );
    const read = await bed.measure(rows, ROW_OCTETS, async () => {
      const found = await bed.card.readTable('vid_row', 0, rows);
      if (found.some(({ backup }) => backup !== 1)) throw new Error('rows that were not written');
    });
    for (const { index, entry } of entries(rows, 2)) bed.tables.set('vid_row', index, entry);
    const verified = await bed.measure(rows, ROW_OCTETS, async () => {
      const { rows: count } = await bed.tables.write();
      if (count !== rows) throw new Error(`${count} rows were written, not ${rows}`);
    });
    const punted = await punts(bed, frames);
    const { clocks, busySeconds } = await bed.simulated.statistics();
    const { counters } = bed.transport;
    if (counters.timeouts + counters.damaged > 0) say('the machine was busy: requests went twice');
    const row = (what: string, { times, perSecond, share }: Carried) => ({
      what,
      times,
      rate: perSecond,
      share: 100 * share,
    });
    return {
      configuration: CONFIGURATION,
      method: [
        `The card's UART in simulation, bit by bit, at ${CLOCKS_PER_BIT} clocks a bit, the driver at the other end of a pseudo-terminal. Clocks pass while something is on the line or in the card, so the numbers are of the protocol, not of a machine's pauses.`,
        `An octet takes ten bits. A second is ${formatNumber(OCTETS_PER_SECOND)} octet times: 3 Mbaud.`,
        `The share is of a line with nothing on it but the ${ROW_OCTETS} octets of each row, or the ${FRAME_OCTETS} of each frame.`,
        'Written and read back: CardTables, 512 rows in one call of the transport.',
      ],
      headlines: [
        { what: 'VID rows written at 3 Mbaud', value: written.perSecond, unit: 'rows/s' },
        {
          what: 'of what the line could carry',
          value: 100 * written.share,
          unit: '%',
          aim: { least: 80 },
        },
        {
          what: 'punted frames of 60 octets at 3 Mbaud',
          value: punted.perSecond,
          unit: 'frames/s',
        },
      ],
      tables: [
        {
          caption: 'Over the line',
          columns: [
            { key: 'what', title: 'what' },
            { key: 'times', title: 'octet times each', digits: 2 },
            { key: 'rate', title: 'a second at 3 Mbaud' },
            { key: 'share', title: 'percent of the line', digits: 1 },
          ],
          rows: [
            row('VID rows written', written),
            row('VID rows read', read),
            row('VID rows written and read back', verified),
            row('punted frames, with decision record', punted),
          ],
        },
      ],
      limits: [
        'A serial port of a real machine: its latency, and how it cuts what it carries.',
        `The simulated card ran at ${formatNumber(clocks / busySeconds)} clocks a second, a board at 125,000,000.`,
      ],
    };
  } finally {
    await bed.close();
  }
}

export const serial: Benchmark = {
  name: 'serial',
  title: 'Rows and punted frames over the serial line',
  run,
};
