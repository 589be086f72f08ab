import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { SlotEvent } from '../../driver/index.ts';
import { Card, CardTables, TABLES, VALUES } from '../../driver/index.ts';
import { ModelCard } from './model-card.ts';

const { heartbeat, link } = VALUES.slot_event_cause;
let model: ModelCard;
let card: Card;
let told: SlotEvent[];

beforeEach(async () => {
  model = new ModelCard({ slots: 40 });
  card = await Card.attach(model);
  told = [];
});

const listen = () => card.on('slotEvents', (events) => told.push(...events));
const raise = (slot: number, epoch: number) =>
  card.writeTable('slot', [{ index: slot, entry: { up: 1, port: 1, line_port: 0, epoch } }]);
const acknowledged = async (slot: number) => {
  const [entry] = await card.readTable('slot_event', slot, 1);
  return entry?.went_down === 0 && entry.stale === 0;
};

test('what a poll finds is told with cause and time, and acknowledged', async () => {
  await raise(3, 1);
  await raise(35, 1);
  expect(await card.pollSlotEvents()).toEqual([]);
  model.time = 0x1234_5678_9abcn;
  model.takeDown(3, heartbeat);
  model.takeDown(35, link);
  model.happen(7, { stale: 1 });
  listen();
  const time = 0x1234_5678_9abcn;
  const events = await card.pollSlotEvents();
  expect(events).toEqual([
    { slot: 3, events: 1, down: { cause: 'heartbeat', time }, stale: false },
    { slot: 7, events: 1, down: undefined, stale: true },
    { slot: 35, events: 1, down: { cause: 'link', time }, stale: false },
  ]);
  expect(told).toEqual(events);
  expect(await acknowledged(3)).toBe(true);
  expect(await card.pollSlotEvents()).toEqual([]);
  expect(told).toHaveLength(3);
});

test('nothing pending costs one call of two words', async () => {
  const { calls } = model;
  model.log.length = 0;
  await card.pollSlotEvents();
  expect(model.calls - calls).toBe(1);
  expect(model.log).toHaveLength(2);
});

