import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CounterSnapshot, checkAccounting } from '../../driver/index.ts';
import type { PeerSession } from '../../host/cli/demo/gtp-peer-session.ts';
import { vidOfTeid } from '../../host/protocol/teid.ts';
import { type SimulatedGround, simulatedGround } from '../host/switch/simulated-ground.ts';
import { GatewayBench, HOST } from './gateway-bench.ts';
import { describeGateway } from './gateway-spec.ts';
import { ping } from './ping.ts';

describeGateway('GTP through the RTL', simulatedGround);

describe('what the RTL counts of sessions', () => {
  let ground: SimulatedGround;
  let bench: GatewayBench;

  beforeAll(async () => {
    ground = await simulatedGround();
    bench = new GatewayBench(ground);
    await bench.start(2);
  });

  afterAll(() => bench.close());

  it('a punt for each set-up; those of service and VID stand still while users send (G4, G13)', async () => {
    const begun = await ground.card.snapshot();
    const sessions: PeerSession[] = [];
    for (let i = 0; i < 4; i++) {
      const version = i < 2 ? 1 : 2;
      sessions.push(await bench.during(bench.peer.create(`26201000000${1000 + i}`, version)));
    }
    const before = await ground.card.snapshot();
    expect(punted(before, begun, bench)).toEqual({ 'gtp/control-v1': 2n, 'gtp/control-v2': 2n });

    for (const [i, session] of sessions.entries()) {
      for (let n = 0; n <= i; n++) bench.peer.send(session, ping(session.ipv4 ?? '', HOST, n));
      await bench.settle();
    }
    for (const session of sessions) await bench.during(bench.peer.delete(session));
    const after = await ground.card.snapshot();
    expect(punted(after, before, bench)).toEqual({});
    // A delete and, up and down, a packet for each ping.
    const vids = sessions.map(({ gatewayControl }) => vidOfTeid(gatewayControl));
    const packets = await ground.card.vidPackets(0, 8);
    expect(vids.map((vid) => packets[vid])).toEqual([3n, 5n, 7n, 9n]);
    expect(packets.reduce((sum, n) => sum + n, 0n)).toBe(24n);
    expect(steered(after, before, bench)).toEqual({
      ...{ 'gtp/control-v1': 2n, 'gtp/control-v2': 2n },
      ...{ 'gtp/user': 10n, 'gtp/downlink-ipv4': 10n },
    });
    expect(bench.atUser).toHaveLength(10);
    expect(checkAccounting(after).faults).toEqual([]);
    expect(await bench.sp.verify()).toEqual([]);
  });
});

type Hits = 'punted' | 'others';

function difference(
  what: Hits,
  after: CounterSnapshot,
  before: CounterSnapshot,
  bench: GatewayBench,
): Record<string, bigint> {
  const entries = bench.sp.services.rules.map(({ name }, index): [string, bigint] => {
    const hits = (snapshot: CounterSnapshot) => snapshot.rules[index]?.[what].packets ?? 0n;
    return [name, hits(after) - hits(before)];
  });
  return Object.fromEntries(entries.filter(([, count]) => count !== 0n));
}

const punted = (after: CounterSnapshot, before: CounterSnapshot, bench: GatewayBench) =>
  difference('punted', after, before, bench);
const steered = (after: CounterSnapshot, before: CounterSnapshot, bench: GatewayBench) =>
  difference('others', after, before, bench);
