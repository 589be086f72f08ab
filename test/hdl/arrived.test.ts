import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Width } from './harness/line.ts';
import { Line, POSITIONS, TAPS, WIDTHS } from './harness/line.ts';
import { Random } from './harness/streams.ts';

const WINDOW = 160;
let makers: Record<'arrived64' | 'arrived512', Make>;
beforeAll(async () => {
  const model = (width: Width) => ({
    module: 'arrived',
    parameters: { DATA_WIDTH: width, POSITIONS: POSITIONS[width], TAP: TAPS[width].window },
  });
  makers = await build('arrived', { arrived64: model(64), arrived512: model(512) });
});

interface Frame {
  bytes: Buffer;
  /** A gap has ended it: its last byte is none of it. */
  marked: boolean;
}

/** docs/card.md, "Later fragments": how much of the packet is there as far as the window reaches. */
const there = ({ bytes, marked }: Frame) => Math.min(WINDOW, bytes.length - Number(marked));

describe.each(WIDTHS)('arrived at %i bits', (width) => {
  const k = width / 8;
  /** Frames one behind the other, so that beats behind a short one are another's. */
  function run(frames: readonly Frame[], random: Random): number {
    const dut = makers[`arrived${width}`]();
    const line = new Line<Frame>(width, random);
    for (const frame of frames) line.send(frame, random.chance(20) ? random.below(4) : 0);
    let seen = 0;
    for (let clocks = line.waiting + line.positions; clocks > 0; clocks--) {
      line.step();
      const frame = line.at(TAPS[width].window);
      if (!frame) continue;
      const { last, count } = line.ends;
      let mark = random.bits(line.positions) & ~last; // elsewhere the mark says nothing
      for (let p = 0; p <= TAPS[width].window; p++) {
        const owner = endAt(line, p);
        if (owner?.marked) mark |= 1n << BigInt(p);
      }
      dut.set({ last_i: last, count_i: count, mark_i: mark }).clock();
      const elsewhere = () => random.bits(line.positions);
      for (let more = 0; more < 2; more++)
        dut.set({ last_i: elsewhere(), mark_i: elsewhere() }).clock();
      const whole = dut.get('whole_o') === 1;
      const what = `${frame.bytes.length} bytes, marked ${frame.marked}`;
      expect(whole ? WINDOW : dut.get('bytes_o'), what).toBe(there(frame));
      expect(whole, what).toBe(there(frame) === WINDOW);
      seen++;
    }
    return seen;
  }
  /** The frame whose last beat stands at a position. */
  function endAt(line: Line<Frame>, position: number): Frame | undefined {
    if (((line.ends.last >> BigInt(position)) & 1n) === 0n) return undefined;
    for (let p = position; p < line.positions; p++) {
      const frame = line.at(p);
      if (frame) return frame;
    }
    return undefined;
  }

  test('every length, marked by a gap or not', () => {
    const random = new Random(131);
    const frames: Frame[] = [];
    for (let length = 1; length <= 2 * WINDOW; length++) {
      // The beat that marks a gap holds one byte.
      for (const marked of length % k === 1 ? [false, true] : [false]) {
        for (let i = 0; i < 4; i++) frames.push({ bytes: random.bytes(length), marked });
      }
    }
    const mixed = frames.map((frame) => ({ frame, at: random.word() }));
    mixed.sort((a, b) => a.at - b.at);
    expect(
      run(
        mixed.map(({ frame }) => frame),
        random,
      ),
    ).toBe(frames.length);
  });
});
