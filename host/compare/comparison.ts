/** The same frames into several engines, and where their ends differ. */
import { type Decision, REASON, REASONS } from '../../driver/index.ts';
import type { CardState } from '../steering/state.ts';
import type { Decided, Engine, Offer } from './engine.ts';

/** A frame's end in the first engine, beside those in the others. */
export interface Compared<T> extends Decided<T> {
  /** By name; all engines, the first among them. */
  readonly ends: ReadonlyMap<string, Decided<T>>;
  /** Names of what is not the same everywhere: fields of the record, `egress`, `learned`. */
  readonly differences: readonly string[];
  /**
   * The first engine had no room to hold the fragment and another had: the card's ring frees in the
   * order of coming, the others at once. Said, and no mismatch.
   */
  readonly lackedRoom: boolean;
}

/** `egress` means nothing for a drop, and no two clocks are read at the same time. */
function fieldsOf({ time_us: _, ...fields }: Decision): Omit<Decision, 'time_us'> {
  return REASONS[fields.reason]?.end === 'drop' ? { ...fields, egress: 0 } : fields;
}

/** What differs between two ends of one frame. */
export function differences<T>(one: Decided<T>, other: Decided<T>): string[] {
  const [a, b] = [fieldsOf(one.decision), fieldsOf(other.decision)];
  const names: string[] = Object.keys(a).filter(
    (name) => a[name as keyof typeof a] !== b[name as keyof typeof b],
  );
  const same =
    one.egress === undefined || other.egress === undefined
      ? one.egress === other.egress
      : one.egress.equals(other.egress);
  if (!same) names.push('egress bytes');
  if (one.learned !== other.learned) names.push('learned');
  return names;
}

export class Comparison<T> implements Engine<T, Compared<T>> {
  readonly state: CardState;
  readonly #engines: readonly (readonly [name: string, engine: Engine<T>])[];
  /** Ends that not all engines have given yet. */
  readonly #open = new Map<T, Map<string, Decided<T>>>();

  /** The first one is what the others are held to. Frames must be offered as different objects. */
  constructor(engines: readonly (readonly [name: string, engine: Engine<T>])[]) {
    const [first] = engines;
    if (first === undefined) throw new RangeError('nothing to compare');
    this.#engines = engines;
    this.state = first[1].state;
  }

  pass(offers: readonly Offer<T>[]): Promise<Compared<T>[]> {
    return this.#gather((engine) => engine.pass(offers));
  }

  async finish(): Promise<Compared<T>[]> {
    const ends = await this.#gather((engine) => engine.finish());
    for (const [, some] of this.#open) {
      const without = this.#engines.map(([name]) => name).filter((name) => !some.has(name));
      throw new Error(`a frame has no end in ${without.join(' and ')}`);
    }
    return ends;
  }

  async #gather(work: (engine: Engine<T>) => Promise<Decided<T>[]>): Promise<Compared<T>[]> {
    const complete: Compared<T>[] = [];
    for (const [name, engine] of this.#engines) {
      for (const end of await work(engine)) {
        const ends = this.#open.get(end.offered) ?? new Map<string, Decided<T>>();
        this.#open.set(end.offered, ends.set(name, end));
        if (ends.size < this.#engines.length) continue;
        this.#open.delete(end.offered);
        complete.push(this.#compared(ends));
      }
    }
    return complete;
  }

  #compared(ends: ReadonlyMap<string, Decided<T>>): Compared<T> {
    const inOrder = this.#engines.map(([name]) => ends.get(name) as Decided<T>);
    const [first, ...others] = inOrder as [Decided<T>, ...Decided<T>[]];
    const differing = new Set(others.flatMap((other) => differences(first, other)));
    const full = ({ decision }: Decided<T>) => decision.reason === REASON.fragment_full;
    const lackedRoom = full(first) && others.some((other) => !full(other));
    return { ...first, ends, differences: lackedRoom ? [] : [...differing], lackedRoom };
  }
}
