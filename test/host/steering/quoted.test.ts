import { describe, expect, it } from 'vitest';
import { buildIpFrame } from '../../../host/protocol/ip.ts';
import { buildIpv4, type Ipv4Fields } from '../../../host/protocol/ipv4.ts';
import { buildIpv6 } from '../../../host/protocol/ipv6.ts';
import { decide } from '../../../host/steering/decide.ts';
import { placesOf } from '../../../host/steering/override.ts';
import { chain, extension, icmpError } from '../../generators/packets.ts';
import { fields, fromLine, HOST, LINK, stateWith, V4, V6 } from './ground.ts';

const RULES = `
  - name: always
    match: { protocol: udp, port: 5060 }
    setup: always
  - name: port
    match: { protocol: udp, destination: [192.0.2.1, "2001:db8::1"], port: 20000-20999 }
    identifier: { port: { base: 20000 } }
    setup: { zero: true, types: [0-255], typeOffset: 0 }
  - name: compared
    match: { protocol: tcp, compare: { offset: 0, value: 0, mask: 0x80000000 } }
    setup: always
  - name: address
    match: { protocol: tcp, destination: 100.64.0.0/10 }
    identifier: { base: destination, width: 4, subtract: 0x64400000, shift: 6 }
  - name: beyond
    match: { protocol: tcp, destination: 203.0.113.0/24 }
    identifier: { base: destination, offset: 2, width: 4 }
  - name: teid
    match: { protocol: udp, port: 2152 }
    identifier: { base: payload, offset: 4, width: 4 }
  - name: tag
    match: { protocol: sctp }
    identifier: { base: l4, offset: 4, width: 4 }
  - name: low
    match: { protocol: sctp, destination: 203.0.113.0/24 }
    identifier: { base: l4, offset: 3, width: 1 }
`;
const STATE = stateWith(RULES);

/** What we sent: from the virtual address and the port that stands for a VID. */
const SENT = { src: V4.dst, dst: V4.src };
function ports(source: number, destination = 9): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(source, 0);
  bytes.writeUInt16BE(destination, 2);
  return bytes;
}

function error4(quoted: Partial<Ipv4Fields>, type = 3, length?: number) {
  const packet = buildIpv4({ ...SENT, protocol: 17, payload: ports(20001), ...quoted });
  const payload = icmpError(type, packet.subarray(0, length));
  return buildIpFrame({ ...LINK, ...V4, protocol: 1, payload });
}

function error6(nextHeader: number, payload: Buffer, type = 2) {
  const packet = buildIpv6({ src: V6.dst, dst: V6.src, nextHeader, payload });
  return buildIpFrame({ ...LINK, ...V6, protocol: 58, payload: icmpError(type, packet) });
}

const reasonOf = (frame: Uint8Array) => decide(frame, fromLine, STATE).reason;

