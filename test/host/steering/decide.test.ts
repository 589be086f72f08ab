import { describe, expect, it } from 'vitest';
import { bytesToMac } from '../../../host/protocol/address.ts';
import { buildArp } from '../../../host/protocol/arp.ts';
import { buildEthernet } from '../../../host/protocol/ethernet.ts';
import { buildIpFrame } from '../../../host/protocol/ip.ts';
import { buildIpv4 } from '../../../host/protocol/ipv4.ts';
import { buildNeighbourSolicitation } from '../../../host/protocol/neighbour.ts';
import { buildUdp, buildUdpFrame } from '../../../host/protocol/udp.ts';
import { decide, type Verdict } from '../../../host/steering/decide.ts';
import { parseService } from '../../../host/steering/service-file.ts';
import type { Arrival, CardState, SlotState } from '../../../host/steering/state.ts';
import { SIZES } from '../../generators/sizes.ts';

const LINE = 0;
const FABRIC = 1;
const HOST = 2; // as many as there are ports
const LINE_MAC = '02:00:00:00:00:10';
const FABRIC_MAC = '02:00:00:00:00:20';
const CLIENT_MAC = '02:00:00:00:00:99';

const RULES = parseService(
  `service: test
rules:
  - name: always
    match: { protocol: udp, port: 5060 }
    setup: always
  - name: port
    match: { protocol: udp, destination: [192.0.2.1, "2001:db8::1"], port: 20000-20999 }
    identifier: { port: { base: 20000 } }
  - name: teid
    match: { protocol: udp, port: 2152, compare: { offset: 0, value: 0x30000000, mask: 0xf0000000 } }
    identifier: { base: payload, offset: 4, width: 4, shift: 16 }
    setup: { zero: true, types: [1, 32], typeOffset: 1 }
  - name: address
    match: { destination: 100.64.0.0/10 }
    identifier: { base: destination, width: 4, subtract: 0x64400000, shift: 6 }
  - name: far
    match: { protocol: udp, port: 7000 }
    identifier: { base: payload, offset: 110, width: 2 }
`,
  'test.yaml',
).rules;

const slot = (entry: Partial<SlotState>): SlotState => ({
  up: true,
  port: FABRIC,
  linePort: LINE,
  epoch: 7,
  ...entry,
});

const STATE: CardState = {
  enabled: true,
  sizes: { ...SIZES, vids: 4096 },
  fabricPrefix: 0x0256494c,
  ports: [
    { mac: LINE_MAC, fabric: false },
    { mac: FABRIC_MAC, fabric: true },
  ],
  slots: [
    slot({}),
    slot({ epoch: 9 }),
    slot({ up: false }),
    slot({ port: 5 }),
    slot({ linePort: 6 }),
    slot({ port: LINE }),
  ],
  rules: RULES,
  rows: new Map([
    [1, { valid: true, active: 0, backup: 1, backupInSync: true }],
    [2, { valid: true, active: 2, backup: 1, backupInSync: true }],
    [3, { valid: true, active: 2, backup: 1, backupInSync: false }],
    [4, { valid: true, active: 63, backup: 3, backupInSync: true }],
    [5, { valid: false, active: 1, backup: 2, backupInSync: true }],
  ]),
};

const from = (port: number): Arrival => ({ from: { port } });
const inject = (mode: number, target: number): Arrival => ({ from: { inject: { mode, target } } });
const slotMac = (number: number, epoch: number) =>
  bytesToMac(Buffer.of(0x02, 0x56, 0x49, 0x4c, number, epoch));

const LINK = { dstMac: LINE_MAC, srcMac: CLIENT_MAC };
const IP = { src: '198.51.100.1', dst: '192.0.2.1' };

function udp(dstPort: number, fields: { dst?: string; payload?: Buffer; dstMac?: string } = {}) {
  const dst = fields.dst ?? IP.dst;
  const src = dst.includes(':') ? '2001:db8::2' : IP.src;
  const { payload = Buffer.from('hello'), dstMac = LINE_MAC } = fields;
  return buildUdpFrame({ dstMac, srcMac: CLIENT_MAC, src, dst, srcPort: 1, dstPort, payload });
}

/** A GTP-U-like payload. */
function teid(type: number, value: number): Buffer {
  const payload = Buffer.from([0x30, type, 0, 0, 0, 0, 0, 0]);
  payload.writeUInt32BE(value, 4);
  return payload;
}

const line = (frame: Uint8Array) => decide(frame, from(LINE), STATE);

/** The record without the fields that are 0. */
function fields({ decision }: Verdict) {
  return Object.fromEntries(Object.entries(decision).filter(([, value]) => Number(value) !== 0));
}

