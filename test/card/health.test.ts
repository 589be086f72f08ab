/** The card alone: heartbeats, failover at exact times, and words of the wrong parity (G11). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CardBed } from '../../bench/card-bed.ts';
import { PREFIX, steered, vids } from '../../bench/frames.ts';
import { REGISTERS, VALUES } from '../../driver/generated/registers.ts';
import { buildHeartbeatFrame } from '../../host/protocol/heartbeat.ts';
import { slotMac } from '../../host/steering/slot-mac.ts';

const SLOT = 2;
const EPOCH = 1;
const NONCE = 0x1badcafe;
const TIMEOUT = 30_000;
/** Fabric port behind which the slot is: bench/frames.ts. */
const PORT = 1;

let bed: CardBed;
/** VIDs whose active slot is SLOT; slot 0 is their backup, in sync. */
let numbers: number[];
let now = 1_000_000;

beforeAll(async () => {
  bed = await CardBed.open({ configuration: 'sim', observe: true });
  await bed.attachMemory();
  numbers = vids(200).filter((vid) => vid % 7 === SLOT);
});
afterAll(() => bed.close());

const at = async (time: number) => {
  now = time;
  await bed.simulated.setTime(time);
  await bed.simulated.run(512); // a walk over all slots, and its consequences
};
const heartbeat = (nonce = NONCE, epoch = EPOCH) =>
  buildHeartbeatFrame({
    srcMac: slotMac(PREFIX, SLOT, epoch),
    dstMac: slotMac(PREFIX, 0xff, 0),
    nonce,
    sequence: 1,
  });
const reasons = async (frames: readonly Buffer[], port = 0) =>
  (await bed.pass(new Map([[port, frames]]))).map(({ reason }) => reason);
const sessions = async () => new Set(await reasons(numbers.map((vid) => steered(vid))));

async function raise(epoch: number): Promise<void> {
  bed.tables.set('slot_health', SLOT, { nonce: NONCE, timeout_us: TIMEOUT, suspect_us: 0 });
  bed.tables.set('slot', SLOT, { up: 1, port: PORT, line_port: 0, epoch });
  await bed.tables.write();
  await bed.simulated.run(512); // its time begins when the walk comes by
}

describe('heartbeats', () => {
  test('a slot without them goes down when its time has passed, for all VIDs at once', async () => {
    await at(now);
    await raise(EPOCH + 1);
    const raised = now;
    await at(raised + TIMEOUT - 1);
    expect(await sessions()).toEqual(new Set(['steer_active']));
    await at(raised + TIMEOUT);
    expect(await sessions()).toEqual(new Set(['steer_backup']));
    expect(await bed.card.pollSlotEvents()).toMatchObject([
      { slot: SLOT, down: { cause: 'heartbeat', time: BigInt(raised + TIMEOUT) } },
    ]);
    expect(await bed.card.pollSlotEvents()).toEqual([]);
  });

  test('down stays down: not heartbeats, not the old epoch raise it, and it may not speak', async () => {
    expect(await reasons([heartbeat(NONCE, EPOCH + 1)], PORT)).toEqual(['heartbeat_refused']);
    await raise(EPOCH + 1).catch(() => undefined); // the driver says that the slot stayed down
    expect(await sessions()).toEqual(new Set(['steer_backup']));
    const speaks = steered(1);
    speaks.set(Buffer.from(slotMac(PREFIX, SLOT, EPOCH + 1).replaceAll(':', ''), 'hex'), 6);
    expect(await reasons([speaks], PORT)).toEqual(['source_down']);
    expect(await bed.card.pollSlotEvents()).toMatchObject([{ slot: SLOT, stale: true }]);
  });

  test('each good one gives it its whole time again; others give nothing', async () => {
    await raise(EPOCH + 2);
    const raised = now;
    await at(raised + TIMEOUT - 10);
    expect(await reasons([heartbeat(NONCE, EPOCH + 2)], PORT)).toEqual(['heartbeat']);
    await at(raised + TIMEOUT + 100);
    expect(await sessions()).toEqual(new Set(['steer_active']));
    const wrong = [heartbeat(NONCE + 1, EPOCH + 2), heartbeat(NONCE, EPOCH + 1)];
    expect(await reasons(wrong, PORT)).toEqual(['heartbeat_refused', 'heartbeat_refused']);
    expect(await reasons([heartbeat(NONCE, EPOCH + 2)], 3)).toEqual(['heartbeat_refused']);
    await at(raised + 2 * TIMEOUT - 11);
    expect(await sessions()).toEqual(new Set(['steer_active']));
    await at(raised + 2 * TIMEOUT - 10);
    expect(await sessions()).toEqual(new Set(['steer_backup']));
    await bed.card.pollSlotEvents();
  });
});

describe('parity', () => {
  const read = async (address: number) =>
    (await bed.card.transport.access([{ address }]))[0] ?? Number.NaN;
  const control = (bad: number) =>
    bed.card.transport.access([{ address: REGISTERS.control.control, write: 1 | (bad << 1) }]);

  test('a row with a flipped bit is punted, counted and found; a write mends it', async () => {
    const [vid = 0] = vids(1);
    const before = await read(REGISTERS.events.parity_errors);
    const [row] = await bed.card.readTable('vid_row', vid, 1);
    if (row === undefined) throw new Error('no row');
    await control(1);
    await bed.card.writeTable('vid_row', [{ index: vid, entry: row }]);
    await control(0);
    expect(await reasons([steered(vid)])).toEqual(['punt_parity']);
    // The scrubber has read all words when it has counted twice.
    const rounds = await read(REGISTERS.events.scrubs);
    for (let tries = 0; tries < 60; tries++) {
      await bed.simulated.run(50_000);
      if ((await read(REGISTERS.events.scrubs)) >= rounds + 2) break;
    }
    expect(await read(REGISTERS.events.parity_errors)).toBeGreaterThanOrEqual(before + 2);
    expect(await read(REGISTERS.events.parity_last)).toBe(
      (VALUES.events_parity_last_table.vid_row << 24) | vid,
    );
    await bed.card.writeTable('vid_row', [{ index: vid, entry: row }]);
    expect(await reasons([steered(vid)])).toEqual(['steer_active']);
  });
});