describe('ICMP errors', () => {
  it('go to the processor that sent what they quote', () => {
    for (const type of [3, 4, 5, 11, 12]) {
      expect(decide(error4({}, type), fromLine, STATE).decision).toMatchObject({
        reason: 0,
        quoted: 1,
        rule_hit: 1,
        rule: 1,
        key_valid: 1,
        key: 20001n,
        vid: 1,
      });
    }
    for (const type of [1, 2, 3, 4]) {
      expect(reasonOf(error6(17, ports(20001), type))).toBe('steer_active');
    }
  });

  it('are a packet like any other where they are no errors', () => {
    for (const type of [0, 8, 13]) expect(reasonOf(error4({}, type))).toBe('no_service');
    for (const type of [0, 5, 128]) {
      const verdict = decide(error6(17, ports(20001), type), fromLine, STATE);
      expect(fields(verdict)).toEqual({ reason: 43, length: 14 + 40 + 8 + 40 + 8 });
    }
  });

  it('must quote the IP header with its options and four bytes', () => {
    const options = Buffer.alloc(40, 1);
    expect(reasonOf(error4({ options }))).toBe('steer_active');
    const quotes = (length: number) => decide(error4({ options }, 3, length), fromLine, STATE);
    expect(quotes(64).decision).toMatchObject({ quoted: 1, vid: 1 });
    expect(quotes(63).decision).toMatchObject({ quoted: 0, vid: 0 });
    expect(quotes(63).reason).toBe('no_service');
    expect(reasonOf(error6(17, ports(20001).subarray(0, 4)))).toBe('steer_active');
    expect(decide(error6(17, ports(1).subarray(0, 3)), fromLine, STATE).decision.quoted).toBe(0);
  });

  it('must quote a packet of their own IP version, with a header that can be', () => {
    const frame = error4({});
    const at = 14 + 20 + 8;
    for (const [first, quoted] of [
      [0x45, 1],
      [0x44, 0],
      [0x65, 0],
      [0x05, 0],
    ] as const) {
      frame[at] = first;
      expect(decide(frame, fromLine, STATE).decision.quoted).toBe(quoted);
    }
  });

  it('that are fragments or stand behind extension headers quote nothing', () => {
    const packet = buildIpv4({ ...SENT, protocol: 17, payload: ports(20001) });
    const frame = buildIpFrame({ ...LINK, ...V4, protocol: 1, payload: icmpError(3, packet) });
    frame[20] = 0x20; // more fragments
    expect(decide(frame, fromLine, STATE).decision.quoted).toBe(0);
    frame[20] = 0;
    frame[21] = 1;
    expect(reasonOf(frame)).toBe('punt_fragment');
    const inner = buildIpv6({ src: V6.dst, dst: V6.src, nextHeader: 17, payload: ports(20001) });
    const { nextHeader, payload } = chain([extension(60, 8)], 58, icmpError(2, inner));
    const behind = buildIpFrame({ ...LINK, ...V6, protocol: nextHeader, payload });
    expect(decide(behind, fromLine, STATE).decision.quoted).toBe(0);
  });

  it('are matched by the source of what they quote, and by nothing of its payload', () => {
    expect(fields(decide(error4({ src: '192.0.2.9' }), fromLine, STATE))).toMatchObject({
      reason: 43,
      quoted: 1,
    });
    const tcp = { protocol: 6, src: '100.64.0.64', payload: ports(1) };
    expect(decide(error4(tcp), fromLine, STATE).decision).toMatchObject({ rule: 3, vid: 1 });
  });

  it('that quote a set-up’s answer, or no identifier, are punted', () => {
    const icmp = (frame: Buffer) => fields(decide(frame, fromLine, STATE));
    const punted = { reason: 13, egress: HOST, rule_hit: 1, quoted: 1 };
    expect(icmp(error4({ payload: ports(5060) }))).toEqual({ ...punted, length: 70 });
    expect(icmp(error4({ payload: ports(2152) }))).toMatchObject({ ...punted, rule: 5 });
    expect(icmp(error4({ protocol: 132 }))).toMatchObject({ ...punted, rule: 6 });
    const beyond = { protocol: 6, src: '203.0.113.1' };
    expect(icmp(error4(beyond))).toMatchObject({ ...punted, rule: 4 });
    for (const frame of [error4(beyond), error4({ protocol: 132 })]) {
      expect(decide(frame, fromLine, STATE).decision.key_valid).toBe(0);
    }
  });

  it('read an identifier of one byte within the port', () => {
    const state = { ...STATE, rules: STATE.rules.slice(7) };
    const frame = error4({ protocol: 132, src: '203.0.113.9', payload: ports(0x5501) });
    expect(decide(frame, fromLine, state).decision).toMatchObject({ key: 1n, vid: 1 });
  });

  it('that quote a later fragment have no ports', () => {
    const later = { fragmentOffset: 8, protocol: 17 };
    expect(fields(decide(error4(later), fromLine, STATE))).toMatchObject({
      reason: 43,
      quoted: 1,
    });
    const address = { fragmentOffset: 8, protocol: 6, src: '100.64.0.64' };
    expect(decide(error4(address), fromLine, STATE).decision).toMatchObject({ rule: 3, vid: 1 });
    // A rule that reads L4 is not for them.
    const low = { ...STATE, rules: STATE.rules.slice(7) };
    const frame = error4({ ...later, protocol: 132, src: '203.0.113.9' });
    expect(decide(frame, fromLine, low).reason).toBe('no_service');
  });

  it('take the protocol of IPv6 as it stands', () => {
    const state = stateWith(
      '  - { name: x, match: { protocol: 44 }, identifier: { base: destination, offset: 15, width: 1 } }',
    );
    const verdict = decide(error6(44, ports(1)), fromLine, state);
    expect(verdict.decision).toMatchObject({ rule: 0, key: 1n, vid: 1 });
  });

  it('find overrides by the identifier, and none by who sent what', () => {
    const state = (by: string) =>
      stateWith(
        `  - { name: x, match: {}, identifier: { base: l4, offset: 2, width: 2 }, override: { by: ${by}, space: 3 } }`,
      );
    const [place] = placesOf(3, 20001n, STATE.sizes.overrides);
    const overrides = new Map([[place, { space: 3, key: 20001n, vid: 1 }]]);
    expect(
      decide(error4({}), fromLine, { ...state('identifier'), overrides }).decision,
    ).toMatchObject({ reason: 0, quoted: 1, override_hit: 1, vid: 1 });
    for (const by of ['source', 'source_identifier']) {
      expect(decide(error4({}), fromLine, state(by)).decision).toMatchObject({
        reason: 13,
        key_valid: 0,
      });
    }
    const bare = stateWith('  - { name: x, match: {}, override: { by: source } }');
    expect(decide(error4({}), fromLine, bare).reason).toBe('punt_icmp');
  });

  it('behind IPv4 options quote nothing', () => {
    const packet = buildIpv4({ ...SENT, protocol: 17, payload: ports(20001) });
    const payload = icmpError(3, packet);
    const frame = buildIpFrame({ ...LINK, ...V4, protocol: 1, payload, options: Buffer.alloc(4) });
    expect(decide(frame, fromLine, STATE)).toMatchObject({
      reason: 'no_service',
      decision: { quoted: 0 },
    });
  });
});
