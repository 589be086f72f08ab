/**
 * The receiving end of the logs of one sender: hands every record over once and in order, whatever
 * was lost, doubled or overtaken on the way, and acknowledges.
 */
import { buildAck, buildUnknown, DATAGRAM_HEAD, type LogDatagram } from './log-datagram.ts';
import { type LogRecord, readRecord } from './log-record.ts';

export interface LogReceiverOptions {
  readonly send: (datagram: Buffer) => void;
  /** A new log begins; what an earlier one has left unfinished will not be finished. */
  readonly began: (log: number) => void;
  readonly record: (record: LogRecord, number: number) => void;
  /** Marks that were refused and are not dealt with yet. */
  readonly refused: () => readonly number[];
  /** Datagrams kept that arrived too early. */
  readonly room?: number;
}

export class LogReceiver {
  readonly counters = { datagrams: 0, again: 0, early: 0, unreadable: 0 };
  readonly #options: LogReceiverOptions;
  readonly #early = new Map<number, Pick<LogDatagram, 'count' | 'bytes'>>();
  readonly #room: number;
  #log: number | undefined;
  #next = 0;
  #answering = false;

  constructor(options: LogReceiverOptions) {
    this.#options = options;
    this.#room = options.room ?? 512;
  }

  get next(): number {
    return this.#next;
  }

  receive(datagram: LogDatagram): void {
    const { log, first, count } = datagram;
    this.counters.datagrams++;
    if (log !== this.#log) {
      if (this.#log !== undefined && log < this.#log) return;
      if (first !== 0) {
        this.#options.send(buildUnknown(log));
        return;
      }
      this.#log = log;
      this.#next = 0;
      this.#early.clear();
      this.#options.began(log);
    }
    if (first + count <= this.#next) {
      this.counters.again++;
    } else if (first > this.#next) {
      this.counters.early++;
      if (this.#early.size < this.#room) {
        // The frame's memory belongs to who read it.
        this.#early.set(first, { count, bytes: Buffer.from(datagram.bytes) });
      }
    } else if (first === this.#next && this.#take(datagram)) {
      for (;;) {
        const next = this.#early.get(this.#next);
        if (next === undefined) break;
        this.#early.delete(this.#next);
        if (!this.#take(next)) break;
      }
    }
    this.#answer();
  }

  /** All records of a datagram or, where one cannot be read, none; then it will come again. */
  #take({ count, bytes }: Pick<LogDatagram, 'count' | 'bytes'>): boolean {
    const records: LogRecord[] = [];
    try {
      for (let i = 0, at = DATAGRAM_HEAD; i < count; i++) {
        const { record, end } = readRecord(bytes, at);
        records.push(record);
        at = end;
      }
    } catch {
      this.counters.unreadable++;
      return false;
    }
    for (const record of records) this.#options.record(record, this.#next++);
    return true;
  }

  /** One answer for all that comes in one turn of the event loop. */
  #answer(): void {
    if (this.#answering) return;
    this.#answering = true;
    queueMicrotask(() => {
      this.#answering = false;
      if (this.#log === undefined) return;
      const { send, refused } = this.#options;
      const gap = this.#early.size > 0;
      send(buildAck({ log: this.#log, next: this.#next, gap, refused: refused() }));
    });
  }
}
