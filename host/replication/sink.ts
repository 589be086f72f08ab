/**
 * What a backup does for one of its owners: builds copies from the log. A copy counts when its
 * digest agreed with the owner's at a mark; until then an earlier copy that had agreed is kept, for
 * the card may still turn to it.
 */
import type { LogDatagram } from './log-datagram.ts';
import { LogReceiver } from './log-receiver.ts';
import type { LogRecord } from './log-record.ts';
import type { Mark } from './source.ts';
import type { ReplicatedState } from './state.ts';

export interface SinkOptions {
  readonly send: (datagram: Buffer) => void;
  /** Makes an empty state. */
  readonly create: (vid: number) => ReplicatedState;
  /** A copy agrees with its original at this place of the log, and follows it from now on. */
  readonly agreed: (vid: number, term: number, mark: Mark, state: ReplicatedState) => void;
  /** The sender owns the VID, and begins a copy of it here. */
  readonly opened: (vid: number) => void;
  /** What this processor had as the owner of a VID that it handed over to the one that speaks. */
  readonly former: (vid: number) => ReplicatedState | undefined;
  /** This processor owns the VID now; packets for it may follow. Undefined: without a copy. */
  readonly handedOver: (vid: number, term: number, state: ReplicatedState | undefined) => void;
  /** The owner has chosen another backup. */
  readonly closed: (vid: number) => void;
  /** A packet that came to who owned its VID before. */
  readonly packet: (vid: number, bytes: Buffer) => void;
}

interface Copy {
  readonly state: ReplicatedState;
  agreed: boolean;
  /** Place of the mark at which the digests differed. */
  refused: number | undefined;
}

export class Sink {
  readonly counters = { records: 0, agreed: 0, refused: 0, logs: 0 };
  readonly #options: SinkOptions;
  readonly #receiver: LogReceiver;
  readonly #copies = new Map<number, Copy>();
  readonly #parts = new Map<number, Buffer[]>();
  #log = 0;

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#receiver = new LogReceiver({
      send: options.send,
      began: (log) => {
        this.#log = log;
        this.counters.logs++;
        // What had agreed stays where `agreed` has put it; these stretches of log have no end.
        this.#copies.clear();
        this.#parts.clear();
      },
      record: (record, place) => this.#record(record, place),
      refused: () =>
        [...this.#copies.values()].flatMap(({ refused }) => (refused === undefined ? [] : refused)),
    });
  }

  get receiver(): LogReceiver {
    return this.#receiver;
  }

  receive(datagram: LogDatagram): void {
    this.#receiver.receive(datagram);
  }

  /** What comes for a VID from now on changes nothing: it has another owner. */
  forget(vid: number): void {
    this.#copies.delete(vid);
  }

  #record(record: LogRecord, place: number): void {
    this.counters.records++;
    const { vid } = record;
    switch (record.type) {
      case 'open': {
        this.#options.opened(vid);
        const state = this.#options.create(vid);
        this.#copies.set(vid, { state, agreed: false, refused: undefined });
        break;
      }
      case 'continue': {
        // Without it the next mark is refused, and a copy is made in the ordinary way.
        const former = this.#options.former(vid);
        const state = former ?? this.#options.create(vid);
        const agreed = former !== undefined;
        this.#copies.set(vid, { state, agreed, refused: undefined });
        break;
      }
      case 'put':
        this.#copies.get(vid)?.state.apply(record);
        break;
      case 'delete':
        this.#copies.get(vid)?.state.apply({ key: record.key, value: undefined });
        break;
      case 'mark':
        this.#mark(vid, record.term, record.digest, place);
        break;
      case 'handover': {
        const copy = this.#copies.get(vid);
        this.#copies.delete(vid);
        this.#options.handedOver(vid, record.term, copy?.agreed === true ? copy.state : undefined);
        break;
      }
      case 'close':
        this.#copies.delete(vid);
        this.#options.closed(vid);
        break;
      case 'packet':
        this.#packet(vid, record.more, record.part);
        break;
    }
  }

  #mark(vid: number, term: number, digest: string, place: number): void {
    const copy = this.#copies.get(vid);
    if (copy === undefined) return;
    if (copy.state.digest() !== digest) {
      this.counters.refused++;
      copy.refused = place;
      return;
    }
    this.counters.agreed++;
    copy.agreed = true;
    this.#options.agreed(vid, term, { log: this.#log, place, digest }, copy.state);
  }

  #packet(vid: number, more: boolean, part: Buffer): void {
    const parts = this.#parts.get(vid) ?? [];
    parts.push(part);
    if (more) this.#parts.set(vid, parts);
    else {
      this.#parts.delete(vid);
      this.#options.packet(vid, parts.length === 1 ? part : Buffer.concat(parts));
    }
  }
}
