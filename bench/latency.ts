/** From the first beat into the card to the port's queue, in clocks. */
import type { Benchmark, Context } from './benchmark.ts';
import { CardBed, expectReason, type Seen, WIDTHS } from './card-bed.ts';
import { FULL, SHORTEST, steered, vids } from './frames.ts';
import type { Measured, Value } from './report.ts';
import { readTaps } from './taps.ts';

const LENGTHS = [SHORTEST, 128, 512, FULL];
const FRAMES = { quick: 50, full: 400 };
/** `finish` registers the decision: it is seen one clock after the last beat was at the queue. */
const DECISION_REGISTER = 1;

interface Times {
  /** First beat in to first beat at the queue's input. */
  readonly first: number;
  /** First beat in to last beat at the queue's input. */
  readonly last: number;
}

/** A frame has no gaps inside the pipeline, so its beats reach the queue in as many clocks. */
export function timesOf(seen: Pick<Seen, 'firstClock' | 'decisionClock'>, beats: number): Times {
  if (seen.firstClock === undefined) throw new Error('a frame came out that was not seen to go in');
  const last = seen.decisionClock - DECISION_REGISTER - seen.firstClock;
  return { first: last - (beats - 1), last };
}

const range = (values: readonly number[]): string => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? `${low}` : `${low} to ${high}`;
};

async function measure(configuration: string, cutThrough: boolean, frames: number) {
  const bed = await CardBed.open({ configuration, observe: true, cutThrough });
  try {
    await bed.attachMemory();
    const beatBytes = bed.card.sizes.dataWidth / 8;
    const rows: Record<string, Value>[] = [];
    const firsts: number[] = [];
    for (const bytes of LENGTHS) {
      const beats = Math.ceil(bytes / beatBytes);
      const add = (load: string, seen: readonly Seen[]) => {
        expectReason(seen, 'steer_active');
        const times = seen.map((one) => timesOf(one, beats));
        const first = times.map((one) => one.first);
        if (cutThrough) firsts.push(...first);
        rows.push({
          configuration,
          mode: cutThrough ? 'cut-through' : 'store and forward',
          bytes,
          load,
          first: range(first),
          last: range(times.map((one) => one.last)),
        });
      };
      const list = vids(frames).map((vid) => steered(vid, bytes));
      const alone: Seen[] = [];
      // Idle between frames, and not always for the same number of clocks.
      for (const [n, frame] of list.slice(0, 20).entries()) {
        alone.push(...(await bed.pass(new Map([[0, [frame]]]))));
        await bed.simulated.run(n % 7);
      }
      add('alone', alone);
      add('back to back', await bed.pass(new Map([[0, list]])));
    }
    return { rows, firsts, beatBytes };
  } finally {
    await bed.close();
  }
}

/** Most clocks from the pipeline's input to the queue's, by bytes of a beat (issue of the widths). */
const MOST: Readonly<Record<number, number>> = { 8: 32, 64: 24 };
/** The header line's last position, the rewritten beat, and the queue that takes it. */
const BEHIND_LAST_TAP = 1;

async function run({ quick, say }: Context): Promise<Measured> {
  const frames = quick ? FRAMES.quick : FRAMES.full;
  const rows: Record<string, Value>[] = [];
  const headlines = [];
  for (const configuration of WIDTHS) {
    say(`${configuration}: frames alone and back to back, store and forward and cut-through`);
    const stored = await measure(configuration, false, frames);
    const cut = await measure(configuration, true, frames);
    rows.push(...cut.rows, ...stored.rows);
    const fastest = Math.min(...cut.firsts);
    const inside = (readTaps({ beatBytes: cut.beatBytes }).at(-1)?.position ?? 0) + BEHIND_LAST_TAP;
    const most = MOST[cut.beatBytes];
    headlines.push(
      {
        what: `${configuration}: pipeline's input to port queue`,
        value: inside,
        unit: 'clocks',
        ...(most !== undefined && { aim: { most } }),
      },
      { what: `${configuration}: pins to port queue, cut-through`, value: fastest, unit: 'clocks' },
      {
        what: `${configuration}: slowest minus fastest over all lengths and loads, cut-through`,
        value: Math.max(...cut.firsts) - fastest,
        unit: 'clocks',
        aim: { most: 0 },
      },
    );
  }
  const taps = readTaps({ beatBytes: 8 });
  const wide = readTaps({ beatBytes: 64 });
  const budget = taps.map(({ name, position, clocks }, n): Record<string, Value> => {
    return {
      stage: name,
      position,
      clocks,
      wide: wide[n]?.position ?? '',
      wideClocks: wide[n]?.clocks ?? '',
    };
  });
  return {
    configuration: WIDTHS.join(', '),
    method: [
      'Lock-step simulation, exact. Counted from the clock in which a frame’s first beat is at the port to the clock in which it is at the input of the queue of the port that it leaves by.',
      'Alone: nothing else is in the card. Back to back: the port is full all the time. One port; frames of several ports wait for each other at the merge.',
      'Cut-through: frames enter the pipeline from their first beat on. Store and forward (the reset value): when all of a frame is there; its length comes on top.',
      'The budget is computed from hdl/rtl/linecard_pkg.sv: clocks since the first beat entered the header line. The rewritten beat stands at the queue one clock behind the last tap; the rest of the measured latency is the receive buffer and the merge.',
    ],
    headlines,
    tables: [
      {
        caption: 'Clocks from the first beat in',
        columns: [
          { key: 'configuration', title: 'configuration' },
          { key: 'mode', title: 'port' },
          { key: 'bytes', title: 'bytes' },
          { key: 'load', title: 'load' },
          { key: 'first', title: 'first beat at the queue' },
          { key: 'last', title: 'last beat at the queue' },
        ],
        rows,
      },
      {
        caption: 'Budget of the header line',
        columns: [
          { key: 'stage', title: 'tap' },
          { key: 'position', title: 'clock at 64 bits' },
          { key: 'clocks', title: 'clocks' },
          { key: 'wide', title: 'clock at 512 bits' },
          { key: 'wideClocks', title: 'clocks' },
        ],
        rows: budget,
      },
    ],
    limits: [
      'The time in the port’s queue, which depends on what else leaves by that port.',
      'MAC and PHY, which a simulated card does not have.',
    ],
  };
}

export const latency: Benchmark = {
  name: 'latency',
  title: 'First beat in to port queue',
  run,
};
