/** docs/card.md, step 2, written out once more: the metadata behind each stage of the parser. */
import { ORIGIN, REASON } from '../../../driver/generated/registers.ts';

export type Meta = Record<string, number>;

export interface Port {
  readonly mac: Buffer;
}

const TAGS = [0x8100, 0x88a8];
const EXTENSIONS = [0, 43, 44, 51, 60, 135, 139, 140];
const UDP = 17;
const TCP = 6;
const SCTP = 132;
const ICMPV6 = 58;

function dropped(meta: Meta, reason: number): Meta {
  return meta.decided ? meta : { ...meta, decided: 1, reason };
}

/** `meta`: origin, ingress, inject_mode, inject_target. `header`: as many bytes as are asked for. */
export function l2(header: Buffer, meta: Meta, ports: readonly Port[]): Meta {
  const { origin, inject_mode, inject_target = 0, ingress = 0 } = meta;
  const byRules = origin === ORIGIN.line || (origin === ORIGIN.host && inject_mode === 2);
  const plain = { ipv4: 0, ipv6: 0, neighbour: 0, header_min: 14, packet_end: 0 };
  const out: Meta = { ...meta, ...plain, by_rules: Number(byRules), decided: 0, reason: 0 };
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
  Object.assign(out, {
    l3,
    ipv4: Number(type === 0x0800),
    ipv6: Number(type === 0x86dd),
    neighbour: Number(arp),
    header_min: arp ? l3 + 28 : l3,
  });
  if (!byRules) return out;
  if (arp) return dropped(out, REASON.punt_neighbour);
  return out.ipv4 || out.ipv6 ? out : dropped(out, REASON.ethertype);
}

export function l3(header: Buffer, before: Meta): Meta {
  const at = before.l3 ?? 0;
  const version = (header[at] ?? 0) >> 4;
  const out: Meta = { ...before, bad_ip: 0, first_fragment: 0, later_fragment: 0 };
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
  if (out.bad_ip) return dropped(out, REASON.ip_header);
  const extension = before.ipv6 === 1 && EXTENSIONS.includes(out.protocol ?? -1);
  return extension ? dropped(out, REASON.punt_ipv6_extension) : out;
}

/** For packets with an acceptable IP header. */
export function l4(header: Buffer, before: Meta): Meta {
  const { l4: at = 0, packet_end: end = 0, protocol = 0 } = before;
  const rest = end - at;
  const type = header[at] ?? 0;
  const discovery =
    before.ipv6 && protocol === ICMPV6 && rest >= 1 && type >= 133 && type <= 137 ? 1 : 0;
  const later = before.later_fragment === 1;
  const out: Meta = { ...before, neighbour: before.neighbour || discovery, has_ports: 0 };
  if (discovery && out.by_rules) return dropped(out, REASON.punt_neighbour);
  if (later) return out;
  let bad = false;
  out.payload = at;
  out.payload_end = end;
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
  return bad && out.by_rules ? dropped(out, REASON.l4_length) : out;
}

/** What of a stage's answer has a meaning: `decided` for frames that go by rules, `reason` with it. */
export function meaningful(expected: Meta, got: Record<string, bigint>): Meta {
  const names = Object.keys(expected).filter(
    (name) =>
      (name !== 'reason' || (expected.by_rules && expected.decided)) &&
      (name !== 'decided' || expected.by_rules),
  );
  return Object.fromEntries(names.map((name) => [name, Number(got[name])]));
}

export function wanted(expected: Meta): Meta {
  return meaningful(
    expected,
    Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, BigInt(value)])),
  );
}
