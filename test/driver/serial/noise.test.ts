/** A bad line, to the card's RTL: what is done is done once and right, or it is an error. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DecidedFrame, LineCounter } from '../../../driver/index.ts';
import {
  Card,
  CardTables,
  checkAccounting,
  DriverError,
  SerialTransport,
} from '../../../driver/index.ts';
import type { LineNoise, SimulatedCard } from '../../../sim/index.ts';
import { openSerial } from '../carriers.ts';

const MAC = 0x020000000001n;
const NOISES: Readonly<Record<string, LineNoise>> = {
  'bit errors': { bitErrors: 1e-3 },
  'few bit errors': { bitErrors: 1e-4 },
  'lost octets': { lost: 1e-3 },
  'doubled octets': { doubled: 1e-3 },
  'all of them': { bitErrors: 3e-4, lost: 1e-3, doubled: 1e-3 },
};
const ROWS = 200;
/** More than a window holds. */
const MANY_ROWS = 900;
const FRAMES = 16;

let simulated: SimulatedCard;
let transport: SerialTransport;

/** ARP request (RFC 826) with a number: a frame that the card hands to the host by itself. */
function arp(number: number): Buffer {
  const frame = Buffer.alloc(60);
  frame.write('ffffffffffff02aabbccddee08060001080006040001', 'hex');
  frame.writeUInt16BE(number, 40);
  return frame;
}

/** Until the card has said so much more. */
async function reports(count: number): Promise<void> {
  const until = transport.counters.reports + count;
  while (transport.counters.reports < until) await new Promise(setImmediate);
}

/** Frames to inject, of all sorts of lengths. */
const injected = Array.from({ length: FRAMES }, (_, n) => Buffer.alloc(60 + 30 * n, n + 1));

describe('with noise', () => {
  let card: Card;
  let tables: CardTables;
  const punted: DecidedFrame[] = [];
  beforeAll(async () => {
    const line = await openSerial();
    simulated = line.simulated;
    transport = await line.attach();
    card = await Card.attach(transport);
    tables = new CardTables(card);
    tables.set('port', 0, { mac: MAC, fabric: 0, cut_through: 0 });
    tables.set('port', 1, { mac: MAC + 1n, fabric: 1, cut_through: 0 });
    await tables.reconcile();
    await card.setEnabled(true);
    for (const port of [0, 1]) await simulated.attachMemory(port);
    card.on('frames', (frames) => punted.push(...frames));
  });
  afterAll(async () => {
    await transport.close();
    await simulated.close();
  });

  test.each(Object.entries(NOISES))('%s: all is whole, in order and once', async (name, noise) => {
    const round = Object.keys(NOISES).indexOf(name);
    const entry = (vid: number) => ({
      active: (vid + round) % 8,
      backup: round,
      backup_in_sync: 0,
      valid: 1,
    });
    const before = await card.snapshot();
    const lineBefore = { ...transport.counters };
    punted.length = 0;
    await simulated.setLineNoise({ ...noise, seed: 5 });
    for (let vid = 0; vid < ROWS; vid++) tables.set('vid_row', vid, entry(vid));
    for (let slot = 0; slot < 8; slot++)
      tables.set('slot', slot, { up: 1, port: 1, line_port: 0, epoch: slot + 3 * round + 1 });
    const writes = tables.write();
    const feed = async () => {
      for (let number = 0; number < FRAMES; number++) {
        await simulated.send(0, [arp(number)]);
        await card.status();
      }
    };
    await Promise.all([
      writes,
      card.inject(injected.map((data) => ({ target: { to: 'port', port: 0 }, data }))),
      feed(),
    ]);
    expect((await writes).rows).toBe(ROWS + 8);
    const counted = (counter: LineCounter) => transport.counters[counter] - lineBefore[counter];
    expect(counted('damaged') + counted('refusals') + counted('timeouts')).toBeGreaterThan(0);

    // One more frame, which comes, tells how many before it did not.
    await simulated.setLineNoise({});
    await simulated.send(0, [arp(FRAMES)]);
    await simulated.runUntilIdle();
    const rows = await card.readTable('vid_row', 0, ROWS);
    expect(rows).toEqual(Array.from({ length: ROWS }, (_, vid) => entry(vid)));
    expect(simulated.received(0).map((frame) => frame.toString('hex'))).toEqual(
      injected.map((frame) => frame.toString('hex')),
    );
    const numbers = punted.map(({ data }) => data.readUInt16BE(40));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const [index, { data, decision }] of punted.entries()) {
      expect(data).toEqual(arp(numbers[index] as number));
      expect(decision.length).toBe(60);
    }
    expect(numbers.at(-1)).toBe(FRAMES);
    expect(numbers.length).toBe(counted('frames'));
    expect(counted('frames') + counted('lostFrames')).toBe(FRAMES + 1);
    const after = await card.snapshot();
    expect(checkAccounting(after).faults).toEqual([]);
    expect(after.received.host - before.received.host).toBe(BigInt(FRAMES));
  });

  test('afterwards card and host agree', async () => {
    expect(await tables.compare()).toEqual([]);
  });
});

