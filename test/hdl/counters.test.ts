import { beforeAll, describe, expect, test } from 'vitest';
import type { CardSizes, CounterName } from '../../driver/generated/registers.ts';
import { COUNTERS, ORIGIN, REASON, REASONS } from '../../driver/generated/registers.ts';
import type { Make } from './harness/build.ts';
import { build } from './harness/build.ts';
import type { Dut } from './harness/dut.ts';
import { Struct } from './harness/records.ts';
import { Random } from './harness/streams.ts';

const PORTS = 2;
const SLOTS = 8;
const VIDS = 64;
const RULES = 4;
const SIZES: CardSizes = {
  dataWidth: 64,
  ports: PORTS,
  slots: SLOTS,
  vids: VIDS,
  rules: RULES,
  prefixes: 8,
  overrides: 64,
  fragments: 64,
  maxFrame: 2000,
  window: 160,
  vidCounterBits: 64,
  vidByteCounterBits: 40,
};
const DECISION = new Struct('decision_t');

let makers: Record<'vids4' | 'vids4shared' | 'vids0' | 'together' | 'turns', Make>;
beforeAll(async () => {
  const sizes = { PORTS, SLOTS, VIDS, RULES };
  const vids = { VID_COUNTER_BITS: 64, VID_BYTE_COUNTER_BITS: 40 };
  makers = await build('counters', {
    vids4: { module: 'vid_counters', parameters: { VIDS: 16, BITS: 4, COPY: 1 } },
    vids4shared: { module: 'vid_counters', parameters: { VIDS: 16, BITS: 4, COPY: 0 } },
    vids0: { module: 'vid_counters', parameters: { VIDS: 16, BITS: 0 } },
    together: { module: 'counters', parameters: { ...sizes, ...vids, DATA_WIDTH: 512 } },
    turns: { module: 'counters', parameters: { ...sizes, ...vids, DATA_WIDTH: 64 } },
  });
});

/** Until the counters are clear after reset. */
function ready(dut: Dut, busy: readonly string[]): Dut {
  dut.reset();
  for (let i = 0; busy.some((name) => dut.settle().get(name) === 1); i++) {
    if (i > 5000) throw new Error('the counters are never clear');
    dut.clock();
  }
  return dut;
}

describe.each(['vids4', 'vids4shared'] as const)('vid_counters (%s)', (name) => {
  const quiet = { event_valid_i: 0, event_amount_i: 1 };

  test('equal VIDs at every distance, wrapping at their width', () => {
    const random = new Random(71);
    const dut = ready(makers[name](3).set(quiet), ['busy_o']);
    const counts = Array<number>(16).fill(0);
    for (let i = 0; i < 3000; i++) {
      const event = random.chance(80);
      const index = random.chance(60) ? random.below(2) : random.below(16);
      const amount = random.below(4);
      if (event) counts[index] = ((counts[index] ?? 0) + amount) % 16;
      dut.set({ event_valid_i: event, event_index_i: index, event_amount_i: amount });
      dut.set({ read_index_i: random.below(16) }).clock();
    }
    dut.set({ event_valid_i: 0 }).clock(5);
    for (const [index, count] of counts.entries()) {
      expect(dut.set({ read_index_i: index }).clock(2).big('read_data_o')).toBe(BigInt(count));
    }
  });

  test('read while events come every fifth clock', () => {
    const random = new Random(72);
    const dut = ready(makers[name](5).set(quiet), ['busy_o']);
    let count = 0;
    for (let i = 0; i < 200; i++) {
      const phase = random.below(5);
      dut.set({ read_index_i: random.pick([3, 7]) }).clock(5);
      dut.set({ read_index_i: 5 });
      for (let clock = 0; clock < 6; clock++) {
        dut.set({ event_valid_i: clock === phase, event_index_i: 5 }).clock();
        count += Number(clock === phase);
      }
      dut.set({ event_valid_i: 0 });
      // Of the last event nothing may be seen yet; all before it are there.
      const missing = (BigInt(count) - dut.big('read_data_o')) & 15n;
      expect(missing).toBeLessThan(2n);
    }
  });

  test('all zero after reset', () => {
    const dut = ready(makers[name](4).set(quiet), ['busy_o']);
    for (let i = 0; i < 16; i++) {
      expect(dut.set({ read_index_i: i }).clock(2).big('read_data_o')).toBe(0n);
    }
  });
});

