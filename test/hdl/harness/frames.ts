/** Frames as octets, of every shape that the parser knows, and of shapes that it must not fall for. */
import type { Random } from './streams.ts';

export const TYPES = {
  ipv4: 0x0800,
  ipv6: 0x86dd,
  arp: 0x0806,
  vlan: 0x8100,
  service: 0x88a8,
  heartbeat: 0x88b5,
};

/** One IPv6 extension header: its type, its length in eights. */
export interface Extension {
  readonly type: number;
  readonly units: number;
  /** Length octet, where it is not the one of `units`. */
  readonly length?: number;
  /** Fragment headers: offset in eights, More Fragments, identification. */
  readonly offset?: number;
  readonly more?: boolean;
  readonly identification?: number;
}

function extensionBytes(header: Extension, next: number, random: Random): Buffer {
  const { type, units, offset = 0, more = false, identification = 0 } = header;
  const bytes = random.bytes(units * 8);
  bytes[0] = next;
  if (type === 44) {
    bytes.writeUInt16BE((offset << 3) | (random.below(4) << 1) | Number(more), 2);
    bytes.writeUInt32BE(identification, 4);
  } else {
    bytes[1] = header.length ?? (type === 51 ? units * 2 - 2 : units - 1);
  }
  return bytes;
}

/** A chain of extension headers with `next` behind it; the IPv6 header names `first`. */
export function chainOf(
  headers: readonly Extension[],
  next: number,
  random: Random,
): { first: number; bytes: Buffer } {
  const types = [...headers.map(({ type }) => type), next];
  const parts = headers.map((header, i) => extensionBytes(header, types[i + 1] ?? 0, random));
  return { first: types[0] ?? next, bytes: Buffer.concat(parts) };
}

/** Addresses, tags and EtherType. */
export function ethernet(
  destination: Buffer,
  source: Buffer,
  tags: readonly number[],
  type: number,
  random: Random,
): Buffer {
  const head = Buffer.concat([destination, source, random.bytes(4 * tags.length + 2)]);
  for (const [i, tag] of tags.entries()) head.writeUInt16BE(tag, 12 + 4 * i);
  head.writeUInt16BE(type, 12 + 4 * tags.length);
  return head;
}

export interface Ipv4 {
  readonly protocol: number;
  readonly ihl?: number;
  /** Flags and offset. */
  readonly fragment?: number;
  readonly version?: number;
  /** Total length, where it is not that of the packet. */
  readonly total?: number;
}

export function ipv4(header: Ipv4, payload: Buffer, random: Random): Buffer {
  const { protocol, ihl = 5, fragment = 0, version = 4 } = header;
  const bytes = random.bytes(Math.max(20, 4 * ihl));
  bytes[0] = (version << 4) | ihl;
  bytes.writeUInt16BE(header.total ?? bytes.length + payload.length, 2);
  bytes.writeUInt16BE(fragment, 6);
  bytes[9] = protocol;
  return Buffer.concat([bytes, payload]);
}

export function ipv6(
  next: number,
  payload: Buffer,
  random: Random,
  { version = 6, length = payload.length } = {},
): Buffer {
  const bytes = random.bytes(40);
  bytes[0] = (version << 4) | random.below(16);
  bytes.writeUInt16BE(length, 4);
  bytes[6] = next;
  return Buffer.concat([bytes, payload]);
}

/** A transport header and something behind it; right more often than not. */
export function transport(protocol: number, random: Random): Buffer {
  const bytes = random.bytes(random.pick([0, 1, 7, 8, 9, 12, 19, 20, 24, 36, 60, 100, 300]));
  const put = (at: number, value: number) => {
    if (at + 2 <= bytes.length) bytes.writeUInt16BE(value, at);
  };
  if (protocol === 17) put(4, random.pick([bytes.length, bytes.length, bytes.length + 1, 8, 7]));
  if (protocol === 6) put(12, random.pick([5, 5, 6, 15, 4, 9]) << 12);
  if (protocol === 58 || protocol === 1) bytes[0] = random.between(125, 140);
  return bytes;
}

