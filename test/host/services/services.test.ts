import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeDecision } from '../../../driver/index.ts';
import { buildIpFrame } from '../../../host/protocol/ip.ts';
import { buildSctpDataChunk, buildSctpFrame } from '../../../host/protocol/sctp.ts';
import { buildUdpFrame } from '../../../host/protocol/udp.ts';
import { SoftwareRouter } from '../../../host/router/software-router.ts';
import { compileServices } from '../../../host/steering/compile.ts';
import { decide } from '../../../host/steering/decide.ts';
import { portIdentifier, vidRange } from '../../../host/steering/port-identifier.ts';
import { problemText } from '../../../host/steering/problem.ts';
import { type Rule, ruleName, type Service } from '../../../host/steering/rule.ts';
import { loadServices } from '../../../host/steering/service-file.ts';
import type { CardState } from '../../../host/steering/state.ts';
import { loadTables } from '../../card/tables.ts';
import { SIZES } from '../../generators/sizes.ts';

const FOLDER = fileURLToPath(new URL('../../../host/services', import.meta.url));
const LINK = { dstMac: '02:00:00:00:00:01', srcMac: '02:00:00:00:00:02' };

const router = await SoftwareRouter.open('sim');
const { sizes } = router;
const row = { valid: true, active: 0, backup: 0, backupInSync: false };
const rows = new Map(Array.from({ length: sizes.vids }, (_, vid) => [vid, row]));
await router.access(loadTables(stateOf([]), sizes));

/** A card with one line port and a slot that is up. */
function stateOf(rules: readonly Rule[]): CardState {
  return {
    enabled: true,
    sizes,
    fabricPrefix: 0x02000000,
    ports: Array.from({ length: sizes.ports }, (_, port) => ({
      mac: `02:00:00:00:00:0${port + 1}`,
      fabric: port !== 0,
    })),
    slots: [{ up: true, port: 1, linePort: 0, epoch: 1 }],
    rules,
    rows,
  };
}

/** What becomes of a frame, in the reference and, no otherwise, in the software router. */
function endOf(services: readonly Service[], frame: Buffer) {
  const rules = services.flatMap((service) => service.rules);
  const state = stateOf(rules);
  const { reason, decision, egressFrame } = decide(frame, { from: { port: 0 } }, state);
  router.write(loadTables({ ...state, rows: new Map() }, sizes));
  const [end] = router.receive([{ frame, from: { port: 0 } }]);
  const { time_us: _, ...found } = decodeDecision(end?.record ?? new Uint32Array());
  expect(found).toEqual(decision);
  if (egressFrame !== undefined) expect(end?.data.equals(egressFrame)).toBe(true);
  const rule = rules[decision.rule];
  const name = decision.rule_hit && rule ? ruleName(rule) : '';
  return `${name} ${reason}${decision.vid_valid ? ` ${decision.vid}` : ''}`;
}

describe('the shipped services', () => {
  it.each([
    [['gtp', 'l2tp', 'pfcp', 'sctp', 'sip', 'vxlan']],
    [['mgcp', 'pfcp', 'sip', 'vxlan', 'quic-lb', 'ss7']],
  ])('fit into one card together, without a warning: %j', (names) => {
    const files = names.map((name) => `${FOLDER}/${name}.yaml`);
    const compiled = compileServices(loadServices(files), SIZES);
    expect(compiled.warnings.map(problemText)).toEqual([]);
    expect(compiled.names).toContain('sip/dialog');
  });

  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')))(
    '%s fits into the smallest card by itself',
    (name) => {
      const small = { ...SIZES, ports: 2, slots: 8, vids: 4096, rules: 8, prefixes: 4 };
      const { warnings } = compileServices(loadServices(`${FOLDER}/${name}`), small);
      // TEIDs, SEIDs and server IDs can name more VIDs than that card has, which a user should know.
      const known = /(gtp|pfcp|quic-lb)\/\S+ identifier: .*4095 are punted/;
      expect(warnings.map(problemText).filter((text) => !known.test(text))).toEqual([]);
      expect(warnings.length > 0).toBe(['gtp.yaml', 'pfcp.yaml', 'quic-lb.yaml'].includes(name));
    },
  );
});