test('a transport that tells is heard at once', async () => {
  listen();
  model.tells = true;
  await raise(3, 1);
  model.takeDown(3, heartbeat);
  await expect.poll(() => told).toHaveLength(1);
  await expect.poll(() => acknowledged(3)).toBe(true);
  await card.close();
  model.happen(4, { stale: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toHaveLength(1);
});

test('what happens between read and acknowledgement stays, and comes next', async () => {
  await raise(3, 1);
  model.happen(3, { stale: 1 });
  listen();
  const off = () => card.off('slotEvents', meanwhile);
  const meanwhile = () => {
    off();
    model.takeDown(3, heartbeat);
  };
  card.on('slotEvents', meanwhile);
  await card.pollSlotEvents();
  expect(told).toMatchObject([{ slot: 3, down: undefined, stale: true }]);
  expect(await acknowledged(3)).toBe(false);
  await card.pollSlotEvents();
  expect(told[1]).toMatchObject({ slot: 3, events: 1, down: { cause: 'heartbeat' } });
  expect(await acknowledged(3)).toBe(true);
});

test('an entry that changes while it is read is not believed', async () => {
  listen();
  await raise(3, 1);
  model.happen(3, { stale: 1 });
  const first = TABLES.slot_event.offset + 4 * 3 * TABLES.slot_event.stride;
  let reads = 0;
  model.onRead = (address) => {
    if (address === first && ++reads === 1) model.takeDown(3, link);
  };
  await card.pollSlotEvents();
  expect(told).toEqual([]);
  await card.pollSlotEvents();
  expect(told).toMatchObject([{ slot: 3, down: { cause: 'link' } }]);
});

test('a listener that throws leaves it to the next call', async () => {
  model.happen(5, { stale: 1 });
  const fail = () => {
    throw new Error('listener');
  };
  card.on('slotEvents', fail);
  await expect(card.pollSlotEvents()).rejects.toThrow('listener');
  expect(await acknowledged(5)).toBe(false);
  card.off('slotEvents', fail);
  listen();
  await card.pollSlotEvents();
  expect(told).toMatchObject([{ slot: 5, stale: true }]);
});

test('an acknowledgement whose reply is lost is not told twice', async () => {
  listen();
  model.happen(5, { stale: 1 });
  let drop = true;
  const access = model.access.bind(model);
  model.access = async (accesses) => {
    if (!drop || accesses.every(({ write }) => write === undefined)) return access(accesses);
    drop = false;
    throw new Error('line cut');
  };
  await expect(card.pollSlotEvents()).rejects.toThrow('line cut');
  expect(await acknowledged(5)).toBe(false);
  expect(await card.pollSlotEvents()).toEqual([]);
  expect(told).toHaveLength(1);
  expect(await acknowledged(5)).toBe(true);
});

test('no slot that went down is missed, whatever happens in which order', async () => {
  const step = fc.oneof(
    fc.tuple(fc.constant('raise' as const), fc.nat(5)),
    fc.tuple(fc.constant('down' as const), fc.nat(5)),
    fc.tuple(fc.constant('stale' as const), fc.nat(5)),
    fc.tuple(fc.constant('poll' as const), fc.nat(5)),
    fc.tuple(fc.constant('cut' as const), fc.nat(5)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const it = new ModelCard();
      const one = await Card.attach(it);
      const epochs = new Map<number, number>();
      const down = new Map<number, bigint>();
      const seen = new Map<number, bigint>();
      const poll = async () => {
        for (const { slot, down: went } of await one.pollSlotEvents())
          if (went !== undefined) seen.set(slot, went.time);
      };
      for (const [what, slot] of steps) {
        it.time += 1n;
        if (what === 'raise') {
          const epoch = ((epochs.get(slot) ?? 0) + 1) & 0xff;
          epochs.set(slot, epoch);
          const entry = { up: 1, port: 1, line_port: 0, epoch };
          await one.writeTable('slot', [{ index: slot, entry }]);
        } else if (what === 'down') {
          const [before] = await one.readTable('slot', slot, 1);
          if (before?.up === 1) down.set(slot, it.time);
          it.takeDown(slot, heartbeat);
        } else if (what === 'stale') it.happen(slot, { stale: 1 });
        else if (what === 'poll') await poll();
        else {
          it.failure = new Error('line cut');
          await poll().catch(() => {});
          it.failure = undefined;
        }
      }
      await poll();
      // The last time that each went down is known: what was before it may have gone unseen.
      for (const [slot, time] of down) expect(seen.get(slot)).toBe(time);
    }),
    { numRuns: 100 },
  );
});

test('a slot that goes down as soon as it is raised is no fault of the write', async () => {
  const tables = new CardTables(card);
  await tables.write();
  await card.setEnabled(true);
  const slots = TABLES.slot.offset;
  // The link behind it is down: what was raised is down again before it is read back.
  model.watch = () => {
    const word = model.words.get(slots + 4 * 2) ?? 0;
    if ((word & 1) === 1) model.takeDown(2, link);
  };
  tables.set('slot', 2, { up: 1, port: 1, line_port: 0, epoch: 9 });
  expect(await tables.write()).toEqual({ rows: 1, latchedDown: [2] });
  expect(await tables.write()).toEqual({ rows: 0, latchedDown: [2] });
  model.watch = undefined;
  tables.set('slot', 2, { up: 1, port: 1, line_port: 0, epoch: 10 });
  expect(await tables.write()).toEqual({ rows: 1, latchedDown: [] });
});

test('a slot that the card has taken down does not spoil later writes after a compare', async () => {
  const tables = new CardTables(card);
  tables.set('slot', 2, { up: 1, port: 1, line_port: 0, epoch: 9 });
  await tables.write();
  await card.setEnabled(true);
  model.takeDown(2, heartbeat);
  expect(await tables.compare()).toMatchObject([{ table: 'slot', index: 2, fields: ['up'] }]);
  tables.set('vid_row', 1, { active: 2, backup: 0, backup_in_sync: 0, valid: 1 });
  expect(await tables.write()).toEqual({ rows: 1, latchedDown: [2] });
});
