import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildArp, buildArpReply, parseArp } from '../../../host/protocol/arp.ts';
import { crc32c, internetChecksum } from '../../../host/protocol/checksum.ts';
import { buildEthernet, parseEthernet } from '../../../host/protocol/ethernet.ts';
import { parseIpFrame } from '../../../host/protocol/ip.ts';
import { buildIpv4, parseIpv4 } from '../../../host/protocol/ipv4.ts';
import { buildIpv6, parseIpv6 } from '../../../host/protocol/ipv6.ts';
import {
  answerNeighbourSolicitation,
  buildNeighbourAdvertisement,
  buildNeighbourSolicitation,
  parseNeighbourAdvertisement,
  parseNeighbourSolicitation,
  solicitedNodeAddress,
} from '../../../host/protocol/neighbour.ts';
import {
  buildSctp,
  buildSctpDataChunk,
  buildSctpFrame,
  parseSctp,
} from '../../../host/protocol/sctp.ts';
import { buildTcp, buildTcpFrame, parseTcp } from '../../../host/protocol/tcp.ts';
import { buildUdpFrame, parseUdpFrame } from '../../../host/protocol/udp.ts';

const LINK = { dstMac: '02:00:00:00:00:01', srcMac: '02:00:00:00:00:02' };
const V4 = { ...LINK, src: '192.0.2.1', dst: '198.51.100.7' };
const V6 = { ...LINK, src: '2001:db8::1', dst: '2001:db8:1::7' };

/** Every shorter frame than `frame` has to be refused, or a parser read what is not there. */
function refusesEveryTruncation(frame: Buffer, parse: (bytes: Buffer) => unknown): void {
  expect(parse(frame)).toBeDefined();
  for (let length = 0; length < frame.length; length++) {
    // A copy: bytes behind a view's end would be there to read.
    expect(parse(Buffer.from(frame.subarray(0, length))), `${length} bytes`).toBeUndefined();
  }
}

describe('checksums', () => {
  it('sum as the example of RFC 1071 §3 does, however the bytes are parted', () => {
    const bytes = Buffer.from('0001f203f4f5f6f7', 'hex');
    expect(internetChecksum(bytes)).toBe(0x220d);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(internetChecksum(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(0x220d);
    }
  });

  it('count CRC32c as RFC 3720 B.4 does', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });
});

describe('Ethernet', () => {
  it('carries tags between addresses and EtherType', () => {
    const vlans = [
      { tpid: 0x88a8, vlanId: 100, pcp: 5, dei: true },
      { tpid: 0x8100, vlanId: 4095, pcp: 0, dei: false },
    ];
    const frame = buildEthernet({ ...LINK, vlans, etherType: 0x88b5, payload: Buffer.from('hi') });
    expect(frame.toString('hex')).toBe('02000000000102000000000288a8b06481000fff88b56869');
    expect(parseEthernet(frame)).toMatchObject({ ...LINK, vlans, etherType: 0x88b5, offset: 22 });
    expect(parseEthernet(frame)?.payload.toString()).toBe('hi');
    refusesEveryTruncation(frame.subarray(0, 22), parseEthernet);
  });

  it('refuses tags that do not fit', () => {
    const build = (vlanId: number) =>
      buildEthernet({ ...LINK, vlans: [{ vlanId }], etherType: 0, payload: Buffer.alloc(0) });
    expect(() => build(4096)).toThrow(/vlanId 4096: must be a whole number of 0 to 4095/);
  });
});

