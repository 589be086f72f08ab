/**
 * Hears what the card does to slots by itself and makes the registry follow. The card has acted by
 * then: nothing waits for this, and only the host raises a slot again.
 */
import type { Card, SlotEvent } from '../../driver/index.ts';
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import type { ControlServer } from './control-server.ts';
import { SlotLog, type SlotLogEntry } from './slot-log.ts';
import type { Slot, SlotRegistry } from './slot-registry.ts';

export interface SlotWatchOptions {
  readonly card: Card;
  readonly clock: Clock;
  readonly registry: SlotRegistry;
  readonly control: ControlServer;
  /** Milliseconds between two questions to the card, where its transport does not tell. */
  readonly interval: number;
  /** The card is gone. */
  readonly fail: (error: Error) => void;
  /** An entry that the card gave rise to. */
  readonly heard: (entry: Omit<SlotLogEntry, 'number'>) => void;
}

/** Why the card took a slot down. */
const CAUSES: Readonly<Record<string, string>> = {
  heartbeat: 'the card heard no heartbeat of it in time',
  link: 'the link of its port went down',
  stall: 'its port took nothing although frames waited',
};

export class SlotWatch {
  readonly log = new SlotLog();
  readonly #options: SlotWatchOptions;
  #timer: ClockTimer | undefined;
  #closed = false;

  constructor(options: SlotWatchOptions) {
    this.#options = options;
    const { control } = options;
    control.on('up', (slot) => this.#note(slot, 'up', 'its processor is ready'));
    control.on('down', (slot, why, card) => {
      const told = card === undefined ? { cause: 'host' as const } : card;
      this.#note(slot, 'down', why, told);
    });
  }

  /** Begins to listen; the first question is asked at once. */
  start(): void {
    this.#options.card.on('slotEvents', this.#take);
    this.#poll();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#options.card.off('slotEvents', this.#take);
  }

  #poll(): void {
    const { card, clock, interval, fail } = this.#options;
    card.pollSlotEvents().then(
      () => {
        if (!this.#closed) this.#timer = clock.schedule(interval, () => this.#poll());
      },
      (error: Error) => {
        if (!this.#closed) fail(error);
      },
    );
  }

  readonly #take = (events: readonly SlotEvent[]): void => {
    const { control, fail } = this.#options;
    control
      .inTurn(() => this.#act(events))
      .catch((error: Error) => {
        if (!this.#closed) fail(error);
      });
  };

  async #act(events: readonly SlotEvent[]): Promise<void> {
    const { card, registry, control } = this.#options;
    const cardNow = await card.time();
    const wallNow = Date.now();
    for (const { slot: number, down, stale } of events) {
      const slot = registry.whose(number);
      if (slot === undefined) continue;
      if (stale) {
        const why = 'frames of an old incarnation, or of one that is down, were dropped';
        this.#note(slot, 'stale', why);
      }
      // Our own doing is in the log already, with its reason.
      if (down === undefined || down.cause === 'host') continue;
      const at = new Date(wallNow - Number(cardNow - down.time) / 1000).toISOString();
      const told = { cause: down.cause, at, cardTime: Number(down.time) };
      const why = CAUSES[down.cause] ?? `the card took it down (${down.cause})`;
      const [entry] = await card.readTable('slot', number, 1);
      const isThis = slot.state === 'up' && entry?.up === 0 && entry.epoch === slot.epoch;
      if (isThis) await control.takeDown(slot, why, told);
      // A door follows its slot, whose own event says so.
      else if (number !== slot.slot) continue;
      // It was raised anew since, or we had lowered it ourselves when the card did.
      else this.#note({ ...slot, epoch: entry?.epoch ?? slot.epoch }, 'down', why, told);
    }
  }

  #note(
    slot: Slot,
    what: SlotLogEntry['what'],
    why: string,
    told: Pick<SlotLogEntry, 'cause' | 'cardTime'> & { readonly at?: string } = {},
  ): void {
    const { slot: number, name, epoch } = slot;
    const at = new Date().toISOString();
    const entry = { slot: number, name, epoch, what, why, at, ...told };
    this.log.add(entry);
    if (what === 'stale' || (told.cause ?? 'host') !== 'host') this.#options.heard(entry);
  }
}
