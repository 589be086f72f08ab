/** The driver's half of the line, with a card that is nothing but registers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Access, HostFrame } from '../../../driver/index.ts';
import { DriverError, SerialTransport } from '../../../driver/index.ts';
import { ModelLine } from './model-line.ts';

const QUIET = { keepAlive: 0 } as const;

describe('access', () => {
  test('every access is done once and in order, whatever the line loses', async () => {
    const access = fc.record({
      address: fc.nat(9).map((n) => 0x100 + 4 * n),
      write: fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined }),
    });
    const batches = fc.array(fc.array(access, { maxLength: 12 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 1e6 }), async (work, seed) => {
        const line = new ModelLine(seed);
        const transport = await SerialTransport.over(line, QUIET);
        line.loss = seed % 30;
        const results = await Promise.all(
          work.map((batch) => transport.access(batch as readonly Access[])),
        );
        const words = new Map<number, number>();
        const expected = work.map((batch) =>
          batch.map(({ address, write }) => {
            if (write !== undefined) words.set(address, write);
            return words.get(address) ?? 0;
          }),
        );
        expect(results.map((values) => [...values])).toEqual(expected);
        expect(line.writes).toEqual(
          work
            .flat()
            .flatMap(({ address, write }) => (write === undefined ? [] : [[address, write]])),
        );
        await transport.close();
      }),
      { numRuns: 15 },
    );
  }, 200_000);

  test('a window is never more than the card has room for', async () => {
    const line = new ModelLine();
    const transport = await SerialTransport.over(line, QUIET);
    for (let round = 0; round < 4; round++)
      await transport.access(
        Array.from({ length: 4096 }, (_, n) => ({ address: 0x100000 + 4 * n, write: 0x7e7d7e7d })),
      );
    expect(line.writes.length).toBe(4 * 4096);
    expect(line.mostUnderWay).toBeGreaterThan(1500);
    expect(line.mostUnderWay).toBeLessThanOrEqual(2048);
    await transport.close();
  });

  test('nothing to do is done at once', async () => {
    const line = new ModelLine();
    const transport = await SerialTransport.over(line, QUIET);
    const { requests } = line;
    expect(await transport.access([])).toEqual(new Uint32Array());
    await transport.inject([]);
    expect(line.requests).toBe(requests);
    await transport.close();
  });
});

test('frames are injected whole and once, and those for the host counted', async () => {
  const line = new ModelLine(3);
  const transport = await SerialTransport.over(line, QUIET);
  const seen: HostFrame[] = [];
  transport.on('frames', (frames) => seen.push(...frames));
  line.loss = 20;
  const frames = Array.from({ length: 20 }, (_, n) => Buffer.alloc(60 + 70 * n, n));
  await transport.inject(
    frames.map((data, n) => ({ target: { to: 'port', port: n % 8 }, data }) as const),
  );
  expect(line.injected.map((hex) => hex.slice(4))).toEqual(
    frames.map((frame) => frame.toString('hex')),
  );
  for (let n = 0; n < 50; n++) line.punt(Buffer.of(n));
  line.loss = 0;
  line.punt(Buffer.of(99));
  expect(seen.at(-1)?.data).toEqual(Buffer.of(99));
  expect(seen.length).toBeLessThan(51);
  expect(transport.counters.frames).toBe(seen.length);
  expect(transport.counters.frames + transport.counters.lostFrames).toBe(51);
  await transport.close();
});

test('between the parts of a frame goes nothing, not even what is asked again', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const line = new ModelLine(seed);
    const transport = await SerialTransport.over(line, QUIET);
    line.loss = 25;
    const reads = Array.from({ length: 40 }, (_, n) => ({ address: 0x100 + 8 * n }));
    const data = Buffer.alloc(1500, seed);
    const both = () => [
      transport.access(reads),
      transport.inject([{ target: { to: 'port', port: 0 }, data }]),
    ];
    await Promise.all([...both(), ...both(), ...both()]);
    expect(line.between).toBe(0);
    expect(line.injected.length).toBe(3);
    await transport.close();
  }
});

describe('attention', () => {
  test('is told when it rises, and again by a look where it stands', async () => {
    const line = new ModelLine();
    const transport = await SerialTransport.over(line, { keepAlive: 20 });
    let told = 0;
    const twice = new Promise<void>((resolve) => {
      transport.on('attention', () => {
        told += 1;
        if (told === 2) resolve();
      });
    });
    line.attention(true);
    expect(told).toBe(1);
    await transport.access([{ address: 0x100 }]);
    expect(told).toBe(1);
    await twice;
    await transport.close();
  });
});

describe('faults', () => {
  test('nobody answers: no device, with what to look at; the line is closed', async () => {
    const line = new ModelLine();
    line.silent = true;
    const opened = SerialTransport.over(line, { ...QUIET, patience: 300 });
    await expect(opened).rejects.toMatchObject({
      code: 'NO_DEVICE',
      message: expect.stringMatching(/uart:model@1: nothing answers .*bitstream.*rate/),
    });
    expect(line.closed).toBeGreaterThan(0);
  });

  test('another version of the protocol is refused by its number', async () => {
    const line = new ModelLine();
    line.version = 9;
    const opened = SerialTransport.over(line, QUIET);
    await expect(opened).rejects.toMatchObject({
      code: 'VERSION',
      message: expect.stringMatching(/version 9 .* version 1/),
    });
  });

  test.each(['silence', 'the plug'])(
    '%s: what is pending fails, and all that comes after',
    async (how) => {
      const line = new ModelLine();
      const transport = await SerialTransport.over(line, { ...QUIET, patience: 100 });
      const failures: Error[] = [];
      transport.on('failed', (error) => failures.push(error));
      line.silent = true;
      const pending = transport.access([{ address: 0x100 }]);
      if (how === 'the plug') line.pull();
      const error = await pending.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DriverError);
      expect(error).toMatchObject({
        code: 'LINE',
        message: expect.stringMatching(/attach again and reconcile/),
      });
      expect(failures).toEqual([error]);
      await expect(
        transport.inject([{ target: { to: 'slot', slot: 0 }, data: Buffer.alloc(60) }]),
      ).rejects.toBe(error);
      await transport.close();
      await transport.close();
    },
  );

  test('close rejects what is pending and tells nobody that it failed', async () => {
    const line = new ModelLine();
    const transport = await SerialTransport.over(line, QUIET);
    transport.on('failed', () => expect.unreachable());
    const pending = transport.access([{ address: 0x100 }]);
    const outcome = expect(pending).rejects.toMatchObject({ code: 'CLOSED' });
    await transport.close();
    await outcome;
  });

  test('a device that is not there: its name and what to do', async () => {
    const opened = SerialTransport.open({ path: '/dev/ttyNotThere', baudRate: 3_000_000 });
    await expect(opened).rejects.toMatchObject({
      code: 'NO_DEVICE',
      message: expect.stringMatching(
        /uart:\/dev\/ttyNotThere@3000000: there is no such device.*plugged in/,
      ),
    });
  });
});
