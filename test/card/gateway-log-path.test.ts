/** The way of what backups get (G8, G10): the running log from slot to slot through the card, copies by the switch processor. */
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { checkAccounting } from '../../driver/index.ts';
import type { PeerSession } from '../../host/cli/demo/gtp-peer-session.ts';
import { parseReplicationFrame } from '../../host/protocol/replication-frame.ts';
import { ensureBuilt } from '../../sim/index.ts';
import { type SimulatedGround, simulatedGround } from '../host/switch/simulated-ground.ts';
import { countOf } from '../host/switch/slot-health-spec.ts';
import { GatewayBench } from './gateway-bench.ts';

vi.setConfig({ testTimeout: 300_000 });
beforeAll(() => ensureBuilt({ configuration: 'sim' }));

const REPLICATES = { replicates: true };
const SESSIONS = 24;

let ground: SimulatedGround;
let bench: GatewayBench;
/** Frames of replication that came to gateways: from another slot, and from the switch processor. */
const came = { slots: 0, switch: 0 };

afterEach(async () => {
  await bench.finish();
});

/** The ground, with a look at what comes out of its ports. */
function watched(): GatewayBench['ground'] {
  return {
    ...ground,
    onPort: (port, handler) =>
      ground.onPort(port, (frame) => {
        const of = parseReplicationFrame(frame);
        if (of !== undefined) came[of.srcMac === bench.sp.controlMac ? 'switch' : 'slots']++;
        handler(frame);
      }),
  };
}

/** What the card, the switch processor and owners have counted. */
async function counts() {
  const card = await ground.card.snapshot();
  expect(checkAccounting(card).faults).toEqual([]);
  const { punted } = bench.sp.status();
  const sources = bench.gateways.flatMap(({ replication }) => [
    ...(replication?.replicator?.sources() ?? []),
  ]);
  return {
    slotToSlot: countOf(card, 'slot_to_slot'),
    toHost: countOf(card, 'host_control'),
    injected: countOf(card, 'inject_slot') + countOf(card, 'inject_fabric'),
    punts: countOf(card, 'punt_setup'),
    relayed: punted.ends.replication_delivered ?? 0,
    records: sources.reduce((sum, { counters }) => sum + counters.records, 0),
    fromSlots: came.slots,
    fromSwitch: came.switch,
  };
}

/** What they count meanwhile. */
async function during(work: () => Promise<unknown>) {
  const before = await counts();
  await work();
  await bench.settle();
  const after = await counts();
  const names = Object.keys(before) as (keyof typeof before)[];
  return Object.fromEntries(
    names.map((name) => [name, after[name] - before[name]]),
  ) as typeof before;
}

it('the running log goes from slot to slot through the card; the switch processor delivers copies, and no more', async () => {
  ground = await simulatedGround();
  bench = new GatewayBench(watched());
  await bench.start(3, REPLICATES);
  const allInSync = () => bench.sp.vids.list().every(({ inSync }) => inSync);
  await bench.until(allInSync);
  const { peer } = bench;
  let sessions: PeerSession[] = [];
  const all = <T>(work: Promise<T>[]) => bench.during(Promise.all(work));

  // A set-up visits the switch processor, once; what its gateway then tells the backup does not.
  const setUps = await during(async () => {
    const numbers = Array.from({ length: SESSIONS }, (_, n) => n);
    sessions = await all(
      numbers.map((n) => peer.create(`26201000000${1000 + n}`, n % 2 === 0 ? 1 : 2)),
    );
  });
  expect(setUps).toMatchObject({ punts: SESSIONS, records: SESSIONS, relayed: 0, fromSwitch: 0 });
  expect(setUps.fromSlots).toBeGreaterThan(0);
  expect(setUps.slotToSlot).toBe(setUps.fromSlots);

  // Nothing of an update or a delete reaches the host at all.
  const updating = async () => {
    sessions = await all(sessions.map((session) => peer.update(session)));
  };
  const deleting = () =>
    all(sessions.splice(0, SESSIONS / 2).map((session) => peer.delete(session)));
  const still = { toHost: 0, injected: 0, punts: 0, relayed: 0, fromSwitch: 0 };
  for (const change of [updating, updating, deleting]) {
    const changes = sessions.length - (change === deleting ? SESSIONS / 2 : 0);
    const counted = await during(change);
    expect(counted).toMatchObject({ ...still, records: changes });
    expect(counted.fromSlots).toBeGreaterThan(0);
    expect(counted.slotToSlot).toBe(counted.fromSlots);
  }

  // One more gateway: it gets copies, which the switch processor delivers; their running changes again do not.
  const copies = await during(async () => {
    await bench.startGateway('gw-4', 5, REPLICATES);
    await bench.until(allInSync);
  });
  expect(copies.relayed).toBeGreaterThan(0);
  expect(copies.fromSwitch).toBe(copies.relayed);
  expect(copies.slotToSlot).toBe(copies.fromSlots);
  const later = await during(updating);
  expect(later).toMatchObject({ ...still, records: sessions.length });
  expect(later.slotToSlot).toBe(later.fromSlots);
});
