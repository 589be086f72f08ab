import { describe, expect, it } from 'vitest';
import { buildArp, parseArp } from '../../../host/protocol/arp.ts';
import { ManualClock } from '../../../host/protocol/clock.ts';
import {
  buildNeighbourAdvertisement,
  buildNeighbourSolicitation,
  parseNeighbourAdvertisement,
  parseNeighbourSolicitation,
} from '../../../host/protocol/neighbour.ts';
import { NeighbourProxy, type PortFrame } from '../../../host/switch/neighbour-proxy.ts';

const ALL = 'ff:ff:ff:ff:ff:ff';
const NONE = '00:00:00:00:00:00';
const LINE_MAC = '02:76:6c:00:00:00';
const CONTROL_MAC = '02:76:6c:01:ff:00';
const PEER = { mac: '0a:00:00:00:00:64', address: '192.0.2.100' };
const SLOT = { mac: '02:76:6c:01:00:07', address: '192.0.2.1' };

function proxy({ virtualAddresses = ['192.0.2.1', '2001:db8::1'] } = {}) {
  const clock = new ManualClock();
  const sent: PortFrame[] = [];
  const made = new NeighbourProxy({
    clock,
    virtualAddresses,
    controlAddress: '169.254.77.1',
    controlMac: CONTROL_MAC,
    lineMac: (port) => (port === 0 ? LINE_MAC : undefined),
    linePortOf: (port) => (port < 3 ? 0 : undefined),
    send: (frames) => sent.push(...frames),
  });
  return { clock, sent, made };
}

function request(from: { mac: string; address: string }, target: string): Buffer {
  return buildArp({
    dstMac: ALL,
    srcMac: from.mac,
    operation: 'request',
    senderMac: from.mac,
    senderAddress: from.address,
    targetMac: NONE,
    targetAddress: target,
  });
}

function reply(from: { mac: string; address: string }, to: { mac: string; address: string }) {
  return buildArp({
    dstMac: to.mac,
    srcMac: from.mac,
    operation: 'reply',
    senderMac: from.mac,
    senderAddress: from.address,
    targetMac: to.mac,
    targetAddress: to.address,
  });
}

describe('ARP from the line', () => {
  it('for the virtual address is answered with the MAC address of the line port', () => {
    const { made } = proxy();
    const { end, frames } = made.fromLine(0, request(PEER, '192.0.2.1'));
    expect(end).toBe('answered');
    expect(frames.map(({ port }) => port)).toEqual([0]);
    expect(parseArp(frames[0]?.data ?? Buffer.alloc(0))).toMatchObject({
      operation: 'reply',
      dstMac: PEER.mac,
      senderMac: LINE_MAC,
      senderAddress: '192.0.2.1',
      targetMac: PEER.mac,
      targetAddress: PEER.address,
    });
  });

  it('for anything else is nobody’s, announcements are ignored, claims of our address counted', () => {
    const { made } = proxy();
    const nothing = (end: string) => ({ end, frames: [] });
    expect(made.fromLine(0, request(PEER, '192.0.2.7'))).toEqual(nothing('not_ours'));
    expect(made.fromLine(0, request(PEER, '169.254.77.1'))).toEqual(nothing('not_ours'));
    expect(made.fromLine(0, request(PEER, PEER.address))).toEqual(nothing('ignored'));
    const thief = { ...PEER, address: '192.0.2.1' };
    expect(made.fromLine(0, request(thief, '192.0.2.1'))).toEqual(nothing('conflict'));
    expect(made.fromLine(0, reply(thief, SLOT))).toEqual(nothing('conflict'));
    expect(made.fromLine(0, Buffer.alloc(60))).toEqual(nothing('malformed'));
    expect(made.peers).toBe(0);
  });

  it('answers a probe without learning the address that it has not yet', () => {
    const { made } = proxy();
    const probe = request({ ...PEER, address: '0.0.0.0' }, '192.0.2.1');
    expect(made.fromLine(0, probe).end).toBe('answered');
    expect(made.peers).toBe(0);
  });
});

