import { describe, expect, it } from 'vitest';
import { buildUdp } from '../../../host/protocol/udp.ts';
import { decide } from '../../../host/steering/decide.ts';
import {
  buildExtended,
  type Extension,
  extension,
  fragmentHeader,
  heartbeat,
} from '../../generators/packets.ts';
import { fromFabric, fromLine, LINK, slotMac, stateWith, V6 } from './ground.ts';

const STATE = stateWith(`
  - name: port
    match: { protocol: udp, port: 20000-20999 }
    identifier: { port: { base: 20000 } }
  - name: far
    match: { protocol: tcp }
    setup: always
  - name: icmp
    match: { protocol: icmpv6 }
    setup: always
`);
const L3 = 14;
const CHAIN = L3 + 40;

const SEGMENT = buildUdp({ ...V6, srcPort: 1, dstPort: 20001, payload: Buffer.from('hello') });

function build(extensions: readonly Extension[], nextHeader = 17, payload: Buffer = SEGMENT) {
  return buildExtended(LINK, { ...V6, nextHeader, payload }, extensions);
}

const reasonOf = (frame: Uint8Array) => decide(frame, fromLine, STATE).reason;
const cut = (frame: Buffer, length: number) => reasonOf(frame.subarray(0, length));

describe('IPv6 extension headers', () => {
  it('are looked behind, each kind of them', () => {
    for (const type of [0, 43, 51, 60, 135, 139, 140]) {
      expect(reasonOf(build([extension(type, 16)])), `${type}`).toBe('steer_active');
    }
    const all = [extension(0, 8), extension(60, 8), extension(43, 24), extension(51, 16)];
    expect(reasonOf(build(all))).toBe('steer_active');
    // ESP hides what follows; 59 says that nothing does; neither is read.
    expect(reasonOf(build([], 50, Buffer.alloc(8, 44)))).toBe('no_service');
    expect(reasonOf(build([extension(0, 8)], 59, Buffer.alloc(0)))).toBe('no_service');
  });

  it('are read up to 64 bytes together', () => {
    expect(reasonOf(build([extension(0, 64)]))).toBe('steer_active');
    expect(reasonOf(build([extension(0, 72)]))).toBe('punt_ipv6_extension');
    expect(reasonOf(build([extension(0, 48), extension(51, 16)]))).toBe('steer_active');
    expect(reasonOf(build([extension(0, 48), extension(51, 24)]))).toBe('punt_ipv6_extension');
    const eight = Array.from({ length: 8 }, () => extension(60, 8));
    expect(reasonOf(build(eight))).toBe('steer_active');
    expect(reasonOf(build([...eight, extension(60, 8)]))).toBe('punt_ipv6_extension');
  });

  it('end where no receiver would go on', () => {
    expect(reasonOf(build([extension(51, 12)]))).toBe('punt_ipv6_extension'); // RFC 4302 §2.2
    const atomic = fragmentHeader(0, false, 7);
    expect(reasonOf(build([atomic]))).toBe('steer_active'); // RFC 6946
    expect(reasonOf(build([atomic, atomic]))).toBe('punt_ipv6_extension');
  });

  it('must all be there', () => {
    const frame = build([extension(0, 16), extension(60, 24)]);
    for (let length = CHAIN; length < frame.length; length++) {
      expect(cut(frame, length)).toBe(length < CHAIN + 40 ? 'truncated' : 'ip_length');
    }
    // Of one that is too long, its first eight bytes.
    const long = build([extension(0, 16), extension(60, 56)]);
    expect(cut(long, CHAIN + 23)).toBe('truncated');
    expect(cut(long, CHAIN + 24)).toBe('ip_length');
    const full = build([extension(0, 64), extension(60, 8)]);
    expect(cut(full, CHAIN + 63)).toBe('truncated');
    expect(cut(full, CHAIN + 64)).toBe('ip_length');
  });

  it('that run out of the packet leave no L4', () => {
    const frame = build([extension(0, 8)]);
    frame.writeUInt16BE(7, L3 + 4); // payload length: one byte of the header is missing
    expect(reasonOf(frame)).toBe('l4_length');
    frame.writeUInt16BE(8, L3 + 4); // no UDP header
    expect(reasonOf(frame)).toBe('l4_length');
    const later = build([fragmentHeader(8, false, 1)], 17);
    later.writeUInt16BE(4, L3 + 4);
    expect(reasonOf(later)).toBe('l4_length');
  });

  it('take neighbour discovery its meaning (RFC 6980)', () => {
    const solicitation = Buffer.alloc(24);
    solicitation[0] = 135;
    expect(reasonOf(build([], 58, solicitation))).toBe('punt_neighbour');
    expect(decide(build([extension(0, 8)], 58, solicitation), fromLine, STATE)).toMatchObject({
      reason: 'punt_setup',
      decision: { rule: 2 },
    });
  });

  it('leave the payload out of sight where they are long', () => {
    const tcp = (header: number) => {
      const segment = Buffer.alloc(header);
      segment[12] = (header / 4) << 4;
      return segment;
    };
    // 14 + 40 + 64 + 24 = 142.
    expect(reasonOf(build([extension(0, 64)], 6, tcp(24)))).toBe('punt_setup');
    expect(reasonOf(build([extension(0, 64)], 6, tcp(28)))).toBe('punt_window');
    expect(reasonOf(build([extension(0, 64)], 6, tcp(16)))).toBe('l4_length');
  });

  it('must be there in frames from a slot, too, whatever they say', () => {
    const frame = buildExtended(
      { dstMac: '02:00:00:00:00:99', srcMac: slotMac(0, 7) },
      { ...V6, nextHeader: 17, payload: SEGMENT },
      [extension(0, 16), extension(60, 72)],
    );
    const reason = (bytes: Uint8Array) => decide(bytes, fromFabric, STATE).reason;
    expect(reason(frame)).toBe('line_from_slot');
    frame.writeUInt16BE(0, L3 + 4);
    expect(reason(frame.subarray(0, CHAIN + 24))).toBe('line_from_slot');
    expect(reason(frame.subarray(0, CHAIN + 23))).toBe('truncated');
    frame.writeUInt8(0x50, L3); // no IPv6 at all
    expect(reason(frame.subarray(0, CHAIN))).toBe('ip_header');
  });

  it('make a later fragment of the packet', () => {
    const rest = build([fragmentHeader(8, true, 1), extension(60, 8)], 17);
    expect(reasonOf(rest)).toBe('punt_fragment');
    // What lies behind it is somewhere in the middle of the packet and no header.
    const odd = build([fragmentHeader(8, false, 1)], 44, Buffer.alloc(4));
    expect(reasonOf(odd)).toBe('punt_fragment');
  });

  it('of a first fragment do not hold its UDP length against it', () => {
    const first = build([fragmentHeader(0, true, 1)], 17, SEGMENT.subarray(0, 10));
    expect(reasonOf(first)).toBe('steer_active');
    const whole = build([fragmentHeader(0, false, 1)], 17, SEGMENT.subarray(0, 10));
    expect(reasonOf(whole)).toBe('l4_length');
  });
});

describe('heartbeats', () => {
  it('have a type of no meaning on the line', () => {
    const frame = Buffer.concat([
      Buffer.from('020000000010020000000099', 'hex'),
      Buffer.of(0x88, 0xb5),
      heartbeat(1),
    ]);
    expect(decide(frame, fromLine, STATE).reason).toBe('ethertype');
    expect(decide(frame.subarray(0, 14), fromLine, STATE).reason).toBe('ethertype');
  });
});
