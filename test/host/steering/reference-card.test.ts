import { describe, expect, it } from 'vitest';
import { REASON, type ReasonName } from '../../../driver/generated/registers.ts';
import { buildEthernet } from '../../../host/protocol/ethernet.ts';
import { buildIpv4 } from '../../../host/protocol/ipv4.ts';
import { buildUdp, buildUdpFrame } from '../../../host/protocol/udp.ts';
import { type Ended, ReferenceCard } from '../../../host/steering/reference-card.ts';
import type { Arrival, CardState } from '../../../host/steering/state.ts';
import { buildExtended, fragmentHeader, heartbeat } from '../../generators/packets.ts';
import {
  CLIENT_MAC,
  FABRIC,
  fromFabric,
  fromLine,
  LINE,
  LINK,
  slot,
  slotMac,
  stateWith,
  V4,
  V6,
} from './ground.ts';

const RULES = `
  - name: port
    match: { protocol: udp, port: 20000-20999 }
    identifier: { port: { base: 20000 } }
  - name: set-up
    match: { protocol: udp, port: 5060 }
    setup: always
`;
const card = (more: Partial<CardState> = {}) =>
  new ReferenceCard(stateWith(RULES, { fragmentUs: 1000, ...more }));

const reasons = (ends: readonly Ended[]) => ends.map(({ verdict }) => verdict.reason);

/** Fragments of a packet to `port`, of which only the first has a UDP header. */
function fragments(port: number, identification = 7): { first: Buffer; later: Buffer } {
  const udp = { ...V4, srcPort: 1, dstPort: port, payload: Buffer.alloc(24) };
  const packet = buildUdp(udp);
  const frame = (payload: Buffer, fragmentOffset: number, moreFragments: boolean) =>
    buildEthernet({
      ...LINK,
      etherType: 0x0800,
      payload: buildIpv4({
        ...V4,
        protocol: 17,
        identification,
        fragmentOffset,
        moreFragments,
        payload,
      }),
    });
  return {
    first: frame(packet.subarray(0, 16), 0, true),
    later: frame(packet.subarray(16), 16, false),
  };
}

function fragments6(port: number, { src = V6.src, dst = V6.dst, identification = 7 } = {}) {
  const packet = buildUdp({ src, dst, srcPort: 1, dstPort: port, payload: Buffer.alloc(24) });
  const build = (payload: Buffer, offset: number, more: boolean) =>
    buildExtended(LINK, { src, dst, nextHeader: 17, payload }, [
      fragmentHeader(offset, more, identification),
    ]);
  return {
    first: build(packet.subarray(0, 16), 0, true),
    later: build(packet.subarray(16), 16, false),
  };
}

