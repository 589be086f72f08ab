/** The software router as an engine: filled by the driver, as the card is. */
import { Card, decodeDecision, type Override, OverrideTable, REASONS } from '../../driver/index.ts';
import { type RouterEnd, SoftwareRouter } from '../router/software-router.ts';
import type { Service } from '../steering/rule.ts';
import type { CardState } from '../steering/state.ts';
import { type Decided, type Engine, type Offer, toCard } from './engine.ts';
import { fillCard, LINE, layout } from './layout.ts';
import { Learner } from './learner.ts';

interface Waiting<T> {
  readonly offered: T;
  readonly frame: Buffer;
}

export class RouterEngine<T> implements Engine<T> {
  readonly router: SoftwareRouter;
  readonly state: CardState;
  readonly #overrides: OverrideTable;
  readonly #learner: Learner;
  readonly #open = new Map<number, Waiting<T>>();
  #timeUs = 0;
  #number = 0;

  private constructor(router: SoftwareRouter, card: Card, state: CardState) {
    this.router = router;
    this.state = state;
    this.#overrides = new OverrideTable(card);
    this.#learner = new Learner(state, this.#overrides);
  }

  /** Rejects with ServiceError where tables of this configuration cannot hold the rules; BuildError. */
  static async open<T>(
    configuration: string,
    services: readonly Service[],
  ): Promise<RouterEngine<T>> {
    const router = await SoftwareRouter.open(configuration);
    const card = await Card.attach(router);
    const state = layout(services, card.sizes);
    await fillCard(card, services, state);
    return new RouterEngine<T>(router, card, state);
  }

  preset(overrides: readonly Override[]): Promise<void> {
    return this.#overrides.insert(overrides);
  }

  async pass(offers: readonly Offer<T>[]): Promise<Decided<T>[]> {
    const ends: Decided<T>[] = [];
    // One at a time: what a frame teaches, the next one finds.
    for (const { offered, frame: given, timeUs } of offers) {
      this.#timeUs = Math.max(this.#timeUs, timeUs);
      ends.push(...(await this.#told(this.router.advance(this.#timeUs))));
      const frame = toCard(given);
      this.#open.set(this.#number++, { offered, frame });
      ends.push(...(await this.#told(this.router.receive([{ frame, from: { port: LINE } }]))));
    }
    return ends;
  }

  finish(): Promise<Decided<T>[]> {
    const end = this.#timeUs + (this.state.fragmentUs ?? 0) + 1;
    return this.#told(this.router.advance(end));
  }

  async #told(ended: readonly RouterEnd[]): Promise<Decided<T>[]> {
    const ends: Decided<T>[] = [];
    for (const { number, record, data } of ended) {
      const waiting = this.#open.get(number);
      if (waiting === undefined) throw new Error('the router decided about no frame');
      this.#open.delete(number);
      const decision = decodeDecision(record);
      const drop = REASONS[decision.reason]?.end === 'drop';
      const learned = await this.#learner.learn(waiting.frame, decision);
      ends.push({
        ...waiting,
        decision,
        egress: drop ? undefined : Buffer.from(data),
        clocks: undefined,
        learned,
      });
    }
    return ends;
  }
}
