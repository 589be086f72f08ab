/** The serial line's protocol (docs/serial.md), from the bits on the pins to the card's bus and streams. */
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeFrame } from '../../driver/serial/framing.ts';
import { injectRequests, request, segmentWord } from '../../driver/serial/messages.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { SerialBench, UART_STEP, type Ways } from './harness/serial-bench.ts';
import { FOUR_WAYS, Random } from './harness/streams.ts';

let makers: Record<'bridge', Make>;
beforeAll(async () => {
  makers = await build('serial-bridge', {
    bridge: { module: 'serial_bridge', parameters: { UART_STEP } },
  });
});

const NONCE = Buffer.from('1234567e', 'hex');
const words = (...values: number[]): Buffer => {
  const octets = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) octets.writeUInt32LE(value >>> 0, 4 * index);
  return octets;
};
const write = (address: number, ...values: number[]) =>
  request('access', words(segmentWord(address, values.length, true), ...values));
const read = (...segments: [address: number, count: number][]) =>
  request(
    'access',
    words(...segments.map(([address, count]) => segmentWord(address, count, false))),
  );

/** A bench whose session begins with request 1. */
function open(ways: Ways = {}): SerialBench {
  const bench = new SerialBench(makers.bridge, ways);
  bench.send(0, request('hello', NONCE));
  bench.settle();
  expect(bench.reports).toMatchObject([{ kind: 'hello', done: 0, echo: NONCE, refused: false }]);
  bench.reports.length = 0;
  return bench;
}
const acks = (bench: SerialBench) =>
  bench.reports.map(({ kind, done, refused }) => [kind, done, refused]);

describe.each(FOUR_WAYS)('$way', ({ gaps, stalls }) => {
  const ways = { gaps, stalls, seed: 3 + gaps + stalls };

  test('words are written in order, and each request is acknowledged', () => {
    const bench = open(ways);
    bench.send(1, write(0x100, 0x7e7d7e7d, 0, 0xffffffff));
    bench.send(
      2,
      request(
        'access',
        Buffer.concat([
          words(segmentWord(0xfffffc, 1, true), 5),
          words(segmentWord(0x20, 2, true), 6, 7),
        ]),
      ),
    );
    bench.settle();
    expect(bench.accesses).toEqual([
      { address: 0x100, write: 0x7e7d7e7d },
      { address: 0x104, write: 0 },
      { address: 0x108, write: 0xffffffff },
      { address: 0xfffffc, write: 5 },
      { address: 0x20, write: 6 },
      { address: 0x24, write: 7 },
    ]);
    expect(acks(bench).at(-1)).toEqual(['ack', 2, false]);
    expect(bench.reports.every(({ refused }) => !refused)).toBe(true);
  });

  test('words are read in order, and the reply bears its number', () => {
    const bench = open(ways);
    bench.words.set(0x44, 0x7d5e7e5d);
    bench.send(1, read([0x40, 3], [0x800, 1]));
    bench.send(2, read([0x0, 256]));
    bench.settle();
    const [first, second] = bench.reports;
    expect(first).toMatchObject({ kind: 'reply', done: 1 });
    expect(first?.kind === 'reply' && [...first.words]).toEqual([0x40, 0x7d5e7e5d, 0x48, 0x800]);
    expect(second).toMatchObject({ kind: 'reply', done: 2 });
    expect(second?.kind === 'reply' && second.words.length).toBe(256);
    expect(second?.kind === 'reply' && second.words[255]).toBe(255 * 4);
    expect(bench.reports.length).toBe(2);
  });

  test('frames are injected whole, of every length, in one part or several', () => {
    const bench = open(ways);
    const random = new Random(9);
    const expected: { record: number; frame: string }[] = [];
    let number = 1;
    for (const [length, most] of [
      [1, 99],
      [7, 9],
      [8, 10],
      [9, 10],
      [16, 5],
      [60, 62],
      [61, 20],
      [64, 10],
    ]) {
      const frame = random.bytes(length as number);
      const record = random.below(1024);
      for (const part of injectRequests(record, frame, most as number)) bench.send(number++, part);
      expected.push({ record, frame: frame.toString('hex') });
    }
    bench.settle();
    expect(bench.injected).toEqual(expected);
    expect(acks(bench).at(-1)).toEqual(['ack', number - 1, false]);
  });

  test('frames for the host come whole with their records, numbered', () => {
    const bench = open(ways);
    const random = new Random(11);
    const sent = [1, 7, 8, 9, 63, 64, 130].map((length) => ({
      record: random.bits(200),
      frame: random.bytes(length),
    }));
    for (const { record, frame } of sent) bench.punt(record, frame);
    bench.settle();
    const seen = bench.reports.map((report) => {
      if (report.kind !== 'frame') throw new Error(report.kind);
      const { decision, data } = report.frame;
      const record = decision.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
      return { number: report.number, record, frame: data.toString('hex') };
    });
    expect(seen).toEqual(
      sent.map(({ record, frame }, number) => ({ number, record, frame: frame.toString('hex') })),
    );
  });
});

