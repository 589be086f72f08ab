/** A card in lock-step with ports in memory, whose frames cross to the simulation in batches. */
import { Card, SimulationTransport } from '../driver/index.ts';
import { CONFIGURATION } from './card-bed.ts';

export class BatchedGround {
  readonly card: Card;
  readonly transport: SimulationTransport;
  readonly #handlers = new Map<number, (frame: Buffer) => void>();
  readonly #waiting = new Map<number, Buffer[]>();
  #moved = 0;
  #time = 0;

  private constructor(card: Card, transport: SimulationTransport) {
    this.card = card;
    this.transport = transport;
  }

  /** Builds the simulation where it is not built yet. */
  static async open(configuration: string = CONFIGURATION): Promise<BatchedGround> {
    const transport = await SimulationTransport.open({
      configuration,
      mode: 'lockstep',
    });
    const card = await Card.attach(transport);
    const ground = new BatchedGround(card, transport);
    transport.on('frames', (frames) => {
      ground.#moved += frames.length;
    });
    for (let port = 0; port < card.sizes.ports; port++) {
      await transport.card.attachMemory(port, (frames) => {
        ground.#moved += frames.length;
        const handler = ground.#handlers.get(port);
        for (const frame of frames) handler?.(frame);
      });
    }
    return ground;
  }

  feed(port: number, frame: Buffer): void {
    this.#moved++;
    const waiting = this.#waiting.get(port);
    if (waiting === undefined) this.#waiting.set(port, [frame]);
    else waiting.push(frame);
  }

  onPort(port: number, handler: (frame: Buffer) => void): void {
    this.#handlers.set(port, handler);
  }

  /** Resolves when no frame is on its way any more: when a round of card and host has moved none. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      const before = this.#moved;
      // The card takes calls in their order: none but the last is waited for by itself.
      const calls: Promise<unknown>[] = [];
      for (const [port, frames] of this.#waiting)
        calls.push(this.transport.card.send(port, frames));
      this.#waiting.clear();
      calls.push(this.transport.card.runUntilIdle());
      await Promise.all(calls);
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#moved === before && this.#waiting.size === 0 ? quiet + 1 : 0;
    }
  }

  /** The time that the card sees from the next frame on; no clocks pass for that alone. */
  async advance(milliseconds: number): Promise<void> {
    this.#time += milliseconds * 1000;
    await this.transport.card.setTime(this.#time);
  }

  close(): Promise<void> {
    return this.card.close();
  }
}
