/** What the card did to slots by itself. The card keeps it until it is acknowledged; so does this. */
import type { Card } from './card.ts';
import type { SlotEventEntry } from './generated/registers.ts';
import { decodeEntry, encodeEntry, REGISTERS, TABLES, VALUES } from './generated/registers.ts';
import type { Access } from './transport.ts';

/** Why a slot went down; `unknown` where the card is newer than this driver. */
export type DownCause = keyof typeof VALUES.slot_event_cause | 'unknown';

export interface SlotEvent {
  readonly slot: number;
  /** Events of the slot since the last report; where it is more than one, the last is told. */
  readonly events: number;
  /** It went down; undefined where it did not. */
  readonly down:
    | {
        readonly cause: DownCause;
        /** The card's microseconds. */
        readonly time: bigint;
      }
    | undefined;
  /** Frames with its number came from an old incarnation, or while it was down, and were dropped. */
  readonly stale: boolean;
}

const CAUSES = new Map<number, DownCause>(
  Object.entries(VALUES.slot_event_cause).map(([name, code]) => [code, name as DownCause]),
);
const { words: WORDS } = TABLES.slot_event;

/** Reads and acknowledges `slot_event`. */
export class SlotEventReader {
  readonly #card: Card;
  /** By slot: `count` as it was when the slot was reported last. */
  readonly #reported = new Map<number, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(card: Card) {
    this.#card = card;
  }

  /**
   * Hands what is new to `take`, then acknowledges it: an event is lost to nobody who ends between
   * the two. What happens to a slot meanwhile stays in the card and comes with the next call. Calls
   * wait for each other. Rejects with what `take` throws or the transport's error; nothing is
   * acknowledged then, and the next call tells it again.
   */
  poll(take: (events: readonly SlotEvent[]) => void): Promise<readonly SlotEvent[]> {
    const result = this.#turn.then(() => this.#poll(take));
    this.#turn = result.catch(() => {});
    return result;
  }

  async #poll(take: (events: readonly SlotEvent[]) => void): Promise<readonly SlotEvent[]> {
    const pending = await this.#pending();
    if (pending.length === 0) return [];
    const entries = await this.#read(pending);
    const events = entries.flatMap(([slot, entry]) => {
      const reported = this.#reported.get(slot);
      // Told before, only that the acknowledgement did not get through.
      if (reported === entry.count) return [];
      const events = reported === undefined ? 1 : (entry.count - reported) & 0xff;
      return [
        {
          slot,
          events,
          down:
            entry.went_down === 1
              ? { cause: CAUSES.get(entry.cause) ?? 'unknown', time: entry.time_us }
              : undefined,
          stale: entry.stale === 1,
        } as const,
      ];
    });
    if (events.length > 0) take(events);
    for (const [slot, { count }] of entries) this.#reported.set(slot, count);
    await this.#card.transport.access(
      entries.map(([slot, { count }]) => ({
        ...this.#word(slot, 0),
        write: encodeEntry('slot_event', { ...NOTHING, count })[0] ?? 0,
      })),
    );
    return events;
  }

  async #pending(): Promise<number[]> {
    const { slots_low, slots_high } = REGISTERS.events;
    const [low = 0, high = 0] = await this.#card.transport.access([
      { address: slots_low },
      { address: slots_high },
    ]);
    return Array.from({ length: this.#card.sizes.slots }, (_, slot) => slot).filter(
      (slot) => (((slot < 32 ? low : high) >>> (slot & 31)) & 1) === 1,
    );
  }

  /**
   * The entries whose words belong together: word 0 is read at both ends, and an entry to which
   * something happened in between is left for the next call.
   */
  async #read(slots: readonly number[]): Promise<[number, SlotEventEntry][]> {
    const accesses = slots.flatMap((slot) => [
      ...this.#card.readAccesses('slot_event', slot),
      this.#word(slot, 0),
    ]);
    const words = await this.#card.transport.access(accesses);
    return slots.flatMap((slot, n) => {
      const entry = words.subarray(n * (WORDS + 1), n * (WORDS + 1) + WORDS);
      if (entry[0] !== words[n * (WORDS + 1) + WORDS]) return [];
      return [[slot, decodeEntry('slot_event', entry)] as [number, SlotEventEntry]];
    });
  }

  #word(slot: number, word: number): Access {
    return this.#card.readAccesses('slot_event', slot)[word] as Access;
  }
}

const NOTHING: SlotEventEntry = { count: 0, cause: 0, went_down: 0, stale: 0, time_us: 0n };
