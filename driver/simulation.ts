/** The transport to a simulated card. */
import { EventEmitter } from 'node:events';
import type { SimulatedCardOptions, SimulatedHostFrame } from '../sim/index.ts';
import { SimulatedCard } from '../sim/index.ts';
import { injectRecord } from './inject-record.ts';
import type { Access, InjectedFrame, Transport, TransportEvents } from './transport.ts';

export class SimulationTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly name: string;
  /** Its ports and, in lock-step, its clock are the caller's. */
  readonly card: SimulatedCard;
  readonly #onFrames = (frames: SimulatedHostFrame[]): void => {
    this.emit('frames', frames);
  };
  readonly #onFailed = (error: Error): void => {
    this.emit('failed', error);
  };

  /** Takes the card over: closing the transport closes it. */
  constructor(card: SimulatedCard) {
    super();
    this.card = card;
    this.name = `sim:${card.configuration}`;
    card.on('frames', this.#onFrames);
    card.on('failed', this.#onFailed);
  }

  /** Builds the simulation if needed and starts a card that has just been reset. */
  static async open(options: SimulatedCardOptions): Promise<SimulationTransport> {
    return new SimulationTransport(await SimulatedCard.open(options));
  }

  access(accesses: readonly Access[]): Promise<Uint32Array> {
    return this.card.access(accesses);
  }

  inject(frames: readonly InjectedFrame[]): Promise<void> {
    return this.card.inject(
      frames.map(({ target, data }) => ({ record: injectRecord(target), data })),
    );
  }

  async close(): Promise<void> {
    this.card.off('frames', this.#onFrames);
    this.card.off('failed', this.#onFailed);
    await this.card.close();
  }
}