describe('IPv4', () => {
  it('round-trips every field, with a right checksum', () => {
    const fields = {
      src: V4.src,
      dst: V4.dst,
      protocol: 47,
      payload: Buffer.from('payload'),
      trafficClass: 0xb8,
      identification: 0xbeef,
      dontFragment: false,
      moreFragments: true,
      fragmentOffset: 64,
      ttl: 3,
      options: Buffer.from('94040000', 'hex'),
    };
    const packet = buildIpv4(fields);
    expect(parseIpv4(packet)).toEqual({ ...fields, headerLength: 24, checksumOk: true });
    packet.writeUInt8(4, 8);
    expect(parseIpv4(packet)?.checksumOk).toBe(false);
  });

  it('matches the header of a packet known elsewhere', () => {
    const packet = buildIpv4({
      src: '192.168.0.1',
      dst: '192.168.0.199',
      protocol: 17,
      payload: Buffer.alloc(95),
      dontFragment: true,
    });
    expect(packet.subarray(0, 20).toString('hex')).toBe(
      '4500007300004000' + '4011b861c0a80001c0a800c7',
    );
  });

  it.each([
    ['version 5', 0, 0x55],
    ['IHL 4', 0, 0x44],
    ['total length below the header', 3, 19],
    ['total length beyond the bytes', 3, 29],
  ])('refuses %s', (_, offset, value) => {
    const packet = buildIpv4({ ...V4, protocol: 17, payload: Buffer.alloc(8) });
    expect(parseIpv4(packet)).toBeDefined();
    packet[offset] = value;
    expect(parseIpv4(packet)).toBeUndefined();
  });

  it('refuses to build what does not fit', () => {
    const build = (fields: object) =>
      buildIpv4({ ...V4, protocol: 17, payload: Buffer.alloc(0), ...fields });
    expect(() => build({ options: Buffer.alloc(41) })).toThrow(/length of options 41/);
    expect(() => build({ fragmentOffset: 7 })).toThrow(/multiple of 8/);
    expect(() => build({ payload: Buffer.alloc(65516) })).toThrow(/total length 65536/);
    expect(() => build({ dst: '::1' })).toThrow(/dst ::1: must be an IPv4 address/);
  });
});

describe('IPv6', () => {
  it('round-trips every field', () => {
    const fields = {
      src: V6.src,
      dst: V6.dst,
      nextHeader: 43,
      payload: Buffer.from('payload'),
      trafficClass: 0xb8,
      flowLabel: 0xabcde,
      hopLimit: 1,
    };
    const packet = buildIpv6(fields);
    expect(parseIpv6(packet)).toEqual(fields);
    packet.writeUInt16BE(8, 4);
    expect(parseIpv6(packet)).toBeUndefined();
    packet.writeUInt8(0x50, 0);
    expect(parseIpv6(packet)).toBeUndefined();
  });
});

describe('UDP frames', () => {
  const payload = Buffer.from('OPTIONS sip:a SIP/2.0\r\n\r\n');
  const ports = { srcPort: 5070, dstPort: 5060 };

  it.each([
    ['IPv4', { ...V4, ...ports, payload, vlans: [] }],
    ['IPv6', { ...V6, ...ports, payload, vlans: [] }],
    [
      'IPv4 in two tags',
      {
        ...V4,
        ...ports,
        payload,
        vlans: [
          { tpid: 0x88a8, vlanId: 7, pcp: 1, dei: false },
          { tpid: 0x8100, vlanId: 8, pcp: 0, dei: true },
        ],
      },
    ],
  ])('round-trip over %s', (_, fields) => {
    const frame = buildUdpFrame(fields);
    expect(parseUdpFrame(frame)).toEqual(fields);
    // What pads a short frame is no part of the datagram.
    expect(parseUdpFrame(Buffer.concat([frame, Buffer.alloc(9)]))).toEqual(fields);
    refusesEveryTruncation(frame, parseUdpFrame);
  });

  it('refuse a bit that was lost, unless told to ignore checksums', () => {
    for (const carrier of [V4, V6]) {
      const frame = buildUdpFrame({ ...carrier, ...ports, payload });
      frame[frame.length - 1] = 0;
      expect(parseUdpFrame(frame)).toBeUndefined();
      expect(parseUdpFrame(frame, { checksums: 'ignore' })?.dstPort).toBe(5060);
    }
  });

  it('may go without a checksum over IPv4 only', () => {
    const v4 = buildUdpFrame({ ...V4, ...ports, payload });
    v4.writeUInt16BE(0, 14 + 20 + 6);
    expect(parseUdpFrame(v4)?.payload).toEqual(payload);
    const v6 = buildUdpFrame({ ...V6, ...ports, payload });
    v6.writeUInt16BE(0, 14 + 40 + 6);
    expect(parseUdpFrame(v6)).toBeUndefined();
  });

  it('never send 0 as a checksum', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 2 }), (bytes) => {
        // Choose the payload so that the sum comes out as any value, 0 too.
        const frame = buildUdpFrame({ ...V4, ...ports, payload: bytes });
        expect(frame.readUInt16BE(14 + 20 + 6)).not.toBe(0);
      }),
      { numRuns: 200 },
    );
    const free = buildUdpFrame({ ...V4, ...ports, payload: Buffer.alloc(2) });
    const filler = free.subarray(40, 42); // adding the sum's complement makes it 0
    const zero = buildUdpFrame({ ...V4, ...ports, payload: filler });
    expect(zero.readUInt16BE(40)).toBe(0xffff);
    expect(parseUdpFrame(zero)).toBeDefined();
  });

  it('refuse fragments, other protocols and lengths that lie', () => {
    const frame = buildUdpFrame({ ...V4, ...ports, payload });
    const fragment = Buffer.from(frame);
    fragment.writeUInt16BE(0x2000, 20);
    expect(parseUdpFrame(fragment, { checksums: 'ignore' })).toBeUndefined();
    for (const length of [0, 7, 8 + payload.length + 1]) {
      const lying = Buffer.from(frame);
      lying.writeUInt16BE(length, 38);
      expect(parseUdpFrame(lying, { checksums: 'ignore' })).toBeUndefined();
    }
    const tcp = Buffer.from(frame);
    tcp.writeUInt8(6, 23);
    expect(parseUdpFrame(tcp, { checksums: 'ignore' })).toBeUndefined();
  });

  it('never throw at any bytes', () => {
    const base = buildUdpFrame({ ...V4, ...ports, payload });
    const mutated = fc
      .array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 6 })
      .map((edits) => {
        const frame = Buffer.from(base);
        for (const [at, value] of edits) frame[at] = value;
        return frame;
      });
    const parsers = [parseUdpFrame, parseArp, parseNeighbourSolicitation, parseIpFrame];
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        for (const parse of parsers) parse(bytes);
        parseUdpFrame(bytes, { checksums: 'ignore' });
      }),
      { numRuns: 500 },
    );
  });
});

