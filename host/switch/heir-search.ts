/**
 * Set-ups whose processor died before their sender heard an answer. What it made is at who has its VIDs now,
 * where it was copied; a second processor that made it anew would leave the first for ever. So they wait until
 * all have said whether they have it.
 */
import type { Clock } from '../protocol/clock.ts';
import { MAX_FOUND_SETUP } from '../protocol/control.ts';
import type { Occupant, Orphan } from '../setup/handler.ts';
import type { Slot } from './slot-registry.ts';
import type { Survey } from './survey.ts';
import type { VidManager } from './vid-manager.ts';

export interface HeirSearchOptions {
  readonly survey: Survey;
  readonly vids: VidManager;
  readonly clock: Clock;
}

/** `heir`: who has it. Undefined: nobody does. */
export interface Found {
  readonly heir: Occupant | undefined;
}

/** Set-ups that wait at a time, and how many of them are asked for at once. */
const HELD = 256;
const AT_ONCE = 16;
/** Milliseconds until a set-up is dropped: its sender repeats it within about five seconds. */
const PATIENCE = 4000;

export class HeirSearch {
  readonly counters = { found: 0, none: 0, refused: 0 };
  readonly #options: HeirSearchOptions;
  /** By service and transaction. */
  readonly #held = new Set<string>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: HeirSearchOptions) {
    this.#options = options;
  }

  /** Set-ups that wait. */
  get held(): number {
    return this.#held.size;
  }

  /** Undefined where the set-up cannot wait; rejects where nobody can tell in time. */
  find(service: string, orphan: Orphan): Promise<Found> | undefined {
    const key = `${service} ${orphan.transaction}`;
    const { length } = orphan.message;
    if (this.#held.has(key) || this.#held.size >= HELD || length > MAX_FOUND_SETUP) {
      this.counters.refused++;
      return undefined;
    }
    this.#held.add(key);
    const setup = orphan.message.toString('base64');
    return this.#inTurn(() => this.#search(service, setup))
      .then(
        (found) => {
          this.counters[found.heir === undefined ? 'none' : 'found']++;
          return found;
        },
        (error) => {
          this.counters.refused++;
          throw error;
        },
      )
      .finally(() => this.#held.delete(key));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running--;
      else next(); // takes our place
    }
  }

  async #search(service: string, setup: string): Promise<Found> {
    const { survey, vids, clock } = this.#options;
    const until = clock.now() + PATIENCE;
    for (;;) {
      const { answers, settled } = await survey.round(({ name = '' }) => {
        return { type: 'find', service, setup, assignment: vids.numberOf(name) } as const;
      });
      const heir = answers.find(({ reply }) => reply.has)?.slot;
      if (heir !== undefined) return { heir: occupantOf(heir) };
      if (settled) return { heir: undefined };
      if (clock.now() >= until) throw new Error('sessions change hands all the time');
      await survey.pause();
    }
  }
}

const occupantOf = ({ name = '', slot, epoch }: Slot): Occupant => ({ name, slot, epoch });
