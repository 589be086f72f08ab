/** One trial of the fuzz campaign as plain data: tables, and what happens to the card, step by step. */
import type { CardSizes } from '../../driver/index.ts';
import type {
  CardState,
  OverrideEntry,
  PolicerEntry,
  SlotState,
  VidRow,
} from '../../host/steering/state.ts';
import { Random } from '../generators/random.ts';
import { randomState } from '../generators/state.ts';
import { type Sent, Traffic } from '../generators/traffic.ts';
import { ingressOf } from './card.ts';

/** The host writes an entry. */
export type Change =
  | { readonly table: 'row'; readonly index: number; readonly entry: VidRow | undefined }
  | {
      readonly table: 'override';
      readonly index: number;
      readonly entry: OverrideEntry | undefined;
    }
  | { readonly table: 'slot'; readonly index: number; readonly entry: SlotState }
  | { readonly table: 'policer'; readonly index: number; readonly entry: PolicerEntry };

export type Step =
  /** With `changes`: written, one after the other, so many clocks after the first frames have begun. */
  | {
      readonly kind: 'frames';
      readonly frames: readonly Sent[];
      readonly changes: readonly Change[];
      readonly afterClocks: number;
    }
  | { readonly kind: 'change'; readonly change: Change }
  /** So many microseconds pass. */
  | { readonly kind: 'time'; readonly us: number };

export interface Trial {
  /** Name in hdl/configurations.yaml. */
  readonly configuration: string;
  /** Of the patterns of gaps and back-pressure. */
  readonly seed: number;
  /** The card's time when it begins. */
  readonly startUs: number;
  readonly state: CardState;
  /** By port. */
  readonly cutThrough: readonly boolean[];
  /** Chance in 256 that a clock gives no beat, and that one takes none. */
  readonly gaps: number;
  readonly pressure: number;
  readonly steps: readonly Step[];
}

export interface TrialOptions {
  readonly frames: number;
  readonly startUs: number;
}

/** In a batch; what waits in a queue is not what is tried in most of them. */
const BATCH = 320;

/** A gap within a frame on a cut-through port ends it. */
export function mayUnderrun({ gaps, cutThrough }: Trial): boolean {
  return gaps > 0 && cutThrough.includes(true);
}

export function randomTrial(
  configuration: string,
  sizes: CardSizes,
  seed: number,
  { frames, startUs }: TrialOptions,
): Trial {
  const random = new Random(seed);
  const cutThrough = Array.from({ length: sizes.ports }, () => random.chance(50));
  const gaps = random.chance(50) ? 0 : random.pick([20, 90, 180]);
  const pressure = random.chance(60) ? 0 : random.pick([60, 150, 230]);
  const drawn = randomState(random, sizes);
  const underrun = gaps > 0 && cutThrough.includes(true);
  // Which of two frames a gap has ended is not to be told where frames overtake each other, nor whose the
  // copy is that found room at the mirror port, if both ended within their addresses.
  const state = underrun ? { ...drawn, fragmentUs: 0, mirror: undefined } : drawn;
  const options = { configuration, seed, startUs, state, cutThrough, gaps, pressure };
  return { ...options, steps: randomSteps(random, state, frames, underrun ? 0 : 30) };
}

function randomSteps(random: Random, state: CardState, frames: number, fragmented: number): Step[] {
  const traffic = new Traffic(random, state, { fragmented });
  const plain = new Traffic(random, state, { fragmented: 0 });
  const steps: Step[] = [];
  for (let left = frames; left > 0; ) {
    const count = Math.min(left, random.between(1, 2 * BATCH));
    left -= count;
    const flying = random.chance(35);
    steps.push({
      kind: 'frames',
      // Where either of two tables may have decided, nothing else should depend on it.
      frames: flying
        ? Array.from({ length: count }, () => whole(plain))
        : distinct(traffic, count, state.ports.length),
      changes: flying ? randomFlight(random, state) : [],
      afterClocks: random.below(40 * count),
    });
    for (let more = random.below(3); more > 0; more--) steps.push(between(random, state));
  }
  // What is held has its end.
  steps.push({ kind: 'time', us: 10_000 });
  return steps;
}

