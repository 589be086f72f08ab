/**
 * The hashes of docs/card.md, "Overrides", as what they are: remainders of a CRC over {space, key},
 * most significant bit first, without initial value or inversion. Shares nothing with the masks that
 * the generator makes of them.
 */

const BITS = 136n;

function crc16(polynomial: number, value: bigint): number {
  let remainder = 0;
  for (let bit = BITS - 1n; bit >= 0n; bit--) {
    const out = (remainder >> 15) ^ Number((value >> bit) & 1n);
    remainder = ((remainder << 1) & 0xffff) ^ (out ? polynomial : 0);
  }
  return remainder;
}

const asked = (space: number, key: bigint) => (BigInt(space) << 128n) | key;

/** First half of the override table, and the fragment table (ITU-T V.41). */
export const way0 = (space: number, key: bigint) => crc16(0x1021, asked(space, key));

/** Second half of the override table (USB, Modbus). */
export const way1 = (space: number, key: bigint) => crc16(0x8005, asked(space, key));
