import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build, elaborate } from './harness/build.ts';
import type { Width } from './harness/line.ts';
import { Line, POSITIONS, TAPS, WIDTHS } from './harness/line.ts';
import { Random } from './harness/streams.ts';

const WINDOW = 160;
let makers: Record<'pick64' | 'pick512' | 'words64' | 'words512', Make>;
const model = (width: Width) => ({
  module: 'header_pick',
  parameters: { DATA_WIDTH: width, POSITIONS: POSITIONS[width], TAP: TAPS[width].fetch },
});
/** The taps at which L4 headers and payloads are read, and the end of what is. */
const WORDS = { 64: { TAP: 17, LAST: 142 }, 512: { TAP: 7, LAST: 160 } } as const;
const words = (width: Width) => ({
  module: 'header_words',
  parameters: { DATA_WIDTH: width, POSITIONS: POSITIONS[width], ...WORDS[width] },
});
beforeAll(async () => {
  makers = await build('header-pick', {
    pick64: model(64),
    pick512: model(512),
    words64: words(64),
    words512: words(512),
  });
});

describe.each(WIDTHS)('header_pick at %i bits', (width) => {
  test.each([0, 40])(
    'every unit of the window, frames behind each other; gaps: %i in 100',
    (gaps) => {
      const random = new Random(131 + gaps);
      // Where the ring begins does not matter: another seed begins elsewhere.
      const dut = makers[`pick${width}`](gaps + 1);
      const line = new Line<{ bytes: Buffer }>(width, random);
      const seen = new Map<number, number>();
      for (let clock = 0; clock < 6000; clock++) {
        if (line.waiting === 0) {
          const bytes = random.bytes(random.chance(30) ? random.between(1, 40) : 300);
          line.send({ bytes }, random.chance(gaps) ? random.below(5) : 0);
        }
        line.step();
        const unit = random.below(WINDOW / 8);
        dut.set({ line_i: line.data, unit_i: unit }).settle();
        const frame = line.at(TAPS[width].fetch);
        const wanted = frame?.bytes.subarray(unit * 8, Math.min(unit * 8 + 16, WINDOW));
        if (wanted && wanted.length > 0) {
          expect(dut.bytes('bytes_o').subarray(0, wanted.length)).toEqual(wanted);
          seen.set(unit, (seen.get(unit) ?? 0) + 1);
        }
        dut.clock();
      }
      expect(seen.size).toBe(WINDOW / 8);
    },
  );
});

describe.each(WIDTHS)('header_words at %i bits', (width) => {
  test.each([0, 40])('from every place on, as soon as it is there; gaps: %i in 100', (gaps) => {
    const random = new Random(141 + gaps);
    const dut = makers[`words${width}`](gaps + 1);
    const line = new Line<{ bytes: Buffer }>(width, random);
    const { TAP, LAST } = WORDS[width];
    const places = Math.floor((LAST - 16 - 34) / 4) + 1;
    const seen = new Set<number>();
    for (let clock = 0; clock < 6000; clock++) {
      while (line.waiting < 2) {
        const bytes = random.bytes(random.chance(30) ? random.between(1, 60) : 300);
        line.send({ bytes }, random.chance(gaps) ? random.below(5) : 0);
      }
      line.step();
      const at = 34 + 4 * random.below(places);
      dut.set({ line_i: line.data, next_i: line.next, at_i: at }).settle();
      const wanted = line.at(TAP)?.bytes.subarray(at, at + 16);
      if (wanted && wanted.length > 0) {
        expect(dut.bytes('bytes_o').subarray(0, wanted.length)).toEqual(wanted);
        seen.add(at);
      }
      dut.clock();
    }
    expect(seen.size).toBe(places);
  });
});

test('a tap at which the window is not in the ring', async () => {
  const parameters = { ...model(64).parameters, TAP: 19 };
  await expect(elaborate({ module: 'header_pick', parameters })).rejects.toThrow(
    'the window is not in the ring',
  );
});
