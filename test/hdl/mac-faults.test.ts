import { beforeAll, describe, expect, test } from 'vitest';
import { TABLES } from '../../driver/index.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { padded } from './harness/ethernet.ts';
import { BIT, type Options, RgmiiBench, type Speed } from './harness/mac-bench.ts';
import { Random } from './harness/streams.ts';

let makers: Record<'rgmii', Make>;
beforeAll(async () => {
  makers = await build('mac-faults', { rgmii: { module: 'mac_port', parameters: { RMII: 0 } } });
});

const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex');
const random = new Random(9);
const { fields } = TABLES.mac;
type RxCounter = Extract<keyof typeof fields, `rx_${string}`>;
/** The code that the MAC tells for a counter. */
const code = (name: RxCounter) => fields[name].bit / 32;

function bench(speed: Speed = 1000, core = 16_000): RgmiiBench {
  const made = new RgmiiBench(makers.rgmii, { speed, core });
  made.settle();
  return made;
}

const frame = (length: number) => random.bytes(length);

describe.each([1000, 100, 10] as const)('what is wrong is told once, at %i Mb/s', (speed) => {
  type Case = [string, Buffer, Options, RxCounter | 'good', 'bad' | 'good' | 'none'];
  const always: Case[] = [
    ['a bit of the FCS', frame(60), { wrong: 0x400 }, 'rx_fcs', 'bad'],
    ['an error from the PHY', frame(64), { errorAt: 30 }, 'rx_code', 'bad'],
    ['59 octets', frame(59), { pad: false }, 'rx_short', 'bad'],
    ['9 octets behind the SFD', frame(5), { pad: false }, 'rx_short', 'bad'],
    ['8 octets behind the SFD', frame(4), { pad: false }, 'rx_no_frame', 'none'],
    ['nothing but an FCS', frame(0), { pad: false, wrong: 1 }, 'rx_no_frame', 'none'],
    ['no SFD', frame(60), { sfd: false }, 'rx_no_frame', 'none'],
  ];
  const nibbles: Case[] = [
    [
      'half an octet over, wrong FCS',
      frame(61),
      { dribble: true, wrong: 2 },
      'rx_alignment',
      'bad',
    ],
    ['half an octet over, right FCS', frame(61), { dribble: true }, 'good', 'good'],
    ['half an octet of preamble over', frame(61), { odd: true }, 'good', 'good'],
  ];
  const long: Case[] = [
    ['2000 octets', frame(2000), {}, 'good', 'good'],
    ['2001 octets', frame(2001), {}, 'rx_oversize', 'bad'],
    ['5000 octets and a wrong FCS', frame(5000), { wrong: 8 }, 'rx_oversize', 'bad'],
  ];
  const cases = [...always, ...(speed === 1000 ? [] : nibbles), ...(speed === 10 ? [] : long)];
  test.each(cases)('%s', (_, content, options, counter, end) => {
    const phy = bench(speed);
    phy.arrive(content, options);
    const next = frame(60);
    phy.arrive(next);
    phy.settle();
    expect(phy.told).toEqual(counter === 'good' ? [] : [code(counter)]);
    const good = { frame: hex(next), bad: false };
    if (end === 'none') expect(phy.received).toEqual([good]);
    else {
      const whole = options.pad === false ? content : padded(content);
      expect(phy.received).toEqual([{ frame: hex(whole), bad: end === 'bad' }, good]);
    }
  });
});

test('a carrier that breaks off anywhere, and starts again at once', () => {
  const phy = bench();
  const good: string[] = [];
  for (let octets = 1; octets < 40; octets++) {
    phy.carrier(Buffer.concat([Buffer.alloc(7, 0x55), Buffer.of(0xd5), frame(octets)]), { gap: 4 });
    const next = frame(60 + (octets % 8));
    phy.arrive(next, { gap: 2, preamble: 1 });
    good.push(hex(next));
  }
  phy.settle();
  expect(phy.received.filter(({ bad }) => !bad).map((seen) => seen.frame)).toEqual(good);
  expect(phy.told.filter((told) => told === code('rx_no_frame'))).toHaveLength(8);
  expect(phy.told.filter((told) => told === code('rx_short'))).toHaveLength(31);
});

test('counters that take their time lose nothing', () => {
  const phy = bench(1000, 20_000);
  phy.slowCounters = 85;
  const all = Array.from({ length: 80 }, (_, n) => ({ content: frame(60), wrong: n & 1 }));
  for (const { content, wrong } of all) phy.arrive(content, { wrong });
  phy.settle();
  expect(phy.received).toEqual(
    all.map(({ content, wrong }) => ({ frame: hex(content), bad: wrong === 1 })),
  );
  expect(phy.told).toEqual(Array(40).fill(code('rx_fcs')));
});

