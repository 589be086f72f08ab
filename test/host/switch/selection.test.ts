import { describe, expect, it } from 'vitest';
import { makeSelection } from '../../../host/switch/selection.ts';

const candidates = ['a', 'b', 'c'].map((name, slot) => ({ name, slot, epoch: 1 }));

function choose(selection: ReturnType<typeof makeSelection>, times: number, of = candidates) {
  return Array.from({ length: times }, () => selection.choose(of, 1)?.name);
}

describe('round robin', () => {
  it('goes from slot to slot and passes over who is down', () => {
    const selection = makeSelection('round-robin');
    expect(choose(selection, 4)).toEqual(['a', 'b', 'c', 'a']);
    expect(choose(selection, 3, [candidates[0], candidates[2]] as typeof candidates)).toEqual([
      'c',
      'a',
      'c',
    ]);
    expect(choose(selection, 2)).toEqual(['a', 'b']);
    expect(selection.choose([], 1)).toBeUndefined();
  });
});

describe('least loaded', () => {
  it('takes the smallest share of capacity, and debits what it gave until the next report', () => {
    const selection = makeSelection('least-loaded');
    selection.report('a', 1, { sessions: 50, capacity: 100 });
    selection.report('b', 1, { sessions: 58, capacity: 200 });
    selection.report('c', 1, { sessions: 30, capacity: 100 });
    // b: 0.29, c: 0.30; each session moves b by half of what it moves c.
    expect(choose(selection, 5)).toEqual(['b', 'b', 'c', 'b', 'b']);
    expect(selection.status().b).toEqual({
      assigned: 4,
      load: { sessions: 62, capacity: 200 },
    });
    // A report is absolute: what was lost on the way leaves no error.
    selection.report('b', 2, { sessions: 58, capacity: 200 });
    expect(selection.status().b?.load?.sessions).toBe(58);
  });

  it('lets no older report replace a newer one', () => {
    const selection = makeSelection('least-loaded');
    selection.report('a', 7, { sessions: 90, capacity: 100 });
    selection.report('a', 6, { sessions: 0, capacity: 100 });
    expect(selection.status().a?.load?.sessions).toBe(90);
    selection.forget('a');
    selection.report('a', 1, { sessions: 3, capacity: 100 });
    expect(selection.status().a?.load?.sessions).toBe(3);
  });

  it('does not flood a processor that has not reported yet', () => {
    const selection = makeSelection('least-loaded');
    selection.report('a', 1, { sessions: 10, capacity: 100 });
    selection.report('b', 1, { sessions: 10, capacity: 100 });
    expect(choose(selection, 4)).toEqual(['c', 'a', 'b', 'a']);
  });

  it('gives questions, which are no load, to all in turn', () => {
    const selection = makeSelection('least-loaded');
    for (const { name } of candidates) selection.report(name, 1, { sessions: 0, capacity: 100 });
    const chosen = Array.from({ length: 6 }, () => selection.choose(candidates, 0)?.name);
    expect(chosen).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('comes to the wanted distribution over many calls (D8)', () => {
    const selection = makeSelection('least-loaded');
    const capacity: Record<string, number> = { a: 100, b: 200, c: 100 };
    const sessions: Record<string, number> = { a: 80, b: 0, c: 0 };
    for (let report = 1; report <= 20; report++) {
      for (const { name } of candidates) {
        const load = { sessions: sessions[name] ?? 0, capacity: capacity[name] ?? 1 };
        selection.report(name, report, load);
      }
      for (const name of choose(selection, 10))
        sessions[name ?? ''] = (sessions[name ?? ''] ?? 0) + 1;
    }
    // 280 sessions over 400 of capacity: 70 percent of each.
    expect(sessions.a).toBe(80);
    expect(sessions.b).toBeGreaterThan(130);
    expect(sessions.b).toBeLessThan(137);
  });
});