describe('sip.yaml', () => {
  const udp = (dst: string, dstPort: number) =>
    buildUdpFrame({
      ...LINK,
      src: dst.includes(':') ? '2001:db8::9' : '198.51.100.9',
      dst,
      srcPort: 5060,
      dstPort,
      payload: Buffer.from('INVITE sip:a SIP/2.0\r\n\r\n'),
    });

  it.each([
    ['192.0.2.1', 5060, 'sip/initial punt_setup'],
    ['192.0.2.1', 20000, 'sip/dialog steer_active 0'],
    ['192.0.2.1', 23999, 'sip/dialog steer_active 3999'],
    ['192.0.2.1', 24000, ' no_service'],
    ['192.0.2.2', 5060, ' no_service'],
  ])('%s port %i', (dst, port, expected) => {
    expect(endOf(loadServices(`${FOLDER}/sip.yaml`), udp(dst, port))).toBe(expected);
  });

  it('takes its addresses and ports from the caller', () => {
    const services = loadServices(`${FOLDER}/sip.yaml`, {
      address: ['203.0.113.5', '2001:db8::5'],
      port: 5070,
      ports: '30000-30099',
      base: 30000,
    });
    expect(endOf(services, udp('203.0.113.5', 5070))).toBe('sip/initial punt_setup');
    expect(endOf(services, udp('2001:db8::5', 30042))).toBe('sip/dialog steer_active 42');
    expect(endOf(services, udp('192.0.2.1', 5060))).toBe(' no_service');
    const dialog = services[0]?.rules.find(({ name }) => name === 'dialog');
    const ports = dialog && portIdentifier(dialog);
    expect(ports && vidRange(ports)).toEqual({ first: 0, last: 99 });
  });
});

describe('gtp.yaml', () => {
  const services = loadServices(`${FOLDER}/gtp.yaml`);
  const gtp = (dstPort: number, hex: string) =>
    buildUdpFrame({
      ...LINK,
      src: '198.51.100.9',
      dst: '192.0.2.2',
      srcPort: dstPort,
      dstPort,
      payload: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
    });

  it.each([
    // Flags, type, length, TEID, then what follows: TS 29.281 §5.1, TS 29.060 §6, TS 29.274 §5.1.
    ['G-PDU', 2152, '30 ff 0004 00050007 deadbeef', 'gtp/user steer_active 5'],
    [
      'G-PDU with a sequence number',
      2152,
      '32 ff 0004 ffff0001 0001 00 00',
      'gtp/user steer_active 65535',
    ],
    ['GTP-U echo', 2152, '32 01 0004 00000000 0001 00 00', 'gtp/user punt_setup'],
    ["GTP' on the same port", 2152, '2e 01 0000 0001', ' no_service'],
    ['G-PDU cut short', 2152, '30 ff 0004 0005', 'gtp/user no_identifier'],
    ['Create PDP Context', 2123, '32 10 0004 00000000 0001 00 00', 'gtp/control-v1 punt_setup'],
    ['Update PDP Context', 2123, '32 12 0004 00070001 0001 00 00', 'gtp/control-v1 steer_active 7'],
    ['v1 echo with a TEID', 2123, '32 01 0004 00070001 0001 00 00', 'gtp/control-v1 punt_setup'],
    ['Create Session', 2123, '48 20 0008 00000000 000001 00', 'gtp/control-v2 punt_setup'],
    ['Modify Bearer', 2123, '48 22 0008 00090002 000001 00', 'gtp/control-v2 steer_active 9'],
    ['v2 echo', 2123, '40 01 0004 000001 00', 'gtp/control-v2 punt_setup'],
    ['a version of later days', 2123, '60 20 0004 00050000', 'gtp/control-v2 steer_active 5'],
    [
      'Create Bearer Response',
      9157,
      '48 60 0008 00000000 000001 00',
      'gtp/responses steer_active 5',
    ],
    [
      'the last port of a VID',
      13_247,
      '48 60 0008 00000000 000001 00',
      'gtp/responses steer_active 4095',
    ],
  ])('%s', (_, port, hex, expected) => {
    expect(endOf(services, gtp(port, hex))).toBe(expected);
  });

  it.each([
    ['100.64.0.63', 'gtp/downlink-ipv4 steer_active 0'],
    ['100.64.1.64', 'gtp/downlink-ipv4 steer_active 5'],
    ['100.127.255.255', 'gtp/downlink-ipv4 steer_active 65535'],
    ['2001:db8:1234::1', 'gtp/downlink-ipv6 steer_active 4660'],
  ])('downlink to %s', (dst, expected) => {
    const src = dst.includes(':') ? '2001:dead::1' : '198.51.100.9';
    const frame = buildIpFrame({ ...LINK, src, dst, protocol: 47, payload: Buffer.alloc(8) });
    expect(endOf(services, frame)).toBe(expected);
  });
});

