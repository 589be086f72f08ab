/** docs/card.md, step 2, written out once more: the metadata behind each stage of the parser. */
import { ORIGIN, REASON } from '../../../driver/generated/registers.ts';
import { PREFIX } from './decisions.ts';

export type Meta = Record<string, number>;

export interface Port {
  readonly mac: Buffer;
}

const TAGS = [0x8100, 0x88a8];
const EXTENSIONS = [0, 43, 44, 51, 60, 135, 139, 140];
/** Of all extension headers together. */
const CHAIN_BYTES = 64;
/** A payload behind this byte cannot be compared. */
const PAYLOAD_MAX = 142;
const UDP = 17;
const TCP = 6;
const SCTP = 132;
const ICMP = 1;
const ICMPV6 = 58;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Stands for a chain that cannot be read. */
const NO_PROTOCOL = 255;

function dropped(meta: Meta, reason: number): Meta {
  return meta.decided ? meta : { ...meta, decided: 1, reason };
}

/** `meta`: origin, ingress, inject_mode, inject_target. `header`: as many bytes as are asked for. */
export function l2(header: Buffer, meta: Meta, ports: readonly Port[]): Meta {
  const { origin, inject_mode, inject_target = 0, ingress = 0 } = meta;
  const byRules = origin === ORIGIN.line || (origin === ORIGIN.host && inject_mode === 2);
  const plain = { ipv4: 0, ipv6: 0, neighbour: 0, heartbeat: 0 };
  const out: Meta = {
    ...meta,
    ...plain,
    header_min: 14,
    packet_end: 0,
    by_rules: Number(byRules),
    decided: 0,
    reason: 0,
  };
  if (!byRules && origin === ORIGIN.host) return out;

  if (byRules) {
    const port = ports[origin === ORIGIN.host ? inject_target : ingress];
    if (port === undefined) return dropped(out, REASON.inject_target);
    const group = ((header[0] ?? 0) & 1) === 1;
    if (!group && !header.subarray(0, 6).equals(port.mac)) return dropped(out, REASON.foreign_mac);
  }
  let l3 = 14;
  while (l3 < 22 && TAGS.includes(header.readUInt16BE(l3 - 2))) l3 += 4;
  const type = header.readUInt16BE(l3 - 2);
  const arp = type === 0x0806;
  const control = header.readUInt32BE(0) === PREFIX && header[4] === 0xff;
  const heartbeat = origin === ORIGIN.slot && type === 0x88b5 && control;
  Object.assign(out, {
    l3,
    ipv4: Number(type === 0x0800),
    ipv6: Number(type === 0x86dd),
    neighbour: Number(arp),
    heartbeat: Number(heartbeat),
    header_min: arp ? l3 + 28 : heartbeat ? l3 + 12 : l3,
  });
  if (!byRules) return out;
  if (arp) return dropped(out, REASON.punt_neighbour);
  return out.ipv4 || out.ipv6 ? out : dropped(out, REASON.ethertype);
}

export function l3(header: Buffer, before: Meta): Meta {
  const at = before.l3 ?? 0;
  const version = (header[at] ?? 0) >> 4;
  const none = { first_fragment: 0, later_fragment: 0, identification: 0, extended: 0 };
  const out: Meta = { ...before, bad_ip: 0, ...none };
  if (before.ipv4) {
    const ihl = (header[at] ?? 0) & 15;
    const total = header.readUInt16BE(at + 2);
    const fragment = header.readUInt16BE(at + 6);
    const later = (fragment & 0x1fff) !== 0;
    Object.assign(out, {
      bad_ip: Number(version !== 4 || ihl < 5 || total < 4 * ihl),
      header_min: at + 20,
      packet_end: at + total,
      l4: at + 4 * ihl,
      protocol: header[at + 9],
      first_fragment: Number(!later && (fragment & 0x2000) !== 0),
      later_fragment: Number(later),
    });
  } else if (before.ipv6) {
    const next = header[at + 6] ?? 0;
    Object.assign(out, {
      bad_ip: Number(version !== 6),
      header_min: at + (next === ICMPV6 ? 41 : 40),
      packet_end: at + 40 + header.readUInt16BE(at + 4),
      l4: at + 40,
      protocol: next,
    });
  }
  if (out.bad_ip) out.packet_end = 0;
  if (!out.by_rules) return out;
  return out.bad_ip ? dropped(out, REASON.ip_header) : out;
}

