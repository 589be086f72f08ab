/**
 * Time as an input. Protocol timers (SIP's T1, report time-outs, retransmissions) take a `Clock`,
 * so that a test sets the time and a program uses the system's.
 */

export interface ClockTimer {
  /** Idempotent; a cancelled timer never fires. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number;
  /** Calls `action` once, no earlier than after `delay` milliseconds. */
  schedule(delay: number, action: () => void): ClockTimer;
}

/** The machine's monotonic clock. Its timers keep no process alive: sockets and children do that. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(delay, action) {
    const timer = setTimeout(action, delay);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A clock that stands until it is told to go on; timers fire in the order in which they are due. */
export class ManualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<{ due: number; order: number; action: () => void }>();

  now(): number {
    return this.#now;
  }

  schedule(delay: number, action: () => void): ClockTimer {
    const timer = { due: this.#now + Math.max(0, delay), order: this.#order++, action };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** When the next timer is due, in the clock's milliseconds; undefined: none is set. */
  get next(): number | undefined {
    return this.#earliest()?.due;
  }

  /** Goes on by `milliseconds`, firing every timer that falls due on the way. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      const timer = this.#earliest();
      if (timer === undefined || timer.due > until) break;
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.due);
      timer.action();
    }
    this.#now = until;
  }

  #earliest(): { due: number; order: number; action: () => void } | undefined {
    let first: { due: number; order: number; action: () => void } | undefined;
    for (const timer of this.#timers) {
      if (
        first === undefined ||
        timer.due < first.due ||
        (timer.due === first.due && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}
