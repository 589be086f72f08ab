/** IPv6 neighbour solicitation and advertisement (RFC 4861 §4.3, §4.4), as whole frames. */
import { addressToBytes, bytesToAddress, bytesToMac, macToBytes, multicastMac } from './address.ts';
import { transportChecksum } from './checksum.ts';
import type { LinkHeader } from './ethernet.ts';
import { buildIpFrame, IP_PROTOCOL, type IpFrame, parseIpFrame } from './ip.ts';

const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const SOURCE_LINK_ADDRESS = 1;
const TARGET_LINK_ADDRESS = 2;
const ROUTER = 0x80000000;
const SOLICITED = 0x40000000;
const OVERRIDE = 0x20000000;

interface NeighbourFrame extends Required<LinkHeader> {
  readonly src: string;
  readonly dst: string;
  readonly target: string;
}

export interface NeighbourSolicitation extends NeighbourFrame {
  readonly sourceLinkAddress: string | undefined;
}

export interface NeighbourAdvertisement extends NeighbourFrame {
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
  readonly targetLinkAddress: string | undefined;
}

/** The group that solicitations for `address` go to (RFC 4291 §2.7.1). */
export function solicitedNodeAddress(address: string): string {
  const bytes = addressToBytes(address);
  if (bytes.length !== 16) throw new RangeError(`${address}: must be an IPv6 address`);
  const prefix = addressToBytes('ff02::1:ff00:0').subarray(0, 13);
  return bytesToAddress(Buffer.concat([prefix, bytes.subarray(13)]));
}

/** What everybody on a link has besides other addresses: made of the MAC address (RFC 4291 §2.5.6, appendix A). */
export function linkLocalAddress(mac: string): string {
  const [a = 0, ...rest] = macToBytes(mac);
  const [b = 0, c = 0, d = 0, e = 0, f = 0] = rest;
  const identifier = [a ^ 0x02, b, c, 0xff, 0xfe, d, e, f];
  return bytesToAddress(Buffer.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...identifier]));
}

/** Reads a solicitation that passes all checks of RFC 4861 §7.1.1; undefined for all else. */
export function parseNeighbourSolicitation(frame: Uint8Array): NeighbourSolicitation | undefined {
  const message = parseMessage(frame, SOLICITATION);
  if (message === undefined) return undefined;
  const { ip, options, target } = message;
  const sourceLinkAddress = linkAddress(options, SOURCE_LINK_ADDRESS);
  if (ip.src === '::') {
    // Duplicate address detection: only to the solicited-node group and without an own address.
    if (!/^ff02::1:ff/.test(ip.dst) || sourceLinkAddress !== undefined) return undefined;
  }
  return { ...addresses(ip), target, sourceLinkAddress };
}

/** Reads an advertisement that passes all checks of RFC 4861 §7.1.2; undefined for all else. */
export function parseNeighbourAdvertisement(frame: Uint8Array): NeighbourAdvertisement | undefined {
  const message = parseMessage(frame, ADVERTISEMENT);
  if (message === undefined) return undefined;
  const { ip, options, target, flags } = message;
  const solicited = (flags & SOLICITED) !== 0;
  if (solicited && ip.dst.startsWith('ff')) return undefined;
  return {
    ...addresses(ip),
    target,
    router: (flags & ROUTER) !== 0,
    solicited,
    override: (flags & OVERRIDE) !== 0,
    targetLinkAddress: linkAddress(options, TARGET_LINK_ADDRESS),
  };
}

interface Message {
  readonly ip: IpFrame;
  readonly flags: number;
  readonly target: string;
  readonly options: ReadonlyMap<number, Buffer>;
}

function parseMessage(frame: Uint8Array, type: number): Message | undefined {
  const ip = parseIpFrame(frame);
  // Hop limit 255 proves that no router passed it on.
  if (ip === undefined || ip.protocol !== IP_PROTOCOL.icmpv6 || ip.hopLimit !== 255) {
    return undefined;
  }
  const bytes = ip.payload;
  if (bytes.length < 24 || bytes.readUInt16BE(0) !== type << 8) return undefined; // code 0
  if (transportChecksum(ip.src, ip.dst, IP_PROTOCOL.icmpv6, bytes) !== 0) return undefined;
  const target = bytesToAddress(bytes.subarray(8, 24));
  const options = parseOptions(bytes.subarray(24));
  if (options === undefined || bytes.readUInt8(8) === 0xff) return undefined;
  return { ip, flags: bytes.readUInt32BE(4), target, options };
}

