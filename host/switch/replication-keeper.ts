/**
 * Keeps owners told of who backs up which of their VIDs, hears from both ends when a copy agrees,
 * and says that a row's backup is in sync only then (G10).
 */
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import type { ReplyTo, RequestOf } from '../protocol/control.ts';
import { type ControlPeer, MAX_COPIES } from '../protocol/control-replication.ts';
import type { Slot, SlotRegistry } from './slot-registry.ts';
import type { VidAssignment, VidManager } from './vid-manager.ts';

export interface ReplicationKeeperOptions {
  readonly vids: VidManager;
  readonly registry: SlotRegistry;
  readonly clock: Clock;
  readonly ask: (slot: Slot, request: RequestOf<'copy'>) => Promise<ReplyTo<'copy'>>;
  /** Changes VIDs, then the card, one operation after the other. */
  readonly operate: <T>(action: () => Promise<T>) => Promise<T>;
}

export type CopyRole = 'backup' | 'next';

/** What is known of the copy of a VID at its backup. */
export interface CopyStatus {
  readonly vid: number;
  readonly owner: string;
  readonly backup: string | undefined;
  readonly term: number;
  /** `none`: no backup, or one that does not replicate. */
  readonly state: 'none' | 'copying' | 'in sync';
  /** ISO 8601, UTC: since when it is in sync. */
  readonly since: string | undefined;
  /** At the last comparison, of both ends. */
  readonly digest: string | undefined;
}

interface Mark {
  readonly place: string;
  readonly digest: string;
}

interface Term {
  readonly term: number;
  owner?: Mark;
  backup?: Mark;
  /** Both ends said the same. */
  since?: string;
}

/** Milliseconds until an owner that did not answer is told again. */
const AGAIN = 1000;

export class ReplicationKeeper {
  readonly counters = { told: 0, agreed: 0, differed: 0, lost: 0 };
  /** VIDs whose owner is handing over: it is not to be disturbed. */
  readonly yielding = new Set<number>();
  /** Of these, what changed meanwhile. */
  readonly #later = new Set<number>();
  readonly #options: ReplicationKeeperOptions;
  /** By VID and role: what its owner was told last. */
  readonly #told = new Map<string, string>();
  /** VIDs by how many messages to their owners are not answered yet. */
  readonly #telling = new Map<number, number>();
  /** By VID and role: what both ends said of the present term. */
  readonly #terms = new Map<string, Term>();
  #timer: ClockTimer | undefined;

  constructor(options: ReplicationKeeperOptions) {
    this.#options = options;
  }