test('events that come faster than they are counted wait their turn', () => {
  const phy = bench(1000, 20_000);
  phy.slowCounters = 75;
  const noise = Buffer.of(0x55, 0xd5, 1);
  for (let burst = 0; burst < 10; burst++) {
    for (let n = 0; n < 12; n++) phy.carrier(noise, { gap: 4 });
    phy.settle();
    expect(phy.told.splice(0)).toEqual(Array(12).fill(code('rx_no_frame')));
  }
});

describe('the link', () => {
  const status = (phy: RgmiiBench) =>
    ['link_o', 'speed_o', 'full_duplex_o'].map((port) => phy.dut.get(port));

  test.each([1000, 100, 10] as const)('is as the in-band status says, at %i Mb/s', (speed) => {
    const phy = bench(speed);
    expect(status(phy)).toEqual([1, { 1000: 2, 100: 1, 10: 0 }[speed], 1]);
    phy.link = 0;
    phy.fullDuplex = 0;
    phy.clocks.run(600 * BIT[speed] + 200_000);
    expect(status(phy)).toEqual([0, { 1000: 2, 100: 1, 10: 0 }[speed], 0]);
  });

  test('is not what stands there for two clocks, nor what extends a carrier', () => {
    const phy = bench();
    for (let nibble = 0; nibble < 16; nibble++) {
      phy.noise(nibble, 2);
      phy.noise(0b1101, 4);
      phy.noise(nibble ^ 5, 20, 1);
      phy.noise(0b1101, 4);
    }
    phy.clocks.until(() => {
      expect(status(phy)).toEqual([1, 2, 1]);
      return phy.quiet;
    }, 1e7);
    phy.noise(0b1100, 3);
    phy.clocks.run(0.4e6);
    expect(status(phy)).toEqual([1, 2, 1]);
  });

  test('a clock that stops within a frame ends it with an error; the rest of it is nothing', () => {
    const phy = bench();
    const whole = frame(200);
    phy.arrive(whole, { wrong: 1 });
    phy.clocks.run(150 * 8000);
    expect(phy.received).toEqual([]);
    phy.stopClock();
    phy.clocks.run(90e6);
    expect(phy.dut.get('link_o')).toBe(1);
    expect(phy.received).toEqual([]);
    phy.clocks.run(10e6);
    expect(phy.dut.get('link_o')).toBe(0);
    expect(phy.told).toEqual([code('rx_cut')]);
    expect(phy.received).toHaveLength(1);
    expect(phy.received[0]?.bad).toBe(true);
    // The octet beside the last is no octet of the frame.
    expect(hex(whole).startsWith(phy.received[0]?.frame.slice(0, -2) ?? '')).toBe(true);
    phy.speed = 1000;
    const next = frame(70);
    phy.arrive(next);
    phy.settle();
    expect(phy.dut.get('link_o')).toBe(1);
    expect(phy.received.slice(1)).toEqual([{ frame: hex(next), bad: false }]);
    expect(phy.told).toEqual([code('rx_cut')]);
  });

  test('a clock that stops between frames is a link that is lost, and comes back', () => {
    const phy = bench(100);
    phy.stopClock();
    phy.clocks.run(100e6);
    expect(phy.dut.get('link_o')).toBe(0);
    phy.speed = 100;
    phy.settle();
    expect(phy.dut.get('link_o')).toBe(1);
    expect([phy.received, phy.told]).toEqual([[], []]);
  });

  test('without one frames are taken, counted and never sent', () => {
    const phy = bench();
    phy.link = 0;
    phy.clocks.run(1e6);
    for (let n = 0; n < 7; n++) phy.send(frame(1 + 100 * n));
    phy.settle();
    expect([phy.waiting, phy.unsent, phy.sent, phy.faults]).toEqual([false, 7, [], []]);
    phy.link = 1;
    phy.clocks.run(1e6);
    const last = frame(80);
    phy.send(last);
    phy.clocks.until(() => phy.sent.length > 0, 1e8);
    expect(phy.sent).toEqual([last]);
    expect(phy.unsent).toBe(7);
  });

  test('one that goes within a frame cuts it so that nobody takes it', () => {
    const phy = bench();
    phy.send(frame(1500));
    phy.send(frame(64));
    phy.clocks.run(5e6);
    phy.link = 0;
    phy.settle();
    expect([phy.unsent, phy.sent]).toEqual([2, []]);
    expect(phy.faults).toEqual(['wrong FCS']);
    phy.link = 1;
    phy.clocks.run(1e6);
    const next = frame(64);
    phy.send(next);
    phy.clocks.until(() => phy.sent.length > 0, 1e8);
    expect(phy.sent).toEqual([next]);
  });
});

