/** Real sessions through the RTL, as they stood on the wire: tshark reads of them what we meant. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../../host/processor/gateway.ts';
import { OPINION_FIELDS, readBoth } from '../host/protocol/gtp-opinion.ts';
import { decode, tsharkIsThere } from '../host/protocol/tshark.ts';
import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { GatewayBench, HOST, RESTART } from './gateway-bench.ts';
import { ping } from './ping.ts';

const ASKED = [
  ...OPINION_FIELDS,
  ...['_ws.malformed', '_ws.expert.severity', '_ws.expert.message', 'gtp.message', 'ip.src'],
];
/** Of tshark's severities (epan/proto.h): above are warnings and errors. */
const NOTE = 0x400000;

describe.runIf(tsharkIsThere)('sessions on the wire, as tshark reads them', () => {
  let bench: GatewayBench;
  let found: Record<string, string>[];

  beforeAll(async () => {
    bench = new GatewayBench(await simulatedGround());
    await bench.start(2, { replicates: true });
    await bench.until(() => bench.sp.vids.list().every(({ inSync }) => inSync));
    const { peer } = bench;
    await bench.during(Promise.all([peer.echo(1), peer.echo(2)]));
    for (const version of [1, 2] as const) {
      for (const wants of ['ipv4', 'ipv6', 'ipv4v6'] as const) {
        const imsi = `26201${version}23456789${wants.length}`;
        const session = await bench.during(peer.create(imsi, version, wants));
        if (session.ipv4 !== undefined) peer.send(session, ping(session.ipv4, HOST, 1));
        await bench.settle();
        const moved = await bench.during(peer.update(session));
        if (wants === 'ipv6') await bench.during(peer.delete(moved));
      }
    }
    const [gateway] = bench.gateways.map((one) => one.gateway).filter((one) => dedicated(one));
    const held = gateway && dedicated(gateway);
    if (gateway === undefined || held === undefined) throw new Error('no session of GTPv2');
    const quality = Buffer.alloc(22);
    const bearer = { quality, match: { protocol: 1, remoteAddress: HOST } };
    await bench.during(gateway.createBearer(held, bearer));
    const now = gateway.sessions.control(held.teid) ?? held;
    const rates = { uplink: 1, downlink: 2 };
    await bench.during(gateway.updateBearer(now, { id: 6, quality }, rates));
    await bench.during(gateway.deleteBearer(now, 6));
    await bench.during(gateway.end(now));
    // Nobody knows these.
    peer.send({ gatewayUser: 0x0fff0001 }, ping('100.64.0.1', HOST, 1));
    peer.indicateError(0xabcdef);
    await bench.settle();
    found = decode([...bench.fromPeer, ...bench.toPeers], ASKED);
  });

  afterAll(() => bench.close());

  it('finds nothing malformed and nothing to warn of', () => {
    for (const [n, one] of found.entries()) {
      const worst = Math.max(0, ...(one['_ws.expert.severity'] ?? '').split(',').map(Number));
      expect(one['_ws.malformed'], `frame ${n}`).toBe('');
      expect(worst, `frame ${n}: ${one['_ws.expert.message']}`).toBeLessThanOrEqual(NOTE);
    }
  });

  it('reads each control message as we do: types, TEIDs, numbers, causes, addresses', () => {
    const kinds = new Map<string, number>();
    for (const one of found) {
      const both = readBoth(one);
      if (both === undefined || one['udp.dstport'] === '2152') continue;
      if ('problem' in both) throw new Error(`${both.problem}: ${one['udp.payload']}`);
      expect(both.ours, both.kind).toEqual(both.theirs);
      kinds.set(both.kind, (kinds.get(both.kind) ?? 0) + 1);
    }
    const pairs = (name: string, count: number) => [
      [`${name}Request`, count],
      [`${name}Response`, count],
    ];
    expect(Object.fromEntries(kinds)).toEqual(
      Object.fromEntries([
        ...pairs('echo', 2),
        ...[...pairs('create', 3), ...pairs('update', 3), ...pairs('delete', 1)],
        ...[...pairs('createSession', 3), ...pairs('modifyBearer', 3)],
        ...[...pairs('deleteSession', 1), ...pairs('createBearer', 1)],
        ...[...pairs('updateBearer', 1), ...pairs('deleteBearer', 2)],
      ]),
    );
    const echoes = found.filter((one) => one['gtpv2.message_type'] === '2');
    expect(echoes.map((one) => one['gtpv2.rec'])).toEqual([String(RESTART)]);
  });

  it('reads the user plane: packets, end markers and error indications', () => {
    const types = found
      .filter((one) => one['gtp.message'] !== '' && one['udp.dstport'] === '2152')
      .map((one) => Number(one['gtp.message']));
    const count = (type: number) => types.filter((it) => it === type).length;
    // Four users with IPv4 ping, and are answered; one packet is of nobody.
    expect([255, 254, 26].map(count)).toEqual([9, 3, 2]);
  });
});

const dedicated = (gateway: Gateway) =>
  [...gateway.sessions.all()].find(({ version, ipv4 }) => version === 2 && ipv4 !== undefined);