describe('later fragments', () => {
  it.each([
    ['IPv4', fragments(20001)],
    ['IPv6', fragments6(20001)],
  ])('follow their first: %s', (_, { first, later }) => {
    const under = card();
    expect(reasons(under.arrive(first, fromLine))).toEqual(['steer_active']);
    const [ended] = under.arrive(later, fromLine);
    expect(ended?.verdict.decision).toMatchObject({
      reason: 0,
      rule_hit: 0,
      key_valid: 0,
      fragment: 1,
      vid_valid: 1,
      vid: 1,
      row_valid: 1,
      slot: 0,
    });
  });

  it('wait for it, and then go in their order', () => {
    const under = card();
    const { first, later } = fragments(20001);
    const tagged = [1, 2, 3].map((n) => Buffer.concat([later, Buffer.of(n)]));
    for (const frame of tagged) expect(under.arrive(frame, fromLine)).toEqual([]);
    expect(under.arrive(fragments(20001, 8).later, fromLine)).toEqual([]);
    expect(under.held).toBe(4);
    const ends = under.arrive(first, fromLine);
    expect(ends.map(({ frame }) => frame)).toEqual([first, ...tagged]);
    expect(under.held).toBe(1);
  });

  it('go when their time has passed, or where there is no room', () => {
    const under = new ReferenceCard(stateWith(RULES, { fragmentUs: 1000 }), 5, {
      frames: 2,
      bytes: 4000,
    });
    const { first, later } = fragments(20001);
    under.arrive(later, fromLine);
    expect(reasons(under.advance(1004))).toEqual([]);
    under.arrive(later, fromLine);
    expect(reasons(under.arrive(later, fromLine))).toEqual(['fragment_full']);
    expect(reasons(under.advance(1005))).toEqual(['fragment_timeout']);
    expect(reasons(under.arrive(first, fromLine))).toEqual(['steer_active', 'steer_active']);
    const long = Buffer.concat([fragments(20001, 9).later, Buffer.alloc(1900)]);
    expect(reasons([long, long, long].flatMap((frame) => under.arrive(frame, fromLine)))).toEqual([
      'fragment_full',
    ]);
  });

  it('know their first for so long, and by all that tells packets apart', () => {
    const under = card();
    const { first, later } = fragments(20001);
    under.arrive(first, fromLine);
    under.advance(999);
    expect(reasons(under.arrive(later, fromLine))).toEqual(['steer_active']);
    under.advance(1000);
    expect(under.arrive(later, fromLine)).toEqual([]);
    const { first: six } = fragments6(20001);
    under.arrive(six, fromLine);
    const others = [
      fragments6(20001, { identification: 8 }).later,
      fragments6(20001, { src: V6.dst, dst: V6.src }).later,
      fragments6(20001, { src: '2001:db8::3' }).later,
      fragments6(20001, { dst: '2001:db8::3' }).later,
      fragments6(20001, { src: '2001:db9::2' }).later,
    ];
    for (const frame of others) expect(under.arrive(frame, fromLine)).toEqual([]);
    expect(reasons(under.arrive(fragments6(20001).later, fromLine))).toEqual(['steer_active']);
  });

  it('of a packet that was punted are punted too', () => {
    const under = card();
    const { first, later } = fragments(5060);
    under.arrive(later, fromLine);
    const ends = under.arrive(first, fromLine);
    expect(reasons(ends)).toEqual(['punt_setup', 'punt_fragment']);
    expect(ends[1]?.verdict.decision).toMatchObject({ fragment: 1, vid_valid: 0, rule_hit: 0 });
  });

  it('learn nothing of what no rule takes, or of a card that is off', () => {
    for (const [port, more] of [
      [9, {}],
      [20001, { enabled: false }],
    ] as const) {
      const { first, later } = fragments(port);
      const under = card(more);
      under.arrive(first, fromLine);
      const ends = under.arrive(later, fromLine);
      expect(reasons(ends)).toEqual(more.enabled === false ? ['disabled'] : []);
    }
    const off = card({ fragmentUs: 0 });
    const { first, later } = fragments(20001);
    expect(reasons([first, later].flatMap((frame) => off.arrive(frame, fromLine)))).toEqual([
      'steer_active',
      'punt_fragment',
    ]);
  });

  it('follow a first that was dropped for other reasons', () => {
    const { first, later } = fragments(20001);
    const dropped: [Buffer, Arrival, ReasonName][] = [
      [first, { ...fromLine, receiver: { error: true } }, 'rx_error'],
      [first, { ...fromLine, queueFull: true }, 'queue_full'],
      [Buffer.concat([first, Buffer.alloc(2000)]), fromLine, 'rx_oversize'],
    ];
    for (const [frame, arrival, reason] of dropped) {
      const under = card();
      expect(reasons(under.arrive(frame, arrival))).toEqual([reason]);
      expect(reasons(under.arrive(later, fromLine))).toEqual(['steer_active']);
    }
    // Where bytes are missing that were looked at, nothing is sure.
    const under = card();
    under.arrive(first.subarray(0, first.length - 1), fromLine);
    expect(under.arrive(later, fromLine)).toEqual([]);
    // A long one is known by its head.
    const long = Buffer.concat([first, Buffer.alloc(200)]);
    long.writeUInt16BE(20 + 216, 16);
    under.arrive(long.subarray(0, 160), fromLine);
    expect(under.held).toBe(0);
  });

  it('may be injected as if they had come in', () => {
    const under = card();
    const { first, later } = fragments(20001);
    const steer: Arrival = { from: { inject: { mode: 2, target: LINE } } };
    const out: Arrival = { from: { inject: { mode: 0, target: LINE } } };
    expect(reasons(under.arrive(first, out))).toEqual(['inject_line']);
    expect(under.arrive(later, steer)).toEqual([]);
    expect(reasons(under.arrive(first, steer))).toEqual(['steer_active', 'steer_active']);
  });
});

