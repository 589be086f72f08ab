import { beforeAll, describe, expect, test } from 'vitest';
import { ORIGIN, REASON, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { PREFIX, slotMac } from './harness/decisions.ts';
import { fromBytes } from './harness/dut.ts';
import { TYPES } from './harness/frames.ts';
import type { Meta, Quote } from './harness/headers.ts';
import { chain, judged, l2, l3, l4, meaningful, wanted } from './harness/headers.ts';
import { META, packTable, Struct } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const PORTS = 3;
const WINDOW = 160;
const QUOTE = new Struct('quote_t');
type Name = 'parse_l2' | 'parse_l3' | 'parse_l4' | 'parse_payload' | 'prefix_match';
let makers: Record<Name, Make>;
beforeAll(async () => {
  makers = await build('parse', {
    parse_l2: { module: 'parse_l2', parameters: { PORTS } },
    parse_l3: { module: 'parse_l3' },
    parse_l4: { module: 'parse_l4' },
    parse_payload: { module: 'parse_payload' },
    prefix_match: { module: 'prefix_match', parameters: { PREFIXES: 4 } },
  });
});

const PORT_MACS = [0x020000000001n, 0x0200000000a2n, 0x3e0102030405n];
const ports = PORT_MACS.map((mac) => ({
  mac: Buffer.from(mac.toString(16).padStart(12, '0'), 'hex'),
}));

/** What header_words reads: 16 bytes, some other ones behind the window. */
function bytesFrom(window: Buffer, at = 0): Buffer {
  const bytes = Buffer.alloc(16, 0xee);
  window.subarray(at).copy(bytes);
  return bytes;
}

/** A window of random bytes with headers written into it that are right more often than not. */
function randomWindow(random: Random, destination: Buffer): Buffer {
  const window = random.bytes(WINDOW);
  destination.copy(window);
  const longest = random.chance(5); // all tags and options that there can be
  let at = 12;
  for (let tags = longest ? 2 : random.pick([0, 0, 1, 2, 3]); tags > 0; tags--, at += 4) {
    window.writeUInt16BE(random.pick([TYPES.vlan, TYPES.service]), at);
  }
  const { ipv4, ipv6, arp, heartbeat } = TYPES;
  const type = longest ? ipv4 : random.pick([ipv4, ipv4, ipv6, ipv6, arp, heartbeat, 0x0801]);
  window.writeUInt16BE(type, at);
  at += 2;
  const protocol = longest
    ? 6
    : random.pick([6, 17, 17, 132, 58, 1, 0, 43, 44, 50, 51, 60, 135, 139, 140, 253]);
  const lengths = [0, 7, 8, 11, 12, 19, 20, 30, 60, 1400, 65_535];
  let l4At = at + 40;
  if (type === ipv6) {
    window[at] = random.chance(95) ? 0x60 | random.below(16) : random.below(256);
    window.writeUInt16BE(random.pick(lengths), at + 4);
    window[at + 6] = protocol;
  } else {
    const ihl = longest ? 15 : random.pick([5, 5, 5, 6, 10, 15, 4]);
    window[at] = (random.chance(95) ? 0x40 : random.below(16) << 4) | ihl;
    window.writeUInt16BE(Math.min(65_535, 4 * ihl + random.pick(lengths)), at + 2);
    const fragment = [0, 0, 0x4000, 0x2000, 0x2001, 0x0001, 0x1fff, 0x8000, 0x1000, 0x3000];
    window.writeUInt16BE(random.pick(fragment), at + 6);
    window[at + 9] = protocol;
    l4At = at + 4 * ihl;
  }
  if (l4At + 16 > WINDOW) return window;
  window.writeUInt16BE(random.pick([7, 8, 20, 30, 60, 1400, 65_535]), l4At + 4); // UDP length
  window[l4At + 12] = (longest ? 15 : random.pick([4, 5, 5, 5, 6, 15, 0])) << 4; // TCP data offset
  if (random.chance(50)) window[l4At] = random.between(131, 139); // ICMPv6 type
  return window;
}

function randomOrigin(random: Random): Meta {
  const origin = random.pick([ORIGIN.line, ORIGIN.line, ORIGIN.slot, ORIGIN.host]);
  return {
    origin,
    ingress: origin === ORIGIN.host ? PORTS : random.below(PORTS),
    // What docs/card.md says of headers in mode 3 is nothing: such a frame has one end anyway.
    inject_mode: random.pick([0, 1, 2, 2]),
    inject_target: random.pick([0, 1, 2, 3, 16, 255]),
  };
}

const destination = (random: Random) =>
  random.pick([
    ...ports.map(({ mac }) => mac),
    slotMac(0xff, random.below(256)),
    Buffer.from('3333000000a5', 'hex'),
    random.bytes(6),
  ]);

describe('parse_l2', () => {
  const LINE = { origin: ORIGIN.line, ingress: 1, inject_mode: 0, inject_target: 0 };
  const parse = (window: Buffer, from: Meta) => {
    const dut = makers.parse_l2();
    const entries = PORT_MACS.map((mac) => ({ mac, fabric: 1, cut_through: 1 }));
    dut.set({ ports_i: packTable('port', entries), fabric_prefix_i: PREFIX });
    dut.set({ address_meta_i: META.pack(from), address_i: window.subarray(0, 14) }).clock();
    // The next frame's first bytes come meanwhile.
    dut.set({ address_meta_i: 0, address_i: Buffer.alloc(14, 0xa5) });
    dut.set({ meta_i: META.pack(from), window_i: window.subarray(0, 22) });
    return META.unpack(dut.clock().big('meta_o'));
  };

  test.each([
    [[TYPES.ipv4], 14, 'ipv4'],
    [[TYPES.vlan, TYPES.ipv6], 18, 'ipv6'],
    [[TYPES.service, TYPES.vlan, TYPES.ipv4], 22, 'ipv4'],
    [[TYPES.vlan, TYPES.vlan, TYPES.arp], 22, 'neighbour'],
    [[TYPES.vlan, TYPES.vlan, TYPES.vlan, TYPES.ipv4], 22, 'ethertype'],
    [[0x88cc], 14, 'ethertype'],
  ] as const)('EtherTypes %j', (types, at, kind) => {
    const window = Buffer.alloc(30);
    ports[1]?.mac.copy(window);
    for (const [i, type] of types.entries()) window.writeUInt16BE(type, 12 + 4 * i);
    const meta = parse(window, LINE);
    expect(Number(meta.l3)).toBe(at);
    for (const name of ['ipv4', 'ipv6', 'neighbour']) {
      expect(meta[name]).toBe(BigInt(name === kind));
    }
    const reason = { neighbour: 'punt_neighbour', ethertype: 'ethertype' }[kind as string];
    expect(meta.decided).toBe(BigInt(reason !== undefined));
    if (reason) expect(REASONS[Number(meta.reason)]?.name).toBe(reason);
  });

  test('a tag behind an EtherType that is none is no tag', () => {
    const window = Buffer.alloc(22);
    ports[1]?.mac.copy(window);
    window.writeUInt16BE(TYPES.ipv4, 12);
    window.writeUInt16BE(TYPES.vlan, 16); // total length 33024
    const { l3: at, ipv4 } = parse(window, LINE);
    expect([at, ipv4]).toEqual([14n, 1n]);
  });

  test.each([
    ['its own address', PORT_MACS[1], false],
    ['the address of another port', PORT_MACS[0], true],
    ['a group address', 0x01005e000001n, false],
    ['the own address with the group bit', (PORT_MACS[1] ?? 0n) | (1n << 40n), false],
    ['one bit beside', (PORT_MACS[1] ?? 0n) ^ 1n, true],
  ])('to %s', (_, mac = 0n, foreign) => {
    const window = Buffer.alloc(22);
    window.write(mac.toString(16).padStart(12, '0'), 'hex');
    window.writeUInt16BE(TYPES.ipv4, 12);
    const meta = parse(window, LINE);
    expect(meta.decided).toBe(BigInt(foreign));
    if (foreign) expect(Number(meta.reason)).toBe(REASON.foreign_mac);
    expect(meta.ipv4).toBe(BigInt(!foreign));
  });

  const FABRIC = { ...LINE, origin: ORIGIN.slot };
  test.each([
    ['to the control address, in any epoch', slotMac(0xff, 77), FABRIC, true],
    ['from the line', slotMac(0xff, 0), LINE, false],
    ['injected', slotMac(0xff, 0), { ...LINE, origin: ORIGIN.host }, false],
    ['to a slot', slotMac(3, 0), FABRIC, false],
    ['to another prefix', Buffer.from('0a1b2c3cff00', 'hex'), FABRIC, false],
  ] as const)('a heartbeat %s', (_, to, from, heartbeat) => {
    for (const tags of [[], [TYPES.vlan], [TYPES.service, TYPES.vlan]]) {
      const window = Buffer.alloc(22);
      to.copy(window);
      for (const [i, tag] of tags.entries()) window.writeUInt16BE(tag, 12 + 4 * i);
      const at = 14 + 4 * tags.length;
      window.writeUInt16BE(TYPES.heartbeat, at - 2);
      const meta = parse(window, from);
      expect(meta.heartbeat).toBe(BigInt(heartbeat));
      if (heartbeat) expect(Number(meta.header_min)).toBe(at + 12);
    }
  });

  test('frames of every kind and origin', () => {
    const random = new Random(11);
    const reasons = new Set<number | undefined>();
    for (let i = 0; i < 4000; i++) {
      const window = randomWindow(random, destination(random));
      const from = randomOrigin(random);
      const expected = l2(window, from, ports);
      expect(meaningful(expected, parse(window, from))).toEqual(wanted(expected));
      reasons.add(expected.decided ? expected.reason : undefined);
    }
    const { foreign_mac, inject_target, punt_neighbour, ethertype } = REASON;
    for (const reason of [foreign_mac, inject_target, punt_neighbour, ethertype, undefined]) {
      expect(reasons).toContain(reason);
    }
  });
});

const randomQuote = (random: Random): Quote => ({
  protocol: random.below(256),
  laterFragment: random.chance(30),
  sourceAt: random.between(54, 86),
  l4: random.between(62, 110),
  ...(random.chance(50) ? { port: random.below(65_536) } : {}),
});
function packQuote(random: Random, quoted: Quote | undefined): bigint {
  const rubbish = QUOTE.random((bits) => random.bits(bits));
  if (!quoted) return QUOTE.pack({ ...rubbish, valid: 0 });
  const { protocol, laterFragment, sourceAt, l4: at, port } = quoted;
  return QUOTE.pack({
    valid: 1,
    protocol,
    later_fragment: laterFragment,
    source_at: sourceAt,
    l4: at,
    has_ports: port !== undefined,
    port: port ?? rubbish.port ?? 0,
  });
}

describe('the stages behind it', () => {
  /** Undecided or from a slot, with IP in it. */
  const packets = function* (seed: number, count: number): Generator<[Buffer, Meta, Random]> {
    const random = new Random(seed);
    for (let done = 0; done < count; ) {
      const window = randomWindow(random, destination(random));
      const meta = l2(window, randomOrigin(random), ports);
      if (!meta.ipv4 && !meta.ipv6) continue;
      done++;
      yield [window, meta, random];
    }
  };
  /** The fields given, anything in all others: a stage may not rely on what is filled in later. */
  const withRubbish = (random: Random, meta: Meta) =>
    META.pack({ ...META.random((bits) => random.bits(bits)), ...meta });

  test('parse_l3: IP headers behind no, one and two tags, one a clock', () => {
    const dut = makers.parse_l3();
    const inside: Meta[] = [];
    const addresses: bigint[] = [];
    const reasons = new Set<number | undefined>();
    for (const [window, meta, random] of packets(12, 5000)) {
      const expected = l3(window, meta);
      inside.push(expected);
      const at = meta.l3 ?? 0;
      const from = meta.ipv6
        ? window.subarray(at + 24, at + 40)
        : window.subarray(at + 16, at + 20);
      addresses.push(fromBytes(Buffer.concat([from, Buffer.alloc(16 - from.length)]).reverse()));
      const header_i = window.subarray(at, at + 40);
      dut.set({ meta_i: withRubbish(random, meta), header_i }).clock();
      const done = inside.shift() ?? {};
      const address = addresses.shift();
      const compared = { ...done };
      const behind = ['l4', 'protocol', 'first_fragment', 'later_fragment'];
      if (done.bad_ip) for (const name of behind) delete compared[name];
      expect(meaningful(compared, META.unpack(dut.big('meta_o')))).toEqual(wanted(compared));
      expect(dut.big('destination_o')).toBe(address);
      reasons.add(done.decided ? done.reason : undefined);
    }
    expect([...reasons]).toContain(REASON.ip_header);
  });

  test('parse_l4 and parse_payload: transport headers at every place, one a clock', () => {
    const dut = makers.parse_l4();
    const payloadDut = makers.parse_payload();
    const inside: [Meta, Buffer][] = [];
    const seen = { l4_length: 0, discovery: 0, payload: 0, last: 0, quoted: 0 };
    for (const [window, meta, random] of packets(13, 9000)) {
      const before = chain(window, l3(window, meta));
      if (before.decided || before.bad_ip || before.protocol === 255) continue;
      inside.push([l4(window, before), window]);
      const header_i = bytesFrom(window, before.l4);
      dut.set({ meta_i: withRubbish(random, before), header_i }).clock();
      if (inside.length < 2) continue;
      const [done, bytes] = inside.shift() as [Meta, Buffer];
      const got = META.unpack(dut.big('meta_o'));
      expect(meaningful(done, got)).toEqual(wanted(done));
      if (done.reason === REASON.punt_window) continue;
      if (done.decided) {
        seen[done.reason === REASON.l4_length ? 'l4_length' : 'discovery']++;
        continue;
      }
      if (!done.by_rules || done.later_fragment) continue;

      const quoted = random.chance(20) ? randomQuote(random) : undefined;
      payloadDut.set({ meta_i: withRubbish(random, done), quote_i: packQuote(random, quoted) });
      const prefixes = random.below(256);
      payloadDut.set({ payload_i: bytesFrom(bytes, done.payload), prefixes_i: prefixes });
      payloadDut.set({ first_i: 1 }).clock();
      const asked = judged(done, quoted);
      expect(meaningful(asked, META.unpack(payloadDut.big('meta_o')))).toEqual(wanted(asked));
      const { payload = 0, payload_length: length = 0 } = asked;
      const there = payloadDut.bytes('payload_o').subarray(0, length);
      expect(there).toEqual(bytes.subarray(payload, payload + length));
      expect(payloadDut.get('prefixes_o')).toBe(prefixes);
      // Till the next frame comes all of it stays.
      const shown = () => ['meta_o', 'payload_o', 'prefixes_o'].map((port) => payloadDut.big(port));
      const kept = shown();
      payloadDut.set({ first_i: 0, meta_i: random.bits(META.bits), prefixes_i: 0 }).clock();
      expect(shown()).toEqual(kept);
      seen[quoted ? 'quoted' : 'payload']++;
      if (payload === 142) seen.last++;
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
  });
});

test.each([
  [60, 59, 0],
  [60, 60, 0],
  [60, 61, 1],
  [60, 76, 16],
  [60, 77, 16],
  [142, 70_000, 16],
  [142, 0, 0],
])('parse_payload: from byte %i to %i there are %i bytes to compare', (payload, end, length) => {
  const dut = makers.parse_payload();
  dut.set({ first_i: 1, meta_i: META.pack({ payload, payload_end: end }) }).clock();
  expect(META.unpack(dut.big('meta_o')).payload_length).toBe(BigInt(length));
});

test.each([
  ['a TCP header that ends with byte 142', 20 + 60 + 42, 20, 142, false],
  ['a TCP header that ends behind it', 20 + 60 + 42, 24, 146, true],
  ['the longest chain and the shortest TCP header', 126, 20, 146, true],
  ['the longest chain and UDP', 126, 8, 134, false],
])('parse_l4: %s', (_, at, length, payload, beyond) => {
  const tcp = length >= 20;
  const window = Buffer.alloc(142);
  if (tcp) window[at + 12] = (length / 4) << 4;
  else window.writeUInt16BE(8, at + 4);
  const protocol = tcp ? 6 : 17;
  const meta = { by_rules: 1, ipv6: 1, extended: 1, protocol, l4: at, packet_end: 1000 };
  const dut = makers
    .parse_l4()
    .set({ meta_i: META.pack(meta), header_i: bytesFrom(window, at) })
    .clock(2);
  const { payload: got, decided, reason } = META.unpack(dut.big('meta_o'));
  expect([Number(got), decided]).toEqual([payload, BigInt(beyond)]);
  if (beyond) expect(Number(reason)).toBe(REASON.punt_window);
});

test.each([
  [17, 61, 'l4_length'],
  [17, 62, 'l4_length'],
  [59, 61, 'l4_length'],
  [59, 62, undefined],
] as const)(
  'parse_l4: protocol %i at byte 62 of a packet that ends at %i',
  (protocol, end, reason) => {
    for (const later_fragment of [0, 1]) {
      const extended = { ipv6: 1, extended: 1, later_fragment };
      const meta = { by_rules: 1, ...extended, protocol, l4: 62, packet_end: end };
      const dut = makers
        .parse_l4()
        .set({ meta_i: META.pack(meta) })
        .clock(2);
      const { decided, reason: code } = META.unpack(dut.big('meta_o'));
      // A later fragment has no header of its own to be cut short, but the chain before it may be.
      const expected = later_fragment && end === 62 ? undefined : reason;
      expect(decided ? REASONS[Number(code)]?.name : undefined).toBe(expected);
    }
  },
);

test('prefix_match: version, mask and valid of each entry', () => {
  const random = new Random(14);
  const dut = makers.prefix_match();
  let matches = 0;
  for (let i = 0; i < 2000; i++) {
    const address = random.bits(128);
    const entries = Array.from({ length: 4 }, () => {
      const length = BigInt(random.pick([0, 1, 8, 31, 32, 64, 127, 128]));
      const mask = ((1n << length) - 1n) << (128n - length);
      const near = address ^ (random.chance(40) ? 1n << BigInt(random.below(128)) : 0n);
      const stored = random.chance(50) ? near & mask : near;
      return { address: stored, mask, v6: random.below(2), valid: Number(random.chance(85)) };
    });
    const v6 = random.below(2);
    dut
      .set({ ipv6_i: v6, destination_i: address, prefixes_i: packTable('prefix', entries) })
      .clock();
    for (const [n, entry] of entries.entries()) {
      const equal = ((entry.address ^ address) & entry.mask) === 0n;
      const expected = entry.valid === 1 && entry.v6 === v6 && equal;
      expect((dut.get('match_o') >> n) & 1).toBe(Number(expected));
      matches += Number(expected);
    }
  }
  expect(matches).toBeGreaterThan(500);
});