describe('vid_counters', () => {
  test('a configuration without them reads 0', () => {
    const dut = ready(makers.vids0().set({ event_valid_i: 0 }), ['busy_o']);
    dut.set({ event_valid_i: 1, event_index_i: 3, read_index_i: 3 }).clock(9);
    expect(dut.big('read_data_o')).toBe(0n);
  });
});

type Counts = Map<string, { packets: number; bytes: number }>;

interface Event {
  decision: Record<string, bigint>;
  /** Slot that it came from, where the source check was passed. */
  sender?: number;
  /** What became of its copy for the mirror port. */
  copy?: 'queued' | 'lost';
  /** Clocks from its first beat. */
  latency: number;
}

/** docs/card.md, "Counting": the counters that a frame's end counts in. */
function countedIn({ decision, sender, copy, latency }: Event): [CounterName, number][] {
  const field = (name: string) => Number(decision[name]);
  const reason = REASONS[field('reason')];
  if (!reason) throw new Error('no such reason');
  const list: [CounterName, number][] = [
    ['ends', field('origin') * 64 + reason.code],
    ['port_received', field('ingress')],
  ];
  if (copy) list.push(['mirrored', copy === 'queued' ? 0 : 1]);
  list.push(['latency', latency < 2 ? 0 : Math.floor(Math.log2(latency))]);
  if (reason.end !== 'drop' && reason.end !== 'consume') list.push(['port_sent', field('egress')]);
  const { steer_active, steer_backup, inject_slot, slot_to_slot } = REASON;
  const toSlot: number[] = [steer_active, steer_backup, inject_slot, slot_to_slot];
  if (toSlot.includes(reason.code)) list.push(['slot_sent', field('slot')]);
  if (sender !== undefined) list.push(['slot_received', sender]);
  if (decision.rule_hit) {
    const refused = reason.code === REASON.policed ? 2 : reason.code === REASON.host_share ? 3 : 0;
    list.push(['rule_hits', field('rule') * 4 + (reason.end === 'punt' ? 1 : refused)]);
  }
  if (reason.end === 'steer') list.push(['vid_packets', field('vid')], ['vid_bytes', field('vid')]);
  return list;
}

/** Clocks from a frame's beginning to the next one's, at least: as many as an event has counts in turn. */
const TURNS = { together: 1, turns: 8 };
/** A steered frame has an IP header, and so as many beats of 64 bits. */
const STEERED_CLOCKS = 5;

class Bench {
  readonly dut: Dut;
  readonly turns: number;
  /** Ends that may come, in clocks: a short frame may end right behind a long one, and no third. */
  #room = 0;
  #sinceEnd = 0;
  #sinceBegin = 0;
  readonly random: Random;
  readonly live: Counts = new Map();
  frozen: Counts = new Map();
  inFlight = 0;
  held = 0;
  frozenInFlight = 0;
  frozenHeld = 0;

  constructor(seed: number, kind: keyof typeof TURNS) {
    this.random = new Random(seed);
    this.turns = TURNS[kind];
    this.#room = 2 * this.turns;
    const quiet = {
      receive_i: 0,
      returned_i: 0,
      held_i: 0,
      lost_i: 0,
      event_valid_i: 0,
      snapshot_i: 0,
      address_i: 0,
    };
    this.dut = ready(makers[kind](seed).set(quiet), ['busy_o', 'vids_busy_o']);
  }

