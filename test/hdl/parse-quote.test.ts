import { beforeAll, describe, expect, test } from 'vitest';
import { ORIGIN } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { fromBytes } from './harness/dut.ts';
import type { Ipv4 } from './harness/frames.ts';
import { chainOf, ethernet, icmpError, ipv4, ipv6, TYPES } from './harness/frames.ts';
import type { Meta, Quote } from './harness/headers.ts';
import { chain, l3, quote } from './harness/headers.ts';
import type { Width } from './harness/line.ts';
import { Line, TAPS, WIDTHS } from './harness/line.ts';
import { META, Struct } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const QUOTE = new Struct('quote_t');
let makers: Record<'quote64' | 'quote512', Make>;
beforeAll(async () => {
  const model = (width: Width) => ({
    module: 'parse_quote',
    parameters: { DATA_WIDTH: width },
  });
  makers = await build('parse-quote', { quote64: model(64), quote512: model(512) });
});

interface Frame {
  bytes: Buffer;
  /** As parse_l3 leaves it. */
  before: Meta;
  destination: bigint;
}
interface Answer {
  quote?: Quote;
  address: bigint;
}

/** An address on its wires: the first bit in bit 127. */
const wires = (address: Buffer) =>
  fromBytes(Buffer.concat([address, Buffer.alloc(16 - address.length)]).reverse());

function frameOf(packet: Buffer, version: 4 | 6, tags: number, random: Random): Frame {
  const list = Array<number>(tags).fill(TYPES.service);
  const type = version === 4 ? TYPES.ipv4 : TYPES.ipv6;
  const head = ethernet(random.bytes(6), random.bytes(6), list, type, random);
  const bytes = Buffer.concat([head, packet, random.bytes(random.below(8))]);
  const from = { origin: ORIGIN.line, by_rules: 1, decided: 0, reason: 0 };
  const is = { l3: head.length, ipv4: Number(version === 4), ipv6: Number(version === 6) };
  const address = version === 4 ? packet.subarray(16, 20) : packet.subarray(24, 40);
  return { bytes, before: l3(bytes, { ...from, ...is }), destination: wires(address) };
}

function reference({ bytes, before, destination }: Frame): Answer {
  const header = Buffer.concat([bytes, Buffer.alloc(160)]);
  const found = quote(header, chain(header, before));
  if (!found) return { address: destination };
  const { sourceAt } = found;
  const source = bytes.subarray(sourceAt, sourceAt + (before.ipv6 ? 16 : 4));
  return { quote: found, address: wires(source) };
}

/** What comes out for each frame, compared with the reference. */
function run(width: Width, frames: readonly Frame[], random: Random, gaps = 0): Answer[] {
  const dut = makers[`quote${width}`](random.word() >>> 1);
  const line = new Line<Frame>(width, random);
  for (const frame of frames) line.send(frame, random.chance(gaps) ? random.below(4) : 0);
  const { quote: tap, prefix, quotePorts } = TAPS[width];
  const out: Answer[] = [];
  for (let clocks = line.waiting + line.positions; clocks > 0; clocks--) {
    line.step();
    const rubbish = META.random((bits) => random.bits(bits));
    const entering = line.at(tap);
    const meta_i = META.pack({ ...rubbish, ...entering?.before });
    const destination_i = line.at(tap + 2)?.destination ?? random.bits(128);
    const packet_i = line.packet(({ before }) => before.l3 ?? 0);
    const first_i = entering !== undefined;
    dut.set({ packet_i, first_i, meta_i, destination_i }).settle();
    const addressed = line.at(prefix);
    if (addressed) {
      expect(dut.big('address_o')).toBe(reference(addressed).address);
      expect(dut.get('ipv6_o')).toBe(addressed.before.ipv6);
    }
    const leaving = line.at(quotePorts + 1);
    if (leaving) {
      const expected = reference(leaving);
      const got = QUOTE.unpack(dut.big('quote_o'));
      expect(got.valid).toBe(BigInt(expected.quote !== undefined));
      if (expected.quote) {
        const { protocol, laterFragment, sourceAt, l4, port } = expected.quote;
        expect(got).toMatchObject({
          protocol: BigInt(protocol),
          later_fragment: BigInt(laterFragment),
          source_at: BigInt(sourceAt),
          l4: BigInt(l4),
          has_ports: BigInt(port !== undefined),
          ...(port === undefined ? {} : { port: BigInt(port) }),
        });
      }
      out.push(expected);
    }
    dut.clock();
  }
  expect(out.length).toBe(frames.length);
  return out;
}

