/** A small, well-behaved set of tables, and frames that fit it: what bad input is made from. */
import type { CardSizes } from '../../driver/index.ts';
import { buildArp } from '../../host/protocol/arp.ts';
import { buildIpFrame } from '../../host/protocol/ip.ts';
import { buildNeighbourSolicitation } from '../../host/protocol/neighbour.ts';
import { buildSctpFrame } from '../../host/protocol/sctp.ts';
import { buildTcpFrame } from '../../host/protocol/tcp.ts';
import { buildUdpFrame } from '../../host/protocol/udp.ts';
import { parseService } from '../../host/steering/service-file.ts';
import { slotMac } from '../../host/steering/slot-mac.ts';
import type { Arrival, CardState } from '../../host/steering/state.ts';
import type { Offered } from './card-under-test.ts';

export const LINE = 0;
export const FABRIC = 1;
export const FABRIC_PREFIX = 0x0256494c;
export const LINE_MAC = '02:00:00:00:00:10';
const CLIENT_MAC = '02:00:00:00:00:99';
const V4 = { src: '198.51.100.1', dst: '192.0.2.1' };
const V6 = { src: '2001:db8::2', dst: '2001:db8::1' };

const RULES = parseService(
  `service: plain
rules:
  - name: set-up
    match: { protocol: udp, port: 5060 }
    setup: always
  - name: port
    match: { destination: [192.0.2.1, "2001:db8::1"], port: 20000-20999 }
    identifier: { port: { base: 20000 } }
  - name: teid
    match: { protocol: udp, port: 2152, compare: { offset: 0, value: 0x30000000, mask: 0xf0000000 } }
    identifier: { base: payload, offset: 4, width: 4, shift: 16 }
    setup: { zero: true, types: [1], typeOffset: 1 }
  - name: tag
    match: { protocol: sctp }
    identifier: { base: l4, offset: 4, width: 4, shift: 16 }
`,
  'plain.yaml',
).rules;

/** Line port 0 and fabric port 1; VID 1 is served by slot 0, VID 2 by slots that do not exist. */
export function plainState(sizes: CardSizes): CardState {
  const port = (i: number) => ({ mac: `02:00:00:00:00:${10 + i}`, fabric: i === FABRIC });
  const slot = { up: true, port: FABRIC, linePort: LINE, epoch: 7 };
  return {
    enabled: true,
    sizes,
    fabricPrefix: FABRIC_PREFIX,
    ports: Array.from({ length: sizes.ports }, (_, i) => port(i)),
    slots: Array.from({ length: sizes.slots }, (_, i) => ({ ...slot, up: i === 0 })),
    rules: RULES,
    rows: new Map([
      [1, { valid: true, active: 0, backup: 0, backupInSync: false }],
      [2, { valid: true, active: 63, backup: 62, backupInSync: true }],
    ]),
  };
}

export const fromLine: Arrival = { from: { port: LINE } };
export const fromFabric: Arrival = { from: { port: FABRIC } };

const LINK = { dstMac: LINE_MAC, srcMac: CLIENT_MAC };
const TAGS = [{ tpid: 0x88a8, vlanId: 1 }, { vlanId: 2 }];
const TEID = Buffer.from('30ff000400010001deadbeef', 'hex');

/** A frame for VID 1, which an orderly card steers to slot 0. */
export function steered(payload = Buffer.from('hello'), vid = 1): Buffer {
  return buildUdpFrame({ ...LINK, ...V4, srcPort: 1, dstPort: 20000 + vid, payload });
}

/** A frame from slot 0 to the line. */
export function outward(): Buffer {
  const link = { dstMac: CLIENT_MAC, srcMac: slotMac(FABRIC_PREFIX, 0, 7) };
  return buildUdpFrame({ ...link, ...V4, srcPort: 1, dstPort: 2, payload: Buffer.from('reply') });
}

/** One frame for each mix of headers that the card reads. */
export function headerMixes(): ReadonlyMap<string, Buffer> {
  const udp = { srcPort: 1, dstPort: 2152, payload: TEID };
  const options = Buffer.alloc(40, 1);
  const sctp = { srcPort: 1, dstPort: 2, verificationTag: 0x00010000, chunks: Buffer.alloc(4) };
  const port = { srcPort: 1, dstPort: 20001, payload: Buffer.from('text') };
  const arp = {
    ...LINK,
    operation: 'request' as const,
    senderMac: CLIENT_MAC,
    senderAddress: V4.src,
    targetMac: '00:00:00:00:00:00',
    targetAddress: V4.dst,
  };
  return new Map([
    ['UDP over IPv4', buildUdpFrame({ ...LINK, ...V4, ...udp })],
    ['UDP over IPv4 with 40 bytes of options', buildUdpFrame({ ...LINK, ...V4, ...udp, options })],
    ['UDP over IPv6 in two tags', buildUdpFrame({ ...LINK, ...V6, ...udp, vlans: TAGS })],
    ['TCP over IPv4 in a tag', buildTcpFrame({ ...LINK, ...V4, ...port, vlans: TAGS.slice(1) })],
    [
      'TCP with all options over IPv4 with all options in two tags',
      buildTcpFrame({ ...LINK, ...V4, ...port, options, tcpOptions: options, vlans: TAGS }),
    ],
    ['SCTP over IPv6', buildSctpFrame({ ...LINK, ...V6, ...sctp })],
    ['GRE over IPv4', buildIpFrame({ ...LINK, ...V4, protocol: 47, payload: Buffer.alloc(8) })],
    [
      'an IPv6 extension header',
      buildIpFrame({ ...LINK, ...V6, protocol: 0, payload: Buffer.alloc(16) }),
    ],
    ['ARP in a tag', buildArp({ ...arp, vlans: TAGS.slice(1) })],
    [
      'neighbour discovery',
      buildNeighbourSolicitation({ srcMac: CLIENT_MAC, src: 'fe80::1', target: V6.dst }),
    ],
  ]);
}

/** Each frame, from the line, with an orderly one behind it. */
export function among(frames: readonly Buffer[], arrival: Arrival = fromLine): Offered[] {
  return frames.flatMap((frame) => [
    { frame, arrival },
    { frame: steered(), arrival: fromLine },
  ]);
}
