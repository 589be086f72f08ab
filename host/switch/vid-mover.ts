/**
 * Moves VIDs from one processor to another while both are at work: state first, ownership second.
 * The new owner listens and gets a copy; when both ends agree the old one stops, hands over the end
 * of its log, and says so; then the row is rewritten. What still comes to the old one it passes on.
 * Between processors that do not replicate only the listening and the row are moved.
 */
import type { Clock } from '../protocol/clock.ts';
import type { ControlAsker } from '../protocol/control-asker.ts';
import type { ReplicationKeeper } from './replication-keeper.ts';
import type { Slot, SlotRegistry } from './slot-registry.ts';
import { type VidAssignment, VidError, type VidManager } from './vid-manager.ts';

export interface MoveFailure {
  readonly vid: number;
  readonly why: string;
}

export interface VidMoverOptions {
  readonly vids: VidManager;
  readonly registry: SlotRegistry;
  readonly keeper: ReplicationKeeper;
  readonly clock: Clock;
  readonly asker: (slot: Slot) => ControlAsker;
  /** Changes VIDs, then the card, one operation after the other; processors are told. */
  readonly operate: <T>(action: () => Promise<T>) => Promise<T>;
}

/** Milliseconds for a processor to confirm that it listens for VIDs that are to move to it. */
const LISTEN_TIME = 10_000;
/** Milliseconds for a copy, from the last one of the batch that was finished. */
const COPY_TIME = 60_000;
/** Milliseconds for an owner to hand over. */
const YIELD_TIME = 5000;
/** Milliseconds between two looks at what is waited for; at first there are shorter ones. */
const STEP = 50;
/** VIDs that are handed over at a time. */
const AT_A_TIME = 16;

export class VidMover {
  readonly counters = { moved: 0, handedOver: 0, failed: 0 };
  readonly #options: VidMoverOptions;

  constructor(options: VidMoverOptions) {
    this.#options = options;
  }

  /** Resolves with what the VID is then. Throws VidError where it cannot be moved; it stays where it is. */
  async move(vid: number, to: Slot): Promise<VidAssignment> {
    const { vids } = this.#options;
    vids.require(vid);
    const [failure] = await this.moveAll([vid], to);
    if (failure !== undefined) throw new VidError(failure.why);
    return vids.require(vid);
  }

