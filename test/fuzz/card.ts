/** The card under fuzz: the RTL in lock-step, crossed once a batch, records and frames as they come. */

import { readIdentity } from '../../driver/identity.ts';
import {
  type Access,
  type CardSizes,
  encodeInject,
  SimulationTransport,
} from '../../driver/index.ts';
import { SimulatedCard, type SimulatedCardOptions } from '../../sim/index.ts';
import type { Sent } from '../generators/traffic.ts';

/** A frame that the card decided. */
export interface Decided {
  /** The record as it came. */
  readonly words: Uint32Array;
  readonly clock: number;
}

/** What came out since the last time. */
export interface Output {
  /** In the order in which the frames left the pipeline. */
  readonly decided: readonly Decided[];
  /** By port. */
  readonly ports: readonly (readonly Buffer[])[];
  readonly host: readonly { readonly decision: Uint32Array; readonly data: Buffer }[];
}

/** How a simulation is opened that is not the RTL alone. */
export type OpenSimulation = (options: SimulatedCardOptions) => Promise<SimulatedCard>;

/** Clocks in which the card sees that time has passed: it looks at one slot a clock. */
const TIME_CLOCKS = 400;

export class FuzzedCard {
  readonly configuration: string;
  readonly sizes: CardSizes;
  readonly simulation: SimulatedCard;
  #timeUs = 0;

  private constructor(configuration: string, sizes: CardSizes, simulation: SimulatedCard) {
    this.configuration = configuration;
    this.sizes = sizes;
    this.simulation = simulation;
  }

  /** @param seed of what RAM holds at first; 0: zeros. */
  static async open(
    configuration: string,
    seed: number,
    open: OpenSimulation = (options) => SimulatedCard.open(options),
  ): Promise<FuzzedCard> {
    const simulation = await open({ configuration, mode: 'lockstep', observe: true, seed });
    const transport = new SimulationTransport(simulation);
    const { sizes } = await readIdentity(transport);
    // From here on frames are fetched in batches.
    simulation.removeAllListeners('frames');
    for (let port = 0; port < sizes.ports; port++) await simulation.attachMemory(port);
    return new FuzzedCard(configuration, sizes, simulation);
  }

  get timeUs(): number {
    return this.#timeUs;
  }

  async close(): Promise<void> {
    await this.simulation.close();
  }

  async access(accesses: readonly Access[]): Promise<Uint32Array> {
    return await this.simulation.access(accesses);
  }

  /** Time jumps, and the card looks at what that means; before, at the slots that were raised. */
  async setTime(us: number): Promise<void> {
    this.#timeUs = us;
    await this.simulation.run(TIME_CLOCKS);
    await this.simulation.setTime(us);
    await this.simulation.run(TIME_CLOCKS);
    await this.simulation.runUntilIdle();
  }

  async setPatterns(gaps: number, pressure: number, seed: number): Promise<void> {
    for (let port = 0; port < this.sizes.ports; port++) {
      await this.simulation.setPatterns(port, { gaps, pressure, seed: seed + port });
    }
    await this.simulation.setPatterns('host', { gaps, pressure, seed: seed + 97 });
  }

  /** Hands frames over by their ingress; no clock passes. */
  async offer(frames: readonly Sent[]): Promise<void> {
    const { ports } = this.sizes;
    const queues = Array.from({ length: ports + 1 }, (): Sent[] => []);
    for (const sent of frames) queues[ingressOf(sent, ports)]?.push(sent);
    const calls = queues.map((queue, port) => {
      if (queue.length === 0) return undefined;
      const data = queue.map(({ frame }) => frame);
      if (port < ports) {
        const bad = queue.map(({ arrival }) => arrival.receiver?.error ?? false);
        return this.simulation.send(port, data, { bad });
      }
      return this.simulation.inject(
        queue.map(({ frame, arrival: { from } }) => ({
          record: 'inject' in from ? encodeInject(from.inject) : 0,
          data: frame,
        })),
      );
    });
    await Promise.all(calls);
  }

  /** What has come out; the card is idle. */
  collect(): Output {
    const { simulation, sizes } = this;
    const decided = simulation
      .decisions()
      .sort((a, b) => a.sequence - b.sequence)
      .map(({ decision, decisionClock }) => ({ words: decision, clock: decisionClock }));
    return {
      decided,
      ports: Array.from({ length: sizes.ports }, (_, port) => simulation.received(port)),
      host: simulation.hostFrames(),
    };
  }
}

/** Port that a frame comes in by; the number of ports stands for the host. */
export function ingressOf({ arrival: { from } }: Sent, ports: number): number {
  return 'port' in from ? from.port : ports;
}
