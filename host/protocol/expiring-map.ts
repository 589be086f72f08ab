/**
 * A bounded map whose entries live for a fixed time after they were last set. The oldest stands
 * first, so ageing and making room cost the same however many there are.
 */
export interface ExpiringMapOptions {
  /** Milliseconds. */
  readonly life: number;
  /** The oldest entry goes when one more would be too many. */
  readonly limit: number;
  /** Milliseconds, as `Clock.now`. */
  readonly now: () => number;
}

export class ExpiringMap<K, V> {
  /** Entries that had to go before their time. */
  evicted = 0;
  /** Entries whose time was over. */
  expired = 0;
  readonly #entries = new Map<K, { value: V; until: number }>();
  readonly #options: ExpiringMapOptions;

  constructor(options: ExpiringMapOptions) {
    this.#options = options;
  }

  /** Living entries and those that nobody has looked for since they died. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.until <= this.#options.now() ? undefined : entry.value;
  }

  /** Sets the value and begins its life anew. */
  set(key: K, value: V): void {
    const now = this.#options.now();
    this.age();
    this.#entries.delete(key);
    if (this.#entries.size >= this.#options.limit) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        this.evicted++;
        break;
      }
    }
    this.#entries.set(key, { value, until: now + this.#options.life });
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  /** Removes the entries whose keys `gone` names; looks at all. */
  deleteWhere(gone: (key: K) => boolean): void {
    for (const key of this.#entries.keys()) if (gone(key)) this.#entries.delete(key);
  }

  /** Removes what is over; `set` does it too. */
  age(): void {
    const now = this.#options.now();
    for (const [key, entry] of this.#entries) {
      if (entry.until > now) break;
      this.#entries.delete(key);
      this.expired++;
    }
  }

  *values(): IterableIterator<V> {
    for (const entry of this.#entries.values()) yield entry.value;
  }

  clear(): void {
    this.#entries.clear();
  }
}
