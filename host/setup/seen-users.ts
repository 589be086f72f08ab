/**
 * Users of whom a session may be somewhere. It forgets nobody and may take somebody new for one that was here: that
 * costs a question, and no memory of millions of names (a Bloom filter).
 */

/** 4 MB. With two marks each, a million users make 1 of 300 new ones look known; ten million, one of five. */
const BITS = 2 ** 25;

export class SeenUsers {
  readonly #marks = new Uint32Array(BITS / 32);

  /** Whether the user may have been here before. */
  add(user: string): boolean {
    const first = hashOf(user);
    const second = Math.imul(first ^ (first >>> 15), 0x2c1b3c6d) ^ user.length;
    const known = [this.#mark(first), this.#mark(second ^ (second >>> 13))];
    return known.every((it) => it);
  }

  /** No session is anywhere. */
  clear(): void {
    this.#marks.fill(0);
  }

  /** Whoever was here is not known any more: all may have been. */
  fill(): void {
    this.#marks.fill(0xffffffff);
  }

  #mark(hash: number): boolean {
    const place = (hash >>> 0) % BITS;
    const bit = 1 << (place & 31);
    const word = this.#marks[place >>> 5] ?? 0;
    this.#marks[place >>> 5] = word | bit;
    return (word & bit) !== 0;
  }
}

/** FNV-1a, of 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
