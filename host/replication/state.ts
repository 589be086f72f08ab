/** What replication sees of an application: the state of one VID, as entries by key. */
import { Digest, EMPTY_DIGEST, type Hash, hashEntry } from './digest.ts';

/** A change: the entry's new value, or undefined where it is gone. */
export interface StateRecord {
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** Longest key in bytes of UTF-8, and longest key and value together: one record fits a frame. */
export const MAX_KEY = 255;
export const MAX_ENTRY = 1300;

/** The state of one VID. One is made for each VID, and a further one for each copy of it. */
export interface ReplicatedState {
  /** Takes over a change; the last one of a key stands. */
  apply(record: StateRecord): void;
  /**
   * All entries as they are when each is asked for. Changes may come between two of them: who was
   * not given yet is given as it is then, or not at all where it is gone.
   */
  snapshot(): Iterable<StateRecord>;
  /** Replaces the whole state by these entries. */
  restore(records: Iterable<StateRecord>): void;
  /** Of all entries; the same wherever the same entries are, whatever way they came. */
  digest(): string;
}

interface Entry {
  readonly value: Buffer;
  readonly hash: Hash;
}

/** Entries in a map. An application that keeps its own objects beside it makes them in `applied`. */
export class KeyedState implements ReplicatedState {
  readonly #entries = new Map<string, Entry>();
  readonly #digest = new Digest();
  readonly #applied: ((record: StateRecord) => void) | undefined;

  /** @param applied is called for each change, its own and those of another processor's. */
  constructor(applied?: (record: StateRecord) => void) {
    this.#applied = applied;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Buffer | undefined {
    return this.#entries.get(key)?.value;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** Throws a RangeError where the entry is longer than a record may be. */
  apply(record: StateRecord): void {
    const { key, value } = record;
    const old = this.#entries.get(key);
    if (value === undefined) {
      this.#entries.delete(key);
    } else {
      checkEntry(key, value);
      const hash = hashEntry(key, value);
      this.#entries.set(key, { value, hash });
      this.#digest.add(hash);
    }
    if (old !== undefined) this.#digest.remove(old.hash);
    this.#applied?.(record);
  }

  *snapshot(): Iterable<StateRecord> {
    for (const [key, { value }] of this.#entries) yield { key, value };
  }

  restore(records: Iterable<StateRecord>): void {
    for (const key of [...this.#entries.keys()]) this.apply({ key, value: undefined });
    for (const record of records) this.apply(record);
  }

  digest(): string {
    return this.#entries.size === 0 ? EMPTY_DIGEST : this.#digest.text;
  }
}

/** Throws a RangeError that says which bound an entry breaks. */
export function checkEntry(key: string, value: Uint8Array): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY) throw new RangeError(`key of ${bytes} bytes; at most ${MAX_KEY}`);
  if (bytes + value.length > MAX_ENTRY) {
    throw new RangeError(
      `entry "${key.slice(0, 40)}" of ${bytes + value.length} bytes; at most ${MAX_ENTRY}, so that ` +
        'it fits a frame: cut it into several entries',
    );
  }
}
