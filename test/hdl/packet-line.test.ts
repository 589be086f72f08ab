import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Width } from './harness/line.ts';
import { Line, PACKET_POSITIONS, POSITIONS, TAPS, WIDTHS } from './harness/line.ts';
import { Random } from './harness/streams.ts';

interface Frame {
  bytes: Buffer;
  l3: number;
}

let makers: Record<'packet64' | 'packet512', Make>;
beforeAll(async () => {
  const model = (width: Width) => ({
    module: 'packet_line',
    parameters: { DATA_WIDTH: width, POSITIONS: POSITIONS[width] },
  });
  makers = await build('packet-line', { packet64: model(64), packet512: model(512) });
});

describe.each(WIDTHS)('packet_line at %i bits', (width) => {
  test('packets behind no, one and two tags, frames of every length close together', () => {
    const k = width / 8;
    const random = new Random(131);
    const dut = makers[`packet${width}`](7);
    const line = new Line<Frame>(width, random);
    const { packet: tap } = TAPS[width];
    let checked = 0;
    for (let clocks = 0; clocks < 4000; clocks++) {
      if (line.waiting < 2) {
        const frame = {
          bytes: random.bytes(random.between(1, 200)),
          l3: random.pick([14, 18, 22]),
        };
        line.send(frame, random.chance(20) ? random.below(3) : 0);
      }
      line.step();
      dut.set({ line_i: line.data });
      const soon = line.at(tap - 2);
      // Where no frame begins the place is somebody else's, and to be left alone.
      const [any_tag_i, two_tags_i] = soon
        ? [Number(soon.l3 > 14), Number(soon.l3 > 18)]
        : [random.below(2), random.below(2)];
      dut.set({ soon_i: soon !== undefined, any_tag_i, two_tags_i }).settle();
      const data = dut.bytes('data_o');
      for (let position = 0; position < PACKET_POSITIONS[width]; position++) {
        // The beat of the packet that stands there, when its frame's first stands `beat` further on.
        for (let beat = 0; tap + position + beat < POSITIONS[width]; beat++) {
          const frame = line.at(tap + position + beat);
          if (!frame) continue;
          const wanted = frame.bytes.subarray(frame.l3).subarray(beat * k, (beat + 1) * k);
          const got = data.subarray(position * k, position * k + wanted.length);
          expect(got.toString('hex')).toBe(wanted.toString('hex'));
          checked += wanted.length;
          break;
        }
      }
      dut.clock();
    }
    expect(checked).toBeGreaterThan(10_000);
  });
});
