/** Tables that the host writes during a trial, at times that are known to some clocks. */
import type { ReferenceCard } from '../../host/steering/reference-card.ts';
import type { CardState, OverrideEntry, SlotState, VidRow } from '../../host/steering/state.ts';
import type { Change } from './trial.ts';

/** Changes that are under way. */
interface Flight {
  readonly changes: readonly Change[];
  /** The first clock at which one of them may have been seen, and the last at which not all were. */
  readonly fromClock: number;
  readonly untilClock: number;
  done: number;
}

export class ChangingTables {
  readonly state: CardState;
  readonly #rows: Map<number, VidRow>;
  readonly #overrides: Map<number, OverrideEntry>;
  readonly #bad: { rows: Set<number>; overrides: Set<number>; typeSets: ReadonlySet<number> };
  #reference: ReferenceCard | undefined;
  #flight: Flight | undefined;

  constructor(state: CardState) {
    this.#rows = new Map(state.rows);
    this.#overrides = new Map(state.overrides);
    const { rows = [], overrides = [], typeSets = [] } = state.badParity ?? {};
    this.#bad = {
      rows: new Set(rows),
      overrides: new Set(overrides),
      typeSets: new Set(typeSets),
    };
    this.state = {
      ...state,
      rows: this.#rows,
      overrides: this.#overrides,
      badParity: this.#bad,
    };
  }

  attach(reference: ReferenceCard): void {
    this.#reference = reference;
  }

  apply(change: Change): void {
    const { table, index } = change;
    // What is written anew has the right parity.
    if (table === 'row') this.#bad.rows.delete(index);
    if (table === 'override') this.#bad.overrides.delete(index);
    if (table === 'row') set(this.#rows, index, change.entry);
    else if (table === 'override') set(this.#overrides, index, change.entry);
    else if (table === 'slot') this.#reference?.writeSlot(index, change.entry as SlotState);
    else this.#reference?.writePolicer(index, change.entry);
  }

  /** From `fromClock` on frames may see the changes, one after the other; from `untilClock` on all. */
  fly(changes: readonly Change[], fromClock: number, untilClock: number): void {
    this.#flight = { changes, fromClock, untilClock, done: 0 };
  }

  /** A frame that was decided at `clock` began at most `clocks` before that. */
  seenBy(clock: number, clocks: number): void {
    if (this.#flight !== undefined && clock - clocks > this.#flight.untilClock) this.land();
  }

  /** The next change was seen by a frame that was decided at `clock`; false where there is none. */
  advance(clock: number): boolean {
    const flight = this.#flight;
    if (flight === undefined || clock < flight.fromClock) return false;
    const change = flight.changes[flight.done];
    if (change === undefined) return false;
    flight.done++;
    this.apply(change);
    return true;
  }

  /** Whoever is decided from now on sees all of them. */
  land(): void {
    const flight = this.#flight;
    this.#flight = undefined;
    for (const change of flight?.changes.slice(flight.done) ?? []) this.apply(change);
  }
}

function set<T>(map: Map<number, T>, index: number, entry: T | undefined): void {
  if (entry === undefined) map.delete(index);
  else map.set(index, entry);
}
