/** Where the sessions of a dead gateway go when those that live have unequal room (G9, G11). */
import { afterEach, describe, expect, it } from 'vitest';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import type { Ground } from '../host/switch/bench.ts';
import { GatewayBench, type TestGateway } from './gateway-bench.ts';
import { expectPings } from './gateway-pings.ts';

/** In the steps of the bench's clock. */
const HEALTH = { interval: 50, timeout: 150, poll: 50 };
/** Of each gateway, such that the parts of capacities of 1000, 2000 and 4000 are whole numbers. */
const VIDS = 14;
const PARTS = [2, 4, 8];
/** Sessions of a VID. */
const EACH = 2;

export function describeGatewayCapacity(title: string, open: () => Promise<Ground>) {
  describe(title, () => {
    let bench: GatewayBench;

    afterEach(async () => {
      await bench.finish();
    });

    it.each([
      ['last', [1000, 2000, 4000, 3000]],
      ['first', [3000, 1000, 2000, 4000]],
    ] as const)(
      'the gateway that came %s dies: its sessions go to the others in proportion to what they have to spare',
      async (which, capacities) => {
        bench = new GatewayBench(await open(), { health: HEALTH, vidsPerProcessor: VIDS });
        await bench.start(0);
        for (const [i, capacity] of capacities.entries()) {
          await bench.startGateway(`gw-${i + 1}`, i + 2, { replicates: true, capacity });
        }
        const settled = () => bench.sp.vids.list().every(({ inSync, next }) => inSync && !next);
        await bench.until(settled);
        const sessions = await bench.each(
          Array.from({ length: 4 * VIDS * EACH }, (_, n) => n),
          (n) => bench.peer.create(`26201000000${1000 + n}`, n % 2 === 0 ? 1 : 2),
        );
        const victim = bench.gateways.at(which === 'first' ? 0 : -1) as TestGateway;
        const heirs = bench.gateways.filter((gateway) => gateway !== victim);
        const held = () => heirs.map(({ gateway }) => gateway.sessions.size);
        const owned = () => heirs.map(({ name }) => bench.sp.vids.vidsOf(name).length);
        expect(held()).toEqual([VIDS, VIDS, VIDS].map((vids) => vids * EACH));
        expect(owned()).toEqual([VIDS, VIDS, VIDS]);
        const its = bench.sp.vids.vidsOf(victim.name);
        expect(its).toHaveLength(VIDS);

        victim.cut();
        await bench.until(() => bench.sp.registry.byName(victim.name)?.state === 'down');
        const dead = sessions.filter(({ gatewayControl: teid }) => its.includes(vidOfTeid(teid)));
        expect(dead).toHaveLength(VIDS * EACH);
        await expectPings(bench, dead, 'at the heirs');
        expect(owned().map((vids) => vids - VIDS)).toEqual(PARTS);
        expect(held().map((count) => count - VIDS * EACH)).toEqual(PARTS.map((n) => n * EACH));
      },
    );
  });
}