describe('ARP from a slot', () => {
  it('for the control address is answered with the control MAC address', () => {
    const { made } = proxy();
    const { end, frames } = made.fromFabric(1, request(SLOT, '169.254.77.1'));
    expect(end).toBe('answered');
    expect(frames[0]?.port).toBe(1);
    expect(parseArp(frames[0]?.data ?? Buffer.alloc(0))?.senderMac).toBe(CONTROL_MAC);
  });

  it('for a peer on the line is answered with the real address that was learned', () => {
    const { made } = proxy();
    made.learn(0, PEER.address, PEER.mac);
    const { end, frames } = made.fromFabric(2, request(SLOT, PEER.address));
    expect(end).toBe('answered');
    expect(frames[0]?.port).toBe(2);
    expect(parseArp(frames[0]?.data ?? Buffer.alloc(0))).toMatchObject({
      senderMac: PEER.mac,
      senderAddress: PEER.address,
      dstMac: SLOT.mac,
    });
  });

  it('for an unknown peer is asked for on the line, once for all, and answered when it is known', () => {
    const { made, clock, sent } = proxy();
    const first = made.fromFabric(1, request(SLOT, PEER.address));
    expect(first.end).toBe('asking');
    expect(first.frames).toHaveLength(1);
    expect(first.frames[0]?.port).toBe(0);
    expect(parseArp(first.frames[0]?.data ?? Buffer.alloc(0))).toMatchObject({
      operation: 'request',
      dstMac: ALL,
      srcMac: LINE_MAC,
      senderAddress: '192.0.2.1',
      targetAddress: PEER.address,
    });
    const other = { ...SLOT, mac: '02:76:6c:01:01:01' };
    expect(made.fromFabric(2, request(other, PEER.address))).toEqual({ end: 'asking', frames: [] });
    expect(made.fromFabric(2, request(other, PEER.address)).frames).toEqual([]);
    clock.advance(1000);
    expect(sent).toHaveLength(1);
    const own = { mac: LINE_MAC, address: '192.0.2.1' };
    const { end, frames } = made.fromLine(0, reply(PEER, own));
    expect(end).toBe('learned');
    expect(frames.map(({ port }) => port)).toEqual([1, 2]);
    expect(frames.map(({ data }) => parseArp(data)?.senderMac)).toEqual([PEER.mac, PEER.mac]);
    clock.advance(10_000);
    expect(sent, 'no question stays open').toHaveLength(1);
    expect(made.fromFabric(1, request(SLOT, PEER.address)).end).toBe('answered');
  });

  it('gives up after three questions, forgets a peer after a minute, keeps to its bounds', () => {
    const { made, clock, sent } = proxy();
    made.fromFabric(1, request(SLOT, PEER.address));
    clock.advance(10_000);
    expect(sent).toHaveLength(2);
    expect(made.counters).toEqual({ asked: 3, unanswered: 1 });
    made.learn(0, PEER.address, PEER.mac);
    clock.advance(60_000);
    expect(made.fromFabric(1, request(SLOT, PEER.address)).end).toBe('asking');
    const ends = Array.from({ length: 300 }, (_, i) => {
      const target = `198.51.${100 + (i >> 8)}.${i & 255}`;
      return made.fromFabric(1, request(SLOT, target)).end;
    });
    expect(ends.filter((end) => end === 'asking')).toHaveLength(255);
    expect(ends.at(-1)).toBe('overflow');
  });

  it('for the shared address, of announcements and from ports without a line is left alone', () => {
    const { made } = proxy();
    expect(made.fromFabric(1, request(SLOT, SLOT.address)).end).toBe('ignored');
    const other = { ...SLOT, address: '192.0.2.9' };
    expect(made.fromFabric(1, request(other, SLOT.address)).end).toBe('ignored');
    expect(made.fromFabric(1, reply(SLOT, PEER)).end).toBe('ignored');
    expect(made.fromFabric(5, request(SLOT, PEER.address)).end).toBe('not_ours');
  });

  it('lets nobody on the line answer unasked, but correct what is known', () => {
    const { made } = proxy();
    const own = { mac: LINE_MAC, address: '192.0.2.1' };
    expect(made.fromLine(0, reply(PEER, own)).end).toBe('ignored');
    expect(made.fromFabric(1, request(SLOT, PEER.address)).end).toBe('asking');
    made.fromLine(0, reply(PEER, own));
    const moved = { ...PEER, mac: '0a:00:00:00:00:65' };
    expect(made.fromLine(0, request(moved, moved.address))).toEqual({ end: 'ignored', frames: [] });
    const { frames } = made.fromFabric(1, request(SLOT, PEER.address));
    expect(parseArp(frames[0]?.data ?? Buffer.alloc(0))?.senderMac).toBe(moved.mac);
  });
});

