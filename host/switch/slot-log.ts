/** What happened to slots, newest last; a bounded number of entries. */
import type { DownCause } from '../../driver/index.ts';

export interface SlotLogEntry {
  /** Counts from 1; entries that went are missing at the front. */
  readonly number: number;
  readonly slot: number;
  /** Who was in it; undefined where that is not known any more. */
  readonly name: string | undefined;
  readonly epoch: number;
  /** `stale`: frames with its number came from an old incarnation, or while it was down. */
  readonly what: 'up' | 'down' | 'stale';
  /** Of a `down`: `host`, or what the card saw. */
  readonly cause?: DownCause;
  readonly why: string;
  /** ISO 8601, UTC: when it happened, as near as the card's clock tells. */
  readonly at: string;
  /** The card's microseconds, where the card told. */
  readonly cardTime?: number;
  /** Of `stale`: reports in a row. */
  readonly times?: number;
}

export const LOG_LENGTH = 256;

export class SlotLog {
  readonly #entries: SlotLogEntry[] = [];
  #number = 0;

  list(): readonly SlotLogEntry[] {
    return this.#entries;
  }

  /** The last time that a slot went down. */
  lastDown(slot: number): SlotLogEntry | undefined {
    return this.#entries.findLast((entry) => entry.slot === slot && entry.what === 'down');
  }

  add(entry: Omit<SlotLogEntry, 'number'>): void {
    const last = this.#entries.findLast(({ slot }) => slot === entry.slot);
    // One that does not stop speaking must not push out all else.
    if (entry.what === 'stale' && last?.what === 'stale') {
      const again = { ...last, at: entry.at, times: (last.times ?? 1) + 1 };
      this.#entries[this.#entries.indexOf(last)] = again;
      return;
    }
    this.#entries.push({ number: ++this.#number, ...entry });
    if (this.#entries.length > LOG_LENGTH) this.#entries.shift();
  }
}