/** Value of each option by type; undefined where a length is 0 or does not fit. */
function parseOptions(bytes: Buffer): Map<number, Buffer> | undefined {
  const options = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at + 1] ?? 0) * 8;
    if (length === 0 || at + length > bytes.length) return undefined;
    options.set(bytes.readUInt8(at), bytes.subarray(at + 2, at + length));
    at += length;
  }
  return options;
}

function linkAddress(options: ReadonlyMap<number, Buffer>, type: number): string | undefined {
  const value = options.get(type);
  return value?.length === 6 ? bytesToMac(value) : undefined;
}

function addresses(ip: IpFrame): Omit<NeighbourFrame, 'target'> {
  const { dstMac, srcMac, vlans } = ip.ethernet;
  return { dstMac, srcMac, vlans, src: ip.src, dst: ip.dst };
}

/** Asks who has `target`; goes to the solicited-node group unless `dst` says otherwise. */
export function buildNeighbourSolicitation(fields: {
  readonly srcMac: string;
  readonly dstMac?: string;
  readonly vlans?: LinkHeader['vlans'];
  readonly src: string;
  readonly dst?: string;
  readonly target: string;
  /** Left out for duplicate address detection (src `::`). */
  readonly sourceLinkAddress?: string;
}): Buffer {
  const dst = fields.dst ?? solicitedNodeAddress(fields.target);
  return buildMessage({
    link: {
      srcMac: fields.srcMac,
      dstMac: fields.dstMac ?? multicastMac(dst),
      vlans: fields.vlans ?? [],
    },
    src: fields.src,
    dst,
    type: SOLICITATION,
    flags: 0,
    target: fields.target,
    option: option(SOURCE_LINK_ADDRESS, fields.sourceLinkAddress),
  });
}

/** Says that `target` is at `targetLinkAddress`. */
export function buildNeighbourAdvertisement(
  fields: LinkHeader & {
    readonly src: string;
    readonly dst: string;
    readonly target: string;
    readonly targetLinkAddress?: string;
    readonly router?: boolean;
    readonly solicited?: boolean;
    readonly override?: boolean;
  },
): Buffer {
  const flags =
    (fields.router ? ROUTER : 0) +
    (fields.solicited ? SOLICITED : 0) +
    (fields.override ? OVERRIDE : 0);
  return buildMessage({
    link: fields,
    src: fields.src,
    dst: fields.dst,
    type: ADVERTISEMENT,
    flags,
    target: fields.target,
    option: option(TARGET_LINK_ADDRESS, fields.targetLinkAddress),
  });
}

/** The advertisement that answers `solicitation`: `mac` has the address asked for. */
export function answerNeighbourSolicitation(
  solicitation: NeighbourSolicitation,
  mac: string,
): Buffer {
  const probe = solicitation.src === '::'; // duplicate address detection: told to all, §7.2.4
  const dst = probe ? 'ff02::1' : solicitation.src;
  return buildNeighbourAdvertisement({
    srcMac: mac,
    dstMac: probe ? multicastMac(dst) : (solicitation.sourceLinkAddress ?? solicitation.srcMac),
    vlans: solicitation.vlans,
    src: solicitation.target,
    dst,
    target: solicitation.target,
    targetLinkAddress: mac,
    solicited: !probe,
    override: true,
  });
}

function option(type: number, mac: string | undefined): Buffer {
  return mac === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.of(type, 1), macToBytes(mac)]);
}

function buildMessage(message: {
  readonly link: LinkHeader;
  readonly src: string;
  readonly dst: string;
  readonly type: number;
  readonly flags: number;
  readonly target: string;
  readonly option: Buffer;
}): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(message.type, 0);
  header.writeUInt32BE(message.flags, 4);
  const payload = Buffer.concat([header, addressToBytes(message.target), message.option]);
  const { src, dst } = message;
  const protocol = IP_PROTOCOL.icmpv6;
  payload.writeUInt16BE(transportChecksum(src, dst, protocol, payload), 2);
  const { dstMac, srcMac, vlans = [] } = message.link;
  return buildIpFrame({ dstMac, srcMac, vlans, src, dst, protocol, payload, hopLimit: 255 });
}
