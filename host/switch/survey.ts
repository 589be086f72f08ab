/**
 * Questions to all processors that are up. Sessions change hands meanwhile, by deaths and by moves, so what all
 * have answered counts only where nothing did.
 */
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import type { ReplyTo, RequestOf, RequestType } from '../protocol/control.ts';
import type { ControlAsker } from '../protocol/control-asker.ts';
import type { Slot, SlotRegistry } from './slot-registry.ts';
import type { VidManager } from './vid-manager.ts';

export interface SurveyOptions {
  readonly vids: VidManager;
  readonly registry: SlotRegistry;
  readonly clock: Clock;
  readonly asker: (slot: Slot) => ControlAsker;
}

export interface SurveyRound<T extends RequestType> {
  readonly answers: readonly { readonly slot: Slot; readonly reply: ReplyTo<T> }[];
  /** All have answered, and nothing changed hands meanwhile. */
  readonly settled: boolean;
}

/** Milliseconds for a processor to answer. */
const ANSWER = 5000;
/** Milliseconds until processors are asked once more. */
const AGAIN = 50;

export class Survey {
  readonly #options: SurveyOptions;
  readonly #waiting = new Map<ClockTimer, (error: Error) => void>();
  #closed = false;

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  /** Asks each processor that is up. */
  async round<T extends RequestType>(
    request: (slot: Slot) => RequestOf<T> & { type: T },
  ): Promise<SurveyRound<T>> {
    const { vids, registry, asker } = this.#options;
    const moving = () => vids.list().some(({ next }) => next?.as === 'owner');
    const { term } = vids;
    if (moving()) return { answers: [], settled: false };
    const up = registry.slots.filter(({ state }) => state === 'up');
    const asked = await Promise.allSettled(
      up.map(async (slot) => ({
        slot,
        reply: await asker(slot).ask<T>(request(slot), { timeout: ANSWER }),
      })),
    );
    const answers = asked.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
    const settled = answers.length === up.length && vids.term === term && !moving();
    return { answers, settled };
  }

  /** Resolves when it is time for another round; rejects when closed. */
  pause(): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.schedule(AGAIN, () => {
        this.#waiting.delete(timer);
        resolve();
      });
      this.#waiting.set(timer, reject);
    });
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    for (const [timer, reject] of this.#waiting) {
      timer.cancel();
      reject(closed());
    }
    this.#waiting.clear();
  }
}

const closed = (): Error => new Error('the switch processor was closed');
