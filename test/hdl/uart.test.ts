import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { Random } from './harness/streams.ts';

/** The fastest rate that there is, one that is no whole number of clocks, and 3 Mbaud at 125 MHz. */
const STEPS = { fastest: 16384, odd: 7281, board: 1573 } as const;
type Rate = keyof typeof STEPS;
const RATES = Object.keys(STEPS) as Rate[];

let makers: Record<`${'rx' | 'tx'}_${Rate}`, Make>;
beforeAll(async () => {
  const specs = RATES.flatMap((rate) =>
    (['rx', 'tx'] as const).map((end) => [
      `${end}_${rate}`,
      { module: `uart_${end}`, parameters: { STEP: STEPS[rate] } },
    ]),
  );
  makers = await build('uart', Object.fromEntries(specs));
});

/** Start, eight data bits from the least significant on, stop. */
const bitsOf = (octet: number) => [0, ...Array.from({ length: 8 }, (_, n) => (octet >> n) & 1), 1];
const all = Array.from({ length: 256 }, (_, octet) => octet);

describe.each(RATES)('%s rate', (rate) => {
  const clocks = 65536 / STEPS[rate];

  describe('uart_rx', () => {
    /** Gives the line's levels, each for so many clocks; what the module tells. */
    function receive(dut: Dut, levels: readonly [level: number, clocks: number][]) {
      const octets: number[] = [];
      let errors = 0;
      let owed = 0;
      for (const [level, length] of [...levels, [1, 12 * clocks] as const]) {
        dut.set({ rx_i: level });
        for (owed += length; owed >= 1; owed -= 1) {
          dut.clock();
          if (dut.get('valid_o') === 1) octets.push(dut.get('data_o'));
          errors += dut.get('error_o');
        }
      }
      expect(dut.get('idle_o')).toBe(1);
      return { octets, errors };
    }
    const fresh = (seed = 1) => {
      const dut = makers[`rx_${rate}`](seed).set({ rx_i: 1 }).reset();
      dut.clock(8);
      return dut;
    };

    test.each([0.97, 1, 1.03])(
      'every octet, back to back, from a peer whose bits last %f',
      (drift) => {
        // At four clocks a bit a sampling clock is a quarter of a bit.
        const length = clocks * (rate === 'fastest' ? (drift + 1) / 2 : drift);
        const levels = all.flatMap(bitsOf).map((bit) => [bit, length] as [number, number]);
        expect(receive(fresh(), levels)).toEqual({ octets: all, errors: 0 });
      },
    );

    test('octets with pauses of any length between', () => {
      const random = new Random(7);
      const levels = all.flatMap((octet) => [
        ...bitsOf(octet).map((bit) => [bit, clocks] as [number, number]),
        [1, random.below(3 * clocks)] as [number, number],
      ]);
      expect(receive(fresh(2), levels)).toEqual({ octets: all, errors: 0 });
    });

    test('one clock of low is no start bit; nor is one that is over before its middle', () => {
      const levels: [number, number][] = [
        [0, 1],
        [1, 20 * clocks],
        [0, Math.floor(clocks / 2) - 1],
        [1, 20 * clocks],
      ];
      expect(receive(fresh(), levels)).toEqual({ octets: [], errors: 0 });
    });

    test('a missing stop bit is an error, told once however long the line stays low', () => {
      const octet = bitsOf(0x41).map((bit) => [bit, clocks] as [number, number]);
      const levels: [number, number][] = [
        ...octet.slice(0, 9),
        [0, 40 * clocks],
        [1, 2 * clocks],
        ...octet,
      ];
      expect(receive(fresh(), levels)).toEqual({ octets: [0x41], errors: 1 });
    });
  });

  describe('uart_tx', () => {
    test('every octet as ten bits of the right length', () => {
      const dut = makers[`tx_${rate}`](3).set({ valid_i: 0 }).reset();
      const levels: number[] = [];
      const record = () => {
        dut.clock();
        levels.push(dut.get('tx_o'));
      };
      for (let i = 0; i < 30; i++) record();
      expect(levels.every((level) => level === 1)).toBe(true);
      const taken: number[] = [];
      for (const octet of all) {
        dut.set({ valid_i: 1, data_i: octet }).settle();
        while (dut.get('ready_o') === 0) record();
        taken.push(levels.length);
        record();
        // What is offered afterwards is another octet's.
        dut.set({ valid_i: 0, data_i: 0x00 }).settle();
        while (taken.length % 3 === 0 && dut.get('idle_o') === 0) record();
      }
      while (dut.get('idle_o') === 0) record();
      for (const [index, octet] of all.entries()) {
        const start = taken[index] as number;
        const middles = bitsOf(octet).map((_, n) => levels[start + Math.floor((n + 0.5) * clocks)]);
        expect(middles).toEqual(bitsOf(octet));
        // Two of three follow the one before them at once.
        if (index % 3 !== 0)
          expect(Math.abs(start - (taken[index - 1] as number) - 10 * clocks)).toBeLessThanOrEqual(
            2,
          );
      }
      expect(levels.at(-1)).toBe(1);
    });
  });
});

test('3 Mbaud at 125 MHz is right to a thousandth', () => {
  expect(((STEPS.board / 65536) * 125e6) / 3e6).toBeCloseTo(1, 3);
});
