/** Whether processors answer. */
import type { ReplyTo } from '../protocol/control.ts';
import type { ControlAsker } from '../protocol/control-asker.ts';
import { type Slot, SlotError, type SlotRegistry } from './slot-registry.ts';
import type { VidManager } from './vid-manager.ts';

/** Milliseconds for a processor to say whether it is alive. */
const PROBE = 350;

/** Whether the incarnation in the slot answers. */
export async function answers(asker: ControlAsker, slot: Slot): Promise<boolean> {
  const { incarnation } = slot;
  try {
    const reply = await asker.ask({ type: 'probe' }, { timeout: PROBE });
    return reply.incarnation === incarnation;
  } catch {
    return false;
  }
}

export interface DoubtsOptions {
  readonly registry: SlotRegistry;
  readonly vids: VidManager;
  readonly asker: (slot: Slot) => ControlAsker;
  /** Lowers a slot of this epoch; resolves when the card knows it. */
  readonly takeDown: (slot: Slot, epoch: number, why: string) => Promise<void>;
}

/** Backups whose clients do not reach the owner of a VID, of whom nothing else may be known yet. */
export class Doubts {
  readonly #options: DoubtsOptions;

  constructor(options: DoubtsOptions) {
    this.#options = options;
  }

  /** Asks the owner, and takes it down where it does not answer. Throws SlotError where `backup` is none. */
  async raise(backup: Slot, vid: number): Promise<ReplyTo<'doubt'>> {
    const { vids, registry, asker, takeDown } = this.#options;
    const row = vids.lookup(vid);
    if (row === undefined || row.backup !== backup.name || !row.inSync) {
      throw new SlotError(`${backup.name} is no backup of VID ${vid} that is in sync`);
    }
    const owner = registry.byName(row.owner);
    if (owner?.state !== 'up') return { type: 'doubt', down: true };
    const { epoch } = owner;
    if (await answers(asker(owner), owner)) return { type: 'doubt', down: false };
    await takeDown(
      owner,
      epoch,
      `it does not answer, and clients of VID ${vid} turn to its backup`,
    );
    return { type: 'doubt', down: true };
  }
}
