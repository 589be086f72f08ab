/**
 * The card alone, one feature at a time: fragments, ICMP errors, policing, mirror, suspect slots and
 * ports that stand still. Random mixes of all of them: differential.test.ts.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CardBed, type Seen, WIDTHS } from '../../bench/card-bed.ts';
import {
  FULL,
  KINDS,
  PORTS,
  PREFIX,
  SHORTEST,
  steered,
  vids,
  vidsBehind,
} from '../../bench/frames.ts';
import { policerEntry } from '../../driver/index.ts';
import { buildEthernet, ETHERTYPE } from '../../host/protocol/ethernet.ts';
import { buildHeartbeatFrame } from '../../host/protocol/heartbeat.ts';
import { buildIpv4, parseIpv4 } from '../../host/protocol/ipv4.ts';
import { slotMac } from '../../host/steering/slot-mac.ts';

const [VID = 0] = vids(1);
const LINE = 0;
const LINK = { dstMac: '02:00:00:00:00:01', srcMac: '02:00:00:00:ee:01' };
const ROUTER = '198.51.100.7';

/** A steered packet of so many bytes behind the IP header, cut at 8-byte places (RFC 791 §3.2). */
function fragments(identification: number, vid: number, cuts: readonly number[], bytes: number) {
  const packet = parseIpv4(steered(vid, 34 + bytes).subarray(14));
  if (packet === undefined) throw new Error('no IPv4 packet');
  const { src, dst, protocol, payload } = packet;
  return [0, ...cuts].map((begin, n) => {
    const end = cuts[n] ?? payload.length;
    const ip = { src, dst, protocol, identification, fragmentOffset: begin };
    const part = { payload: payload.subarray(begin, end), moreFragments: end < payload.length };
    const whole = buildIpv4({ ...ip, ...part });
    return buildEthernet({ ...LINK, etherType: ETHERTYPE.ipv4, payload: whole });
  });
}

/** RFC 792: what a router says about a packet that our processor sent from its VID's port. */
function icmpError(vid: number, code: number): Buffer {
  const ours = parseIpv4(steered(vid).subarray(14));
  if (ours === undefined) throw new Error('no IPv4 packet');
  const ports = Buffer.from([...ours.payload.subarray(2, 4), ...ours.payload.subarray(0, 2)]);
  const sent = buildIpv4({
    src: ours.dst,
    dst: ours.src,
    protocol: 17,
    payload: Buffer.concat([ports, Buffer.alloc(1400)]),
  });
  const head = Buffer.from([3, code, 0, 0, 0, 0, 0x05, 0x78]);
  const payload = Buffer.concat([head, sent.subarray(0, 28)]);
  const packet = buildIpv4({ src: ROUTER, dst: ours.dst, protocol: 1, payload });
  return buildEthernet({ ...LINK, etherType: ETHERTYPE.ipv4, payload: packet });
}

