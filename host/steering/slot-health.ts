/** Which slots are up, why they went down, and what the host has not yet heard of it. */
import type { VALUES } from '../../driver/generated/registers.ts';
import type { HealthEntry, SlotState } from './state.ts';
import { since } from './time.ts';

export type Cause = keyof typeof VALUES.slot_event_cause;

export interface SlotEvent {
  /** Events of this slot, modulo 256. */
  count: number;
  cause: Cause;
  wentDown: boolean;
  stale: boolean;
  /** When it went down last. */
  timeUs: number;
}

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

export class SlotHealth {
  /** What the decision reads. */
  readonly slots: Mutable<SlotState>[];
  readonly health: (HealthEntry | undefined)[];
  readonly events: SlotEvent[];
  readonly #heardUs: number[];
  readonly #linkLost = new Set<number>();

  constructor(
    slots: readonly SlotState[],
    health: readonly (HealthEntry | undefined)[],
    nowUs: number,
  ) {
    this.slots = slots.map((slot) => ({ ...slot }));
    this.health = [...health];
    this.events = slots.map(() => ({
      count: 0,
      cause: 'none',
      wentDown: false,
      stale: false,
      timeUs: 0,
    }));
    this.#heardUs = slots.map(() => nowUs);
  }

  /** The host writes the slot table. Down is latched: only another epoch raises a slot that is down. */
  write(slot: number, entry: SlotState, nowUs: number): void {
    const present = this.slots[slot];
    if (present === undefined) return;
    // A new incarnation of a slot that was up all the time has its whole time for the first heartbeat, too.
    const raised = entry.up && entry.epoch !== present.epoch;
    const fell = present.up && !entry.up;
    const up = entry.up && (present.up || raised);
    Object.assign(present, entry, { up });
    if (raised) this.#heardUs[slot] = nowUs;
    if (fell) this.#down(slot, 'host', nowUs);
  }

  /** A heartbeat has had its end. */
  hear(slot: number, nowUs: number): void {
    this.#heardUs[slot] = nowUs;
  }

  /** A frame came from an old incarnation, or while the slot was down. */
  stale(slot: number): void {
    const event = this.events[slot];
    if (event === undefined || event.stale) return;
    event.stale = true;
    event.count = (event.count + 1) % 256;
  }

  link(port: number, up: boolean, nowUs: number): void {
    if (up) this.#linkLost.delete(port);
    else this.#linkLost.add(port);
    this.tick(nowUs);
  }

  /** A port's queue has offered a beat for too long. */
  stall(port: number, nowUs: number): void {
    for (const [slot, entry] of this.slots.entries()) {
      if (entry.up && entry.port === port) this.#down(slot, 'stall', nowUs);
    }
  }

  /** Time has come to `nowUs`; it may have jumped. */
  tick(nowUs: number): void {
    for (const [slot, entry] of this.slots.entries()) {
      if (!entry.up) continue;
      const timeout = this.health[slot]?.timeoutUs ?? 0;
      if (this.#linkLost.has(entry.port)) this.#down(slot, 'link', nowUs);
      else if (timeout !== 0 && since(this.#heardUs[slot] ?? 0, nowUs) >= timeout) {
        this.#down(slot, 'heartbeat', nowUs);
      }
    }
  }

  /** Does nothing where something has happened since the host read `count`. */
  acknowledge(slot: number, count: number): void {
    const event = this.events[slot];
    if (event === undefined || event.count !== count) return;
    event.wentDown = false;
    event.stale = false;
  }

  #down(slot: number, cause: Cause, nowUs: number): void {
    const entry = this.slots[slot];
    const event = this.events[slot];
    if (entry === undefined || event === undefined) return;
    entry.up = false;
    Object.assign(event, { count: (event.count + 1) % 256, cause, wentDown: true, timeUs: nowUs });
  }
}
