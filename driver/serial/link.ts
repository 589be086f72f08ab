/**
 * A session with the card over a line: accesses and frames become requests, at most a window of them on
 * their way; replies, frames for the host and acknowledgements come back. docs/serial.md says what
 * makes each request happen once.
 */
import { randomBytes } from 'node:crypto';
import { DriverError } from '../errors.ts';
import { SERIAL } from '../generated/serial.ts';
import type { Access, HostFrame } from '../transport.ts';
import { type LineCounters, noLineCounters } from './counters.ts';
import { encodeFrame, FrameReader } from './framing.ts';
import type { Line } from './line.ts';
import { injectRequests, parseReport, type Report, request } from './messages.ts';
import { LEAST_OCTETS, type PlacedAccess, type PlannedRequest, planRequest } from './plan.ts';
import { Window } from './window.ts';

export interface LinkOptions {
  /**
   * Milliseconds in which nothing whole came of the card, after which it counts as gone; 5000 where not
   * given. It gets twenty times as long to do what it is asked for, which is for a very bad line. What is
   * waited for one answer goes with it, so that it is also how a card is reached that is simulated slowly.
   */
  readonly patience?: number;
  /** Milliseconds between two looks at a line on which nothing goes; 0: none. 1000 where not given. */
  readonly keepAlive?: number;
}

export interface LinkEvents {
  readonly frames: (frames: readonly HostFrame[]) => void;
  readonly attention: () => void;
  readonly failed: (error: DriverError) => void;
}

/** Octets of a request behind its head, and of a reply: where the line is well, and at first. */
const MOST_OCTETS = 248;
const FIRST_OCTETS = 128;
/** Octets of replies that may be on their way: as many as of requests. */
const MOST_REPLIES = SERIAL.queueOctets;
/** Parts of the patience: to the first repetition, until something is measured; to any repetition, at most. */
const FIRST_TIMEOUT = 1 / 20;
const MOST_TIMEOUT = 2 / 5;
const NONCE_OCTETS = 4;
const MOST_PATIENCE = 20;
/** Requests of the present size that may be on their way. On a good line that is the card's queue. */
const MOST_REQUESTS = 9;

/** What a caller waits for. */
interface Work {
  readonly results: Uint32Array;
  /** Accesses, or parts of frames, that are not done. */
  left: number;
  readonly resolve: (results: Uint32Array) => void;
  readonly reject: (error: Error) => void;
}
/** What is to be sent of it. */
type Source =
  | { readonly work: Work; readonly accesses: readonly PlacedAccess[]; from: number }
  | {
      readonly work: Work;
      readonly record: number;
      readonly frame: Uint8Array;
      /** Those to come. */
      parts?: Buffer[];
      begun?: boolean;
    };
interface Sent {
  readonly work: Work | undefined;
  readonly planned: PlannedRequest | undefined;
}

const octetsOfReply = ({ planned }: Sent): number =>
  planned === undefined || planned.write ? 0 : 4 * planned.accesses.length;

export class SerialLink {
  readonly counters: LineCounters = noLineCounters();
  readonly #line: Line;
  readonly #events: LinkEvents;
  readonly #patience: number;
  readonly #keepAlive: number;
  readonly #reader = new FrameReader();
  readonly #queue: Source[] = [];
  #window: Window<Sent> | undefined;
  #hello:
    | { readonly nonce: Buffer; readonly number: number; readonly answered: () => void }
    | undefined;
  /** Octets of replies that are open: while there are any, no write goes. */
  #replies = 0;
  #most = FIRST_OCTETS;
  /** Of the next frame for the host. */
  #frameNumber = 0;
  #attention = false;
  #timer: NodeJS.Timeout | undefined;
  /** When something whole came last, and when something was acknowledged. */
  #heard = 0;
  #progress = 0;
  #alive = false;
  #ended: DriverError | undefined;

  private constructor(line: Line, events: LinkEvents, options: LinkOptions) {
    this.#line = line;
    this.#events = events;
    this.#patience = options.patience ?? 5000;
    this.#keepAlive = options.keepAlive ?? 1000;
  }

  /** Takes the line over and greets the card. Rejects with `DriverError` (NO_DEVICE, VERSION); the line is closed then. */
  static async open(
    line: Line,
    events: LinkEvents,
    options: LinkOptions = {},
  ): Promise<SerialLink> {
    const link = new SerialLink(line, events, options);
    line.start({
      data: (octets) => link.#take(octets),
      gone: (why) => link.#fail(new DriverError('LINE', `${line.name}: ${why}. ${REATTACH}`)),
    });
    await link.#greet();
    return link;
  }

  /** As `Transport.access`. */
  access(accesses: readonly Access[]): Promise<Uint32Array> {
    const placed = accesses.map((access, place) => ({ access, place }));
    return this.#work(accesses.length, (work) => [{ work, accesses: placed, from: 0 }]);
  }

