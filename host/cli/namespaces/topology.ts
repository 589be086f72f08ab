import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { run, SYSTEM_ENVIRONMENT, ToolError } from './run.ts';

/**
 * Inside a cage: one network namespace for the client, one for each processor, and a veth from each
 * to the cage's own namespace, where the card's ports take hold of the other ends.
 *
 *   client ── client0 ═ line0 ─┐                    ┌─ fabric0 ═ eth0 ── processor-0
 *                              ├─ the card's ports ─┤
 *                              ┘                    └─ fabric1 ═ eth0 ── processor-1 …
 */
export interface TopologyOptions {
  readonly processors: number;
  /** Address that all processors own, on the client's network. */
  readonly virtualAddress: string;
  /** The client's address with prefix length, such as 192.0.2.100/24. */
  readonly clientAddress: string;
  /** Address at which processors reach the switch processor. */
  readonly controlAddress: string;
}

/** TEST-NET-1 (RFC 5737) for what is seen on the line, link-local (RFC 3927) within the fabric. */
export const DEFAULT_TOPOLOGY: TopologyOptions = {
  processors: 4,
  virtualAddress: '192.0.2.1',
  clientAddress: '192.0.2.100/24',
  controlAddress: '169.254.77.1',
};

export class Namespace {
  readonly name: string;
  /** Its interface, the other end of one of the card's. */
  readonly interface: string;

  constructor(name: string, device: string) {
    this.name = name;
    this.interface = device;
  }

  /** Runs a program in the namespace to its end; see `run`. */
  run(program: string, args: readonly string[], input?: string): Promise<string> {
    const options = input === undefined ? {} : { input };
    return run('nsenter', [`--net=${this.path}`, program, ...args], options);
  }

  /**
   * Starts a program in the namespace. It has a session of its own, so a Ctrl-C at the terminal
   * does not reach it: who started it decides in which order things end.
   */
  spawn(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn('nsenter', [`--net=${this.path}`, program, ...args], {
      detached: true,
      ...options,
      env: { ...SYSTEM_ENVIRONMENT, ...options.env },
    });
  }

  private get path(): string {
    return `/run/netns/${this.name}`;
  }
}

export interface Topology {
  readonly client: Namespace;
  readonly processors: readonly Namespace[];
  /** Interface in the card's namespace towards the client. */
  readonly line: string;
  /** Interfaces in the card's namespace towards each processor. */
  readonly fabric: readonly string[];
}

/** Makes it all. Needs `cageFolder` before it, which makes /run/netns private. */
export async function makeTopology(options: TopologyOptions): Promise<Topology> {
  const clientNetwork = networkOf(options.clientAddress);
  await run('ip', ['link', 'set', 'lo', 'up']);

  const client = await makeNamespace('client', 'client0', 'line0');
  await client.run('ip', ['address', 'add', options.clientAddress, 'dev', client.interface]);

  const processors: Namespace[] = [];
  for (let n = 0; n < options.processors; n++) {
    const processor = await makeNamespace(`processor-${n}`, 'eth0', `fabric${n}`);
    const own = options.virtualAddress;
    await processor.run('ip', ['address', 'add', `${own}/32`, 'dev', 'eth0']);
    // All processors own one address; who asks for it by ARP must hear of none of them, since the
    // card answers for it. 8: never reply for any local address.
    await setKernel(processor, 'ipv4/conf/eth0/arp_ignore', '8');
    await setKernel(processor, 'ipv4/conf/all/arp_ignore', '8');
    // A change of the MAC address (slot and epoch) is nobody's business on the line.
    await setKernel(processor, 'ipv4/conf/eth0/arp_notify', '0');
    for (const network of [clientNetwork, `${options.controlAddress}/32`]) {
      await processor.run('ip', ['route', 'add', network, 'dev', 'eth0', 'src', own]);
    }
    processors.push(processor);
  }
  return {
    client,
    processors,
    line: 'line0',
    fabric: processors.map((_, n) => `fabric${n}`),
  };
}

/** A namespace with `inner` in it, joined to `outer` in the card's namespace; both up and quiet. */
export async function makeNamespace(
  name: string,
  inner: string,
  outer: string,
): Promise<Namespace> {
  const namespace = new Namespace(name, inner);
  await run('ip', ['netns', 'add', name]);
  const peer = ['peer', 'name', inner, 'netns', name];
  await run('ip', ['link', 'add', outer, 'type', 'veth', ...peer]);
  await namespace.run('ip', ['link', 'set', 'lo', 'up']);
  await prepareInterface(outer, (program, args) => run(program, args));
  await prepareInterface(inner, (program, args) => namespace.run(program, args));
  return namespace;
}

type Runner = (program: string, args: readonly string[]) => Promise<string>;

/**
 * Makes a veth behave like a wire, then sets it up. With offloads on, the kernel hands over frames
 * whose checksums are not finished and frames larger than the MTU; a program that reads them raw
 * forwards what no real wire would carry.
 */
async function prepareInterface(device: string, runner: Runner): Promise<void> {
  const off = ['tx', 'rx', 'sg', 'tso', 'gso', 'gro'].flatMap((feature) => [feature, 'off']);
  await runner('ethtool', ['-K', device, ...off]);
  await runner('ethtool', ['-K', device, 'tx-checksum-sctp', 'off']).catch((error: unknown) => {
    // Kernels without SCTP have no such feature.
    if (!(error instanceof ToolError) || error.status === 'ENOENT') throw error;
  });
  const features = await runner('ethtool', ['-k', device]);
  for (const feature of ['tx-checksumming', 'generic-segmentation-offload']) {
    if (!features.includes(`${feature}: off`)) {
      throw new Error(`${device}: the kernel does not switch ${feature} off`);
    }
  }
  // No link-local address, so no neighbour discovery, router solicitations or MLD of the kernel's.
  await runner('ip', ['link', 'set', 'dev', device, 'addrgenmode', 'none']);
  await runner('ip', ['link', 'set', 'dev', device, 'up']);
}

async function setKernel(namespace: Namespace, setting: string, value: string): Promise<void> {
  // /proc/sys/net shows the namespace of who opens it. tee, since sysctl is not everywhere.
  await namespace.run('tee', [`/proc/sys/net/${setting}`], `${value}\n`);
}

/** `192.0.2.100/24` → `192.0.2.0/24`. */
export function networkOf(address: string): string {
  const [host, length] = address.split('/');
  const bits = Number(length);
  const octets = host?.split('.').map(Number) ?? [];
  if (octets.length !== 4 || !(bits >= 0 && bits <= 32)) {
    throw new RangeError(
      `${address} is no IPv4 address with prefix length, such as 192.0.2.100/24`,
    );
  }
  const network = octets.map(
    (octet, n) => octet & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * n))) & 0xff,
  );
  return `${network.join('.')}/${bits}`;
}
