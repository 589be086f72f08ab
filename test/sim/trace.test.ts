import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, Cards, numbered, STOP } from './loop-card.ts';

const cards = new Cards();
let folder = '';
beforeAll(async () => {
  await build('sim', true);
  folder = mkdtempSync(join(tmpdir(), 'vidline-trace-'));
});
afterAll(async () => {
  await cards.close();
  rmSync(folder, { recursive: true, force: true });
});

/** First and last time of an FST file: block type 0 (header), length, start, end, big-endian. */
function window(file: string): [start: number, end: number] {
  const bytes = Buffer.alloc(25);
  const fd = openSync(file, 'r');
  readSync(fd, bytes, 0, bytes.length, 0);
  closeSync(fd);
  expect(bytes[0]).toBe(0);
  return [Number(bytes.readBigUInt64BE(9)), Number(bytes.readBigUInt64BE(17))];
}

test('the waveform covers the clocks asked for and no others', async () => {
  const file = join(folder, 'window.fst');
  const card = await cards.open({ trace: { file, from: 100, to: 160 } });
  await card.attachMemory(0);
  await card.send(0, numbered(20, 60));
  await card.run(300);
  // Ten units of time a clock; the last rising edge is at half of clock 159.
  expect(window(file)).toEqual([1000, 1595]);
});

test('what the model did until it stopped is in the file', async () => {
  const file = join(folder, 'failed.fst');
  const card = await cards.open({ trace: { file } });
  await card.run(50);
  await expect(card.access([{ address: STOP.fatal, write: 1 }])).rejects.toThrow('f00');
  await card.close();
  const [start, end] = window(file);
  expect(start).toBe(0);
  expect(end).toBeGreaterThanOrEqual(500);
  expect(statSync(file).size).toBeGreaterThan(500);
});

test('a file that cannot be written is told at once', async () => {
  const file = join(folder, 'no', 'such', 'folder.fst');
  await expect(cards.open({ trace: { file } })).rejects.toThrow(/ENOENT.*folder\.fst/);
});
