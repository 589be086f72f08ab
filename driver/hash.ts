/** The hashes of the override table, as the card computes them: linear over GF(2), so by tables. */
import { HASHES } from './generated/registers.ts';

/** Bytes of what is hashed: the space, then the key's 16, the first on the wire in front. */
export const HASHED_BYTES = 17;

export type Hash = (bytes: Uint8Array) => number;

/** 16 bits of the parity masks in `HASHES`: one table look-up for each byte. */
function makeHash(masks: readonly bigint[]): Hash {
  const table = new Uint16Array(HASHED_BYTES * 256);
  for (let byte = 0; byte < HASHED_BYTES; byte++) {
    // What each bit of this byte contributes; the last byte holds bits 7:0.
    const shift = BigInt(8 * (HASHED_BYTES - 1 - byte));
    const ofBit = Array.from({ length: 8 }, (_, bit) =>
      masks.reduce((sum, mask, n) => sum | (Number((mask >> (shift + BigInt(bit))) & 1n) << n), 0),
    );
    for (let value = 1; value < 256; value++) {
      const rest = value & (value - 1);
      const lowest = 31 - Math.clz32(value ^ rest);
      table[byte * 256 + value] = (table[byte * 256 + rest] ?? 0) ^ (ofBit[lowest] ?? 0);
    }
  }
  return (bytes) => {
    let sum = 0;
    for (let byte = 0; byte < HASHED_BYTES; byte++)
      sum ^= table[byte * 256 + (bytes[byte] ?? 0)] ?? 0;
    return sum;
  };
}

export const way0 = makeHash(HASHES.way0);
export const way1 = makeHash(HASHES.way1);