describe('IPv6 neighbour discovery', () => {
  const peer6 = '2001:db8::100';

  it('answers the line for the virtual address, also to who checks its own', () => {
    const { made } = proxy();
    const asked = buildNeighbourSolicitation({
      srcMac: PEER.mac,
      src: peer6,
      target: '2001:db8::1',
      sourceLinkAddress: PEER.mac,
    });
    const { end, frames } = made.fromLine(0, asked);
    expect(end).toBe('answered');
    expect(parseNeighbourAdvertisement(frames[0]?.data ?? Buffer.alloc(0))).toMatchObject({
      target: '2001:db8::1',
      targetLinkAddress: LINE_MAC,
      solicited: true,
    });
    const probe = buildNeighbourSolicitation({
      srcMac: PEER.mac,
      src: '::',
      target: '2001:db8::1',
    });
    expect(made.fromLine(0, probe).end).toBe('answered');
  });

  it('asks on the line for a slot and passes the answer on', () => {
    const { made } = proxy();
    const asked = buildNeighbourSolicitation({
      srcMac: SLOT.mac,
      src: '2001:db8::1',
      target: peer6,
      sourceLinkAddress: SLOT.mac,
    });
    const question = made.fromFabric(1, asked);
    expect(question.end).toBe('asking');
    expect(parseNeighbourSolicitation(question.frames[0]?.data ?? Buffer.alloc(0))).toMatchObject({
      src: '2001:db8::1',
      target: peer6,
      sourceLinkAddress: LINE_MAC,
    });
    const answer = buildNeighbourAdvertisement({
      srcMac: PEER.mac,
      dstMac: LINE_MAC,
      src: peer6,
      dst: '2001:db8::1',
      target: peer6,
      targetLinkAddress: PEER.mac,
      solicited: true,
    });
    const { end, frames } = made.fromLine(0, answer);
    expect(end).toBe('learned');
    expect(frames[0]?.port).toBe(1);
    expect(parseNeighbourAdvertisement(frames[0]?.data ?? Buffer.alloc(0))).toMatchObject({
      target: peer6,
      targetLinkAddress: PEER.mac,
    });
  });

  it('does not hinder a processor that checks the shared address', () => {
    const { made } = proxy();
    const probe = buildNeighbourSolicitation({
      srcMac: SLOT.mac,
      src: '::',
      target: '2001:db8::1',
    });
    expect(made.fromFabric(1, probe)).toEqual({ end: 'ignored', frames: [] });
  });

  it('is done with the link-local address of the line port where there is no other', () => {
    const { made } = proxy({ virtualAddresses: ['192.0.2.1'] });
    const own = 'fe80::76:6cff:fe00:0';
    const slot = { srcMac: SLOT.mac, src: 'fe80::76:6cff:fe01:7', sourceLinkAddress: SLOT.mac };
    const asked = made.fromFabric(1, buildNeighbourSolicitation({ ...slot, target: '3fff::80' }));
    expect(asked.end).toBe('asking');
    const question = parseNeighbourSolicitation(asked.frames[0]?.data ?? Buffer.alloc(0));
    expect(question).toMatchObject({ src: own, target: '3fff::80', sourceLinkAddress: LINE_MAC });
    // A router between the line and users' prefixes is found by it.
    const router = { srcMac: PEER.mac, src: '3fff::80', sourceLinkAddress: PEER.mac };
    const { end, frames } = made.fromLine(
      0,
      buildNeighbourSolicitation({ ...router, target: own }),
    );
    expect(end).toBe('answered');
    expect(parseNeighbourAdvertisement(frames[0]?.data ?? Buffer.alloc(0))).toMatchObject({
      target: own,
      targetLinkAddress: LINE_MAC,
    });
    const other = buildNeighbourSolicitation({ ...router, target: 'fe80::1' });
    expect(made.fromLine(0, other).end).toBe('not_ours');
  });
});
