/** Restarts as GTP's peers tell and hear of them (TS 23.007 §18), with many gateways that are one node, on whatever card. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerSession } from '../../host/cli/demo/gtp-peer-session.ts';
import { readRecovery } from '../../host/protocol/gtp-recovery.ts';
import type { Ground } from '../host/switch/bench.ts';
import { GatewayBench, HOST, RESTART } from './gateway-bench.ts';
import { ping } from './ping.ts';

/** Message type of TS 29.274. */
const CREATE_SESSION_RESPONSE = 33;

export function describeRestarts(title: string, open: () => Promise<Ground>) {
  describe(title, () => {
    let bench: GatewayBench;

    beforeEach(async () => {
      bench = new GatewayBench(await open());
    });

    afterEach(async () => {
      await bench.finish();
    });

    const allInSync = () => bench.sp.vids.list().every(({ inSync }) => inSync);

    it('one node to its peers: path messages have one answer, with one restart counter', async () => {
      await bench.start(3);
      const echoes = await bench.during(
        Promise.all([bench.peer.echo(1), bench.peer.echo(2), bench.peer.echo(1)]),
      );
      expect(echoes).toEqual([RESTART, RESTART, RESTART]);
      const answered = bench.sp.status().punted.ends;
      expect(answered).toMatchObject({ answered_gtpv1_echo: 2, answered_gtpv2_echo: 1 });
      expect(bench.gateways.map(({ gateway }) => gateway.counters.control)).toEqual([0, 0, 0]);
      // A gateway that dies changes nothing of it.
      const [victim] = bench.gateways;
      victim?.cut();
      await bench.sp.lowerSlot(0);
      expect(await bench.during(bench.peer.echo(2))).toBe(RESTART);
      // User plane: the counter is there, and 0 (TS 29.281 §7.2.2).
      const heard: string[] = [];
      bench.peer.on('other', (kind) => heard.push(kind));
      bench.peer.sendUser(Buffer.from('32010004000000000001' + '0000', 'hex'));
      await bench.settle();
      expect(heard).toEqual(['echoResponse']);
    });

    it('the node has one restart counter for as long as a session lives, and another one when all are lost', async () => {
      await bench.start(2, { replicates: true });
      await bench.until(allInSync);
      const session = await bench.during(bench.peer.create('262011234567890'));
      const counters = async () => [
        await bench.during(bench.peer.echo(1)),
        await bench.during(bench.peer.echo(2)),
      ];
      // The switch processor restarts: what it has written down says that sessions live.
      await bench.restartSwitch();
      await bench.advance(1000);
      expect(await counters()).toEqual([RESTART, RESTART]);
      bench.peer.send(session, ping(session.ipv4 ?? '', HOST, 1));
      await bench.settle();
      expect(bench.atUser).toHaveLength(1);
      // One of two dies, and comes back.
      bench.gateways[0]?.cut();
      await bench.sp.lowerSlot(0);
      await bench.sp.raiseSlot(0);
      await bench.startGateway('gw-1', 2, { replicates: true });
      await bench.until(allInSync);
      expect(await counters()).toEqual([RESTART, RESTART]);
      // Both die, and are there again: no session lives.
      for (const slot of [0, 1]) {
        bench.gateways.findLast(({ port }) => port === 2 + slot)?.cut();
        await bench.sp.lowerSlot(slot);
        await bench.sp.raiseSlot(slot);
      }
      expect(await counters()).toEqual([RESTART + 1, RESTART + 1]);
      await bench.restartSwitch();
      const recoveries: (number | undefined)[] = [];
      bench.ground.onPort(0, (frame) => {
        const payload = frame.subarray(42);
        if (payload[1] === CREATE_SESSION_RESPONSE) {
          recoveries.push(readRecovery(2, payload)?.restart);
        }
        bench.peerEndpoint.receive(frame);
      });
      await bench.startGateway('gw-1', 2, { replicates: true });
      // It has no VIDs yet, and gets no set-up; the peer repeats it, or begins anew.
      await bench.until(() => bench.sp.vids.isOwner('gw-1'));
      await bench.during(bench.peer.create('262011234567891'));
      expect(recoveries).toEqual([RESTART + 1]);
      expect(await counters()).toEqual([RESTART + 1, RESTART + 1]);
    });

    it('a peer that restarts has lost its sessions: they end at all gateways and their backups', async () => {
      await bench.start(3, { replicates: true });
      await bench.until(allInSync);
      const { peer } = bench;
      peer.restart = 250;
      const other = await bench.addPeer('198.51.100.8', '0a:00:00:00:00:08', 9);
      const opened: PeerSession[] = [];
      for (let i = 0; i < 12; i++) {
        const version = i % 2 === 0 ? 1 : 2;
        opened.push(await bench.during(peer.create(`26201000000${1000 + i}`, version)));
        if (i < 4) await bench.during(other.create(`26202000000${1000 + i}`, version));
      }
      const held = () => bench.gateways.map(({ gateway }) => gateway.sessions.size);
      const sum = () => held().reduce((all, n) => all + n, 0);
      expect(sum()).toBe(16);
      expect(held().every((n) => n > 0)).toBe(true);

      // The counter is modulo 256. An older one was overtaken on its way (TS 23.007 §18).
      peer.restart = 248;
      await bench.during(peer.echo(2));
      await bench.advance(200);
      expect(sum()).toBe(16);
      peer.restart = 3;
      await bench.during(peer.echo(2));
      await bench.advance(200);
      expect(sum(), 'those of GTPv2').toBe(10);
      // Nothing of the other version was heard yet: what is set up now tells it, and lives.
      const fresh = await bench.during(peer.create('262011234567890', 1));
      expect(sum(), 'one of its own, and four of the other').toBe(5);
      expect(bench.sp.status().handlers.gtp).toMatchObject({ peers: 4, peerRestarts: 2 });

      for (const [i, session] of [fresh, ...opened].entries()) {
        bench.fromHost(ping(HOST, session.ipv4 ?? '', i, 8));
      }
      await bench.settle();
      const reached = bench.atUser.filter(({ dst }) => dst === fresh.ipv4);
      expect(reached).toHaveLength(bench.atUser.length);
      expect(reached.length).toBeGreaterThan(0);

      // Nor has a backup any of them, nor does a switch processor that restarts forget the counters.
      await bench.restartSwitch();
      await bench.advance(1000);
      await bench.until(allInSync);
      bench.gateways[0]?.cut();
      await bench.sp.lowerSlot(0);
      await bench.until(allInSync);
      await bench.advance(200);
      expect(
        held()
          .slice(1)
          .reduce((all, n) => all + n, 0),
      ).toBe(5);
      await bench.during(peer.echo(2));
      await bench.during(other.echo(1));
      await bench.advance(200);
      expect(
        held()
          .slice(1)
          .reduce((all, n) => all + n, 0),
      ).toBe(5);
      expect(bench.sp.status().handlers.gtp).toMatchObject({ peers: 4, peerRestarts: 0 });
      peer.restart = 4;
      await bench.during(peer.create('262011234567892', 2));
      await bench.during(peer.create('262011234567893', 1));
      await bench.advance(200);
      expect(
        held()
          .slice(1)
          .reduce((all, n) => all + n, 0),
      ).toBe(6);
    });

    it("a peer's restart is dealt with although a gateway dies meanwhile: whoever has its VIDs then is asked", async () => {
      await bench.start(3, { replicates: true });
      await bench.until(allInSync);
      bench.peer.restart = 1;
      for (let i = 0; i < 12; i++) {
        await bench.during(bench.peer.create(`26201000000${1000 + i}`));
      }
      const [victim, ...others] = bench.gateways;
      const held = () => others.reduce((sum, { gateway }) => sum + gateway.sessions.size, 0);
      victim?.cut(); // nobody has noticed
      bench.peer.restart = 2;
      const early = bench.during(bench.peer.create('262011234567890'));
      await bench.advance(500);
      expect(held()).toBe(0);
      expect(bench.sp.status().punted.ends.dropped_gtpv2_peer_restarted).toBeGreaterThan(0);
      await bench.sp.lowerSlot(0);
      await bench.settle();
      // Its sessions have come to its backups; they end there, and what waited begins.
      await early;
      await bench.advance(500);
      expect(held()).toBe(1);
      expect(bench.sp.vids.vidsOf('gw-1')).toEqual([]);
    });

    it("a peer's counter that comes by a VID counts as well: a handover brings the first of a peer", async () => {
      await bench.start(3, { replicates: true });
      await bench.until(allInSync);
      const other = await bench.addPeer('198.51.100.8', '0a:00:00:00:00:08', 9);
      const [first, second] = [
        await bench.during(bench.peer.create('262011234567890', 1)),
        await bench.during(bench.peer.create('262011234567891', 1)),
      ] as const;
      const alive = () =>
        [first, second].map(({ gatewayControl: teid }) =>
          bench.gateways.some(({ gateway }) => gateway.sessions.control(teid) !== undefined),
        );
      await bench.during(other.update(first));
      await bench.advance(200);
      expect(alive()).toEqual([true, true]);
      expect(bench.sp.status().handlers.gtp).toMatchObject({ peers: 1, peerRestarts: 0 });
      // It restarts, and takes over another session before it says anything else.
      other.restart = 10;
      await bench.during(other.update(second));
      await bench.advance(200);
      expect(alive()).toEqual([false, true]);
      expect(bench.sp.status().handlers.gtp).toMatchObject({ peers: 1, peerRestarts: 1 });
    });
  });
}
