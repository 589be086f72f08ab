/**
 * A second opinion on frames that we write: tshark decodes them, finds nothing to complain of, and
 * reads the values that we meant.
 */
import { describe, expect, it } from 'vitest';
import { buildArp } from '../../../host/protocol/arp.ts';
import { buildEthernet, ETHERTYPE } from '../../../host/protocol/ethernet.ts';
import { buildIpv4, type Ipv4Fields } from '../../../host/protocol/ipv4.ts';
import {
  answerNeighbourSolicitation,
  buildNeighbourSolicitation,
  parseNeighbourSolicitation,
} from '../../../host/protocol/neighbour.ts';
import { buildSctpDataChunk, buildSctpFrame } from '../../../host/protocol/sctp.ts';
import { buildTcpFrame } from '../../../host/protocol/tcp.ts';
import { buildUdp, buildUdpFrame } from '../../../host/protocol/udp.ts';
import { decode, type Expected, expectDecoded, tsharkIsThere } from './tshark.ts';

const LINK = { dstMac: '02:00:00:00:00:01', srcMac: '02:00:00:00:00:02' };
const V4 = { ...LINK, src: '192.0.2.1', dst: '198.51.100.7' };
const V6 = { ...LINK, src: '2001:db8::1', dst: '2001:db8:1::7' };
const PORTS = { srcPort: 40001, dstPort: 40002 };
const TEXT = Buffer.from('what a frame carries');
const VLANS = [
  { tpid: ETHERTYPE.qinq, vlanId: 100, pcp: 5, dei: true },
  { vlanId: 7, pcp: 1 },
];

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('our own frame was not read');
  return value;
}

const solicitation = buildNeighbourSolicitation({
  srcMac: LINK.srcMac,
  src: 'fe80::2',
  target: '2001:db8::12:3456',
  sourceLinkAddress: LINK.srcMac,
});

const DATAGRAM = buildUdp({ ...V4, ...PORTS, payload: TEXT });

function fragment(part: Pick<Ipv4Fields, 'payload' | 'moreFragments' | 'fragmentOffset'>): Buffer {
  const packet = buildIpv4({ ...V4, protocol: 17, identification: 77, ...part });
  return buildEthernet({ ...LINK, etherType: ETHERTYPE.ipv4, payload: packet });
}

/** Each frame with the fields that tshark has to find in it. */
const FRAMES: readonly Expected[] = [
  [
    'UDP over IPv4',
    buildUdpFrame({ ...V4, ...PORTS, payload: TEXT, trafficClass: 0xb8, hopLimit: 9 }),
    {
      'eth.dst': LINK.dstMac,
      'eth.src': LINK.srcMac,
      'ip.src': V4.src,
      'ip.dst': V4.dst,
      'ip.ttl': '9',
      'ip.dsfield.dscp': '46',
      'ip.checksum.status': '1',
      'udp.srcport': '40001',
      'udp.dstport': '40002',
      'udp.checksum.status': '1',
      'udp.payload': TEXT.toString('hex'),
    },
  ],
  [
    'UDP over IPv6',
    buildUdpFrame({ ...V6, ...PORTS, payload: TEXT }),
    {
      'ipv6.src': V6.src,
      'ipv6.dst': V6.dst,
      'udp.checksum.status': '1',
      'udp.payload': TEXT.toString('hex'),
    },
  ],
  [
    'UDP in two tags, with an odd payload',
    buildUdpFrame({ ...V4, ...PORTS, vlans: VLANS, payload: TEXT.subarray(1) }),
    {
      'ieee8021ad.id': '100',
      'ieee8021ad.priority': '5',
      'ieee8021ad.dei': '1',
      'vlan.id': '7',
      'vlan.priority': '1',
      'udp.checksum.status': '1',
    },
  ],
  [
    'IPv4 with options',
    buildUdpFrame({ ...V4, ...PORTS, options: Buffer.from('94040000', 'hex'), payload: TEXT }),
    { 'ip.hdr_len': '24', 'ip.checksum.status': '1', 'ip.opt.type': '148' },
  ],
  [
    'a first fragment',
    fragment({ payload: DATAGRAM.subarray(0, 16), moreFragments: true }),
    { 'ip.id': '0x004d', 'ip.flags.mf': '1', 'ip.checksum.status': '1' },
  ],
  [
    'a last fragment, with which the datagram is whole',
    fragment({ payload: DATAGRAM.subarray(16), fragmentOffset: 16 }),
    { 'ip.flags.mf': '0', 'udp.dstport': '40002', 'udp.checksum.status': '1' },
  ],
  [
    'TCP over IPv6 with options',
    buildTcpFrame({
      ...V6,
      ...PORTS,
      sequence: 5,
      flags: 0x02,
      tcpOptions: Buffer.from('020405a0', 'hex'),
      payload: Buffer.alloc(0),
    }),
    {
      'tcp.dstport': '40002',
      'tcp.seq_raw': '5',
      'tcp.flags.syn': '1',
      'tcp.options.mss_val': '1440',
      'tcp.checksum.status': '1',
    },
  ],
  [
    'SCTP over IPv4',
    buildSctpFrame({
      ...V4,
      ...PORTS,
      verificationTag: 0xcafebabe,
      chunks: buildSctpDataChunk({ tsn: 9, streamId: 1, streamSequence: 2, payload: TEXT }),
    }),
    {
      'sctp.verification_tag': '0xcafebabe',
      'sctp.checksum.status': '1',
      'sctp.data_tsn_raw': '9',
      'sctp.data_sid': '0x0001',
    },
  ],
  [
    'an ARP request',
    buildArp({
      ...LINK,
      dstMac: 'ff:ff:ff:ff:ff:ff',
      operation: 'request',
      senderMac: LINK.srcMac,
      senderAddress: V4.src,
      targetMac: '00:00:00:00:00:00',
      targetAddress: V4.dst,
    }),
    { 'arp.opcode': '1', 'arp.src.proto_ipv4': V4.src, 'arp.dst.proto_ipv4': V4.dst },
  ],
  [
    'a neighbour solicitation',
    solicitation,
    {
      'eth.dst': '33:33:ff:12:34:56',
      'ipv6.dst': 'ff02::1:ff12:3456',
      'icmpv6.type': '135',
      'icmpv6.checksum.status': '1',
      'icmpv6.nd.ns.target_address': '2001:db8::12:3456',
      'icmpv6.opt.linkaddr': LINK.srcMac,
    },
  ],
  [
    'a neighbour advertisement',
    answerNeighbourSolicitation(must(parseNeighbourSolicitation(solicitation)), LINK.dstMac),
    {
      'icmpv6.type': '136',
      'icmpv6.checksum.status': '1',
      'icmpv6.nd.na.target_address': '2001:db8::12:3456',
      'icmpv6.nd.na.flag.s': '1',
      'icmpv6.nd.na.flag.o': '1',
      'icmpv6.opt.linkaddr': LINK.dstMac,
    },
  ],
];

describe.runIf(tsharkIsThere)('tshark', () => {
  it('reads what we wrote, and has nothing to complain of', () => expectDecoded(FRAMES));

  it('would complain of a wrong checksum', () => {
    const frame = buildUdpFrame({ ...V4, ...PORTS, payload: TEXT });
    frame[frame.length - 1] = 0;
    const [found] = decode([frame], ['udp.checksum.status', '_ws.expert.severity']);
    expect(found?.['udp.checksum.status']).toBe('0');
    expect(Number(found?.['_ws.expert.severity'])).toBeGreaterThanOrEqual(0x600000);
  });
});
