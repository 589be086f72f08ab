/** The reference decision as an engine: the readable TypeScript, frame by frame. */

import { CuckooPlaces, nameOf, type Placed } from '../../driver/cuckoo.ts';
import { DriverError, type Override } from '../../driver/index.ts';
import { type Ended, ReferenceCard } from '../steering/reference-card.ts';
import type { CardState, OverrideEntry } from '../steering/state.ts';
import { type Decided, type Engine, type Offer, toCard } from './engine.ts';
import { LINE } from './layout.ts';
import { Learner, type OverrideStore } from './learner.ts';

/** As many as the driver's override table tries. */
const MOST_MOVES = 64;

/** Overrides at the places that the driver would give them. */
class ReferenceOverrides implements OverrideStore {
  /** What the reference decision reads. */
  readonly entries = new Map<number, OverrideEntry>();
  readonly #places: CuckooPlaces;
  readonly #known = new Map<string, Placed>();

  constructor(places: number) {
    this.#places = new CuckooPlaces(places);
  }

  get(space: number, key: bigint): Override | undefined {
    return this.#known.get(nameOf(space, key));
  }

  async insert({ space, key, vid }: Override): Promise<void> {
    const ways = this.#places.ways(space, key);
    const entry: Placed = { space, key, vid, ways, place: -1, idle: 0, fixed: false };
    const steps = this.#places.plan(entry, MOST_MOVES);
    if (steps === undefined) throw new DriverError('FULL', `no place for ${nameOf(space, key)}`);
    this.#places.apply(steps);
    this.#known.set(nameOf(space, key), entry);
    for (const { place, entry: at } of steps) {
      if (at === undefined) this.entries.delete(place);
      else this.entries.set(place, { space: at.space, key: at.key, vid: at.vid });
    }
  }
}

export class ReferenceEngine<T> implements Engine<T> {
  readonly state: CardState;
  readonly card: ReferenceCard;
  readonly #overrides: ReferenceOverrides;
  readonly #learner: Learner;
  readonly #open = new Map<Uint8Array, T>();
  #timeUs = 0;

  /** @param state the tables, without overrides. */
  constructor(state: CardState) {
    this.#overrides = new ReferenceOverrides(state.sizes.overrides);
    this.state = { ...state, overrides: this.#overrides.entries };
    this.card = new ReferenceCard(this.state);
    this.#learner = new Learner(state, this.#overrides);
  }

  async preset(overrides: readonly Override[]): Promise<void> {
    for (const override of overrides) await this.#overrides.insert(override);
  }

  async pass(offers: readonly Offer<T>[]): Promise<Decided<T>[]> {
    const ends: Decided<T>[] = [];
    for (const { offered, frame: given, timeUs } of offers) {
      this.#timeUs = Math.max(this.#timeUs, timeUs);
      const frame = toCard(given);
      this.#open.set(frame, offered);
      ends.push(...(await this.#told(this.card.advance(this.#timeUs))));
      ends.push(...(await this.#told(this.card.arrive(frame, { from: { port: LINE } }))));
    }
    return ends;
  }

  async finish(): Promise<Decided<T>[]> {
    return this.#told(this.card.advance(this.#timeUs + (this.state.fragmentUs ?? 0) + 1));
  }

  async #told(ended: readonly Ended[]): Promise<Decided<T>[]> {
    const ends: Decided<T>[] = [];
    for (const { frame, verdict } of ended) {
      const offered = this.#open.get(frame);
      if (offered === undefined) throw new Error('the reference decided about no frame');
      this.#open.delete(frame);
      const decision = { ...verdict.decision, time_us: BigInt(this.#timeUs) };
      const egress = verdict.egressFrame && Buffer.from(verdict.egressFrame);
      const learned = await this.#learner.learn(frame as Buffer, decision);
      ends.push({
        offered,
        frame: frame as Buffer,
        decision,
        egress,
        clocks: undefined,
        learned,
      });
    }
    return ends;
  }
}
