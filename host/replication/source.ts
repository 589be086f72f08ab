/**
 * What an owner does for one of its backups: copies VIDs there, keeps the copies up to date, and
 * knows which of them agree with the original. A copy is a stretch of the log: `open`, all entries
 * with the changes that come meanwhile between them, `mark`. There is no moment at which anything
 * has to stand still.
 */
import type { Clock } from '../protocol/clock.ts';
import type { AckDatagram, UnknownDatagram } from './log-datagram.ts';
import { MAX_PART } from './log-record.ts';
import { LogSender, type Path } from './log-sender.ts';
import { checkEntry, type ReplicatedState, type StateRecord } from './state.ts';

export interface SourceOptions {
  readonly clock: Clock;
  readonly send: (datagram: Buffer, path: Path, again: number) => void;
  /** Number of a new log: higher than all that this processor has begun. */
  readonly nextLog: () => number;
  /** The original. */
  readonly state: (vid: number) => ReplicatedState;
  /** The copy agreed with the original, with this digest, at this place of the log. */
  readonly agreed: (vid: number, term: number, mark: Mark) => void;
  /** A copy that had agreed, or was about to, does not any more; it is copied anew. */
  readonly lost: (vid: number, term: number, why: string) => void;
  readonly window?: number;
  readonly retry?: number;
  /** Datagrams that may wait for a backup that does not keep up, until it is copied anew. */
  readonly limit?: number;
}

/** A place in a log, and the digest there. */
export interface Mark {
  /** Number of the log. */
  readonly log: number;
  /** Number of the record. */
  readonly place: number;
  readonly digest: string;
}

/** `waiting`: nothing was sent yet. `copying`, `marked`: its copy is under way. `agreed`. */
export type CopyPhase = 'waiting' | 'copying' | 'marked' | 'agreed';

interface Copy {
  readonly vid: number;
  /** 0 until the switch processor has named a continued one. */
  term: number;
  phase: CopyPhase;
  entries: Iterator<StateRecord> | undefined;
  mark: Mark | undefined;
}

/** Something that must not happen before the backup has what caused it. */
interface Held {
  readonly vid: number;
  /** Number of the record. */
  readonly place: number;
  readonly action: () => void;
  /** Of a hand-over: the log was begun anew before it arrived. */
  readonly failed?: () => void;
}

export const DEFAULT_LIMIT = 65_536;
/** Datagrams of a copy that may wait: enough to fill a window, few enough that changes get through. */
const COPY_ROOM = 64;

