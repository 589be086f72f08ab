/**
 * A card whose sessions are steered by software: its VID rows stay empty, so that it punts every packet
 * of a session, and the software router behind it has the rows. The switch processor does not notice.
 */
import { EventEmitter } from 'node:events';
import {
  type Access,
  decodeDecision,
  type HostFrame,
  type InjectedFrame,
  REASON,
  REASONS,
  TABLES,
  type Transport,
  type TransportEvents,
} from '../../driver/index.ts';
import type { SoftwareRouter } from './software-router.ts';

/** Rows emptied in one call. */
const MOST = 4096;

export class PuntingTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly name: string;
  readonly #card: Transport;
  readonly #router: SoftwareRouter;
  #steered = 0;

  /** Takes both over; the router has the card's sizes. Empties the card's rows: RAM holds anything at first. */
  static async open(card: Transport, router: SoftwareRouter): Promise<PuntingTransport> {
    const { offset, stride, entries } = TABLES.vid_row;
    const rows = entries(router.sizes);
    for (let row = 0; row < rows; row += MOST) {
      const some = Array.from({ length: Math.min(MOST, rows - row) }, (_, n) => row + n);
      await card.access(some.map((n) => ({ address: offset + 4 * stride * n, write: 0 })));
    }
    return new PuntingTransport(card, router);
  }

  private constructor(card: Transport, router: SoftwareRouter) {
    super();
    this.name = `${card.name}, punting`;
    this.#card = card;
    this.#router = router;
    card.on('frames', (frames) => this.#take(frames));
    card.on('attention', () => this.emit('attention'));
    card.on('failed', (error) => this.emit('failed', error));
  }

  /** Packets that the router has steered. */
  get steered(): number {
    return this.#steered;
  }

  async access(accesses: readonly Access[]): Promise<Uint32Array> {
    const forCard = accesses.filter((access) => !this.#isRow(access));
    const read = forCard.length > 0 ? await this.#card.access(forCard) : new Uint32Array();
    // What the router has is what was written; the card's own state is the card's.
    const held = this.#router.write(accesses);
    let next = 0;
    return held.map((word, n) => (this.#isRow(accesses[n] as Access) ? word : (read[next++] ?? 0)));
  }

  inject(frames: readonly InjectedFrame[]): Promise<void> {
    return this.#card.inject(frames);
  }

  async close(): Promise<void> {
    await this.#card.close();
    await this.#router.close();
  }

  #isRow({ address }: Access): boolean {
    const { offset, stride, entries } = TABLES.vid_row;
    return address >= offset && address < offset + 4 * stride * entries(this.#router.sizes);
  }

  /** What lacks nothing but a row is the router's; the host hears of the rest. */
  #take(frames: readonly HostFrame[]): void {
    const others: HostFrame[] = [];
    const steered: InjectedFrame[] = [];
    for (const frame of frames) {
      const { reason, ingress } = decodeDecision(frame.decision);
      if (reason !== REASON.punt_no_row) {
        others.push(frame);
        continue;
      }
      for (const { record, data } of this.#router.receive([
        { frame: frame.data, from: { port: ingress } },
      ])) {
        const decision = decodeDecision(record);
        const steers = REASONS[decision.reason]?.end === 'steer';
        if (steers) steered.push({ target: { to: 'slot', slot: decision.slot }, data });
        else others.push({ decision: record, data });
      }
    }
    this.#steered += steered.length;
    if (steered.length > 0) {
      this.#card.inject(steered).catch((error: Error) => this.emit('failed', error));
    }
    if (others.length > 0) this.emit('frames', others);
  }
}
