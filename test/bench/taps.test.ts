/** The budget of clocks that the benchmarks print is that of the RTL. */
import { expect, test } from 'vitest';
import { evaluate, readTaps } from '../../bench/taps.ts';

const PACKAGE = `
  localparam int WIDE = 22; // tap_none(input int k)
  function automatic int tap_a(input int k);
    tap_a = (WIDE - 1) / k;
  endfunction
  function automatic int tap_b(input int k);
    tap_b = max(tap_a(k) + 1, (WIDE + 40 - 1) / k);
  endfunction
  localparam int LATENCY = 3;
  function automatic int tap_c(input int k, input int turns);
    tap_c = tap_b(k) + LATENCY + turns;
  endfunction
`;

test('taps are computed from the functions of the package, for every width', () => {
  expect(readTaps({ beatBytes: 8 }, PACKAGE)).toEqual([
    { name: 'a', position: 2, clocks: 2 },
    { name: 'b', position: 7, clocks: 5 },
    { name: 'c', position: 11, clocks: 4 },
  ]);
  expect(readTaps({ beatBytes: 8, turns: 8 }, PACKAGE).at(-1)?.position).toBe(18);
  expect(readTaps({ beatBytes: 64 }, PACKAGE).map(({ position }) => position)).toEqual([0, 1, 5]);
});

test('the card’s own package is read whole, in the order of the pipeline', () => {
  const names = readTaps({ beatBytes: 8 }).map(({ name }) => name);
  expect(names[0]).toBe('l2');
  expect(names.at(-1)).toBe('rewrite');
  for (const { clocks } of readTaps({ beatBytes: 8 }).slice(1)) expect(clocks).toBeGreaterThan(0);
  expect(readTaps({ beatBytes: 64 }).map(({ name }) => name)).toEqual(names);
});

test('expressions: precedence, brackets, division towards zero', () => {
  const names = (name: string) => ({ a: 7, b: 3 })[name] ?? Number.NaN;
  expect(evaluate('a - b - 1', names)).toBe(3);
  expect(evaluate('a + b * 2', names)).toBe(13);
  expect(evaluate('(a + b) * 2 / 3', names)).toBe(6);
  expect(evaluate('max(a, b, 9) + f(k)', (name) => (name === 'f' ? 5 : names(name)))).toBe(14);
});

test('what it does not know it refuses, and does not guess', () => {
  expect(() => evaluate('a ? 1 : 2', () => 1)).toThrow(/more than this reader knows/);
  expect(() => evaluate('(1 + 2', () => 1)).toThrow(/more than this reader knows/);
  expect(() => readTaps({ beatBytes: 8 }, 'package p; endpackage')).toThrow(/no function tap_/);
  expect(() =>
    readTaps({ beatBytes: 8 }, PACKAGE.replace('localparam int LATENCY', 'parameter X')),
  ).toThrow(/nothing is called LATENCY/);
});