  #add(counter: CounterName, index: number, bytes = 0): void {
    const key = `${counter}/${index}`;
    const total = this.live.get(key) ?? { packets: 0, bytes: 0 };
    this.live.set(key, { packets: total.packets + 1, bytes: total.bytes + bytes });
  }

  event(): Event {
    const { random } = this;
    const short = this.turns > 1 && this.#sinceEnd < STEERED_CLOCKS;
    const codes = REASONS.flatMap((reason) =>
      reason && !(short && reason.end === 'steer') ? [reason.code] : [],
    );
    const decision = DECISION.random((bits) => random.bits(bits));
    Object.assign(decision, {
      reason: BigInt(random.pick([...codes.slice(0, 2), ...codes])),
      origin: BigInt(random.below(3)),
      // The widest card takes 64 bytes a clock; the banks are made for some more.
      length: BigInt(random.below(1000)),
      ingress: BigInt(random.below(PORTS + 1)),
      egress: BigInt(random.below(PORTS + 1)),
      rule: BigInt(random.below(RULES)),
      slot: BigInt(random.below(SLOTS)),
      vid: BigInt(random.chance(50) ? 3 : random.below(VIDS)),
    });
    return {
      decision,
      latency: random.below(2 ** random.between(0, 16)),
      ...(random.chance(30) ? { sender: random.below(SLOTS) } : {}),
      ...(random.chance(30) ? { copy: random.pick(['queued', 'lost'] as const) } : {}),
    };
  }

  /** One clock in which all sorts of things happen, or nothing. */
  clock(busy: number, snapshot = false): void {
    const { random, dut } = this;
    const origin = random.pick(Object.values(ORIGIN));
    this.#sinceBegin += 1;
    const begins = this.#sinceBegin >= this.turns;
    const receive = begins && random.chance(busy);
    if (receive) this.#add('received', origin);
    const lost = random.chance(busy) ? random.below(2 ** (PORTS + 1)) : 0;
    for (let p = 0; p <= PORTS; p++) if ((lost >> p) & 1) this.#add('lost', p);
    this.#room = Math.min(this.#room + 1, 2 * this.turns);
    this.#sinceEnd += 1;
    const ends = this.#room >= this.turns && this.inFlight > 0 && random.chance(busy);
    // Instead of an end a frame can be held, and it comes back in a clock in which no other enters.
    const held = !ends && this.inFlight > 0 && random.chance(busy);
    const returned = begins && !receive && this.held > 0 && random.chance(busy);
    if (receive || returned) this.#sinceBegin = 0;
    const event = this.event();
    if (ends) {
      this.#room -= this.turns;
      this.#sinceEnd = 0;
      const bytes = Number(event.decision.length);
      for (const [counter, index] of countedIn(event)) this.#add(counter, index, bytes);
    }
    this.inFlight += Number(receive) + Number(returned) - Number(ends) - Number(held);
    this.held += Number(held) - Number(returned);
    if (snapshot) {
      this.frozen = new Map(this.live);
      this.frozenInFlight = this.inFlight;
      this.frozenHeld = this.held;
    }
    dut.set({
      receive_i: receive,
      receive_origin_i: origin,
      returned_i: returned,
      held_i: held,
      lost_i: lost,
      event_valid_i: ends,
      event_i: DECISION.pack(event.decision),
      sender_valid_i: event.sender !== undefined,
      sender_i: event.sender ?? random.below(64),
      copied_i: event.copy === 'queued',
      copy_lost_i: event.copy === 'lost',
      latency_i: event.latency,
      snapshot_i: snapshot,
    });
    dut.clock();
    expect(dut.get('in_flight_o')).toBe(this.inFlight);
    expect(dut.get('held_o')).toBe(this.held);
  }

  /** Until the snapshot can be taken, as the register block waits too. */
  idle(busy: number): void {
    for (let i = 0; this.dut.settle().get('busy_o') === 1; i++) {
      if (i > 5000) throw new Error('the counters stay busy');
      this.clock(busy);
    }
  }

  snapshot(busy: number): void {
    this.idle(busy);
    this.clock(busy, true);
    for (let i = 0; this.dut.settle().get('busy_o') === 1; i++) {
      if (i > 5000) throw new Error('the snapshot does not end');
      this.clock(busy);
    }
    expect(this.dut.get('snapshot_in_flight_o')).toBe(this.frozenInFlight);
    expect(this.dut.get('snapshot_held_o')).toBe(this.frozenHeld);
  }

  word(address: number, busy: number): number {
    this.dut.set({ address_i: address });
    for (let i = 0; i < 5; i++) this.clock(busy);
    return this.dut.get(address >= COUNTERS.vid_packets.offset ? 'vid_data_o' : 'data_o');
  }

  /** An entry by its address in the map, while frames go on coming. */
  read(counter: CounterName, index: number, busy: number): { packets: number; bytes: number } {
    const { offset, stride, bytes } = COUNTERS[counter];
    const at = offset + index * stride * 4;
    const pair = (first: number) => {
      const low = this.word(at + first, busy);
      return low + this.word(at + first + 4, busy) * 2 ** 32;
    };
    return { packets: pair(0), bytes: bytes ? pair(8) : 0 };
  }
}

