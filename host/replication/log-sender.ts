/**
 * The sending end of one log: numbers records, packs them into datagrams, repeats what is not
 * acknowledged, and says when something is. Until the first answer only the first datagram is sent,
 * so that a receiver that lost a log can be told from one that has not heard of it yet.
 */
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import {
  type AckDatagram,
  DATAGRAM_HEAD,
  MAX_DATAGRAM,
  type UnknownDatagram,
  writeLogHead,
} from './log-datagram.ts';
import { type LogRecord, sizeOf, writeRecord } from './log-record.ts';

/** `fabric`: straight to the backup. `switch`: the switch processor delivers it. */
export type Path = 'fabric' | 'switch';

export interface LogSenderOptions {
  readonly clock: Clock;
  /** Number of the log: higher than that of any earlier one to the same receiver. */
  readonly log: number;
  /** `again` counts repetitions of the same datagram. */
  readonly send: (datagram: Buffer, path: Path, again: number) => void;
  /** Records before `next` are acknowledged. */
  readonly acknowledged: (next: number, refused: readonly number[]) => void;
  /** The receiver has lost the log: it is restarted, or was too long without us. */
  readonly unknown: () => void;
  /** Datagrams under way at a time. */
  readonly window?: number;
  /** Milliseconds without progress after which the oldest are sent again; it doubles, 16 times at most. */
  readonly retry?: number;
}

export const DEFAULT_WINDOW = 256;
export const DEFAULT_RETRY = 20;
const LEAST_WINDOW = 4;
/** Datagrams sent again at a time. */
const REPEATED = 8;

interface Segment {
  readonly first: number;
  count: number;
  end: number;
  readonly path: Path;
  readonly bytes: Buffer;
  sent: number;
}

export class LogSender {
  readonly log: number;
  readonly counters = { datagrams: 0, repeated: 0, bytes: 0 };
  readonly #options: LogSenderOptions;
  readonly #most: number;
  readonly #retry: number;
  /** Closed and open segments from `#head` on; before it they are gone. */
  #segments: Segment[] = [];
  #head = 0;
  /** Segments from `#head` on that are under way. */
  #flying = 0;
  #window: number;
  #next = 0;
  #acknowledged = 0;
  #heard = false;
  #backoff = 1;
  #resentAt = -1;
  #timer: ClockTimer | undefined;
  #flushing = false;
  #closed = false;

  constructor(options: LogSenderOptions) {
    this.#options = options;
    this.log = options.log;
    this.#most = options.window ?? DEFAULT_WINDOW;
    this.#retry = options.retry ?? DEFAULT_RETRY;
    this.#window = Math.min(this.#most, 32);
  }

  /** Number of the record that would be appended next. */
  get next(): number {
    return this.#next;
  }

  /** All records before this one have arrived. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Datagrams that are not acknowledged, under way or not yet sent. */
  get waiting(): number {
    return this.#segments.length - this.#head;
  }

  /** The receiver has answered. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Returns the record's number. It leaves with all others of the same turn of the event loop. */
  append(record: LogRecord, path: Path = 'fabric'): number {
    const size = sizeOf(record);
    let segment = this.#segments[this.#segments.length - 1];
    const open =
      segment !== undefined &&
      this.waiting > 0 &&
      segment.sent === 0 &&
      segment.path === path &&
      segment.end + size <= MAX_DATAGRAM &&
      segment.first > 0; // the first datagram has the first record only
    if (!open || segment === undefined) {
      const bytes = Buffer.allocUnsafe(MAX_DATAGRAM);
      segment = { first: this.#next, count: 0, end: DATAGRAM_HEAD, path, bytes, sent: 0 };
      this.#segments.push(segment);
    }
    segment.end = writeRecord(segment.bytes, segment.end, record);
    segment.count++;
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(() => {
        this.#flushing = false;
        this.#pump();
      });
    }
    return this.#next++;
  }

  receive(answer: AckDatagram | UnknownDatagram): void {
    if (answer.log !== this.log || this.#closed) return;
    if (answer.kind === 'unknown') {
      // Before its first answer it can only be an old one.
      if (this.#heard) this.#options.unknown();
      return;
    }
    if (answer.next > this.#next) return;
    this.#heard = true;
    if (answer.next > this.#acknowledged) this.#advance(answer.next);
    else if (answer.gap && this.#resentAt !== this.#acknowledged) {
      this.#resentAt = this.#acknowledged;
      this.#repeat(1);
    }
    this.#options.acknowledged(this.#acknowledged, answer.refused);
    this.#pump();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#segments = [];
    this.#head = 0;
    this.#flying = 0;
  }

  #advance(next: number): void {
    this.#acknowledged = next;
    for (;;) {
      const segment = this.#segments[this.#head];
      if (segment === undefined || segment.first + segment.count > next) break;
      this.#head++;
      this.#flying--;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#segments.length) {
      this.#segments.splice(0, this.#head);
      this.#head = 0;
    }
    this.#backoff = 1;
    this.#window = Math.min(this.#most, this.#window + 1);
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #pump(): void {
    if (this.#closed) return;
    const room = this.#heard ? this.#window : 1;
    while (this.#flying < room) {
      const segment = this.#segments[this.#head + this.#flying];
      if (segment === undefined) break;
      this.#flying++;
      this.#transmit(segment);
    }
    if (this.#flying > 0 && this.#timer === undefined) this.#watch();
  }

  #watch(): void {
    this.#timer = this.#options.clock.schedule(this.#retry * this.#backoff, () => {
      this.#timer = undefined;
      if (this.#closed || this.#flying === 0) return;
      this.#backoff = Math.min(16, this.#backoff * 2);
      this.#window = Math.max(LEAST_WINDOW, this.#window >> 1);
      this.#resentAt = -1;
      this.#repeat(REPEATED);
      this.#watch();
    });
  }

  #repeat(most: number): void {
    for (let i = 0; i < Math.min(most, this.#flying); i++) {
      const segment = this.#segments[this.#head + i];
      if (segment === undefined) return;
      this.counters.repeated++;
      this.#transmit(segment);
    }
  }

  #transmit(segment: Segment): void {
    const { bytes, end, first, count, path, sent } = segment;
    if (sent === 0) writeLogHead(bytes, this.log, first, count);
    segment.sent++;
    this.counters.datagrams++;
    this.counters.bytes += end;
    this.#options.send(bytes.subarray(0, end), path, sent);
  }
}