const kind = (name: string) => {
  const found = KINDS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no frames of kind "${name}"`);
  return found.frame(0);
};
/** Behind the MAC addresses, which the card writes. */
const bodies = (frames: readonly (Buffer | undefined)[]) =>
  frames.map((frame) => frame?.toString('hex', 12));
const SETUP = kind('punted set-up');
const UNKNOWN = kind('dropped, no service');

describe.each(WIDTHS)('%s', (configuration) => {
  let bed: CardBed;
  let now = 1_000_000;

  beforeAll(async () => {
    bed = await CardBed.open({ configuration, observe: true });
    await bed.attachMemory();
    await at(now);
  });
  afterAll(() => bed?.close());
  beforeEach(async () => {
    await at(now + 100_000_000); // whatever the card remembers is old
    bed.simulated.decisions();
    for (const { port } of PORTS) bed.simulated.received(port);
  });

  async function at(time: number): Promise<void> {
    now = time;
    await bed.simulated.setTime(time);
    await bed.simulated.run(600);
  }
  const pass = (frames: readonly Buffer[]): Promise<Seen[]> => bed.pass(new Map([[LINE, frames]]));
  const reasons = (seen: readonly Seen[]) => seen.map(({ reason }) => reason);
  const run = async (port: number, frames: readonly Buffer[]) => {
    await bed.simulated.send(port, frames);
    await bed.simulated.runUntilIdle(10_000_000);
  };

  describe('fragments', () => {
    beforeAll(() => bed.card.setTimes({ fragment: 5_000 }));

    test('later ones follow the first one, though they have no port', async () => {
      const frames = fragments(1, VID, [800, 1440], 1600);
      const seen = await pass(frames);
      expect(reasons(seen)).toEqual(['steer_active', 'steer_active', 'steer_active']);
      expect(new Set(seen.map(({ decoded }) => decoded.slot)).size).toBe(1);
      expect(seen.map(({ decoded }) => decoded.fragment)).toEqual([0, 1, 1]);
      expect(bodies(seen.map(({ egress }) => egress))).toEqual(bodies(frames));
    });

    test('that come before it are held and follow it, in their order', async () => {
      const [first, second, third] = fragments(2, VID, [800, 1440], 1600) as Buffer[];
      await run(LINE, [second, third] as Buffer[]);
      expect(bed.simulated.decisions()).toEqual([]);
      expect(await bed.card.snapshot()).toMatchObject({ held: 2 });
      await run(LINE, [first] as Buffer[]);
      const out = bed.simulated.decisions().sort((a, b) => a.sequence - b.sequence);
      expect(bodies(out.map(({ egress }) => egress))).toEqual(bodies([first, second, third]));
      expect(await bed.card.snapshot()).toMatchObject({ held: 0 });
    });

    test('whose first never comes are dropped when their time has passed, and counted', async () => {
      const later = fragments(3, VID, [800], 1600).slice(1);
      await run(LINE, later);
      await at(now + 4_999);
      expect(bed.simulated.decisions()).toEqual([]);
      await at(now + 1);
      await bed.simulated.runUntilIdle();
      const [end, ...others] = bed.simulated.decisions();
      expect(others).toEqual([]);
      expect(end?.egress).toBeUndefined();
      const { ends } = await bed.card.snapshot();
      expect(ends.find(({ reason }) => reason === 'fragment_timeout')).toMatchObject({
        packets: 1n,
      });
    });

    test('of another packet, or too late, follow nothing', async () => {
      const [first] = fragments(4, VID, [800], 1600) as [Buffer];
      const [, late] = fragments(4, VID, [800], 1600) as [Buffer, Buffer];
      const [, other] = fragments(5, VID, [800], 1600) as [Buffer, Buffer];
      expect(reasons(await pass([first]))).toEqual(['steer_active']);
      await run(LINE, [other]);
      expect(bed.simulated.decisions()).toEqual([]);
      await at(now + 5_000);
      await bed.simulated.runUntilIdle();
      expect(bed.simulated.decisions()).toHaveLength(1);
      await run(LINE, [late]);
      expect(bed.simulated.decisions()).toEqual([]);
      await at(now + 5_000);
      await bed.simulated.runUntilIdle();
      expect(bed.simulated.decisions()).toHaveLength(1);
    });
  });

  test.each([
    ['port unreachable', 3],
    ['too big', 4],
  ])('ICMP "%s" goes to the processor that sent what it quotes', async (_, code) => {
    const [steady] = await pass([steered(VID)]);
    const [seen] = await pass([icmpError(VID, code)]);
    expect(seen).toMatchObject({ reason: 'steer_active', decoded: { quoted: 1, vid: VID } });
    expect(seen?.decoded.slot).toBe(steady?.decoded.slot);
  });

  test('set-ups over the rate are refused and counted; standing sessions do not feel it', async () => {
    const [sample] = await pass([SETUP]);
    const rule = sample?.decoded.rule ?? Number.NaN;
    const before = await bed.card.snapshot();
    // 1000 a second, 3 at once
    bed.tables.set('policer', rule, policerEntry({ rate: 1000, burst: 3 }));
    await bed.tables.write();
    await at(now + 10_000);
    const flood = Array.from({ length: 40 }, (_, n) => (n % 4 === 3 ? steered(VID) : SETUP));
    const seen = await pass(flood);
    const setups = seen.filter(({ decoded }) => decoded.rule === rule);
    expect(reasons(setups)).toEqual([...Array(3).fill('punt_setup'), ...Array(27).fill('policed')]);
    expect(reasons(seen.filter((one) => !setups.includes(one)))).toEqual(
      Array(10).fill('steer_active'),
    );
    await at(now + 1000 - 1);
    expect(reasons(await pass([SETUP]))).toEqual(['policed']);
    await at(now + 1);
    expect(reasons(await pass([SETUP, SETUP]))).toEqual(['punt_setup', 'policed']);
    const after = await bed.card.snapshot();
    const refused = ({ rules }: typeof after) => rules[rule]?.policed.packets ?? 0n;
    expect(refused(after) - refused(before)).toBe(29n);
    bed.tables.set('policer', rule, policerEntry({}));
    await bed.tables.write();
  });

  test('frames of a VID, and of a reason, are copied to the mirror port', async () => {
    const port = 2;
    await bed.card.setMirror({ port, vid: VID, reasons: ['no_service'] });
    const [other = 0] = vids(40).filter((vid) => vid !== VID);
    const frames = [steered(VID), steered(other), UNKNOWN];
    await run(LINE, frames);
    const seen = bed.simulated.decisions().sort((a, b) => a.sequence - b.sequence);
    const copies = bed.simulated.received(port);
    await bed.card.setMirror(undefined);
    expect(copies).toEqual([seen[0]?.egress, UNKNOWN]);
    expect(seen[0]?.egress).toBeDefined();
    expect(reasons(await pass([steered(VID)]))).toEqual(['steer_active']);
    expect(bed.simulated.received(port)).toEqual([]);
  });

  describe('a suspect slot', () => {
    const SLOT = 2;
    const PORT = 1;
    const NONCE = 77;
    const mine = vids(300).filter((vid) => vid % 7 === SLOT);
    let epoch = 10;
    /** A card with a port that is held is not idle. */
    const feed = async (port: number, frames: readonly Buffer[]) => {
      await bed.simulated.send(port, frames);
      await bed.simulated.run(3_000);
    };
    const heartbeat = () =>
      buildHeartbeatFrame({
        srcMac: slotMac(PREFIX, SLOT, epoch),
        dstMac: slotMac(PREFIX, 0xff, 0),
        nonce: NONCE,
        sequence: 1,
      });

    beforeEach(async () => {
      epoch++;
      const limits = { nonce: NONCE, timeout_us: 9_000, suspect_us: 2_000 };
      bed.tables.set('slot_health', SLOT, limits);
      bed.tables.set('slot', SLOT, { up: 1, port: PORT, line_port: 0, epoch });
      await bed.card.setTimes({ suspectHold: 3_000 });
      await bed.tables.write();
      await bed.simulated.run(600);
    });
    afterAll(async () => {
      bed.tables.set('slot_health', SLOT, { nonce: 0, timeout_us: 0, suspect_us: 0 });
      await bed.card.setTimes({ suspectHold: 0 });
      await bed.tables.write();
    });

    test('holds its port from suspect_us on, for suspect_hold_us; nothing is lost or changes its order', async () => {
      const raised = now;
      const frames = mine.slice(0, 20).map((vid) => steered(vid));
      await at(raised + 2_000);
      await feed(LINE, frames);
      expect(bed.simulated.received(PORT)).toEqual([]);
      await at(raised + 4_999);
      expect(bed.simulated.received(PORT)).toEqual([]);
      await at(raised + 5_000);
      await bed.simulated.runUntilIdle();
      const out = bed.simulated.received(PORT);
      expect(bodies(out)).toEqual(bodies(frames));
    });

    test('lets go at its next heartbeat', async () => {
      await at(now + 2_000);
      await feed(LINE, [steered(mine[0] ?? 0)]);
      expect(bed.simulated.received(PORT)).toEqual([]);
      await feed(PORT, [heartbeat()]);
      expect(bed.simulated.received(PORT)).toHaveLength(1);
    });
  });

  test('a port that stands still fills its own queue, drops whole frames there, and blocks no other', async () => {
    const [stuck, free] = [1, 3];
    const count = 100;
    const blocked = vidsBehind(stuck, count).map((vid) => steered(vid, FULL));
    const passing = vidsBehind(free, count).map((vid) => steered(vid, SHORTEST));
    await bed.simulated.setPatterns(stuck, { pressure: 256 });
    await bed.simulated.send(
      LINE,
      blocked.flatMap((frame, n) => [frame, passing[n] ?? frame]),
    );
    await bed.simulated.run(60_000);
    expect(bed.simulated.received(stuck)).toEqual([]);
    const others = bed.simulated.received(free);
    expect(bodies(others)).toEqual(bodies(passing));
    const { ends, inFlight } = await bed.card.snapshot();
    const full = Number(ends.find(({ reason }) => reason === 'queue_full')?.packets ?? 0n);
    expect(full).toBeGreaterThan(0);
    expect(inFlight).toBe(0);
    await bed.simulated.setPatterns(stuck, { pressure: 0 });
    await bed.simulated.runUntilIdle(10_000_000);
    const out = bed.simulated.received(stuck);
    expect(out).toHaveLength(count - full);
    // What came first found room.
    expect(bodies(out.slice(0, 5))).toEqual(bodies(blocked.slice(0, 5)));
    expect(out.every((frame) => frame.length === FULL)).toBe(true);
  });
});
