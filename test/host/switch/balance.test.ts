import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BalanceProcessor, planDrain, planRebalance } from '../../../host/switch/balance.ts';

const processors = fc
  .array(
    fc.record({
      count: fc.integer({ min: 0, max: 12 }),
      sessions: fc.integer({ min: 0, max: 1000 }),
      capacity: fc.integer({ min: 1, max: 2000 }),
    }),
    { minLength: 2, maxLength: 6 },
  )
  .map((list) => {
    let vid = 0;
    return list.map(({ count, sessions, capacity }, i): BalanceProcessor => {
      const vids = Array.from({ length: count }, () => vid++);
      return { name: `p${i}`, vids, sessions: count === 0 ? 0 : sessions, capacity };
    });
  });

/** Largest part of a capacity in use when the moves are made. */
function largest(list: readonly BalanceProcessor[], moves: ReturnType<typeof planRebalance>) {
  const idle = list.every(({ sessions }) => sessions === 0);
  const weight = (it: BalanceProcessor) =>
    idle ? 1 : it.vids.length === 0 ? 0 : it.sessions / it.vids.length;
  const load = new Map(list.map((it) => [it.name, weight(it) * it.vids.length]));
  for (const { from, to } of moves) {
    const of = weight(list.find(({ name }) => name === from) as BalanceProcessor);
    load.set(from, (load.get(from) ?? 0) - of);
    load.set(to, (load.get(to) ?? 0) + of);
  }
  return Math.max(...list.map(({ name, capacity }) => (load.get(name) ?? 0) / capacity));
}

describe('balance', () => {
  it('a rebalance never makes the fullest fuller, moves each VID once, and is done when it is done', () => {
    fc.assert(
      fc.property(processors, (list) => {
        const moves = planRebalance(list);
        expect(new Set(moves.map(({ vid }) => vid)).size).toBe(moves.length);
        for (const { vid, from, to } of moves) {
          expect(list.find(({ name }) => name === from)?.vids).toContain(vid);
          expect(from).not.toBe(to);
        }
        expect(largest(list, moves)).toBeLessThanOrEqual(largest(list, []) + 1e-9);
      }),
    );
  });

  it('goes by capacity, and by VIDs where there are no sessions yet', () => {
    const of = (name: string, vids: number[], sessions: number, capacity: number) => ({
      ...{ name, vids, sessions, capacity },
    });
    const even = [of('a', [0, 1, 2, 3], 80, 100), of('b', [4], 20, 100)];
    expect(planRebalance(even)).toEqual([{ vid: 3, from: 'a', to: 'b' }]);
    const idle = [of('a', [0, 1, 2, 3], 0, 100), of('b', [], 0, 100)];
    expect(planRebalance(idle).map(({ vid }) => vid)).toEqual([2, 3]);
    expect(planRebalance([of('a', [0, 1], 50, 100), of('b', [2, 3], 150, 300)])).toEqual([]);
  });

  it('a drain takes every VID, to where most room is left', () => {
    const vids = Array.from({ length: 12 }, (_, vid) => vid);
    const drained = { name: 'a', vids, sessions: 120, capacity: 500 };
    const others = [
      { name: 'b', vids: [], sessions: 0, capacity: 400 },
      { name: 'c', vids: [], sessions: 0, capacity: 200 },
    ];
    const moves = planDrain(drained, others);
    expect(moves.map(({ vid }) => vid)).toEqual(vids);
    expect(moves.filter(({ to }) => to === 'b')).toHaveLength(8);
    expect(planDrain(drained, [])).toEqual([]);
  });
});
