/**
 * A board's core with each of its pins simulated: PHYs at its RGMII, a UART, clocks that have nothing to do with
 * each other; and the driver on the serial line, as with a board on the desk.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Card,
  CardTables,
  checkAccounting,
  type DecidedFrame,
  type EndFilter,
  SerialTransport,
  type SlotEvent,
  sumEnds,
} from '../../driver/index.ts';
import { macToBigInt } from '../../host/protocol/address.ts';
import { buildUdpFrame } from '../../host/protocol/udp.ts';
import { compileServices } from '../../host/steering/compile.ts';
import { loadServices } from '../../host/steering/service-file.ts';
import { slotMac } from '../../host/steering/slot-mac.ts';
import { SimulatedCard } from '../../sim/index.ts';
import { Random } from '../generators/random.ts';

const PREFIX = 0x02564c00;
const ADDRESS = '192.0.2.1';
const LINE = 0;
const FABRIC = 1;
const SLOTS = 4;
const FIRST_PORT = 20_000;
const VIDS = 64;
const MACS = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as const;
const CLIENT = '02:00:00:00:ee:01';

const random = new Random(11);
const toCard = (dstPort: number, bytes: number) =>
  buildUdpFrame({
    dstMac: MACS[LINE],
    srcMac: CLIENT,
    src: '192.0.2.100',
    dst: ADDRESS,
    srcPort: 5060,
    dstPort,
    payload: random.bytes(bytes - 42),
  });
const steered = (vid: number, bytes = 60) => toCard(FIRST_PORT + vid, bytes);
const slotOf = (vid: number) => vid % SLOTS;

let simulated: SimulatedCard;
let card: Card;
let tables: CardTables;
let epoch = 1;
const punted: DecidedFrame[] = [];

beforeAll(async () => {
  simulated = await SimulatedCard.open({ configuration: 'ecp5-25', mode: 'lockstep', board: {} });
  await simulated.attachMemory(LINE);
  await simulated.attachMemory(FABRIC);
  const path = await simulated.attachSerial();
  card = await Card.attach(
    await SerialTransport.open({ path, baudRate: 3_000_000 }, { keepAlive: 0 }),
  );
  card.on('frames', (frames) => punted.push(...frames));
  tables = new CardTables(card);
});
afterAll(async () => {
  await card?.close();
  await simulated?.close();
});

/** Until nothing is on any line, and the host has what is for it. */
async function settle(): Promise<void> {
  await simulated.runUntilIdle(10_000_000);
  await card.status();
}
const ends = async (filter: EndFilter) => Number(sumEnds(await card.snapshot(), filter).packets);
const mac = async (port: number) => (await card.readTable('mac', port, 1))[0];
const phy = async (port: number) => (await simulated.statistics()).ports[port]?.phy;

/** Frames from the line leave for the slots of their VIDs as they came, but for the addresses. */
async function steers(bytes = 60): Promise<void> {
  for (const port of [LINE, FABRIC]) simulated.received(port);
  const vids = Array.from({ length: 12 }, () => random.below(VIDS));
  const frames = vids.map((vid) => steered(vid, bytes));
  await simulated.send(LINE, frames);
  await settle();
  const expected = frames.map((frame, n) =>
    Buffer.concat([
      Buffer.from(slotMac(PREFIX, slotOf(vids[n] ?? 0), epoch).replaceAll(':', ''), 'hex'),
      Buffer.from(MACS[FABRIC].replaceAll(':', ''), 'hex'),
      frame.subarray(12),
    ]).toString('hex'),
  );
  expect(simulated.received(FABRIC).map((frame) => frame.toString('hex'))).toEqual(expected);
}

async function raiseSlots(): Promise<void> {
  for (let slot = 0; slot < SLOTS; slot++)
    tables.set('slot', slot, { up: 1, port: FABRIC, line_port: LINE, epoch });
  await tables.write();
}

test('the driver finds a card with MACs that have a link, and fills its tables', async () => {
  await simulated.runUntilIdle();
  const up = { present: 1, link: 1, speed: 2, full_duplex: 1, rmii: 0, rx_fcs: 0, tx_no_link: 0 };
  expect(await card.readTable('mac')).toMatchObject([up, up]);
  const services = loadServices('host/services/sip.yaml', { address: ADDRESS });
  const { rules, prefixes, typeSets } = compileServices(services, card.sizes);
  for (const port of [LINE, FABRIC])
    tables.set('port', port, {
      mac: macToBigInt(MACS[port] ?? ''),
      fabric: Number(port === FABRIC),
      cut_through: 0,
    });
  for (const [index, entry] of prefixes.entries()) tables.set('prefix', index, entry);
  for (const [index, entry] of rules.entries()) tables.set('rule', index, entry);
  for (const [index, types] of typeSets.flat().entries()) tables.set('type_set', index, { types });
  for (let vid = 0; vid < VIDS; vid++)
    tables.set('vid_row', vid, { active: slotOf(vid), backup: 0, backup_in_sync: 0, valid: 1 });
  await tables.reconcile();
  await raiseSlots();
  await card.setFabricPrefix(PREFIX);
  await card.setEnabled(true);
  expect(await tables.compare()).toEqual([]);
});

