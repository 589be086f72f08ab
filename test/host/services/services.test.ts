import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildIpFrame } from '../../../host/protocol/ip.ts';
import { buildUdpFrame } from '../../../host/protocol/udp.ts';
import { compileServices } from '../../../host/steering/compile.ts';
import { decide } from '../../../host/steering/decide.ts';
import { portIdentifier, vidRange } from '../../../host/steering/port-identifier.ts';
import { problemText } from '../../../host/steering/problem.ts';
import { ruleName, type Service } from '../../../host/steering/rule.ts';
import { loadServices } from '../../../host/steering/service-file.ts';
import type { CardState } from '../../../host/steering/state.ts';
import { SIZES } from '../../generators/sizes.ts';

const FOLDER = fileURLToPath(new URL('../../../host/services', import.meta.url));
const LINK = { dstMac: '02:00:00:00:00:01', srcMac: '02:00:00:00:00:02' };

/** What becomes of a frame on a card with one line port, one fabric port and a slot that is up. */
function endOf(services: readonly Service[], frame: Buffer) {
  const rules = services.flatMap((service) => service.rules);
  const row = { valid: true, active: 0, backup: 0, backupInSync: false };
  const state: CardState = {
    enabled: true,
    sizes: SIZES,
    fabricPrefix: 0x02000000,
    ports: [
      { mac: LINK.dstMac, fabric: false },
      { mac: '02:00:00:00:00:03', fabric: true },
    ],
    slots: [{ up: true, port: 1, linePort: 0, epoch: 1 }],
    rules,
    rows: new Map(Array.from({ length: SIZES.vids }, (_, vid) => [vid, row])),
  };
  const { reason, decision } = decide(frame, { from: { port: 0 } }, state);
  const rule = rules[decision.rule];
  const name = decision.rule_hit && rule ? ruleName(rule) : '';
  return `${name} ${reason}${decision.vid_valid ? ` ${decision.vid}` : ''}`;
}

describe('the shipped services', () => {
  it('fit into one card together, without a warning', () => {
    const compiled = compileServices(loadServices(FOLDER), SIZES);
    expect(compiled.warnings.map(problemText)).toEqual([]);
    expect(compiled.names).toContain('sip/dialog');
  });

  it('fit into the smallest card', () => {
    const small = { ...SIZES, ports: 2, slots: 8, vids: 4096 };
    const { warnings } = compileServices(loadServices(FOLDER), small);
    // GTP's TEIDs can name more VIDs than that card has, which a user should know.
    expect(warnings.map(problemText).join('\n')).toMatch(/gtp\/user identifier: .*4095 are punted/);
  });
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
    ['v2 echo', 2123, '40 01 0004 000001 00', 'gtp/path-v2 punt_setup'],
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
