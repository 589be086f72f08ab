/** Ethernet II frames with VLAN tags (IEEE 802.3, 802.1Q), without preamble and FCS. */
import { bytesToMac, macToBytes } from './address.ts';
import { checkRange, view } from './bytes.ts';

export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd, qinq: 0x88a8 };

/** One VLAN tag, the outermost first in every list. */
export interface VlanTag {
  /** 12 bits. It is VLAN's VID, not ours; hence the name. */
  readonly vlanId: number;
  /** Priority code point, 0 to 7. */
  readonly pcp?: number;
  readonly dei?: boolean;
  /** 0x8100 (the default) or 0x88a8. */
  readonly tpid?: number;
}

export interface LinkHeader {
  readonly dstMac: string;
  readonly srcMac: string;
  readonly vlans?: readonly VlanTag[];
}

export interface EthernetFrame extends Required<LinkHeader> {
  readonly vlans: readonly Required<VlanTag>[];
  /** Of what follows the tags; below 1536 it is a length (IEEE 802.3 §3.2.6). */
  readonly etherType: number;
  /** Where the payload begins in the frame. */
  readonly offset: number;
  /** All that follows, padding of short frames with it. */
  readonly payload: Buffer;
}

export function isVlanTpid(etherType: number): boolean {
  return etherType === ETHERTYPE.vlan || etherType === ETHERTYPE.qinq;
}

/** Reads addresses, all tags and the EtherType; undefined where the frame ends within them. */
export function parseEthernet(frame: Uint8Array): EthernetFrame | undefined {
  if (frame.length < 14) return undefined;
  const bytes = view(frame);
  const vlans: Required<VlanTag>[] = [];
  let offset = 14;
  let etherType = bytes.readUInt16BE(12);
  while (isVlanTpid(etherType)) {
    if (bytes.length < offset + 4) return undefined;
    const tci = bytes.readUInt16BE(offset);
    vlans.push({
      tpid: etherType,
      pcp: tci >> 13,
      dei: (tci & 0x1000) !== 0,
      vlanId: tci & 0xfff,
    });
    etherType = bytes.readUInt16BE(offset + 2);
    offset += 4;
  }
  return {
    dstMac: bytesToMac(bytes, 0),
    srcMac: bytesToMac(bytes, 6),
    vlans,
    etherType,
    offset,
    payload: bytes.subarray(offset),
  };
}

const NO_TAGS: readonly VlanTag[] = [];

/** A frame as it goes to the card: no padding to 60 bytes, no FCS. */
export function buildEthernet(
  link: LinkHeader & { readonly etherType: number; readonly payload: Uint8Array },
): Buffer {
  const tags = (link.vlans ?? NO_TAGS).map((tag) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(tag.tpid ?? ETHERTYPE.vlan, 0);
    const pcp = checkRange('pcp', tag.pcp ?? 0, 7);
    const vlanId = checkRange('vlanId', tag.vlanId, 0xfff);
    bytes.writeUInt16BE((pcp << 13) | (tag.dei ? 0x1000 : 0) | vlanId, 2);
    return bytes;
  });
  const head = 14 + 4 * tags.length;
  const frame = Buffer.allocUnsafe(head + link.payload.length);
  frame.set(macToBytes(link.dstMac), 0);
  frame.set(macToBytes(link.srcMac), 6);
  for (const [i, tag] of tags.entries()) frame.set(tag, 12 + 4 * i);
  frame.writeUInt16BE(checkRange('etherType', link.etherType, 0xffff), head - 2);
  frame.set(link.payload, head);
  return frame;
}
