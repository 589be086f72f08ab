/** Clocks from the end of a slot's patience to the first frame at its backup, with a card alone. */
import { healthEntry } from '../driver/index.ts';
import { buildHeartbeatFrame } from '../host/protocol/heartbeat.ts';
import { slotMac } from '../host/steering/slot-mac.ts';
import type { Benchmark, Context } from './benchmark.ts';
import { CardBed, CONFIGURATION, type Seen } from './card-bed.ts';
import { PREFIX, steered } from './frames.ts';
import type { Measured } from './report.ts';
import { spreadOf } from './spread.ts';

const TRIALS = { quick: 50, full: 1000 };
/** 1 ms × 3, in microseconds. */
const TIMEOUT = 3000;
/** Shortest frames one behind the other: 8 clocks each at 64 bits. */
const FRAMES = 60;
/** Clocks with traffic before time is up, and as many more as a trial's number says. */
const BEFORE = 120;
/** Slots of the bed behind fabric port 1; one of them dies, the next one is its backup. */
const SLOTS = [0, 2, 4, 6] as const;
const FABRIC_PORT = 1;
const VID = 0;
/** Clocks in one bar of the histogram. */
const BAR = 16;

export interface Trial {
  /** From the clock at which time was up to the decision of the first frame for the backup. */
  readonly clocks: number;
  /** Frames that were decided for the dead slot in between. */
  readonly late: number;
}

/** Reads one trial off the frames' ends. Throws where a frame went to the dead slot after another did not. */
export function readTrial(
  seen: readonly Pick<Seen, 'reason' | 'decisionClock'>[],
  timeUp: number,
): Trial {
  const first = seen.findIndex(({ reason }) => reason === 'steer_backup');
  const found = seen[first];
  if (found === undefined) throw new Error('no frame reached the backup');
  const wrong = seen.slice(first).find(({ reason }) => reason !== 'steer_backup');
  if (wrong !== undefined) throw new Error(`${wrong.reason} after the first frame for the backup`);
  const late = seen.slice(0, first).filter(({ decisionClock }) => decisionClock > timeUp);
  return { clocks: found.decisionClock - timeUp, late: late.length };
}

async function trial(bed: CardBed, n: number): Promise<Trial> {
  const slot = SLOTS[n % SLOTS.length] ?? 0;
  const backup = SLOTS[(n + 1) % SLOTS.length] ?? 0;
  const epoch = (2 + n) & 0xff;
  const nonce = 0x5eed + n;
  const { simulated, tables, card } = bed;
  for (const [number, up] of [
    [backup, 1],
    [slot, 1],
  ] as const) {
    const health = number === slot ? { nonce, timeout: TIMEOUT } : { nonce: 0, timeout: 0 };
    tables.set('slot_health', number, healthEntry(health));
    tables.set('slot', number, { up, port: FABRIC_PORT, line_port: 0, epoch });
  }
  tables.set('vid_row', VID, { active: slot, backup, backup_in_sync: 1, valid: 1 });
  // Long after all that was: patience counts from here.
  const start = (n + 1) * 10 * TIMEOUT;
  await simulated.setTime(start);
  await tables.write();
  const beat = buildHeartbeatFrame({
    srcMac: slotMac(PREFIX, slot, epoch),
    dstMac: slotMac(PREFIX, 0xff, 0),
    ...{ nonce, sequence: n },
  });
  const [heard] = await bed.pass(new Map([[FABRIC_PORT, [beat]]]));
  if (heard?.reason !== 'heartbeat') throw new Error(`the heartbeat ended as ${heard?.reason}`);
  await simulated.setTime(start + TIMEOUT - 1);
  await simulated.run(2 * card.sizes.slots);
  let timeUp = 0;
  const frames = Array.from({ length: FRAMES }, () => steered(VID));
  const seen = await bed.pass(new Map([[0, frames]]), async () => {
    await simulated.run(BEFORE + (n % card.sizes.slots));
    timeUp = await simulated.clocks();
    await simulated.setTime(start + TIMEOUT);
  });
  return readTrial(seen, timeUp);
}

async function run({ quick, say }: Context): Promise<Measured> {
  const count = quick ? TRIALS.quick : TRIALS.full;
  const bed = await CardBed.open({ observe: true });
  const trials: Trial[] = [];
  try {
    await bed.attachMemory();
    for (let n = 0; n < count; n++) {
      if (n % 250 === 0) say(`trial ${n} of ${count}`);
      trials.push(await trial(bed, n));
    }
  } finally {
    await bed.close();
  }
  const clocks = trials.map((it) => it.clocks);
  const bars = new Map<number, number>();
  for (const it of clocks) {
    const bar = Math.floor(it / BAR) * BAR;
    bars.set(bar, (bars.get(bar) ?? 0) + 1);
  }
  const { median, low, high } = spreadOf(clocks);
  return {
    configuration: CONFIGURATION,
    method: [
      `Lock-step, exact, ${count} trials with the card alone: a slot's last heartbeat, ${TIMEOUT} µs of card time (1 ms × 3), and shortest frames for one of its VIDs back to back all the while. Counted is from the clock at which its patience is over to the decision of the first frame for the backup.`,
      'Each trial is another slot, epoch and phase. It fails where a frame goes to the dead slot after one has gone to the backup.',
    ],
    headlines: [
      { what: 'failover behind the end of patience, most', value: high, unit: 'clocks' },
      { what: 'the same, median', value: median, unit: 'clocks' },
      {
        what: 'frames for the dead slot in between, most',
        value: Math.max(...trials.map(({ late }) => late)),
        unit: 'frames',
      },
    ],
    tables: [
      {
        caption: `Clocks, as a histogram (shortest ${low})`,
        columns: [
          { key: 'from', title: 'clocks, from' },
          { key: 'trials', title: 'trials' },
        ],
        rows: [...bars].sort(([a], [b]) => a - b).map(([from, n]) => ({ from, trials: n })),
      },
    ],
    limits: [
      'Card time counts microseconds: what lies between the last heartbeat and the next tick of that comes on top, less than 1 µs.',
      'From the death to the end of patience it is the heartbeat that decides: at most the time-out, at least that less one interval.',
    ],
  };
}

export const failover: Benchmark = {
  name: 'failover',
  title: 'Failover in the card',
  run,
};
