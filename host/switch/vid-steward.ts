/**
 * Keeps VIDs where they belong: chooses backups, follows the card when a processor dies, gives a
 * processor that came back its VIDs with their state, empties slots and evens out load.
 */
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import type { ControlAsker } from '../protocol/control-asker.ts';
import type { Load, Selection } from '../setup/handler.ts';
import { type BalanceProcessor, type PlannedMove, planDrain, planRebalance } from './balance.ts';
import { ReplicationKeeper } from './replication-keeper.ts';
import { type Slot, SlotError, type SlotRegistry } from './slot-registry.ts';
import {
  type BackupCandidate,
  type VidAssignment,
  VidError,
  type VidManager,
} from './vid-manager.ts';
import { type MoveFailure, VidMover } from './vid-mover.ts';

export interface VidStewardOptions {
  readonly vids: VidManager;
  readonly registry: SlotRegistry;
  readonly selection: Selection;
  readonly clock: Clock;
  readonly asker: (slot: Slot) => ControlAsker;
  /** Changes VIDs, then the card, one operation after the other. */
  readonly operate: <T>(action: () => Promise<T>) => Promise<T>;
}

/** What a drain or a rebalance did, or would do. */
export interface MoveReport {
  readonly moves: readonly PlannedMove[];
  /** Of these, done. */
  readonly moved: number;
  /** Those that were not, and why; they are where they were. */
  readonly failures: readonly MoveFailure[];
}

/** Milliseconds for an answer of a processor that is up. */
const ANSWER = 2000;
/** Plans of a drain, one after the other. */
const DRAIN_TRIES = 3;
/** Milliseconds until VIDs that did not get home are tried again. */
const HOME_AGAIN = 1000;

export class VidSteward {
  readonly keeper: ReplicationKeeper;
  readonly mover: VidMover;
  readonly counters = { failovers: 0, failedOver: 0, returned: 0 };
  readonly #options: VidStewardOptions;
  readonly #returning = new Set<string>();
  readonly #poked = new Map<string, string>();
  readonly #timers = new Set<ClockTimer>();
  #closed = false;

  constructor(options: VidStewardOptions) {
    this.#options = options;
    const { vids, registry, clock, asker } = options;
    const operate = <T>(action: () => Promise<T>) => options.operate(action);
    this.keeper = new ReplicationKeeper({
      ...{ vids, registry, clock, operate },
      ask: (slot, request) => asker(slot).ask(request, { timeout: ANSWER }),
    });
    this.mover = new VidMover({ vids, registry, keeper: this.keeper, clock, asker, operate });
  }

  /** Chooses backups anew; the rows are not written by this. */
  spread(): void {
    const { vids, registry } = this.#options;
    vids.spreadBackups(
      (owner) => this.#candidates(owner),
      (owner) => registry.byName(owner)?.replicates === true,
    );
  }

  /**
   * A processor has reported for the first time. When nobody's room is a guess any more, backups are
   * chosen by it: earlier they would be copied to and fro as one report after the other comes.
   */
  async reported(): Promise<void> {
    const { registry, selection, operate } = this.#options;
    const loads = selection.status();
    const isGuess = (name: string) => loads[name]?.load === undefined;
    const there = registry.slots.filter((slot) => keepsCopies(slot));
    if (there.some(({ name }) => name !== undefined && isGuess(name))) return;
    await operate(async () => this.spread());
  }

  /** A slot is down: what its VIDs are from now on. The rows are not written by this. */
  wentDown({ name, replicates }: Slot): void {
    if (name === undefined || !replicates) return;
    const { vids, registry } = this.#options;
    const moved = vids.fail(name, (other) => registry.byName(other)?.state === 'up');
    this.counters.failovers++;
    this.counters.failedOver += moved.length;
    this.spread();
  }

  /** A slot is up: its VIDs come home, with their state. */
  cameUp(slot: Slot): void {
    this.tell(true);
    if (slot.replicates) this.#bringHome(slot);
  }