describe('step 1: health', () => {
  it('comes before all, in its order', () => {
    const frame = udp(20001);
    const bad = { error: true, overflow: true, underrun: true };
    const reason = (bytes: Uint8Array, receiver: Arrival['receiver'], enabled = true) =>
      decide(bytes, { ...from(LINE), ...(receiver && { receiver }) }, { ...STATE, enabled }).reason;
    expect(reason(Buffer.alloc(2001), bad)).toBe('rx_oversize');
    expect(reason(frame, bad)).toBe('rx_error');
    expect(reason(frame, { overflow: true, underrun: true })).toBe('rx_overflow');
    expect(reason(Buffer.alloc(3), { underrun: true })).toBe('rx_underrun');
    expect(reason(Buffer.alloc(3), undefined, false)).toBe('disabled');
    expect(reason(frame.subarray(0, 13), undefined)).toBe('runt');
  });

  it('leaves the rest of the record empty', () => {
    const verdict = decide(Buffer.alloc(3000), from(LINE), STATE);
    expect(fields(verdict)).toEqual({ reason: 33, length: 2001 });
    expect(verdict.egressFrame).toBeUndefined();
    expect(verdict.end).toBe('drop');
  });

  it.each([
    ['IPv4', udp(20001), 14 + 20],
    ['IPv6', udp(20001, { dst: '2001:db8::1' }), 14 + 40],
    [
      'ARP',
      buildArp({
        ...LINK,
        operation: 'request',
        senderMac: CLIENT_MAC,
        senderAddress: IP.src,
        targetMac: '00:00:00:00:00:00',
        targetAddress: IP.dst,
      }),
      14 + 28,
    ],
    [
      'IPv6 neighbour discovery',
      buildNeighbourSolicitation({ srcMac: CLIENT_MAC, src: 'fe80::1', target: '2001:db8::1' }),
      14 + 41,
    ],
    ['unknown', buildEthernet({ ...LINK, etherType: 0x88b5, payload: Buffer.alloc(50) }), 14],
  ])('%s truncated at every byte', (_, frame, headerMin) => {
    const whole = line(frame).reason;
    expect(whole).not.toMatch(/^(runt|truncated|ip_length)$/);
    for (let length = 0; length < frame.length; length++) {
      const expected =
        length < 14
          ? 'runt'
          : length < headerMin
            ? 'truncated'
            : frame.readUInt16BE(12) === 0x0806 || headerMin === 14
              ? whole
              : 'ip_length';
      expect(line(frame.subarray(0, length)).reason, `${length} bytes`).toBe(expected);
    }
  });

  it('asks for no headers of a frame that is injected as it is', () => {
    const start = udp(20001).subarray(0, 20);
    expect(decide(start, inject(0, FABRIC), STATE).reason).toBe('inject_fabric');
    expect(decide(start, inject(1, 0), STATE).reason).toBe('inject_slot');
    expect(decide(start, inject(2, LINE), STATE).reason).toBe('truncated');
  });
});

describe('step 2: headers', () => {
  it.each([
    ['IPv4 version 5', 14, 0x55, 'ip_header'],
    ['IHL 4', 14, 0x44, 'ip_header'],
    ['IHL 6 in 33 bytes', 14, 0x4f, 'ip_header'],
    ['total length 19', 17, 19, 'ip_header'],
    ['total length beyond the frame', 17, 34, 'ip_length'],
    ['UDP length 7', 39, 7, 'l4_length'],
    ['UDP length beyond the packet', 39, 14, 'l4_length'],
    ['UDP length that leaves a rest', 39, 12, 'steer_active'],
  ])('%s → %s', (_, offset, value, reason) => {
    const frame = udp(20001); // 14 + 20 + 8 + 5
    expect(line(frame).reason).toBe('steer_active');
    frame[offset] = value;
    expect(line(frame).reason).toBe(reason);
  });

  it('looks behind two tags and no further', () => {
    const vlan = { vlanId: 5 };
    const tagged = (count: number) => {
      const fields = { ...LINK, ...IP, srcPort: 1, dstPort: 20001, payload: Buffer.alloc(1) };
      return buildUdpFrame({ ...fields, vlans: Array.from({ length: count }, () => vlan) });
    };
    expect([0, 1, 2, 3].map((count) => line(tagged(count)).reason)).toEqual([
      'steer_active',
      'steer_active',
      'steer_active',
      'ethertype',
    ]);
  });

  it.each([
    ['TCP header of 16', 6, [12, 0x40], 'l4_length'],
    ['TCP header longer than the packet', 6, [12, 0x60], 'l4_length'],
    ['TCP header that fits', 6, [12, 0x50], 'no_service'],
    ['SCTP that fits', 132, [0, 0], 'no_service'],
  ])('%s', (_, protocol, [at, value], reason) => {
    const payload = Buffer.alloc(20);
    payload[at ?? 0] = value ?? 0;
    expect(line(buildIpFrame({ ...LINK, ...IP, protocol, payload })).reason).toBe(reason);
    const short = payload.subarray(0, protocol === 6 ? 19 : 11);
    expect(line(buildIpFrame({ ...LINK, ...IP, protocol, payload: short })).reason).toBe(
      'l4_length',
    );
  });
});

