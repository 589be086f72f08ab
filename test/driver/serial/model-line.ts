/**
 * A card at the end of a line that loses frames: registers and nothing else, after docs/serial.md, to try the
 * driver's half thousands of times. The RTL's half is tried in test/hdl and noise.test.ts.
 */
import { SERIAL } from '../../../driver/generated/serial.ts';
import { encodeFrame, FrameReader } from '../../../driver/serial/framing.ts';
import type { Line, LineEvents } from '../../../driver/serial/line.ts';
import { Random } from '../../generators/random.ts';

export class ModelLine implements Line {
  readonly name = 'uart:model@1';
  readonly words = new Map<number, number>();
  /** Writes as they were done. */
  readonly writes: (readonly [address: number, value: number])[] = [];
  readonly injected: string[] = [];
  /** Percent of frames that the line loses, each way. */
  loss = 0;
  /** The card says and does nothing. */
  silent = false;
  version: number = SERIAL.version;
  /** Requests that came between the parts of a frame, where none may. */
  between = 0;
  closed = 0;
  /** Requests as they came, the lost ones too. */
  requests = 0;
  /** Most octets that were under way and not heard by the card. */
  mostUnderWay = 0;
  #underWay = 0;
  #attention = false;
  readonly #random: Random;
  readonly #reader = new FrameReader();
  #events: LineEvents | undefined;
  #open = false;
  #last = 0;
  #frame: Buffer[] = [];
  #number = 0;

  constructor(seed = 1) {
    this.#random = new Random(seed);
  }

  start(events: LineEvents): void {
    this.#events = events;
  }

  write(octets: Buffer): void {
    this.#underWay += octets.length;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay);
    setImmediate(() => {
      this.#underWay -= octets.length;
      for (const content of this.#reader.push(octets)) {
        this.requests += 1;
        if (this.#random.chance(this.loss)) this.#say(SERIAL.reportKind.ack, this.#last, [], true);
        else if (!this.silent) this.#take(content);
      }
    });
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  /** The plug is pulled. */
  pull(): void {
    this.#events?.gone('unplugged');
  }

  /** A frame for the host. */
  punt(data: Buffer): void {
    const body = Buffer.concat([Buffer.of(this.#number), Buffer.alloc(25), data]);
    this.#number = (this.#number + 1) & 0xff;
    this.#say(SERIAL.reportKind.frame, this.#last, body);
  }

  attention(level: boolean): void {
    this.#attention = level;
    if (level) this.#say(SERIAL.reportKind.ack, this.#last, []);
  }

  #take(content: Buffer): void {
    const [first = 0, number = 0] = content;
    const body = content.subarray(2);
    if ((first & SERIAL.requestKindMask) === SERIAL.requestKind.hello) {
      this.#open = true;
      this.#last = number;
      this.#number = 0;
      this.#say(SERIAL.reportKind.hello, number, body);
      return;
    }
    const ahead = (number - this.#last - 1) & 0xff;
    if (!this.#open || ahead !== 0) {
      this.#say(SERIAL.reportKind.ack, this.#last, [], !this.#open || ahead < 128);
      return;
    }
    this.#last = number;
    const read =
      (first & SERIAL.requestKindMask) === SERIAL.requestKind.inject
        ? this.#inject(first, body)
        : this.#access(body);
    if (read.length > 0) this.#say(SERIAL.reportKind.reply, number, Buffer.concat(read));
    else this.#say(SERIAL.reportKind.ack, number, []);
  }

  #inject(first: number, body: Buffer): Buffer[] {
    this.#frame.push(Buffer.from(body));
    if ((first >> SERIAL.requestFlag.last.bit) & 1) {
      this.injected.push(Buffer.concat(this.#frame).toString('hex'));
      this.#frame = [];
    }
    return [];
  }

  #access(body: Buffer): Buffer[] {
    if (this.#frame.length > 0) this.between += 1;
    const read: Buffer[] = [];
    for (let at = 0; at < body.length; ) {
      const head = body.readUInt32LE(at);
      at += 4;
      for (let n = 0; n <= head >>> 24; n++) {
        const address = (head & 0xfffffc) + 4 * n;
        if (head & 1) {
          this.words.set(address, body.readUInt32LE(at));
          this.writes.push([address, body.readUInt32LE(at)]);
          at += 4;
        } else {
          const word = Buffer.alloc(4);
          word.writeUInt32LE(this.words.get(address) ?? 0);
          read.push(word);
        }
      }
    }
    return read;
  }

  #say(kind: number, done: number, body: Iterable<number>, refused = false): void {
    if (this.silent || this.#random.chance(this.loss)) return;
    const { version, refused: refusal, attention } = SERIAL.reportField;
    const first =
      kind |
      (this.version << version.bit) |
      (Number(refused) << refusal.bit) |
      (Number(this.#attention) << attention.bit);
    this.#events?.data(encodeFrame(Buffer.from([first, done, ...body])));
  }
}
