/** What first fragments leave behind: where later ones go, for a bounded time. */
import { type FragmentKey, fragmentPlace } from './fragment.ts';
import { modulo } from './time.ts';

/** Ages are taken modulo this many microseconds. */
const AGE_SPAN = 2 ** 40;

interface Known {
  readonly key: bigint;
  readonly vid: number | undefined;
  readonly learnedUs: number;
}

/** Each packet has one place; the newest in it is the one that is known. */
export class FragmentTable {
  readonly #size: number;
  readonly #places = new Map<number, Known>();

  constructor(size: number) {
    this.#size = size;
  }

  /** @param livesUs how long a first fragment leads later ones. */
  find(key: FragmentKey, nowUs: number, livesUs: number): Pick<Known, 'vid'> | undefined {
    const known = this.#places.get(fragmentPlace(key, this.#size));
    if (known === undefined || known.key !== key.key) return undefined;
    return modulo(nowUs - known.learnedUs, AGE_SPAN) < livesUs ? known : undefined;
  }

  learn({ space, key }: FragmentKey, vid: number | undefined, nowUs: number): void {
    const place = fragmentPlace({ space, key }, this.#size);
    this.#places.set(place, { key, vid, learnedUs: nowUs });
  }

  place(key: FragmentKey): number {
    return fragmentPlace(key, this.#size);
  }
}
