/**
 * The override table: exact matches that name a VID. The truth lives in the host; each entry is
 * written, read back, and moved so that a packet finds it before, during and after the move. After
 * a restart `reconcile` reads the card and touches no entry that is right.
 */

import type { Card } from './card.ts';
import { CuckooPlaces, nameOf, type Override, type Placed, type Step } from './cuckoo.ts';
import { DriverError } from './errors.ts';
import { REGISTERS } from './generated/registers.ts';
import { MOST_STEPS, readPlaces, takeHits, writeSteps } from './override-access.ts';

export type { Override } from './cuckoo.ts';

export interface NewOverride extends Override {
  /** Stays until it is deleted, however long no packet uses it. Default false. */
  readonly fixed?: boolean;
}

/** An override as it stands. */
export interface ListedOverride extends Override {
  readonly fixed: boolean;
  /** Sweeps of the hit bits since it was last found used. */
  readonly idle: number;
  /** Index in the card's table. */
  readonly place: number;
}

export interface OverrideTableOptions {
  /**
   * Entries that one insert may move. Default 64: below 45 % load of a table of any size, longer
   * routes are rarer than one insert in a million (bench: overrides).
   */
  readonly mostMoves?: number;
}

export interface OverrideStatistics {
  readonly entries: number;
  readonly places: number;
  /** entries / places; two ways of single places fill to about half. */
  readonly loadFactor: number;
  /** New entries written since the start. */
  readonly inserts: number;
  /** Entries moved to their other place since the start. */
  readonly moves: number;
  /** Most moves that one insert took. */
  readonly longestInsert: number;
  /** Inserts that found no place. */
  readonly failures: number;
  /** Entries that went since no packet used them. */
  readonly aged: number;
}

/** A place that does not hold what it should. */
export interface OverrideDifference {
  readonly place: number;
  readonly wanted: Override | undefined;
  readonly found: Override | undefined;
}

export interface OverridesReconciled {
  /** Entries that were right and were not touched. */
  readonly kept: number;
  /** Entries that were missing or named another VID, and were written. */
  readonly written: number;
  /** Places that held what nobody wants, or what no packet could find. */
  readonly cleared: number;
}

/** The place of an entry that is wanted and not in the card yet. */
const NOWHERE = -1;

export class OverrideTable {
  readonly card: Card;
  readonly #mostMoves: number;
  readonly #places: CuckooPlaces;
  readonly #wanted = new Map<string, Placed>();
  readonly #counts = { inserts: 0, moves: 0, longestInsert: 0, failures: 0, aged: 0 };
  /** A call failed half-way: nobody knows what the card holds until it is read. */
  #unsure = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** Takes the table for empty, as it is after `clear`; call that or `reconcile` first. */
  constructor(card: Card, { mostMoves = 64 }: OverrideTableOptions = {}) {
    this.card = card;
    this.#mostMoves = mostMoves;
    this.#places = new CuckooPlaces(card.entries('override'));
  }

  statistics(): OverrideStatistics {
    const entries = this.#wanted.size;
    const places = this.#places.count;
    return { entries, places, loadFactor: entries / places, ...this.#counts };
  }

  get(space: number, key: bigint): ListedOverride | undefined {
    const entry = this.#wanted.get(nameOf(space, key));
    return entry && listed(entry);
  }

  /** All entries, in the order in which they were inserted. */
  list(): ListedOverride[] {
    return [...this.#wanted.values()].map(listed);
  }

  /**
   * Inserts, or gives another VID to what is there. Resolves when packets find all of them. Rejects
   * with RangeError before anything is written where a value does not fit; with `DriverError` FULL
   * where one finds no place (those before it are in, and nothing that was in is lost); with VERIFY
   * or the transport's error where the card could not be written: none of this call's counts as
   * inserted then, and the next call puts the table right first.
   */
  insert(given: NewOverride | readonly NewOverride[]): Promise<void> {
    const list = 'key' in given ? [given] : given;
    for (const override of list) this.#check(override);
    return this.#inTurn(() => this.#insert(list));
  }

  /** Resolves with whether it was there. Packets do not find it any more. */
  delete(space: number, key: bigint): Promise<boolean> {
    return this.#inTurn(async () => {
      const entry = this.#wanted.get(nameOf(space, key));
      if (entry !== undefined) await this.#remove([entry]);
      return entry !== undefined;
    });
  }

