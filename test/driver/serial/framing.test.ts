import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader, fcsRegister } from '../../../driver/serial/framing.ts';

const content = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .map((octets) => Buffer.from(octets));

test('the check sequence is CRC-32 of IEEE 802.3: its check value', () => {
  expect((~fcsRegister(Buffer.from('123456789')) >>> 0).toString(16)).toBe('cbf43926');
});

test('frames come out as they went in, however the octets are cut', () => {
  fc.assert(
    fc.property(fc.array(content), fc.array(fc.integer({ min: 1, max: 40 })), (frames, cuts) => {
      const line = Buffer.concat(frames.map(encodeFrame));
      const reader = new FrameReader();
      const out: Buffer[] = [];
      for (let at = 0, n = 0; at < line.length; n++) {
        const length = cuts[n % Math.max(1, cuts.length)] ?? line.length;
        out.push(...reader.push(line.subarray(at, at + length)));
        at += length;
      }
      expect(out).toEqual(frames);
      expect(reader.damaged).toBe(0);
    }),
  );
});

test('inside a frame stand no flags, and no escapes but before what they escape', () => {
  const wire = encodeFrame(Buffer.from('7e7d5e5d7e', 'hex'));
  expect(wire.subarray(0, 9).toString('hex')).toBe('7e7d5e7d5d5e5d7d5e');
  expect(wire.subarray(1, -1).includes(0x7e)).toBe(false);
});

test('a damaged frame is counted and takes no other with it', () => {
  const [before, bad, after] = [1, 2, 3].map((n) => encodeFrame(Buffer.alloc(20, n))) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  for (let at = 1; at < bad.length - 1; at++) {
    const reader = new FrameReader();
    const turned = Buffer.from(bad);
    turned[at] = (turned[at] as number) ^ 0x10;
    const out = reader.push(Buffer.concat([before, turned, after]));
    expect(out).toEqual([Buffer.alloc(20, 1), Buffer.alloc(20, 3)]);
    expect(reader.damaged).toBe(1);
  }
});
