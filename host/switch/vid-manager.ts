/**
 * Which processor has which VID, and which one backs it up (G6, G9). Names, not slots: a processor
 * that restarts, in whatever slot, finds its VIDs again. What the card's rows should hold follows
 * from it, through the slot that each name has at the time.
 */
import { randomInt } from 'node:crypto';
import type { VidRowEntry } from '../../driver/index.ts';

/** What cannot be done with a VID: names the VID, who holds it, and the remedy. */
export class VidError extends Error {
  override readonly name = 'VidError';
}

export interface VidAssignment {
  readonly vid: number;
  readonly owner: string;
  /** Undefined where there is only one processor. */
  readonly backup: string | undefined;
  /** The backup holds the owner's state; only then does the card use it. */
  readonly inSync: boolean;
  /** Names one copy of its state; higher whenever owner or backup change. */
  readonly term: number;
  /** Who had it and died, and gets it back with its state; undefined: it is where it belongs. */
  readonly home?: string | undefined;
  /** Who is about to own it or to back it up, and the term of the copy there. */
  readonly next?: NextPlace | undefined;
}

export interface NextPlace {
  readonly name: string;
  readonly term: number;
  readonly as: 'owner' | 'backup';
}

/** A processor that may back up others, and how many more sessions it could carry. */
export interface BackupCandidate {
  readonly name: string;
  readonly spare: number;
}

export interface VidManagerOptions {
  /** First and last VID that may be assigned: what the card has rows and the service ports for. */
  readonly first: number;
  readonly last: number;
}

/** The form in which assignments are kept outside of the process. */
export type VidSnapshot = readonly Omit<VidAssignment, 'next'>[];

const EMPTY_ROW: VidRowEntry = { active: 0, backup: 0, backup_in_sync: 0, valid: 0 };

export class VidManager {
  readonly first: number;
  readonly last: number;
  readonly #rows = new Map<number, VidAssignment>();
  /** VIDs whose row may differ from what the card was told. */
  readonly #changed = new Set<number>();
  /** VIDs whose owner, backup or next place changed since they were asked for. */
  readonly #placed = new Set<number>();
  /** How many VIDs each owner has. */
  readonly #owned = new Map<string, number>();
  /** Rises for a name with each change of its lists. */
  readonly #numbers = new Map<string, number>();
  /** Where these begin: a processor must not take ours for those of an earlier switch processor. */
  readonly #firstNumber = randomInt(2 ** 31) * 2 ** 20;
  #term = 0;

