import { beforeAll, describe, expect, test } from 'vitest';
import type { ReasonName, SlotEntry } from '../../driver/generated/registers.ts';
import { ORIGIN, REASON, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Decided, Frame, Tables } from './harness/decisions.ts';
import {
  addresses,
  apply,
  group,
  HOLD,
  HOST,
  MODE,
  PORTS,
  read,
  reference,
  SLOTS,
  slotMac,
  station,
  tables,
} from './harness/decisions.ts';
import { META } from './harness/records.ts';
import { Random } from './harness/streams.ts';

let makers: Record<'decide', Make>;
beforeAll(async () => {
  makers = await build('decide', { decide: { module: 'decide', parameters: { PORTS, SLOTS } } });
});

/** The reference's answer with the epoch of the slot that it names. */
function answer(tables: Tables, frame: Frame): Decided & { epoch?: number } {
  const decided = reference(tables, frame);
  if (decided.slot === undefined) return decided;
  return { ...decided, epoch: tables.slots[decided.slot]?.epoch ?? -1 };
}

function decide(tables: Tables, frame: Frame) {
  const dut = makers.decide();
  apply(dut, tables, frame);
  apply(dut, tables, { meta: {}, macs: Buffer.alloc(12) });
  return read(dut);
}

describe('decide: the row of the VID', () => {
  const frame = (row: Record<string, number>): Frame => ({
    meta: { by_rules: 1, row_valid: 1, row_active: 2, row_backup: 5, ...row },
    macs: addresses(station, station),
  });
  const active = { port: 2, epoch: 0x77 };
  const cases: [string, Tables, Record<string, number>, ReturnType<typeof decide>][] = [
    [
      'active up',
      tables({ 2: active, 5: {} }),
      { row_in_sync: 1 },
      { reason: 'steer_active', slot: 2, egress: 2, epoch: 0x77 },
    ],
    [
      'active down, backup in sync',
      tables({ 5: { port: 2, epoch: 3 } }),
      { row_in_sync: 1 },
      { reason: 'steer_backup', slot: 5, egress: 2, epoch: 3 },
    ],
    [
      'active down, backup not in sync',
      tables({ 5: {} }),
      {},
      { reason: 'punt_slots_down', egress: HOST },
    ],
    ['both down', tables(), { row_in_sync: 1 }, { reason: 'punt_slots_down', egress: HOST }],
    [
      'active behind a port that there is not',
      tables({ 2: { port: PORTS } }),
      {},
      { reason: 'punt_slots_down', egress: HOST },
    ],
    [
      'backup behind a port that there is not',
      tables({ 5: { port: 15 } }),
      { row_in_sync: 1 },
      { reason: 'punt_slots_down', egress: HOST },
    ],
    [
      'slots that the card does not have',
      tables({ 0: {}, 2: {} }),
      { row_active: SLOTS, row_backup: SLOTS + 2, row_in_sync: 1 },
      { reason: 'punt_slots_down', egress: HOST },
    ],
    ['no row', tables({ 2: {} }), { row_valid: 0 }, { reason: 'punt_no_row', egress: HOST }],
    [
      'punted before',
      tables({ 2: {} }),
      { decided: 1, reason: REASON.punt_setup },
      { reason: 'punt_setup', egress: HOST },
    ],
    [
      'a row of the wrong parity, whatever it says',
      tables({ 2: {}, 5: {} }),
      { bad_row: 1, row_in_sync: 1, vid_valid: 1, vid: 77 },
      { reason: 'punt_parity', egress: HOST },
    ],
    [
      'wrong parity and not valid',
      tables(),
      { bad_row: 1, row_valid: 0 },
      { reason: 'punt_parity', egress: HOST },
    ],
    [
      'held for its first fragment',
      tables({ 2: {} }),
      { decided: 1, reason: REASON.fragment_full, hold: 1 },
      { reason: 'fragment_full', egress: HOLD },
    ],
    [
      'its time is over',
      tables({ 2: {} }),
      { decided: 1, reason: REASON.fragment_timeout },
      { reason: 'fragment_timeout' },
    ],
    [
      'dropped before',
      tables({ 2: {} }),
      { decided: 1, reason: REASON.no_service },
      { reason: 'no_service' },
    ],
  ];
  test.each(cases)('%s', (_, state, row, expected) => {
    expect(decide(state, frame(row))).toEqual(expected);
  });

  test('of a row of the wrong parity nothing is told on', () => {
    const dut = makers.decide();
    apply(dut, tables({ 2: {} }), frame({ bad_row: 1, row_in_sync: 1, vid_valid: 1, vid: 77 }));
    dut.clock();
    const meta = META.unpack(dut.big('meta_o'));
    const told = [meta.row_valid, meta.row_in_sync, meta.row_backup, meta.row_active];
    expect([...told, meta.vid_valid, meta.vid]).toEqual([0n, 0n, 0n, 0n, 1n, 77n]);
  });
});

