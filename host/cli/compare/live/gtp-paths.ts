/** The ways that the same tunnels may take, each in a cage of its own. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sumEnds } from '../../../../driver/index.ts';
import { PuntingTransport } from '../../../router/punting-transport.ts';
import { SoftwareRouter } from '../../../router/software-router.ts';
import { LiveGateways } from '../../demo/live-gateways.ts';
import { type Program, startProgram } from '../../demo/program.ts';
import { GATEWAY_TOPOLOGY, makeGatewayTopology } from '../../namespaces/gateway-topology.ts';
import { run } from '../../namespaces/run.ts';
import type { Namespace } from '../../namespaces/topology.ts';
import { type GtpPath, type Met, ownCpuNs, receivedBy } from './path.ts';

export interface RunningGtpPath {
  readonly client: Namespace;
  met(): Promise<Met>;
  stop(): Promise<void>;
}

const GATEWAYS = 4;
/** VIDs of each: what its TEIDs begin with, and 64 users' addresses each. */
const VIDS = 16;
const CONFIGURATION = 'sim';
const ALONE = fileURLToPath(new URL('gtp-alone-main.ts', import.meta.url));
/** Milliseconds: all paths share a small machine with the load, and none is to fail over. */
const HEARTBEAT = { interval: 100, timeout: 2000 };

export function startGtpPath(name: GtpPath): Promise<RunningGtpPath> {
  return name === 'gtp-nftables' ? startNftables() : startCard(name);
}

/** The demo's system; with `gtp-punt` the card's tunnels are steered by the software router. */
async function startCard(name: GtpPath): Promise<RunningGtpPath> {
  const live = await LiveGateways.start({
    ...{ gateways: GATEWAYS, vidsPerGateway: VIDS, heartbeat: HEARTBEAT, restartCounter: 1 },
    ...(name !== 'gtp-punt'
      ? {}
      : {
          through: async (transport) =>
            PuntingTransport.open(transport, await SoftwareRouter.open(CONFIGURATION)),
        }),
  });
  const { card } = live.system;
  const punted = async () =>
    Number(sumEnds(await card.snapshot(), { origin: 'line', end: 'punt' }).packets);
  const before = await punted();
  const cpu = ownCpuNs();
  return {
    client: live.topology.client,
    async met() {
      return { packets: (await punted()) - before, cpuNs: ownCpuNs() - cpu };
    },
    stop: () => live.close(),
  };
}

const gatewayMac = (n: number) => `06:00:00:00:00:${(n + 1).toString(16).padStart(2, '0')}`;
const nextHop = (n: number) => `10.77.${n}.2`;
const tableOf = (n: number) => `${100 + n}`;
/** The pool's addresses of a gateway's VIDs: 16 times 64. */
const usersOf = (n: number) => `100.64.${(n * VIDS * 64) >> 8}.0/22`;

/**
 * Every gateway has the one address behind an interface of its own. nftables marks what is for it, by the
 * TEID where there is one and else by a hash over peer and sequence number, so that a repeated set-up
 * finds the gateway of the first; marks choose routes.
 */
async function startNftables(): Promise<RunningGtpPath> {
  const { address } = GATEWAY_TOPOLOGY;
  const topology = await makeGatewayTopology({ ...GATEWAY_TOPOLOGY, gateways: GATEWAYS });
  const [line = '', beyond = '', ...fabric] = topology.ports;
  await run('ip', ['address', 'add', '192.0.2.1/24', 'dev', line]);
  await run('ip', ['address', 'add', '203.0.113.1/24', 'dev', beyond]);
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  for (const device of ['all', ...topology.ports]) {
    await writeFile(`/proc/sys/net/ipv4/conf/${device}/rp_filter`, '0');
    // It answers ARP for whatever lies behind another interface.
    await writeFile(`/proc/sys/net/ipv4/conf/${device}/proxy_arp`, '1');
  }
  for (const device of topology.ports) {
    await writeFile(`/proc/sys/net/ipv4/neigh/${device}/proxy_delay`, '0');
  }
  for (const [n, device] of fabric.entries()) {
    const via = ['via', nextHop(n), 'dev', device];
    await run('ip', ['address', 'add', `10.77.${n}.1/24`, 'dev', device]);
    const mac = ['lladdr', gatewayMac(n), 'dev', device];
    await run('ip', ['neighbour', 'replace', nextHop(n), ...mac]);
    await run('ip', ['route', 'add', 'default', ...via, 'table', tableOf(n)]);
    await run('ip', ['rule', 'add', 'fwmark', `${n + 1}`, 'lookup', tableOf(n)]);
    await run('ip', ['route', 'add', usersOf(n), ...via]);
  }
  // For ARP alone: marked packets have routes of their own.
  await run('ip', ['route', 'add', address, 'via', nextHop(0), 'dev', fabric[0] ?? '']);
  const shares = fabric.map((_, n) => `${n * VIDS}-${(n + 1) * VIDS - 1} : ${n + 1}`).join(', ');
  // GTPv1 and v2 have the TEID in octets 5 to 8, its upper half being the VID, and the sequence number behind it.
  const rules = `table ip vidline {
  chain arriving {
    type filter hook prerouting priority mangle;
    ip daddr ${address} udp dport { 2123, 2152 } @th,96,32 != 0 meta mark set @th,96,16 map { ${shares} }
    ip daddr ${address} udp dport 2123 @th,96,32 0 meta mark set jhash ip saddr . @th,128,16 mod ${GATEWAYS} offset 1
  }
}`;
  await run('nft', ['-f', '-'], { input: rules });
  const programs = await Promise.all(topology.gateways.map(startAlone));
  const received = () => receivedBy(line) + receivedBy(beyond);
  const before = received();
  return {
    client: topology.client,
    met: async () => ({ packets: received() - before, cpuNs: null }),
    stop: async () => {
      await Promise.all(programs.map((program) => program.stop()));
    },
  };
}

/** A gateway without a switch processor, for its share of the VIDs. */
async function startAlone(namespace: Namespace, n: number): Promise<Program> {
  const { address } = GATEWAY_TOPOLOGY;
  let up = () => {};
  const isUp = new Promise<void>((resolve) => {
    up = resolve;
  });
  const order = {
    ...{ interface: namespace.interface, address, mac: gatewayMac(n) },
    ...{ first: n * VIDS, vids: VIDS },
  };
  const program = startProgram({
    ...{ name: `gateway ${n}`, namespace, program: ALONE, args: [JSON.stringify(order)] },
    event: () => up(),
  });
  await Promise.race([isUp, program.lost]);
  return program;
}
