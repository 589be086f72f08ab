/**
 * A processor's event loop, which may hang, and the thread beside it that sends heartbeats: what Node and
 * host/processor/native/link_socket.cc are to a program, on a bench's clock.
 */
import type { Beats } from '../../../host/processor/datagram-endpoint.ts';
import type { Clock, ClockTimer } from '../../../host/protocol/clock.ts';

export class Worker implements Clock {
  readonly #clock: Clock;
  /** What waits while it hangs: the kernel keeps frames, and timers are late. */
  #waiting: (() => void)[] | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  schedule(delay: number, action: () => void): ClockTimer {
    let cancelled = false;
    const timer = this.#clock.schedule(delay, () => this.run(() => cancelled || action()));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** Runs it at once, or when the loop goes on. */
  run(action: () => void): void {
    if (this.#waiting === undefined) action();
    else this.#waiting.push(action);
  }

  hang(): void {
    this.#waiting ??= [];
  }

  goOn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const action of waiting) action();
  }
}

/** The native thread's loop: a heartbeat each interval, for as long as progress is seen to be made. */
export class ThreadBeats implements Beats {
  /** Milliseconds of the clock: when progress was last seen, and when the last heartbeat left. */
  moved: number;
  sent: number | undefined;
  #progress = 0;
  #seen = 0;
  #timer: ClockTimer | undefined;

  constructor(clock: Clock, send: () => void, interval: number, patience: number) {
    this.moved = clock.now();
    const turn = () => {
      const now = clock.now();
      if (this.#progress !== this.#seen) this.moved = now;
      this.#seen = this.#progress;
      if (now - this.moved <= patience) {
        send();
        this.sent = now;
      }
      this.#timer = clock.schedule(interval, turn);
    };
    turn();
  }

  progress(): void {
    this.#progress++;
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
