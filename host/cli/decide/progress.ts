/** How far the reading of a large file is, on standard error. */
import { statSync } from 'node:fs';

/** Between two lines in a log; a terminal's one line is written over more often. Milliseconds. */
const LOG = 5000;
const TERMINAL = 200;

export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #size: number;
  readonly #every: number;
  /** When the first frame came: a card may have had to be built before. */
  #began = 0;
  #bytes = 0;
  #frames = 0;
  #last = 0;
  #shown = false;

  /** Throws the errors of `fs.statSync`. A pipe has no size, and no share of it is told. */
  constructor(path: string, out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
    const stat = statSync(path);
    this.#size = stat.isFile() ? stat.size : 0;
    this.#every = out.isTTY ? TERMINAL : LOG;
  }

  read(bytes: number): void {
    this.#bytes = bytes;
  }

  frame(): void {
    if (this.#frames++ === 0) this.#began = this.#last = performance.now();
    // The clock is asked now and then: a frame costs less than the question is worth.
    if (this.#frames % 64 !== 0) return;
    const now = performance.now();
    if (now - this.#last < this.#every) return;
    this.#last = now;
    this.#shown = true;
    const seconds = (now - this.#began) / 1000;
    const line = progressText(this.#frames, this.#bytes, this.#size, seconds);
    this.#out.write(this.#out.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
  }

  /** Takes the line away from a terminal. Idempotent. */
  end(): void {
    if (this.#shown && this.#out.isTTY) this.#out.write('\r\x1b[K');
    this.#shown = false;
  }
}

/** `12,800 frames, 37 % of the file, 6 s, 2,133 frames/s` */
export function progressText(frames: number, bytes: number, size: number, seconds: number): string {
  const count = (value: number) => Math.round(value).toLocaleString('en-US');
  const share = size > 0 ? `${Math.floor((100 * bytes) / size)} % of the file read, ` : '';
  return `${count(frames)} frames, ${share}${seconds.toFixed(0)} s, ${count(frames / seconds)} frames/s`;
}
