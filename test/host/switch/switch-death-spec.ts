/** The switch processor crashes, alone and with an owner: nothing that it had begun is finished, over any ground. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Ground } from './bench.ts';
import { CounterBench, type CounterProcessor } from './counter-bench.ts';

export function describeSwitchDeath<G extends Ground>(
  title: string,
  open: () => Promise<G>,
  /** Moments at which the switch processor follows an owner: accesses to the card that it still makes. */
  moments: readonly number[],
): void {
  describe(title, () => {
    let ground: G;
    let bench: CounterBench;

    async function begin(count: number) {
      ground = await open();
      bench = new CounterBench(ground);
      return bench.start(count);
    }

    async function end() {
      expect(bench.failures).toEqual([]);
      await bench.close();
      await ground.close();
    }
    afterEach(end);

    const status = (name: string) =>
      bench.sp.status().processors.find((slot) => slot.name === name);

    it('it crashes and comes back: nothing that was right is touched, steering goes on', async () => {
      await begin(3);
      const ports = await bench.open(12);
      bench.crashSwitch();
      for (let n = 0; n < 20; n++) {
        for (const [id, port] of ports) bench.send(`add ${id} ${n}`, port);
        await bench.tick();
      }
      expect(bench.answered('sum', 's3').length).toBeGreaterThanOrEqual(19);
      const [rows, slots] = [ground.writesTo('vid_row'), ground.writesTo('slot')];
      await bench.restartSwitch();
      await bench.advance(300);
      expect([ground.writesTo('vid_row'), ground.writesTo('slot')]).toEqual([rows, slots]);
      expect(bench.sp.status().processors.map(({ state }) => state)).toEqual(
        expect.arrayContaining(['up', 'up', 'up']),
      );
      expect(bench.settled()).toBe(true);
      await bench.alive(ports, 'then');
      // And it is of use again: a death is dealt with.
      bench.kill(bench.processors[0] as CounterProcessor);
      await bench.advance(10);
      await bench.alive(ports, 'later');
    });

    it('it crashes with an owner, or while it deals with that death: the card turns alone, the rest follows', async () => {
      /** Whether what it had written down knew of the owner's death. */
      const known = new Set<boolean>();
      for (const [i, moment] of moments.entries()) {
        if (i > 0) await end();
        const [first] = (await begin(3)) as [CounterProcessor];
        const ports = await bench.open(12);
        bench.kill(first);
        bench.crashSwitch(moment);
        for (let n = 0; n < 10 || !bench.hasCrashed; n++) {
          expect(n, `moment ${moment} does not come`).toBeLessThan(200);
          for (const [id, port] of ports) bench.send(`add ${id} ${n}`, port);
          await bench.tick();
        }
        await bench.alive(ports, 'without');
        const before = bench.saved?.slots.find(({ name }) => name === 'p1');
        known.add(before?.state === 'down');
        await bench.restartSwitch();
        await bench.until(() => status('p1')?.state === 'down', 100);
        await bench.alive(ports, 'with');
        await bench.until(() => bench.allInSync());
        for (const id of ports.keys()) {
          const counts = bench.answered('sum', id).map(([, , , count]) => Number(count));
          const [now] = bench.answered('is', id);
          expect(Number(now?.[3]), `${moment}: ${id}`).toBeGreaterThanOrEqual(Math.max(...counts));
        }
        await bench.startProcessor('p1', 1);
        await bench.until(() => bench.settled());
        await bench.alive(ports, 'home');
        expect(await bench.sp.verify()).toEqual([]);
      }
      expect([...known].sort()).toEqual([false, true]);
    });
  });
}
