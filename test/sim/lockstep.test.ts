import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeDecision, REASON } from '../../driver/generated/registers.ts';
import type { SimulatedCard } from '../../sim/index.ts';
import { build, Cards, numbered, STOP } from './loop-card.ts';

const cards = new Cards();
beforeAll(() => build('sim'));
afterEach(() => cards.close());

describe('frames in, frames out', () => {
  const streams = [
    ['no gaps, no back-pressure', {}],
    ['gaps', { gaps: 100 }],
    ['back-pressure', { pressure: 150 }],
    ['gaps and back-pressure', { gaps: 100, pressure: 150 }],
  ] as const;
  for (const [name, patterns] of streams)
    test(`${name}: whole, in order, on every port and the host`, async () => {
      const card = await cards.open({ observe: true });
      const frames = numbered(200);
      for (let port = 0; port < card.ports; port++) {
        await card.attachMemory(port);
        await card.setPatterns(port, { ...patterns, seed: port + 1 });
        await card.send(port, frames);
      }
      await card.setPatterns('host', { ...patterns, seed: 99 });
      await card.inject(frames.map((data, n) => ({ record: n, data })));
      const clocks = await card.runUntilIdle();
      for (let port = 0; port < card.ports; port++) expect(card.received(port)).toEqual(frames);
      expect(card.hostFrames().map((frame) => frame.data)).toEqual(frames);

      const seen = card.decisions();
      expect(seen).toHaveLength(frames.length * (card.ports + 1));
      expect(seen.map(({ sequence }) => sequence)).toEqual(seen.map((_, n) => n));
      for (const { decision, ingress, egress, firstClock, decisionClock, sentClock } of seen) {
        expect(egress).toEqual(ingress);
        expect(decodeDecision(decision).length).toBe(ingress?.length);
        expect(firstClock).toBeLessThan(decisionClock);
        expect(decisionClock).toBeLessThan(sentClock ?? 0);
        expect(sentClock).toBeLessThanOrEqual(clocks);
      }
    });

  test('a source without gaps puts a beat into every clock, gaps stretch it', async () => {
    const card = await cards.open({ observe: true });
    await card.attachMemory(0);
    const run = async (gaps: number) => {
      await card.setPatterns(0, { gaps });
      await card.send(
        0,
        Array.from({ length: 100 }, () => Buffer.alloc(64)),
      );
      await card.runUntilIdle();
      const seen = card.decisions();
      return (seen.at(-1)?.firstClock ?? 0) - (seen[0]?.firstClock ?? 0);
    };
    expect(await run(0)).toBe(99 * 8);
    expect(await run(128)).toBeGreaterThan(99 * 12);
  });

  test('a frame that the receiver found bad is dropped, and told apart from its neighbours', async () => {
    const card = await cards.open({ observe: true });
    await card.attachMemory(2);
    await card.attachMemory(3);
    const frames = numbered(5, 60);
    await card.send(2, frames, { bad: [false, true, false, false, true] });
    await card.runUntilIdle();
    expect(card.received(3)).toEqual([frames[0], frames[2], frames[3]]);
    const seen = card.decisions();
    expect(seen.map(({ ingress }) => ingress)).toEqual(frames);
    expect(seen.map(({ egress }) => egress === undefined)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(decodeDecision(seen[1]?.decision ?? new Uint32Array()).reason).toBe(REASON.rx_error);
  });

  test('inject records and decision records cross whole', async () => {
    const card = await cards.open();
    await card.inject([{ record: 0x2a5, data: Buffer.alloc(60) }]);
    await card.setTime(123_456_789_012);
    await card.runUntilIdle();
    const decision = decodeDecision(card.hostFrames()[0]?.decision ?? new Uint32Array());
    expect(decision.key).toBe(0x2a5n);
    expect(decision.time_us).toBe(123_456_789_012n);
    expect(decision.ingress).toBe(card.ports);
  });

  test('frames that leave by a port without attachment are counted', async () => {
    const card = await cards.open();
    await card.attachMemory(0);
    await card.send(0, numbered(3, 60));
    await card.runUntilIdle();
    const { unattached, ports } = await card.statistics();
    expect(unattached).toBe(3);
    expect(ports[0]?.framesIn).toBe(3);
    expect(ports[0]?.bytesIn).toBe(60 + 61 + 62);
    expect(ports[1]?.framesOut).toBe(3);
  });
});

describe('nothing advances unless asked', () => {
  test('clocks are those asked for, and handing frames over takes none', async () => {
    const card = await cards.open();
    await card.attachMemory(0);
    await card.attachMemory(1);
    await card.send(0, numbered(1, 60));
    expect(await card.clocks()).toBe(0);
    await card.run(3);
    expect(await card.clocks()).toBe(3);
    expect(card.received(1)).toEqual([]);
    await card.run(60);
    expect(await card.clocks()).toBe(63);
    expect(card.received(1)).toHaveLength(1);
  });

  test('the same calls give the same clocks', async () => {
    const trial = async (card: SimulatedCard) => {
      for (const port of [0, 1]) {
        await card.attachMemory(port);
        await card.setPatterns(port, { gaps: 77, pressure: 91, seed: 5 });
        await card.send(port, numbered(100, 60));
      }
      await card.access([{ address: 0x100, write: 1 }, { address: 0x100 }]);
      await card.runUntilIdle();
      return card.decisions();
    };
    const first = await trial(await cards.open({ observe: true }));
    const second = await trial(await cards.open({ observe: true }));
    expect(second).toEqual(first);
    expect(first).toHaveLength(200);
  });

  test('a run that does not become idle says so and the card goes on', async () => {
    const card = await cards.open();
    await card.attachMemory(0);
    await card.attachMemory(1);
    await card.setPatterns(1, { pressure: 255 });
    await card.send(0, numbered(200, 60));
    await expect(card.runUntilIdle(500)).rejects.toMatchObject({ code: 'NOT_IDLE' });
    await card.setPatterns(1, {});
    await card.runUntilIdle();
    expect(card.received(1)).toHaveLength(200);
  });
});

describe('register bus', () => {
  test('writes and reads in order, one answer for a batch', async () => {
    const card = await cards.open();
    const writes = Array.from({ length: 500 }, (_, n) => ({ address: 0x20 + 4 * n, write: n * 7 }));
    expect([...(await card.access(writes))]).toEqual(writes.map(({ write }) => write));
    const reads = await card.access(writes.map(({ address }) => ({ address })));
    expect([...reads]).toEqual(writes.map(({ write }) => write));
    expect([...(await card.access([{ address: 0 }]))]).toEqual([card.buildId]);
    expect([...(await card.access([]))]).toEqual([]);
  });

  test('refuses addresses that are none', async () => {
    const card = await cards.open();
    for (const address of [2, -4, 2 ** 24])
      await expect(card.access([{ address }])).rejects.toThrow(RangeError);
  });

  test('memory without reset starts with values of the seed', async () => {
    const addresses = Array.from({ length: 64 }, (_, n) => ({ address: 0x400 + 4 * n }));
    const read = async (seed: number) =>
      [...(await (await cards.open({ seed })).access(addresses))].join();
    expect(await read(0)).toBe(addresses.map(() => 0).join());
    expect(await read(7)).toBe(await read(7));
    expect(await read(7)).not.toBe(await read(8));
    // Also when cards are opened at once: Verilator's runtime counts seeds for the whole process.
    const [first, ...others] = await Promise.all([7, 7, 7, 7].map(read));
    expect(others).toEqual(others.map(() => first));
  });
});

describe('the model stops', () => {
  test.each([
    ['$fatal', STOP.fatal, /gen|linecard.*told to by register f00/],
    ['a failed assertion', STOP.assertion, /linecard.*told to by register f04/],
    ['$stop', STOP.stop, /\$stop.*loop_card\.sv:\d+/],
  ])(
    '%s: an error that names place and clock, for the call and all later ones',
    async (_, address, said) => {
      const card = await cards.open();
      const failed: Error[] = [];
      card.on('failed', (error) => failed.push(error));
      await card.setTime(777);
      const wrong = card.access([{ address, write: 1 }]);
      await expect(wrong).rejects.toThrow(said);
      await expect(wrong).rejects.toThrow(/\(clock \d+, time 777 us\)/);
      await expect(wrong).rejects.toMatchObject({ code: 'FAILED' });
      const { message } = (await wrong.catch((error: unknown) => error)) as Error;
      await expect(card.run(1)).rejects.toThrow(message);
      await expect(card.statistics()).rejects.toThrow(message);
      expect(failed.map((error) => error.message)).toEqual([message]);
    },
  );

  test('$display does not stop it, nor does another card feel it', async () => {
    const [one, two] = [await cards.open(), await cards.open()];
    await one.access([{ address: STOP.message, write: 1 }]);
    await one.run(10);
    await expect(two.access([{ address: STOP.fatal, write: 1 }])).rejects.toThrow('f00');
    await one.run(10);
    expect(await one.clocks()).toBeGreaterThan(20);
  });

  test('close rejects what waits and what comes, and can be repeated', async () => {
    const card = await cards.open();
    const waiting = card.run(2 ** 40);
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    await card.close();
    await card.close();
    await outcome;
    await expect(card.run(1)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('wrong use is told in words', () => {
  test('ports', async () => {
    const card = await cards.open();
    await expect(card.attachMemory(8)).rejects.toThrow('port 8: this card has ports 0 to 7');
    await card.attachMemory(1);
    await expect(card.attachMemory(1)).rejects.toThrow('port 1 is attached already');
    await expect(card.send(0, [Buffer.alloc(60)])).rejects.toThrow('port 0 is no memory port');
    await expect(card.send(1, [Buffer.alloc(60), Buffer.alloc(0)])).rejects.toThrow(/frame 1 of 2/);
    await expect(card.attachInterface(2, 'lo')).rejects.toThrow(/live mode/);
  });

  test('configurations', async () => {
    await expect(cards.open({ configuration: 'sum' })).rejects.toThrow(
      /no configuration "sum"; it has sim, /,
    );
  });
});
