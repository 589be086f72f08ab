/** Who has the VIDs that were ours: packets may still be on their way. */
import type { Clock } from '../protocol/clock.ts';
import type { ReplicaPeer } from './replicator-options.ts';

/**
 * Milliseconds for which what comes for such a VID was sent before the card knew its new owner. The word of the
 * switch processor that it has moved comes by another queue, and on a busy machine ahead of packets
 * that wait to be read for as long as nobody gives us a processor.
 */
const LATE = 1000;

export class MovedVids {
  readonly #clock: Clock;
  readonly #moved = new Map<number, { readonly to: ReplicaPeer; readonly since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(vid: number, to: ReplicaPeer): void {
    this.#moved.set(vid, { to, since: this.#clock.now() });
  }

  delete(vid: number): void {
    this.#moved.delete(vid);
  }

  to(vid: number): ReplicaPeer | undefined {
    return this.#moved.get(vid)?.to;
  }

  /** Whether a packet that comes now may have been on its way when the VID moved. */
  isLate(vid: number): boolean {
    const moved = this.#moved.get(vid);
    return moved !== undefined && this.#clock.now() - moved.since < LATE;
  }

  peers(): ReplicaPeer[] {
    return [...this.#moved.values()].map(({ to }) => to);
  }
}
