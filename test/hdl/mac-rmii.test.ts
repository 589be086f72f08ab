import { beforeAll, describe, expect, test } from 'vitest';
import { TABLES } from '../../driver/index.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { padded } from './harness/ethernet.ts';
import { RmiiBench } from './harness/rmii-bench.ts';
import { frameLength, Random } from './harness/streams.ts';

let makers: Record<'rmii', Make>;
beforeAll(async () => {
  makers = await build('mac-rmii', { rmii: { module: 'mac_port', parameters: { RMII: 1 } } });
});

const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex');
const { fields } = TABLES.mac;
const random = new Random(23);

/** A MAC that has heard a frame of this speed, which is how it knows of it. */
function bench(speed: 10 | 100, core = 16_000): RmiiBench {
  const made = new RmiiBench(makers.rmii, { speed, core, seed: core });
  made.settle();
  made.arrive(Buffer.alloc(60));
  made.settle();
  expect(made.received.splice(0)).toEqual([{ frame: '00'.repeat(60), bad: false }]);
  return made;
}

test('until the first frame it is 100 Mb/s, with a link as soon as the clock runs', () => {
  const phy = new RmiiBench(makers.rmii);
  phy.settle();
  expect(['link_o', 'speed_o', 'full_duplex_o'].map((port) => phy.dut.get(port))).toEqual([
    1, 1, 1,
  ]);
});

describe.each([100, 10] as const)('RMII at %i Mb/s', (speed) => {
  const count = speed === 10 ? 4 : 25;
  const longest = speed === 10 ? 100 : 700;

  test.each([8000, 20_000])('frames come in and go out, core clock of %i ps', (core) => {
    const phy = bench(speed, core);
    expect(phy.dut.get('speed_o')).toBe(speed === 10 ? 0 : 1);
    const there = Array.from({ length: count }, () =>
      padded(random.bytes(frameLength(random, 8, longest))),
    );
    const back = Array.from({ length: count }, () => random.bytes(frameLength(random, 8, longest)));
    for (const frame of there) phy.arrive(frame);
    for (const frame of back) phy.send(frame);
    phy.settle();
    phy.clocks.until(() => phy.sent.length + phy.faults.length === count, 4e9);
    expect(phy.received).toEqual(there.map((frame) => ({ frame: hex(frame), bad: false })));
    expect(phy.faults).toEqual([]);
    expect(phy.sent.map(hex)).toEqual(back.map((frame) => hex(padded(frame))));
    expect(new Set(phy.gaps)).toEqual(new Set([12]));
    expect([phy.told, phy.unsent]).toEqual([[], 0]);
  });

  test.each([2, 4, 8, 20])('CRS_DV that toggles beside the last %i pairs', (toggles) => {
    const phy = bench(speed);
    phy.toggles = toggles;
    const frames = [60, 61, 62].map((length) => random.bytes(length));
    for (const frame of frames) phy.arrive(frame);
    phy.settle();
    expect(phy.received).toEqual(frames.map((frame) => ({ frame: hex(frame), bad: false })));
    expect(phy.told).toEqual([]);
  });

  test('what is wrong is told once', () => {
    const phy = bench(speed);
    const next = random.bytes(64);
    phy.arrive(random.bytes(60), { wrong: 1 });
    phy.arrive(random.bytes(60), { wrong: 1, dribble: true });
    phy.arrive(random.bytes(60), { errorAt: 40 });
    phy.arrive(random.bytes(30), { pad: false });
    phy.arrive(random.bytes(2), { pad: false });
    phy.arrive(random.bytes(2), { sfd: false });
    phy.arrive(next);
    phy.settle();
    const names = [
      'rx_fcs',
      'rx_alignment',
      'rx_code',
      'rx_short',
      'rx_no_frame',
      'rx_no_frame',
    ] as const;
    expect(phy.told).toEqual(names.map((name) => fields[name].bit / 32));
    expect(phy.received.map(({ bad }) => bad)).toEqual([true, true, true, true, false]);
    expect(phy.received.at(-1)?.frame).toBe(hex(next));
  });

  test('noise that is no preamble is a carrier without a frame', () => {
    const phy = bench(speed);
    // The PHY's sign of a false carrier (section 5.2).
    phy.carrier(Buffer.alloc(30, 0xaa), {});
    phy.carrier(Buffer.alloc(3, 0xff), {});
    const next = random.bytes(64);
    phy.arrive(next);
    phy.settle();
    expect(phy.received).toEqual([{ frame: hex(next), bad: false }]);
    expect(phy.told).toEqual([fields.rx_no_frame.bit / 32, fields.rx_no_frame.bit / 32]);
  });
});

test('a change of speed is known by the next frame', () => {
  const phy = bench(100);
  for (const speed of [10, 100, 10, 100] as const) {
    phy.speed = speed;
    const there = random.bytes(61);
    const back = random.bytes(62);
    phy.arrive(there);
    phy.settle();
    phy.send(back);
    phy.settle();
    phy.clocks.until(() => phy.sent.length === 1, 1e9);
    expect(phy.received.splice(0)).toEqual([{ frame: hex(there), bad: false }]);
    expect(phy.sent.splice(0)).toEqual([back]);
  }
  expect([phy.told, phy.faults]).toEqual([[], []]);
});
