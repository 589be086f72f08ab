import { once } from 'node:events';

/** Standard output for much data: waits for a slow reader, and ends in peace with one that leaves. */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  #closed = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#closed = true;
    });
  }

  /** Nobody reads any more. */
  get closed(): boolean {
    return this.#closed;
  }

  async write(text: string): Promise<void> {
    if (this.#closed || this.#stream.write(text)) return;
    await Promise.race([once(this.#stream, 'drain'), once(this.#stream, 'error')]).catch(() => {});
  }
}