describe('step 3: from the line', () => {
  it('takes only its own address and groups', () => {
    expect(line(udp(20001, { dstMac: CLIENT_MAC })).reason).toBe('foreign_mac');
    expect(line(udp(20001, { dstMac: 'ff:ff:ff:ff:ff:ff' })).reason).toBe('steer_active');
    // Nothing else of a foreign frame is looked at.
    const cut = udp(20001, { dstMac: CLIENT_MAC }).subarray(0, 30);
    expect(line(cut).reason).toBe('foreign_mac');
  });

  it('steers by the row of the VID, and rewrites the MAC addresses only', () => {
    const frame = udp(20001);
    const verdict = line(frame);
    expect(fields(verdict)).toEqual({
      egress: FABRIC,
      rule_hit: 1,
      rule: 1,
      key_valid: 1,
      key: 20001n,
      vid_valid: 1,
      vid: 1,
      row_backup: 1,
      row_in_sync: 1,
      row_valid: 1,
      slot_valid: 1,
      epoch: 7,
      length: frame.length,
    });
    expect(verdict.reason).toBe('steer_active');
    const left = Buffer.from(verdict.egressFrame ?? []);
    expect(bytesToMac(left, 0)).toBe(slotMac(0, 7));
    expect(bytesToMac(left, 6)).toBe(FABRIC_MAC);
    expect(left.subarray(12)).toEqual(frame.subarray(12));
  });

  it.each([
    ['the backup', 20002, { reason: 'steer_backup', slot: 1, epoch: 9 }],
    ['nobody when the backup is not in sync', 20003, { reason: 'punt_slots_down', row_active: 2 }],
    ['nobody when there are no such slots', 20004, { reason: 'punt_slots_down', row_active: 63 }],
    ['nobody without a valid row', 20005, { reason: 'punt_no_row', row_active: 1, row_valid: 0 }],
    ['nobody without any row', 20006, { reason: 'punt_no_row', vid_valid: 1, vid: 6 }],
  ])('or %s', (_, port, { reason, ...expected }) => {
    const verdict = line(udp(port));
    expect(verdict.reason).toBe(reason);
    expect(verdict.decision).toMatchObject(expected);
    if (verdict.end === 'punt') {
      expect(verdict.decision).toMatchObject({ egress: HOST, slot_valid: 0 });
      expect(verdict.egressFrame).toEqual(Uint8Array.from(udp(port)));
    }
  });

  it('takes the first rule that matches, by all of its conditions', () => {
    expect(fields(line(udp(5060)))).toEqual({ reason: 4, egress: HOST, rule_hit: 1, length: 47 });
    expect(line(udp(20001, { dst: '192.0.2.2' })).reason).toBe('no_service');
    expect(line(udp(20001, { dst: '2001:db8::1' })).reason).toBe('steer_active');
    expect(line(udp(21000)).reason).toBe('no_service');
    expect(line(udp(2152, { payload: Buffer.from([0x20, 0, 0, 0]) })).reason).toBe('no_service');
    expect(line(udp(2152, { payload: Buffer.alloc(0) })).reason).toBe('no_service');
  });

  it.each([
    ['a TEID', teid(255, 0x00010005), 'steer_active', { key: 0x10005n, vid: 1 }],
    ['TEID zero', teid(255, 0), 'punt_setup', { key_valid: 1, key: 0n, vid_valid: 0 }],
    ['a type in the set', teid(32, 0x00010005), 'punt_setup', { key: 0x10005n, vid_valid: 0 }],
    [
      'a VID beyond the table',
      teid(255, 0x10000000),
      'punt_vid_range',
      { key: 0x10000000n, vid: 0 },
    ],
    ['the type missing', teid(1, 0).subarray(0, 1), 'no_identifier', { rule: 2, key_valid: 0 }],
    ['a TEID cut short', teid(9, 0).subarray(0, 7), 'no_identifier', { rule: 2, key_valid: 0 }],
  ])('reads %s', (_, payload, reason, expected) => {
    const verdict = line(udp(2152, { payload }));
    expect(verdict.reason).toBe(reason);
    expect(verdict.decision).toMatchObject({ rule_hit: 1, rule: 2, ...expected });
  });

  it('reads the destination address, also of fragments', () => {
    const packet = (fragmentOffset: number, moreFragments: boolean, dst: string) =>
      buildEthernet({
        ...LINK,
        etherType: 0x0800,
        payload: buildIpv4({
          ...IP,
          dst,
          protocol: 17,
          payload: buildUdp({ ...IP, srcPort: 1, dstPort: 2, payload: Buffer.alloc(9) }),
          fragmentOffset,
          moreFragments,
        }),
      });
    expect(line(packet(0, false, '100.64.0.64')).decision).toMatchObject({ vid: 1, slot: 0 });
    expect(line(packet(8, true, '100.64.0.64')).decision).toMatchObject({ vid: 1, slot: 0 });
    expect(line(packet(8, true, '192.0.2.1')).reason).toBe('punt_fragment');
    expect(line(packet(0, true, '192.0.2.1')).reason).toBe('no_service');
  });

  it('takes the UDP length of a first fragment for that of the whole datagram', () => {
    const datagram = buildUdp({ ...IP, srcPort: 1, dstPort: 20001, payload: Buffer.alloc(100) });
    const payload = datagram.subarray(0, 16);
    const build = (moreFragments: boolean) =>
      buildEthernet({
        ...LINK,
        etherType: 0x0800,
        payload: buildIpv4({ ...IP, protocol: 17, payload, moreFragments }),
      });
    expect(line(build(true)).reason).toBe('steer_active');
    expect(line(build(false)).reason).toBe('l4_length');
  });

  it('punts identifiers beyond the window, if the packet has them', () => {
    // Payload begins at 42; two bytes at 110 end at 154, behind tags at 162.
    const build = (tags: number, length: number) =>
      buildUdpFrame({
        ...LINK,
        ...IP,
        srcPort: 1,
        dstPort: 7000,
        payload: Buffer.alloc(length),
        vlans: Array.from({ length: tags }, () => ({ vlanId: 1 })),
      });
    expect(line(build(0, 112)).reason).toBe('punt_no_row');
    expect(line(build(2, 112)).decision).toMatchObject({ reason: 11, rule: 4, key_valid: 0 });
    expect(line(build(2, 111)).reason).toBe('no_identifier');
  });

  it('punts neighbour discovery', () => {
    const v6 = { ...LINK, src: '2001:db8::2', dst: '2001:db8::1' };
    const build = (protocol: number, first: number) => {
      const payload = Buffer.alloc(8, first);
      return line(buildIpFrame({ ...v6, protocol, payload })).reason;
    };
    expect([132, 133, 137, 138].map((type) => build(58, type))).toEqual([
      'no_service',
      'punt_neighbour',
      'punt_neighbour',
      'no_service',
    ]);
  });
});

