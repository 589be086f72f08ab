import { beforeAll, describe, expect, test } from 'vitest';
import { ORIGIN, REASON } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Extension } from './harness/frames.ts';
import { chainOf, ethernet, ipv6, TYPES } from './harness/frames.ts';
import type { Meta } from './harness/headers.ts';
import { chain, l3, meaningful, wanted } from './harness/headers.ts';
import type { Width } from './harness/line.ts';
import { CHAIN_CLOCKS, Line, TAPS, WIDTHS } from './harness/line.ts';
import { META } from './harness/records.ts';
import { Random } from './harness/streams.ts';

let makers: Record<'chain64' | 'chain512', Make>;
beforeAll(async () => {
  const model = (width: Width) => ({
    module: 'parse_chain',
    parameters: { DATA_WIDTH: width },
  });
  makers = await build('parse-chain', { chain64: model(64), chain512: model(512) });
});

interface Frame {
  bytes: Buffer;
  /** As parse_l3 leaves it. */
  before: Meta;
}

const OPTIONS = [0, 43, 60, 135, 139, 140, 51];
const LINE: Meta = { origin: ORIGIN.line, by_rules: 1, decided: 0, reason: 0 };

/** `next` behind the chain; behind up to two tags. */
function frameOf(
  headers: readonly Extension[],
  next: number,
  tags: number,
  random: Random,
  from: Meta = LINE,
): Frame {
  const { first, bytes } = chainOf(headers, next, random);
  const list = Array<number>(tags).fill(TYPES.vlan);
  const head = ethernet(random.bytes(6), random.bytes(6), list, TYPES.ipv6, random);
  const packet = ipv6(first, Buffer.concat([bytes, random.bytes(20)]), random);
  const all = Buffer.concat([head, packet]);
  return { bytes: all, before: l3(all, { ...from, l3: head.length, ipv4: 0, ipv6: 1 }) };
}

/** Lengths in eights that add up to `sum`, in every order. */
function compositions(sum: number): number[][] {
  if (sum === 0) return [[]];
  return Array.from({ length: sum }, (_, i) => i + 1).flatMap((head) =>
    compositions(sum - head).map((tail) => [head, ...tail]),
  );
}

/** What comes out for each frame in its turn. Frames follow each other without a gap or with some. */
function walk(width: Width, frames: readonly Frame[], random: Random, gaps = 0): Meta[] {
  const dut = makers[`chain${width}`](random.word() >>> 1);
  const line = new Line<Frame>(width, random);
  for (const frame of frames) line.send(frame, random.chance(gaps) ? random.below(4) : 0);
  const { chain: tap } = TAPS[width];
  const out: Meta[] = [];
  for (let clocks = line.waiting + line.positions; clocks > 0; clocks--) {
    line.step();
    // A stage may not rely on what others fill in, nor on anything where there is no frame.
    const rubbish = META.random((bits) => random.bits(bits));
    const entering = line.at(tap)?.before;
    const first_i = entering !== undefined;
    const packet_i = line.packet(({ before }) => before.l3 ?? 0);
    const packet_next_i = line.packetNext(({ before }) => before.l3 ?? 0);
    const soon_i = line.at(tap - 1) !== undefined;
    const meta_i = META.pack({ ...rubbish, ...entering });
    dut.set({ packet_i, packet_next_i, soon_i, first_i, meta_i }).settle();
    const leaving = line.at(tap + CHAIN_CLOCKS[width]);
    if (leaving) {
      const expected = chain(leaving.bytes, leaving.before);
      const got = meaningful(expected, META.unpack(dut.big('meta_o')));
      const bytes = leaving.bytes.subarray(leaving.before.l3 ?? 0).toString('hex');
      expect(got, bytes).toEqual(wanted(expected));
      out.push(expected);
    }
    dut.clock();
  }
  expect(out.length).toBe(frames.length);
  return out;
}

