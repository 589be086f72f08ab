/**
 * The sender of a go-back-N window: which requests are on their way, which go next, and when the card has
 * been silent for too long. Knows no clock of its own, no line, and not what requests say.
 */
import { SERIAL } from '../generated/serial.ts';
import { encodeFrame, mostOctets } from './framing.ts';

/** Numbers are octets: half of them may be open, or old and new could not be told apart. */
const MOST_OPEN = 127;
/** Milliseconds. A system that is busy answers no sooner. */
const LEAST_TIMEOUT = 60;
const MOST_BACKOFF = 4;

export interface OpenRequest<T> {
  readonly number: number;
  /** As it goes over the line. */
  readonly wire: Buffer;
  readonly of: T;
  sent: number; // milliseconds
  repeated: boolean;
}

export class Window<T> {
  readonly #open: OpenRequest<T>[] = [];
  /** Of the open ones, the first that is to be sent (again). */
  #next = 0;
  #number: number;
  /** After a time-out one request goes alone: a card that has gone is not written to for nothing. */
  #probing = false;
  #wentBack = Number.NEGATIVE_INFINITY;
  // Jacobson and Karels, as RFC 6298 §2 has it; milliseconds.
  #smoothed: number | undefined;
  #variation = 0;
  #timeout: number;
  #backoff = 1;
  readonly #most: number;

  /**
   * `first` is the number of the first request. `timeout` (ms) holds until something is measured; at most
   * `most` are waited for whatever is measured.
   */
  constructor(first: number, timeout: number, most: number) {
    this.#number = first & 0xff;
    this.#timeout = timeout;
    this.#most = most;
  }

  /** Milliseconds in which something of the open requests is acknowledged, if the line is well. */
  get timeout(): number {
    return Math.min(this.#most, this.#timeout * this.#backoff);
  }

  get empty(): boolean {
    return this.#open.length === 0;
  }

  /** Room for this request where at most `limit` octets are to be on the line. */
  hasRoom(content: Buffer, limit: number): boolean {
    if (this.empty) return true;
    const open = this.#open.reduce((sum, { wire }) => sum + wire.length, 0);
    const most = Math.min(limit, SERIAL.queueOctets);
    return this.#open.length < MOST_OPEN && open + mostOctets(content) <= most;
  }

  /** Gives the request its number. It goes with the next `take`. */
  add(content: Buffer, of: T): OpenRequest<T> {
    content[1] = this.#number;
    const open = { number: this.#number, wire: encodeFrame(content), of, sent: 0, repeated: false };
    this.#number = (this.#number + 1) & 0xff;
    this.#open.push(open);
    return open;
  }

  /** What is to be sent now; `again` says of each whether it went before. */
  take(now: number): { readonly wire: Buffer; readonly again: boolean }[] {
    const out: { wire: Buffer; again: boolean }[] = [];
    while (this.#next < this.#open.length && !(this.#probing && this.#next > 0)) {
      const open = this.#open[this.#next] as OpenRequest<T>;
      const again = open.sent !== 0;
      open.repeated ||= again;
      open.sent = now;
      out.push({ wire: open.wire, again });
      this.#next += 1;
    }
    return out;
  }

  /** The card has done all up to `number`; what that closes, oldest first. Old numbers close nothing. */
  close(number: number, now: number): OpenRequest<T>[] {
    const index = this.#open.findIndex((open) => open.number === number);
    if (index < 0) return [];
    const closed = this.#open.splice(0, index + 1);
    this.#next = Math.max(0, this.#next - closed.length);
    this.#probing = false;
    this.#backoff = 1;
    const last = closed.at(-1);
    // Karn: whose repetition was answered is not known.
    if (last && !last.repeated) this.#measure(now - last.sent);
    return closed;
  }

  /** The card misses what follows `number`. True when all open ones go again. */
  refuse(number: number, now: number): boolean {
    if (this.#open[0]?.number !== ((number + 1) & 0xff)) return false;
    // Whatever was under way behind the missing one is refused as well, once each. A probe is alone.
    const answer = this.#smoothed ?? this.#timeout;
    if (!this.#probing && now - this.#wentBack < answer) return false;
    this.#goBack(now);
    return true;
  }

  /** Nothing was acknowledged in `timeout`. `alive`: but something was heard of the card. */
  expire(now: number, alive: boolean): void {
    this.#goBack(now);
    this.#probing = true;
    this.#backoff = alive ? 1 : Math.min(MOST_BACKOFF, 2 * this.#backoff);
  }

  /** Everything that is open, which is then forgotten. */
  drain(): T[] {
    this.#next = 0;
    return this.#open.splice(0).map((open) => open.of);
  }

  #goBack(now: number): void {
    this.#next = 0;
    this.#wentBack = now;
  }

  #measure(took: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = took;
      this.#variation = took / 2;
    } else {
      this.#variation += (Math.abs(took - this.#smoothed) - this.#variation) / 4;
      this.#smoothed += (took - this.#smoothed) / 8;
    }
    this.#timeout = Math.max(LEAST_TIMEOUT, this.#smoothed + 4 * this.#variation);
  }
}
