/**
 * What should not be on a wire, at a whole card: each frame has one end, that of the reference; a
 * counter moves; the accounting equation holds; and the orderly frame behind it gets through.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAccounting, decodeDecision, REASONS, sumEnds } from '../../driver/index.ts';
import { ETHERTYPE } from '../../host/protocol/ethernet.ts';
import type { Arrival, CardState } from '../../host/steering/state.ts';
import { CardUnderTest, type Offered } from './card-under-test.ts';
import { agree, type Circumstances } from './expectation.ts';
import {
  among,
  FABRIC,
  fromFabric,
  fromLine,
  headerMixes,
  LINE,
  outward,
  plainState,
  steered,
} from './plain-state.ts';

// The small card: 8 slots, so that a row can name slots that do not exist.
const CONFIGURATION = 'ecp5-25';

let card: CardUnderTest;
let state: CardState;

beforeAll(async () => {
  card = await CardUnderTest.open(CONFIGURATION, 1);
  state = plainState(card.sizes);
  await card.load(state);
});
afterAll(async () => card?.close());

/** Passes frames, holds the card to the reference and to its counters; gives how many ended how. */
async function ends(frames: readonly Offered[], may: Circumstances = {}) {
  const before = await card.snapshot();
  const counts: Record<string, number> = {};
  // Few at a time: what waits in a queue is not what is tried here.
  for (let done = 0; done < frames.length; done += 16) {
    for (const ended of await card.pass(frames.slice(done, done + 16))) {
      const { reason } = agree(ended, state, may);
      counts[reason] = (counts[reason] ?? 0) + 1;
    }
  }
  const after = await card.snapshot();
  expect(checkAccounting(after).faults).toEqual([]);
  for (const reason of REASONS) {
    if (reason === undefined) continue;
    const moved =
      sumEnds(after, { reason: reason.name }).packets -
      sumEnds(before, { reason: reason.name }).packets;
    expect(moved, reason.name).toBe(BigInt(counts[reason.name] ?? 0));
  }
  return counts;
}

/** Copies of a frame with each of `values` written by `write`. */
function variants(
  frame: Buffer,
  values: readonly number[],
  write: (copy: Buffer, value: number) => void,
): Buffer[] {
  return values.map((value) => {
    const copy = Buffer.from(frame);
    write(copy, value);
    return copy;
  });
}

const upTo = (limit: number, from = 0, step = 1) =>
  Array.from({ length: Math.ceil((limit - from) / step) }, (_, i) => from + i * step);

describe('frames cut short', () => {
  it.each([...headerMixes()])('%s, at every byte', async (_, frame) => {
    const cuts = upTo(frame.length, 1).map((length) => frame.subarray(0, length));
    const counts = await ends(among(cuts));
    expect(counts.runt).toBe(13);
    expect(counts.truncated).toBeGreaterThan(0);
    expect(counts.steer_active).toBe(cuts.length); // those between
  });

  it('from a slot, at every byte', async () => {
    const frame = outward();
    const cuts = upTo(frame.length, 1).map((length) => frame.subarray(0, length));
    expect(await ends(among(cuts, fromFabric))).toMatchObject({ runt: 13, truncated: 20 });
  });

  it('injected, at every byte and in every mode', async () => {
    const frame = steered();
    const cuts = upTo(frame.length, 1).map((length) => frame.subarray(0, length));
    for (const mode of [0, 1, 2, 3]) {
      const counts = await ends(among(cuts, { from: { inject: { mode, target: 0 } } }));
      expect(counts.runt).toBe(13);
    }
  });
});

