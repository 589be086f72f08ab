/** Clients that use the backup's own VID, which the set-up reply carries, through the RTL (G9). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerSession } from '../../host/cli/demo/gtp-peer-session.ts';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { GatewayBench, HOST } from './gateway-bench.ts';
import { ping } from './ping.ts';

describe("the backup's VID through the RTL", () => {
  let bench: GatewayBench;

  beforeEach(async () => {
    bench = new GatewayBench(await simulatedGround());
  });

  afterEach(async () => {
    await bench.finish();
  });

  it("a client that knows the backup's VID is answered there before anybody has noticed the death (G9)", async () => {
    await bench.start(3, { replicates: true });
    await bench.until(() => bench.sp.vids.list().every(({ inSync }) => inSync));
    const sessions: PeerSession[] = [];
    for (let i = 0; i < 3; i++) {
      sessions.push(await bench.during(bench.peer.create(`26201000000${1000 + i}`)));
    }
    const session = sessions[0] as PeerSession;
    const packet = (sequence: number) => ping(session.ipv4 ?? '', HOST, sequence);
    const heard = () => bench.atUser.map(({ sequence }) => sequence);
    // As long as the owner lives nobody else serves: clients reach it.
    bench.peer.sendToBackup(session, packet(1));
    await bench.advance(500);
    expect(heard()).toEqual([]);
    bench.peer.send(session, packet(2));
    await bench.settle();
    expect(heard()).toEqual([2]);

    const owner = bench.sp.vids.lookup(vidOfTeid(session.gatewayControl))?.owner;
    const victim = bench.gateways.find(({ name }) => name === owner);
    const state = () => bench.sp.registry.byName(owner ?? '')?.state;
    victim?.cut();
    bench.peer.send(session, packet(3));
    await bench.settle();
    expect([state(), heard()]).toEqual(['up', [2]]);
    const began = bench.clock.now();
    bench.peer.sendToBackup(session, packet(4));
    bench.peer.sendToBackup(session, packet(5));
    await bench.until(() => heard().length > 1);
    expect(heard()).toEqual([2, 4, 5]);
    // Silence alone is noticed after 5 s of reports that do not come.
    expect(bench.clock.now() - began).toBeLessThan(1000);
    expect(state()).toBe('down');
    bench.peer.send(session, packet(6));
    await bench.settle();
    expect(heard()).toEqual([2, 4, 5, 6]);
    // A stranger's packet does not pass for one of the session's.
    bench.peer.sendToBackup(session, ping('203.0.113.99', HOST, 7));
    await bench.settle();
    expect(bench.atHost.some(({ sequence }) => sequence === 7)).toBe(false);
    expect(bench.sp.status().punted.inDialog).toBe(0);
  });
});
