/** Clocks a frame, back to back: what the pipeline sustains. */
import type { Benchmark, Context } from './benchmark.ts';
import { CardBed, expectReason, type Seen, WIDTHS } from './card-bed.ts';
import { FULL, KINDS, type Kind, SHORTEST, steered, vids } from './frames.ts';
import type { Column, Measured, Value } from './report.ts';

const FRAMES = { quick: 200, full: 2000 };
/** Bytes without FCS: the shortest, what needs one beat more, and what lies between. */
const LENGTHS = [SHORTEST, 64, 65, 128, 512, FULL];
/** Bytes of FCS, preamble with delimiter, and the shortest gap (IEEE 802.3 §4.4.2): no card sees them. */
const WIRE_EXTRA = 4 + 8 + 12;

const COLUMNS: readonly Column[] = [
  { key: 'frames', title: 'frames' },
  { key: 'clocksPerFrame', title: 'clocks a frame', digits: 3 },
  { key: 'shortest', title: 'shortest distance' },
  { key: 'longest', title: 'longest distance' },
];

type Distances = Record<'frames' | 'clocksPerFrame' | 'shortest' | 'longest', number>;

/** Clocks from each frame's decision to the next one's. */
export function distances(seen: readonly Pick<Seen, 'decisionClock'>[]): Distances {
  const clocks = seen.map(({ decisionClock }) => decisionClock);
  const steps = clocks.slice(1).map((clock, n) => clock - (clocks[n] ?? 0));
  return {
    frames: clocks.length,
    clocksPerFrame: steps.reduce((sum, step) => sum + step, 0) / steps.length,
    shortest: Math.min(...steps),
    longest: Math.max(...steps),
  };
}

/** More of them back to back find the host's queue full: it hands out one in eleven clocks at 64 bits. */
const MOST_PUNTED = 200;

async function kinds(bed: CardBed, frames: number) {
  const rows: Record<string, Value>[] = [];
  const run = async (name: string, kind: Kind, meanwhile?: () => Promise<void>) => {
    const count = kind.reason.startsWith('punt_') ? Math.min(frames, MOST_PUNTED) : frames;
    const list = Array.from({ length: count }, (_, n) => kind.frame(n));
    const seen = await bed.pass(new Map([[kind.port, list]]), meanwhile);
    expectReason(seen, kind.reason);
    rows.push({ frame: name, ...distances(seen) });
  };
  for (const kind of KINDS) await run(kind.name, kind);
  const [first] = KINDS as readonly [Kind, ...Kind[]];

  // The last rows of the table, which no frame here names: written and read back all the while.
  await run('steered, while the host writes rows', first, async () => {
    const { vids: entries } = bed.card.sizes;
    for (let n = 0; n < frames; n++)
      bed.tables.set('vid_row', entries - 1 - n, {
        active: n % 8,
        backup: 1,
        backup_in_sync: 0,
        valid: 1,
      });
    await bed.tables.write();
  });

  const mixed = new Map<number, Buffer[]>();
  for (const kind of KINDS) {
    const list = mixed.get(kind.port) ?? [];
    for (let n = 0; n < frames / KINDS.length; n++) list.push(kind.frame(n));
    mixed.set(kind.port, list);
  }
  const fromTwo = distances(await bed.pass(mixed));
  rows.push({ frame: 'all of these, from two ports at once', ...fromTwo });
  return rows;
}

async function lengths(bed: CardBed, frames: number, beatBytes: number) {
  const rows: Record<string, Value>[] = [];
  const numbers = vids(frames);
  for (const bytes of LENGTHS) {
    const seen = await bed.pass(new Map([[0, numbers.map((vid) => steered(vid, bytes))]]));
    expectReason(seen, 'steer_active');
    rows.push({
      bytes,
      wireBytes: bytes + 4,
      beats: Math.ceil(bytes / beatBytes),
      ...distances(seen),
      atTheWire: (bytes + WIRE_EXTRA) / beatBytes,
    });
  }
  return rows;
}

/** One configuration: its rows, and the slowest kind of the shortest frames. */
async function measure(configuration: string, frames: number) {
  const bed = await CardBed.open({ configuration, observe: true });
  try {
    await bed.attachMemory();
    const beatBytes = bed.card.sizes.dataWidth / 8;
    const name = { configuration };
    const measured = await kinds(bed, frames);
    const kindRows = measured.map((row) => ({ ...name, ...row }));
    const lengthRows = (await lengths(bed, frames, beatBytes)).map((row) => ({ ...name, ...row }));
    const worst = Math.max(...measured.map(({ longest }) => Number(longest)));
    return { configuration, beatBytes, kindRows, lengthRows, worst };
  } finally {
    await bed.close();
  }
}

async function run({ quick, say }: Context): Promise<Measured> {
  const frames = quick ? FRAMES.quick : FRAMES.full;
  const all = [];
  for (const configuration of WIDTHS) {
    say(`${configuration}: ${frames} frames back to back, of each kind and of each length`);
    all.push(await measure(configuration, frames));
  }
  const configurationColumn = { key: 'configuration', title: 'configuration' };
  return {
    configuration: WIDTHS.join(', '),
    method: [
      'Lock-step simulation: clocks are counted, time plays no part, and the numbers are exact and the same on every machine.',
      'Frames are fed without a gap between or within them. The distance is counted in clocks from the decision of one frame to that of the next.',
      `A beat is 8 bytes at 64 bits and 64 at 512; a frame of ${SHORTEST} bytes (64 with its FCS, which the card does not see) is 8 beats or 1, so fewer clocks are not possible.`,
      'On a wire a frame also takes 24 byte times of FCS, preamble and gap: the last column is how often one can come, in clocks of a core that is as fast as its wire.',
    ],
    headlines: all.map(({ configuration, beatBytes, worst }) => ({
      what: `${configuration}: clocks a frame of 64 bytes, longest distance of all kinds`,
      value: worst,
      unit: 'clocks',
      aim: { most: Math.ceil(SHORTEST / beatBytes) },
    })),
    tables: [
      {
        caption: `${SHORTEST} bytes (64 on the wire), by what becomes of the frame`,
        columns: [configurationColumn, { key: 'frame', title: 'frame' }, ...COLUMNS],
        rows: all.flatMap(({ kindRows }) => kindRows),
      },
      {
        caption: 'By length, steered',
        columns: [
          configurationColumn,
          { key: 'bytes', title: 'bytes' },
          { key: 'wireBytes', title: 'with FCS' },
          { key: 'beats', title: 'beats' },
          ...COLUMNS,
          { key: 'atTheWire', title: 'at the wire', digits: 1 },
        ],
        rows: all.flatMap(({ lengthRows }) => lengthRows),
      },
    ],
    limits: [
      'A clock rate: how fast a part could be clocked is for synthesis and place and route to say.',
    ],
  };
}

export const clocks: Benchmark = {
  name: 'clocks',
  title: 'Clocks a frame, back to back',
  run,
};
