/** The driver on the simulated card, the RTL itself answering: one text, whatever carries the words. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DecidedFrame } from '../../driver/index.ts';
import { Card, CardTables, checkAccounting, sumEnds, TABLES } from '../../driver/index.ts';
import type { SimulatedCard } from '../../sim/index.ts';
import { CARRIERS, type Carried } from './carriers.ts';

const MAC = 0x020000000001n;

/** ARP request (RFC 826): a frame that the card hands to the host by itself. */
function arp(): Buffer {
  const frame = Buffer.alloc(60);
  frame.write('ffffffffffff02aabbccddee08060001080006040001', 'hex');
  return frame;
}

describe.each(Object.entries(CARRIERS))('over %s', (_, carrier) => {
  let carried: Carried;
  let simulated: SimulatedCard;
  let card: Card;
  let tables: CardTables;
  beforeAll(async () => {
    carried = await carrier.open();
    simulated = carried.simulated;
    card = await Card.attach(carried.transport, { expect: { dataWidth: 64, ports: 2 } });
    tables = new CardTables(card);
  });
  afterAll(() => carried.close());

  /** Until the card has done all it can, and what it said is here. */
  const settle = async () => {
    await simulated.runUntilIdle();
    await card.status();
  };

  test('the identity is the one it was built with', () => {
    expect(carried.transport.name).toMatch(carrier.name);
    expect(card.identity.buildId).toBe(simulated.buildId);
    expect(card.identity.configuration).toBe(3);
    expect(card.sizes).toMatchObject({ ports: 2, slots: 8, vids: 4096, vidCounterBits: 16 });
  });

  describe('tables', () => {
    test('RAM that holds anything at power-up is brought to what it should hold', async () => {
      tables.set('port', 0, { mac: MAC, fabric: 0, cut_through: 0 });
      tables.set('port', 1, { mac: MAC + 1n, fabric: 1, cut_through: 0 });
      tables.set('slot', 3, { up: 1, port: 1, line_port: 0, epoch: 77 });
      for (let vid = 0; vid < card.sizes.vids; vid += 5)
        tables.set('vid_row', vid, { active: vid % 8, backup: 1, backup_in_sync: 1, valid: 1 });
      const { differences, latchedDown } = await tables.reconcile();
      expect(differences.length).toBeGreaterThan(0);
      expect(latchedDown).toEqual([]);
      expect(await tables.compare()).toEqual([]);
    });

    test('every field of every table is read as it was written, all ones', async () => {
      for (const table of ['port', 'slot', 'prefix', 'rule', 'type_set', 'vid_row'] as const) {
        const last = card.entries(table) - 1;
        const [before] = await card.readTable(table, last, 1);
        const ones = Object.fromEntries(
          Object.entries<{ width: number }>(TABLES[table].fields).map(([name, { width }]) => [
            name,
            width > 32 ? (1n << BigInt(width)) - 1n : 2 ** width - 1,
          ]),
        ) as unknown as NonNullable<typeof before>;
        await card.writeTable(table, [{ index: last, entry: ones as never }]);
        expect((await card.readTable(table, last, 1))[0]).toEqual(ones);
        await card.writeTable(table, [{ index: last, entry: before as never }]);
      }
      expect(await tables.compare()).toEqual([]);
    });
  });

  test('control, status and time', async () => {
    await card.setFabricPrefix(0x02564c00);
    expect(await card.fabricPrefix()).toBe(0x02564c00);
    await expect(card.setFabricPrefix(0x00564c00)).rejects.toThrow(/locally administered/);
    await expect(card.setFabricPrefix(0x03564c00)).rejects.toThrow(/group/);
    await simulated.setTime(0x12_3456_789a);
    expect(await card.time()).toBe(0x12_3456_789an);
    expect(await card.status()).toEqual({ idle: true, inFlight: 0 });
  });

  describe('frames', () => {
    test('a punt comes with its decision, an inject leaves by its port, and the counts add up', async () => {
      const punted: DecidedFrame[] = [];
      card.on('frames', (frames) => punted.push(...frames));
      await simulated.attachMemory(0);
      await simulated.attachMemory(1);
      await simulated.send(0, [arp()]);
      await settle();
      expect(await card.enabled()).toBe(false);
      expect(punted).toEqual([]);
      await card.setEnabled(true);
      expect(await card.enabled()).toBe(true);

      await simulated.send(0, [arp(), arp()]);
      const out = Buffer.alloc(77, 5);
      await card.inject([{ target: { to: 'port', port: 0 }, data: out }]);
      await card.inject([{ target: { to: 'slot', slot: 3 }, data: out }]);
      await card.inject([{ target: { to: 'steer', port: 0 }, data: arp() }]);
      await card.inject([{ target: { to: 'port', port: 9 }, data: out }]);
      await settle();

      expect(punted.map(({ reason, decision }) => [reason?.name, decision.origin])).toEqual([
        ['punt_neighbour', 0],
        ['punt_neighbour', 0],
        ['punt_neighbour', 2],
      ]);
      expect(punted[0]?.data).toEqual(arp());
      expect(simulated.received(0)).toEqual([out]);
      const slotMac = Buffer.from('02564c00034d', 'hex');
      expect(simulated.received(1)[0]?.subarray(0, 6)).toEqual(slotMac);

      const counters = await card.snapshot();
      expect(counters.number).toBe(1);
      expect(counters.received).toEqual({ line: 3n, slot: 0n, host: 4n });
      expect(sumEnds(counters, { end: 'punt' })).toEqual({ packets: 3n, bytes: 180n });
      expect(sumEnds(counters, { reason: 'disabled' }).packets).toBe(1n);
      expect(sumEnds(counters, { origin: 'host', reason: 'inject_target' }).packets).toBe(1n);
      expect(counters.slots[3]?.sent).toEqual({ packets: 1n, bytes: 77n });
      expect(counters.ports[0]?.received.packets).toBe(3n);
      expect(counters.ports[0]?.sent).toEqual({ packets: 1n, bytes: 77n });
      expect(counters.ports[2]?.received.packets).toBe(4n);
      expect(counters.ports[2]?.sent.packets).toBe(3n);
      expect(checkAccounting(counters)).toMatchObject({ holds: true, faults: [] });
      expect((await card.snapshot()).number).toBe(2);
      expect(await card.vidPackets(0, 3)).toEqual([0n, 0n, 0n]);
      await expect(card.vidPackets(4095, 2)).rejects.toThrow(
        /vid 4095 to 4096: this card has vid 0 to 4095/,
      );
    });

    test('a snapshot amid traffic adds up with what is in flight', async () => {
      let seenInFlight = 0;
      for (let n = 0; n < 8; n++) {
        await simulated.send(0, Array.from({ length: 400 }, arp));
        await simulated.send(
          1,
          Array.from({ length: 400 }, () => Buffer.alloc(60)),
        );
        await simulated.run(100 + 37 * n);
        const counters = await card.snapshot();
        expect(checkAccounting(counters).faults).toEqual([]);
        seenInFlight += counters.inFlight;
      }
      expect(seenInFlight).toBeGreaterThan(0);
      await settle();
    });
  });

  test('faults of the accounting are told in words', async () => {
    const counters = await card.snapshot();
    const off = { ...counters, received: { ...counters.received, line: 0n } };
    const { holds, faults } = checkAccounting(off);
    expect(holds).toBe(false);
    expect(faults.join()).toMatch(/origin line: \d+ frames ended, but only 0 were received/);
    expect(checkAccounting({ ...counters, inFlight: 3 }).faults.join()).toMatch(/3 in flight/);
  });
});
