/** Fetches the lists of a processor's VIDs, which may be longer than one datagram. */
import { fromRuns, type VidPage } from '../protocol/control.ts';
import type { ControlAsker } from '../protocol/control-asker.ts';

export type ListName = 'active' | 'backup';

export interface VidList {
  /** Number of the assignment that it belongs to. */
  readonly assignment: number;
  readonly vids: readonly number[];
}

/** A list, from its first page where that is there already; all pages are of one assignment. */
export async function fetchList(
  asker: ControlAsker,
  name: string,
  list: ListName,
  known?: { readonly assignment: number; readonly page: VidPage },
): Promise<VidList> {
  const ask = (from: number) => asker.ask({ type: 'vids', name, list, from });
  for (let first = known; ; first = undefined) {
    const { assignment, page } = first ?? (await ask(0));
    const vids = fromRuns(page.runs);
    let { next } = page;
    while (next !== undefined) {
      const more = await ask(next);
      if (more.assignment !== assignment) break;
      vids.push(...fromRuns(more.page.runs));
      next = more.page.next;
    }
    if (next === undefined) return { assignment, vids };
  }
}

/**
 * Both lists of one assignment. Of two times, a VID that moved between them would be in neither, and
 * who has its state would drop it.
 */
export async function fetchLists(
  asker: ControlAsker,
  name: string,
): Promise<{ assignment: number; vids: readonly number[]; backupVids: readonly number[] }> {
  for (;;) {
    const active = await fetchList(asker, name, 'active');
    const backup = await fetchList(asker, name, 'backup');
    if (active.assignment !== backup.assignment) continue;
    return { assignment: active.assignment, vids: active.vids, backupVids: backup.vids };
  }
}
