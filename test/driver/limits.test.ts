import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Card,
  healthEntry,
  LEAST_RATE,
  policerEntry,
  policerIndex,
  puntLimit,
  REASON,
  REGISTERS,
} from '../../driver/index.ts';
import { MemoryTransport, SIZES } from './memory-transport.ts';

describe('policers', () => {
  test('in frames a second and frames at once', () => {
    expect(policerEntry({ rate: 1000, burst: 11, share: 20 })).toEqual({
      interval: 256_000,
      burst: 2_560_000,
      share: 20,
    });
    expect(policerEntry({ share: 3 })).toEqual({ interval: 0, burst: 0, share: 3 });
    expect(policerEntry({})).toEqual({ interval: 0, burst: 0, share: 0 });
    expect(puntLimit(policerEntry({}))).toEqual({});
    expect([0, 3, 'line', 'fabric'].map((it) => policerIndex(SIZES, it as 'line'))).toEqual([
      0, 3, 4, 5,
    ]);
  });

  test('never let through more than was asked for, and hardly less', () => {
    fc.assert(
      fc.property(
        fc.double({ min: LEAST_RATE, max: 100_000, noNaN: true }),
        fc.integer({ min: 1, max: 256 }),
        fc.integer({ min: 1, max: 127 }),
        (rate, burst, share) => {
          const limit = puntLimit(policerEntry({ rate, burst, share }));
          expect(limit).toMatchObject({ burst, share });
          expect(limit.rate).toBeLessThanOrEqual(rate * (1 + 1e-12));
          expect(limit.rate).toBeGreaterThan(rate * 0.999);
        },
      ),
    );
  });

  test('say what they can hold', () => {
    expect(() => policerEntry({ rate: 15 })).toThrow(/a rate of 15 frames a second: give 15.3 to/);
    expect(() => policerEntry({ rate: Number.NaN })).toThrow(RangeError);
    expect(() => policerEntry({ rate: 16, burst: 1000 })).toThrow(/it may be 1 to 269/);
    expect(() => policerEntry({ rate: 16, burst: 0 })).toThrow(RangeError);
    expect(() => policerEntry({ share: 128 })).toThrow(/a share of 128 frames: give 1 to 127/);
  });
});

test('health in microseconds', () => {
  expect(healthEntry({ nonce: 0xffffffff, timeout: 600_000 })).toEqual({
    nonce: 0xffffffff,
    timeout_us: 600_000,
    suspect_us: 0,
  });
  expect(() => healthEntry({ nonce: 1, timeout: 2 ** 24 })).toThrow(/timeout of 16777216 µs/);
  expect(() => healthEntry({ nonce: 1, timeout: 1, suspect: -1 })).toThrow(/suspect of -1 µs/);
});

describe('the card as a whole', () => {
  test('times in microseconds', async () => {
    const card = await Card.attach(new MemoryTransport());
    await card.setTimes({ fragment: 1_000_000, stall: 2 });
    await card.setTimes({ suspectHold: 3 });
    expect(await card.times()).toEqual({ fragment: 1_000_000, stall: 2, suspectHold: 3 });
    await expect(card.setTimes({ stall: 2 ** 32 })).rejects.toThrow(/stall of 4294967296 µs/);
  });

  test('the mirror is off while what it copies changes', async () => {
    const transport = new MemoryTransport();
    const card = await Card.attach(transport);
    expect(await card.mirror()).toBeUndefined();
    const wanted = { port: 1, vid: 200, reasons: ['punt_setup', 'no_service'] } as const;
    transport.log.length = 0;
    await card.setMirror(wanted);
    const { select, reasons_low, reasons_high } = REGISTERS.mirror;
    expect(transport.log).toEqual([
      { address: select, write: 0 },
      { address: reasons_low, write: 1 << REASON.punt_setup },
      { address: reasons_high, write: 1 << (REASON.no_service - 32) },
      { address: select, write: (200 << 16) | (1 << 4) | 3 },
    ]);
    expect(await card.mirror()).toEqual(wanted);
    await card.setMirror({ port: 0, reasons: ['host_share'] });
    expect(await card.mirror()).toEqual({ port: 0, reasons: ['host_share'] });
    await card.setMirror(undefined);
    expect(await card.mirror()).toBeUndefined();
    await expect(card.setMirror({ port: 2 })).rejects.toThrow(/this card has ports 0 to 1/);
    await expect(card.setMirror({ port: 1, vid: 256 })).rejects.toThrow(/VIDs 0 to 255/);
  });
});
