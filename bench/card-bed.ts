/** A card in lock-step with its tables filled, whose frames are watched. */
import {
  Card,
  CardTables,
  type Decision,
  decodeDecision,
  OverrideTable,
  REASONS,
  SimulationTransport,
} from '../driver/index.ts';
import type { Observation, SimulatedCard } from '../sim/index.ts';
import { fillOverrides, fillTables, PORTS, PREFIX } from './frames.ts';

export const CONFIGURATION = 'sim';
/** The simulated card at both widths of its data path. */
export const WIDTHS = [CONFIGURATION, 'sim-512'] as const;

/** A frame at its end. */
export interface Seen extends Observation {
  readonly decoded: Decision;
  /** Name of the reason. */
  readonly reason: string;
}

export interface BedOptions {
  /** `CONFIGURATION` unless told. */
  readonly configuration?: string;
  readonly cutThrough?: boolean;
  /** Watch each frame: `pass` gives them. */
  readonly observe?: boolean;
  readonly mode?: 'live' | 'lockstep';
}

export class CardBed {
  readonly card: Card;
  readonly tables: CardTables;
  readonly simulated: SimulatedCard;

  private constructor(card: Card, tables: CardTables, simulated: SimulatedCard) {
    this.card = card;
    this.tables = tables;
    this.simulated = simulated;
  }

  /** Builds the simulation if needed; fills all tables and enables the card. */
  static async open(options: BedOptions = {}): Promise<CardBed> {
    const { cutThrough = false, observe = false, mode = 'lockstep' } = options;
    const { configuration = CONFIGURATION } = options;
    const transport = await SimulationTransport.open({ configuration, mode, observe });
    try {
      const card = await Card.attach(transport);
      const tables = new CardTables(card);
      fillTables(tables, card.sizes, cutThrough);
      await tables.write();
      await fillOverrides(new OverrideTable(card));
      await card.setFabricPrefix(PREFIX);
      await card.setEnabled(true);
      return new CardBed(card, tables, transport.card);
    } catch (error) {
      await transport.close();
      throw error;
    }
  }

  async attachMemory(): Promise<void> {
    for (const { port } of PORTS) await this.simulated.attachMemory(port);
  }

  /**
   * Lock-step: feeds frames to each port given, back to back, until all have had their end, in the
   * order of their ends. With `meanwhile` the host does that while they are under way. Throws where
   * a frame has no end.
   */
  async pass(
    feeds: ReadonlyMap<number, readonly Buffer[]>,
    meanwhile?: () => Promise<void>,
  ): Promise<Seen[]> {
    let fed = 0;
    for (const [port, frames] of feeds) {
      await this.simulated.send(port, frames);
      fed += frames.length;
    }
    await meanwhile?.();
    await this.simulated.runUntilIdle(10_000_000);
    for (const { port } of PORTS) this.simulated.received(port);
    const seen = this.simulated
      .decisions()
      .map((observation) => {
        const decoded = decodeDecision(observation.decision);
        const reason = REASONS[decoded.reason]?.name ?? `code ${decoded.reason}`;
        return { ...observation, decoded, reason };
      })
      .sort((a, b) => a.sequence - b.sequence);
    if (seen.length !== fed) throw new Error(`${fed} frames went in, ${seen.length} had an end`);
    return seen;
  }

  async close(): Promise<void> {
    await this.card.close();
  }
}

/** Throws where a frame's end has another reason: a benchmark of the wrong thing is none. */
export function expectReason(seen: readonly Seen[], reason: string): void {
  const other = seen.find((one) => one.reason !== reason);
  if (other) throw new Error(`a frame meant for ${reason} ended as ${other.reason}`);
}