  /**
   * Tells owners what is new to them. To be called after every change of VIDs, and with `all` after one
   * of slots.
   */
  refresh(all = false): void {
    const { vids, registry } = this.#options;
    const placed = new Set([...this.#later, ...vids.takePlaced()]);
    this.#later.clear();
    const rows = all ? vids.list() : [...placed].flatMap((vid) => vids.lookup(vid) ?? []);
    const messages = new Map<string, { owner: Slot; request: RequestOf<'copy'>; keys: string[] }>();
    for (const row of rows) {
      const owner = registry.byName(row.owner);
      if (this.yielding.has(row.vid)) this.#later.add(row.vid);
      if (owner?.state !== 'up' || !owner.replicates || this.yielding.has(row.vid)) continue;
      for (const role of ['backup', 'next'] as const) {
        const wanted = wantedCopy(row, role);
        const place = wanted && this.#peerOf(wanted.name);
        const to = place === undefined ? 'none' : `${place.slot}.${place.epoch} ${wanted?.term}`;
        const key = `${row.vid} ${role}`;
        const want = `${owner.slot}.${owner.epoch} ${to}`;
        if (this.#told.get(key) === want) continue;
        this.#told.set(key, want);
        const group = `${owner.slot} ${role} ${place?.slot}`;
        let message = messages.get(group);
        if (message === undefined || message.request.copies.length >= MAX_COPIES) {
          if (message !== undefined) this.#tell(message);
          const request: RequestOf<'copy'> = {
            ...{ type: 'copy', role, copies: [] },
            ...(place === undefined ? {} : { to: place }),
          };
          message = { owner, request, keys: [] };
          messages.set(group, message);
        }
        message.request.copies.push([row.vid, wanted?.term ?? 0]);
        message.keys.push(key);
      }
    }
    for (const message of messages.values()) this.#tell(message);
  }

  /** Owner or backup of VIDs say that a copy agrees. Resolves when the card acts by it. */
  async agreed({ name }: Slot, { role, marks }: RequestOf<'agreed'>): Promise<void> {
    const synced: { vid: number; term: number; use: CopyRole }[] = [];
    for (const [vid, term, log, place, digest] of marks) {
      const row = this.#options.vids.lookup(vid);
      if (row === undefined) continue;
      for (const use of ['backup', 'next'] as const) {
        const copy = wantedCopy(row, use);
        if (copy?.term !== term || name !== (role === 'owner' ? row.owner : copy.name)) continue;
        const known = this.#termOf(vid, use, term);
        known[role] = { place: `${log} ${place}`, digest };
        if (known.owner?.place !== known.backup?.place) continue;
        if (known.owner?.digest !== known.backup?.digest) {
          this.counters.differed++;
          continue;
        }
        this.counters.agreed++;
        known.since ??= new Date().toISOString();
        const stands = use === 'backup' ? !row.inSync : row.next?.as === 'backup';
        if (stands) synced.push({ vid, term, use });
      }
    }
    if (synced.length === 0) return;
    await this.#options.operate(async () => {
      const { vids } = this.#options;
      for (const { vid, term, use } of synced) {
        const row = vids.lookup(vid);
        if (row === undefined || wantedCopy(row, use)?.term !== term) continue;
        if (use === 'next') this.#adopt(vid);
        else if (row.backup !== undefined) vids.setBackup(vid, row.backup, true);
      }
    });
  }

  /** An owner says that copies do not agree any more. Resolves when the card does not use them. */
  async lost({ name }: Slot, { copies }: RequestOf<'lost'>): Promise<void> {
    await this.#options.operate(async () => {
      const { vids } = this.#options;
      for (const [vid, term] of copies) {
        const row = vids.lookup(vid);
        if (row === undefined || row.owner !== name) continue;
        for (const use of ['backup', 'next'] as const) {
          if (wantedCopy(row, use)?.term !== term) continue;
          this.counters.lost++;
          const { backup } = this.#termOf(vid, use, term);
          // What the backup has said since may be of the copy that is made now.
          this.#terms.set(`${vid} ${use}`, { term, ...(backup === undefined ? {} : { backup }) });
          if (use === 'backup') vids.setBackup(vid, row.backup, false);
        }
      }
    });
  }

  /** The copy at the VID's next owner agrees, and nothing is on its way to the present one that would make it go on. */
  isReady(vid: number): boolean {
    const row = this.#options.vids.lookup(vid);
    if (row?.next === undefined || this.#telling.has(vid)) return false;
    const { name, term } = row.next;
    if (row.backup === name && row.inSync) return true;
    return this.#termOf(vid, 'next', term).since !== undefined;
  }

  status(): CopyStatus[] {
    const { vids } = this.#options;
    return vids.list().map(({ vid, owner, backup, inSync, term }) => {
      const known = this.#terms.get(`${vid} backup`);
      const copying = backup !== undefined && this.#peerOf(backup) !== undefined;
      return {
        ...{ vid, owner, backup, term },
        state: inSync ? 'in sync' : copying ? 'copying' : 'none',
        since: inSync && known?.term === term ? known.since : undefined,
        digest: known?.term === term ? known.owner?.digest : undefined,
      };
    });
  }

  /** Idempotent. */
  close(): void {
    this.#timer?.cancel();
  }

  /** The copy in the other role becomes the backup's; its owner takes it so without another word. */
  #adopt(vid: number): void {
    const known = this.#terms.get(`${vid} next`);
    this.#options.vids.adoptBackup(vid);
    this.#terms.delete(`${vid} next`);
    if (known !== undefined) this.#terms.set(`${vid} backup`, known);
    const told = this.#told.get(`${vid} next`);
    if (told !== undefined) this.#told.set(`${vid} next`, `${told.split(' ', 1)[0]} none`);
  }

  #termOf(vid: number, use: CopyRole, term: number): Term {
    const key = `${vid} ${use}`;
    const known = this.#terms.get(key);
    if (known?.term === term) return known;
    const fresh: Term = { term };
    this.#terms.set(key, fresh);
    return fresh;
  }

  /** A processor that can keep copies; with a VID of its own. */
  #peerOf(name: string): ControlPeer | undefined {
    const { registry, vids } = this.#options;
    const slot = registry.byName(name);
    if (slot?.state !== 'up' || !slot.replicates) return undefined;
    const [ownVid] = vids.vidsOf(name);
    const { slot: number, epoch } = slot;
    return { name, slot: number, epoch, ...(ownVid === undefined ? {} : { ownVid }) };
  }

  #count(vid: number, more: 1 | -1): void {
    const left = (this.#telling.get(vid) ?? 0) + more;
    if (left > 0) this.#telling.set(vid, left);
    else this.#telling.delete(vid);
  }

  #tell({ owner, request, keys }: { owner: Slot; request: RequestOf<'copy'>; keys: string[] }) {
    this.counters.told++;
    const said = keys.map((key) => this.#told.get(key));
    for (const [vid] of request.copies) this.#count(vid, 1);
    const answered = this.#options.ask(owner, request).finally(() => {
      for (const [vid] of request.copies) this.#count(vid, -1);
    });
    answered.catch(() => {
      // Down, or silent for a while: told again, if that is still what it should know.
      keys.forEach((key, i) => {
        if (this.#told.get(key) === said[i]) this.#told.delete(key);
      });
      this.#timer?.cancel();
      this.#timer = this.#options.clock.schedule(AGAIN, () => this.refresh(true));
    });
  }
}

function wantedCopy(
  row: VidAssignment,
  role: CopyRole,
): { readonly name: string; readonly term: number } | undefined {
  if (role === 'next') return row.next;
  return row.backup === undefined ? undefined : { name: row.backup, term: row.term };
}