describe('the plug is pulled', () => {
  afterEach(async () => {
    await transport.close();
    await simulated.close();
  });

  test('what is pending fails with a remedy, and after attaching again only what is missing is written', async () => {
    const line = await openSerial();
    simulated = line.simulated;
    transport = await line.attach();
    const card = await Card.attach(transport);
    const tables = new CardTables(card);
    await tables.reconcile();
    const failures: Error[] = [];
    card.on('failed', (error) => failures.push(error));
    for (let vid = 0; vid < MANY_ROWS; vid++)
      tables.set('vid_row', vid, { active: vid % 8, backup: 1, backup_in_sync: 0, valid: 1 });
    const writes = tables.write();
    const outcome = writes.then(
      () => undefined,
      (error: unknown) => error,
    );
    await reports(3);
    await simulated.detachSerial();
    const error = await outcome;
    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ code: 'LINE' });
    expect(String(error)).toMatch(/uart:\/dev\/pts.*attach again and reconcile/);
    expect(failures).toEqual([error]);
    await expect(card.status()).rejects.toBe(error);

    const path = await simulated.attachSerial();
    transport = await SerialTransport.open({ path, baudRate: 3_000_000 }, { keepAlive: 0 });
    const again = new CardTables(await Card.attach(transport));
    for (let vid = 0; vid < MANY_ROWS; vid++)
      again.set('vid_row', vid, { active: vid % 8, backup: 1, backup_in_sync: 0, valid: 1 });
    const { differences } = await again.reconcile();
    expect(differences.length).toBeGreaterThan(0);
    expect(differences.length).toBeLessThan(MANY_ROWS);
    expect(await again.compare()).toEqual([]);
  });

  test('a host that ends in the middle of a frame leaves nothing behind for the next', async () => {
    const line = await openSerial();
    simulated = line.simulated;
    transport = await line.attach();
    const first = await Card.attach(transport);
    await new CardTables(first).reconcile();
    await first.setEnabled(true);
    await simulated.attachMemory(0);
    const pending = first.inject([
      { target: { to: 'port', port: 0 }, data: Buffer.alloc(1500, 1) },
    ]);
    const outcome = pending.catch((error: unknown) => error);
    await reports(1);
    await transport.close();
    expect(await outcome).toMatchObject({ code: 'CLOSED' });
    transport = await line.attach();
    const card = await Card.attach(transport);
    const data = Buffer.alloc(100, 2);
    await card.inject([{ target: { to: 'port', port: 0 }, data }]);
    await simulated.runUntilIdle();
    const sent = simulated.received(0);
    expect(sent.at(-1)).toEqual(data);
    expect(sent.slice(0, -1).every((frame) => frame.equals(Buffer.alloc(1500, 1)))).toBe(true);
    expect(checkAccounting(await card.snapshot()).faults).toEqual([]);
  });
});