describe.each(WIDTHS)('parse_chain at %i bits', (width) => {
  test('chains of every shape up to 72 bytes, behind no, one and two tags', () => {
    const random = new Random(101);
    const frames: Frame[] = [];
    for (let sum = 0; sum <= 9; sum++) {
      for (const [n, units] of compositions(sum).entries()) {
        const headers = units.map((length, i) => ({
          type: OPTIONS[(n + i) % OPTIONS.length] ?? 0,
          units: length,
        }));
        frames.push(frameOf(headers, random.pick([6, 17, 58, 59, 50]), n % 3, random));
      }
    }
    const out = walk(width, frames, random);
    const read = out.filter(({ decided }) => !decided);
    expect(read.length).toBe(2 ** 8);
    // As long as may be, and behind two tags.
    expect(Math.max(...read.map(({ l4 = 0 }) => l4))).toBe(22 + 40 + 64);
    const refused = out.filter(({ decided }) => decided);
    expect(new Set(refused.map(({ reason }) => reason))).toEqual(
      new Set([REASON.punt_ipv6_extension]),
    );
  });

  test('a fragment header at every place of a chain: first, later, atomic, and twice', () => {
    const random = new Random(102);
    const kinds: Partial<Extension>[] = [
      { offset: 0, more: true },
      { offset: 0, more: false },
      { offset: 1, more: true },
      { offset: 0x1000, more: false },
      { offset: 0x1fff, more: true },
    ];
    const frames: Frame[] = [];
    for (let length = 1; length <= 8; length++) {
      for (let at = 0; at < length; at++) {
        for (const kind of kinds) {
          const headers: Extension[] = Array.from({ length }, () => ({
            type: random.pick([0, 43, 60]),
            units: 1,
          }));
          headers[at] = { type: 44, units: 1, identification: random.word(), ...kind };
          if (random.chance(25)) headers[random.below(length)] = { ...headers[at] } as Extension;
          frames.push(frameOf(headers, 17, random.below(3), random));
        }
      }
    }
    const out = walk(width, frames, random, 30);
    const count = (name: string) => out.filter((meta) => meta[name] === 1).length;
    for (const name of ['first_fragment', 'later_fragment', 'decided']) {
      expect(count(name), name).toBeGreaterThan(10);
    }
  });

  test.each([
    ['an option of 64 bytes', [{ type: 60, units: 8 }], 64],
    ['an option of 72 bytes', [{ type: 60, units: 9 }], -8],
    ['an option of 2048 bytes', [{ type: 60, units: 1, length: 255 }], -8],
    [
      'one header behind the bound',
      [
        { type: 60, units: 8 },
        { type: 0, units: 1 },
      ],
      -64,
    ],
    [
      'a header across the bound',
      [
        { type: 60, units: 7 },
        { type: 0, units: 2 },
      ],
      -64,
    ],
    ['AH of 16 bytes', [{ type: 51, units: 2 }], 16],
    ['AH of 12 bytes', [{ type: 51, units: 2, length: 1 }], -8],
    ['AH of 8 bytes', [{ type: 51, units: 1, length: 0 }], 8],
    ['AH of 1028 bytes', [{ type: 51, units: 2, length: 255 }], -8],
    ['AH of 64 bytes', [{ type: 51, units: 8, length: 14 }], 64],
    ['AH of 72 bytes', [{ type: 51, units: 8, length: 16 }], -8],
    ['a fragment header whose reserved byte is not 0', [{ type: 44, units: 1 }], 8],
    [
      'two fragment headers',
      [
        { type: 44, units: 1 },
        { type: 44, units: 1 },
      ],
      -16,
    ],
    [
      'a second one behind a later fragment is its payload',
      [
        { type: 44, units: 1, offset: 3 },
        { type: 44, units: 1 },
      ],
      8,
    ],
    [
      'ESP ends the chain',
      [
        { type: 0, units: 1 },
        { type: 50, units: 1 },
      ],
      8,
    ],
    ['no chain', [], 0],
  ] as [string, Extension[], number][])('%s', (_, headers, bytes) => {
    const random = new Random(103);
    for (const tags of [0, 1, 2]) {
      const [meta] = walk(width, [frameOf(headers, 17, tags, random)], random);
      const begin = 54 + 4 * tags;
      if (bytes >= 0) expect([meta?.decided, meta?.l4]).toEqual([0, begin + bytes]);
      else expect([meta?.decided, meta?.header_min]).toEqual([1, begin - bytes]);
    }
  });

  test('chains, origins and IP versions at random', () => {
    const random = new Random(104);
    const frames = Array.from({ length: 2500 }, () => {
      const headers = Array.from({ length: random.below(6) }, () => ({
        type: random.pick([...OPTIONS, 44, 50]),
        units: random.pick([1, 1, 2, 3]),
        offset: random.pick([0, 0, 5]),
        more: random.chance(50),
        identification: random.word(),
        ...(random.chance(15) ? { length: random.pick([0, 1, 2, 7, 8, 255]) } : {}),
      }));
      const from: Meta = random.chance(80)
        ? { ...LINE, decided: Number(random.chance(10)), reason: REASON.foreign_mac }
        : { origin: ORIGIN.slot, by_rules: 0, decided: 0, reason: 0 };
      const frame = frameOf(headers, random.pick([17, 58]), random.below(3), random, from);
      // What is no IPv6 packet, or no acceptable one, has no chain, whatever stands there.
      if (random.chance(5)) frame.before.bad_ip = 1;
      if (random.chance(5)) Object.assign(frame.before, { ipv4: 1, ipv6: 0 });
      return frame;
    });
    const out = walk(width, frames, random, 20);
    const fabric = out.filter((meta) => meta.by_rules === 0 && meta.protocol === 255);
    expect(fabric.length).toBeGreaterThan(20);
    expect(fabric.every(({ decided }) => decided === 0)).toBe(true);
  });
});
