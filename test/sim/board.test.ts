/** The simulated board itself: what it refuses, a live one, and RMII at its pins. */
import { describe, expect, test } from 'vitest';
import { Card, SerialTransport } from '../../driver/index.ts';
import { SimulatedCard } from '../../sim/index.ts';
import { Random } from '../generators/random.ts';

const configuration = 'ecp5-25';

async function attached(simulated: SimulatedCard): Promise<Card> {
  const path = await simulated.attachSerial();
  return Card.attach(await SerialTransport.open({ path, baudRate: 3_000_000 }, { keepAlive: 0 }));
}

test('a board has its own time, no decisions to show, and no other way to its host', async () => {
  const lockstep = { configuration, mode: 'lockstep' } as const;
  await expect(SimulatedCard.open({ ...lockstep, board: {}, observe: true })).rejects.toThrow(
    /does not show its decisions/,
  );
  await expect(SimulatedCard.open({ ...lockstep, board: { clockKhz: 40_000 } })).rejects.toThrow(
    /50 MHz/,
  );
  const board = await SimulatedCard.open({ ...lockstep, board: {} });
  try {
    await expect(board.setTime(5)).rejects.toThrow(/counts its own time/);
    await expect(board.access([{ address: 0 }])).rejects.toThrow(/serial line/);
    const card = await attached(board);
    const before = await card.time();
    await board.run(62_500);
    expect(Number((await card.time()) - before)).toBeGreaterThanOrEqual(1000);
    await card.close();
  } finally {
    await board.close();
  }
});

test('a live board runs, whether there is something to do or not', async () => {
  const board = await SimulatedCard.open({ configuration, mode: 'live', board: {} });
  try {
    const before = await board.clocks();
    const card = await attached(board);
    expect((await card.macs()).map((mac) => mac?.link)).toEqual([true, true]);
    const time = await card.time();
    expect(await board.clocks()).toBeGreaterThan(before);
    while ((await card.time()) < time + 100n) await card.status();
    await card.close();
  } finally {
    await board.close();
  }
});

describe('RMII', () => {
  test('frames at 100 and at 10 Mb/s, byte for byte, as copies from one port to the other', async () => {
    const random = new Random(3);
    const options = { configuration, mode: 'lockstep', board: { rmii: true } } as const;
    const board = await SimulatedCard.open(options);
    try {
      await board.attachMemory(0);
      await board.attachMemory(1);
      const card = await attached(board);
      await card.setMirror({ port: 1, reasons: ['disabled'] });
      for (const speed of [100, 10, 100] as const) {
        for (const port of [0, 1]) await board.setPhy(port, { speed });
        // RMII tells no speed: a MAC knows it by the first frame that it hears.
        await board.send(1, [random.bytes(60)]);
        await board.runUntilIdle(10_000_000);
        board.received(1);
        const frames = [60, 61, 700, 1514].map((bytes) => random.bytes(bytes));
        const bad = [false, false, true, false];
        await board.send(0, frames, { bad });
        await board.runUntilIdle(100_000_000);
        expect(board.received(1)).toEqual(frames.filter((_, n) => !bad[n]));
        const state = { kind: 'RMII', link: true, speed, fullDuplex: true };
        expect(await card.macs()).toMatchObject([state, state]);
      }
      expect((await card.macs())[0]?.faults).toMatchObject({ rx_fcs: 3, rx_alignment: 0 });
      const { ports } = await board.statistics();
      expect(ports[1]?.phy).toEqual({ cut: 0, preamble: 0, fcs: 0, short: 0, gap: 0 });
      await card.close();
    } finally {
      await board.close();
    }
  });
});