describe('step 4: from a fabric port', () => {
  const frame = (dstMac: string, srcMac: string) =>
    buildUdpFrame({ dstMac, srcMac, ...IP, srcPort: 1, dstPort: 2, payload: Buffer.alloc(1) });
  const fabric = (dstMac: string, srcMac = slotMac(0, 7)) =>
    decide(frame(dstMac, srcMac), from(FABRIC), STATE);
  const control = slotMac(0xff, 3);

  it.each([
    ['another prefix', '02:56:49:4d:00:07', 'source_unknown'],
    ['no such slot', slotMac(6, 7), 'source_unknown'],
    ['a slot behind another port', slotMac(5, 7), 'source_unknown'],
    ['an old epoch', slotMac(0, 6), 'source_epoch'],
    ['an old epoch of a slot that is down', slotMac(2, 6), 'source_epoch'],
    ['a slot that is down', slotMac(2, 7), 'source_down'],
  ])('refuses a source with %s', (_, srcMac, reason) => {
    expect(fields(fabric(CLIENT_MAC, srcMac))).toMatchObject({ origin: 1, ingress: FABRIC });
    expect(fabric(CLIENT_MAC, srcMac).reason).toBe(reason);
    expect(fabric('ff:ff:ff:ff:ff:ff', srcMac).reason).toBe(reason);
    expect(fabric(control, srcMac)).toMatchObject({
      reason: 'host_unverified',
      decision: { egress: HOST, slot_valid: 0, slot: 0, epoch: 0 },
    });
  });

  it('goes to the line by the sender’s line port, which gives its address', () => {
    const verdict = fabric(CLIENT_MAC, slotMac(1, 9));
    expect(verdict.decision).toMatchObject({ reason: 24, egress: LINE, slot_valid: 1, slot: 1 });
    expect(verdict.egressFrame).toEqual(Uint8Array.from(frame(CLIENT_MAC, LINE_MAC)));
    expect(fabric(CLIENT_MAC, slotMac(4, 7)).reason).toBe('inject_target');
  });

  it('goes to another slot in its present epoch', () => {
    const verdict = fabric(slotMac(1, 3));
    expect(verdict.decision).toMatchObject({ reason: 20, egress: FABRIC, slot: 1, epoch: 9 });
    expect(verdict.egressFrame).toEqual(Uint8Array.from(frame(slotMac(1, 9), slotMac(0, 7))));
    for (const down of [2, 3, 6, 200]) expect(fabric(slotMac(down, 7)).reason).toBe('slot_down');
  });

  it('goes to the host by the control address', () => {
    expect(fabric(control)).toMatchObject({
      reason: 'host_control',
      egressFrame: Uint8Array.from(frame(control, slotMac(0, 7))),
      decision: { egress: HOST, slot_valid: 1, slot: 0, epoch: 7 },
    });
  });

  it('goes nowhere by a group address, but for neighbour discovery', () => {
    expect(fabric('ff:ff:ff:ff:ff:ff').reason).toBe('slot_group');
    const ask = (srcMac: string) =>
      decide(
        buildArp({
          dstMac: 'ff:ff:ff:ff:ff:ff',
          srcMac,
          operation: 'request',
          senderMac: srcMac,
          senderAddress: IP.dst,
          targetMac: '00:00:00:00:00:00',
          targetAddress: IP.src,
        }),
        from(FABRIC),
        STATE,
      );
    expect(ask(slotMac(1, 9)).decision).toMatchObject({ reason: 18, slot_valid: 1, slot: 1 });
    expect(ask(CLIENT_MAC).decision).toMatchObject({ reason: 18, slot_valid: 0, slot: 0 });
  });

  it('asks for an IP header that can be, whoever sends', () => {
    const bad = frame(CLIENT_MAC, CLIENT_MAC);
    bad[14] = 0x46;
    bad.writeUInt16BE(21, 16);
    expect(decide(bad, from(FABRIC), STATE).reason).toBe('ip_header');
  });
});