const SNAPSHOT = Object.values(COUNTERS).filter(({ kind }) => kind === 'snapshot');

describe.each(['together', 'turns'] as const)('counters, %s', (kind) => {
  test.each([100, 50])('a snapshot of all at one clock, events in %i of 100 clocks', (busy) => {
    const bench = new Bench(80 + busy, kind);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 700 * bench.turns; i++) bench.clock(busy);
      bench.snapshot(busy);
      let received = 0;
      let ended = 0;
      for (const { name, entries, bytes } of SNAPSHOT) {
        for (let index = 0; index < entries(SIZES); index++) {
          const total = bench.frozen.get(`${name}/${index}`) ?? { packets: 0, bytes: 0 };
          const expected = bytes ? total : { ...total, bytes: 0 };
          expect(bench.read(name, index, busy), `${name} ${index}`).toEqual(expected);
          if (name === 'received') received += total.packets;
          if (name === 'ends') ended += total.packets;
        }
      }
      expect(ended).toBeGreaterThan(100);
      expect(received).toBe(ended + bench.frozenInFlight + bench.frozenHeld);
    }
  });

  test('more than the banks hold, collected on the way', () => {
    const bench = new Bench(9, kind);
    let busy = 0;
    for (let i = 0; i < 20_000 * bench.turns; i++) {
      bench.clock(100);
      busy += bench.dut.settle().get('busy_o');
    }
    // The banks were collected, without a snapshot.
    expect(busy).toBeGreaterThan(1000);
    expect(bench.read('received', 0, 0).packets).toBe(0);
    bench.snapshot(100);
    for (const { name, entries } of SNAPSHOT) {
      for (let index = 0; index < entries(SIZES); index++) {
        const { packets } = bench.frozen.get(`${name}/${index}`) ?? { packets: 0 };
        expect(bench.read(name, index, 100).packets, `${name} ${index}`).toBe(packets);
      }
    }
    expect(bench.frozen.get('port_received/0')?.packets).toBeGreaterThan(4096);
  });

  test('by VID, live', () => {
    const bench = new Bench(5, kind);
    for (let i = 0; i < 3000 * bench.turns; i++) bench.clock(80);
    for (let i = 0; i < 20; i++) bench.clock(0);
    let most = 0;
    for (let vid = 0; vid < VIDS; vid++) {
      const { packets = 0 } = bench.live.get(`vid_packets/${vid}`) ?? {};
      const { bytes = 0 } = bench.live.get(`vid_bytes/${vid}`) ?? {};
      expect(bench.read('vid_packets', vid, 0).packets).toBe(packets);
      expect(bench.read('vid_bytes', vid, 0).packets).toBe(bytes);
      most = Math.max(most, packets);
    }
    expect(most).toBeGreaterThan(50);
  });

  // docs/registers.md: addresses that are not listed read as 0.
  test('what is not listed reads 0', () => {
    const bench = new Bench(6, kind);
    for (let i = 0; i < 2000 * bench.turns; i++) bench.clock(100);
    bench.snapshot(0);
    const listed = (address: number) =>
      Object.values(COUNTERS).some(({ offset, entries, stride }) => {
        return address >= offset && address < offset + entries(SIZES) * stride * 4;
      });
    const { offset, stride } = COUNTERS.vid_packets;
    const vids = Array.from({ length: VIDS }, (_, i) => offset + (VIDS + i) * stride * 4);
    const others = Array.from({ length: 0x900 }, (_, i) => 0x7000 + i * 16);
    const wrong = [...others, ...vids].filter(
      (address) => !listed(address) && bench.word(address, 0) !== 0,
    );
    expect(wrong.map((address) => `0x${address.toString(16)}`)).toEqual([]);
  });
});