describe('lengths that lie', () => {
  it.each([...headerMixes()].filter(([name]) => name.includes('IPv')))(
    '%s: the IP length',
    async (_, frame) => {
      const l3 = frame.indexOf(frame.readUInt16BE(12) === ETHERTYPE.ipv4 ? 0x45 : 0x60, 14);
      const at = l3 + ((frame[l3] ?? 0) >> 4 === 6 ? 4 : 2);
      const values = [...upTo(frame.length - l3 + 8), 0x7fff, 0x8000, 0xfffe, 0xffff];
      await ends(among(variants(frame, values, (copy, value) => copy.writeUInt16BE(value, at))));
    },
  );

  it('the UDP length', async () => {
    const values = [...upTo(30), 0x7fff, 0x8000, 0xffff];
    const counts = await ends(
      among(variants(steered(), values, (copy, value) => copy.writeUInt16BE(value, 38))),
    );
    // 8 to 13 fit the packet: 8 bytes of header and up to 5 of payload.
    expect(counts).toEqual({ l4_length: values.length - 6, steer_active: values.length + 6 });
  });

  it('IHL and version, all of them', async () => {
    const frame = must(headerMixes().get('UDP over IPv4 with 40 bytes of options'));
    const counts = await ends(
      among(variants(frame, upTo(256), (copy, value) => copy.writeUInt8(value, 14))),
    );
    expect(counts.ip_header).toBe(256 - 11); // all but version 4 with IHL 5 to 15
  });

  it('the TCP data offset, all of them', async () => {
    const frame = must(headerMixes().get('TCP over IPv4 in a tag'));
    const counts = await ends(
      among(variants(frame, upTo(16), (copy, value) => copy.writeUInt8(value << 4, 18 + 20 + 12))),
    );
    expect(counts.l4_length).toBe(14); // all but 5 and 6: there are 4 bytes behind 20
  });
});

describe('what the card does not know', () => {
  it('EtherTypes', async () => {
    const known = [ETHERTYPE.ipv4, ETHERTYPE.ipv6, ETHERTYPE.arp, ETHERTYPE.vlan, ETHERTYPE.qinq];
    const near = known.flatMap((type) => [type - 1, type + 1]);
    const types = [...upTo(0x10000, 0, 499), ...near].filter((type) => !known.includes(type));
    const frames = variants(steered(), types, (copy, type) => copy.writeUInt16BE(type, 12));
    expect(await ends(among(frames))).toEqual({
      ethertype: types.length,
      steer_active: types.length,
    });
  });

  it('IP protocols, all of them, in both versions', async () => {
    const v4 = variants(steered(), upTo(256), (copy, protocol) => copy.writeUInt8(protocol, 23));
    const v6 = must(headerMixes().get('SCTP over IPv6'));
    const both = [
      ...v4,
      ...variants(v6, upTo(256), (copy, protocol) => copy.writeUInt8(protocol, 20)),
    ];
    // SCTP's ports read as extension headers: six types are 16 bytes long and go on behind the packet,
    // 51 is no multiple of 8, and behind 44 a header is too long.
    expect(await ends(among(both))).toMatchObject({ truncated: 6, punt_ipv6_extension: 2 });
  });

  it('a VID row that names slots which do not exist', async () => {
    const counts = await ends(among([steered(Buffer.alloc(4), 2)]));
    expect(counts).toEqual({ punt_slots_down: 1, steer_active: 1 });
  });

  it('injection modes and targets that do not exist', async () => {
    const modes = upTo(4).flatMap((mode) =>
      [0, 1, 2, 3, 7, 8, 15, 16, 63, 64, 254, 255].map((target) => ({ mode, target })),
    );
    const frames = modes.map(
      (inject): Offered => ({ frame: steered(), arrival: { from: { inject } } }),
    );
    expect(await ends(frames)).toMatchObject({ inject_line: 1, inject_fabric: 1, inject_slot: 1 });
  });
});

describe('frames too short and too long', () => {
  it('runts', async () => {
    const runts = upTo(14, 1).map((length) => Buffer.alloc(length, 0xff));
    expect(await ends(among(runts))).toEqual({ runt: 13, steer_active: 13 });
  });

  it('the longest frame, and longer ones', async () => {
    const { maxFrame } = card.sizes;
    const frame = (length: number) =>
      steered(Buffer.alloc(length - steered(Buffer.alloc(0)).length));
    const longer = [1, 2, 7, 8, 9, 500, 2000].map((more) => frame(maxFrame + more));
    const counts = await ends(among([frame(maxFrame - 1), frame(maxFrame), ...longer]));
    expect(counts).toEqual({ steer_active: 2 + 9, rx_oversize: 7 });
  });

  it('jumbo frames, longer than a receive buffer', async () => {
    const jumbo = [9000, 16000].map((length) => Buffer.alloc(length, 0x45));
    const injected: Arrival = { from: { inject: { mode: 0, target: LINE } } };
    for (const arrival of [fromLine, fromFabric, injected]) {
      expect(await ends(among(jumbo, arrival))).toEqual({ rx_oversize: 2, steer_active: 2 });
    }
  });
});

