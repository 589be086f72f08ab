/** What leaves by each port and to the host, as the reference says, held against what came out. */
import type { ReasonName } from '../../driver/index.ts';
import { Mismatch } from './mismatch.ts';

/** Source and destination of a frame: of a dropped one the copy may have them rewritten already. */
const ADDRESSES = 12;
/** Bytes of a beat at most: of the beat in which the receiver cut a frame, there may be more. */
const BEAT = 64;
const CUT: readonly ReasonName[] = ['rx_underrun', 'rx_overflow', 'rx_oversize'];

export interface HostFrame {
  readonly decision: Uint32Array;
  readonly data: Buffer;
}

export interface CopyOptions {
  readonly reason: ReasonName;
  /** The frame had no other end. */
  readonly dropped: boolean;
  /** The mirror's queue may have had no room. */
  readonly mayLack: boolean;
}

export class Outputs {
  #ports: readonly (readonly Buffer[])[] = [];
  #host: readonly HostFrame[] = [];
  /** By port: how many have been looked at; the last is the host. */
  #seen: number[] = [];

  /** What came out in one batch. */
  begin(ports: readonly (readonly Buffer[])[], host: readonly HostFrame[]): void {
    this.#ports = ports;
    this.#host = host;
    this.#seen = Array.from({ length: ports.length + 1 }, () => 0);
  }

  /** Whether this could be what came out next; `ports.length` stands for the host. */
  fits(port: number, bytes: Uint8Array): boolean {
    return this.#next(port)?.equals(bytes) ?? false;
  }

  /** Whether this, dropped, could be the copy that came out next. */
  fitsCopy(port: number, bytes: Uint8Array): boolean {
    const data = this.#next(port);
    return data !== undefined && isCopy(bytes, data, true, false);
  }

  leaves(port: number, bytes: Uint8Array, reason: ReasonName): void {
    const data = this.#take(port);
    if (data?.equals(bytes)) return;
    throw new Mismatch('bytes that left', this.#text(port, bytes, data, reason));
  }

  toHost(bytes: Uint8Array, words: Uint32Array, reason: ReasonName): void {
    const port = this.#ports.length;
    const { decision } = this.#host[this.#seen[port] ?? 0] ?? {};
    if (decision !== undefined && words.some((word, n) => word !== decision[n])) {
      throw new Mismatch('the record beside a frame for the host', reason);
    }
    this.leaves(port, bytes, reason);
  }

  /** True where it came out; false where it may be lacking and does. */
  copied(port: number, copy: Uint8Array, options: CopyOptions, maxFrame: number): boolean {
    const { reason, dropped, mayLack } = options;
    const cut = CUT.includes(reason);
    const bytes = cut ? copy.subarray(0, maxFrame) : copy;
    const data = this.#next(port);
    if (data !== undefined && isCopy(bytes, data, dropped, cut)) {
      this.#take(port);
      return true;
    }
    if (mayLack) return false;
    throw new Mismatch('a copy for the mirror', this.#text(port, bytes, data, reason));
  }

  /** Nothing came out besides. */
  end(): void {
    for (const port of this.#seen.keys()) {
      const more = this.#next(port);
      if (more === undefined) continue;
      throw new Mismatch('a frame too many', `port ${port} sent ${more.toString('hex')}`);
    }
  }

  #next(port: number): Buffer | undefined {
    const at = this.#seen[port] ?? 0;
    return port === this.#ports.length ? this.#host[at]?.data : this.#ports[port]?.[at];
  }

  #take(port: number): Buffer | undefined {
    const data = this.#next(port);
    this.#seen[port] = (this.#seen[port] ?? 0) + 1;
    return data;
  }

  #text(port: number, wanted: Uint8Array, sent: Buffer | undefined, reason: ReasonName): string {
    const hex = Buffer.from(wanted).toString('hex');
    const at = `port ${port}, frame ${this.#seen[port]} of the batch, ${reason}`;
    return `${at}:\ncard      ${sent?.toString('hex') ?? 'nothing'}\nreference ${hex}`;
  }
}

function isCopy(bytes: Uint8Array, data: Buffer, dropped: boolean, cut: boolean): boolean {
  const { length } = bytes;
  if (cut ? data.length < length || data.length > length + BEAT : data.length !== length) {
    return false;
  }
  const from = dropped ? Math.min(ADDRESSES, length) : 0;
  return data.compare(bytes, from, length, from, length) === 0;
}
