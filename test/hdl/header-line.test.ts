import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build, elaborate } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { FRAME_CLOCKS } from './harness/line.ts';
import type { Beat } from './harness/streams.ts';
import { beats, FOUR_WAYS, frameLength, Random } from './harness/streams.ts';

const POSITIONS = { 64: 7, 512: 4 } as const;
const TAP = { 64: { TAP: 4, BYTES: 22 }, 512: { TAP: 2, BYTES: 160 } } as const;
const UNDERRUN = 4;
/** Long enough for a RAM, and for two. */
const HIDDEN = { POSITIONS: 26, HIDDEN: 3, SHOWN: 23 } as const;
const HIDDEN2 = { POSITIONS: 39, HIDDEN: 4, SHOWN: 33 } as const;

const WIDTHS = [64, 512] as const;
const DELAYS = [0, 1, 5, 8, 9, 16, 17] as const;
type Width = (typeof WIDTHS)[number];
type Name =
  | 'slice'
  | `hidden${'' | 2}`
  | `${'line' | 'tap'}${Width}`
  | `delay${Width}_${(typeof DELAYS)[number]}`;
let makers: Record<Name, Make>;
beforeAll(async () => {
  const line = (width: 64 | 512) => ({
    module: 'header_line',
    parameters: { DATA_WIDTH: width, POSITIONS: POSITIONS[width] },
  });
  const tap = (width: 64 | 512) => ({
    module: 'header_tap',
    parameters: { DATA_WIDTH: width, POSITIONS: POSITIONS[width], ...TAP[width] },
  });
  const delay = (DATA_WIDTH: number, CYCLES: number) => ({
    module: 'meta_delay',
    parameters: { DATA_WIDTH, CYCLES, BITS: 40 },
  });
  makers = await build('header-line', {
    line64: line(64),
    line512: line(512),
    hidden: { module: 'header_line', parameters: { DATA_WIDTH: 64, ...HIDDEN } },
    hidden2: { module: 'header_line', parameters: { DATA_WIDTH: 64, ...HIDDEN2 } },
    tap64: tap(64),
    tap512: tap(512),
    delay64_0: delay(64, 0),
    delay64_1: delay(64, 1),
    delay64_5: delay(64, 5),
    delay64_8: delay(64, 8),
    delay64_9: delay(64, 9),
    delay64_16: delay(64, 16),
    delay64_17: delay(64, 17),
    delay512_0: delay(512, 0),
    delay512_1: delay(512, 1),
    delay512_5: delay(512, 5),
    delay512_8: delay(512, 8),
    delay512_9: delay(512, 9),
    delay512_16: delay(512, 16),
    delay512_17: delay(512, 17),
    slice: {
      module: 'slice_at',
      parameters: { IN_WIDTH: 88, STEP: 8, SELECT_BITS: 4, WIDTH: 24 },
    },
  });
});

interface Clock {
  beat: Beat | undefined;
  verdict: number;
  /** Bytes of the frame up to and with this beat. */
  length: number;
}

function feed(dut: Dut, random: Random, { beat, verdict }: Clock, width: number): void {
  dut.set({
    valid_i: beat !== undefined,
    first_i: beat ? beat.first : random.chance(50),
    last_i: beat ? beat.last : random.chance(50),
    data_i: beat ? beat.data : random.bytes(width / 8),
    count_i: beat ? beat.bytes - 1 : random.below(width / 8),
    verdict_i: verdict,
  });
  dut.clock();
}

const LINES = [
  { name: 'line64', width: 64, positions: POSITIONS[64], hidden: [0, 0] },
  { name: 'line512', width: 512, positions: POSITIONS[512], hidden: [0, 0] },
  { name: 'hidden', width: 64, positions: HIDDEN.POSITIONS, hidden: [HIDDEN.HIDDEN, HIDDEN.SHOWN] },
  {
    name: 'hidden2',
    width: 64,
    positions: HIDDEN2.POSITIONS,
    hidden: [HIDDEN2.HIDDEN, HIDDEN2.SHOWN],
  },
] as const;

