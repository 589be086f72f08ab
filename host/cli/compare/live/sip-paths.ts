/** The ways that the same calls may take, each in a cage of its own. */

import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Card, SimulationTransport, sumEnds, type Transport } from '../../../../driver/index.ts';
import { SimulatedCard } from '../../../../sim/index.ts';
import { systemClock } from '../../../protocol/clock.ts';
import { PuntingTransport } from '../../../router/punting-transport.ts';
import { SoftwareRouter } from '../../../router/software-router.ts';
import { SipSetup } from '../../../setup/sip.ts';
import { loadServices } from '../../../steering/service-file.ts';
import { SwitchProcessor } from '../../../switch/switch-processor.ts';
import { startProcessor } from '../../demo/processors.ts';
import { SCENARIO } from '../../demo/sipp.ts';
import { run } from '../../namespaces/run.ts';
import { DEFAULT_TOPOLOGY, type Namespace, type Topology } from '../../namespaces/topology.ts';
import { SIP_SERVICE } from '../../system.ts';
import type { LoadOptions } from './load.ts';
import { type Met, ownCpuNs, receivedBy, type SipPath } from './path.ts';

export interface RunningPath {
  readonly scenario: LoadOptions['scenario'];
  readonly transport: LoadOptions['transport'];
  met(): Promise<Met>;
  stop(): Promise<void>;
}

const CONFIGURATION = 'sim';
const SIP = 5060;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const { virtualAddress, controlAddress, clientAddress } = DEFAULT_TOPOLOGY;

export function startPath(name: SipPath, topology: Topology, folder: string): Promise<RunningPath> {
  switch (name) {
    case 'card':
    case 'punt':
      return startCard(name, topology);
    case 'nftables':
      return startNftables(topology, folder);
    case 'kamailio':
      return startKamailio(topology, folder);
  }
}

/** The demo's system; with `punt` the card's sessions are steered by the software router. */
async function startCard(name: 'card' | 'punt', topology: Topology): Promise<RunningPath> {
  const simulated = await SimulatedCard.open({ configuration: CONFIGURATION, mode: 'live' });
  const interfaces = [topology.line, ...topology.fabric];
  for (const [port, device] of interfaces.entries()) await simulated.attachInterface(port, device);
  let transport: Transport = new SimulationTransport(simulated);
  if (name === 'punt') {
    const router = await SoftwareRouter.open(CONFIGURATION);
    transport = await PuntingTransport.open(transport, router);
  }
  const card = await Card.attach(transport);
  const switchProcessor = new SwitchProcessor({
    card,
    services: loadServices(SIP_SERVICE, { address: virtualAddress }),
    handlers: [new SipSetup({ now: () => systemClock.now() })],
    ports: interfaces.map((_, port) => ({
      port,
      role: port === 0 ? ('line' as const) : ('fabric' as const),
      cutThrough: true,
    })),
    slots: topology.fabric.map((_, slot) => ({ slot, port: slot + 1, linePort: 0 })),
    virtualAddresses: [virtualAddress],
    controlAddress,
  });
  await switchProcessor.start();
  const processors = topology.processors.map((namespace, n) =>
    startProcessor(`sip-${n + 1}`, namespace, { virtualAddress, controlAddress }),
  );
  await Promise.all(processors.map(({ up }) => up));
  const cpu = ownCpuNs();
  const punted = async () =>
    Number(sumEnds(await card.snapshot(), { origin: 'line', end: 'punt' }).packets);
  const before = await punted();
  return {
    scenario: SCENARIO,
    transport: 'u1',
    async met() {
      return { packets: (await punted()) - before, cpuNs: ownCpuNs() - cpu };
    },
    async stop() {
      await Promise.all(processors.map((processor) => processor.stop()));
      await switchProcessor.close();
      await simulated.close();
    },
  };
}

const serverAddress = (n: number) => `10.77.${n}.2`;

/** The kernel routes between client and servers; each server has an address of its own. */
async function routed({ line, fabric, processors }: Topology): Promise<void> {
  await run('ip', ['address', 'add', `${virtualAddress}/24`, 'dev', line]);
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  for (const [n, device] of fabric.entries()) {
    const namespace = processors[n] as Namespace;
    await run('ip', ['address', 'add', `10.77.${n}.1/24`, 'dev', device]);
    for (const name of ['eth0', 'all']) {
      await namespace.run('tee', [`/proc/sys/net/ipv4/conf/${name}/arp_ignore`], '0\n');
    }
    await namespace.run('ip', ['address', 'flush', 'dev', 'eth0']);
    await namespace.run('ip', ['address', 'add', `${serverAddress(n)}/24`, 'dev', 'eth0']);
    await namespace.run('ip', ['route', 'add', 'default', 'via', `10.77.${n}.1`]);
  }
}