describe('TCP', () => {
  it('round-trips every field', () => {
    const fields = {
      srcPort: 1,
      dstPort: 65535,
      sequence: 0xfffffffe,
      acknowledgement: 2,
      flags: 0x12,
      window: 512,
      options: Buffer.from('020405b4', 'hex'),
      payload: Buffer.from('x'),
    };
    const segment = buildTcp({ ...fields, src: V6.src, dst: V6.dst });
    expect(parseTcp(segment)).toMatchObject(fields);
    refusesEveryTruncation(segment.subarray(0, 24), parseTcp);
    const ip = parseIpFrame(buildTcpFrame({ ...V6, ...fields, options: Buffer.alloc(0) }));
    expect(ip).toMatchObject({ protocol: 6, src: V6.src, dst: V6.dst });
  });
});

describe('SCTP', () => {
  it('round-trips with a right CRC32c', () => {
    const payload = Buffer.from('abc');
    const chunks = buildSctpDataChunk({ tsn: 1, streamId: 2, streamSequence: 3, payload });
    expect(chunks.length).toBe(20);
    const fields = { srcPort: 2905, dstPort: 2906, verificationTag: 0xcafebabe, chunks };
    const packet = buildSctp(fields);
    expect(parseSctp(packet)).toEqual({ ...fields, checksumOk: true });
    packet.writeUInt8(9, 3);
    expect(parseSctp(packet)?.checksumOk).toBe(false);
    refusesEveryTruncation(packet.subarray(0, 12), parseSctp);
    expect(parseIpFrame(buildSctpFrame({ ...V4, ...fields }))?.protocol).toBe(132);
  });
});

