/**
 * The card's RTL as a function from frames to decisions, each as if it were alone in the card: its
 * clocks are its own, and what it teaches is known to the next one.
 */
import {
  Card,
  type CardSizes,
  type Decision,
  decodeDecision,
  type ListedOverride,
  OverrideTable,
  REASON,
  SimulationTransport,
} from '../../driver/index.ts';
import type { Observation, SimulatedCard } from '../../sim/index.ts';
import { readHeaders } from '../steering/headers.ts';
import type { Problem } from '../steering/problem.ts';
import type { Service } from '../steering/rule.ts';
import type { CardState } from '../steering/state.ts';
import { type Decided, type Engine, type Offer, toCard } from './engine.ts';
import { fillCard, LINE, LINE_MAC, layout } from './layout.ts';
import { Learner } from './learner.ts';
import type { PresetVid } from './vid-file.ts';

export interface DecidingCardOptions {
  /** Of hdl/configurations.yaml. */
  readonly configuration: string;
  readonly services: readonly Service[];
  /** Identifiers that have their VID before the first frame; told the card's sizes. */
  readonly presets?: (sizes: CardSizes) => readonly PresetVid[];
}

/** A frame on its way, addressed to the card. */
interface Waiting<T> {
  readonly offered: T;
  readonly frame: Buffer;
}

/** Frames begin so many bytes behind each other at least (hdl/rtl/linecard_pkg.sv, `frame_clocks`). */
const APART_BYTES = 64;
/** Clocks in which a fragment that has waited too long has its end: the hold buffer is walked once. */
const TIMEOUT_CLOCKS = 4096;
const MOST_CLOCKS = 1_000_000;

export class DecidingCard<T> implements Engine<T> {
  readonly card: Card;
  /** The tables, without overrides. */
  readonly state: CardState;
  /** Rules that may not do what is meant. */
  readonly warnings: readonly Problem[];
  readonly #simulation: SimulatedCard;
  readonly #overrides: OverrideTable;
  #held: Waiting<T>[] = [];
  #timeUs = 0;
  readonly #learner: Learner;
  /** Clocks from a frame's first beat to that of the next behind it, both in one batch. */
  readonly #apart = { frames: 0, clocks: 0 };

  private constructor(
    card: Card,
    simulation: SimulatedCard,
    state: CardState,
    warnings: readonly Problem[],
  ) {
    this.card = card;
    this.state = state;
    this.warnings = warnings;
    this.#simulation = simulation;
    this.#overrides = new OverrideTable(card);
    this.#learner = new Learner(state, this.#overrides);
  }

  /**
   * Builds the simulation if it is not there, and fills the card's tables. Rejects with ServiceError
   * where it cannot hold the rules, with BuildError or SimulationError.
   */
  static async open<T>(options: DecidingCardOptions): Promise<DecidingCard<T>> {
    const { configuration, services, presets } = options;
    const transport = await SimulationTransport.open({
      configuration,
      mode: 'lockstep',
      observe: true,
    });
    try {
      const card = await Card.attach(transport);
      // Observations tell what left; nobody needs the frames once more.
      for (let port = 0; port < card.sizes.ports; port++) {
        await transport.card.attachMemory(port, () => {});
      }
      const state = layout(services, card.sizes);
      const warnings = await fillCard(card, services, state);
      const deciding = new DecidingCard<T>(card, transport.card, state, warnings);
      await deciding.#overrides.clear();
      await deciding.#overrides.insert(presets?.(card.sizes) ?? []);
      return deciding;
    } catch (error) {
      await transport.close();
      throw error;
    }
  }

  /** Identifiers that have learned a VID, and first frames for whose identifier there was no room. */
  get learning(): { readonly learned: number; readonly withoutRoom: number } {
    return this.#learner.counts;
  }

  /** Frames that came back to back with the next one, and the clocks that lay between their first beats. */
  get backToBack(): { readonly frames: number; readonly clocks: number } {
    return this.#apart;
  }

  overrides(): readonly ListedOverride[] {
    return this.#overrides.list();
  }

