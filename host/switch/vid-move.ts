/** Moves a VID from one processor to another while both are at work. */
import type { Clock } from '../protocol/clock.ts';
import type { Slot } from './slot-registry.ts';
import { type VidAssignment, VidError, type VidManager } from './vid-manager.ts';

export interface VidMoveOptions {
  readonly vids: VidManager;
  readonly clock: Clock;
  /** Changes VIDs, then the card, one operation after the other. */
  readonly operate: <T>(action: () => Promise<T>) => Promise<T>;
}

/** Milliseconds for a processor to confirm that it listens for a VID that is to move to it. */
const MOVE_TIME = 10_000;
const MOVE_STEP = 50;

/**
 * The new owner becomes the backup first, so that it listens; when it has said so, the row is
 * rewritten, and who had it becomes the backup. Dialogs that stand lose their state unless it went
 * along. Where it does not say so, the backup is the former one again, and VidError is thrown.
 */
export async function moveVid(
  vid: number,
  slot: Slot,
  { vids, clock, operate }: VidMoveOptions,
): Promise<VidAssignment> {
  const to = slot.name ?? '';
  if (slot.state !== 'up') {
    throw new VidError(`VID ${vid} cannot move to ${to}, which is ${slot.state}; start it first`);
  }
  const before = vids.lookup(vid);
  if (before?.owner === to) return before;
  const former = await operate(async () => {
    const row = vids.lookup(vid);
    if (row?.backup !== to) vids.setBackup(vid, to);
    return row;
  });
  try {
    await confirmed(slot, vids.numberOf(to), clock, `VID ${vid} stays where it is`);
  } catch (error) {
    await operate(async () => restoreBackup(vids, former, to));
    throw error;
  }
  return operate(async () => {
    const old = vids.lookup(vid)?.owner;
    const moved = vids.move(vid, to);
    if (old !== undefined) vids.setBackup(vid, old);
    return vids.lookup(vid) ?? moved;
  });
}

/** Undoes that `tried` became the backup, unless the row was changed meanwhile. */
function restoreBackup(vids: VidManager, former: VidAssignment | undefined, tried: string): void {
  if (former === undefined || former.backup === tried) return;
  const row = vids.lookup(former.vid);
  if (row?.owner !== former.owner || row.backup !== tried) return;
  vids.setBackup(former.vid, former.backup, former.inSync);
}

/** Resolves when the occupant listens for assignment `number`; throws VidError in the end. */
async function confirmed(
  slot: Slot,
  number: number,
  clock: Clock,
  consequence: string,
): Promise<void> {
  const end = clock.now() + MOVE_TIME;
  while (slot.confirmed < number) {
    if (clock.now() >= end || slot.state !== 'up') {
      throw new VidError(
        `${slot.name} did not say within ${MOVE_TIME} ms that it listens; ${consequence}`,
      );
    }
    await new Promise<void>((resolve) => clock.schedule(MOVE_STEP, resolve));
  }
}
