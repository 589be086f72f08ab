/** The owners that this processor keeps copies for, by slot: of each slot only the newest incarnation. */
import type { ReplicaPeer } from './replicator-options.ts';
import type { Sink } from './sink.ts';

type From = Omit<ReplicaPeer, 'name'>;

export class Sinks {
  readonly #make: (from: From) => Sink;
  readonly #sinks = new Map<number, { readonly epoch: number; readonly sink: Sink }>();

  constructor(make: (from: From) => Sink) {
    this.#make = make;
  }

  /** Makes one where there is none yet, and where the slot has another incarnation. */
  of(from: From): Sink {
    const known = this.#sinks.get(from.slot);
    if (known?.epoch === from.epoch) return known.sink;
    const sink = this.#make(from);
    this.#sinks.set(from.slot, { epoch: from.epoch, sink });
    return sink;
  }

  /** What comes for a VID from now on changes nothing. */
  forget(vid: number): void {
    for (const { sink } of this.#sinks.values()) sink.forget(vid);
  }

  clear(): void {
    this.#sinks.clear();
  }
}