describe('decide: from a fabric port', () => {
  const from = (destination: Buffer, source: Buffer, meta: Record<string, number> = {}): Frame => ({
    meta: { origin: ORIGIN.slot, ingress: 1, ...meta },
    macs: addresses(destination, source),
  });
  const sender = slotMac(3, 9);
  const control = slotMac(0xff, 0);
  const known = { slot: 3, epoch: 9, sender: 3 };
  const state = tables({ 3: {}, 6: { port: 2, epoch: 0x66 } });
  const cases: [string, Tables, Frame, ReturnType<typeof decide>][] = [
    [
      'to the line',
      state,
      from(station, sender),
      { reason: 'line_from_slot', egress: 0, ...known },
    ],
    [
      'to another slot, in any epoch',
      state,
      from(slotMac(6, 1), sender),
      { reason: 'slot_to_slot', egress: 2, slot: 6, epoch: 0x66, sender: 3 },
    ],
    ['to a slot that is down', state, from(slotMac(5, 9), sender), { reason: 'slot_down' }],
    [
      'to a slot that there is not',
      state,
      from(slotMac(SLOTS, 9), sender),
      { reason: 'slot_down' },
    ],
    ['to slot 64 + 3', state, from(slotMac(67, 9), sender), { reason: 'slot_down' }],
    ['to a group', state, from(group, sender), { reason: 'slot_group' }],
    [
      'to the host',
      state,
      from(control, sender),
      { reason: 'host_control', egress: HOST, ...known },
    ],
    [
      'its line port does not exist',
      tables({ 3: { line_port: PORTS } }),
      from(station, sender),
      { reason: 'inject_target' },
    ],
    ['another prefix', state, from(station, station), { reason: 'source_unknown' }],
    ['another epoch', state, from(station, slotMac(3, 8)), { reason: 'source_epoch' }],
    ['a slot that is down', state, from(station, slotMac(4, 9)), { reason: 'source_down' }],
    [
      'a slot that there is not',
      state,
      from(station, slotMac(SLOTS, 9)),
      { reason: 'source_unknown' },
    ],
    ['slot 64 + 3', state, from(station, slotMac(67, 9)), { reason: 'source_unknown' }],
    ['by another port', state, from(station, sender, { ingress: 2 }), { reason: 'source_unknown' }],
    [
      'a starting processor to the host',
      state,
      from(control, slotMac(3, 8)),
      { reason: 'host_unverified', egress: HOST },
    ],
    [
      'ARP of a slot',
      state,
      from(group, sender, { neighbour: 1 }),
      { reason: 'host_neighbour', egress: HOST, ...known },
    ],
    [
      'ARP of somebody',
      state,
      from(group, station, { neighbour: 1 }),
      { reason: 'host_neighbour', egress: HOST },
    ],
    [
      'a bad IP header',
      state,
      from(group, sender, { neighbour: 1, bad_ip: 1 }),
      { reason: 'ip_header' },
    ],
  ];
  test.each(cases)('%s', (_, slots, frame, expected) => {
    expect(decide(slots, frame)).toEqual(expected);
  });
});

describe('decide: heartbeats', () => {
  const state = tables({ 3: {}, 6: { port: 2, epoch: 0x66 } });
  const right = { version: 1, nonce: 0xa0b0c0d3 };
  const known = { reason: 'heartbeat', slot: 3, epoch: 9, sender: 3 } as const;
  const refused = { reason: 'heartbeat_refused' } as const;
  const cases: [
    string,
    Buffer,
    Record<string, number>,
    Frame['beat'],
    ReturnType<typeof decide>,
  ][] = [
    ['a good one', slotMac(3, 9), {}, right, known],
    ['behind a tag', slotMac(3, 9), { l3: 18 }, right, known],
    ['behind two tags', slotMac(3, 9), { l3: 22 }, right, known],
    ['another version', slotMac(3, 9), {}, { ...right, version: 2 }, refused],
    ['one bit of the nonce', slotMac(3, 9), {}, { ...right, nonce: 0xa0b0c0d2 }, refused],
    ['its first octet', slotMac(3, 9), {}, { ...right, nonce: 0x20b0c0d3 }, refused],
    ['the nonce of another slot', slotMac(6, 0x66), { ingress: 2 }, right, refused],
    ['an old epoch', slotMac(3, 8), {}, right, refused],
    ['a slot that is down', slotMac(4, 9), {}, { version: 1, nonce: 0xa0b0c0d4 }, refused],
    ['by another port', slotMac(3, 9), { ingress: 2 }, right, refused],
    ['a slot that there is not', slotMac(SLOTS, 9), {}, { version: 1, nonce: 0 }, refused],
    ['nobody of ours', station, {}, right, refused],
  ];
  test.each(cases)('%s', (_, source, meta, beat, expected) => {
    const whole = { origin: ORIGIN.slot, ingress: 1, l3: 14, heartbeat: 1, ...meta };
    const macs = addresses(slotMac(0xff, 0), source);
    const frame: Frame = { meta: whole, macs, ...(beat ? { beat } : {}) };
    expect(decide(state, frame)).toEqual(expected);
  });
});

