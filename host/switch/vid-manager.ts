/**
 * Which processor has which VID, and which one backs it up (G6, G9). Names, not slots: a processor
 * that restarts, in whatever slot, finds its VIDs again. What the card's rows should hold follows
 * from it, through the slot that each name has at the time.
 */
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
}

export interface VidManagerOptions {
  /** First and last VID that may be assigned: what the card has rows and the service ports for. */
  readonly first: number;
  readonly last: number;
}

/** The form in which assignments are kept outside of the process. */
export type VidSnapshot = readonly VidAssignment[];

const EMPTY_ROW: VidRowEntry = { active: 0, backup: 0, backup_in_sync: 0, valid: 0 };

export class VidManager {
  readonly first: number;
  readonly last: number;
  readonly #rows = new Map<number, VidAssignment>();
  /** VIDs whose row may differ from what the card was told. */
  readonly #changed = new Set<number>();
  /** Rises for a name with each change of its lists. */
  readonly #numbers = new Map<string, number>();

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
    for (const vid of free) this.#set({ vid, owner, backup: undefined, inSync: false });
    return free;
  }

  /** Gives `owner` these VIDs, all or none. Throws VidError where one is out of range or another's. */
  claim(owner: string, vids: readonly number[]): void {
    for (const vid of vids) {
      this.#checkRange(vid);
      const holder = this.#rows.get(vid)?.owner;
      if (holder !== undefined && holder !== owner) {
        throw new VidError(
          `VID ${vid} is held by ${holder}, so ${owner} cannot have it; release it there ` +
            `(vidline vid release ${vid}) or move it (vidline vid move ${vid} ${owner})`,
        );
      }
    }
    for (const vid of vids) {
      if (!this.#rows.has(vid)) this.#set({ vid, owner, backup: undefined, inSync: false });
    }
  }

  /** Throws VidError where the VID is nobody's. */
  release(vid: number): VidAssignment {
    const row = this.#require(vid);
    this.#rows.delete(vid);
    this.#touch(row);
    return row;
  }

  /** Makes `owner` the owner; a backup that becomes the owner is no backup any more. */
  move(vid: number, owner: string): VidAssignment {
    const row = this.#require(vid);
    if (row.owner === owner) return row;
    const backup = row.backup === owner ? undefined : row.backup;
    // What the backup holds is the state of the owner that was.
    const moved = { vid, owner, backup, inSync: false };
    this.#touch(row);
    this.#set(moved);
    return moved;
  }

  /** Throws VidError where the owner would back itself up, or where nobody would be in sync. */
  setBackup(vid: number, backup: string | undefined, inSync = false): void {
    const row = this.#require(vid);
    if (backup === row.owner) {
      throw new VidError(`VID ${vid} is owned by ${backup}, which cannot back itself up`);
    }
    if (backup === undefined && inSync) {
      throw new VidError(`VID ${vid} has no backup that could be in sync; set one first`);
    }
    if (row.backup === backup && row.inSync === inSync) return;
    if (row.backup !== backup) this.#touch(row);
    const changed = { ...row, backup, inSync };
    if (row.backup !== backup) this.#set(changed);
    else {
      this.#rows.set(vid, changed);
      this.#changed.add(vid);
    }
  }

  /**
   * Spreads the backups of each processor's VIDs over all others, so that a dead one's sessions
   * spread too. Backups that are in sync stay, as long as they are among `names`.
   */
  spreadBackups(names: readonly string[]): void {
    for (const owner of new Set([...this.#rows.values()].map((row) => row.owner))) {
      const others = names.filter((name) => name !== owner);
      // Each begins behind itself, so that the first VIDs of all do not meet at one backup.
      const start = others.length === 0 ? 0 : Math.max(0, names.indexOf(owner)) % others.length;
      this.vidsOf(owner).forEach((vid, i) => {
        const row = this.#rows.get(vid) as VidAssignment;
        if (row.inSync && row.backup !== undefined && others.includes(row.backup)) return;
        const backup = others[(start + i) % Math.max(1, others.length)];
        if (row.backup !== backup) this.setBackup(vid, backup);
      });
    }
  }

  lookup(vid: number): VidAssignment | undefined {
    return this.#rows.get(vid);
  }

  /** VIDs of a processor in rising order. */
  vidsOf(owner: string): number[] {
    return this.#vids((row) => row.owner === owner);
  }

  /** VIDs that a processor backs up, in rising order. */
  backupVidsOf(name: string): number[] {
    return this.#vids((row) => row.backup === name);
  }

  /** All assignments by VID. */
  list(): VidAssignment[] {
    return [...this.#rows.values()].sort((a, b) => a.vid - b.vid);
  }

  /** Number of a processor's present assignment; it rises when its VIDs or its backup VIDs change. */
  numberOf(name: string): number {
    return this.#numbers.get(name) ?? 0;
  }

  /** VIDs whose rows may have to be written, since it was last asked. */
  takeChanged(): number[] {
    const vids = [...this.#changed].sort((a, b) => a - b);
    this.#changed.clear();
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
    return this.list();
  }

  /** Takes over what `snapshot` gave; throws VidError where it does not fit this card. */
  restore(snapshot: VidSnapshot): void {
    for (const row of snapshot) this.#checkRange(row.vid);
    for (const row of snapshot) this.#set({ ...row });
  }

  #vids(filter: (row: VidAssignment) => boolean): number[] {
    const vids: number[] = [];
    for (const row of this.#rows.values()) if (filter(row)) vids.push(row.vid);
    return vids.sort((a, b) => a - b);
  }

  #require(vid: number): VidAssignment {
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

  #set(row: VidAssignment): void {
    this.#rows.set(row.vid, row);
    this.#touch(row);
  }

  #touch(row: VidAssignment): void {
    this.#changed.add(row.vid);
    for (const name of [row.owner, row.backup]) {
      if (name !== undefined) this.#numbers.set(name, this.numberOf(name) + 1);
    }
  }
}
