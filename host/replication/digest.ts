/**
 * A digest of a set of entries that does not depend on their order and follows each change: the sum
 * of the entries' hashes. It finds what was lost, doubled or mixed up. It is no proof against
 * somebody who chooses entries so that two states look alike: both ends are ours.
 */

/** 64 bits as two halves of 32: what one entry adds to a digest. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

/** Hash of an entry: two of MurmurHash3's 32-bit mixes with their own seeds (public domain). */
export function hashEntry(key: string, value: Buffer): Hash {
  // Both lengths go in first: the border between key and value must not be able to move.
  let high = mix(mix(0x9747b28c, key.length), value.length);
  let low = mix(mix(0x1b873593, value.length), key.length);
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    high = mix(high, unit);
    low = mix(low, unit ^ 0x5bd1e995);
  }
  let at = 0;
  for (; at + 4 <= value.length; at += 4) {
    const word = value.readInt32LE(at);
    high = mix(high, word);
    low = mix(low, word ^ 0x5bd1e995);
  }
  for (; at < value.length; at++) {
    const byte = value[at] ?? 0;
    high = mix(high, byte);
    low = mix(low, byte ^ 0x5bd1e995);
  }
  return { high: finish(high), low: finish(low) };
}

function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  k = Math.imul(k, 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The sum; both halves modulo 2^32. */
export class Digest {
  #high = 0;
  #low = 0;

  add({ high, low }: Hash): void {
    this.#high = (this.#high + high) >>> 0;
    this.#low = (this.#low + low) >>> 0;
  }

  remove({ high, low }: Hash): void {
    this.#high = (this.#high - high) >>> 0;
    this.#low = (this.#low - low) >>> 0;
  }

  clear(): void {
    this.#high = 0;
    this.#low = 0;
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    const half = (value: number) => value.toString(16).padStart(8, '0');
    return half(this.#high) + half(this.#low);
  }
}

/** Digest of no entries. */
export const EMPTY_DIGEST = new Digest().text;