describe('step 5: injected', () => {
  const frame = udp(20001);
  it.each([
    ['out of a line port', 0, LINE, 'inject_line', { egress: LINE, slot_valid: 0 }],
    ['out of a fabric port', 0, FABRIC, 'inject_fabric', { egress: FABRIC, slot_valid: 0 }],
    ['out of no port', 0, 2, 'inject_target', {}],
    ['into a slot', 1, 1, 'inject_slot', { egress: FABRIC, slot_valid: 1, slot: 1, epoch: 9 }],
    ['into a slot that is down', 1, 2, 'slot_down', { slot_valid: 0 }],
    ['into no slot', 1, 200, 'slot_down', { slot_valid: 0 }],
    ['to be steered', 2, LINE, 'steer_active', { rule: 1, slot_valid: 1 }],
    ['to be steered as by another port', 2, FABRIC, 'foreign_mac', { rule_hit: 0 }],
    ['to be steered as by no port', 2, 9, 'inject_target', { rule_hit: 0 }],
    ['in a mode that is none', 3, 0, 'inject_target', {}],
  ])('%s', (_, mode, target, reason, expected) => {
    const verdict = decide(frame, inject(mode, target), STATE);
    expect(verdict.reason).toBe(reason);
    expect(verdict.decision).toMatchObject({ origin: 2, ingress: HOST, ...expected });
    if (mode === 0 && verdict.end !== 'drop') {
      expect(verdict.egressFrame).toEqual(Uint8Array.from(frame));
    }
    if (reason === 'inject_slot') {
      const left = Buffer.from(verdict.egressFrame ?? []);
      expect([bytesToMac(left, 0), bytesToMac(left, 6)]).toEqual([slotMac(1, 9), FABRIC_MAC]);
    }
  });
});

describe('step 7: a full queue', () => {
  it('drops the frame and keeps what was known', () => {
    const frame = udp(20001);
    const full = decide(frame, { ...from(LINE), queueFull: true }, STATE);
    const { egress: _, ...kept } = fields(line(frame));
    expect(fields(full)).toEqual({ ...kept, reason: 56 });
    expect(full.egressFrame).toBeUndefined();
  });

  it('changes nothing for a frame that goes nowhere', () => {
    const arrival = { ...from(LINE), queueFull: true };
    expect(decide(udp(9), arrival, STATE).reason).toBe('no_service');
  });
});
