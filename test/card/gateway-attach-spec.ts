/** Users who come anew without having left (TS 29.060 §7.3.1, TS 29.274 §7.2.1), on whatever card. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import type { Ground } from '../host/switch/bench.ts';
import { GatewayBench, HOST } from './gateway-bench.ts';
import { ping } from './ping.ts';

const IMSI = '262011234567890';

export function describeAttachAnew(title: string, open: () => Promise<Ground>) {
  describe(title, () => {
    let bench: GatewayBench;

    beforeEach(async () => {
      bench = new GatewayBench(await open());
      await bench.start(4, { replicates: true });
      await allInSync();
    });

    afterEach(async () => {
      await bench.finish();
    });

    const allInSync = () => bench.until(() => bench.sp.vids.list().every(({ inSync }) => inSync));
    const held = () => bench.gateways.map(({ gateway }) => gateway.sessions.size);
    const replaced = () =>
      bench.gateways.reduce((sum, { gateway }) => sum + gateway.counters.replaced, 0);
    /** Control messages of a type that processors were asked with. */
    const asked = (type: 'leave') =>
      bench.askedOf.filter((request) => request.type === type).length;

    it.each([
      [1, 1],
      [2, 2],
      [1, 2],
      [2, 1],
    ] as const)(
      'GTPv%i and then GTPv%i: one session in all, at another gateway than the first',
      async (before, now) => {
        const first = await bench.during(bench.peer.create(IMSI, before));
        const second = await bench.during(bench.peer.create(IMSI, now));
        await bench.settle();
        expect(vidOfTeid(second.gatewayControl)).not.toBe(vidOfTeid(first.gatewayControl));
        expect(held(), 'the second gateway has it, and nobody else').toEqual([0, 1, 0, 0]);
        expect(replaced()).toBe(1);
        const errors: number[] = [];
        bench.peer.on('errorIndication', (teid) => errors.push(teid));
        bench.peer.send(first, ping(first.ipv4 ?? '', HOST, 1));
        bench.peer.send(second, ping(second.ipv4 ?? '', HOST, 2));
        await bench.settle();
        expect(errors).toEqual([first.gatewayUser]);
        expect(bench.atUser.map(({ sequence }) => sequence)).toEqual([2]);
        // Nor does a backup have it: its owner dies, and there is nothing to go on with.
        bench.gateways[0]?.cut();
        await bench.sp.lowerSlot(0);
        bench.peer.send(first, ping(first.ipv4 ?? '', HOST, 3));
        await bench.settle();
        expect(errors).toHaveLength(2);
        expect(held().slice(1)).toEqual([1, 0, 0]);
      },
    );

    it('nobody is asked for who comes for the first time', async () => {
      for (let i = 0; i < 12; i++) {
        await bench.during(bench.peer.create(`26201000000${1000 + i}`, i % 2 === 0 ? 1 : 2));
      }
      expect(asked('leave')).toBe(0);
      expect(held()).toEqual([3, 3, 3, 3]);
      await bench.during(bench.peer.create('262010000001000', 1));
      await bench.settle();
      expect(asked('leave')).toBe(4);
    });

    it('the old session ends wherever it is by now: moved, taken over, and after a switch processor that knew of it', async () => {
      const moved = await bench.during(bench.peer.create(IMSI));
      await bench.during(bench.sp.moveVid(vidOfTeid(moved.gatewayControl), 'gw-4'));
      expect(held()).toEqual([0, 0, 0, 1]);
      await bench.during(bench.peer.create(IMSI));
      await bench.settle();
      expect(held()).toEqual([0, 1, 0, 0]);

      bench.gateways[1]?.cut();
      await bench.sp.lowerSlot(1);
      await bench.advance(200);
      await allInSync();
      await bench.during(bench.peer.create(IMSI));
      await bench.until(() => replaced() === 2);
      const living = () => held().filter((_, i) => i !== 1);
      expect(living().reduce((sum, n) => sum + n, 0)).toBe(1);

      await bench.restartSwitch();
      await bench.advance(1000);
      const last = await bench.during(bench.peer.create(IMSI));
      await bench.until(() => replaced() === 3 || living().reduce((sum, n) => sum + n, 0) === 1);
      expect(living().reduce((sum, n) => sum + n, 0)).toBe(1);
      bench.peer.send(last, ping(last.ipv4 ?? '', HOST, 1));
      await bench.settle();
      expect(bench.atUser).toHaveLength(1);
    });

    it('many at once, again and again: the last of each is there, and nothing else', async () => {
      const users = Array.from({ length: 42 }, (_, i) => `26201000000${1000 + i}`);
      for (let round = 0; round < 3; round++) {
        await bench.during(Promise.all(users.map((imsi) => bench.peer.create(imsi, 2))));
      }
      await bench.settle();
      expect(held().reduce((sum, n) => sum + n, 0)).toBe(42);
      expect(replaced()).toBe(84);
    });
  });
}