describe('ARP', () => {
  const request = {
    ...LINK,
    dstMac: 'ff:ff:ff:ff:ff:ff',
    vlans: [{ tpid: 0x8100, vlanId: 5, pcp: 0, dei: false }],
    operation: 'request' as const,
    senderMac: LINK.srcMac,
    senderAddress: '192.0.2.9',
    targetMac: '00:00:00:00:00:00',
    targetAddress: '192.0.2.1',
  };

  it('round-trips and is answered by the address asked for, in the same VLAN', () => {
    const frame = buildArp(request);
    expect(parseArp(frame)).toEqual(request);
    refusesEveryTruncation(frame, parseArp);
    const reply = parseArp(buildArpReply(request, '02:aa:00:00:00:01'));
    expect(reply).toEqual({
      dstMac: request.senderMac,
      srcMac: '02:aa:00:00:00:01',
      vlans: request.vlans,
      operation: 'reply',
      senderMac: '02:aa:00:00:00:01',
      senderAddress: '192.0.2.1',
      targetMac: request.senderMac,
      targetAddress: '192.0.2.9',
    });
  });

  it.each([
    ['hardware type', 15, 6],
    ['protocol type', 16, 0x86],
    ['address length', 18, 8],
    ['operation', 21, 3],
  ])('refuses another %s', (_, offset, value) => {
    const frame = buildArp({ ...request, vlans: [] });
    frame[offset] = value;
    expect(parseArp(frame)).toBeUndefined();
  });
});

describe('neighbour discovery', () => {
  const mac = '02:aa:00:00:00:01';
  const ask = {
    srcMac: LINK.srcMac,
    src: 'fe80::9',
    target: '2001:db8::12:3456',
    sourceLinkAddress: LINK.srcMac,
  };

  it('solicits at the solicited-node group', () => {
    expect(solicitedNodeAddress('2001:db8::12:3456')).toBe('ff02::1:ff12:3456');
    const frame = buildNeighbourSolicitation(ask);
    expect(parseNeighbourSolicitation(frame)).toEqual({
      ...ask,
      dstMac: '33:33:ff:12:34:56',
      dst: 'ff02::1:ff12:3456',
      vlans: [],
    });
    refusesEveryTruncation(frame, parseNeighbourSolicitation);
    expect(parseNeighbourAdvertisement(frame)).toBeUndefined();
  });

  it('answers who asked', () => {
    const asked = parseNeighbourSolicitation(buildNeighbourSolicitation(ask));
    if (asked === undefined) throw new Error('the solicitation was not read');
    expect(parseNeighbourAdvertisement(answerNeighbourSolicitation(asked, mac))).toEqual({
      dstMac: LINK.srcMac,
      srcMac: mac,
      vlans: [],
      src: ask.target,
      dst: ask.src,
      target: ask.target,
      targetLinkAddress: mac,
      router: false,
      solicited: true,
      override: true,
    });
  });

  it('answers duplicate address detection to all nodes', () => {
    const probe = { srcMac: ask.srcMac, src: '::', target: ask.target };
    const asked = parseNeighbourSolicitation(buildNeighbourSolicitation(probe));
    if (asked === undefined) throw new Error('the solicitation was not read');
    expect(parseNeighbourAdvertisement(answerNeighbourSolicitation(asked, mac))).toMatchObject({
      dstMac: '33:33:00:00:00:01',
      dst: 'ff02::1',
      solicited: false,
    });
  });

  it('refuses what RFC 4861 §7.1 says is invalid', () => {
    const frame = buildNeighbourSolicitation(ask);
    const bad = (offset: number, value: number) => {
      const copy = Buffer.from(frame);
      copy[offset] = value;
      return parseNeighbourSolicitation(copy);
    };
    expect(bad(14 + 7, 254), 'hop limit').toBeUndefined();
    expect(bad(14 + 40 + 1, 1), 'code').toBeUndefined();
    expect(bad(14 + 40 + 2, 0x12), 'checksum').toBeUndefined();
    expect(bad(14 + 40 + 25, 0), 'option length').toBeUndefined();
    const fields = { src: '::', srcMac: ask.srcMac, target: ask.target };
    const own = buildNeighbourSolicitation({ ...fields, sourceLinkAddress: ask.srcMac });
    expect(parseNeighbourSolicitation(own), 'unspecified with an address').toBeUndefined();
    const group = buildNeighbourSolicitation({ ...ask, target: 'ff02::5' });
    expect(parseNeighbourSolicitation(group), 'target is a group').toBeUndefined();
    const answer = { ...V6, target: ask.target, solicited: true, dst: 'ff02::1' };
    expect(parseNeighbourAdvertisement(buildNeighbourAdvertisement(answer))).toBeUndefined();
  });
});