  /** Tells processors what is new to them. To be called after every change of VIDs, with `all` of slots. */
  tell(all = false): void {
    if (this.#closed) return;
    this.keeper.refresh(all);
    const { vids, registry, asker } = this.#options;
    for (const slot of registry.slots) {
      if (slot.state !== 'up' || !slot.replicates || slot.name === undefined) continue;
      const assignment = vids.numberOf(slot.name);
      const what = `${slot.epoch} ${assignment}`;
      if (slot.confirmed === assignment || this.#poked.get(slot.name) === what) continue;
      this.#poked.set(slot.name, what);
      // Where it is lost, the answer to the next load report says the same.
      const request = { type: 'renew', assignment } as const;
      asker(slot)
        .ask(request, { timeout: ANSWER })
        .catch(() => {});
    }
  }

  /** Empties a slot while traffic flows; it gets nothing new until `slot up`. */
  async drain(slot: Slot): Promise<MoveReport> {
    const { vids, registry, operate } = this.#options;
    if (slot.name === undefined) throw new SlotError(`slot ${slot.slot} is free; nothing to drain`);
    const { name } = slot;
    const others = this.#balance().filter((it) => it.name !== name);
    if (others.length === 0) {
      throw new SlotError(`slot ${slot.slot} cannot be drained: no other processor is up`);
    }
    await operate(async () => {
      slot.draining = true;
    });
    const all: PlannedMove[] = [];
    let failures: readonly MoveFailure[] = [];
    // Somebody may die meanwhile: what did not get there goes elsewhere.
    for (let tries = 0; tries < DRAIN_TRIES && vids.vidsOf(name).length > 0; tries++) {
      const { load } = this.#options.selection.status()[name] ?? {};
      const drained = { name, vids: vids.vidsOf(name), ...loadOf(load, 1) };
      const there = this.#balance().filter((it) => it.name !== name);
      const report = await this.#perform(planDrain(drained, there));
      failures = report.failures;
      const failed = new Set(failures.map(({ vid }) => vid));
      all.push(...report.moves.filter(({ vid }) => !failed.has(vid)));
    }
    const left = vids.vidsOf(name);
    if (left.length > 0) {
      if (registry.bySlot(slot.slot)?.name === name) slot.draining = false;
      const why = failures[0]?.why ?? 'no other processor is up';
      throw new VidError(`${left.length} VIDs are still ${name}'s: ${why}; drain it once more`);
    }
    await operate(async () => this.spread());
    return { moves: all, moved: all.length, failures: [] };
  }

  /** Moves VIDs until no move would make the load more even. */
  async rebalance(dryRun: boolean): Promise<MoveReport> {
    const moves = planRebalance(this.#balance());
    if (dryRun) return { moves, moved: 0, failures: [] };
    const report = await this.#perform(moves);
    await this.#options.operate(async () => this.spread());
    return report;
  }

  /** Moves one VID. Throws VidError where it cannot be. */
  async move(vid: number, to: Slot): Promise<VidAssignment> {
    return this.mover.move(vid, to);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.keeper.close();
    for (const timer of this.#timers) timer.cancel();
  }

  async #perform(moves: readonly PlannedMove[]): Promise<MoveReport> {
    const { registry } = this.#options;
    const failures: MoveFailure[] = [];
    for (const to of new Set(moves.map((move) => move.to))) {
      const slot = registry.byName(to);
      const vids = moves.filter((move) => move.to === to).map(({ vid }) => vid);
      if (slot !== undefined) failures.push(...(await this.mover.moveAll(vids, slot)));
      else
        failures.push(...vids.map((vid) => ({ vid, why: `there is no processor ${to} any more` })));
    }
    return { moves, moved: moves.length - failures.length, failures };
  }

  #bringHome(slot: Slot): void {
    const { vids, clock } = this.#options;
    const { name = '', epoch } = slot;
    const home = vids.homeVidsOf(name);
    if (home.length === 0 || this.#returning.has(name) || this.#closed) return;
    this.#returning.add(name);
    const isThere = () => !this.#closed && slot.state === 'up' && slot.epoch === epoch;
    const later = () => {
      if (!isThere()) return;
      const timer = clock.schedule(HOME_AGAIN, () => {
        this.#timers.delete(timer);
        if (isThere()) this.#bringHome(slot);
      });
      this.#timers.add(timer);
    };
    this.mover
      .moveAll(home, slot)
      .then((failures) => {
        this.counters.returned += home.length - failures.length;
        return failures.length > 0;
      })
      // The card is gone; its own event says so.
      .catch(() => true)
      .then((again) => {
        this.#returning.delete(name);
        if (again) later();
      });
  }

  /** Who may back up `owner`: for one that replicates, others that do and are there. */
  #candidates(owner: string): BackupCandidate[] {
    const { registry, selection } = this.#options;
    if (registry.byName(owner)?.replicates !== true) {
      return registry.names().map((name) => ({ name, spare: 1 }));
    }
    const loads = selection.status();
    const known = Object.values(loads).flatMap(({ load }) => (load === undefined ? [] : load));
    const spares = known.map(({ capacity, sessions }) => Math.max(0, capacity - sessions));
    // Who has not reported yet counts as the others on average.
    const average = spares.reduce((sum, it) => sum + it, 0) / Math.max(1, spares.length) || 1;
    return registry.slots.flatMap((slot) => {
      const { name, draining, locked } = slot;
      if (name === undefined || !keepsCopies(slot) || draining || locked) return [];
      const { load } = loads[name] ?? {};
      const spare = load === undefined ? average : Math.max(0, load.capacity - load.sessions);
      return [{ name, spare }];
    });
  }

  #balance(): BalanceProcessor[] {
    const { registry, selection, vids } = this.#options;
    const loads = selection.status();
    return registry.candidates().map(({ name }) => ({
      name,
      vids: vids.vidsOf(name),
      ...loadOf(loads[name]?.load, 1),
    }));
  }
}

/** It is there, or about to be, and replicates. */
function keepsCopies({ state, replicates }: Slot): boolean {
  return (state === 'up' || state === 'starting') && replicates;
}

function loadOf(load: Load | undefined, capacity: number): Load {
  return load ?? { sessions: 0, capacity };
}