/**
 * No two fragments of one length by one port: which of them found no room to wait could not be told
 * from the record.
 */
function distinct(traffic: Traffic, count: number, ports: number): Sent[] {
  const taken = new Set<string>();
  const frames: Sent[] = [];
  while (frames.length < count) {
    const sent = traffic.next();
    if (looksFragmented(sent.frame)) {
      const name = `${ingressOf(sent, ports)} ${sent.frame.length}`;
      if (taken.has(name)) continue;
      taken.add(name);
    }
    frames.push(sent);
  }
  return frames;
}

/** A frame that is no fragment, as far as can be seen easily. */
function whole(traffic: Traffic): Sent {
  for (;;) {
    const sent = traffic.next();
    if (!looksFragmented(sent.frame)) return sent;
  }
}

function looksFragmented(frame: Buffer): boolean {
  for (const l3 of [14, 18, 22]) {
    const type =
      frame[l3 - 2] === undefined ? 0 : frame.readUInt16BE(Math.min(l3 - 2, frame.length - 2));
    if (frame.length < l3 + 8) continue;
    if (type === 0x0800 && (frame.readUInt16BE(l3 + 6) & 0x3fff) !== 0) return true;
    if (type === 0x86dd && frame[l3 + 6] !== 6 && frame.subarray(l3 + 40, l3 + 104).includes(44))
      return true;
    if (type === 0x86dd && frame[l3 + 6] === 44) return true;
  }
  return false;
}

function between(random: Random, state: CardState): Step {
  if (random.chance(50)) {
    const us = random.chance(60) ? random.between(1, 300) : random.between(300, 30_000);
    return { kind: 'time', us };
  }
  return { kind: 'change', change: randomChange(random, state) };
}

function randomChange(random: Random, state: CardState): Change {
  if (random.chance(15)) {
    const index = random.below(state.sizes.rules + 2);
    const interval = random.between(1, 256 * 200);
    const entry = { interval, burst: random.below(30) * interval, share: 0 };
    return { table: 'policer', index, entry };
  }
  return random.pick([randomRow, randomSlot, randomOverride])(random, state)[0] as Change;
}

/** What may be written while frames fly. */
function randomFlight(random: Random, state: CardState): Change[] {
  return random.pick([randomRow, randomSlot, randomOverride])(random, state);
}

function randomRow(random: Random, { rows, slots }: CardState): Change[] {
  const index = random.pick([...rows.keys()]);
  const entry = {
    valid: random.chance(80),
    active: random.below(slots.length),
    backup: random.below(slots.length),
    backupInSync: random.chance(60),
  };
  return [{ table: 'row', index, entry: random.chance(10) ? undefined : entry }];
}

function randomSlot(random: Random, { slots, ports }: CardState): Change[] {
  const index = random.below(slots.length);
  const entry = slots[index];
  if (entry === undefined) return [];
  const kind = random.below(4);
  const changed =
    kind === 0
      ? { ...entry, up: false }
      : kind === 1
        ? { ...entry, up: true, epoch: (entry.epoch + 1) & 0xff }
        : kind === 2
          ? { ...entry, port: random.below(ports.length) }
          : {
              ...entry,
              up: random.chance(70),
              // Whoever is down and comes with his old epoch stays down.
              epoch: random.pick([entry.epoch, random.below(256)]),
            };
  return [{ table: 'slot', index, entry: changed }];
}

/** A new VID, an empty place, or a move: the new place is written before the old one is cleared. */
function randomOverride(random: Random, state: CardState): Change[] {
  const entries = [...(state.overrides ?? [])];
  if (entries.length === 0) return randomRow(random, state);
  const [index, entry] = random.pick(entries);
  const vid = random.pick([...state.rows.keys()]);
  const kind = random.below(3);
  if (kind === 0) return [{ table: 'override', index, entry: { ...entry, vid } }];
  if (kind === 1) return [{ table: 'override', index, entry: undefined }];
  const other = entries.filter(([place]) => place !== index).map(([place]) => place);
  const to = other.length > 0 && random.chance(30) ? random.pick(other) : index ^ 1;
  return [
    { table: 'override', index: to, entry },
    { table: 'override', index, entry: undefined },
  ];
}
