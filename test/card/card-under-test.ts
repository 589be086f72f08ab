/**
 * The card's RTL in lock-step behind the driver, its tables filled from the plain objects of the
 * reference, its frames fed and fetched in batches.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  Card,
  type CardSizes,
  type CounterSnapshot,
  type DecidedFrame,
  type Decision,
  decodeDecision,
  encodeInject,
  SimulationTransport,
} from '../../driver/index.ts';
import type { Arrival, CardState } from '../../host/steering/state.ts';
import type { Observation, SimulatedCard, StreamPatterns } from '../../sim/index.ts';
import { loadTables, NO_ROW, rowEntry } from './tables.ts';

/** A frame and where it comes from; of the receiver's complaints only `error` can be made. */
export interface Offered {
  readonly frame: Buffer;
  readonly arrival: Arrival;
}

/** A frame at its end, with what was offered. */
export interface Ended {
  readonly offered: Offered;
  readonly decision: Decision;
  /** As it left by a port or to the host; undefined for a drop. */
  readonly egress: Buffer | undefined;
  readonly observation: Observation;
}

const indexed = <T>(entries: readonly T[]) => entries.map((entry, index) => ({ index, entry }));

export class CardUnderTest {
  readonly card: Card;
  readonly simulation: SimulatedCard;
  readonly #host: DecidedFrame[] = [];
  #loaded: CardState | undefined;

  private constructor(card: Card, simulation: SimulatedCard) {
    this.card = card;
    this.simulation = simulation;
    card.on('frames', (frames) => this.#host.push(...frames));
  }

  /** A card that has just been reset; its RAM holds what follows from the seed. */
  static async open(configuration: string, seed: number): Promise<CardUnderTest> {
    const options = { configuration, mode: 'lockstep', observe: true, seed } as const;
    const transport = await SimulationTransport.open(options);
    const card = await Card.attach(transport);
    const under = new CardUnderTest(card, transport.card);
    for (let port = 0; port < card.sizes.ports; port++) await transport.card.attachMemory(port);
    const none = Array.from({ length: card.sizes.vids }, () => rowEntry(NO_ROW));
    await card.writeTable('vid_row', indexed(none));
    return under;
  }

  get sizes(): CardSizes {
    return this.card.sizes;
  }

  async close(): Promise<void> {
    await this.card.close();
  }

  /** Fills all tables; the card must be idle. `cutThrough` by port. */
  async load(state: CardState, cutThrough: readonly boolean[] = []): Promise<void> {
    await this.card.transport.access(loadTables(state, this.sizes, cutThrough, this.#loaded));
    this.#loaded = state;
  }

  /** Gaps and back-pressure at every port and at the host's streams. */
  async setPatterns(patterns: StreamPatterns): Promise<void> {
    const { seed = 1 } = patterns;
    for (let port = 0; port < this.sizes.ports; port++) {
      await this.simulation.setPatterns(port, { ...patterns, seed: seed + port });
    }
    await this.simulation.setPatterns('host', { ...patterns, seed: seed + 97 });
  }

  /**
   * Offers frames, waits until the card is idle, and gives their ends in the order of the decisions.
   * Throws where a frame has no end or two, or did not leave where its decision says.
   */
  async pass(frames: readonly Offered[]): Promise<Ended[]> {
    const waiting = await this.offer(frames);
    await this.simulation.runUntilIdle();
    return this.collect(waiting);
  }

  /** Hands frames over; gives them by ingress, the host last. No clock passes. */
  async offer(frames: readonly Offered[]): Promise<Offered[][]> {
    const { ports } = this.sizes;
    const waiting = Array.from({ length: ports + 1 }, (): Offered[] => []);
    for (const offered of frames) {
      const { from } = offered.arrival;
      waiting['port' in from ? from.port : ports]?.push(offered);
    }
    for (const [port, queue] of waiting.entries()) {
      if (queue.length === 0) continue;
      if (port < ports) {
        const bad = queue.map(({ arrival }) => arrival.receiver?.error ?? false);
        const data = queue.map(({ frame }) => frame);
        await this.simulation.send(port, data, { bad });
      } else {
        const injected = queue.map(({ frame, arrival }) => ({
          record: record(arrival),
          data: frame,
        }));
        await this.simulation.inject(injected);
      }
    }
    return waiting;
  }

  /** The ends of what was offered; the card must be idle. */
  collect(waiting: readonly Offered[][]): Ended[] {
    // Each batch is in order, but a frame that waits in a queue comes with a later one.
    const observations = this.simulation.decisions().sort((a, b) => a.sequence - b.sequence);
    const ended = observations.map((observation): Ended => {
      const decision = decodeDecision(observation.decision);
      const offered = waiting[decision.ingress]?.shift();
      if (offered === undefined) throw new Error(`a frame too many by port ${decision.ingress}`);
      if (observation.ingress && !observation.ingress.equals(offered.frame)) {
        throw new Error(`port ${decision.ingress}: decisions are not in the order of the frames`);
      }
      return { offered, decision, egress: observation.egress, observation };
    });
    const lost = waiting.flat().length;
    if (lost > 0) throw new Error(`${lost} frames have no end`);
    this.#checkOutputs(ended);
    return ended;
  }

  /** What came out of each port is what the decisions say, in their order. */
  #checkOutputs(ended: readonly Ended[]): void {
    const { ports } = this.sizes;
    for (let port = 0; port < ports; port++) {
      const out = this.simulation.received(port);
      const said = ended.filter(({ egress, decision }) => egress && decision.egress === port);
      if (out.length !== said.length || out.some((data, i) => !said[i]?.egress?.equals(data))) {
        throw new Error(`port ${port} sent ${out.length} frames, its decisions say ${said.length}`);
      }
    }
    // The driver hands them over with the record of their own decision.
    const said = ended.filter(({ egress, decision }) => egress && decision.egress === ports);
    const host = this.#host.splice(0);
    const same = host.every(({ data, decision }, i) => {
      return said[i]?.egress?.equals(data) && isDeepStrictEqual(decision, said[i]?.decision);
    });
    if (host.length !== said.length || !same) {
      throw new Error(`${host.length} frames came to the host, decisions say ${said.length}`);
    }
  }

  async snapshot(): Promise<CounterSnapshot> {
    return await this.card.snapshot();
  }
}

function record({ from }: Arrival): number {
  return 'inject' in from ? encodeInject(from.inject) : 0;
}
