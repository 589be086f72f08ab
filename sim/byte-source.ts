/** A capture file as a sequence of bytes, unpacked where it is gzip; never more of it than is needed. */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** A capture file that cannot be read; the message says the file, the byte and the remedy. */
export class CaptureFileError extends Error {
  readonly code = 'CAPTURE_FILE';
  readonly path: string;

  /** @param at a byte of the file, of what it unpacks to where it is packed; or a frame, from 1. */
  constructor(path: string, at: number | { readonly frame: number }, problem: string) {
    super(`${path}, ${typeof at === 'number' ? `byte ${at}` : `frame ${at.frame}`}: ${problem}`);
    this.name = 'CaptureFileError';
    this.path = path;
  }
}

export interface ReadOptions {
  /** Told how many bytes of the file, packed as it is, have been read so far. */
  readonly onRead?: (bytes: number) => void;
}

/** No longer pieces are asked for or written at once. */
export const CHUNK = 256 * 1024;
/** RFC 1952 §2.3.1: ID1, ID2. */
const GZIP = [0x1f, 0x8b];

/** `take` needs no await for what is buffered already. */
export class ByteSource {
  readonly path: string;
  offset = 0;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #packed: boolean;
  #buffer: Buffer = Buffer.alloc(0);
  #ended = false;

  private constructor(path: string, chunks: AsyncIterator<Buffer>, packed: boolean) {
    this.path = path;
    this.#chunks = chunks;
    this.#packed = packed;
  }

  /** The file's bytes, or what they unpack to; a pipe's too. The handle stays the caller's. */
  static async open(path: string, file: FileHandle, options: ReadOptions): Promise<ByteSource> {
    const chunks = inOrder(path, file, options);
    let head: Buffer = Buffer.alloc(0);
    while (head.length < GZIP.length) {
      const { value, done } = await chunks.next();
      if (done) break;
      head = Buffer.concat([head, value]);
    }
    const packed = GZIP.every((byte, i) => head[i] === byte);
    const whole = startingWith(head, chunks);
    return new ByteSource(path, packed ? unpacked(whole) : whole, packed);
  }

  get buffered(): number {
    return this.#buffer.length;
  }

  /** Buffers at least `bytes` bytes; false where the file ends before. */
  async fill(bytes: number): Promise<boolean> {
    if (this.#buffer.length >= bytes) return true;
    // A long block comes in many pieces: they are put together once.
    const pieces = [this.#buffer];
    let length = this.#buffer.length;
    while (length < bytes && !this.#ended) {
      const piece = await this.#next();
      if (piece === undefined) this.#ended = true;
      else {
        pieces.push(piece);
        length += piece.length;
      }
    }
    this.#buffer = Buffer.concat(pieces);
    return length >= bytes;
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.#chunks.next();
      return done ? undefined : value;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!code.startsWith('Z_')) throw error;
      // zlib hands over whole what comes before the damage (BUF: the file ends inside a member).
      const what = code === 'Z_BUF_ERROR' ? 'it was cut off' : (error as Error).message;
      const at = this.offset + this.#buffer.length;
      throw new CaptureFileError(
        this.path,
        at,
        `the packing (gzip) ends or breaks here: ${what}; the frames before it are whole`,
      );
    }
  }

  peek(bytes: number): Buffer {
    return this.#buffer.subarray(0, bytes);
  }

  take(bytes: number): Buffer {
    const taken = this.#buffer.subarray(0, bytes);
    this.#buffer = this.#buffer.subarray(bytes);
    this.offset += bytes;
    return taken;
  }

  fail(problem: string, offset = this.offset): never {
    throw new CaptureFileError(this.path, offset, this.#packed ? `${problem} (unpacked)` : problem);
  }

  /** Fails in words where the file ends before `bytes` more bytes. */
  async need(bytes: number, what: string): Promise<void> {
    if (this.buffered >= bytes || (await this.fill(bytes))) return;
    this.fail(
      `the file ends inside ${what}: the capture was cut off; the frames before it are whole`,
    );
  }

  /** Ends the reading, wherever it stands. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

async function* inOrder(
  path: string,
  file: FileHandle,
  { onRead }: ReadOptions,
): AsyncGenerator<Buffer> {
  for (let total = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const { bytesRead } = await file.read(chunk, 0, CHUNK, null).catch((error: Error) => {
      throw new CaptureFileError(path, total, `it cannot be read: ${error.message}`);
    });
    if (bytesRead === 0) return;
    total += bytesRead;
    onRead?.(total);
    yield chunk.subarray(0, bytesRead);
  }
}

async function* startingWith(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}

/** Members that follow each other are one file (RFC 1952 §2.2), as tools that append write them. */
async function* unpacked(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const packed = Readable.from(chunks, { objectMode: false, highWaterMark: CHUNK });
  const gunzip = createGunzip({ chunkSize: CHUNK });
  packed.on('error', (error) => gunzip.destroy(error));
  packed.pipe(gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } finally {
    packed.destroy();
    gunzip.destroy();
  }
}