  async pass(offers: readonly Offer<T>[]): Promise<Decided<T>[]> {
    const ends: Decided<T>[] = [];
    let together: Waiting<T>[] = [];
    for (const { offered, frame, timeUs } of offers) {
      const current = { offered, frame: toCard(frame) };
      if (this.#held.length > 0 || isFragment(current.frame)) {
        ends.push(...(await this.#together(together)));
        together = [];
        this.#timeUs = Math.max(this.#timeUs, timeUs);
        ends.push(...(await this.#alone(current)));
      } else {
        this.#timeUs = Math.max(this.#timeUs, timeUs);
        together.push(current);
      }
    }
    ends.push(...(await this.#together(together)));
    return ends;
  }

  async finish(): Promise<Decided<T>[]> {
    if (this.#held.length === 0) return [];
    await this.#simulation.setTime(this.#timeUs + (this.state.fragmentUs ?? 0) + 1);
    await this.#simulation.run(TIMEOUT_CLOCKS);
    await this.#simulation.runUntilIdle();
    const ends = await this.#collect(this.#simulation.decisions(), undefined);
    if (this.#held.length > 0) throw new Error(`${this.#held.length} frames have no end`);
    return ends;
  }

  async close(): Promise<void> {
    await this.card.close();
  }

  /** In, and out again. */
  async #run(frames: readonly Buffer[]): Promise<Observation[]> {
    const simulation = this.#simulation;
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    // The card's thread takes them in this order; to wait for each would cost more than the frame.
    await Promise.all([
      simulation.setTime(this.#timeUs),
      simulation.send(LINE, frames),
      simulation.runUntilIdle(MOST_CLOCKS + bytes),
    ]);
    // Each batch is in order, but a frame that waits in a queue comes with a later one.
    return simulation.decisions().sort((a, b) => a.sequence - b.sequence);
  }

  /**
   * Frames that are no fragments, back to back, which is several times faster. Time means nothing to
   * them, the port cuts through, the pipeline never waits, and queues run empty as fast as one port can
   * fill them: all is as if each were alone, but for one that comes behind one that is shorter than
   * Ethernet's shortest, and waits; that is taken off. Only one whose identifier was learned in the same batch
   * goes once more, alone.
   */
  async #together(list: readonly Waiting<T>[]): Promise<Decided<T>[]> {
    if (list.length === 0) return [];
    const seen = await this.#run(list.map(({ frame }) => frame));
    const ends: Decided<T>[] = [];
    const { dataWidth, maxFrame } = this.card.sizes;
    /** Of the pipeline; of a frame that is too long it takes no more than shows that. */
    const clocksOf = (length: number) =>
      Math.ceil((8 * Math.max(Math.min(length, maxFrame + 1), APART_BYTES)) / dataWidth);
    /** When the frame would have come if it had not had to wait for the one before. */
    let turn = Number.NEGATIVE_INFINITY;
    let next = turn;
    for (const [index, current] of list.entries()) {
      const observation = seen[index];
      if (observation?.firstClock === undefined || seen.length !== list.length) {
        throw new Error(`${list.length} frames went in, and the card decided ${seen.length}`);
      }
      const before = turn;
      turn = Math.max(observation.firstClock, next);
      next = turn + clocksOf(current.frame.length);
      if (before > 0) {
        this.#apart.frames++;
        this.#apart.clocks += turn - before;
      }
      const decision = decodeDecision(observation.decision);
      if (this.#learner.isKnownNow(current.frame, decision)) {
        ends.push(...(await this.#alone(current)));
        continue;
      }
      ends.push({
        ...current,
        decision,
        egress: observation.egress,
        clocks: observation.decisionClock - turn,
        learned: await this.#learner.learn(current.frame, decision),
      });
    }
    return ends;
  }

  async #alone(current: Waiting<T>): Promise<Decided<T>[]> {
    return this.#collect(await this.#run([current.frame]), current);
  }

  async #collect(
    seen: readonly Observation[],
    current: Waiting<T> | undefined,
  ): Promise<Decided<T>[]> {
    // One frame went in, so there is one such clock, though the observer may tell it of another end.
    const firstClock = seen.find((one) => one.firstClock !== undefined)?.firstClock;
    const ends: Decided<T>[] = [];
    let open = current;
    for (const observation of seen) {
      const decision = decodeDecision(observation.decision);
      const vain = decision.reason === REASON.fragment_timeout;
      const own = open !== undefined && !vain;
      const waiting = own ? open : this.#takeHeld(observation, decision);
      if (waiting === undefined) throw new Error('the card gave a decision about no frame');
      if (own) open = undefined;
      ends.push({
        ...waiting,
        decision,
        egress: observation.egress,
        clocks:
          own && firstClock !== undefined ? observation.decisionClock - firstClock : undefined,
        learned: await this.#learner.learn(waiting.frame, decision),
      });
    }
    if (open !== undefined) this.#held.push(open);
    return ends;
  }

  /** The frame that waited and has its end now: of those that it can be, the one that came first. */
  #takeHeld({ egress }: Observation, { length }: Decision): Waiting<T> | undefined {
    const index = this.#held.findIndex(
      ({ frame }) =>
        frame.length === length &&
        (egress === undefined || frame.subarray(12).equals(egress.subarray(12))),
    );
    return index < 0 ? undefined : this.#held.splice(index, 1)[0];
  }
}

/** What the card remembers, or must wait for, beyond the frame. */
function isFragment(frame: Buffer): boolean {
  const { ip } = readHeaders(frame, { line: true, mac: LINE_MAC });
  return ip !== undefined && (ip.firstFragment || ip.laterFragment);
}
