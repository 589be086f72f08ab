/** Random frames, most of them aimed at something that a state holds, some of them broken. */
import { bytesToAddress } from '../../host/protocol/address.ts';
import { buildEthernet, ETHERTYPE, type VlanTag } from '../../host/protocol/ethernet.ts';
import { buildIpv4 } from '../../host/protocol/ipv4.ts';
import { buildIpv6 } from '../../host/protocol/ipv6.ts';
import { vidOf } from '../../host/steering/match.ts';
import type { Compare, Identifier, Rule } from '../../host/steering/rule.ts';
import { slotMac } from '../../host/steering/slot-mac.ts';
import type { Arrival, CardState } from '../../host/steering/state.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';

const V6_EXTENSIONS = [0, 43, 44, 51, 60, 135, 139, 140];

/** Where the next frame comes from: any port, or the host in any mode. */
export function randomArrival(random: Random, state: CardState): Arrival {
  const line = state.ports.flatMap(({ fabric }, port) => (fabric ? [] : [port]));
  if (random.chance(45)) return { from: { port: random.pick(line) } };
  if (random.chance(60)) return { from: { port: random.below(state.ports.length) } };
  const mode = random.chance(5) ? 3 : random.below(3);
  const targets = mode === 1 ? state.slots.length : state.ports.length;
  const target = random.chance(8) ? random.below(256) : random.below(targets);
  return { from: { inject: { mode, target } } };
}

/** One frame for this arrival; about a quarter of them have something wrong. */
export function randomFrame(random: Random, state: CardState, arrival: Arrival): Buffer {
  const rule = random.chance(10) ? undefined : random.pick([undefined, ...state.rules]);
  const vlans = randomTags(random);
  const link = { ...randomMacs(random, state, arrival), vlans };
  const l3 = 14 + vlans.length * 4;
  const frame = buildEthernet({ ...link, ...randomL3(random, state, rule) });
  return mutate(random, frame, l3);
}

function randomTags(random: Random): VlanTag[] {
  const count = random.pick([0, 0, 0, 0, 1, 1, 1, 2, 2, 3]);
  return Array.from({ length: count }, () => ({
    tpid: random.pick([0x8100, 0x88a8]),
    vlanId: random.below(4096),
    pcp: random.below(8),
    dei: random.chance(50),
  }));
}

function randomMacs(
  random: Random,
  state: CardState,
  { from }: Arrival,
): { dstMac: string; srcMac: string } {
  const { ports, slots, fabricPrefix } = state;
  const anyMac = () =>
    `02:${random
      .bytes(5)
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1:')}`;
  const group = () => random.pick(['ff:ff:ff:ff:ff:ff', '33:33:00:00:00:01', '01:00:5e:00:00:05']);
  const slot = random.below(slots.length);
  const fabric = 'port' in from && ports[from.port]?.fabric;
  if (!fabric) {
    const port = 'port' in from ? from.port : from.inject.target;
    const own = ports[port]?.mac ?? anyMac();
    const other = random.pick([anyMac(), group(), group(), random.pick(ports).mac]);
    return { dstMac: random.chance(80) ? own : other, srcMac: anyMac() };
  }
  const behind = slots.flatMap((entry, i) => (entry.port === from.port ? [i] : []));
  const sender = random.chance(90) && behind.length > 0 ? random.pick(behind) : random.below(256);
  const epoch = random.chance(90) ? (slots[sender]?.epoch ?? 0) : random.below(256);
  const prefix = random.chance(95) ? fabricPrefix : (fabricPrefix ^ (1 << random.below(24))) >>> 0;
  const aimed = random.chance(10) ? random.below(256) : slot;
  const dstMac = random.pick([
    slotMac(fabricPrefix, aimed, random.below(256)),
    slotMac(fabricPrefix, 0xff, random.below(256)),
    anyMac(),
    anyMac(),
    group(),
  ]);
  return { dstMac, srcMac: slotMac(prefix, sender, epoch) };
}

function randomL3(
  random: Random,
  state: CardState,
  rule: Rule | undefined,
): { etherType: number; payload: Buffer } {
  const kind = random.below(100);
  if (kind < 5) return { etherType: ETHERTYPE.arp, payload: random.bytes(random.between(0, 46)) };
  if (kind < 9) {
    const etherType = random.pick([0x0000, 0x05dc, 0x0801, 0x8847, 0x88cc, 0x9100, 0xffff]);
    return { etherType, payload: random.bytes(random.between(0, 60)) };
  }
  const destinations =
    rule === undefined || rule.match.destinations === 'any'
      ? undefined
      : random.pick(rule.match.destinations);
  const version = destinations?.version ?? (random.chance(65) ? 4 : 6);
  const dst =
    destinations === undefined
      ? random.bytes(version === 4 ? 4 : 16)
      : inside(random, destinations.address, destinations.mask);
  const src = bytesToAddress(random.bytes(dst.length));
  const asked = rule?.match.protocol;
  let protocol =
    typeof asked === 'number' && random.chance(92)
      ? asked
      : random.pick([17, 6, 132, 1, 47, 58, random.below(256)]);
  if (version === 6 && random.chance(6)) protocol = random.pick(V6_EXTENSIONS);
  const options = random.chance(25) ? random.bytes(random.between(1, 10) * 4) : Buffer.alloc(0);
  const segment = randomL4(random, protocol, rule);
  const payload = segment.bytes;
  if (rule !== undefined && random.chance(90)) {
    writeIdentifier(random, state, rule, { segment: payload, dst, payloadAt: segment.payloadAt });
  }
  const common = { src, dst: bytesToAddress(dst), payload };
  if (version === 6) {
    const packet = buildIpv6({ ...common, nextHeader: protocol, hopLimit: 255 });
    return { etherType: ETHERTYPE.ipv6, payload: packet };
  }
  const fragment = random.chance(10)
    ? random.pick([
        { moreFragments: true },
        { fragmentOffset: randomOffset(random) * 8, moreFragments: random.chance(50) },
      ])
    : {};
  const packet = buildIpv4({ ...common, ...fragment, protocol, options });
  return { etherType: ETHERTYPE.ipv4, payload: packet };
}