test('a set-up is punted over the serial line; what belongs to a session never is', async () => {
  const setup = toCard(5060, 700);
  await simulated.send(LINE, [setup]);
  await settle();
  expect(punted.map(({ reason, data }) => [reason?.name, data])).toEqual([['punt_setup', setup]]);
  await steers();
  await steers(1500);
  expect(punted).toHaveLength(1);
  expect(await ends({ end: 'steer' })).toBe(24);
});

test('a slot answers through the card, the host through it too', async () => {
  const payload = random.bytes(50);
  const reply = buildUdpFrame({
    dstMac: CLIENT,
    srcMac: slotMac(PREFIX, 2, epoch),
    src: ADDRESS,
    dst: '192.0.2.100',
    srcPort: FIRST_PORT,
    dstPort: 5060,
    payload,
  });
  const injected = random.bytes(300);
  simulated.received(LINE);
  await simulated.send(FABRIC, [reply]);
  await card.inject([{ target: { to: 'port', port: LINE }, data: injected }]);
  await settle();
  const seen = simulated.received(LINE);
  expect(seen).toHaveLength(2);
  expect(seen.some((frame) => frame.equals(injected))).toBe(true);
  expect(seen.some((frame) => frame.subarray(12).equals(reply.subarray(12)))).toBe(true);
});

describe('what is wrong on the line', () => {
  test('has one end in the card and one count in the MAC; the next frames are steered', async () => {
    const errors = await ends({ reason: 'rx_error' });
    await simulated.send(LINE, [steered(1), steered(2), steered(3, 1514)], {
      bad: [true, false, true],
    });
    await simulated.send(LINE, [Buffer.alloc(2001, 1), Buffer.alloc(3000, 2), steered(4)]);
    await settle();
    await simulated.setPhy(LINE, { pad: false });
    await simulated.send(LINE, [steered(5, 59), random.bytes(20), random.bytes(2)]);
    await settle();
    await simulated.setPhy(LINE, {});
    expect(await mac(LINE)).toMatchObject({
      rx_fcs: 2,
      rx_oversize: 2,
      rx_short: 2,
      rx_no_frame: 1,
      rx_cut: 0,
    });
    expect((await ends({ reason: 'rx_error' })) - errors).toBe(4);
    expect(await ends({ reason: 'rx_oversize' })).toBe(2);
    await steers();
  });
});

describe('a link that goes', () => {
  test('in the middle of a frame to the card: one end, and nothing is stuck', async () => {
    const before = await ends({ origin: 'line' });
    await simulated.runUntilIdle();
    await simulated.send(LINE, [steered(1, 1500)]);
    await simulated.run(400); // 6.4 us: about 800 octets of it
    await simulated.setPhy(LINE, { clock: false });
    await simulated.run(200 * 62);
    expect(await mac(LINE)).toMatchObject({ link: 0, rx_cut: 1 });
    expect(await ends({ origin: 'line' })).toBe(before + 1);
    await simulated.setPhy(LINE, {});
    await settle();
    expect(await mac(LINE)).toMatchObject({ link: 1, rx_cut: 1 });
    await steers();
  });

  test('under the slots takes them down; frames for them are dropped and counted; it comes back', async () => {
    const seen: SlotEvent[] = [];
    const listen = (events: readonly SlotEvent[]) => void seen.push(...events);
    card.on('slotEvents', listen);
    await simulated.runUntilIdle();
    await simulated.send(LINE, [steered(0, 1500), steered(1, 1500), steered(2, 1500)]);
    await simulated.run(1500); // the first is on its way out
    await simulated.setLink(FABRIC, false);
    await settle();
    await card.pollSlotEvents();
    card.off('slotEvents', listen);
    expect(new Set(seen.map(({ down }) => down?.cause))).toEqual(new Set(['link']));
    expect(seen).toHaveLength(SLOTS);
    const { link, tx_no_link = 0 } = (await mac(FABRIC)) ?? {};
    expect(link).toBe(0);
    expect(tx_no_link).toBeGreaterThan(0);
    expect(await card.status()).toMatchObject({ inFlight: 0 });

    await simulated.setLink(FABRIC, true);
    await settle();
    epoch += 1;
    await raiseSlots();
    await steers();
    expect(await mac(FABRIC)).toMatchObject({ link: 1, tx_no_link });
  });
});

test('a change of speed under load, both ways: the next frames are as they should be', async () => {
  for (const speed of [100, 10, 1000, 10, 100, 1000] as const) {
    await simulated.runUntilIdle();
    const load = Array.from({ length: 6 }, (_, n) => steered(n, 300));
    await simulated.send(LINE, load);
    await simulated.run(1000);
    for (const port of [LINE, FABRIC]) await simulated.setPhy(port, { speed });
    await settle();
    expect(await mac(LINE)).toMatchObject({ link: 1, speed: { 10: 0, 100: 1, 1000: 2 }[speed] });
    const faults = await phy(FABRIC);
    await steers();
    expect(await phy(FABRIC)).toEqual(faults);
  }
});

test('in the end all adds up, and card and host hold the same tables', async () => {
  expect(checkAccounting(await card.snapshot())).toMatchObject({ holds: true, faults: [] });
  expect(await tables.compare()).toEqual([]);
  expect((await simulated.statistics()).line).toMatchObject({ framing: 0, noise: 0 });
});
