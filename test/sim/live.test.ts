import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeDecision } from '../../driver/generated/registers.ts';
import type { SimulatedCard } from '../../sim/index.ts';
import { build, Cards, numbered, STOP } from './loop-card.ts';

const cards = new Cards();
beforeAll(async () => {
  await build('sim');
  await build('ecp5-25');
  await build('sim-512');
});
afterEach(() => cards.close());

/** Registers of loop_card.sv that are the card's deadline. */
const DEADLINE = { high: 4, low: 8 };

/** Resolves when `count` frames have come by the event. */
async function collect(card: SimulatedCard, port: number, count: number): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  while (frames.length < count) {
    const [from, some] = await once(card, 'port');
    if (from === port) frames.push(...(some as Buffer[]));
  }
  return frames;
}

describe('a live card', () => {
  test('runs by itself: frames through memory ports, whole and in order', async () => {
    const card = await cards.open({ mode: 'live' });
    await card.attachMemory(4);
    await card.attachMemory(5);
    const frames = numbered(1000, 60);
    const [, received] = await Promise.all([card.send(4, frames), collect(card, 5, 1000)]);
    expect(received).toEqual(frames);
  });

  test('injects resolve when taken; punts and decisions come as events', async () => {
    const card = await cards.open({ mode: 'live', observe: true });
    const data = Buffer.alloc(60, 3);
    const frames = once(card, 'frames');
    const decisions = once(card, 'decisions');
    await card.inject([{ record: 7, data }]);
    expect((await card.statistics()).host.framesIn).toBe(1);
    expect((await frames)[0][0].data).toEqual(data);
    expect((await decisions)[0][0]).toMatchObject({ ingress: data, egress: data, sequence: 0 });
  });

  test('many injects at once are all answered', async () => {
    const card = await cards.open({ mode: 'live' });
    let seen = 0;
    card.on('frames', (frames) => {
      seen += frames.length;
    });
    await Promise.all(numbered(300, 60).map((data, record) => card.inject([{ record, data }])));
    await card.inject([]);
    while (seen < 300) await setTimeout(1);
    expect((await card.statistics()).host).toMatchObject({ framesIn: 300, framesOut: 300 });
  });

  test('sleeps when nothing is to be done', async () => {
    const card = await cards.open({ mode: 'live' });
    await card.access([{ address: 0x40, write: 1 }]);
    let before = -1;
    let now = await card.clocks();
    while (now !== before) {
      before = now;
      await setTimeout(5);
      now = await card.clocks();
    }
    await setTimeout(50);
    expect(await card.clocks()).toBe(now);
  });

  test('wakes at the deadline of the model, in real time', async () => {
    const card = await cards.open({ mode: 'live', observe: true });
    const cardTime = async () => {
      await card.inject([{ record: 0, data: Buffer.alloc(60) }]);
      for (;;) {
        const [seen] = card.decisions();
        if (seen) return decodeDecision(seen.decision).time_us;
        await setTimeout(1);
      }
    };
    const deadline = (await cardTime()) + 30_000n;
    await card.access([
      { address: DEADLINE.high, write: Number(deadline >> 32n) },
      { address: DEADLINE.low, write: Number(deadline & 0xffff_ffffn) },
    ]);
    const before = await card.clocks();
    // Past the deadline the loop card has something to do for ever: the clocks go on by themselves.
    while ((await card.clocks()) - before < 500) await setTimeout(1);
    expect(await cardTime()).toBeGreaterThanOrEqual(deadline);
  });

  test('the end of the model is told by event and by every call', async () => {
    const card = await cards.open({ mode: 'live' });
    const failed = once(card, 'failed');
    const wrong = card.access([{ address: STOP.fatal, write: 1 }]);
    await expect(wrong).rejects.toMatchObject({ code: 'FAILED' });
    expect((await failed)[0].message).toMatch(/f00.*\(clock \d+/);
    await expect(card.inject([{ record: 0, data: Buffer.alloc(60) }])).rejects.toThrow('f00');
  });

  test('calls of lock-step are refused', async () => {
    const card = await cards.open({ mode: 'live' });
    await expect(card.run(1)).rejects.toMatchObject({ code: 'MODE' });
    await expect(card.runUntilIdle()).rejects.toMatchObject({ code: 'MODE' });
    await expect(card.setTime(1)).rejects.toMatchObject({ code: 'MODE' });
    await expect(card.attachInterface(0, 'no-such-if')).rejects.toThrow(/no-such-if: not there/);
  });
});

describe('several cards in one process', () => {
  test('two live ones of one configuration do not mix', async () => {
    const pair = await Promise.all([cards.open({ mode: 'live' }), cards.open({ mode: 'live' })]);
    const all = await Promise.all(
      pair.map(async (card, n) => {
        await card.attachMemory(0);
        await card.attachMemory(1);
        const frames = numbered(500, 60 + n);
        const [, received] = await Promise.all([card.send(0, frames), collect(card, 1, 500)]);
        return [frames, received] as const;
      }),
    );
    for (const [sent, received] of all) expect(received).toEqual(sent);
  });

  test('nor do two configurations, nor a tracing one', async () => {
    const three = [
      await cards.open(),
      await cards.open({ configuration: 'ecp5-25' }),
      await cards.open({ configuration: 'sim-512' }),
    ];
    expect(three.map(({ ports, dataWidth }) => [ports, dataWidth])).toEqual([
      [8, 64],
      [2, 64],
      [8, 512],
    ]);
    const frames = numbered(150);
    for (const card of three) {
      await card.attachMemory(0);
      await card.attachMemory(1);
      await card.send(0, frames);
    }
    for (const card of three) await card.run(40);
    for (const card of three) await card.runUntilIdle();
    for (const card of three) expect(card.received(1)).toEqual(frames);
    const ids = await Promise.all(three.map((card) => card.access([{ address: 0 }])));
    expect(ids.map(([id]) => id)).toEqual(three.map(({ buildId }) => buildId));
    expect(new Set(ids.map(([id]) => id)).size).toBe(3);
  });
});