  constructor({ first, last }: VidManagerOptions) {
    if (!Number.isInteger(first) || first < 0 || last > 0xffff || last < first) {
      throw new RangeError(
        `VIDs ${first} to ${last}: no range within 0 to 65535; ` +
          'check the ports of the services against the size of the card',
      );
    }
    this.first = first;
    this.last = last;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The newest term: higher whenever an owner or a backup changes. */
  get term(): number {
    return this.#term;
  }

  /** Gives `owner` the `count` lowest free VIDs. Throws VidError where so many are not free. */
  assign(owner: string, count: number): number[] {
    const free: number[] = [];
    for (let vid = this.first; vid <= this.last && free.length < count; vid++) {
      if (!this.#rows.has(vid)) free.push(vid);
    }
    if (free.length < count) {
      throw new VidError(
        `${owner} wants ${count} VIDs and ${free.length} of ${this.first} to ${this.last} are free; ` +
          'release some (vidline vid release), or give the services a wider range of ports',
      );
    }
    for (const vid of free) this.#add(vid, owner);
    return free;
  }

  /** Gives `owner` these VIDs, all or none. Throws VidError where one is out of range or another's. */
  claim(owner: string, vids: readonly number[]): void {
    for (const vid of vids) {
      this.#checkRange(vid);
      const row = this.#rows.get(vid);
      const holder = row?.owner;
      if (holder !== undefined && holder !== owner && row?.home !== owner) {
        throw new VidError(
          `VID ${vid} is held by ${holder}, so ${owner} cannot have it; release it there ` +
            `(vidline vid release ${vid}) or move it (vidline vid move ${vid} ${owner})`,
        );
      }
    }
    for (const vid of vids) {
      if (!this.#rows.has(vid)) this.#add(vid, owner);
    }
  }

  /** Throws VidError where the VID is nobody's. */
  release(vid: number): VidAssignment {
    const row = this.require(vid);
    this.#rows.delete(vid);
    this.#countOwned(row.owner, -1);
    this.#touch(row);
    return row;
  }

  /** Makes `owner` the owner; a backup that becomes the owner is no backup any more. */
  move(vid: number, owner: string): VidAssignment {
    const row = this.require(vid);
    if (row.owner === owner) return row;
    const backup = row.backup === owner ? undefined : row.backup;
    // What the backup holds is the state of the owner that was.
    const moved = { vid, owner, backup, inSync: false, term: ++this.#term };
    this.#touch(row);
    this.#set(moved);
    return moved;
  }

  /** Says who is about to own or back up a VID: that one listens and gets a copy. Undefined: nobody. */
  setNext(vid: number, name: string | undefined, as: NextPlace['as'] = 'owner'): VidAssignment {
    const row = this.require(vid);
    if (row.next?.name === name && row.next?.as === (name && as)) return row;
    // The backup's copy is the one that is needed; so is one that was begun for another reason.
    const begun = row.next?.name === name ? row.next?.term : undefined;
    const term = row.backup === name ? row.term : (begun ?? ++this.#term);
    const { next: _, ...rest } = row;
    const changed = name === undefined ? rest : { ...rest, next: { name, term, as } };
    this.#touch(row);
    this.#set(changed);
    return changed;
  }

  /** The copy at who is to be the backup agrees: it is the backup, and the former one is none. */
  adoptBackup(vid: number): void {
    const { next, ...row } = this.require(vid);
    if (next?.as !== 'backup') return;
    this.#touch(row);
    this.#set({ ...row, backup: next.name, inSync: true, term: next.term });
  }

  /** Throws VidError where the owner would back itself up, or where nobody would be in sync. */
  setBackup(vid: number, backup: string | undefined, inSync = false): void {
    const row = this.require(vid);
    if (backup === row.owner) {
      throw new VidError(`VID ${vid} is owned by ${backup}, which cannot back itself up`);
    }
    if (backup === undefined && inSync) {
      throw new VidError(`VID ${vid} has no backup that could be in sync; set one first`);
    }
    if (row.backup === backup && row.inSync === inSync) return;
    if (row.backup === backup) {
      this.#rows.set(vid, { ...row, inSync });
      this.#changed.add(vid);
      return;
    }
    this.#touch(row);
    this.#set({ ...row, backup, inSync, term: ++this.#term });
  }

  /**
   * A processor that replicates is gone. Its VIDs go to the backups that are in sync and among
   * `alive`, where the card has turned already; it gets them back later. The others stay with it:
   * nobody has their state. Whose backup it was has none now. Returns the VIDs that changed hands.
   */
  fail(name: string, alive: (name: string) => boolean): number[] {
    const moved: number[] = [];
    for (const row of [...this.#rows.values()]) {
      if (row.next?.name === name) this.setNext(row.vid, undefined);
      if (row.backup === name) this.setBackup(row.vid, undefined);
      if (row.owner !== name) continue;
      this.setNext(row.vid, undefined);
      if (row.backup === undefined || !row.inSync || !alive(row.backup)) {
        if (row.inSync) this.setBackup(row.vid, row.backup, false);
        continue;
      }
      const home = row.home ?? name;
      const taken = this.move(row.vid, row.backup);
      this.#rows.set(row.vid, { ...taken, home: home === row.backup ? undefined : home });
      moved.push(row.vid);
    }
    return moved;
  }

  /**
   * Chooses backups, for each owner among those that `candidatesOf` gives, in proportion to what
   * they have to spare: a dead one's sessions spread over all survivors. Who is a backup stays one
   * where its part allows it. One that is in sync stays until its successor is, where the owner can
   * make two copies (`copies`), and for good where it cannot.
   */
  spreadBackups(
    candidatesOf: (owner: string) => readonly BackupCandidate[],
    copies: (owner: string) => boolean = () => false,
  ): void {
    for (const owner of new Set([...this.#rows.values()].map((row) => row.owner))) {
      const others = candidatesOf(owner).filter(({ name }) => name !== owner);
      const rows = this.vidsOf(owner).map((vid) => this.#rows.get(vid) as VidAssignment);
      const left = apportion(rows.length, others, owner);
      const twice = copies(owner);
      const stays = new Set<number>();
      for (const synced of [true, false]) {
        for (const { vid, backup, inSync, next } of rows) {
          const name = next?.as === 'backup' ? next.name : backup;
          const room = name === undefined ? undefined : left.get(name);
          if (inSync !== synced || name === undefined || room === undefined) continue;
          if (room <= 0 && !(inSync && !twice)) continue;
          left.set(name, room - 1);
          stays.add(vid);
        }
      }
      for (const { vid, backup, inSync, next } of rows) {
        if (stays.has(vid)) continue;
        const [name] = [...left].reduce<[string | undefined, number]>(
          (best, one) => (one[1] > best[1] ? one : best),
          [undefined, -Infinity],
        );
        const usable = inSync && (twice || others.some((other) => other.name === backup));
        if (usable && twice && next?.as !== 'owner') this.setNext(vid, name, 'backup');
        else if (!usable || next?.as !== 'owner') this.setBackup(vid, name);
        if (name !== undefined) left.set(name, (left.get(name) ?? 0) - 1);
      }
    }
  }

  lookup(vid: number): VidAssignment | undefined {
    return this.#rows.get(vid);
  }

  /** Whether a processor has a VID: without one it can begin no session. */
  isOwner(name: string): boolean {
    return (this.#owned.get(name) ?? 0) > 0;
  }

  /** VIDs of a processor in rising order. */
  vidsOf(owner: string): number[] {
    return this.#vids((row) => row.owner === owner);
  }

  /** VIDs that a processor backs up or is about to get, in rising order. */
  backupVidsOf(name: string): number[] {
    return this.#vids(({ backup, next }) => backup === name || next?.name === name);
  }

  /** VIDs that a processor had before it died and that others serve for it, in rising order. */
  homeVidsOf(name: string): number[] {
    return this.#vids((row) => row.home === name);
  }

  /** All assignments by VID. */
  list(): VidAssignment[] {
    return [...this.#rows.values()].sort((a, b) => a.vid - b.vid);
  }

  /** Number of a processor's present assignment; it rises when its VIDs or its backup VIDs change. */
  numberOf(name: string): number {
    return this.#numbers.get(name) ?? this.#firstNumber;
  }

  /** VIDs whose rows may have to be written, since it was last asked. */
  takeChanged(): number[] {
    const vids = [...this.#changed].sort((a, b) => a - b);
    this.#changed.clear();
    return vids;
  }

  /** VIDs whose owner, backup or next place changed since it was last asked. */
  takePlaced(): number[] {
    const vids = [...this.#placed];
    this.#placed.clear();
    return vids;
  }

  /** Marks the rows that name a processor: its slot is another one now. */
  touch(name: string): void {
    for (const row of this.#rows.values()) {
      if (row.owner === name || row.backup === name) this.#changed.add(row.vid);
    }
  }

  /** What the card's row should hold (G7). A processor without a slot has no place in the card. */
  rowEntry(vid: number, slotOf: (name: string) => number | undefined): VidRowEntry {
    const row = this.#rows.get(vid);
    const active = row && slotOf(row.owner);
    if (row === undefined || active === undefined) return EMPTY_ROW;
    const backup = row.backup === undefined ? undefined : slotOf(row.backup);
    return {
      active,
      backup: backup ?? 0,
      backup_in_sync: backup !== undefined && row.inSync ? 1 : 0,
      valid: 1,
    };
  }

  snapshot(): VidSnapshot {
    return this.list().map(({ next: _, ...row }) => row);
  }

  /** Takes over what `snapshot` gave; throws VidError where it does not fit this card. */
  restore(snapshot: VidSnapshot): void {
    for (const row of snapshot) this.#checkRange(row.vid);
    for (const row of snapshot) {
      this.#term = Math.max(this.#term, row.term);
      this.#set({ ...row });
    }
  }

  #add(vid: number, owner: string): void {
    this.#set({ vid, owner, backup: undefined, inSync: false, term: ++this.#term });
  }

  #vids(filter: (row: VidAssignment) => boolean): number[] {
    const vids: number[] = [];
    for (const row of this.#rows.values()) if (filter(row)) vids.push(row.vid);
    return vids.sort((a, b) => a - b);
  }

  /** As `lookup`; throws VidError where the VID is nobody's. */
  require(vid: number): VidAssignment {
    this.#checkRange(vid);
    const row = this.#rows.get(vid);
    if (row === undefined) {
      throw new VidError(`VID ${vid} is not assigned; vidline vid list shows which are`);
    }
    return row;
  }

  #checkRange(vid: number): void {
    if (!Number.isInteger(vid) || vid < this.first || vid > this.last) {
      throw new VidError(
        `VID ${vid} lies outside of ${this.first} to ${this.last}, ` +
          'for which card and services have room',
      );
    }
  }

  #countOwned(owner: string, more: number): void {
    this.#owned.set(owner, (this.#owned.get(owner) ?? 0) + more);
  }

  #set(row: VidAssignment): void {
    const old = this.#rows.get(row.vid);
    if (old !== undefined) this.#countOwned(old.owner, -1);
    this.#countOwned(row.owner, 1);
    this.#rows.set(row.vid, row);
    this.#touch(row);
  }

  #touch(row: VidAssignment): void {
    this.#changed.add(row.vid);
    this.#placed.add(row.vid);
    for (const name of new Set([row.owner, row.backup, row.next?.name])) {
      if (name !== undefined) this.#numbers.set(name, this.numberOf(name) + 1);
    }
  }
}

/**
 * So many VIDs to each candidate, in proportion to what it has to spare (highest averages, D'Hondt).
 * Among equals each owner begins behind itself, so that the first VIDs of all do not meet at one.
 */
function apportion(
  count: number,
  candidates: readonly BackupCandidate[],
  owner: string,
): Map<string, number> {
  const sorted = [...candidates].sort((a, b) => (a.name < b.name ? -1 : 1));
  const behind = sorted.findIndex(({ name }) => name > owner);
  const order = [...sorted.slice(Math.max(0, behind)), ...sorted.slice(0, Math.max(0, behind))];
  const seats = new Map(order.map(({ name }) => [name, 0]));
  for (let n = 0; n < count && order.length > 0; n++) {
    let best = order[0] as BackupCandidate;
    const worth = ({ name, spare }: BackupCandidate) =>
      Math.max(spare, 1e-9) / ((seats.get(name) ?? 0) + 1);
    for (const one of order) if (worth(one) > worth(best)) best = one;
    seats.set(best.name, (seats.get(best.name) ?? 0) + 1);
  }
  return seats;
}
