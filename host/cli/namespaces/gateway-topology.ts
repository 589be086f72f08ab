import { run } from './run.ts';
import { makeNamespace, type Namespace } from './topology.ts';

/**
 * Inside a cage: a namespace for the peers of a gateway (SGSNs), one for a host of the packet network,
 * and one for each gateway.
 *
 *   client ── client0 ═ line0 ─┐                    ┌─ fabric0 ═ eth0 ── processor-0
 *                              ├─ the card's ports ─┤
 *   network ─ network0 ═ line1 ┘                    └─ fabric1 ═ eth0 ── processor-1 …
 */
export interface GatewayTopologyOptions {
  readonly gateways: number;
  /** The gateways' one address, on the client's network. */
  readonly address: string;
  /** The client's address with prefix length. */
  readonly client: string;
  /** The host's address with prefix length. */
  readonly host: string;
  /** Users' addresses: what the host sends there goes to the gateways. */
  readonly users: string;
  readonly controlAddress: string;
}

export const GATEWAY_TOPOLOGY: GatewayTopologyOptions = {
  gateways: 4,
  address: '192.0.2.2',
  client: '192.0.2.100/24',
  host: '203.0.113.80/24',
  users: '100.64.0.0/10',
  controlAddress: '169.254.77.1',
};

/** The address of `address/length`. */
export const hostOf = (network: string): string => network.split('/')[0] ?? '';

export interface GatewayTopology {
  readonly client: Namespace;
  readonly host: Namespace;
  readonly gateways: readonly Namespace[];
  /** Interfaces in the card's namespace, by the card's ports: two lines, then the fabric. */
  readonly ports: readonly string[];
}

/** Makes it all. Needs `cageFolder` before it, which makes /run/netns private. */
export async function makeGatewayTopology(
  options: GatewayTopologyOptions,
): Promise<GatewayTopology> {
  await run('ip', ['link', 'set', 'lo', 'up']);
  const client = await makeNamespace('client', 'client0', 'line0');
  await client.run('ip', ['address', 'add', options.client, 'dev', client.interface]);
  const host = await makeNamespace('network', 'network0', 'line1');
  await host.run('ip', ['address', 'add', options.host, 'dev', host.interface]);
  // The card answers for the gateways' address on this line, too.
  const via = ['via', options.address, 'dev', host.interface, 'onlink'];
  await host.run('ip', ['route', 'add', options.users, ...via]);
  const gateways: Namespace[] = [];
  for (let n = 0; n < options.gateways; n++) {
    // Without an address: a gateway speaks IP by itself, and the kernel keeps out of it.
    gateways.push(await makeNamespace(`processor-${n}`, 'eth0', `fabric${n}`));
  }
  return {
    client,
    host,
    gateways,
    ports: ['line0', 'line1', ...gateways.map((_, n) => `fabric${n}`)],
  };
}