/** IPv6 extension headers, one after the other. `header` reaches as far as they may. */
export function chain(header: Buffer, before: Meta): Meta {
  if (!before.ipv6 || before.bad_ip) return before;
  const bound = (before.l3 ?? 0) + 40 + CHAIN_BYTES;
  const out = { ...before };
  let at = (before.l3 ?? 0) + 40;
  let type = before.protocol ?? 0;
  let fragments = 0;
  while (EXTENSIONS.includes(type)) {
    out.extended = 1;
    const lengthByte = header[at + 1] ?? 0;
    let length = (lengthByte + 1) * 8;
    if (type === FRAGMENT) length = 8;
    if (type === AUTHENTICATION) length = (lengthByte + 2) * 4;
    const again = type === FRAGMENT && fragments++ > 0;
    if (at + length > bound || length % 8 !== 0 || again) {
      // Of this one the first eight bytes are needed to know it, as far as they may be looked at.
      Object.assign(out, { header_min: Math.min(at + 8, bound), protocol: NO_PROTOCOL });
      Object.assign(out, { first_fragment: 0, later_fragment: 0 });
      return out.by_rules ? dropped(out, REASON.punt_ipv6_extension) : out;
    }
    const fragment = type === FRAGMENT;
    type = header[at] ?? 0;
    if (fragment) {
      const word = header.readUInt16BE(at + 2);
      out.identification = header.readUInt32BE(at + 4);
      out.later_fragment = Number(word >> 3 !== 0);
      out.first_fragment = Number(word >> 3 === 0 && (word & 1) === 1);
    }
    at += length;
    out.header_min = at;
    if (out.later_fragment) break;
  }
  return Object.assign(out, { l4: at, protocol: type });
}

/** For packets with an acceptable IP header. */
export function l4(header: Buffer, before: Meta): Meta {
  const { l4: at = 0, packet_end: end = 0, protocol = 0 } = before;
  const rest = end - at;
  const type = header[at] ?? 0;
  const solicited = protocol === ICMPV6 && rest >= 1 && type >= 133 && type <= 137;
  const discovery = Number(before.ipv6 === 1 && !before.extended && solicited);
  const later = before.later_fragment === 1;
  const out: Meta = { ...before, neighbour: before.neighbour || discovery, has_ports: 0 };
  if (discovery && out.by_rules) return dropped(out, REASON.punt_neighbour);
  out.payload = at;
  out.payload_end = end;
  let bad = rest < 0;
  if (later || bad) return bad && out.by_rules ? dropped(out, REASON.l4_length) : out;
  if (protocol === UDP) {
    const length = header.readUInt16BE(at + 4);
    bad = rest < 8 || length < 8 || (length > rest && !before.first_fragment);
    out.payload = at + 8;
    if (!before.first_fragment) out.payload_end = at + length;
  } else if (protocol === TCP) {
    const offset = (header[at + 12] ?? 0) >> 4;
    bad = rest < 20 || offset < 5 || 4 * offset > rest;
    out.payload = at + 4 * offset;
  } else if (protocol === SCTP) {
    bad = rest < 12;
    out.payload = at + 12;
  }
  if ([UDP, TCP, SCTP].includes(protocol)) {
    out.has_ports = 1;
    out.destination_port = header.readUInt16BE(at + 2);
  }
  if (!out.by_rules) return out;
  if (bad) return dropped(out, REASON.l4_length);
  return out.payload > PAYLOAD_MAX ? dropped(out, REASON.punt_window) : out;
}

