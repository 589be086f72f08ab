import { beforeAll, expect, test } from 'vitest';
import { ensureBuilt } from '../../sim/index.ts';
import type { NativeModule } from '../../sim/native.ts';
import { loadAddon } from '../../sim/native.ts';
import { LOOP } from './loop-card.ts';

let addon: NativeModule;
beforeAll(async () => {
  addon = loadAddon((await ensureBuilt({ configuration: 'sim', standIn: LOOP })).addonPath);
});

/** Ethernet, IPv4 and then `l4`. */
const START = 34;
const frame = (l4: Buffer) => Buffer.concat([Buffer.alloc(START, 0x5a), l4]);

/** CRC32c bit by bit as RFC 9260 appendix A has it: polynomial 0x1edc6f41, reflected. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test('the reference knows the value of RFC 3720 appendix B.4', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
});

test.each([12, 13, 100, 1480])(
  'SCTP of %i bytes: CRC32c over all, its own field as zero',
  (length) => {
    const packet = Buffer.from(Array.from({ length }, (_, n) => n & 0xff));
    const sent = frame(packet);
    expect(addon.finishChecksum(sent, START, 8)).toBe(true);
    packet.writeUInt32LE(0, 8);
    packet.writeUInt32LE(crc32c(packet), 8);
    expect(sent).toEqual(frame(packet));
  },
);

test.each([
  ['UDP', 6, 40],
  ['TCP, odd length', 16, 61],
])('%s: with the pseudo header’s sum in the field all words add up', (_, offset, length) => {
  const packet = Buffer.from(Array.from({ length }, (_n, n) => (n * 37) & 0xff));
  const pseudo = 0x1234;
  packet.writeUInt16BE(pseudo, offset);
  const sent = frame(packet);
  expect(addon.finishChecksum(sent, START, offset)).toBe(true);
  let sum = pseudo;
  for (let at = START; at < sent.length; at += 2)
    sum += ((sent[at] ?? 0) << 8) | (sent[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  expect(sum).toBe(0xffff);
});

test('a UDP checksum that comes to zero is sent as all ones (RFC 768)', () => {
  const packet = Buffer.alloc(8);
  packet.writeUInt16BE(0xffff, 6);
  const sent = frame(packet);
  addon.finishChecksum(sent, START, 6);
  expect(sent.readUInt16BE(START + 6)).toBe(0xffff);
});

test('a place outside of the frame is refused and nothing is changed', () => {
  const sent = frame(Buffer.alloc(11));
  for (const [start, offset] of [
    [START, 8],
    [START + 10, 6],
    [999, 6],
  ] as const) {
    expect(addon.finishChecksum(sent, start, offset)).toBe(false);
  }
  expect(sent).toEqual(frame(Buffer.alloc(11)));
});
