/** What becomes of set-ups whose gateway dies before anybody hears its answer, on whatever card. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerSession } from '../../host/cli/demo/gtp-peer-session.ts';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import type { Ground } from '../host/switch/bench.ts';
import { GatewayBench, HOST } from './gateway-bench.ts';
import { ping } from './ping.ts';

/** Message types of the set-up's answer, by version; they stand at the same place of a frame. */
const RESPONSES = { 1: 17, 2: 33 } as const;

export function describeRepeatedSetups(title: string, open: () => Promise<Ground>) {
  describe(title, () => {
    let bench: GatewayBench;

    beforeEach(async () => {
      bench = new GatewayBench(await open());
      await bench.start(4, { replicates: true });
      await bench.until(() => bench.sp.vids.list().every(({ inSync }) => inSync));
    });

    afterEach(async () => {
      await bench.finish();
    });

    const held = () => bench.gateways.map(({ gateway }) => gateway.sessions.size);
    const first = (index: number) => bench.gateways[index] ?? expect.fail('no such gateway');

    it.each([1, 2] as const)(
      'GTPv%i: the first gateway has copied the session and dies: the repetition is answered by who has it now, with the same session',
      async (version) => {
        // The wire to the peer takes no answer of the first gateway's.
        let deaf = true;
        let lost = 0;
        bench.ground.onPort(0, (frame) => {
          if (deaf && frame[43] === RESPONSES[version]) lost++;
          else bench.peerEndpoint.receive(frame);
        });
        const wanted = bench.peer.create('262011234567890', version);
        await bench.until(() => lost === 1);
        expect(held()).toEqual([1, 0, 0, 0]);
        const [made] = first(0).gateway.sessions.all();
        first(0).cut();
        await bench.sp.lowerSlot(0);
        deaf = false;
        const session = await bench.during(wanted);
        expect(session.gatewayControl).toBe(made?.teid);
        expect(session.ipv4).toBe(made?.ipv4);
        expect(held().slice(1).sort(), 'one session, not two').toEqual([0, 0, 1]);
        const row = bench.sp.vids.lookup(vidOfTeid(session.gatewayControl));
        const heir = bench.gateways.find(({ name }) => name === row?.owner);
        expect(heir?.gateway.counters).toMatchObject({ created: 0, repeated: 1 });
        expect(bench.sp.status().punted).toMatchObject({
          held: 0,
          heirs: { found: 1, none: 0, refused: 0 },
        });
        bench.peer.send(session, ping(session.ipv4 ?? '', HOST, 1));
        await bench.settle();
        expect(bench.atUser).toHaveLength(1);
        await bench.during(bench.peer.delete(session));
        expect(held().slice(1)).toEqual([0, 0, 0]);
      },
    );

    it('the first gateway dies with the set-up unread: the repetition is a set-up like any other', async () => {
      first(0).cut();
      const wanted = bench.peer.create('262011234567890');
      await bench.settle();
      await bench.sp.lowerSlot(0);
      const session = await bench.during(wanted);
      expect(held().slice(1).sort()).toEqual([0, 0, 1]);
      expect(bench.sp.status().punted).toMatchObject({
        held: 0,
        heirs: { found: 0, none: 1, refused: 0 },
      });
      bench.peer.send(session, ping(session.ipv4 ?? '', HOST, 1));
      await bench.settle();
      expect(bench.atUser).toHaveLength(1);
    });

    it('many that are repeated at once are all found', async () => {
      const answers: readonly number[] = Object.values(RESPONSES);
      bench.ground.onPort(0, (frame) => {
        if (!answers.includes(frame[43] ?? 0)) bench.peerEndpoint.receive(frame);
      });
      const count = 200;
      const wanted: Promise<PeerSession>[] = [];
      for (let i = 0; i < count; i++) {
        wanted.push(bench.peer.create(`2620100000${10000 + i}`, i % 2 === 0 ? 1 : 2));
        // No more at a time than a rule may have waiting at the host.
        if (i % 50 === 49) await bench.settle();
      }
      await bench.until(() => held().reduce((sum, n) => sum + n, 0) === count);
      const made = new Set(
        bench.gateways.flatMap(({ gateway }) =>
          [...gateway.sessions.all()].map(({ teid }) => teid),
        ),
      );
      const orphans = held()[0] ?? 0;
      first(0).cut();
      await bench.sp.lowerSlot(0);
      bench.ground.onPort(0, (frame) => bench.peerEndpoint.receive(frame));
      const sessions = await bench.during(Promise.all(wanted));
      expect(new Set(sessions.map(({ gatewayControl }) => gatewayControl))).toEqual(made);
      expect(
        held()
          .slice(1)
          .reduce((sum, n) => sum + n, 0),
      ).toBe(count);
      expect(bench.sp.status().punted.heirs.found).toBe(orphans);
    });
  });
}
