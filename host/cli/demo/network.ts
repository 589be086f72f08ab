import { mkdir } from 'node:fs/promises';
import type { SimulatedCard } from '../../../sim/index.ts';
import { UserlandEndpoint } from '../../processor/userland-endpoint.ts';
import { makeTopology, type Topology } from '../namespaces/topology.ts';
import type { Caller } from './caller.ts';
import { MemoryCaller } from './memory-caller.ts';
import { ADDRESSES, type DemoOptions, SIP_PORT } from './options.ts';
import { type DemoProcessor, makeProcessor, startProcessor } from './processors.ts';
import { Sipp } from './sipp.ts';

/** What is around the card: the client on its line port, the processors on its fabric ports. */
export interface DemoNetwork {
  readonly kind: 'namespaces' | 'memory';
  /** The card's ports, and the fabric port of each processor. */
  readonly fabric: readonly number[];
  /** Puts the card's ports 0 (line) and 1 … (fabric) on it. */
  attach(card: SimulatedCard): Promise<void>;
  startProcessors(): DemoProcessor[];
  startCaller(): Caller;
}

const nameOf = (index: number): string => `sip-${index + 1}`;
/** A board's simulation is some two hundred times slower than the board, a packet's way over its line with it. */
const BOARD_TIMERS = 10;
const REMOTE = { address: ADDRESSES.virtualAddress, port: SIP_PORT };

/** Network namespaces, veths and SIPp; inside a cage only. `folder` is for SIPp's reports. */
export class NamespaceNetwork implements DemoNetwork {
  readonly kind = 'namespaces';
  readonly fabric: readonly number[];
  readonly #options: DemoOptions;
  readonly #folder: string;
  readonly #topology: Topology;

  private constructor(options: DemoOptions, folder: string, topology: Topology) {
    this.#options = options;
    this.fabric = eachOnItsOwn(options);
    this.#folder = folder;
    this.#topology = topology;
  }

  static async make(options: DemoOptions, folder: string): Promise<NamespaceNetwork> {
    const { processors } = options;
    const topology = await makeTopology({ ...ADDRESSES, processors });
    const reports = `${folder}/sipp`;
    await mkdir(reports);
    return new NamespaceNetwork(options, reports, topology);
  }

  async attach(card: SimulatedCard): Promise<void> {
    const { line, fabric } = this.#topology;
    for (const [port, name] of [line, ...fabric].entries()) await card.attachInterface(port, name);
  }

  startProcessors(): DemoProcessor[] {
    return this.#topology.processors.map((namespace, index) =>
      startProcessor(nameOf(index), namespace, ADDRESSES),
    );
  }

  startCaller(): Caller {
    const { client } = this.#topology;
    const [local = ''] = ADDRESSES.clientAddress.split('/');
    return new Sipp({
      spawn: (program, args, options) => client.spawn(program, args, options),
      local,
      remote: `${REMOTE.address}:${REMOTE.port}`,
      rate: this.#options.rate,
      calls: this.#options.calls,
      folder: this.#folder,
    });
  }
}

/** Ports in memory, servers and client in this process: for machines that allow nothing else. */
export class MemoryNetwork implements DemoNetwork {
  readonly kind = 'memory';
  readonly fabric: readonly number[];
  readonly #options: DemoOptions;
  readonly #endpoints: UserlandEndpoint[] = [];

  constructor(options: DemoOptions) {
    this.#options = options;
    // A board has one fabric port, and a switch behind it.
    this.fabric = options.board ? eachOnItsOwn(options).map(() => 1) : eachOnItsOwn(options);
  }

  async attach(card: SimulatedCard): Promise<void> {
    const [client = ''] = ADDRESSES.clientAddress.split('/');
    const addresses = [client, ...this.#processors().map(() => ADDRESSES.virtualAddress)];
    const ports = [0, ...this.fabric];
    for (const [index, address] of addresses.entries()) {
      this.#endpoints.push(
        new UserlandEndpoint({
          address,
          mac: `02:00:00:00:00:${(index + 1).toString(16).padStart(2, '0')}`,
          // A card that is gone says so by its own event.
          send: (frame) => void card.send(ports[index] ?? 0, [frame]).catch(() => {}),
        }),
      );
    }
    for (const port of new Set(ports)) {
      const behind = this.#endpoints.filter((_, index) => ports[index] === port);
      await card.attachMemory(port, (frames) => {
        for (const frame of frames) {
          for (const endpoint of behind) if (isFor(frame, endpoint.mac)) endpoint.receive(frame);
        }
      });
    }
  }

  startProcessors(): DemoProcessor[] {
    return this.#processors().map((name, index) =>
      makeProcessor(name, this.#endpoint(index + 1), ADDRESSES),
    );
  }

  startCaller(): Caller {
    const { rate, calls, board } = this.#options;
    const client = { endpoint: this.#endpoint(0), remote: REMOTE, rate, calls };
    return new MemoryCaller({ ...client, timers: board ? BOARD_TIMERS : 1 });
  }

  #processors(): string[] {
    return Array.from({ length: this.#options.processors }, (_, index) => nameOf(index));
  }

  #endpoint(port: number): UserlandEndpoint {
    const endpoint = this.#endpoints[port];
    if (endpoint === undefined) throw new Error(`port ${port} is not attached`);
    return endpoint;
  }
}

const eachOnItsOwn = ({ processors }: DemoOptions): number[] =>
  Array.from({ length: processors }, (_, index) => index + 1);

/** What a switch does, but for learning: a group address is everybody's (IEEE 802.3 clause 3.2.3). */
function isFor(frame: Uint8Array, mac: string): boolean {
  const own = Buffer.from(mac.replaceAll(':', ''), 'hex');
  return ((frame[0] ?? 0) & 1) === 1 || own.equals(frame.subarray(0, own.length));
}
