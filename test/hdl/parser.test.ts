import { beforeAll, describe, expect, test } from 'vitest';
import { ORIGIN, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import { PREFIX, slotMac } from './harness/decisions.ts';
import { fromBytes } from './harness/dut.ts';
import { randomFrame } from './harness/frames.ts';
import type { Meta } from './harness/headers.ts';
import { chain, judged, l2, l3, l4, meaningful, quote, wanted } from './harness/headers.ts';
import type { Width } from './harness/line.ts';
import { Line, POSITIONS, TAPS, WIDTHS } from './harness/line.ts';
import { META, packTable } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const PORTS = 3;
const PREFIXES = 4;
let makers: Record<'parser64' | 'parser512', Make>;
beforeAll(async () => {
  const model = (width: Width) => ({
    module: 'parser',
    parameters: { DATA_WIDTH: width, POSITIONS: POSITIONS[width], PORTS, PREFIXES },
  });
  makers = await build('parser', { parser64: model(64), parser512: model(512) });
});

const PORT_MACS = [0x020000000001n, 0x0200000000a2n, 0x3e0102030405n];
const ports = PORT_MACS.map((mac) => ({
  mac: Buffer.from(mac.toString(16).padStart(12, '0'), 'hex'),
}));
/** Prefixes that half of all addresses lie in, of either version. */
const prefixes = [
  { address: 1n << 127n, mask: 1n << 127n, v6: 0, valid: 1 },
  { address: 1n << 127n, mask: 1n << 127n, v6: 1, valid: 1 },
  { address: 1n << 96n, mask: 1n << 96n, v6: 0, valid: 1 },
  { address: 1n, mask: 1n, v6: 1, valid: 1 },
];

interface Frame {
  bytes: Buffer;
  from: Meta;
}
interface Parsed {
  meta: Meta;
  /** The address that prefixes are asked about. */
  address?: Buffer;
}

/** Everything that docs/card.md, step 2, says of a frame. */
function parse({ bytes, from }: Frame): Parsed {
  // The stages look at 160 bytes, whoever's they are; a healthy frame has those that count.
  const header = Buffer.concat([bytes, Buffer.alloc(Math.max(0, 160 - bytes.length))]);
  let meta = l2(header, from, ports);
  if (!meta.ipv4 && !meta.ipv6) return { meta };
  meta = chain(header, l3(header, meta));
  if (meta.bad_ip || meta.protocol === 255) return { meta };
  meta = l4(header, meta);
  if (meta.decided) return { meta };
  const quoted = quote(header, meta);
  meta = judged(meta, quoted);
  const at = meta.destination_at ?? 0;
  return { meta, address: header.subarray(at, at + (meta.ipv6 ? 16 : 4)) };
}

/** What has a meaning behind the parser. */
function compared({ meta }: Parsed): Meta {
  const dropped = meta.bad_ip ? ['l4', 'protocol', 'first_fragment', 'later_fragment'] : [];
  return Object.fromEntries(Object.entries(meta).filter(([name]) => !dropped.includes(name)));
}

const healthy = ({ bytes }: Frame, { header_min = 14, packet_end = 0 }: Meta) =>
  bytes.length >= Math.max(14, header_min, packet_end);

function prefixHits({ meta, address }: Parsed): number {
  if (!address) return 0;
  const wires = fromBytes(Buffer.concat([address, Buffer.alloc(16 - address.length)]).reverse());
  return prefixes.reduce((hits, { address: value, mask, v6 }, i) => {
    const hit = v6 === meta.ipv6 && ((value ^ wires) & mask) === 0n;
    return hits | (Number(hit) << i);
  }, 0);
}

function randomOrigin(random: Random): Meta {
  const origin = random.pick([ORIGIN.line, ORIGIN.line, ORIGIN.line, ORIGIN.slot, ORIGIN.host]);
  return {
    origin,
    ingress: origin === ORIGIN.host ? PORTS : random.below(PORTS),
    inject_mode: random.pick([0, 1, 2, 2, 2]),
    inject_target: random.pick([0, 1, 2, 3]),
  };
}

describe.each(WIDTHS)('parser at %i bits', (width) => {
  test.each([0, 40])('frames of every kind and origin; gaps: %i in 100', (gaps) => {
    const random = new Random(121 + gaps);
    const dut = makers[`parser${width}`](3);
    dut.set({
      fabric_prefix_i: PREFIX,
      ports_i: packTable(
        'port',
        PORT_MACS.map((mac) => ({ mac, fabric: 0, cut_through: 0 })),
      ),
      prefixes_i: packTable('prefix', prefixes),
    });
    const line = new Line<Frame>(width, random);
    const seen = new Map<string, number>();
    const note = (name: string) => seen.set(name, (seen.get(name) ?? 0) + 1);
    let left = 2500;
    while (left > 0 || line.waiting > 0) {
      // The beat behind the next is looked at, too.
      while (left > 0 && line.waiting < 2) {
        const from = randomOrigin(random);
        const own = ports[(from.origin === ORIGIN.host ? from.inject_target : from.ingress) ?? 0];
        const to = random.pick([own?.mac ?? random.bytes(6), slotMac(0xff, 3), random.bytes(6)]);
        let bytes = randomFrame(random, random.chance(80) ? (own?.mac ?? to) : to);
        // Frames that end in the middle of their headers must not leave a trace in the next.
        if (random.chance(15)) bytes = bytes.subarray(0, random.between(1, bytes.length));
        line.send({ bytes, from }, random.chance(gaps) ? random.below(5) : 0);
        left--;
      }
      line.step();
      const rubbish = META.random((bits) => random.bits(bits));
      const first_i = line.firsts;
      dut.set({ line_i: line.data, next_i: line.next, first_i });
      dut.set({ meta_i: META.pack({ ...rubbish, ...line.at(0)?.from }) });
      dut.settle();
      const leaving = line.at(TAPS[width].match);
      if (leaving) {
        const parsed = parse(leaving);
        if (healthy(leaving, parsed.meta)) {
          const meta = compared(parsed);
          const hex = leaving.bytes.subarray(0, 160).toString('hex');
          expect(meaningful(meta, META.unpack(dut.big('meta_o'))), hex).toEqual(wanted(meta));
          if (parsed.address && meta.by_rules) {
            expect(dut.get('prefixes_o'), hex).toBe(prefixHits(parsed));
            const { payload = 0, payload_length: length = 0 } = meta;
            const there = dut.bytes('payload_o').subarray(0, length);
            expect(there).toEqual(leaving.bytes.subarray(payload, payload + length));
          }
          if (meta.by_rules) note(meta.decided ? (REASONS[meta.reason ?? 0]?.name ?? '') : 'open');
          for (const name of ['quoted', 'extended', 'heartbeat', 'first_fragment', 'has_ports']) {
            if (meta[name]) note(name);
          }
        }
      }
      dut.clock();
    }
    const reasons = ['punt_neighbour', 'ethertype', 'ip_header', 'punt_ipv6_extension'] as const;
    const rare = ['l4_length', 'foreign_mac', 'inject_target'] as const;
    const kinds = ['open', 'quoted', 'extended', 'first_fragment', 'has_ports'];
    expect([...reasons, ...rare, ...kinds].filter((name) => (seen.get(name) ?? 0) < 20)).toEqual(
      [],
    );
  });
});