describe('policers', () => {
  const setup = buildUdpFrame({
    ...LINK,
    ...V4,
    srcPort: 1,
    dstPort: 5060,
    payload: Buffer.alloc(1),
  });
  const arp = Buffer.concat([Buffer.from('ffffffffffff020000000099', 'hex'), Buffer.of(8, 6)]);
  const rate = { interval: 256 * 100, burst: 2 * 256 * 100, share: 0 };
  const policed = (bucket: number) => {
    const policers: CardState['policers'] = Array.from({ length: 18 }, (_, i) =>
      i === bucket ? rate : undefined,
    );
    return card({ policers });
  };

  it('let three frames go at once, then one in 100 microseconds', () => {
    const under = policed(1);
    const many = (count: number) =>
      reasons(Array.from({ length: count }).flatMap(() => under.arrive(setup, fromLine)));
    expect(many(4)).toEqual(['punt_setup', 'punt_setup', 'punt_setup', 'policed']);
    under.advance(99);
    expect(many(1)).toEqual(['policed']);
    under.advance(100);
    expect(many(2)).toEqual(['punt_setup', 'policed']);
    under.advance(10_000);
    expect(many(4).filter((reason) => reason === 'punt_setup')).toHaveLength(3);
    under.writePolicer(1, rate);
    expect(many(1)).toEqual(['punt_setup']);
  });

  it('take nothing for what does not get into the queue', () => {
    const under = policed(1);
    const full = { ...fromLine, queueFull: true };
    for (let n = 0; n < 5; n++) {
      expect(reasons(under.arrive(setup, full))).toEqual(['queue_full']);
      expect(reasons(under.arrive(setup, { ...full, shareFull: true }))).toEqual(['host_share']);
    }
    const [ended] = under.arrive(setup, { ...fromLine, receiver: { error: true } });
    expect(ended?.verdict.reason).toBe('rx_error');
    expect(under.arrive(setup, fromLine)).toHaveLength(1);
  });

  it('keep rules, the line’s others and the fabric’s apart', () => {
    const line = Buffer.concat([arp, Buffer.alloc(28)]);
    for (const [bucket, expected] of [
      [1, ['policed', 'punt_neighbour', 'host_neighbour']],
      [16, ['punt_setup', 'policed', 'host_neighbour']],
      [17, ['punt_setup', 'punt_neighbour', 'policed']],
    ] as const) {
      const under = policed(bucket);
      for (let n = 0; n < 3; n++) {
        under.arrive(setup, fromLine);
        under.arrive(line, fromLine);
        under.arrive(line, fromFabric);
      }
      const last = [
        under.arrive(setup, fromLine),
        under.arrive(line, fromLine),
        under.arrive(line, fromFabric),
      ];
      expect(reasons(last.flat())).toEqual(expected);
      expect(
        last.flat().find(({ verdict }) => verdict.reason === 'policed')?.verdict.decision,
      ).toMatchObject({ rule_hit: bucket === 1 ? 1 : 0, egress: 0, slot_valid: 0 });
    }
  });
});

