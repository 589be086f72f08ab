/** Moves of a VID in the middle of which somebody dies: no session is lost, nothing is half moved. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Ground } from './bench.ts';
import { BASE, CounterBench, type CounterProcessor } from './counter-bench.ts';
import { watch } from './watch.ts';

/** When the switch processor dies: so many frames of processors behind an event. */
export interface SwitchDeath {
  readonly behind: 'asked' | 'handing over';
  readonly frames: number;
  /** Where the VID was to go: to its backup, which has a copy, or to somebody else. */
  readonly to: 'backup' | 'third';
  /** Who dies as well, before there is another switch processor. */
  readonly also: 'nobody' | 'old owner' | 'new owner';
}

export function describeMoveFaults<G extends Ground>(
  title: string,
  open: () => Promise<G>,
  /** Moments at which an owner dies: frames that it still sends. */
  moments: readonly number[],
  switchDeaths: readonly SwitchDeath[],
): void {
  describe(title, () => {
    let ground: G;
    let bench: CounterBench;

    async function begin(count: number) {
      ground = await open();
      bench = new CounterBench(ground);
      return bench.start(count);
    }

    afterEach(async () => {
      expect(bench.failures).toEqual([]);
      expect(bench.answers.filter((answer) => answer.startsWith('none'))).toEqual([]);
      await bench.close();
      await ground.close();
    });

    const named = (name: string) =>
      bench.processors.find((it) => it.name === name) as CounterProcessor;
    const thirdOf = (owner: string, backup: string | undefined) =>
      ['p1', 'p2', 'p3'].find((name) => name !== owner && name !== backup) ?? '';

    /** The session's count, which is all that was ever answered, and each time another one. */
    async function expectWhole(port: number, tag: string): Promise<void> {
      bench.send(`add s0 ${tag}.last`, port);
      bench.send(`get s0 ${tag}`, port);
      // Who speaks to the client for the first time asks for its address, and without a switch processor in vain.
      const answered = () => bench.answered('is', 's0')[0]?.[2] === tag;
      await bench.until(answered, 2000);
      const [last] = bench.answered('is', 's0');
      const sums = bench.answered('sum', 's0').map(([, , , count]) => Number(count));
      expect(new Set(sums).size, `${tag}: no count twice`).toBe(sums.length);
      expect(Number(last?.[3]), tag).toBeGreaterThanOrEqual(Math.max(...sums));
    }

    async function comesBack(name: string): Promise<void> {
      bench.kill(named(name));
      await bench.startProcessor(name, Number(name.slice(1)));
      await bench.until(() => bench.settled());
    }

    for (const victim of ['new', 'old'] as const) {
      it(`a move whose ${victim} owner dies in the middle loses no session, whenever that is`, async () => {
        await begin(3);
        const ports = await bench.open(12);
        const port = ports.get('s0') ?? 0;
        const vid = port - BASE;
        let failures = 0;
        for (const moment of moments) {
          const { owner, backup } = bench.sp.vids.require(vid);
          const to = thirdOf(owner, backup);
          const dying = victim === 'new' ? to : owner;
          const counted = bench.answered('sum', 's0').length;
          named(dying).fuse = moment;
          const moving = watch(bench.sp.moveVid(vid, to));
          for (let n = 0; n < 30; n++) {
            bench.send(`add s0 ${moment}.${n}`, port);
            await bench.tick();
          }
          expect(named(dying).frozen, `frame ${moment}`).toBe(true);
          await bench.until(moving.done, 100);
          try {
            moving.result();
          } catch (error) {
            expect((error as Error).message).toMatch(/VID \d+|went down|nothing is moved/);
            failures++;
          }
          await expectWhole(port, `${moment}`);
          expect(bench.answered('sum', 's0').length - counted).toBeGreaterThan(20);
          await comesBack(dying);
        }
        expect(failures).toBeGreaterThan(0);
      });
    }

    it('the switch processor dies in the middle of a move: one alone serves, with all that was answered, whenever that is', async () => {
      await begin(3);
      const ports = await bench.open(12);
      const port = ports.get('s0') ?? 0;
      const vid = port - BASE;
      const went = { there: 0, stayed: 0 };
      for (const death of switchDeaths) {
        const { behind, frames, also } = death;
        const where = JSON.stringify(death).replaceAll(' ', '_');
        const { owner, backup } = bench.sp.vids.require(vid);
        const to = death.to === 'third' ? thirdOf(owner, backup) : (backup ?? '');
        let left = behind === 'asked' ? frames : Infinity;
        if (behind === 'handing over') {
          named(owner).server.replication.once('yielded', () => {
            left = frames;
          });
        }
        bench.between = () => {
          if (left-- !== 0) return;
          bench.crashSwitch();
          if (also !== 'nobody') named(also === 'old owner' ? owner : to).frozen = true;
        };
        bench.sp.moveVid(vid, to).catch(() => {});
        for (let n = 0, more = 15; more > 0; n++) {
          expect(n, `${where} does not come`).toBeLessThan(200);
          bench.send(`add s0 ${n}`, port);
          await bench.tick();
          if (left < 0) more--;
        }
        bench.between = () => {};
        await bench.restartSwitch();
        await bench.until(() => bench.rows().every(({ inSync, next }) => inSync && !next));
        const now = bench.sp.vids.require(vid).owner;
        went[now === to ? 'there' : 'stayed']++;
        const serving = bench.processors.filter(
          ({ server, frozen }) => !frozen && server.replication.replicator?.state(vid),
        );
        expect(
          serving.map(({ name }) => name),
          where,
        ).toEqual([now]);
        await expectWhole(port, where);
        if (also !== 'nobody') await comesBack(also === 'old owner' ? owner : to);
        await bench.until(() => bench.settled());
        expect(await bench.sp.verify()).toEqual([]);
      }
      expect(Math.min(went.there, went.stayed), JSON.stringify(went)).toBeGreaterThan(0);
    });
  });
}