  /** Empties the table in the card at once, whatever it held. */
  clear(): Promise<void> {
    return this.#inTurn(async () => {
      this.#wanted.clear();
      this.#unsure = true;
      await this.card.transport.access([{ address: REGISTERS.control.overrides_clear, write: 1 }]);
      this.#places.empty();
      this.#unsure = false;
    }, false);
  }

  /**
   * Reads the card and makes it hold `wanted` (left out: what was inserted). Entries that are right
   * are not touched, so steering goes on meanwhile. Rejects as `insert`.
   */
  reconcile(wanted?: Iterable<NewOverride>): Promise<OverridesReconciled> {
    const list = wanted === undefined ? undefined : [...wanted];
    for (const override of list ?? []) this.#check(override);
    return this.#inTurn(() => {
      if (list !== undefined) {
        this.#wanted.clear();
        for (const override of list)
          this.#wanted.set(nameOf(override.space, override.key), this.#placed(override));
      }
      return this.#reconcile();
    }, false);
  }

  /**
   * Reads the card; resolves with the places that are not as they should be. Writes nothing, unless
   * an earlier call failed half-way: that is put right first.
   */
  compare(): Promise<OverrideDifference[]> {
    return this.#inTurn(async () => {
      const found = await readPlaces(this.card);
      const differences: OverrideDifference[] = [];
      for (let place = 0; place < this.#places.count; place++) {
        const wanted = this.#places.at(place);
        const held = found.get(place);
        if (wanted !== undefined || held !== undefined)
          if (!same(wanted, held)) differences.push({ place, wanted: plain(wanted), found: held });
      }
      return differences;
    });
  }

  /**
   * Reads and clears the hit bits. Resolves with how many entries packets have used since the last
   * sweep; the `idle` of the others rises by one.
   */
  sweep(): Promise<number> {
    return this.#inTurn(() => this.#sweep());
  }

  /**
   * Sweeps, then deletes the entries that no packet has used in the last `sweeps` sweeps, except
   * fixed ones. Resolves with them.
   */
  age(sweeps: number): Promise<ListedOverride[]> {
    return this.#inTurn(async () => {
      await this.#sweep();
      const old = [...this.#wanted.values()].filter((it) => !it.fixed && it.idle >= sweeps);
      await this.#remove(old);
      this.#counts.aged += old.length;
      return old.map(listed);
    });
  }

  #check({ space, key, vid }: Override): void {
    const wrong = (what: string) => {
      throw new RangeError(`override ${describe({ space, key })}: ${what}`);
    };
    if (!Number.isInteger(space) || space < 0 || space > 255) wrong('spaces are 0 to 255');
    if (key < 0n || key >> 128n !== 0n) wrong('a key has 128 bits');
    const { vids } = this.card.sizes;
    if (!Number.isInteger(vid) || vid < 0 || vid >= vids)
      wrong(`VID ${vid}: this card has VIDs 0 to ${vids - 1}`);
  }

  #placed({ space, key, vid, fixed = false }: NewOverride, place = NOWHERE): Placed {
    return { space, key, vid, fixed, ways: this.#places.ways(space, key), place, idle: 0 };
  }

  #inTurn<R>(work: () => Promise<R>, repair = true): Promise<R> {
    const result = this.#turn.then(async () => {
      if (repair && this.#unsure) await this.#reconcile();
      return work();
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  async #insert(list: readonly NewOverride[]): Promise<void> {
    const fresh = new Map<string, Placed>();
    let steps: Step[] = [];
    const flush = async () => {
      await this.#write(steps);
      for (const [name, entry] of fresh) this.#wanted.set(name, entry);
      fresh.clear();
      steps = [];
    };
    for (const override of list) {
      const name = nameOf(override.space, override.key);
      const entry = this.#placed(override);
      const known = fresh.get(name) ?? this.#wanted.get(name);
      const isIn = known !== undefined && known.place !== NOWHERE;
      const plan = isIn ? [{ place: known.place, entry }] : this.#plan(entry);
      if (plan === undefined) {
        await flush();
        throw this.#full(override, list.indexOf(override));
      }
      this.#places.apply(plan);
      fresh.set(name, entry);
      steps.push(...plan);
      if (steps.length >= MOST_STEPS) await flush();
    }
    await flush();
  }

  /** Finds a way and counts it. */
  #plan(entry: Placed): Step[] | undefined {
    const plan = this.#places.plan(entry, this.#mostMoves);
    const counts = this.#counts;
    if (plan === undefined) {
      counts.failures++;
      return undefined;
    }
    const moves = plan.length - 1;
    counts.inserts++;
    counts.moves += moves;
    counts.longestInsert = Math.max(counts.longestInsert, moves);
    // The hit bit stays at the old place, so who moves counts as used.
    for (const step of plan) if (step.entry !== undefined) step.entry.idle = 0;
    return plan;
  }

  #full(override: Override, before: number): DriverError {
    const { entries, places, loadFactor } = this.statistics();
    const others = before === 0 ? '' : ` The ${before} before it in this call are in.`;
    return new DriverError(
      'FULL',
      `${this.card.transport.name}: override ${describe(override)} finds no place within ` +
        `${this.#mostMoves} moves; ${entries} of ${places} places are taken ` +
        `(${(100 * loadFactor).toFixed(1)} %, and about half can be). ` +
        `Nothing that was in is lost.${others} Let unused ones age, or take a card with more OVERRIDES.`,
    );
  }

  async #remove(entries: readonly Placed[]): Promise<void> {
    const steps = entries.map(({ place }) => ({ place, entry: undefined }));
    for (const { space, key } of entries) this.#wanted.delete(nameOf(space, key));
    this.#places.apply(steps);
    await this.#write(steps);
  }

  /** In as many calls as it takes; in between every entry is in. */
  async #write(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return;
    this.#unsure = true;
    await writeSteps(this.card, steps);
    this.#unsure = false;
  }

  async #reconcile(): Promise<OverridesReconciled> {
    this.#unsure = true;
    const found = await readPlaces(this.card);
    this.#places.empty();
    for (const entry of this.#wanted.values()) entry.place = NOWHERE;
    const steps: Step[] = [];
    const right = new Set<string>();
    let cleared = 0;
    let written = 0;
    // In rising order: of two that are equal the one in the first half stays, which packets use.
    for (const [place, held] of found) {
      const name = nameOf(held.space, held.key);
      const entry = this.#wanted.get(name);
      if (entry === undefined || right.has(name) || !entry.ways.includes(place)) {
        steps.push({ place, entry: undefined });
        cleared++;
        continue;
      }
      right.add(name);
      this.#places.set(place, entry);
      if (held.vid === entry.vid) continue;
      steps.push({ place, entry });
      written++;
    }
    const kept = right.size - written;
    await this.#write(steps);
    const missing = [...this.#wanted.values()].filter(({ place }) => place === NOWHERE);
    this.#unsure = false;
    try {
      await this.#insert(missing);
    } catch (error) {
      // What found no place is in nobody's way any more; what a fault kept out is tried again.
      if (error instanceof DriverError && error.code === 'FULL')
        for (const [name, { place }] of this.#wanted)
          if (place === NOWHERE) this.#wanted.delete(name);
      throw error;
    }
    return { kept, cleared, written: written + missing.length };
  }

  async #sweep(): Promise<number> {
    let used = 0;
    const hits = await takeHits(this.card);
    for (let place = 0; place < this.#places.count; place++) {
      const entry = this.#places.at(place);
      if (entry === undefined) continue;
      const hit = (((hits[place >> 5] ?? 0) >>> (place & 31)) & 1) === 1;
      entry.idle = hit ? 0 : entry.idle + 1;
      if (hit) used++;
    }
    return used;
  }
}

function plain(entry: Override | undefined): Override | undefined {
  return entry && { space: entry.space, key: entry.key, vid: entry.vid };
}

function same(one: Override | undefined, other: Override | undefined): boolean {
  return one?.space === other?.space && one?.key === other?.key && one?.vid === other?.vid;
}

const listed = ({ space, key, vid, fixed, idle, place }: Placed): ListedOverride => ({
  space,
  key,
  vid,
  fixed,
  idle,
  place,
});

const describe = ({ space, key }: Pick<Override, 'space' | 'key'>): string =>
  `space ${space} key 0x${key.toString(16)}`;
