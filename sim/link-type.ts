/**
 * What stands in front of a captured packet: numbers of the tcpdump.org registry of link types, and
 * the Ethernet frame that a card would have got where the capture has something else.
 */
import { type CapturedFrame, LINKTYPE_ETHERNET } from './capture-file.ts';

const RAW = 101;
const LINUX_SLL = 113;
const IPV4 = 228;
const IPV6 = 229;
const LINUX_SLL2 = 276;

/** The ones that are met; others are told by number. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'ETHERNET',
  8: 'SLIP',
  9: 'PPP',
  50: 'PPP_HDLC',
  51: 'PPP_ETHER',
  101: 'RAW',
  104: 'C_HDLC',
  105: 'IEEE802_11',
  107: 'FRELAY',
  108: 'LOOP',
  113: 'LINUX_SLL',
  127: 'IEEE802_11_RADIOTAP',
  139: 'MTP2_WITH_PHDR',
  140: 'MTP2',
  141: 'MTP3',
  142: 'SCCP',
  187: 'BLUETOOTH_HCI_H4',
  189: 'USB_LINUX',
  195: 'IEEE802_15_4_WITHFCS',
  220: 'USB_LINUX_MMAPPED',
  228: 'IPV4',
  229: 'IPV6',
  239: 'NFLOG',
  248: 'SCTP',
  249: 'USBPCAP',
  252: 'WIRESHARK_UPPER_PDU',
  253: 'NETLINK',
  274: 'ETHERNET_MPACKET',
  276: 'LINUX_SLL2',
};

/** Link types that `ethernetOf` reads, in words. */
export const ETHERNET_FROM = [LINKTYPE_ETHERNET, LINUX_SLL, LINUX_SLL2, RAW, IPV4, IPV6]
  .map((type) => `${linkTypeName(type)} (${type})`)
  .join(', ');

/** `LINUX_SLL`, or `type 9999` for what is seldom met. */
export function linkTypeName(linkType: number): string {
  return NAMES[linkType] ?? `type ${linkType}`;
}

/**
 * The frame as it crossed, or would have crossed, an Ethernet: where the capture left the link's
 * header out (LINUX_SLL of "any", RAW), one to 00:00:00:00:00:00 is put in front. Of data that ends
 * inside the capture's own header nothing is left. Undefined for link types that are not read.
 */
export function ethernetOf({ linkType, data }: CapturedFrame): Buffer | undefined {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return data;
    case LINUX_SLL:
      // Packet type, ARPHRD, length of the address, address (8), protocol.
      return behind(data, 16, { source: 6, type: 14 });
    case LINUX_SLL2:
      // Protocol, reserved, interface (4), ARPHRD, packet type, length of the address, address (8).
      return behind(data, 20, { source: 12, type: 0 });
    case RAW:
    case IPV4:
    case IPV6: {
      if (data.length === 0) return data;
      const version6 = (data[0] ?? 0) >> 4 === 6;
      return withHeader(Buffer.alloc(6), Buffer.from(version6 ? [0x86, 0xdd] : [8, 0]), data);
    }
    default:
      return undefined;
  }
}

function behind(data: Buffer, header: number, at: { source: number; type: number }): Buffer {
  if (data.length < header) return Buffer.alloc(0);
  const source = data.subarray(at.source, at.source + 6);
  return withHeader(source, data.subarray(at.type, at.type + 2), data.subarray(header));
}

function withHeader(source: Buffer, type: Buffer, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(6), source, type, payload]);
}
