/** Moves, drains and rebalances under traffic: no packet lost, doubled or served without state. */
import { afterEach, describe, expect, it } from 'vitest';
import type { SwitchProcessorOptions } from '../../../host/switch/switch-options.ts';
import type { Ground } from './bench.ts';
import { BASE, CounterBench, type CounterProcessor } from './counter-bench.ts';
import { watch } from './watch.ts';

export function describeOperations<G extends Ground>(
  title: string,
  open: () => Promise<G>,
  /** Frames that ended for a reason since the card began. */
  ended: (ground: G, reason: string) => Promise<number>,
): void {
  describe(title, () => {
    let ground: G;
    let bench: CounterBench;

    async function begin(count: number, options: Partial<SwitchProcessorOptions> = {}) {
      ground = await open();
      bench = new CounterBench(ground, options);
      return bench.start(count);
    }

    afterEach(async () => {
      expect(bench.failures).toEqual([]);
      await bench.close();
      await ground.close();
    });

    /** Sends to every session in every millisecond until `until` holds and some more; checks all. */
    async function traffic(
      ports: ReadonlyMap<string, number>,
      until: () => boolean,
      most = 600,
    ): Promise<void> {
      let sent = 0;
      for (let more = 20; more > 0; sent++) {
        expect(sent, 'it takes too long').toBeLessThan(most);
        for (const [id, port] of ports) bench.send(`add ${id} ${sent}`, port);
        await bench.tick();
        if (until()) more--;
      }
      await bench.advance(30);
      const served = bench.processors.flatMap(({ server }) => server.served);
      for (const id of ports.keys()) {
        const numbers = served
          .filter((text) => text.startsWith(`add ${id} `))
          .map((text) => Number(text.split(' ')[2]))
          .sort((a, b) => a - b);
        expect(numbers, `${id}: each once`).toEqual(Array.from({ length: sent }, (_, n) => n));
        const sums = bench.answered('sum', id).map(([, , , count]) => Number(count));
        expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n + 1));
      }
      expect(bench.answers.filter((answer) => answer.startsWith('none'))).toEqual([]);
      expect(bench.sp.status().punted.inDialog).toBe(0);
    }

    const named = (name: string) =>
      bench.processors.find((it) => it.name === name) as CounterProcessor;

    it('a VID moves with its sessions while they are at work', async () => {
      await begin(3);
      const ports = await bench.open(12);
      const vid = (ports.get('s0') ?? 0) - BASE;
      const { owner, backup } = bench.sp.vids.require(vid);
      const to = ['p1', 'p2', 'p3'].find((name) => name !== owner && name !== backup) ?? '';
      const before = ground.writesTo('vid_row');
      const moving = watch(bench.sp.moveVid(vid, to));
      await traffic(ports, moving.done);
      // There is no moment without a backup that has the state.
      expect(moving.result()).toMatchObject({ vid, owner: to, backup: owner, inSync: true });
      expect(bench.sp.status().replication).toMatchObject({ moved: 1, handedOver: 1, failed: 0 });
      expect(named(to).server.sessions().join(' ')).toContain('s0=');
      expect(named(owner).server.sessions().join(' ')).not.toContain('s0=');
      await bench.until(() => bench.settled());
      expect(bench.sp.vids.lookup(vid)?.inSync).toBe(true);
      expect(ground.writesTo('vid_row')).toBeGreaterThan(before);
      // Its new owner may die.
      bench.kill(named(to));
      await bench.advance(8);
      bench.send(`get s0 then`, ports.get('s0'));
      await bench.advance(5);
      expect(bench.answered('is', 's0')).toHaveLength(1);
    });

    it('a VID moves to its backup without another copy', async () => {
      await begin(2);
      const ports = await bench.open(8);
      const vid = (ports.get('s0') ?? 0) - BASE;
      const { owner, backup = '' } = bench.sp.vids.require(vid);
      const { told } = bench.sp.status().replication;
      const moving = watch(bench.sp.moveVid(vid, backup));
      await traffic(ports, moving.done);
      expect(moving.result()).toMatchObject({ owner: backup, backup: owner });
      expect(told).toBeGreaterThan(0);
    });

    it('packets that reach the old owner when it has stopped are passed on, each once', async () => {
      await begin(3);
      const ports = await bench.open(12);
      const mine = [...ports].filter(([, port]) => bench.ownerOf(port).name === 'p1');
      const vids = [...new Set(mine.map(([, port]) => port - BASE))];
      // Packets in the middle of each millisecond: also while a VID is on its way.
      const sent = new Map<string, number>();
      let [turn, now, budget] = [0, 0, 0];
      bench.between = () => {
        if (bench.clock.now() !== now) [now, budget] = [bench.clock.now(), 60];
        if (budget-- <= 0) return;
        const [id, port] = mine[turn++ % mine.length] ?? ['', 0];
        const n = sent.get(id) ?? 0;
        sent.set(id, n + 1);
        bench.send(`add ${id} ${n}`, port);
      };
      const moving = watch(Promise.all(vids.map((vid) => bench.sp.moveVid(vid, 'p2'))));
      await bench.until(moving.done);
      moving.result();
      bench.between = () => {};
      await bench.advance(30);
      const { passedOn } = named('p1').server.counters;
      expect(passedOn).toBeGreaterThan(0);
      expect(named('p2').server.counters.passedHere).toBe(passedOn);
      for (const [id, count] of sent) {
        const served = bench.processors.flatMap(({ server }) => server.served);
        const numbers = served.flatMap((text) => {
          const [verb, who, n] = text.split(' ');
          return verb === 'add' && who === id ? Number(n) : [];
        });
        const all = Array.from({ length: count }, (_, n) => n);
        expect(
          numbers.sort((x, y) => x - y),
          `${id}: each once`,
        ).toEqual(all);
      }
      expect(bench.answers.filter((answer) => answer.startsWith('none'))).toEqual([]);
    });

    it('a slot is drained: nothing is left there, nothing new comes, nothing is lost', async () => {
      await begin(3);
      const ports = await bench.open(15);
      const draining = watch(bench.sp.drainSlot(0));
      await traffic(ports, draining.done);
      expect(draining.result()).toMatchObject({ moved: 4 });
      await bench.until(() => bench.settled());
      expect([bench.sp.vids.vidsOf('p1'), bench.sp.vids.backupVidsOf('p1')]).toEqual([[], []]);
      const arrived = named('p1').arrivals.length;
      await bench.open(9, 'new');
      for (const [id, port] of ports) bench.send(`get ${id} then`, port);
      await bench.advance(10);
      expect(named('p1').arrivals.length).toBe(arrived);
      expect(bench.sp.status().processors[0]).toMatchObject({ draining: true, state: 'up' });
      // Back in service it gets set-ups and backups again.
      await bench.sp.raiseSlot(0);
      await bench.until(() => bench.settled() && bench.sp.vids.backupVidsOf('p1').length > 0);
      expect(await ended(ground, 'slot_down')).toBe(0);
      await expect(bench.sp.drainSlot(3)).rejects.toThrow(/slot 3 is free; nothing to drain/);
    });

    it('a drain goes on elsewhere when somebody dies in the middle of it', async () => {
      await begin(4);
      const ports = await bench.open(16);
      named('p2').fuse = 12;
      const draining = watch(bench.sp.drainSlot(0));
      for (let n = 0; !draining.done(); n++) {
        expect(n, 'it takes too long').toBeLessThan(3000);
        for (const [id, port] of ports) bench.send(`add ${id} ${n}`, port);
        await bench.tick();
      }
      expect(draining.result().moved).toBeGreaterThan(0);
      expect(named('p2').frozen).toBe(true);
      expect(bench.sp.vids.vidsOf('p1')).toEqual([]);
      await bench.advance(10);
      bench.answers.length = 0;
      for (const [id, port] of ports) bench.send(`get ${id} then`, port);
      await bench.advance(10);
      const heard = bench.answers.filter((answer) => answer.startsWith('is'));
      expect(heard).toHaveLength(16);
    });

    it('load is evened out by capacity', async () => {
      await begin(2);
      named('p1').server.capacity = 1000;
      named('p2').server.capacity = 3000;
      const ports = await bench.open(16);
      await bench.advance(250); // reports
      const plan = await bench.sp.rebalance(true);
      expect(plan.moved).toBe(0);
      expect(plan.moves.every(({ from, to }) => from === 'p1' && to === 'p2')).toBe(true);
      expect(bench.sp.vids.vidsOf('p1')).toHaveLength(4);
      const work = watch(bench.sp.rebalance());
      await traffic(ports, work.done);
      expect(work.result()).toMatchObject({ moved: plan.moves.length, moves: plan.moves });
      expect(bench.sp.vids.vidsOf('p1')).toHaveLength(2);
      await bench.advance(250);
      expect((await bench.sp.rebalance(true)).moves).toEqual([]);
    });
  });
}