/** A UDP payload in hexadecimal to an address of the service's own. */
function payloadTo(dst: string, dstPort: number, hex: string): Buffer {
  const payload = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return buildUdpFrame({ ...LINK, src: '198.51.100.9', dst, srcPort: 40_000, dstPort, payload });
}

describe('mgcp.yaml', () => {
  const rsip = Buffer.from('RSIP 1 aaln/1@gw.example MGCP 1.0\r\nRM: restart\r\n').toString('hex');
  it.each([
    [2727, 'mgcp/initial punt_setup'],
    [28_000, 'mgcp/notified steer_active 0'],
    [31_999, 'mgcp/notified steer_active 3999'],
    [2427, ' no_service'],
  ])('port %i', (port, expected) => {
    const services = loadServices(`${FOLDER}/mgcp.yaml`);
    expect(endOf(services, payloadTo('192.0.2.1', port, rsip))).toBe(expected);
  });
});

describe('l2tp.yaml', () => {
  // Flags and version, length, tunnel, session, Ns, Nr: RFC 2661 §3.1.
  it.each([
    ['SCCRQ', 'c802 000c 0000 0000 0000 0000', 'l2tp/with-length punt_setup'],
    ['SCCCN', 'c802 000c 0057 0000 0001 0001', 'l2tp/with-length steer_active 5'],
    ['data with a length', '4002 000c 0057 0001 ff03 c021', 'l2tp/with-length steer_active 5'],
    ['data without', '0002 0057 0001 ff03 c021', 'l2tp/without-length steer_active 5'],
    ['the last tunnel', '0002 ffff 0001 ff03 c021', 'l2tp/without-length steer_active 4095'],
    ['version 3 (RFC 3931)', 'c803 000c 00570000 0000 0000', ' no_service'],
    ['cut short', 'c802 000c 00', 'l2tp/with-length no_identifier'],
  ])('%s', (_, hex, expected) => {
    const services = loadServices(`${FOLDER}/l2tp.yaml`);
    expect(endOf(services, payloadTo('192.0.2.3', 1701, hex))).toBe(expected);
  });
});

describe('vxlan.yaml', () => {
  // Flags, reserved, VNI, reserved, an Ethernet frame: RFC 7348 §5.
  it.each([
    ['a segment without a VID', '08000000 001234 00 0000', 'vxlan/segment punt_no_override'],
    ['no VNI', '00000000 001234 00 0000', ' no_service'],
    ['cut short', '08000000 0012', 'vxlan/segment no_identifier'],
  ])('%s', (_, hex, expected) => {
    const services = loadServices(`${FOLDER}/vxlan.yaml`);
    expect(endOf(services, payloadTo('192.0.2.4', 4789, hex))).toBe(expected);
  });
});

describe('pfcp.yaml', () => {
  // Flags, type, length, SEID where there is one, sequence: TS 29.244 §7.2.2.
  it.each([
    ['heartbeat', '20 01 000c 000001 00 0060000400000001', 'pfcp/node punt_setup'],
    ['establishment', '21 32 000c 0000000000000000 000002 00', 'pfcp/session punt_setup'],
    ['modification', '21 34 000c 0009000000000001 000003 00', 'pfcp/session steer_active 9'],
    ['with a priority', '23 34 000c ffff000000000001 000003 10', 'pfcp/session steer_active 65535'],
    ['another version', '41 34 000c 0009000000000001 000003 00', ' no_service'],
    ['cut short', '21 34 000c 00090000', 'pfcp/session no_identifier'],
  ])('%s', (_, hex, expected) => {
    const services = loadServices(`${FOLDER}/pfcp.yaml`);
    expect(endOf(services, payloadTo('192.0.2.2', 8805, hex))).toBe(expected);
  });
});