describe('exactly once', () => {
  test('a repeated request is acknowledged and not done again', () => {
    const bench = open();
    bench.send(1, write(0x10, 1));
    bench.settle();
    bench.send(1, write(0x10, 1));
    bench.settle();
    expect(bench.accesses.length).toBe(1);
    expect(acks(bench)).toEqual([
      ['ack', 1, false],
      ['ack', 1, false],
    ]);
  });

  test('a request behind a missing one is refused; from the missing one on all go again', () => {
    const bench = open();
    bench.send(2, write(0x20, 2));
    bench.settle();
    expect(acks(bench)).toEqual([['ack', 0, true]]);
    for (const number of [1, 2]) bench.send(number, write(16 * number, number));
    bench.settle();
    expect(bench.accesses.map(({ write: value }) => value)).toEqual([1, 2]);
  });

  test('numbers go round', () => {
    const bench = open();
    for (let n = 1; n <= 300; n++) bench.send(n & 0xff, write(0x10, n));
    bench.settle();
    expect(bench.accesses.map(({ write: value }) => value)).toEqual(
      Array.from({ length: 300 }, (_, n) => n + 1),
    );
    expect(acks(bench).at(-1)).toEqual(['ack', 300 & 0xff, false]);
  });

  test('nothing of a damaged request is done: any bit, any octet lost or doubled', () => {
    const content = write(0x30, 0x7e000001, 2);
    content[1] = 1;
    const wire = encodeFrame(content);
    const damaged: Buffer[] = [];
    for (let at = 0; at < wire.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const copy = Buffer.from(wire);
        copy[at] = (copy[at] as number) ^ (1 << bit);
        damaged.push(copy);
      }
      const [before, here, after] = [
        wire.subarray(0, at),
        wire.subarray(at, at + 1),
        wire.subarray(at + 1),
      ];
      // A flag more or less at an end changes nothing, nor does an escape before an escape.
      if (at > 0 && at < wire.length - 1) damaged.push(Buffer.concat([before, after]));
      if (at > 0 && at < wire.length - 1 && wire[at] !== 0x7d)
        damaged.push(Buffer.concat([before, here, here, after]));
    }
    const bench = open();
    for (const copy of damaged) {
      bench.octets(copy);
      bench.octets([0x7e]);
      bench.settle();
      expect(bench.accesses, copy.toString('hex')).toEqual([]);
    }
    bench.send(1, content);
    bench.settle();
    expect(bench.accesses.length).toBe(2);
  });

  test('before the first hello nothing is done', () => {
    const bench = new SerialBench(makers.bridge);
    for (let number = 0; number < 256; number++) bench.send(number, write(0x10, number));
    bench.settle();
    expect(bench.accesses).toEqual([]);
    expect(bench.reports.every(({ kind, refused }) => kind === 'ack' && refused)).toBe(true);
  });

  test('a hello begins anew with any number, behind what was accepted before', () => {
    const bench = open();
    bench.send(1, write(0x10, 1));
    bench.send(200, request('hello', NONCE));
    bench.send(201, write(0x10, 2));
    bench.settle();
    expect(bench.accesses.map(({ write: value }) => value)).toEqual([1, 2]);
    expect(acks(bench)).toEqual([
      ['ack', 1, false],
      ['hello', 200, false],
      ['ack', 201, false],
    ]);
  });
});