test('a link that goes for an instant only has cut the frame all the same, and nothing else', () => {
  const phy = bench();
  const [first, second] = [frame(1500), frame(90)];
  phy.send(first);
  phy.send(second);
  phy.clocks.run(5e6);
  phy.link = 0;
  phy.clocks.run(0.3e6);
  phy.link = 1;
  phy.settle();
  phy.clocks.until(() => phy.sent.length > 0, 1e8);
  expect([phy.unsent, phy.sent, phy.faults]).toEqual([1, [second], ['wrong FCS']]);
});

describe('a change of speed', () => {
  const order: Speed[] = [1000, 100, 10, 1000, 10, 100, 1000];

  test('between frames: both ways go on, the transmit clock without a short pulse', () => {
    const phy = bench();
    for (const speed of order) {
      phy.speed = speed;
      phy.settle();
      const there = frame(61);
      const back = frame(62);
      phy.arrive(there);
      phy.send(back);
      phy.clocks.until(() => phy.sent.length === 1 && phy.received.length === 1, 3e9);
      expect(phy.received.splice(0)).toEqual([{ frame: hex(there), bad: false }]);
      expect(phy.sent.splice(0)).toEqual([back]);
      expect(phy.measureClock().period).toBe({ 1000: 2, 100: 10, 10: 100 }[speed]);
    }
    expect([phy.told, phy.faults]).toEqual([[], []]);
  });

  test('within frames, both ways: one end for each, and the next are right', () => {
    const phy = bench();
    let ends = 0;
    for (const speed of order.slice(1)) {
      phy.arrive(frame(100));
      const cut = frame(phy.present === 1000 ? 1500 : 150);
      phy.send(cut);
      phy.clocks.run(400 * BIT[phy.present] + 100_000);
      phy.speed = speed;
      phy.settle();
      ends += 1;
      expect(phy.received).toHaveLength(ends);
      const there = frame(61);
      const back = frame(62);
      phy.arrive(there);
      phy.send(back);
      phy.settle();
      phy.clocks.until(() => phy.sent.some((seen) => seen.equals(back)), 1e9);
      ends += 1;
      expect(phy.received).toHaveLength(ends);
      expect(phy.received.at(-1)).toEqual({ frame: hex(there), bad: false });
      for (const seen of phy.sent.splice(0)) expect([hex(cut), hex(back)]).toContain(hex(seen));
    }
    expect(phy.waiting).toBe(false);
  });
});

test('a core that is too slow to feed the line cuts frames so that nobody takes them, and goes on', () => {
  const phy = bench(1000, 60_000);
  const all = [200, 300, 64, 1000].map(frame);
  for (const one of all) phy.send(one);
  phy.settle();
  phy.clocks.run(50e6);
  const whole = phy.sent.length;
  expect(phy.faults.length).toBeGreaterThan(0);
  expect(whole + phy.faults.length).toBe(all.length);
  for (const sent of phy.sent) expect(all.some((one) => one.equals(sent))).toBe(true);
  phy.speed = 100;
  phy.settle();
  const next = frame(500);
  phy.send(next);
  phy.clocks.until(() => phy.sent.length > whole, 1e9);
  expect(phy.sent.at(-1)).toEqual(next);
});

test('a core that is too slow to take what comes has one end for each frame, and goes on', () => {
  const phy = bench(1000, 80_000);
  const all = [64, 500, 60, 1500, 2500, 64, 700].map((length) => frame(length));
  for (const one of all) phy.arrive(one);
  phy.settle();
  phy.clocks.run(5e6);
  expect(phy.received).toHaveLength(all.length);
  const cut = phy.received.filter(({ bad }) => bad);
  expect(cut.length).toBeGreaterThan(3);
  expect(phy.told).toEqual(cut.map(() => code('rx_cut')));
  for (const [n, { frame: seen, bad }] of phy.received.entries())
    if (!bad) expect(seen).toBe(hex(all[n] ?? Buffer.alloc(0)));
  const next = frame(64);
  phy.arrive(next);
  phy.settle();
  phy.clocks.run(5e6);
  expect(phy.received.at(-1)).toEqual({ frame: hex(next), bad: false });
});