  /** Resolves when the card has taken the frames. `record` is the `inject` record. */
  async inject(
    frames: readonly { readonly record: number; readonly data: Uint8Array }[],
  ): Promise<void> {
    await this.#work(frames.length, (work) =>
      frames.map(({ record, data }) => ({ work, record, frame: data })),
    );
  }

  /** Idempotent; rejects what is pending. */
  async close(): Promise<void> {
    this.#end(new DriverError('CLOSED', `${this.#line.name} was closed`));
    await this.#line.close();
  }

  // ---- session

  async #greet(): Promise<void> {
    const nonce = randomBytes(NONCE_OCTETS);
    const [number = 0] = randomBytes(1);
    const content = request('hello', nonce);
    content[1] = number;
    const wire = encodeFrame(content);
    const until = performance.now() + this.#patience;
    let answered = false;
    while (!answered) {
      if (this.#ended) throw this.#ended;
      if (performance.now() > until) {
        const error = new DriverError('NO_DEVICE', `${this.#line.name}: ${NO_ANSWER}`);
        this.#end(error);
        await this.#line.close();
        throw error;
      }
      answered = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), FIRST_TIMEOUT * this.#patience);
        this.#hello = {
          nonce,
          number,
          answered: () => {
            clearTimeout(timer);
            resolve(true);
          },
        };
        this.#write(wire);
      });
    }
    if (this.#ended) throw this.#ended;
  }

  #begin(report: Report & { readonly kind: 'hello' }): void {
    const hello = this.#hello;
    if (hello === undefined || report.done !== hello.number || !report.echo.equals(hello.nonce))
      return;
    this.#hello = undefined;
    if (report.version === SERIAL.version) {
      this.#window = new Window(
        hello.number + 1,
        FIRST_TIMEOUT * this.#patience,
        MOST_TIMEOUT * this.#patience,
      );
      this.#heard = this.#progress = performance.now();
      this.#schedule();
    } else
      this.#end(
        new DriverError(
          'VERSION',
          `${this.#line.name}: the card speaks version ${report.version} of the serial line, this driver ` +
            `version ${SERIAL.version}: they have to be of one release`,
        ),
      );
    hello.answered();
  }

  #work(count: number, sources: (work: Work) => readonly Source[]): Promise<Uint32Array> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (count === 0) return resolve(new Uint32Array());
      const work: Work = { results: new Uint32Array(count), left: count, resolve, reject };
      this.#queue.push(...sources(work));
      this.#pump();
    });
  }

  #end(error: DriverError): void {
    if (this.#ended) return;
    this.#ended = error;
    clearTimeout(this.#timer);
    const works = new Set(this.#queue.map(({ work }) => work));
    for (const { work } of this.#window?.drain() ?? []) if (work) works.add(work);
    this.#queue.length = 0;
    for (const work of works) work.reject(error);
    this.#hello?.answered();
  }

  #fail(error: DriverError): void {
    if (this.#ended) return;
    this.#end(error);
    this.#line.close().catch(() => {});
    this.#events.failed(error);
  }

  // ---- out

  #write(octets: Buffer): void {
    this.counters.octetsOut += octets.length;
    this.#line.write(octets);
  }

  /** The next request of the queue; undefined where it has to wait or there is none. */
  #next(window: Window<Sent>): [content: Buffer, sent: Sent, done: () => void] | undefined {
    const [source] = this.#queue;
    if (source === undefined) return undefined;
    if ('frame' in source) {
      source.parts ??= injectRequests(source.record, source.frame, this.#most);
      const [part] = source.parts;
      if (part === undefined || !window.hasRoom(part, this.#limit)) return undefined;
      const last = source.parts.length === 1;
      const take = () => {
        source.parts?.shift();
        source.begun = true;
        if (last) this.#queue.shift();
      };
      return [part, { work: last ? source.work : undefined, planned: undefined }, take];
    }
    const planned = planRequest(source.accesses, source.from, this.#most);
    if (!window.hasRoom(planned.content, this.#limit)) return undefined;
    // A write waits until what was to be read before it is here: a lost reply is asked again.
    if (this.#replies > (planned.write ? 0 : MOST_REPLIES)) return undefined;
    const take = () => {
      source.from += planned.accesses.length;
      if (source.from >= source.accesses.length) this.#queue.shift();
    };
    return [planned.content, { work: source.work, planned }, take];
  }

  #pump(): void {
    const window = this.#window;
    if (window === undefined || this.#ended) return;
    const now = performance.now();
    if (window.empty) this.#heard = this.#progress = now;
    for (let next = this.#next(window); next; next = this.#next(window)) {
      const [content, sent, take] = next;
      take();
      window.add(content, sent);
      this.#replies += octetsOfReply(sent);
    }
    const wires = window.take(now);
    for (const { again } of wires) this.counters[again ? 'repeated' : 'requests'] += 1;
    if (wires.length > 0) {
      this.#write(Buffer.concat(wires.map(({ wire }) => wire)));
      this.#schedule();
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const window = this.#window;
    if (window === undefined || this.#ended) return;
    if (!window.empty) this.#timer = setTimeout(() => this.#late(), window.timeout);
    else if (this.#keepAlive > 0) this.#timer = setTimeout(() => this.#look(), this.#keepAlive);
  }

  #late(): void {
    const now = performance.now();
    const gone = now - this.#heard > this.#patience;
    if (gone || now - this.#progress > MOST_PATIENCE * this.#patience) {
      const words = gone ? SILENT : HOPELESS;
      this.#fail(new DriverError('LINE', `${this.#line.name}: ${words} ${REATTACH}`));
      return;
    }
    this.counters.timeouts += 1;
    this.#shrink();
    this.#window?.expire(now, this.#alive);
    this.#alive = false;
    this.#pump();
  }

  /** A request for nothing: the card is there still, and slot events of which the report was lost are told. */
  #look(): void {
    this.#window?.add(request('access', Buffer.alloc(0)), { work: undefined, planned: undefined });
    this.#attention = false;
    this.#pump();
  }

  /** Octets on their way: behind a lost request all others are lost too. */
  get #limit(): number {
    return MOST_REQUESTS * this.#most;
  }

  /** Where the line is bad, what is lost is shorter. */
  #shrink(): void {
    this.#most = Math.max(LEAST_OCTETS, this.#most >> 1);
  }

  // ---- in

  #take(octets: Buffer): void {
    if (this.#ended) return;
    this.counters.octetsIn += octets.length;
    const frames: HostFrame[] = [];
    const before = this.#reader.damaged;
    for (const content of this.#reader.push(octets)) {
      const report = parseReport(content);
      if (report?.kind === 'hello') this.#begin(report);
      else if (report && this.#window) this.#hear(report, this.#window, frames);
      else this.counters.unknown += 1;
      if (this.#ended) return;
    }
    this.counters.damaged += this.#reader.damaged - before;
    this.#pump();
    if (frames.length > 0) this.#events.frames(frames);
  }

  #hear(report: Report, window: Window<Sent>, frames: HostFrame[]): void {
    this.counters.reports += 1;
    const now = performance.now();
    this.#heard = now;
    this.#alive = true;
    const closed = window.close(report.done, now);
    const lost: Source[] = [];
    for (const { number, of } of closed) {
      this.#replies -= octetsOfReply(of);
      const words = report.kind === 'reply' && number === report.done ? report.words : undefined;
      const source = this.#close(of, words);
      if (source) lost.push(source);
    }
    if (lost.length > 0) {
      // Nothing goes between the parts of a frame.
      const [head] = this.#queue;
      const begun = head !== undefined && 'frame' in head && head.begun;
      this.#queue.splice(begun ? 1 : 0, 0, ...lost);
      this.counters.lostReplies += lost.length;
      this.#shrink();
    }
    if (closed.length > 0) {
      this.#progress = now;
      this.#most = Math.min(MOST_OCTETS, this.#most + closed.length);
      this.#schedule();
    }
    if (report.refused) {
      this.counters.refusals += 1;
      if (window.refuse(report.done, now)) this.#shrink();
    }
    if (report.kind === 'frame') {
      const missing = (report.number - this.#frameNumber) & 0xff;
      this.#frameNumber = (report.number + 1) & 0xff;
      this.counters.lostFrames += missing;
      this.counters.frames += 1;
      frames.push(report.frame);
    }
    if (report.attention && !this.#attention) this.#events.attention();
    this.#attention = report.attention;
  }

  /** A request is done. What has to be asked again, since its reply did not come. */
  #close({ work, planned }: Sent, words: Uint32Array | undefined): Source | undefined {
    if (work === undefined) return undefined;
    if (planned === undefined) work.left -= 1;
    else {
      const { accesses, write } = planned;
      if (!write && words?.length !== accesses.length) return { work, accesses, from: 0 };
      for (const [index, { access, place }] of accesses.entries())
        work.results[place] = access.write ?? words?.[index] ?? 0;
      work.left -= accesses.length;
    }
    if (work.left === 0) work.resolve(work.results);
    return undefined;
  }
}

const REATTACH = 'What was under way may be done or not: attach again and reconcile the tables';
const SILENT = 'the card has stopped answering: is it plugged in and powered?';
const HOPELESS =
  'the card answers, but nothing whole has reached it for long: is the rate right, the cable short?';
const NO_ANSWER =
  'nothing answers as a vidline card: is it the board’s port, is the bitstream loaded, and is the rate ' +
  'that of the board?';