describe('slots', () => {
  const health = [{ nonce: 0xfeed0001, timeoutUs: 500, suspectUs: 0 }];
  const beat = (
    nonce: number,
    { source = slotMac(0, 7), to = slotMac(0xff, 0), version = 1 } = {},
  ) =>
    buildEthernet({
      dstMac: to,
      srcMac: source,
      etherType: 0x88b5,
      payload: heartbeat(nonce, 1, version),
    });

  it('that are not heard of go down, and stay down', () => {
    const under = card({ health });
    under.advance(499);
    expect(under.slots.slots[0]?.up).toBe(true);
    expect(reasons(under.arrive(beat(0xfeed0001), fromFabric))).toEqual(['heartbeat']);
    under.advance(998);
    expect(under.slots.slots[0]?.up).toBe(true);
    under.advance(999);
    expect(under.slots.slots[0]?.up).toBe(false);
    expect(under.slots.events[0]).toEqual({
      count: 1,
      cause: 'heartbeat',
      wentDown: true,
      stale: false,
      timeUs: 999,
    });
    expect(reasons(under.arrive(beat(0xfeed0001), fromFabric))).toEqual(['heartbeat_refused']);
    under.writeSlot(0, slot());
    expect(under.slots.slots[0]?.up).toBe(false);
    under.writeSlot(0, slot({ epoch: 8 }));
    expect(under.slots.slots[0]?.up).toBe(true);
    under.advance(1498);
    expect(under.slots.slots[0]?.up).toBe(true);
  });

  it.each([
    ['another nonce', beat(0xfeed0002)],
    ['another epoch', beat(0xfeed0001, { source: slotMac(0, 6) })],
    ['another version', beat(0xfeed0001, { version: 2 })],
    ['no slot', beat(0xfeed0001, { source: CLIENT_MAC })],
  ])('refuse a heartbeat with %s', (_, frame) => {
    const under = card({ health });
    const [ended] = under.arrive(frame, fromFabric);
    expect(ended?.verdict.reason).toBe('heartbeat_refused');
    expect(ended?.verdict.decision).toMatchObject({ slot_valid: 0, egress: 0 });
    under.advance(500);
    expect(under.slots.slots[0]?.up).toBe(false);
  });

  it('accept a heartbeat of 12 bytes behind tags, to the control address only', () => {
    const under = card({ health });
    const frame = beat(0xfeed0001);
    expect(reasons(under.arrive(frame.subarray(0, 25), fromFabric))).toEqual(['truncated']);
    const tag = Buffer.from('81000001', 'hex');
    const tagged = Buffer.concat([frame.subarray(0, 12), tag, frame.subarray(12)]);
    expect(under.arrive(tagged, fromFabric)[0]?.verdict).toMatchObject({
      reason: 'heartbeat',
      end: 'consume',
      egressFrame: undefined,
      decision: { slot_valid: 1, slot: 0, epoch: 7 },
    });
    const outward = beat(0xfeed0001, { to: CLIENT_MAC }).subarray(0, 20);
    expect(reasons(under.arrive(outward, fromFabric))).toEqual(['line_from_slot']);
  });

  it('tell the host of frames of old incarnations, once until it has heard', () => {
    const under = card({ health });
    const old = (epoch: number) => {
      const link = { dstMac: CLIENT_MAC, srcMac: slotMac(0, epoch) };
      return buildUdpFrame({ ...link, ...V4, srcPort: 1, dstPort: 2, payload: Buffer.alloc(1) });
    };
    expect(reasons(under.arrive(old(6), fromFabric))).toEqual(['source_epoch']);
    under.arrive(old(6), fromFabric);
    expect(under.slots.events[0]).toMatchObject({ count: 1, stale: true, wentDown: false });
    under.slots.acknowledge(0, 0);
    expect(under.slots.events[0]?.stale).toBe(true);
    under.slots.acknowledge(0, 1);
    expect(under.slots.events[0]?.stale).toBe(false);
    under.writeSlot(0, slot({ up: false }));
    expect(reasons(under.arrive(old(7), fromFabric))).toEqual(['source_down']);
    expect(under.slots.events[0]).toEqual({
      count: 3,
      cause: 'host',
      wentDown: true,
      stale: true,
      timeUs: 0,
    });
  });

  it('go down with their port’s link or when it is stuck', () => {
    const under = card();
    under.slots.link(FABRIC, false, 3);
    expect(under.slots.slots.map(({ up }) => up)).toEqual([false, false, false]);
    expect(under.slots.events.map(({ cause }) => cause)).toEqual(['link', 'link', 'none']);
    const other = card();
    other.slots.stall(FABRIC, 4);
    expect(other.slots.events[1]).toMatchObject({ cause: 'stall', timeUs: 4 });
  });

  it('are not taken down by time that jumps back', () => {
    const under = card({ health });
    under.advance(1_000_000);
    under.writeSlot(0, slot({ epoch: 8 }));
    under.advance(10);
    expect(under.slots.slots[0]?.up).toBe(true);
    under.advance(1_000_499);
    expect(under.slots.slots[0]?.up).toBe(true);
  });
});

describe('the mirror', () => {
  const mirror = { port: LINE, vid: 1, reasons: new Set<number>([REASON.no_service]) };
  const udp = (port: number) =>
    buildUdpFrame({ ...LINK, ...V4, srcPort: 1, dstPort: port, payload: Buffer.alloc(1) });
  const copyOf = (under: ReferenceCard, frame: Buffer, arrival = fromLine) =>
    under.arrive(frame, arrival)[0]?.copy;

  it('copies by VID as the frame leaves, by reason as it came', () => {
    const under = card({ mirror });
    const [ended] = under.arrive(udp(20001), fromLine);
    expect(ended?.copy).toEqual(ended?.verdict.egressFrame);
    expect(ended?.copy).toBeDefined();
    expect(copyOf(under, udp(9))).toEqual(udp(9));
    expect(copyOf(under, udp(20002))).toBeUndefined();
    expect(copyOf(card({ mirror: { ...mirror, port: 7 } }), udp(9))).toBeUndefined();
  });

  it('makes none of what leaves by its port', () => {
    const frame = udp(20001);
    expect(copyOf(card({ mirror: { ...mirror, port: FABRIC } }), frame)).toBeUndefined();
    const dropped = { ...fromLine, queueFull: true };
    const under = card({ mirror: { ...mirror, port: FABRIC } });
    expect(copyOf(under, frame, dropped)).toEqual(frame);
  });
});
