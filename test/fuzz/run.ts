/** Takes a card through a trial and holds it to the reference. */
import { type Access, decodeEntry, TABLES, type TableEntries, VALUES } from '../../driver/index.ts';
import type { CardState } from '../../host/steering/state.ts';
import {
  loadTables,
  NO_ROW,
  overrideEntry,
  policerEntry,
  rowEntry,
  slotEntry,
  writeEntry,
} from '../card/tables.ts';
import type { Tally } from '../card/tally.ts';
import type { FuzzedCard } from './card.ts';
import { Checker } from './checker.ts';
import { Mismatch, show } from './mismatch.ts';
import type { Change, Trial } from './trial.ts';

type SlotEvents = readonly TableEntries['slot_event'][];

export class Runner {
  readonly card: FuzzedCard;
  #loaded: CardState | undefined;

  constructor(card: FuzzedCard) {
    this.card = card;
  }

  /** Undefined where card and reference agree to the end. */
  async run(trial: Trial, tally?: Tally): Promise<Mismatch | undefined> {
    try {
      await this.#run(trial, tally);
      return undefined;
    } catch (error) {
      if (error instanceof Mismatch) return error;
      throw error;
    }
  }

  async #run(trial: Trial, tally: Tally | undefined): Promise<void> {
    const { card } = this;
    await card.setTime(trial.startUs);
    await card.setPatterns(trial.gaps, trial.pressure, trial.seed & 0xffff);
    await card.access(loadTables(trial.state, card.sizes, trial.cutThrough, this.#loaded));
    this.#loaded = withChanges(trial);
    card.collect();
    const before = await this.#events();
    const checker = new Checker(trial, tally);
    for (const step of trial.steps) {
      if (step.kind === 'time') {
        checker.advance(card.timeUs + step.us);
        await card.setTime(card.timeUs + step.us);
      } else if (step.kind === 'change') {
        checker.tables.apply(step.change);
        await card.access(accessesOf(step.change));
      } else {
        checker.offer(step.frames);
        await card.offer(step.frames);
        if (step.changes.length > 0) {
          await card.simulation.run(step.afterClocks);
          const from = await card.simulation.clocks();
          await card.access(step.changes.flatMap(accessesOf));
          checker.tables.fly(step.changes, from, await card.simulation.clocks());
        }
        await card.simulation.runUntilIdle();
      }
      checker.check(card.collect());
      checker.tables.land();
    }
    this.#checkEvents(checker, before, await this.#events());
    await this.#checkHits(checker);
  }

  /** All slots' events, acknowledged as they are read. */
  async #events(): Promise<SlotEvents> {
    const { slots } = this.card.sizes;
    const { words } = TABLES.slot_event;
    const accesses = Array.from({ length: slots }, (_, slot) =>
      Array.from({ length: words }, (_, word) => ({ address: eventAddress(slot) + 4 * word })),
    ).flat();
    const read = await this.card.access(accesses);
    const events = Array.from({ length: slots }, (_, slot) =>
      decodeEntry('slot_event', read.subarray(slot * words, (slot + 1) * words)),
    );
    const open = events.flatMap(({ count, went_down, stale }, slot) =>
      went_down || stale ? [{ address: eventAddress(slot), write: count }] : [],
    );
    if (open.length > 0) await this.card.access(open);
    return events;
  }

  #checkEvents({ reference }: Checker, before: SlotEvents, after: SlotEvents): void {
    for (const [slot, event] of reference.slots.events.entries()) {
      const said = after[slot];
      const count = ((said?.count ?? 0) - (before[slot]?.count ?? 0) + 256) % 256;
      const wanted = {
        count: event.count,
        went_down: Number(event.wentDown),
        stale: Number(event.stale),
        ...(event.wentDown
          ? { cause: VALUES.slot_event_cause[event.cause], time_us: BigInt(event.timeUs) }
          : {}),
      };
      const found = { ...said, count };
      const differ = Object.entries(wanted).filter(
        ([name, value]) => found[name as keyof typeof found] !== value,
      );
      if (differ.length === 0) continue;
      const names = differ.map(([name]) => name).join(', ');
      const lines = `slot ${slot}: card ${show(found)}, reference ${show(wanted)}`;
      throw new Mismatch(`events of slots (${names})`, lines);
    }
  }

  /** Each override that was used has its bit set; the bits are cleared for the next trial. */
  async #checkHits({ hits, tables }: Checker): Promise<void> {
    const { offset } = TABLES.override_hit;
    const places = [...hits, ...(tables.state.overrides?.keys() ?? [])];
    const words = [...new Set(places.map((place) => place >> 5))];
    if (words.length === 0) return;
    const read = await this.card.access(words.map((word) => ({ address: offset + 4 * word })));
    await this.card.access(
      words.map((word): Access => ({ address: offset + 4 * word, write: 0xffffffff })),
    );
    const bits = new Map(words.map((word, i) => [word, read[i] ?? 0]));
    for (const place of hits) {
      if (((bits.get(place >> 5) ?? 0) >>> (place & 31)) & 1) continue;
      throw new Mismatch('the hit bit of an override', `place ${place} was used`);
    }
  }
}

function eventAddress(slot: number): number {
  const { offset, stride } = TABLES.slot_event;
  return offset + 4 * stride * slot;
}

function accessesOf(change: Change): Access[] {
  const { table, index } = change;
  if (table === 'row') return writeEntry('vid_row', index, rowEntry(change.entry ?? NO_ROW));
  if (table === 'override') return writeEntry('override', index, overrideEntry(change.entry));
  if (table === 'slot') return writeEntry('slot', index, slotEntry(change.entry));
  return writeEntry('policer', index, policerEntry(change.entry));
}

/** The tables with all that was ever written to them, so that the next trial can clear it. */
function withChanges({ state, steps }: Trial): CardState {
  const rows = new Map(state.rows);
  const overrides = new Map(state.overrides);
  const changes = steps.flatMap((step) =>
    step.kind === 'change' ? [step.change] : step.kind === 'frames' ? step.changes : [],
  );
  for (const change of changes) {
    if (change.table === 'row') rows.set(change.index, change.entry ?? NO_ROW);
    if (change.table === 'override') {
      overrides.set(change.index, change.entry ?? { space: 0, key: 0n, vid: 0 });
    }
  }
  return { ...state, rows, overrides };
}
