import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  GATEWAY_TOPOLOGY,
  type GatewayTopology,
  makeGatewayTopology,
} from '../namespaces/gateway-topology.ts';
import { GTP_SERVICE, System, type SystemOptions } from '../system.ts';
import { type Program, startProgram } from './program.ts';

/** A card, its switch processor, and gateways as programs, on network namespaces; inside a cage only. */
export interface LiveGatewaysOptions {
  readonly gateways: number;
  /** So many of them from the beginning; the others by `launch`. Default: all. */
  readonly first?: number;
  /** Gateways behind each fabric port. Default 1. */
  readonly perPort?: number;
  /** Deliver each frame with its decision. */
  readonly observe?: boolean;
  /** Milliseconds between heartbeats, and without one until the card turns to the backups. */
  readonly heartbeat?: { readonly interval: number; readonly timeout: number };
  /** Milliseconds without a turn of a gateway's event loop until its heartbeats stop. Default 250. */
  readonly progress?: number;
  readonly vidsPerGateway?: number;
  readonly restartCounter?: number;
  readonly through?: SystemOptions['through'];
}

export interface LiveGateway {
  readonly name: string;
  readonly slot: number;
  /** As of at most `INTERVAL` ago; exact when it was stopped. */
  counters: GatewayCounts;
  readonly program: Program;
  readonly up: Promise<void>;
}

const counts = z.object({
  sessions: z.number(),
  takeovers: z.number(),
  created: z.number(),
  updated: z.number(),
  deleted: z.number(),
  uplink: z.number(),
  downlink: z.number(),
  unknownTunnel: z.number(),
  unknownSession: z.number(),
});
export type GatewayCounts = z.infer<typeof counts>;

const line = z.union([
  z.object({ event: z.literal('up') }),
  counts.extend({ event: z.enum(['counters', 'exit']) }),
]);

const PROGRAM = fileURLToPath(new URL('../../processor/gateway-main.ts', import.meta.url));
/** Milliseconds between a gateway's lines of counters. */
const INTERVAL = 250;
/** Of a small machine: what its pauses last must not kill a processor. */
const HEARTBEAT = { interval: 20, timeout: 100 };
/** Slot of the first door; each gateway has one. */
const DOORS = 32;

const nameOf = (n: number): string => `gw-${n + 1}`;

export class LiveGateways {
  readonly topology: GatewayTopology;
  readonly system: System;
  readonly gateways: LiveGateway[] = [];

  readonly #perPort: number;
  readonly #progress: number | undefined;

  private constructor(topology: GatewayTopology, system: System, options: LiveGatewaysOptions) {
    this.topology = topology;
    this.system = system;
    this.#perPort = options.perPort ?? 1;
    this.#progress = options.progress;
  }

  /** Resolves when all are up and each VID's backup is in sync. */
  static async start(options: LiveGatewaysOptions): Promise<LiveGateways> {
    const { gateways, heartbeat = HEARTBEAT, vidsPerGateway = 16, restartCounter = 0 } = options;
    const { first = gateways, perPort = 1, observe = false, through } = options;
    const places = Math.ceil(gateways / perPort);
    const topology = await makeGatewayTopology({ ...GATEWAY_TOPOLOGY, gateways: places });
    const { address, controlAddress } = GATEWAY_TOPOLOGY;
    const fabric = Array.from({ length: places }, (_, n) => n + 2);
    const numbers = Array.from({ length: gateways }, (_, n) => n);
    const system = await System.start({
      configuration: 'sim',
      services: [GTP_SERVICE],
      parameters: { address },
      restartCounter,
      ports: [
        { port: 0, role: 'line' },
        { port: 1, role: 'line' },
        ...fabric.map((port) => ({ port, role: 'fabric' as const })),
      ],
      slots: numbers.map((n) => ({
        ...{ slot: n, port: 2 + Math.floor(n / perPort), linePort: 0, name: nameOf(n) },
        doors: [{ slot: DOORS + n, linePort: 1 }],
      })),
      virtualAddresses: [address],
      controlAddress,
      vidsPerProcessor: vidsPerGateway,
      health: heartbeat,
      observe,
      ...(through === undefined ? {} : { through }),
      attach: async (card) => {
        for (const [port, device] of topology.ports.entries()) {
          await card.attachInterface(port, device);
        }
      },
    });
    const live = new LiveGateways(topology, system, options);
    for (let n = 0; n < first; n++) live.launch(n);
    await Promise.all(live.gateways.map(({ up }) => up));
    await live.inSync();
    return live;
  }

  /** Starts the gateway of a slot, for the first time or anew. */
  launch(n: number): LiveGateway {
    const namespace = this.topology.gateways[Math.floor(n / this.#perPort)];
    if (namespace === undefined) throw new RangeError(`there is no place for gateway ${n}`);
    const { address, controlAddress } = GATEWAY_TOPOLOGY;
    const name = nameOf(n);
    let resolveUp = () => {};
    const isUp = new Promise<void>((resolve) => {
      resolveUp = resolve;
    });
    const program = startProgram({
      ...{ name, namespace, program: PROGRAM },
      args: [
        ...['--interface', namespace.interface, '--name', name, '--interval', `${INTERVAL}`],
        ...['--address', address, '--control', controlAddress],
        ...(this.#progress === undefined ? [] : ['--progress', `${this.#progress}`]),
      ],
      event: (value) => {
        const event = line.safeParse(value).data;
        if (event?.event === 'up') resolveUp();
        else if (event !== undefined) gateway.counters = counts.parse(event);
      },
    });
    const gateway: LiveGateway = {
      ...{ name, slot: n, program },
      counters: counts.parse(Object.fromEntries(Object.keys(counts.shape).map((key) => [key, 0]))),
      up: Promise.race([isUp, program.lost]),
    };
    this.gateways[n] = gateway;
    return gateway;
  }

  /** Resolves when the state of each VID is at its backup, and the card knows it. */
  async inSync(): Promise<void> {
    const { vids } = this.system.switch;
    while (!vids.list().every(({ backup, inSync }) => backup !== undefined && inSync)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.gateways.map(({ program }) => program.stop()));
    await this.system.close();
  }
}
