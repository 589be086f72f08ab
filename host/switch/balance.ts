/** Which VIDs to move so that load lies where there is room for it. Pure arithmetic. */

export interface BalanceProcessor {
  readonly name: string;
  readonly vids: readonly number[];
  /** Sessions that it carries; its VIDs are taken to have equal parts of them. */
  readonly sessions: number;
  readonly capacity: number;
}

export interface PlannedMove {
  readonly vid: number;
  readonly from: string;
  readonly to: string;
}

interface Account {
  readonly name: string;
  readonly capacity: number;
  /** With what each weighs. */
  readonly vids: { readonly vid: number; readonly weight: number; readonly from: string }[];
  load: number;
}

/**
 * Moves from the processor with the largest part of its capacity in use to that with the smallest,
 * as long as that makes the larger of the two smaller. Without sessions VIDs count instead.
 */
export function planRebalance(processors: readonly BalanceProcessor[]): PlannedMove[] {
  const idle = processors.every(({ sessions }) => sessions === 0);
  const accounts = processors.map(({ name, vids, sessions, capacity }): Account => {
    const weight = idle ? 1 : vids.length === 0 ? 0 : sessions / vids.length;
    const each = vids.map((vid) => ({ vid, weight, from: name }));
    return { name, capacity, vids: each, load: weight * vids.length };
  });
  return settle(accounts);
}

/** All VIDs of one processor, each to where it leaves the most room. */
export function planDrain(
  drained: BalanceProcessor,
  others: readonly BalanceProcessor[],
): PlannedMove[] {
  if (others.length === 0) return [];
  const idle = [drained, ...others].every(({ sessions }) => sessions === 0);
  const weight = idle ? 1 : Math.max(drained.sessions, 1) / Math.max(1, drained.vids.length);
  const loads = new Map(others.map((it) => [it.name, idle ? it.vids.length : it.sessions]));
  return drained.vids.map((vid) => {
    const use = ({ name, capacity }: BalanceProcessor) =>
      ((loads.get(name) ?? 0) + weight) / capacity;
    const best = others.reduce((a, b) => (use(b) < use(a) ? b : a));
    loads.set(best.name, (loads.get(best.name) ?? 0) + weight);
    return { vid, from: drained.name, to: best.name };
  });
}

function settle(accounts: Account[]): PlannedMove[] {
  const use = ({ load, capacity }: Account) => load / capacity;
  const moves = new Map<number, PlannedMove>();
  for (;;) {
    const most = accounts.reduce((a, b) => (use(b) > use(a) ? b : a), accounts[0] as Account);
    const least = accounts.reduce((a, b) => (use(b) < use(a) ? b : a), accounts[0] as Account);
    const last = most?.vids.at(-1);
    if (last === undefined || most === least || last.weight === 0) break;
    if ((least.load + last.weight) / least.capacity >= use(most)) break;
    most.vids.pop();
    most.load -= last.weight;
    least.vids.unshift(last);
    least.load += last.weight;
    moves.set(last.vid, { vid: last.vid, from: last.from, to: least.name });
  }
  return [...moves.values()].filter(({ from, to }) => from !== to).sort((a, b) => a.vid - b.vid);
}