/** An ICMP error: `type`, and the packet that it quotes or what is left of it. */
export function icmpError(type: number, quoted: Buffer, random: Random): Buffer {
  const bytes = random.bytes(8);
  bytes[0] = type;
  return Buffer.concat([bytes, quoted]);
}

const EXTENSIONS = [0, 43, 44, 51, 60, 135, 139, 140];
const PROTOCOLS = [6, 17, 17, 132, 58, 1, 59, 50, 253];

function randomChain(random: Random): Extension[] {
  return Array.from({ length: random.pick([0, 0, 1, 1, 2, 3, 5]) }, () => {
    const type = random.pick(EXTENSIONS);
    const units = type === 44 ? 1 : random.pick([1, 1, 1, 2, 3, 5, 8]);
    const offset = random.pick([0, 0, 0, 1, 0x1fff]);
    const fragment = { offset, more: random.chance(50), identification: random.word() };
    return { type, units, ...fragment, ...(random.chance(5) ? { length: random.below(256) } : {}) };
  });
}

function randomQuoted(random: Random, version: 4 | 6): Buffer {
  const protocol = random.pick([...PROTOCOLS, 17, 6, 132, 0, 44]);
  const behind = random.bytes(random.pick([4, 8, 8, 20]));
  const whole =
    random.chance(92) === (version === 4)
      ? ipv4(
          {
            protocol,
            ihl: random.pick([5, 5, 6, 10, 15, 4]),
            version: random.chance(95) ? 4 : 5,
            fragment: random.pick([0, 0, 0x4000, 0x2000, 0x2001, 0x1fff]),
          },
          behind,
          random,
        )
      : ipv6(protocol, behind, random, { version: random.chance(95) ? 6 : 5 });
  // ICMP quotes as much as it likes.
  return random.chance(70) ? whole : whole.subarray(0, random.between(0, whole.length));
}

/** Any of them, behind up to three tags; what is behind the packet is padding. */
export function randomFrame(random: Random, destination: Buffer, source = random.bytes(6)): Buffer {
  const tags = Array.from({ length: random.pick([0, 0, 1, 2, 2, 3]) }, () =>
    random.pick([TYPES.vlan, TYPES.service]),
  );
  const type = random.pick([TYPES.ipv4, TYPES.ipv4, TYPES.ipv6, TYPES.ipv6, TYPES.ipv6, 0]);
  const head = ethernet(
    destination,
    source,
    tags,
    type || random.pick([TYPES.arp, TYPES.heartbeat, 0x88cc]),
    random,
  );
  const protocol = random.pick(PROTOCOLS);
  let packet = random.bytes(60);
  if (type === TYPES.ipv4) {
    const error = random.chance(30);
    const inner = error
      ? icmpError(random.pick([3, 4, 5, 11, 12, 0, 8]), randomQuoted(random, 4), random)
      : transport(protocol, random);
    const ihl = random.pick([5, 5, 5, 5, 6, 10, 15, 4]);
    const fragment = random.pick([0, 0, 0, 0x4000, 0x2000, 0x2001, 0x0001, 0x1fff]);
    const version = random.chance(97) ? 4 : random.below(16);
    packet = ipv4({ protocol: error ? 1 : protocol, ihl, fragment, version }, inner, random);
  } else if (type === TYPES.ipv6) {
    const error = random.chance(30);
    const inner = error
      ? icmpError(random.pick([1, 2, 3, 4, 0, 5, 128]), randomQuoted(random, 6), random)
      : transport(protocol, random);
    const headers = error && random.chance(80) ? [] : randomChain(random);
    const { first, bytes } = chainOf(headers, error ? 58 : protocol, random);
    const all = Buffer.concat([bytes, inner]);
    const version = random.chance(97) ? 6 : random.below(16);
    const length = random.chance(90) ? all.length : random.below(all.length + 1);
    packet = ipv6(first, all, random, { version, length });
  }
  return Buffer.concat([head, packet, random.bytes(random.pick([0, 0, 1, 20]))]);
}