/** In units of eight bytes; one bit alone is what a mask that is too short overlooks. */
function randomOffset(random: Random): number {
  return random.chance(50) ? 1 << random.below(13) : random.between(1, 0x1fff);
}

/** An address that a prefix contains. */
function inside(random: Random, address: Uint8Array, mask: Uint8Array): Buffer {
  return Buffer.from(
    address.map((byte, i) => (byte & (mask[i] ?? 0)) | (random.word() & ~(mask[i] ?? 0) & 0xff)),
  );
}

function randomL4(
  random: Random,
  protocol: number,
  rule: Rule | undefined,
): { bytes: Buffer; payloadAt: number } {
  // Identifiers that lie far out need long packets, or they are never read.
  const far = (rule?.identifier?.offset ?? 0) > 40 && random.chance(70);
  const long = far || random.chance(4);
  const data = random.bytes(long ? random.between(60, far ? 350 : 1500) : random.between(0, 48));
  const { ports = 'any', compare } = rule?.match ?? {};
  const port =
    ports === 'any' || random.chance(8)
      ? random.below(0x10000)
      : random.pick([ports.low, ports.high, random.between(ports.low, ports.high)]);
  if (compare !== undefined && random.chance(85)) writeCompare(data, compare);
  const types = rule?.setup.types;
  if (types !== undefined && random.chance(40) && types.offset < data.length) {
    data[types.offset] = random.pick([...types.values]);
  }
  const header = random.bytes(l4HeaderLength(random, protocol));
  if (header.length >= 4) header.writeUInt16BE(port, 2);
  // A UDP length that ends before the packet leaves bytes that belong to nobody.
  const spare = random.chance(15) ? random.below(data.length + 1) : 0;
  if (protocol === 17) header.writeUInt16BE(header.length + data.length - spare, 4);
  if (protocol === 6) header.writeUInt8((header.length / 4) << 4, 12);
  // Around the types of neighbour discovery, which end elsewhere.
  if (protocol === 58 && data.length > 0) data.writeUInt8(random.between(126, 140), 0);
  return { bytes: Buffer.concat([header, data]), payloadAt: header.length };
}

function l4HeaderLength(random: Random, protocol: number): number {
  if (protocol === 17) return 8;
  if (protocol === 6) return 20 + (random.chance(40) ? random.between(0, 10) * 4 : 0);
  return protocol === 132 ? 12 : 0;
}

function writeCompare(data: Buffer, { offset, value, mask }: Compare): void {
  for (let i = 0; i < 4 && offset + i < data.length; i++) {
    const bits = (mask >>> (24 - i * 8)) & 0xff;
    const wanted = (value >>> (24 - i * 8)) & bits;
    data[offset + i] = ((data[offset + i] ?? 0) & ~bits) | wanted;
  }
}

/** Makes the packet name a VID whose row is written, or one at the table's edge, or zero. */
function writeIdentifier(
  random: Random,
  state: CardState,
  { identifier }: Rule,
  packet: { segment: Buffer; dst: Buffer; payloadAt: number },
): void {
  if (identifier === undefined) return;
  const { base, offset, width, order } = identifier;
  const key = random.chance(8) ? 0n : keyForRow(random, state, identifier);
  const bytes = Buffer.from(key.toString(16).padStart(width * 2, '0'), 'hex');
  if (order === 'little') bytes.reverse();
  if (base === 'l3') return; // the header is built later; its bytes are as good as random
  const area = base === 'destination' ? packet.dst : packet.segment;
  const start = offset + (base === 'payload' ? packet.payloadAt : 0);
  for (let i = 0; i < width && start + i < area.length; i++) area[start + i] = bytes[i] ?? 0;
}

/** A key that gives a VID with a row, where some tries find one. */
function keyForRow(random: Random, { rows, sizes }: CardState, identifier: Identifier): bigint {
  const { width, subtract, shift, mask } = identifier;
  const whole = 2n ** BigInt(width * 8) - 1n;
  const edges = [0, sizes.vids - 1, sizes.vids, sizes.vids + 1];
  const noise = random.chance(50) ? random.bits(64) & whole & ~mask : 0n;
  for (let tries = 0; tries < 8; tries++) {
    const vid = random.pick(random.chance(85) ? [...rows.keys()] : edges);
    const low = random.bits(64) & ((1n << BigInt(shift)) - 1n);
    const key = ((((BigInt(vid) << BigInt(shift)) + low + subtract) & mask) | noise) & whole;
    if (vidOf(key, identifier) === BigInt(vid)) return key;
  }
  return random.bits(width * 8);
}
