import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { CapturePort, PcapngWriter, readCapture } from '../../sim/index.ts';
import { build, Cards, numbered } from './loop-card.ts';

const cards = new Cards();
let folder = '';
beforeAll(() => build('sim'));
afterEach(async () => {
  await cards.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A capture of two interfaces: even frames on 0, odd on 1. */
function capture(frames: readonly Buffer[], linkType = 1): string {
  folder = mkdtempSync(join(tmpdir(), 'vidline-port-'));
  const path = join(folder, 'in.pcapng');
  const writer = PcapngWriter.open(path, [{ name: 'even', linkType }, { name: 'odd' }]);
  for (const [n, data] of frames.entries())
    writer.write({ interfaceId: n % 2, timestampNs: BigInt(n), data });
  writer.close();
  return path;
}

test('a capture goes in by one port, what leaves another is a capture', async () => {
  const frames = numbered(1500, 60);
  const play = capture(frames);
  const record = join(folder, 'out.pcapng');
  const card = await cards.open();
  const input = await CapturePort.attach(card, 0, { play });
  let now = 1_700_000_000_000_000_000n;
  const output = await CapturePort.attach(card, 1, { record, now: () => now++ });
  expect(await input.play()).toBe(1500);
  await card.runUntilIdle();
  output.close();
  const read = [];
  for await (const frame of readCapture(record)) read.push(frame);
  expect(read.map(({ data }) => data)).toEqual(frames);
  expect(read[1]?.timestampNs).toBe(1_700_000_000_000_000_001n);
  expect(read[0]?.interfaceName).toBe('port 1');
});

test('one interface of a capture can be chosen', async () => {
  const frames = numbered(10, 60);
  const card = await cards.open();
  const input = await CapturePort.attach(card, 0, { play: capture(frames), interfaceId: 1 });
  await card.attachMemory(1);
  expect(await input.play()).toBe(5);
  await card.runUntilIdle();
  expect(card.received(1)).toEqual(frames.filter((_, n) => n % 2 === 1));
});

test('a frame that is not Ethernet is named', async () => {
  const card = await cards.open();
  const input = await CapturePort.attach(card, 0, { play: capture(numbered(2, 60), 141) });
  await expect(input.play()).rejects.toThrow(/in\.pcapng: frame 1 has link type 141, not Ethernet/);
});
