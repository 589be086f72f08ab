/** A line to the card that one switch processor has: when that dies, nothing that it began goes on. */
import type { Access, InjectedFrame, Transport, TransportEvents } from '../../../driver/index.ts';

export class MortalTransport implements Transport {
  readonly name: string;
  readonly #inner: Transport;
  readonly #undo: (() => void)[] = [];
  #dead = false;
  /** Accesses that it still makes, and what follows. */
  #left = Infinity;
  #died: () => void = () => {};

  constructor(inner: Transport) {
    this.name = inner.name;
    this.#inner = inner;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** As a crash: nothing more reaches the card, and nobody hears of what was under way. */
  die(): void {
    this.#dead = true;
    for (const undo of this.#undo.splice(0)) undo();
    this.#died();
  }

  /** The same when so many more accesses are made. */
  dieAfter(accesses: number, died: () => void): void {
    this.#left = accesses;
    this.#died = died;
    if (accesses === 0) this.die();
  }

  access(accesses: readonly Access[]): Promise<Uint32Array> {
    if (this.#left-- === 0) this.die();
    return this.#orNever(() => this.#inner.access(accesses));
  }

  inject(frames: readonly InjectedFrame[]): Promise<void> {
    return this.#orNever(() => this.#inner.inject(frames));
  }

  on<K extends keyof TransportEvents>(
    event: K,
    listener: (...args: TransportEvents[K]) => void,
  ): this {
    this.#inner.on(event, listener);
    this.#undo.push(() => this.#inner.off(event, listener));
    return this;
  }

  off<K extends keyof TransportEvents>(
    event: K,
    listener: (...args: TransportEvents[K]) => void,
  ): this {
    this.#inner.off(event, listener);
    return this;
  }

  /** The card goes on. */
  async close(): Promise<void> {}

  async #orNever<T>(work: () => Promise<T>): Promise<T> {
    const never = () => new Promise<never>(() => {});
    if (this.#dead) return never();
    const result = await work();
    return this.#dead ? never() : result;
  }
}
