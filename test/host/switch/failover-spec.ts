/** Death, and what becomes of sessions: with replication, over any ground. */
import { afterEach, describe, expect, it } from 'vitest';
import { buildReplicationFrame } from '../../../host/protocol/replication-frame.ts';
import type { SwitchProcessorOptions } from '../../../host/switch/switch-options.ts';
import type { Ground } from './bench.ts';
import { BASE, CounterBench, type CounterProcessor, HEALTH } from './counter-bench.ts';

/** From the last heartbeat to the first packet at the backup, at most (1 ms × 3). */
const MOST_MS = 4;

export function describeFailover<G extends Ground>(
  title: string,
  open: () => Promise<G>,
  /** Frames that ended for a reason since the card began. */
  ended: (ground: G, reason: string) => Promise<number>,
  /** Moments of death that are tried: frames that the dying one still sends. */
  moments: readonly number[],
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

    const alive = (ports: ReadonlyMap<string, number>, tag: string) => bench.alive(ports, tag);

    const status = (name: string) =>
      bench.sp.status().processors.find((slot) => slot.name === name);

    const byOwner = (ports: ReadonlyMap<string, number>, { name }: CounterProcessor) =>
      new Map([...ports].filter(([, port]) => bench.sp.vids.lookup(port - BASE)?.owner === name));

    it('the switch processor delivers the copies, and the row is in sync when both ends agree (G10)', async () => {
      await begin(2);
      const { ends } = bench.sp.status().punted;
      expect(ends.replication_delivered).toBeGreaterThan(0);
      const ports = await bench.open(8);
      const vid = (ports.get('s0') ?? 0) - BASE;
      const { owner, backup } = bench.sp.vids.require(vid);
      const [row] = await ground.card.readTable('vid_row', vid, 1);
      const slots = [owner, backup].map((name) => bench.sp.registry.byName(name ?? '')?.slot);
      expect(row).toEqual({ active: slots[0], backup: slots[1], backup_in_sync: 1, valid: 1 });
      const copy = bench.sp.status().replication.vids.find((it) => it.vid === vid);
      expect(copy).toMatchObject({
        owner,
        backup,
        state: 'in sync',
        digest: expect.stringMatching(/^[0-9a-f]{16}$/),
      });
      // A copy that was falsified: found at the next comparison, and not counted on until it is right.
      const keeper = bench.processors.find(({ name }) => name === backup);
      const held = keeper?.server.replication.replicator?.copyOf(vid);
      held?.apply({ key: 's0', value: Buffer.from([0, 0, 0, 77]) });
      const states = new Set<string>();
      bench.sp.on('changed', () => void states.add(`${bench.sp.vids.lookup(vid)?.inSync}`));
      for (const { server } of bench.processors) server.replication.replicator?.check();
      await bench.advance(10);
      await bench.until(() => bench.allInSync());
      expect([...states]).toEqual(['false', 'true']);
      expect(bench.sp.status().replication.lost).toBe(1);
      const again = keeper?.server.replication.replicator?.copyOf(vid);
      const source = bench.processors.find(({ name }) => name === owner)?.server.replication;
      expect(again?.digest()).toBe(source?.replicator?.state(vid)?.digest());
      // Nobody delivers in another's name, nor to an incarnation that is not there.
      const [one, two] = bench.processors as [CounterProcessor, CounterProcessor];
      const of = (at: CounterProcessor) => ({
        slot: at.processor.assignment?.slot ?? 0,
        epoch: at.processor.assignment?.epoch ?? 0,
      });
      const link = { srcMac: one.endpoint.mac, dstMac: bench.sp.controlMac };
      const datagram = Buffer.alloc(16);
      const forge = (from: object, to: object) =>
        ground.feed(
          one.port,
          buildReplicationFrame({ ...link, ...{ from, to }, datagram } as never),
        );
      forge(of(two), of(two));
      forge(of(one), { ...of(two), epoch: 99 });
      await bench.tick();
      expect(bench.sp.status().punted.ends).toMatchObject({
        dropped_replication_sender: 1,
        dropped_replication_down: 1,
      });
    });

    it('the first packet is at the backup within 4 ms of the last heartbeat, and none at the dead one after', async () => {
      const [first] = await begin(3);
      const ports = await bench.open(12);
      const dying = byOwner(ports, first as CounterProcessor);
      expect(dying.size).toBeGreaterThan(1);
      await bench.advance(10);
      const last = bench.clock.now(); // a heartbeat was sent in this millisecond
      bench.kill(first as CounterProcessor);
      for (let n = 0; n < 10; n++) {
        for (const [id, port] of dying) bench.send(`add ${id} ${n}`, port);
        await bench.tick();
      }
      const texts = new Set([...dying.keys()]);
      const after = bench.processors.flatMap(({ arrivals }) =>
        arrivals.filter(({ at, text }) => at > last && texts.has(text.split(' ')[1] ?? '')),
      );
      const firstAt = Math.min(...after.map(({ at }) => at));
      expect(firstAt - last).toBeLessThanOrEqual(MOST_MS);
      expect(firstAt - last).toBeGreaterThanOrEqual(HEALTH.timeout);
      const missed = first?.missed ?? [];
      expect(missed.length).toBeGreaterThan(0);
      expect(Math.max(...missed), 'nothing reaches it any more').toBeLessThan(firstAt);
      expect(await ended(ground, 'steer_backup')).toBeGreaterThan(0);
      expect(bench.answers.filter((answer) => answer.startsWith('none'))).toEqual([]);
      await alive(dying, 'after');
      // Its load is spread: more than one survivor has a part of it.
      const heirs = new Set([...dying.values()].map((port) => bench.ownerOf(port).name));
      expect(heirs.size).toBe(2);
    });

    it('gated sessions survive, whatever the moment of death', async () => {
      for (const moment of moments) {
        const [first] = (await begin(3)) as [CounterProcessor];
        const ports = new Map<string, number>();
        const counts = new Map<string, number>();
        const read = () => {
          for (const answer of bench.answers.splice(0)) {
            const [verb, id = '', what, count] = answer.split(' ');
            if (verb === 'ok') ports.set(id, Number(what));
            if (verb === 'sum') counts.set(id, Math.max(counts.get(id) ?? 0, Number(count)));
          }
        };
        bench.send('new first');
        await bench.tick();
        first.fuse = moment;
        for (let n = 0; n < 12; n++) {
          if (n < 6) for (const id of 'abc') bench.send(`new ${id}${n}`);
          for (const [id, port] of ports) bench.send(`add ${id} ${n}`, port);
          await bench.tick();
          read();
        }
        expect(first.frozen, `after ${moment} frames`).toBe(true);
        bench.kill(first);
        await bench.advance(8);
        read();
        await alive(ports, 'then');
        for (const [id, count] of counts) {
          const [found] = bench.answered('is', id);
          expect(Number(found?.[3]), `${moment} frames: ${id}`).toBeGreaterThanOrEqual(count);
        }
        if (moment === moments.at(-1)) return;
        expect(bench.failures).toEqual([]);
        await bench.close();
        await ground.close();
      }
    });

    it('as many rows are written for two hundred sessions as for two', async () => {
      const written: number[] = [];
      for (const sessions of [2, 200]) {
        const [first] = await begin(3);
        const ports = await bench.open(sessions);
        const before = ground.writesTo('vid_row');
        bench.kill(first as CounterProcessor);
        await bench.advance(20);
        await bench.until(() => bench.settled() || status('p1')?.state === 'down');
        await bench.until(() => bench.allInSync());
        written.push(ground.writesTo('vid_row') - before);
        await alive(ports, 'then');
        if (sessions === 200) break;
        await bench.close();
        await ground.close();
      }
      expect(written[1]).toBe(written[0]);
      expect(written[0]).toBeGreaterThan(0);
    });

    it('who comes back gets its VIDs with their state, and a new epoch (G12)', async () => {
      const [first] = await begin(3);
      const ports = await bench.open(12);
      const vids = bench.sp.vids.vidsOf('p1');
      bench.kill(first as CounterProcessor);
      for (const [id, port] of ports) bench.send(`add ${id} 1`, port);
      await bench.advance(10);
      expect(bench.sp.vids.vidsOf('p1')).toEqual([]);
      expect(bench.sp.vids.homeVidsOf('p1')).toEqual(vids);
      const again = await bench.startProcessor('p1', 1);
      await bench.until(() => bench.settled());
      expect(bench.sp.vids.vidsOf('p1')).toEqual(vids);
      expect(status('p1')).toMatchObject({ state: 'up', epoch: 2, vids });
      await alive(ports, 'home');
      const mine = byOwner(ports, again);
      expect(again.server.sessions().map((it) => it.split('=')[0])).toEqual(
        expect.arrayContaining([...mine.keys()]),
      );
    });

    it('who comes back before anybody noticed loses nothing either', async () => {
      const [first] = await begin(3);
      const ports = await bench.open(12);
      bench.kill(first as CounterProcessor);
      await bench.tick();
      await bench.startProcessor('p1', 1);
      await bench.until(() => bench.settled());
      expect(status('p1')).toMatchObject({ state: 'up', epoch: 2 });
      await alive(ports, 'home');
    });

    it('who was stopped and goes on cannot speak, finds that out, and begins anew', async () => {
      const [first] = await begin(3);
      const ports = await bench.open(12);
      const dying = byOwner(ports, first as CounterProcessor);
      (first as CounterProcessor).frozen = true;
      await bench.advance(10);
      await alive(ports, 'without');
      const down = await ended(ground, 'source_down');
      (first as CounterProcessor).frozen = false;
      // It still thinks that it serves: what it says goes nowhere.
      for (const [id] of dying) {
        const { replication } = (first as CounterProcessor).server;
        const vid = (dying.get(id) ?? 0) - BASE;
        expect(replication.replicator?.arrives(vid)).toBe('serve');
        replication.replicator?.change(vid, { key: id, value: Buffer.from([9, 9, 9, 9]) });
      }
      await bench.until(() => status('p1')?.epoch === 2);
      expect(await ended(ground, 'source_down')).toBeGreaterThan(down);
      await bench.until(() => bench.settled());
      await alive(ports, 'with');
      expect(bench.sp.vids.vidsOf('p1').length).toBe(4);
      for (const [id] of dying) {
        expect(Number(bench.answered('is', id)[0]?.[3]), 'nothing that it did counts').toBe(0);
      }
    });

    it("a worker that hangs is given up when its thread's limit has passed, and not before", async () => {
      const limit = 250; // of the worker's progress; the card waits for 3 ms of the thread's silence
      await begin(2);
      const hung = await bench.startProcessor('p3', 3, {}, { progressLimit: limit }, true);
      await bench.until(() => bench.settled());
      const ports = await bench.open(12);
      const its = byOwner(ports, hung);
      expect(its.size).toBeGreaterThan(0);
      await bench.advance(100);
      const { beats } = hung;
      if (beats === undefined) throw new Error('no thread sends its heartbeats');
      hung.worker.hang();
      const from = bench.clock.now();
      const late = () =>
        bench.processors.flatMap(({ name, arrivals }) =>
          arrivals.filter(
            ({ at, text }) => name !== 'p3' && at > from && its.has(text.split(' ')[1] ?? ''),
          ),
        );
      for (let n = 0; late().length === 0; n++) {
        expect(n, 'nobody takes over').toBeLessThan(2 * limit);
        for (const [id, port] of its) bench.send(`add ${id} ${n}`, port);
        await bench.tick();
      }
      // Exactly: progress is seen each 50 ms, the thread goes on for its limit, the card waits as for any.
      expect(from - beats.moved).toBeLessThan(limit / 5);
      expect((beats.sent ?? 0) - beats.moved).toBe(limit);
      const [first] = late();
      expect((first?.at ?? 0) - (beats.sent ?? 0)).toBeLessThanOrEqual(MOST_MS);
      expect((first?.at ?? 0) - (beats.sent ?? 0)).toBeGreaterThanOrEqual(HEALTH.timeout);
      await alive(its, 'without');
      // What it has to say when it goes on nobody hears; it finds that out, and begins anew.
      hung.worker.goOn();
      await bench.until(() => status('p3')?.epoch === 2);
      await bench.until(() => bench.settled());
      expect(await ended(ground, 'source_down')).toBeGreaterThan(0);
      await alive(its, 'with');
    });

    it('a link that goes down is a death, too, and faster', async () => {
      await begin(3);
      const ports = await bench.open(12);
      await ground.link(1, false);
      await bench.tick();
      expect(status('p1')?.state).toBe('up'); // the host has not even heard of it
      for (const [id, port] of ports) bench.send(`get ${id} now`, port);
      await bench.tick();
      expect(bench.answered('is', 's0').length).toBe(1);
      await alive(ports, 'then');
      await bench.until(() => status('p1')?.state === 'down');
      expect(status('p1')?.lastDown?.cause).toBe('link');
    });

    it('the backup dies first: another one gets the copies, and then the owner may die', async () => {
      await begin(3);
      const ports = await bench.open(12);
      const port = ports.get('s0') ?? 0;
      const { owner, backup } = bench.sp.vids.require(port - BASE);
      const named = (name: string | undefined) =>
        bench.processors.find((it) => it.name === name) as CounterProcessor;
      const vid = port - BASE;
      const copy = () => bench.sp.status().replication.vids.find((it) => it.vid === vid);
      const states = new Set<string | undefined>();
      bench.sp.on('changed', () => void states.add(copy()?.state));
      bench.kill(named(backup));
      await bench.advance(6);
      await bench.until(() => bench.allInSync());
      // Meanwhile it has no copy that counts, and status says so.
      expect([...states]).toContain('copying');
      expect(copy()).toMatchObject({ owner, state: 'in sync' });
      expect(copy()?.backup).not.toBe(backup);
      bench.kill(named(owner));
      await bench.advance(6);
      await alive(ports, 'then');
    });

    it('both die: an error that is counted, no wedge, and new sessions as soon as somebody is there', async () => {
      const [first, second] = await begin(2);
      const ports = await bench.open(6);
      bench.kill(first as CounterProcessor);
      bench.kill(second as CounterProcessor);
      await bench.advance(10);
      for (const [id, port] of ports) bench.send(`get ${id} now`, port);
      bench.send('new late');
      await bench.advance(5);
      expect(await ended(ground, 'punt_slots_down')).toBe(6);
      const { ends } = bench.sp.status().punted;
      expect(ends).toMatchObject({ dropped_slots_down: 6, dropped_no_processor: 1 });
      await bench.startProcessor('p1', 1);
      await bench.startProcessor('p2', 2);
      await bench.until(() => bench.settled());
      // What is gone is gone, and said.
      for (const [id, port] of ports) bench.send(`get ${id} now`, port);
      await bench.advance(5);
      expect(bench.answers.filter((answer) => answer.startsWith('none')).length).toBe(6);
      bench.answers.length = 0;
      await alive(await bench.open(6, 'again'), 'then');
    });
  });
}
