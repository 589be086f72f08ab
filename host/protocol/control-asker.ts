/** The asking side of the control protocol: repeats a request until it is answered or given up. */
import type { Clock, ClockTimer } from './clock.ts';
import {
  buildControl,
  ControlError,
  type ControlMessage,
  type ReplyTo,
  type RequestOf,
  type RequestType,
} from './control.ts';

/** First interval between repetitions in milliseconds; it doubles up to `LONGEST`. */
const FIRST = 100;
const LONGEST = 1000;

interface Pending {
  readonly type: RequestType;
  readonly resolve: (reply: never) => void;
  readonly reject: (error: Error) => void;
  timer: ClockTimer;
}

export interface AskOptions {
  /** Milliseconds until it gives up; undefined: it goes on until `close`. */
  readonly timeout?: number;
  /** Does not repeat it; only with a time-out. */
  readonly once?: boolean;
}

export class ControlAsker {
  /** Repetitions sent since the start. */
  repeated = 0;
  readonly #pending = new Map<string, Pending>();
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #send: (payload: Buffer) => void;
  #count = 0;

  /** @param prefix Makes ids unique among all who ask; the incarnation serves. */
  constructor(prefix: string, clock: Clock, send: (payload: Buffer) => void) {
    this.#prefix = prefix;
    this.#clock = clock;
    this.#send = send;
  }

  /** Rejects with a ControlError where the answer is no, with an Error where none comes in time. */
  ask<T extends RequestType>(
    request: RequestOf<T> & { type: T },
    options: AskOptions = {},
  ): Promise<ReplyTo<T>> {
    const id = `${this.#prefix}.${++this.#count}`;
    const payload = buildControl({ v: 1, id, request } as ControlMessage);
    const until = options.timeout === undefined ? Infinity : this.#clock.now() + options.timeout;
    return new Promise<ReplyTo<T>>((resolve, reject) => {
      let interval = FIRST;
      const repeat = () => {
        const pending = this.#pending.get(id);
        if (pending === undefined) return;
        if (this.#clock.now() >= until) {
          this.#pending.delete(id);
          reject(new Error(`no answer to "${request.type}" within ${options.timeout} ms`));
          return;
        }
        if (options.once === true) {
          pending.timer = this.#clock.schedule(until - this.#clock.now(), repeat);
          return;
        }
        this.repeated++;
        interval = Math.min(LONGEST, interval * 2);
        pending.timer = this.#clock.schedule(interval, repeat);
        this.#send(payload);
      };
      this.#pending.set(id, {
        type: request.type as RequestType,
        resolve: resolve as (reply: never) => void,
        reject,
        timer: this.#clock.schedule(interval, repeat),
      });
      this.#send(payload);
    });
  }

  /** Takes an answer; false where it answers nothing that is open. */
  answer(message: ControlMessage): boolean {
    const pending = this.#pending.get(message.id);
    if (pending === undefined || 'request' in message) return false;
    if ('reply' in message && message.reply.type !== pending.type) return false;
    this.#pending.delete(message.id);
    pending.timer.cancel();
    if ('reply' in message) pending.resolve(message.reply as never);
    else pending.reject(new ControlError(message.error.code, message.error.message));
    return true;
  }

  /** Rejects what is open. Idempotent. */
  close(why = 'closed'): void {
    for (const pending of this.#pending.values()) {
      pending.timer.cancel();
      pending.reject(new Error(why));
    }
    this.#pending.clear();
  }
}