describe('a bad line', () => {
  test('half a frame ends with the next flag, or when nothing comes for long', () => {
    const bench = open();
    const content = write(0x30, 3);
    content[1] = 1;
    const wire = encodeFrame(content);
    bench.octets(wire.subarray(0, 7));
    bench.send(1, content);
    bench.settle();
    expect(bench.accesses.length).toBe(1);
    bench.octets(wire.subarray(0, 7));
    bench.settle(600_000); // the idle time
    expect(acks(bench).at(-1)).toEqual(['ack', 1, true]);
    bench.send(2, write(0x30, 4));
    bench.settle();
    expect(bench.accesses.map(({ write: value }) => value)).toEqual([3, 4]);
  });

  test('an octet without its stop bit spoils its frame and no other', () => {
    const bench = open();
    const content = write(0x30, 3);
    content[1] = 1;
    const wire = encodeFrame(content);
    bench.octets(wire.subarray(0, 5));
    bench.pause(12, 0);
    bench.pause(2);
    bench.octets(wire.subarray(5));
    bench.send(1, content);
    bench.settle();
    expect(bench.accesses.length).toBe(1);
    expect(acks(bench)).toEqual([
      ['ack', 0, true],
      ['ack', 1, false],
    ]);
  });

  test('requests beyond the queue are refused whole, and what is in it is done', () => {
    const bench = open();
    bench.busStuck = true;
    const large = (number: number) =>
      write(0x1000, ...Array.from({ length: 60 }, (_, n) => 1000 * number + n));
    for (let number = 1; number <= 10; number++) bench.send(number, large(number));
    bench.run(10 * 260 * 40);
    expect(bench.busWaits).toBe(true);
    bench.busStuck = false;
    bench.settle();
    expect(bench.accesses.length % 60).toBe(0);
    const whole = bench.accesses.length / 60;
    // 2048 octets hold eight of 247; what is being executed is partly gone.
    expect(whole).toBe(8);
    expect(acks(bench).at(-1)).toEqual(['ack', 8, false]);
    expect(bench.reports.some(({ refused }) => refused)).toBe(true);
    for (let number = 9; number <= 10; number++) bench.send(number, large(number));
    bench.settle();
    expect(bench.accesses.length).toBe(600);
  });

  test('a frame whose last part never came is ended by the next hello, too long to be sent', () => {
    const bench = open();
    const [first] = injectRequests(0x155, Buffer.alloc(60, 7), 40);
    bench.send(1, first as Buffer);
    bench.send(9, request('hello', NONCE));
    bench.settle();
    expect(bench.injected.length).toBe(1);
    expect(bench.injected[0]?.frame.length).toBeGreaterThan(2 * 2000);
    const [whole] = injectRequests(0x2aa, Buffer.alloc(20, 8), 40);
    bench.send(10, whole as Buffer);
    bench.settle();
    expect(bench.injected[1]).toEqual({
      record: 0x2aa,
      frame: Buffer.alloc(20, 8).toString('hex'),
    });
    expect(acks(bench).at(-1)).toEqual(['ack', 10, false]);
  });
});

describe('who may speak', () => {
  test('replies and frames for the host take turns', () => {
    const bench = open();
    for (let n = 0; n < 6; n++) bench.punt(BigInt(n), Buffer.alloc(60, n));
    for (let number = 1; number <= 6; number++) bench.send(number, read([0x40, 20]));
    bench.settle();
    const kinds = bench.reports.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'reply').length).toBe(6);
    expect(kinds.filter((kind) => kind === 'frame').length).toBe(6);
    // From the first reply on none waits for two frames, nor a frame for two replies.
    const both = kinds.slice(kinds.indexOf('reply'), kinds.lastIndexOf('frame'));
    for (const [index, kind] of both.entries()) expect(both[index + 1]).not.toBe(kind);
    // What a frame says is done is what was done before it: its reply is not passed by.
    let done = 0;
    for (const report of bench.reports) {
      if (report.kind === 'reply') done = report.done;
      else expect(report.done).toBe(done);
    }
  });

  test('a slot event is told by itself, and in every report while it stands', () => {
    const bench = open();
    bench.dut.set({ attention_i: 1 });
    bench.settle();
    bench.send(1, read([0x40, 1]));
    bench.settle();
    bench.dut.set({ attention_i: 0 });
    bench.settle();
    bench.send(2, read([0x40, 1]));
    bench.settle();
    expect(bench.reports.map(({ kind, attention }) => [kind, attention])).toEqual([
      ['ack', true],
      ['reply', true],
      ['reply', false],
    ]);
  });

  test('an idle bridge is silent', () => {
    const bench = open();
    bench.said.length = 0;
    bench.run(5000);
    bench.octets([0x7e, 0x7e, 0x7e]);
    bench.settle();
    expect(bench.said).toEqual([]);
    expect(bench.reader.damaged).toBe(0);
  });
});