/** An ICMP error over IPv4 with what it quotes cut to `left` bytes. */
const error4 = (
  random: Random,
  quoted: Ipv4,
  { type = 3, left = 1000, outer = {} as Partial<Ipv4>, behind = 8 } = {},
) => {
  const inner = ipv4(quoted, random.bytes(behind), random).subarray(0, left);
  return ipv4({ protocol: 1, ...outer }, icmpError(type, inner, random), random);
};
const error6 = (random: Random, next: number, { type = 1, left = 1000, version = 6 } = {}) => {
  const inner = ipv6(next, random.bytes(8), random, { version }).subarray(0, left);
  return ipv6(58, icmpError(type, inner, random), random);
};

describe.each(WIDTHS)('parse_quote at %i bits', (width) => {
  const UDP = { protocol: 17 };
  const cases: [string, (random: Random) => Buffer, 4 | 6, 'ports' | 'no ports' | 'none'][] = [
    ['UDP, unreachable', (r) => error4(r, UDP), 4, 'ports'],
    ['TCP, source quench', (r) => error4(r, { protocol: 6 }, { type: 4 }), 4, 'ports'],
    ['SCTP, redirect', (r) => error4(r, { protocol: 132 }, { type: 5 }), 4, 'ports'],
    ['time exceeded', (r) => error4(r, UDP, { type: 11 }), 4, 'ports'],
    ['parameter problem', (r) => error4(r, UDP, { type: 12 }), 4, 'ports'],
    ['ICMP of ours', (r) => error4(r, { protocol: 1 }), 4, 'no ports'],
    ['an echo request', (r) => error4(r, UDP, { type: 8 }), 4, 'none'],
    ['a timestamp', (r) => error4(r, UDP, { type: 13 }), 4, 'none'],
    ['type 0', (r) => error4(r, UDP, { type: 0 }), 4, 'none'],
    ['type 19', (r) => error4(r, UDP, { type: 19 }), 4, 'none'],
    ['options in the quoted header', (r) => error4(r, { ...UDP, ihl: 6 }), 4, 'ports'],
    ['all options there can be', (r) => error4(r, { ...UDP, ihl: 15 }), 4, 'ports'],
    ['just four bytes of L4', (r) => error4(r, UDP, { left: 24 }), 4, 'ports'],
    ['three bytes of L4', (r) => error4(r, UDP, { left: 23 }), 4, 'none'],
    ['options, four bytes of L4', (r) => error4(r, { ...UDP, ihl: 15 }, { left: 64 }), 4, 'ports'],
    ['options, three bytes', (r) => error4(r, { ...UDP, ihl: 15 }, { left: 63 }), 4, 'none'],
    ['nothing quoted', (r) => error4(r, UDP, { left: 0 }), 4, 'none'],
    ['a later fragment of ours', (r) => error4(r, { ...UDP, fragment: 0x2001 }), 4, 'no ports'],
    ['the last of many fragments', (r) => error4(r, { ...UDP, fragment: 0x1000 }), 4, 'no ports'],
    ['a first fragment of ours', (r) => error4(r, { ...UDP, fragment: 0x2000 }), 4, 'ports'],
    ['an impossible quoted IHL', (r) => error4(r, { ...UDP, ihl: 4 }), 4, 'none'],
    ['another quoted version', (r) => error4(r, { ...UDP, version: 6 }), 4, 'none'],
    ['options before ICMP', (r) => error4(r, UDP, { outer: { ihl: 6 } }), 4, 'none'],
    ['a first fragment', (r) => error4(r, UDP, { outer: { fragment: 0x2000 } }), 4, 'none'],
    ['a later fragment', (r) => error4(r, UDP, { outer: { fragment: 1 } }), 4, 'none'],
    ['UDP that looks like it', (r) => error4(r, UDP, { outer: { protocol: 17 } }), 4, 'none'],
    ['ICMPv6 over IPv4', (r) => error4(r, UDP, { type: 1, outer: { protocol: 58 } }), 4, 'none'],
    ['a bad outer header', (r) => error4(r, UDP, { outer: { version: 5 } }), 4, 'none'],
    ['IPv6, unreachable', (r) => error6(r, 17), 6, 'ports'],
    ['IPv6, too big', (r) => error6(r, 6, { type: 2 }), 6, 'ports'],
    ['IPv6, time exceeded', (r) => error6(r, 132, { type: 3 }), 6, 'ports'],
    ['IPv6, parameter problem', (r) => error6(r, 17, { type: 4 }), 6, 'ports'],
    ['IPv6, type 0', (r) => error6(r, 17, { type: 0 }), 6, 'none'],
    ['IPv6, type 5', (r) => error6(r, 17, { type: 5 }), 6, 'none'],
    ['IPv6, an echo', (r) => error6(r, 17, { type: 129 }), 6, 'none'],
    ['IPv6, just four bytes of L4', (r) => error6(r, 17, { left: 44 }), 6, 'ports'],
    ['IPv6, three bytes of L4', (r) => error6(r, 17, { left: 43 }), 6, 'none'],
    ['IPv6, a quoted extension header', (r) => error6(r, 44), 6, 'no ports'],
    ['IPv6, another quoted version', (r) => error6(r, 17, { version: 4 }), 6, 'none'],
    [
      'IPv6, behind an extension header',
      (r) => {
        const inner = icmpError(1, ipv6(17, r.bytes(8), r), r);
        const { first, bytes } = chainOf([{ type: 60, units: 1 }], 58, r);
        return ipv6(first, Buffer.concat([bytes, inner]), r);
      },
      6,
      'none',
    ],
  ];
  test.each(cases)('%s', (_, make, version, expected) => {
    const random = new Random(111);
    const frames = [0, 1, 2].map((tags) => frameOf(make(random), version, tags, random));
    for (const { quote: found } of run(width, frames, random)) {
      const kind = found === undefined ? 'none' : found.port === undefined ? 'no ports' : 'ports';
      expect(kind).toBe(expected);
    }
  });

  test('errors of every sort, one behind the other', () => {
    const random = new Random(112);
    const frames = Array.from({ length: 1500 }, () => {
      const tags = random.below(3);
      const left = random.chance(70) ? 1000 : random.below(70);
      const protocol = random.pick([6, 17, 132, 1, 58, 44]);
      if (random.chance(40)) {
        const type = random.pick([0, 1, 2, 3, 4, 5]);
        return frameOf(error6(random, protocol, { type, left }), 6, tags, random);
      }
      const quoted = {
        protocol,
        ihl: random.pick([5, 5, 6, 9, 14, 15, 4]),
        fragment: random.pick([0, 0, 0x4000, 0x2000, 1, 0x1000]),
      };
      const outer = { ihl: random.pick([5, 5, 5, 6, 15]) };
      const options = { type: random.pick([3, 4, 5, 11, 12, 8]), left, outer };
      return frameOf(error4(random, quoted, options), 4, tags, random);
    });
    const out = run(width, frames, random, 20);
    const found = out.flatMap((answer) => answer.quote ?? []);
    expect(found.length).toBeGreaterThan(300);
    expect(Math.max(...found.map(({ l4 }) => l4))).toBe(22 + 20 + 8 + 60);
    expect(found.filter(({ laterFragment }) => laterFragment).length).toBeGreaterThan(20);
  });
});
