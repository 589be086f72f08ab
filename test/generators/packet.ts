/** Random IP packets, most of them aimed at a rule of a state. */
import { internetChecksum } from '../../host/protocol/checksum.ts';
import { ETHERTYPE } from '../../host/protocol/ethernet.ts';
import { vidOf } from '../../host/steering/match.ts';
import type { Compare, Identifier, Rule } from '../../host/steering/rule.ts';
import type { CardState, OverrideEntry } from '../../host/steering/state.ts';
import { chain, type Extension } from './packets.ts';
import type { Random } from './random.ts';

/** A packet before it is cut or wrapped into anything. */
export interface Packet {
  readonly version: 4 | 6;
  readonly src: Buffer;
  readonly dst: Buffer;
  readonly protocol: number;
  /** L4 header and payload. */
  readonly segment: Buffer;
}

/** What follows the source and destination MAC addresses. */
export interface L3 {
  readonly etherType: number;
  readonly payload: Buffer;
}

export interface Wrapping {
  /** IPv4 options, a multiple of four bytes. */
  readonly options?: Buffer;
  /** The 16 bits of IPv4's flags and fragment offset. */
  readonly fragment?: number;
  readonly identification?: number;
  readonly extensions?: readonly Extension[];
}

/** The packet, or a part of it, with its IP header. */
export function toL3(packet: Packet, wrapping: Wrapping = {}): L3 {
  return packet.version === 4 ? toIpv4(packet, wrapping) : toIpv6(packet, wrapping);
}

function toIpv4({ src, dst, protocol, segment }: Packet, wrapping: Wrapping): L3 {
  const { options, fragment = 0, identification = 0 } = wrapping;
  const headerLength = 20 + (options?.length ?? 0);
  const payload = Buffer.alloc(headerLength + segment.length);
  payload[0] = 0x40 | (headerLength / 4);
  payload.writeUInt16BE(payload.length, 2);
  payload.writeUInt16BE(identification, 4);
  payload.writeUInt16BE(fragment, 6);
  payload[8] = 64;
  payload[9] = protocol;
  payload.set(src, 12);
  payload.set(dst, 16);
  if (options !== undefined) payload.set(options, 20);
  payload.writeUInt16BE(internetChecksum(payload.subarray(0, headerLength)), 10);
  payload.set(segment, headerLength);
  return { etherType: ETHERTYPE.ipv4, payload };
}

function toIpv6({ src, dst, protocol, segment }: Packet, { extensions = [] }: Wrapping): L3 {
  const inner = chain(extensions, protocol, segment);
  const payload = Buffer.alloc(40 + inner.payload.length);
  payload[0] = 0x60;
  payload.writeUInt16BE(inner.payload.length, 4);
  payload[6] = inner.nextHeader;
  payload[7] = 255;
  payload.set(src, 8);
  payload.set(dst, 24);
  payload.set(inner.payload, 40);
  return { etherType: ETHERTYPE.ipv6, payload };
}

/** The same packet on its way back: what an ICMP error about it would quote. */
export function reversed({ segment, src, dst, ...packet }: Packet): Packet {
  const swapped = Buffer.from(segment);
  if (segment.length >= 4) {
    swapped.set(segment.subarray(2, 4), 0);
    swapped.set(segment.subarray(0, 2), 2);
  }
  return { ...packet, segment: swapped, src: dst, dst: src };
}

/** One that the rule takes, in most cases; without a rule, any. */
export function randomPacket(random: Random, state: CardState, rule: Rule | undefined): Packet {
  const prefix =
    rule === undefined || rule.match.destinations === 'any'
      ? undefined
      : random.pick(rule.match.destinations);
  const version = prefix?.version ?? (random.chance(65) ? 4 : 6);
  const length = version === 4 ? 4 : 16;
  const dst =
    prefix === undefined ? random.bytes(length) : inside(random, prefix.address, prefix.mask);
  const asked = rule?.match.protocol;
  const protocol =
    typeof asked === 'number' && random.chance(92)
      ? asked
      : random.pick([17, 6, 132, 1, 47, 58, 59, random.below(256)]);
  const override = overrideFor(random, state, rule);
  const src =
    override === undefined ? random.bytes(length) : sourceOf(random, override, rule, version);
  const { bytes: segment, payloadAt } = randomL4(random, protocol, rule);
  if (rule?.identifier !== undefined && random.chance(90)) {
    const key = keyFor(random, state, rule.identifier, rule.override && override);
    writeIdentifier(rule.identifier, key, { segment, dst, payloadAt });
  }
  return { version, src, dst, protocol, segment };
}

