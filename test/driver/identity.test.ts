import { expect, test } from 'vitest';
import type { CardSizes } from '../../driver/index.ts';
import { Card, DriverError, MAP, REGISTERS } from '../../driver/index.ts';
import { MemoryTransport, SIZES } from './memory-transport.ts';

const { identity } = REGISTERS;

test('a card that fits is described', async () => {
  const card = await Card.attach(new MemoryTransport());
  expect(card.identity).toEqual({
    major: MAP.major,
    minor: MAP.minor,
    buildId: 0xdeadbeef,
    configuration: 9,
    sizes: SIZES,
  });
});

test.each([
  [
    'nothing there',
    identity.magic,
    0xffffffff,
    'NOT_A_CARD',
    /magic is 0xffffffff.*0x5649444c.*configured/,
  ],
  ['something else', identity.magic, 0x12345678, 'NOT_A_CARD', /0x12345678.*right device/],
  [
    'a newer map',
    identity.version,
    ((MAP.major + 1) << 16) | 7,
    'VERSION',
    /map 3\.7, this driver knows 2\.x\. Update this driver/,
  ],
  ['an older map', identity.version, 0, 'VERSION', /Update the card/],
  ['a width', identity.data_width, 128, 'SIZES', /data_width is 128, not one of 64, 512/],
  ['ports', identity.ports, 16, 'SIZES', /ports is 16, not between 1 and 15.*decision\.ingress/],
  ['no ports', identity.ports, 0, 'SIZES', /ports is 0/],
  ['slots', identity.slots, 65, 'SIZES', /slots is 65/],
  ['vids', identity.vids, 65537, 'SIZES', /vids is 65537/],
  ['rules', identity.rules, 33, 'SIZES', /rules is 33/],
  ['prefixes', identity.prefixes, 9, 'SIZES', /prefixes is 9/],
  ['frame', identity.max_frame, 0, 'SIZES', /max_frame is 0/],
  ['window', identity.window, 3, 'SIZES', /window is 3/],
  ['overrides', identity.overrides, 32, 'SIZES', /overrides is 32, not between 64 and 131072/],
  ['a table that no hash indexes', identity.overrides, 96, 'SIZES', /overrides is 96, no power/],
  ['fragments', identity.fragments, 0, 'SIZES', /fragments is 0, not between 1/],
  ['byte counters', identity.vid_byte_counter_bits, 65, 'SIZES', /vid_byte_counter_bits is 65/],
  ['counters', identity.vid_counter_bits, 65, 'SIZES', /vid_counter_bits is 65/],
])('refused in words: %s', async (_, address, value, code, message) => {
  const transport = new MemoryTransport();
  transport.words.set(address, value);
  const attaching = Card.attach(transport);
  await expect(attaching).rejects.toThrow(message);
  await expect(attaching).rejects.toThrow(/^memory:test: /);
  await expect(attaching).rejects.toMatchObject({ code });
  await expect(attaching).rejects.toBeInstanceOf(DriverError);
  expect(transport.written()).toEqual([]);
  expect(transport.closed).toBe(0);
});

test('what is no card is not read beyond magic and version', async () => {
  const transport = new MemoryTransport();
  transport.words.set(identity.magic, 1);
  await expect(Card.attach(transport)).rejects.toThrow();
  expect(transport.log.map(({ address }) => address)).toEqual([identity.magic, identity.version]);
});

test.each<[Partial<CardSizes>, RegExp | undefined]>([
  [{ dataWidth: 64, slots: 8, vids: 100 }, undefined],
  [{ dataWidth: 512 }, /dataWidth is 64, 512 is needed/],
  [{ window: 100 }, /window is 160, 100 is needed/],
  [
    { slots: 9, vids: 257 },
    /slots is 8, at least 9 is needed; vids is 256, at least 257 is needed/,
  ],
])('a caller may ask for more: %o', async (expect_, message) => {
  const attaching = Card.attach(new MemoryTransport(), { expect: expect_ });
  if (message) await expect(attaching).rejects.toThrow(message);
  else await expect(attaching).resolves.toBeInstanceOf(Card);
});