/** The packet that an ICMP error quotes. */
export interface Quote {
  protocol: number;
  laterFragment: boolean;
  /** Offsets of its source address and of its L4 header. */
  sourceAt: number;
  l4: number;
  /** Its source port, where it has ports. */
  port?: number;
}

/** docs/card.md, "ICMP errors"; `before` as `chain` leaves it. */
export function quote(header: Buffer, before: Meta): Quote | undefined {
  const { ipv6, l3: outer = 0, l4: icmp = 0, protocol, packet_end: end = 0 } = before;
  if (before.bad_ip || before.first_fragment || before.later_fragment) return undefined;
  const type = header[icmp] ?? 0;
  const at = icmp + 8;
  const [version = 0, ihl = 0] = [(header[at] ?? 0) >> 4, (header[at] ?? 0) & 15];
  let found: Quote;
  if (ipv6) {
    if (before.extended || protocol !== ICMPV6 || type < 1 || type > 4 || version !== 6) return;
    const next = header[at + 6] ?? 0;
    found = { protocol: next, laterFragment: false, sourceAt: at + 8, l4: at + 40 };
  } else {
    if (icmp !== outer + 20 || protocol !== ICMP || ![3, 4, 5, 11, 12].includes(type)) return;
    if (version !== 4 || ihl < 5) return undefined;
    const laterFragment = (header.readUInt16BE(at + 6) & 0x1fff) !== 0;
    const l4At = at + 4 * ihl;
    found = { protocol: header[at + 9] ?? 0, laterFragment, sourceAt: at + 12, l4: l4At };
  }
  if (found.l4 + 4 > end) return undefined;
  const ports = [UDP, TCP, SCTP].includes(found.protocol) && !found.laterFragment;
  return ports ? { ...found, port: header.readUInt16BE(found.l4) } : found;
}

/** What rules are asked about; `before` as `l4` leaves it. */
export function judged(before: Meta, quoted: Quote | undefined): Meta {
  const { payload = 0, payload_end = 0, l3: at = 0 } = before;
  const payload_length = Math.max(0, Math.min(16, payload_end - payload));
  const destination_at = at + (before.ipv6 ? 24 : 16);
  if (!quoted) return { ...before, quoted: 0, payload_length, destination_at };
  const { port } = quoted;
  const out: Meta = {
    ...before,
    quoted: 1,
    payload_length: 0,
    protocol: quoted.protocol,
    later_fragment: Number(quoted.laterFragment),
    has_ports: Number(port !== undefined),
    destination_at: quoted.sourceAt,
    // Where a destination port is asked for, the source port is meant: two bytes before.
    l4: quoted.l4 - 2,
  };
  if (port === undefined) delete out.destination_port;
  else out.destination_port = port;
  return out;
}

const L4_FIELDS: readonly string[] = [
  'has_ports',
  'destination_port',
  'payload',
  'payload_end',
  'payload_length',
];

/**
 * What of a stage's answer has a meaning: `decided` for frames that go by rules, `reason` with it;
 * of an L4 header that is not all there, that lies behind what cannot be read, or that no rule will ask for, nothing.
 */
export function meaningful(expected: Meta, got: Record<string, bigint>): Meta {
  const cut = expected.decided === 1 && expected.reason === REASON.l4_length;
  const unread = expected.ipv6 === 1 && expected.protocol === 255; // a chain that cannot be read
  const noL4 = cut || unread || !expected.by_rules;
  const names = Object.keys(expected).filter(
    (name) =>
      (name !== 'reason' || (expected.by_rules && expected.decided)) &&
      (name !== 'decided' || expected.by_rules) &&
      !(noL4 && L4_FIELDS.includes(name)) &&
      !(unread && name === 'l4'),
  );
  return Object.fromEntries(names.map((name) => [name, Number(got[name])]));
}

export function wanted(expected: Meta): Meta {
  return meaningful(
    expected,
    Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, BigInt(value)])),
  );
}