/** An override that a packet of the rule could have. */
function overrideFor(
  random: Random,
  { overrides }: CardState,
  rule: Rule | undefined,
): OverrideEntry | undefined {
  if (rule?.override === undefined || overrides === undefined || random.chance(25))
    return undefined;
  const { space } = rule.override;
  const own = [...overrides.values()].filter((entry) => entry.space === space);
  return own.length === 0 ? undefined : random.pick(own);
}

function sourceOf(
  random: Random,
  { key }: OverrideEntry,
  rule: Rule | undefined,
  version: 4 | 6,
): Buffer {
  const by = rule?.override?.by;
  const bytes = Buffer.from(key.toString(16).padStart(32, '0'), 'hex');
  if (by === 'identifier') return random.bytes(version === 4 ? 4 : 16);
  if (version === 4) return bytes.subarray(0, 4);
  if (by === 'source') return bytes;
  return Buffer.concat([bytes.subarray(0, 8), random.bytes(8)]);
}

/** An address that a prefix contains. */
function inside(random: Random, address: Uint8Array, mask: Uint8Array): Buffer {
  const bytes = random.bytes(address.length);
  for (let i = 0; i < bytes.length; i++) {
    const bits = mask[i] ?? 0;
    bytes[i] = ((address[i] ?? 0) & bits) | ((bytes[i] ?? 0) & ~bits);
  }
  return bytes;
}

function randomL4(
  random: Random,
  protocol: number,
  rule: Rule | undefined,
): { bytes: Buffer; payloadAt: number } {
  // Identifiers that lie far out need long packets, or they are never read.
  const far = (rule?.identifier?.offset ?? 0) > 40 && random.chance(70);
  const long = far || random.chance(3);
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

/** Where it is in L3 it stays as it is: the header is built later, and its bytes are as good as random. */
function writeIdentifier(
  { base, offset, width, order }: Identifier,
  key: bigint,
  packet: { segment: Buffer; dst: Buffer; payloadAt: number },
): void {
  if (base === 'l3') return;
  const area = base === 'destination' ? packet.dst : packet.segment;
  const start = offset + (base === 'payload' ? packet.payloadAt : 0);
  let rest = key;
  for (let i = 0; i < width; i++) {
    const at = start + (order === 'little' ? i : width - 1 - i);
    if (at < area.length) area[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

/** A key that gives an override, or a VID with a row, where some tries find one; or zero. */
function keyFor(
  random: Random,
  { rows, sizes }: CardState,
  identifier: Identifier,
  override: OverrideEntry | undefined,
): bigint {
  if (random.chance(8)) return 0n;
  const { width, subtract, shift, mask } = identifier;
  const whole = (1n << BigInt(width * 8)) - 1n;
  const noise = random.chance(50) ? random.bits(64) & whole & ~mask : 0n;
  if (override !== undefined) return ((override.key & mask) | noise) & whole;
  for (let tries = 0; tries < 4; tries++) {
    const vid = random.chance(85)
      ? random.pick(vidsOf(rows))
      : random.pick([0, sizes.vids - 1, sizes.vids, sizes.vids + 1]);
    const low = shift === 0 ? 0n : random.bits(64) & ((1n << BigInt(shift)) - 1n);
    const key = ((((BigInt(vid) << BigInt(shift)) + low + subtract) & mask) | noise) & whole;
    if (vidOf(key, identifier) === BigInt(vid)) return key;
  }
  return random.bits(width * 8);
}

const vidLists = new WeakMap<CardState['rows'], readonly number[]>();

function vidsOf(rows: CardState['rows']): readonly number[] {
  let list = vidLists.get(rows);
  if (list === undefined) {
    list = [...rows.keys()];
    vidLists.set(rows, list);
  }
  return list;
}
