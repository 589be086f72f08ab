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
    parameters: { DATA_WIDTH: width, POSITIONS: POSITIONS[width], TAP: TAPS[width].learn },
  });
  makers = await build('arrived', { arrived64: model(64), arrived512: model(512) });
});

interface Frame {
  bytes: Buffer;
  packetEnd: number;
  /** A gap has ended it: its last byte is none of it. */
  marked: boolean;
}

/** docs/card.md, "Later fragments": whether the packet is there as far as the window reaches. */
const there = ({ bytes, packetEnd, marked }: Frame) =>
  bytes.length - Number(marked) >= Math.min(packetEnd, WINDOW);

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
      const frame = line.at(TAPS[width].learn);
      if (!frame) continue;
      const { last, count } = line.ends;
      let mark = random.bits(line.positions) & ~last; // elsewhere the mark says nothing
      for (let p = 0; p <= TAPS[width].learn; p++) {
        const owner = endAt(line, p);
        if (owner?.marked) mark |= 1n << BigInt(p);
      }
      dut.set({ last_i: last, count_i: count, mark_i: mark, packet_end_i: frame.packetEnd });
      const what = `${frame.bytes.length} bytes, packet to ${frame.packetEnd}, ${frame.marked}`;
      expect(dut.settle().get('arrived_o'), what).toBe(Number(there(frame)));
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

  test('every length and every packet end around it, marked by a gap or not', () => {
    const random = new Random(131);
    const frames: Frame[] = [];
    for (let length = 1; length <= WINDOW + k + 2; length++) {
      for (const off of [-k, -1, 0, 1, 2, k, 1000]) {
        const packetEnd = Math.max(1, length + off);
        // The beat that marks a gap holds one byte.
        const marked = length % k === 1 && random.chance(50);
        frames.push({ bytes: random.bytes(length), packetEnd, marked });
      }
    }
    expect(run(frames, random)).toBe(frames.length);
  });

  test('any length, any packet end', () => {
    const random = new Random(132);
    const frames = Array.from({ length: 1500 }, (): Frame => {
      const length = random.pick([1, k, 60, 64, 65, 159, 160, 161, random.between(1, 300)]);
      const ends = [20, 60, length, length - 1, length + 1, 159, 160, 161, 65_557, 131_071];
      const packetEnd = Math.max(1, random.pick(ends));
      return { bytes: random.bytes(length), packetEnd, marked: length % k === 1 };
    });
    expect(run(frames, random)).toBe(frames.length);
    expect(frames.filter(there).length).toBeGreaterThan(300);
  });
});
