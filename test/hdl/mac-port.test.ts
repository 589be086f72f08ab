import { beforeAll, describe, expect, test } from 'vitest';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { padded } from './harness/ethernet.ts';
import { BIT, RgmiiBench, type Speed } from './harness/mac-bench.ts';
import { frameLength, Random } from './harness/streams.ts';

let makers: Record<'rgmii', Make>;
beforeAll(async () => {
  makers = await build('mac-port', {
    rgmii: { module: 'mac_port', parameters: { RMII: 0 } },
  });
});

const SPEEDS = [1000, 100, 10] as const;
const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex');

function bench(speed: Speed = 1000, core = 16_000, seed = 1): RgmiiBench {
  const made = new RgmiiBench(makers.rgmii, { speed, core, seed });
  made.settle();
  return made;
}

describe.each(SPEEDS)('RGMII at %i Mb/s', (speed) => {
  const frames = { 1000: 60, 100: 12, 10: 4 }[speed];
  const longest = { 1000: 1600, 100: 600, 10: 120 }[speed];

  test.each([8000, 16_000, 20_000])('frames come in as they are, core clock of %i ps', (core) => {
    const phy = bench(speed, core, core);
    const random = new Random(core);
    const all = Array.from({ length: frames }, () =>
      padded(random.bytes(frameLength(random, 8, longest))),
    );
    for (const frame of all) phy.arrive(frame, { preamble: random.between(1, 7) });
    phy.settle();
    expect(phy.received).toEqual(all.map((frame) => ({ frame: hex(frame), bad: false })));
    expect(phy.told).toEqual([]);
  });

  test.each([8000, 16_000, 20_000])(
    'frames go out padded, with FCS, 12 octets apart, core clock of %i ps',
    (core) => {
      const phy = bench(speed, core, core);
      const random = new Random(core);
      const all = Array.from({ length: frames }, () =>
        random.bytes(frameLength(random, 8, longest)),
      );
      for (const frame of all) phy.send(frame);
      phy.clocks.until(() => phy.sent.length + phy.faults.length === all.length, 4e10);
      expect(phy.faults).toEqual([]);
      expect(phy.sent.map(hex)).toEqual(all.map((frame) => hex(padded(frame))));
      expect(phy.badClock).toEqual([]);
      expect(new Set(phy.gaps)).toEqual(new Set([12]));
      expect(phy.unsent).toBe(0);
    },
  );

  test('the transmit clock has the right period, half of it high', () => {
    const phy = bench(speed);
    const period = (BIT[speed] * (speed === 1000 ? 8 : 4)) / 4000;
    expect(phy.measureClock()).toEqual({ period, high: period / 2 });
  });
});

test('what is sent comes back as it was, where the pins lead back', () => {
  const phy = bench();
  phy.loop = true;
  phy.speed = 1000;
  const random = new Random(31);
  const all = Array.from({ length: 40 }, () => random.bytes(frameLength(random, 8, 1514)));
  for (const frame of all) phy.send(frame);
  phy.clocks.until(() => phy.received.length === all.length, 1e9);
  expect(phy.received).toEqual(all.map((frame) => ({ frame: hex(padded(frame)), bad: false })));
  expect(phy.told).toEqual([]);
});