/** SIPp as a server in each namespace, which names `contact` as where the rest of a call goes. */
async function startServers(
  { processors }: Topology,
  folder: string,
  contact: (n: number) => string,
): Promise<{ stop(): void }> {
  const children = await Promise.all(
    processors.map(async (namespace, n) => {
      const cwd = join(folder, `server-${n}`);
      await mkdir(cwd);
      const args = ['-sf', here('uas.xml'), '-i', serverAddress(n), '-p', `${SIP}`, '-nostdin'];
      return namespace.spawn('sipp', [...args, '-key', 'contact', contact(n)], {
        cwd,
        stdio: 'ignore',
        env: { TERM: 'dumb' },
      });
    }),
  );
  await setTimeout(1000); // they say nothing when they are ready
  return { stop: () => children.forEach((child) => void child.kill('SIGKILL')) };
}

/** Each client's socket goes to one server by a hash (nftables' jhash); replies come back by conntrack. */
async function startNftables(topology: Topology, folder: string): Promise<RunningPath> {
  await routed(topology);
  const servers = topology.processors.map((_, n) => `${n} : ${serverAddress(n)}`).join(', ');
  const hash = `jhash ip saddr . udp sport mod ${topology.processors.length}`;
  const rules = `table ip vidline {
  chain arriving {
    type nat hook prerouting priority dstnat;
    ip daddr ${virtualAddress} udp dport ${SIP} dnat to ${hash} map { ${servers} }
  }
}`;
  await run('nft', ['-f', '-'], { input: rules });
  const { stop } = await startServers(topology, folder, () => `${virtualAddress}:${SIP}`);
  const before = receivedBy(topology.line);
  return {
    scenario: SCENARIO,
    transport: 'un',
    met: async () => ({ packets: receivedBy(topology.line) - before, cpuNs: null }),
    stop: async () => stop(),
  };
}

/** Kamailio's dispatcher in the way of every message. */
async function startKamailio(topology: Topology, folder: string): Promise<RunningPath> {
  await routed(topology);
  const list = topology.processors.map((_, n) => `1 sip:${serverAddress(n)}:${SIP}`).join('\n');
  await writeFile(join(folder, 'dispatcher.list'), `${list}\n`);
  const configuration = (await readFile(here('kamailio.cfg'), 'utf8'))
    .replaceAll('@ADDRESS@', `${virtualAddress}:${SIP}`)
    .replaceAll('@FOLDER@', folder);
  await writeFile(join(folder, 'kamailio.cfg'), configuration);
  const { stop } = await startServers(topology, folder, (n) => `${serverAddress(n)}:${SIP}`);
  const child = spawn('kamailio', ['-DD', '-E', '-f', join(folder, 'kamailio.cfg'), '-Y', folder], {
    stdio: 'ignore',
  });
  await setTimeout(2000);
  if (child.exitCode !== null) throw new Error(`kamailio ended with ${child.exitCode}`);
  const cpu = await cpuOf('kamailio');
  const before = receivedBy(topology.line);
  return {
    scenario: here('uac-routes.xml'),
    transport: 'u1',
    async met() {
      const now = await cpuOf('kamailio');
      const cpuNs = cpu === null || now === null ? null : now - cpu;
      return { packets: receivedBy(topology.line) - before, cpuNs };
    },
    async stop() {
      child.kill('SIGTERM');
      stop();
    },
  };
}

/** Of all processes of that name in this cage; null where they cannot be seen. */
async function cpuOf(name: string): Promise<number | null> {
  let sum: number | null = null;
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    try {
      const comm = await readFile(`/proc/${pid}/comm`, 'utf8');
      if (comm.trim() !== name) continue;
      const [ns = '0'] = (await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ');
      sum = (sum ?? 0) + Number(ns);
    } catch {
      // it has ended meanwhile
    }
  }
  return sum;
}

export const CLIENT = clientAddress.split('/')[0] ?? '';
export const REMOTE = `${virtualAddress}:${SIP}`;