describe('sctp.yaml', () => {
  it.each([
    ['INIT', 0, 'sctp/tag punt_setup'],
    ['a tag without a VID', 0x1a2b3c4d, 'sctp/tag punt_no_override'],
  ])('%s', (_, verificationTag, expected) => {
    const ports = { srcPort: 2905, dstPort: 2905 };
    const addresses = { src: '198.51.100.9', dst: '192.0.2.5' };
    const chunks = Buffer.from('0e000004', 'hex');
    const frame = buildSctpFrame({ ...LINK, ...addresses, ...ports, verificationTag, chunks });
    expect(endOf(loadServices(`${FOLDER}/sctp.yaml`), frame)).toBe(expected);
  });
});

describe('quic-lb.yaml', () => {
  // Flags, version, length and connection ID: RFC 9000 §17.2, §17.3.1.
  it.each([
    ['1-RTT', '5a 08 0005 aabbccddeeff 00', 'quic-lb/short steer_active 5'],
    [
      'another configuration',
      '5a 28 0005 aabbccddeeff 00',
      'quic-lb/other-configuration punt_setup',
    ],
    ['no configuration', '5a e8 0005 aabbccddeeff 00', 'quic-lb/other-configuration punt_setup'],
    ['Initial', 'c0 00000001 08 0800050102030405 00', 'quic-lb/long punt_setup'],
    ['0-RTT', 'd3 00000001 08 0800050102030405 00', 'quic-lb/long punt_setup'],
    ['Handshake', 'e0 00000001 08 0800050102030405 00', 'quic-lb/long steer_active 5'],
    ['version 2 (RFC 9369)', 'd0 6b3343cf 08 0800050102030405', 'quic-lb/negotiation punt_setup'],
    ['cut short', '5a 08 00', 'quic-lb/short no_identifier'],
  ])('%s', (_, hex, expected) => {
    expect(endOf(loadServices(`${FOLDER}/quic-lb.yaml`), payloadTo('192.0.2.6', 443, hex))).toBe(
      expected,
    );
  });
});

describe('ss7.yaml', () => {
  const service = (unit: number) => loadServices(`${FOLDER}/ss7.yaml`, { unit });
  /** A DATA chunk of M3UA: TSN, stream, sequence, protocol; RFC 4666 §1.4, §3.3.1. */
  const chunk = (parameters: string, protocol = 3) => {
    const message = Buffer.from(`01000101 00000000 ${parameters}`.replaceAll(' ', ''), 'hex');
    message.writeUInt32BE(message.length, 4);
    return buildSctpDataChunk({
      ...{ tsn: 1, streamId: 2, streamSequence: 3, payloadProtocol: protocol, payload: message },
    });
  };
  const CONTEXT = '0006 0008 00000064';
  /** OPC 1, DPC 0x2345, ISUP, CIC 0x123, IAM. */
  const UNIT = '0210 0014 00000001 00002345 05 02 00 07 2301 01 00';
  const end = (chunks: Buffer, unit: number) =>
    endOf(
      service(unit),
      buildSctpFrame({
        ...{ ...LINK, src: '198.51.100.9', dst: '192.0.2.7', srcPort: 2905, dstPort: 2905 },
        ...{ verificationTag: 1, chunks },
      }),
    );

  it.each([
    ['a circuit without a VID', chunk(`${CONTEXT} ${UNIT}`), 42, 'ss7/circuit punt_no_override'],
    ['without a routing context', chunk(UNIT), 34, 'ss7/circuit punt_no_override'],
    ['M3UA management', chunk(CONTEXT), 42, 'ss7/circuit no_identifier'],
    ['another protocol', chunk(UNIT, 46), 34, 'ss7/association punt_setup'],
    [
      'SACK',
      Buffer.from('03000010000000010001000000000000', 'hex'),
      42,
      'ss7/association punt_setup',
    ],
  ])('%s', (_, chunks, unit, expected) => {
    expect(end(chunks, unit)).toBe(expected);
  });
});
