/** Two ports at once bring twice what the pipeline takes; a source that does not heed room loses frames. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  Card,
  CardTables,
  checkAccounting,
  decodeDecision,
  SimulationTransport,
  sumEnds,
} from '../../driver/index.ts';

let transport: SimulationTransport;
let card: Card;
beforeAll(async () => {
  transport = await SimulationTransport.open({
    configuration: 'ecp5-25',
    mode: 'lockstep',
    observe: true,
  });
  card = await Card.attach(transport);
  await new CardTables(card).reconcile();
  await card.setEnabled(true);
  for (const port of [0, 1]) await transport.card.attachMemory(port);
});
afterAll(() => card.close());

const FRAMES = 600;
/** Frames that end as `ethertype`, each with its number. */
const frames = (from: number) =>
  Array.from({ length: FRAMES }, (_, n) => {
    const frame = Buffer.alloc(200);
    frame.write('ffffffffffff02000000000188b5', 'hex');
    frame.writeUInt32BE(from + n, 20);
    return frame;
  });

async function flood(heedRoom: boolean) {
  for (const port of [0, 1]) {
    await transport.card.setPatterns(port, { heedRoom });
    await transport.card.send(port, frames(port * FRAMES));
  }
  await transport.card.runUntilIdle();
  return transport.card.decisions();
}
const lost = async () => (await card.snapshot()).ports.reduce((sum, port) => sum + port.lost, 0n);

test('a source that heeds room loses nothing', async () => {
  const seen = await flood(true);
  expect(seen).toHaveLength(2 * FRAMES);
  expect(await lost()).toBe(0n);
  const numbers = seen.map(({ ingress }) => ingress?.readUInt32BE(20) ?? -1);
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 2 * FRAMES }, (_, n) => n));
});

test('one that does not: every frame is decided or counted as lost, and none is attributed wrongly', async () => {
  const before = await card.snapshot();
  const seen = await flood(false);
  const after = await card.snapshot();
  const fresh = await lost();
  expect(fresh).toBeGreaterThan(0n);
  expect(BigInt(seen.length) + fresh).toBe(BigInt(2 * FRAMES));
  const ended = (at: typeof after) => sumEnds(at, { origin: 'line' }).packets;
  expect(ended(after) - ended(before)).toBe(BigInt(seen.length));
  expect(checkAccounting(after).faults).toEqual([]);
  expect(seen.some(({ ingress }) => ingress === undefined)).toBe(true);
  for (const { decision, ingress } of seen)
    if (ingress) expect(decodeDecision(decision).length).toBe(ingress.length);
});

test('once the card was idle, frames and decisions are put together again', async () => {
  const seen = await flood(true);
  expect(seen.filter(({ ingress }) => ingress !== undefined)).toHaveLength(2 * FRAMES);
});