  /** Moves as many as can be; resolves with those that could not, which stay where they are. */
  async moveAll(list: readonly number[], to: Slot): Promise<MoveFailure[]> {
    const { vids, operate } = this.#options;
    const { name = '', epoch } = to;
    if (to.state !== 'up') {
      const what = `cannot move to ${name}, which is ${to.state}; start it first`;
      return list.map((vid) => ({ vid, why: `VID ${vid} ${what}` }));
    }
    const moving = list.filter((vid) => (vids.lookup(vid)?.owner ?? name) !== name);
    if (moving.length === 0) return [];
    await operate(async () => {
      for (const vid of moving) vids.setNext(vid, name);
    });
    const failures: MoveFailure[] = [];
    try {
      await this.#listens(to, vids.numberOf(name), moving);
      for (let at = 0; at < moving.length; at += AT_A_TIME) {
        const some = moving.slice(at, at + AT_A_TIME);
        const done = await Promise.allSettled(some.map((vid) => this.#moveOne(vid, to, epoch)));
        done.forEach((it, i) => {
          if (it.status === 'rejected') failures.push({ vid: some[i] ?? 0, why: whyOf(it.reason) });
        });
      }
    } catch (error) {
      failures.push(...moving.map((vid) => ({ vid, why: whyOf(error) })));
    }
    if (failures.length > 0) {
      this.counters.failed += failures.length;
      await operate(async () => {
        for (const { vid } of failures) {
          if (vids.lookup(vid)?.next?.name === name) vids.setNext(vid, undefined);
        }
      });
    }
    return failures;
  }

  async #moveOne(vid: number, to: Slot, epoch: number): Promise<void> {
    const { vids, registry, keeper, operate } = this.#options;
    const owner = registry.byName(vids.require(vid).owner);
    const hasState = owner?.state === 'up' && owner.replicates && to.replicates;
    const stands = () =>
      vids.lookup(vid)?.next?.name === to.name && to.state === 'up' && to.epoch === epoch;
    if (hasState) await this.#copied(vid, to, stands);
    if (!stands()) throw changed(vid);
    try {
      if (hasState) await this.#handOver(vid, owner, to, stands);
      await operate(async () => {
        if (!stands()) {
          if (hasState) await this.#resume(vid, owner);
          throw changed(vid);
        }
        const old = vids.require(vid).owner;
        vids.move(vid, to.name ?? '');
        // Who handed it over has the state, and follows it from there.
        if (registry.byName(old) !== undefined) vids.setBackup(vid, old, hasState);
        keeper.yielding.delete(vid);
        this.counters.moved++;
      });
    } finally {
      keeper.yielding.delete(vid);
    }
  }

  async #handOver(vid: number, owner: Slot, to: Slot, stands: () => boolean): Promise<void> {
    const { keeper, asker, vids } = this.#options;
    const { name = '', slot, epoch } = to;
    const term = vids.lookup(vid)?.next?.term ?? 0;
    keeper.yielding.add(vid);
    try {
      const request = { type: 'yield', vid, term, to: { name, slot, epoch } } as const;
      const handed = asker(owner).ask(request, { timeout: YIELD_TIME });
      let answered = false;
      const ended = handed.finally(() => {
        answered = true;
      });
      // A new owner that dies now must not keep the old one from serving until time is up.
      await Promise.race([ended, this.#until(() => answered || !stands())]);
      if (!answered) {
        ended.catch(() => {});
        throw new Error(`${name} went down`);
      }
      await handed;
      this.counters.handedOver++;
    } catch (error) {
      await this.#resume(vid, owner);
      throw new VidError(
        `VID ${vid} stays where it is: ${owner.name} did not hand it over ` +
          `(${(error as Error).message})`,
      );
    }
  }

  /** The old owner serves it again. Where it does not answer it is dead, and the card knows. */
  async #resume(vid: number, owner: Slot): Promise<void> {
    if (owner.state !== 'up') return;
    const { asker } = this.#options;
    const request = { type: 'resume', vid } as const;
    await asker(owner)
      .ask(request, { timeout: YIELD_TIME })
      .catch(() => {});
  }

  /** Resolves when the occupant listens for assignment `number`. */
  async #listens(slot: Slot, number: number, moving: readonly number[]): Promise<void> {
    const { clock } = this.#options;
    const end = clock.now() + LISTEN_TIME;
    const listens = () => slot.confirmed >= number;
    const { epoch } = slot;
    await this.#until(listens, () => {
      const what = moving.length === 1 ? `VID ${moving[0]} stays where it is` : 'nothing is moved';
      if (slot.state !== 'up' || slot.epoch !== epoch) {
        throw new VidError(`${slot.name} went down before it listened; ${what}`);
      }
      if (clock.now() < end) return;
      throw new VidError(
        `${slot.name} did not say within ${LISTEN_TIME} ms that it listens; ${what}`,
      );
    });
  }

  async #copied(vid: number, to: Slot, stands: () => boolean): Promise<void> {
    const { clock, keeper } = this.#options;
    let end = clock.now() + COPY_TIME;
    let agreed = keeper.counters.agreed;
    const ready = () => !stands() || keeper.isReady(vid);
    await this.#until(ready, () => {
      if (keeper.counters.agreed !== agreed) end = clock.now() + COPY_TIME;
      agreed = keeper.counters.agreed;
      if (clock.now() < end) return;
      throw new VidError(
        `VID ${vid} stays where it is: its copy at ${to.name} did not agree within ${COPY_TIME} ms`,
      );
    });
  }

  /** Looks again and again; `patience` throws in the end. */
  async #until(condition: () => boolean, patience = () => {}): Promise<void> {
    const { clock } = this.#options;
    for (let step = 1; !condition(); step = Math.min(STEP, step * 2)) {
      patience();
      await new Promise<void>((resolve) => clock.schedule(step, resolve));
    }
  }
}

/** Why a VID could not be moved; what is no refusal of ours is a fault, and thrown. */
function whyOf(error: unknown): string {
  if (error instanceof VidError) return error.message;
  throw error;
}

function changed(vid: number): VidError {
  return new VidError(`VID ${vid} was changed while it was about to move; look where it is now`);
}