export class Source {
  readonly counters = { records: 0, copied: 0, restarts: 0, refused: 0 };
  readonly #options: SourceOptions;
  readonly #copies = new Map<number, Copy>();
  /** Those whose mark is under way. */
  readonly #marked = new Set<Copy>();
  /** What waits, in the order of the places; before `#heldHead` it is done. */
  #held: Held[] = [];
  #heldHead = 0;
  /** What waits for the mark of a copy that is under way. */
  #unplaced: Held[] = [];
  #log: LogSender;
  #packets = 0;
  #copying = false;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.#log = this.#begin();
  }

  get log(): LogSender {
    return this.#log;
  }

  get size(): number {
    return this.#copies.size;
  }

  phase(vid: number): CopyPhase | undefined {
    return this.#copies.get(vid)?.phase;
  }

  /** Makes the receiver a backup of a VID. Called again with the same term it changes nothing. */
  open(vid: number, term: number): void {
    const known = this.#copies.get(vid);
    if (known?.term === term) return;
    if (known?.term === 0) {
      known.term = term;
      if (known.phase === 'agreed') this.#mark(known);
      else this.#options.lost(vid, term, 'its former owner has lost the log');
      return;
    }
    this.#copies.set(vid, { vid, term, phase: 'waiting', entries: undefined, mark: undefined });
    this.#fill();
  }

  /**
   * The receiver owned the VID and has just handed it over: what it has is a copy that agrees, and
   * follows from here on. The switch processor has not named it yet; `open` does.
   */
  continue(vid: number): void {
    this.#log.append({ type: 'continue', vid, term: 0 });
    const nothing = { entries: undefined, mark: undefined };
    this.#copies.set(vid, { vid, term: 0, phase: 'agreed', ...nothing });
  }

  /** The receiver is no backup of it any more; what was held for it is let go. */
  close(vid: number): void {
    if (!this.#drop(vid)) return;
    if (this.#log.heard) this.#log.append({ type: 'close', vid });
    this.release(vid);
  }

  /** A change of the original, made already. */
  change(vid: number, { key, value }: StateRecord): void {
    const copy = this.#copies.get(vid);
    if (copy === undefined || copy.phase === 'waiting') return;
    this.counters.records++;
    if (value === undefined) this.#log.append({ type: 'delete', vid, key });
    else {
      checkEntry(key, value);
      this.#log.append({ type: 'put', vid, key, value });
    }
    if (this.#log.waiting > (this.#options.limit ?? DEFAULT_LIMIT)) {
      this.#restart('its backup does not keep up');
    }
  }

  /** Runs `action` when the backup has all changes so far, at once where it has them already. */
  hold(vid: number, action: () => void): void {
    const phase = this.#copies.get(vid)?.phase;
    const marked = phase === 'marked' || phase === 'agreed';
    const place = this.#log.next - 1;
    if (!marked) this.#unplaced.push({ vid, place: 0, action });
    else if (phase === 'agreed' && place < this.#log.acknowledged) action();
    else this.#held.push({ vid, place, action });
  }

  /** Lets go what is held for a VID: the card would not use this backup. */
  release(vid: number): void {
    const isFree = (held: Held) => held.vid === vid && held.failed === undefined;
    const waiting = [...this.#held.slice(this.#heldHead), ...this.#unplaced];
    const free = waiting.filter(isFree);
    if (free.length === 0) return;
    this.#setHeld(this.#held.slice(this.#heldHead).filter((held) => !isFree(held)));
    this.#unplaced = this.#unplaced.filter((held) => !isFree(held));
    for (const { action } of free) action();
  }

  /** Compares digests once more; `agreed` or `lost` says how it ended. */
  mark(vid: number): void {
    const copy = this.#copies.get(vid);
    if (copy?.phase === 'agreed') this.#mark(copy);
  }

  /** The receiver owns the VID from here on: resolves when it knows. Only of a copy that agreed. */
  handOver(vid: number, term: number): Promise<void> {
    const place = this.#log.append({ type: 'handover', vid, term });
    this.#drop(vid);
    return new Promise((action, reject) => {
      const failed = () => reject(new Error(`VID ${vid}: its new owner has lost the log`));
      this.#held.push({ vid, place, action, failed });
    });
  }

  /** A hand-over came to nothing: nobody waits for its arrival any more. */
  giveUp(vid: number): void {
    const isIts = (held: Held) => held.vid === vid && held.failed !== undefined;
    const waiting = this.#held.slice(this.#heldHead);
    this.#setHeld(waiting.filter((held) => !isIts(held)));
    for (const held of waiting.filter(isIts)) held.failed?.();
  }

  /** Passes a packet on to who owns its VID now. */
  packet(vid: number, bytes: Uint8Array): void {
    this.#packets++;
    for (let at = 0; at === 0 || at < bytes.length; at += MAX_PART) {
      const part = Buffer.from(bytes.subarray(at, at + MAX_PART));
      this.#log.append({ type: 'packet', vid, more: at + MAX_PART < bytes.length, part });
    }
  }

  get packets(): number {
    return this.#packets;
  }

  receive(answer: AckDatagram | UnknownDatagram): void {
    this.#log.receive(answer);
  }

  /** Ends it; what it held stays with the caller of `hold` undone. Idempotent. */
  end(): void {
    this.#log.close();
    this.#copies.clear();
    this.#marked.clear();
    const failed = this.#held.slice(this.#heldHead).filter((held) => held.failed !== undefined);
    this.#setHeld([]);
    this.#unplaced = [];
    for (const held of failed) held.failed?.();
  }

  #drop(vid: number): boolean {
    const copy = this.#copies.get(vid);
    if (copy === undefined) return false;
    this.#marked.delete(copy);
    return this.#copies.delete(vid);
  }

  #begin(): LogSender {
    const { clock, send, window, retry, nextLog } = this.#options;
    const log = new LogSender({
      clock,
      log: nextLog(),
      send,
      acknowledged: (next, refused) => this.#acknowledged(next, refused),
      unknown: () => this.#restart('its backup has lost the log'),
      ...(window === undefined ? {} : { window }),
      ...(retry === undefined ? {} : { retry }),
    });
    log.append({ type: 'hello', vid: 0 });
    return log;
  }

  #restart(why: string): void {
    this.counters.restarts++;
    this.#log.close();
    this.#log = this.#begin();
    const waiting = this.#held.slice(this.#heldHead);
    this.#setHeld([]);
    for (const held of waiting) if (held.failed === undefined) this.#unplaced.push(held);
    for (const held of waiting) held.failed?.();
    for (const copy of this.#copies.values()) this.#again(copy, why);
  }

  #again(copy: Copy, why: string): void {
    const had = copy.phase === 'marked' || copy.phase === 'agreed';
    copy.phase = 'waiting';
    copy.entries = undefined;
    copy.mark = undefined;
    this.#marked.delete(copy);
    const waiting = this.#held.slice(this.#heldHead);
    const isIts = (held: Held) => held.vid === copy.vid && held.failed === undefined;
    this.#unplaced.push(...waiting.filter(isIts));
    this.#setHeld(waiting.filter((held) => !isIts(held)));
    if (had) this.#options.lost(copy.vid, copy.term, why);
  }

  #acknowledged(next: number, refused: readonly number[]): void {
    for (const copy of this.#marked) {
      const { mark, vid, term } = copy;
      if (mark === undefined || mark.place >= next) continue;
      this.#marked.delete(copy);
      if (refused.includes(mark.place)) {
        this.counters.refused++;
        this.#again(copy, 'the digests differ');
      } else {
        copy.phase = 'agreed';
        copy.mark = undefined;
        this.#options.agreed(vid, term, mark);
      }
    }
    for (;;) {
      const held = this.#held[this.#heldHead];
      if (held === undefined || held.place >= next) break;
      this.#heldHead++;
      held.action();
    }
    if (this.#heldHead > 1024 && this.#heldHead * 2 > this.#held.length) {
      this.#setHeld(this.#held.slice(this.#heldHead));
    }
    this.#fill();
  }

  /** Goes on with copies as far as there is room; one VID after the other. */
  #fill(): void {
    if (this.#copying || !this.#log.heard) return;
    this.#copying = true;
    for (const copy of this.#copies.values()) {
      if (copy.phase === 'waiting') {
        this.#log.append({ type: 'open', vid: copy.vid, term: copy.term }, 'switch');
        copy.phase = 'copying';
        copy.entries = this.#options.state(copy.vid).snapshot()[Symbol.iterator]();
      }
      if (copy.phase !== 'copying') continue;
      while (copy.entries !== undefined && this.#log.waiting < COPY_ROOM) {
        const { done, value: entry } = copy.entries.next();
        if (done === true) this.#mark(copy);
        else if (entry.value !== undefined) {
          this.counters.copied++;
          const { key, value } = entry;
          this.#log.append({ type: 'put', vid: copy.vid, key, value }, 'switch');
        }
      }
      if (this.#log.waiting >= COPY_ROOM) break;
    }
    this.#copying = false;
  }

  #mark(copy: Copy): void {
    const digest = this.#options.state(copy.vid).digest();
    const place = this.#log.append({ type: 'mark', vid: copy.vid, term: copy.term, digest });
    copy.mark = { log: this.#log.log, place, digest };
    this.#marked.add(copy);
    copy.entries = undefined;
    if (copy.phase === 'copying') copy.phase = 'marked';
    const its = this.#unplaced.filter(({ vid }) => vid === copy.vid);
    if (its.length === 0) return;
    this.#unplaced = this.#unplaced.filter(({ vid }) => vid !== copy.vid);
    for (const held of its) this.#held.push({ ...held, place });
  }

  #setHeld(held: Held[]): void {
    this.#held = held;
    this.#heldHead = 0;
  }
}
