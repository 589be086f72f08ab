/** What the benchmarks make of what they see. */
import { describe, expect, test } from 'vitest';
import { type Attempt, clean, highest, noFailure } from '../../bench/calls.ts';
import { distances } from '../../bench/clocks.ts';
import { bestOf } from '../../bench/interfaces.ts';
import { timesOf } from '../../bench/latency.ts';
import { interleave, spreadOf } from '../../bench/spread.ts';
import { busiestThread, parseStat } from '../../bench/threads.ts';

describe('spread', () => {
  test('median of odd and even numbers of runs, lowest and highest', () => {
    expect(spreadOf([5, 1, 100])).toEqual({ median: 5, low: 1, high: 100, runs: 3 });
    expect(spreadOf([4, 1, 2, 10]).median).toBe(3);
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  test('variants take turns, every other round backwards', async () => {
    const order: string[] = [];
    const variant = (name: string) => async () => order.push(name);
    const results = await interleave(3, { a: variant('a'), b: variant('b') });
    expect(order.join('')).toBe('abbaab');
    expect(results).toEqual({ a: [1, 4, 5], b: [2, 3, 6] });
  });
});

test('distances between decisions', () => {
  const seen = [100, 108, 118, 126].map((decisionClock) => ({ decisionClock }));
  expect(distances(seen)).toEqual({ frames: 4, clocksPerFrame: 26 / 3, shortest: 8, longest: 10 });
});

test('a frame of 8 beats whose decision is seen at clock 46 was whole at the queue at 45', () => {
  expect(timesOf({ firstClock: 1000, decisionClock: 1046 }, 8)).toEqual({ first: 38, last: 45 });
  expect(() => timesOf({ decisionClock: 1046 }, 8)).toThrow(/not seen to go in/);
});

test('processor time of threads, whatever they are called', () => {
  const stat = (name: string, user: number, system: number) =>
    `77 (${name}) S ${Array(10).fill('1').join(' ')} ${user} ${system} 0 0 20`;
  expect(parseStat(stat('node', 150, 50))).toBe(2);
  expect(parseStat(stat('a ) b (c', 1, 2))).toBe(0.03);
  const before = new Map([
    ['1', 10],
    ['2', 5],
  ]);
  const after = new Map([
    ['1', 90],
    ['2', 6],
    ['3', 3],
  ]);
  expect(busiestThread(before, after, '1')).toBe(3);
  expect(busiestThread(after, after, '1')).toBeNaN();
});

test('the best of a ramp is the rate that came out, not what was offered', () => {
  const one = { offered: 1000, sent: 1000, arrived: 1000, delivered: 990, busy: 0.1, why: '' };
  expect(bestOf([{ ...one, good: true }])).toBe(990);
  expect(
    bestOf([
      { ...one, good: true },
      { ...one, delivered: 2000, good: false },
    ]),
  ).toBe(990);
  expect(bestOf([{ ...one, good: false }])).toBe(0);
});

describe('SIP calls', () => {
  const attempt = (rate: number, failed: number, retransmissions = 0, problems: string[] = []) =>
    ({
      rate,
      seconds: 1,
      said: '',
      report: { calls: { failed, retransmissions }, problems },
    }) as unknown as Attempt;

  test('a rate counts only if each of its runs was good, and each rate below it', () => {
    const good = [attempt(500, 0), attempt(1000, 0), attempt(1500, 3)];
    expect(highest(good, noFailure)).toBe(1000);
    expect(highest([...good, attempt(1000, 1)], noFailure)).toBe(500);
    expect(highest([attempt(500, 1), attempt(1000, 0)], noFailure)).toBe(0);
    expect(highest([attempt(500, 0, 0, ['2 in-dialog packets …'])], noFailure)).toBe(0);
  });

  test('retransmissions are no failure, but not clean; no report is a failure', () => {
    expect(noFailure(attempt(500, 0, 7))).toBe(true);
    expect(clean(attempt(500, 0, 7))).toBe(false);
    expect(noFailure({ rate: 1, report: undefined, seconds: 0, said: 'no' })).toBe(false);
  });
});
