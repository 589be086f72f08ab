/** Limits of what goes to the host: GCRA (ITU-T I.371 annex A), in 1/256 microseconds. */
import type { PolicerEntry } from './state.ts';
import { since, TIME_SPAN } from './time.ts';

/** Theoretical arrival times have 48 bits. */
const SPAN = TIME_SPAN;

export class Policers {
  readonly #entries: (PolicerEntry | undefined)[];
  /** Theoretical arrival times; undefined where the bucket is full. */
  readonly #tat: (number | undefined)[] = [];

  constructor(entries: readonly (PolicerEntry | undefined)[] = []) {
    this.#entries = [...entries];
  }

  entry(bucket: number): PolicerEntry | undefined {
    return this.#entries[bucket];
  }

  /** Whoever writes an entry fills its bucket. */
  write(bucket: number, entry: PolicerEntry): void {
    this.#entries[bucket] = entry;
    this.#tat[bucket] = undefined;
  }

  /** Whether a frame keeps within the bucket's rate. */
  conforms(bucket: number, nowUs: number): boolean {
    const entry = this.#entries[bucket];
    const tat = this.#tat[bucket];
    if (entry === undefined || entry.interval === 0 || tat === undefined) return true;
    return since(tat - entry.burst, units(nowUs), SPAN) >= 0;
  }

  /** A frame went into the host's queue. */
  take(bucket: number, nowUs: number): void {
    const interval = this.#entries[bucket]?.interval ?? 0;
    const now = units(nowUs);
    const tat = this.#tat[bucket] ?? now;
    this.#tat[bucket] = ((since(now, tat, SPAN) > 0 ? tat : now) + interval) % SPAN;
  }
}

function units(us: number): number {
  return (us % (SPAN / 256)) * 256;
}
