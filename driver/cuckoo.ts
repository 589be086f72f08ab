/**
 * Where the entries of an override table lie. Each has two places, one in each half; whoever comes
 * may push an entry to its other place, that one the next, until a place is empty (cuckoo hashing,
 * Pagh and Rodler 2004). Plans only: nothing here reaches a card.
 */
import { HASHED_BYTES, way0, way1 } from './hash.ts';

/** An exact match and the VID that it names. */
export interface Override {
  /** 0 to 255: `override_space` of the rules that ask. */
  readonly space: number;
  /** 128 bits: what is matched (docs/registers.md, table `override`). */
  readonly key: bigint;
  readonly vid: number;
}

/** An override at its place. */
export interface Placed extends Override {
  /** Its place in the first half, and that in the second. */
  readonly ways: readonly [number, number];
  place: number;
  /** Sweeps since it was last found used; 0 as well when it was just written. */
  idle: number;
  /** Does not age. */
  readonly fixed: boolean;
}

/** What becomes of a place; undefined: it is cleared. */
export interface Step {
  readonly place: number;
  readonly entry: Placed | undefined;
}

/** Space and key as one text: what tells overrides apart. */
export const nameOf = (space: number, key: bigint): string => `${space}:${key.toString(36)}`;

export class CuckooPlaces {
  readonly count: number;
  readonly #half: number;
  readonly #at: (Placed | undefined)[];
  readonly #bytes = new Uint8Array(HASHED_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);

  /** @param count places of both ways together, a power of two. */
  constructor(count: number) {
    this.count = count;
    this.#half = count / 2;
    this.#at = new Array(count);
  }

  at(place: number): Placed | undefined {
    return this.#at[place];
  }

  /** The two places of a key. */
  ways(space: number, key: bigint): readonly [number, number] {
    this.#bytes[0] = space;
    this.#view.setBigUint64(1, key >> 64n);
    this.#view.setBigUint64(9, key);
    const mask = this.#half - 1;
    return [way0(this.#bytes) & mask, this.#half + (way1(this.#bytes) & mask)];
  }

  /** Puts an entry where it is found to be. */
  set(place: number, entry: Placed | undefined): void {
    this.#at[place] = entry;
    if (entry !== undefined) entry.place = place;
  }

  empty(): void {
    this.#at.fill(undefined);
  }

  /**
   * The steps, in the order in which they must be written, after which `entry` is in: the last of
   * those that are pushed goes first, so that each is at its new place before its old one is
   * overwritten. Undefined where that takes more than `most` moves, or cannot be done.
   *
   * Each place leads to one other, the second one of who lies there, so two ways have to be followed
   * and no more. Both in vain means that all places that these keys can reach are taken: no
   * other order of moves would find one (a component of the graph with as many keys as places).
   */
  plan(entry: Placed, most: number): Step[] | undefined {
    const routes = entry.ways
      .map((way) => this.#route(way, most))
      .filter((route) => route !== undefined);
    const [first, second] = routes;
    if (first === undefined) return undefined;
    const route = second !== undefined && second.length < first.length ? second : first;
    const steps: Step[] = [];
    for (let at = route.length - 1; at > 0; at--)
      steps.push({ place: route[at] as number, entry: this.#at[route[at - 1] as number] });
    steps.push({ place: route[0] as number, entry });
    return steps;
  }

  /** Takes over what a plan says. */
  apply(steps: readonly Step[]): void {
    for (const { place, entry } of steps) this.set(place, entry);
  }

  /** Places from `start` on to the first empty one. */
  #route(start: number, most: number): number[] | undefined {
    const route = [start];
    const seen = new Set(route);
    for (let place = start; ; ) {
      const occupant = this.#at[place];
      if (occupant === undefined) return route;
      const [one, other] = occupant.ways;
      place = place === one ? other : one;
      // Back where it was: who was pushed first would come round to its own place.
      if (seen.has(place) || route.length > most) return undefined;
      route.push(place);
      seen.add(place);
    }
  }
}
