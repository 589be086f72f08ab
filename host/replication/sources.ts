/** The backups that this processor has logs to, each an incarnation of a processor in a slot. */
import type { ReplicaPeer } from './replicator-options.ts';
import type { Source } from './source.ts';

type To = Omit<ReplicaPeer, 'name'>;

/** Names an incarnation. */
export function keyOf({ slot, epoch }: To): string {
  return `${slot}.${epoch}`;
}

export class Sources {
  readonly #make: (to: To) => Source;
  readonly #sources = new Map<string, { readonly to: To; readonly source: Source }>();

  constructor(make: (to: To) => Source) {
    this.#make = make;
  }

  /** Makes one where there is none yet; earlier incarnations of the slot answer nothing any more. */
  of(to: To): Source {
    const known = this.get(to);
    if (known !== undefined) return known;
    for (const [key, older] of this.#sources) {
      const behind = (to.epoch - older.to.epoch) & 0xff; // epochs are modulo 256
      if (older.to.slot === to.slot && behind > 0 && behind < 0x80) this.#end(key, older.source);
    }
    const source = this.#make(to);
    this.#sources.set(keyOf(to), { to, source });
    return source;
  }

  get(to: To): Source | undefined {
    return this.#sources.get(keyOf(to))?.source;
  }

  *values(): IterableIterator<Source> {
    for (const { source } of this.#sources.values()) yield source;
  }

  /** Ends the logs that carry nothing any more and are to none of `used`. */
  tidy(used: readonly To[]): void {
    const keys = new Set(used.map(keyOf));
    for (const [key, { source }] of this.#sources) {
      if (!keys.has(key) && source.log.waiting === 0) this.#end(key, source);
    }
  }

  clear(): void {
    for (const [key, { source }] of this.#sources) this.#end(key, source);
  }

  #end(key: string, source: Source): void {
    this.#sources.delete(key);
    source.end();
  }
}
