/** What becomes of copies of sessions when the backup is restarted while it gets them, through the RTL (G10). */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PeerSession } from '../../host/cli/demo/gtp-peer-session.ts';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import { ensureBuilt } from '../../sim/index.ts';
import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { GatewayBench, type TestGateway } from './gateway-bench.ts';
import { expectPings } from './gateway-pings.ts';

vi.setConfig({ testTimeout: 300_000 });
beforeAll(() => ensureBuilt({ configuration: 'sim' }));

/** In the steps of the bench's clock. */
const HEALTH = { interval: 50, timeout: 150, poll: 50 };
const REPLICATES = { replicates: true };
const SESSIONS = 400;
const VIDS = 8;

describe('copies of sessions through the RTL', () => {
  let bench: GatewayBench;

  afterEach(async () => {
    await bench.finish();
  });

  const slotOf = (name: string) => bench.sp.registry.byName(name);
  /** What is told of copies of the first gateway's VIDs; it gets the lowest. */
  const copies = () => bench.sp.status().replication.vids.filter(({ vid }) => vid < VIDS);
  const agrees = (vid: number, owner: TestGateway, backup: TestGateway) => {
    const copy = backup.replication?.replicator?.copyOf(vid);
    return copy?.digest() === owner.replication?.replicator?.state(vid)?.digest();
  };

  it.each([
    ['none', 12, 0],
    ['half', 90, VIDS / 2],
  ] as const)(
    'a backup that dies when %s of its copies agree gets them anew when it starts again, and status says since when',
    async (_, frames, agreed) => {
      bench = new GatewayBench(await simulatedGround(), { health: HEALTH, vidsPerProcessor: VIDS });
      await bench.start(1, REPLICATES);
      const { peer } = bench;
      const [owner] = bench.gateways as [TestGateway];
      const create = (n: number) => peer.create(`26201000000${1000 + n}`, n % 2 === 0 ? 1 : 2);
      const sessions = await bench.each(
        Array.from({ length: SESSIONS }, (_, n) => n),
        create,
      );
      expect(copies().map(({ state }) => state)).toEqual(Array(VIDS).fill('none'));

      const dead = await bench.startGateway('gw-2', 3, { ...REPLICATES, fuse: frames });
      await bench.until(() => dead.isCut);
      const copying = copies().filter(({ state }) => state === 'copying');
      expect(copying.map(({ since }) => since)).toEqual(copying.map(() => undefined));
      expect(copying).toHaveLength(VIDS - agreed);
      expect(bench.sp.status().punted.ends.replication_delivered).toBeGreaterThan(0);
      await bench.until(() => slotOf('gw-2')?.state === 'down');
      const none = { backup: undefined, state: 'none', since: undefined };
      expect(copies()).toEqual(Array.from({ length: VIDS }, () => expect.objectContaining(none)));

      // Life goes on without a backup: what that one had is not what there is now.
      await bench.each(sessions.splice(0, 40), (session) => peer.delete(session));
      sessions.push(
        ...(await bench.each(sessions.splice(0, 40), (session) => peer.update(session))),
      );
      sessions.push(...(await bench.each([SESSIONS, SESSIONS + 1], create)));

      // And while it is copied: those of one VID change.
      const [busy] = copies().map(({ vid }) => vid) as [number];
      const isBusy = ({ gatewayControl }: PeerSession) => vidOfTeid(gatewayControl) === busy;
      const changing = sessions.filter(isBusy);
      let changed: Promise<PeerSession[]> | undefined;
      const restarted = Date.now();
      const seen = new Map<number, string[]>();
      const tooEarly: number[] = [];
      bench.sp.on('changed', () => {
        const backup = bench.gateways.at(-1);
        if (backup === undefined || backup === dead || slotOf('gw-2')?.state !== 'up') return;
        changed ??= Promise.all(changing.map((session) => peer.update(session)));
        for (const { vid, state } of copies()) {
          const states = seen.get(vid) ?? [];
          seen.set(vid, states);
          if (states.at(-1) !== state) states.push(state);
          if (state === 'in sync' && vid !== busy && !agrees(vid, owner, backup))
            tooEarly.push(vid);
        }
      });
      const again = await bench.startGateway('gw-2', 3, REPLICATES);
      await bench.until(() => copies().every(({ state }) => state === 'in sync'));
      expect([...seen.values()]).toEqual(Array(VIDS).fill(['copying', 'in sync']));
      expect(tooEarly, 'in sync, and not the same').toEqual([]);
      const current = sessions.filter((session) => !isBusy(session));
      current.push(...(await bench.during(changed ?? Promise.resolve([]))));
      await bench.settle();
      const sources = [...(owner.replication?.replicator?.sources() ?? [])];
      const copied = sources.map(({ counters }) => counters.copied);
      expect(copied, 'all of it, and nothing twice').toEqual([current.length]);
      for (const { vid, since, digest } of copies()) {
        expect(agrees(vid, owner, again), `VID ${vid}`).toBe(true);
        expect(digest).toMatch(/^[0-9a-f]{16}$/);
        expect(Date.parse(since ?? '')).toBeGreaterThanOrEqual(restarted);
      }

      owner.cut();
      await bench.until(() => slotOf('gw-1')?.state === 'down');
      await expectPings(bench, current, 'at the backup');
      expect(again.gateway.sessions.size).toBe(current.length);
      expect(bench.sp.status().punted.inDialog).toBe(0);
      await bench.each(current.slice(0, 20), (session) => peer.update(session));
    },
  );
});