describe.each(LINES)('$name of $positions positions', ({ name, width, positions, hidden }) => {
  const k = width / 8;
  const countBits = Math.log2(k);

  // Nothing waits in the line, so gaps between frames are the only difference that a way makes.
  test.each(FOUR_WAYS.filter(({ stalls }) => stalls === 0))(
    'header_line shows every beat at every position in its clock: $way',
    ({ gaps }) => {
      const random = new Random(2 + gaps);
      const dut = makers[name](4);
      dut.set({ valid_i: 0 }).reset();
      const history: Clock[] = [];
      const step = (clock: Clock) => {
        feed(dut, random, clock, width);
        history.unshift(clock);
        const data = dut.bytes('data_o');
        for (let p = 0; p < positions; p++) {
          const beat = history[p]?.beat;
          const bit = (port: string) => Number((dut.big(port) >> BigInt(p)) & 1n);
          expect(bit('first_o')).toBe(Number(beat?.first ?? false));
          expect(bit('last_o')).toBe(Number(beat?.last ?? false));
          if (!beat) continue;
          if (p < hidden[0] || p >= hidden[1]) {
            expect(data.subarray(p * k, p * k + k)).toEqual(beat.data);
          }
          expect((dut.big('count_o') >> BigInt(p * countBits)) % BigInt(k)).toBe(
            BigInt(beat.bytes - 1),
          );
          expect(bit('mark_o')).toBe(Number(history[p]?.verdict === UNDERRUN));
        }
        const end = history[positions - 1];
        expect(dut.get('valid_o')).toBe(Number(end?.beat !== undefined));
        if (!end?.beat) return;
        expect(dut.get('verdict_o')).toBe(end.verdict);
        expect(dut.get('length_o')).toBe(end.length);
      };
      for (let i = 0; i < 150; i++) {
        let length = 0;
        for (const beat of beats(random.bytes(frameLength(random, k, 300)), width, random)) {
          length += beat.bytes;
          step({ beat, verdict: random.below(5), length });
        }
        while (random.chance(gaps)) step({ beat: undefined, verdict: 0, length: 0 });
      }
    },
  );
});

describe.each(WIDTHS)('header_tap at %i bits', (width) => {
  const k = width / 8;
  const positions = POSITIONS[width];

  test('header_tap shows the first bytes of the frame at its tap', () => {
    const random = new Random(6);
    const dut = makers[`tap${width}`]();
    const { TAP: tap, BYTES: bytes } = TAP[width];
    const line = random.bytes(positions * k);
    dut.set({ line_i: line }).settle();
    const frame = Buffer.concat(
      Array.from({ length: tap + 1 }, (_, i) => line.subarray((tap - i) * k, (tap - i + 1) * k)),
    );
    expect(dut.bytes('window_o').subarray(0, bytes)).toEqual(frame.subarray(0, bytes));
  });

  test('header_tap before its bytes are there does not elaborate', async () => {
    const parameters = { DATA_WIDTH: width, POSITIONS: 9, TAP: 1, BYTES: 2 * k + 1 };
    await expect(elaborate({ module: 'header_tap', parameters })).rejects.toThrow(
      /works before its bytes are there/,
    );
    await elaborate({ module: 'header_tap', parameters: { ...parameters, TAP: 2 } });
  });
});

// At 64 bits up to 8 clocks are one register, which the next frame's metadata takes, up to 16 two.
test.each(WIDTHS.flatMap((width) => DELAYS.map((cycles) => [cycles, width] as const)))(
  'meta_delay of %i clocks at %i bits',
  (cycles, width) => {
    const random = new Random(cycles + 1);
    const dut = makers[`delay${width}_${cycles}`]();
    const between = FRAME_CLOCKS[width];
    const history: { first: boolean; value: bigint }[] = [];
    for (let i = 0, wait = 0; i < 400; i++, wait--) {
      const first = wait <= 0;
      if (first) wait = between + (random.chance(50) ? 0 : random.below(4));
      const value = random.bits(40);
      history.unshift({ first, value });
      dut.set({ first_i: first, meta_i: value }).settle();
      const then = history[cycles];
      if (then?.first) expect(dut.big('meta_o')).toBe(then.value);
      dut.clock();
    }
  },
);

test('slice_at takes any place, and zeros from behind the end', () => {
  const random = new Random(3);
  const dut = makers.slice();
  for (let i = 0; i < 100; i++) {
    const vector = random.bits(88);
    const select = random.below(16);
    dut.set({ vector_i: vector, select_i: select }).settle();
    expect(dut.big('slice_o')).toBe((vector >> BigInt(8 * select)) & 0xffffffn);
  }
});