describe('decide: injected', () => {
  const state = tables({ 6: { port: 2, epoch: 0x66 }, 7: { port: PORTS } });
  const cases: [string, number, number, ReturnType<typeof decide>][] = [
    ['to a line port', MODE.port, 0, { reason: 'inject_line', egress: 0 }],
    ['to a fabric port', MODE.port, 2, { reason: 'inject_fabric', egress: 2 }],
    ['to a port that there is not', MODE.port, PORTS, { reason: 'inject_target' }],
    ['to port 16', MODE.port, 16, { reason: 'inject_target' }],
    ['to a slot', MODE.slot, 6, { reason: 'inject_slot', egress: 2, slot: 6, epoch: 0x66 }],
    ['to a slot that is down', MODE.slot, 5, { reason: 'slot_down' }],
    ['to a slot behind no port', MODE.slot, 7, { reason: 'slot_down' }],
    ['to slot 64 + 6', MODE.slot, 70, { reason: 'slot_down' }],
    ['in mode 3', 3, 0, { reason: 'inject_target' }],
  ];
  test.each(cases)('%s', (_, inject_mode, inject_target, expected) => {
    const meta = { origin: ORIGIN.host, ingress: HOST, inject_mode, inject_target };
    expect(decide(state, { meta, macs: addresses(slotMac(6, 1), slotMac(6, 1)) })).toEqual(
      expected,
    );
  });
});

test('a frame a clock, tables that change every clock', () => {
  const random = new Random(31);
  const bit = (percent: number) => Number(random.chance(percent));
  const slotState = (): SlotEntry => ({
    up: bit(60),
    port: random.pick([1, 1, 2, 3, 15]),
    line_port: random.pick([0, 0, 2, 3]),
    epoch: random.below(3),
  });
  const slotNumber = () => random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 63]);
  const mac = () =>
    random.pick([
      station,
      group,
      slotMac(0xff, 1),
      ...Array(7).fill(slotMac(slotNumber(), random.below(3))),
    ]);
  // What stages before this one can have decided of a frame that goes by rules.
  const codes = REASONS.flatMap((reason) =>
    reason && ['punt', 'drop'].includes(reason.end) ? [reason.code] : [],
  );
  const frame = (): Frame => {
    const origin = random.pick(Object.values(ORIGIN));
    const inject_mode = random.below(4);
    const by_rules =
      origin === ORIGIN.line || (origin === ORIGIN.host && inject_mode === MODE.steer);
    const reason = random.pick(codes);
    const decided = bit(20);
    const held = by_rules && reason === REASON.fragment_full && decided === 1;
    const meta = {
      origin,
      inject_mode,
      by_rules: Number(by_rules),
      l3: random.pick([14, 18, 22]),
      hold: held ? bit(50) : 0,
      heartbeat: bit(30),
      bad_row: bit(5),
      ingress: origin === ORIGIN.host ? HOST : random.between(1, 2),
      inject_target: random.pick([slotNumber(), random.below(256)]),
      decided,
      reason,
      bad_ip: bit(5),
      neighbour: bit(5),
      row_valid: bit(90),
      row_in_sync: bit(50),
      row_active: slotNumber(),
      row_backup: slotNumber(),
    };
    const beat = { version: random.pick([1, 1, 1, 0, 129]), nonce: random.below(2) };
    return { meta, macs: addresses(mac(), mac()), ...(meta.heartbeat ? { beat } : {}) };
  };

  const dut = makers.decide();
  const { ports } = tables();
  const seen = new Map<ReasonName, number>();
  let before: ReturnType<typeof answer> | undefined;
  for (let i = 0; i < 20_000; i++) {
    const slots = Array.from({ length: SLOTS }, slotState);
    const nonces = slots.map(() => random.below(2));
    const state: Tables = { ports, slots, nonces };
    const present = frame();
    apply(dut, state, present);
    if (before) {
      expect(read(dut)).toEqual(before);
      seen.set(before.reason, (seen.get(before.reason) ?? 0) + 1);
    }
    before = answer(state, present);
  }
  const here = [
    ...([
      'steer_active',
      'steer_backup',
      'punt_slots_down',
      'punt_no_row',
      'line_from_slot',
    ] as const),
    ...(['slot_to_slot', 'slot_down', 'slot_group', 'host_control', 'host_unverified'] as const),
    ...(['host_neighbour', 'source_unknown', 'source_epoch', 'source_down', 'ip_header'] as const),
    ...(['punt_parity', 'heartbeat', 'heartbeat_refused', 'fragment_full'] as const),
    ...(['inject_slot', 'inject_fabric', 'inject_line', 'inject_target'] as const),
  ];
  expect(here.filter((name) => (seen.get(name) ?? 0) < 10)).toEqual([]);
});