describe('frames that the receiver complains of', () => {
  it('are dropped whatever they hold', async () => {
    const bad: Arrival = { ...fromLine, receiver: { error: true } };
    const frames = [steered(), Buffer.alloc(5), ...headerMixes().values()];
    const counts = await ends(among(frames, bad));
    expect(counts).toEqual({ rx_error: frames.length, steer_active: frames.length });
  });

  it('end at a gap on a port that promised none', async () => {
    await card.load(state, [true]);
    await card.simulation.setPatterns(LINE, { gaps: 128 });
    try {
      const underrun = (port: number) => port === LINE;
      const frames = upTo(40).map((n) => steered(Buffer.alloc(n * 3)));
      const counts = await ends(among(frames), { underrun });
      expect(counts.rx_underrun).toBeGreaterThan(0);
    } finally {
      await card.simulation.setPatterns(LINE, {});
      await card.load(state);
    }
    expect(await ends(among([steered()]))).toEqual({ steer_active: 2 });
  });
});

describe('more than the card can take', () => {
  it('full queues drop whole frames, counted, and the next one goes', async () => {
    await card.simulation.setPatterns(FABRIC, { pressure: 250 });
    const frames = upTo(60).map(
      (): Offered => ({ frame: steered(Buffer.alloc(900)), arrival: fromLine }),
    );
    const before = await card.snapshot();
    const ended = await card.pass(frames);
    const reasons = ended.map((one) => agree(one, state, { queueFull: true }).reason);
    expect(new Set(reasons)).toEqual(new Set(['steer_active', 'queue_full']));
    await card.simulation.setPatterns(FABRIC, {});
    expect(await ends(among([steered()]))).toEqual({ steer_active: 2 });
    const after = await card.snapshot();
    expect(
      sumEnds(after, { reason: 'queue_full' }).packets -
        sumEnds(before, { reason: 'queue_full' }).packets,
    ).toBe(BigInt(reasons.filter((reason) => reason === 'queue_full').length));
  });

  it('full receive buffers lose frames, counted, and the next one goes', async () => {
    const before = await card.snapshot();
    const flood = upTo(200).map(() => steered(Buffer.alloc(1400)));
    for (const port of [LINE, FABRIC]) {
      await card.simulation.setPatterns(port, { heedRoom: false });
      await card.simulation.send(port, flood);
    }
    await card.simulation.inject(flood.map((data) => ({ record: 0, data })));
    await card.simulation.runUntilIdle();
    const decisions = card.simulation.decisions().map(({ decision }) => decodeDecision(decision));
    for (let port = 0; port < card.sizes.ports; port++) card.simulation.received(port);
    for (const port of [LINE, FABRIC]) await card.simulation.setPatterns(port, {});
    const after = await card.snapshot();
    expect(checkAccounting(after).faults).toEqual([]);
    const lost = after.ports.map((port, i) => port.lost - (before.ports[i]?.lost ?? 0n));
    const ended = after.ports.map(
      (port, i) => port.received.packets - (before.ports[i]?.received.packets ?? 0n),
    );
    // Each frame fed was lost or had an end; the host waits, so it loses none.
    expect(lost.map((count, i) => count + (ended[i] ?? 0n))).toEqual([200n, 200n, 200n]);
    expect(lost[2]).toBe(0n);
    expect(decisions).toHaveLength(600 - Number(lost[0]) - Number(lost[1]));
    const names = new Set(decisions.map(({ reason }) => REASONS[reason]?.name));
    expect(Number(lost[0]) > 0 || names.has('rx_overflow')).toBe(true);
    expect(await ends(among([steered()]))).toEqual({ steer_active: 2 });
  });
});

describe('the accounting equation', () => {
  it('holds at any clock, with frames in flight', async () => {
    const frames = [...headerMixes().values(), outward(), Buffer.alloc(9)];
    let inFlight = 0;
    for (let clocks = 0; clocks < 400; clocks += 23) {
      const waiting = await card.offer([...among(frames), ...among(frames, fromFabric)]);
      await card.simulation.run(clocks);
      const snapshot = await card.snapshot();
      expect(checkAccounting(snapshot).faults).toEqual([]);
      inFlight = Math.max(inFlight, snapshot.inFlight);
      await card.simulation.runUntilIdle();
      for (const ended of card.collect(waiting)) agree(ended, state);
      expect((await card.snapshot()).inFlight).toBe(0);
    }
    expect(inFlight).toBeGreaterThan(1);
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no such frame');
  return value;
}
