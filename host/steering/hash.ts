/**
 * The hashes that give overrides and fragmented packets their places: remainders of a CRC-16 over
 * {space, key}, most significant bit first, without initial value or inversion.
 */

export type Hash = (space: number, key: bigint) => number;

/** CRC-16 of ITU-T V.41: x^16 + x^12 + x^5 + 1. */
export const way0 = crc16(0x1021);
/** CRC-16 of USB and Modbus: x^16 + x^15 + x^2 + 1. */
export const way1 = crc16(0x8005);

function crc16(polynomial: number): Hash {
  const table = Uint16Array.from({ length: 256 }, (_, byte) => {
    let rest = byte << 8;
    for (let bit = 0; bit < 8; bit++) rest = rest & 0x8000 ? (rest << 1) ^ polynomial : rest << 1;
    return rest;
  });
  const scratch = Buffer.alloc(16);
  return (space, key) => {
    scratch.writeBigUInt64BE(key >> 64n, 0);
    scratch.writeBigUInt64BE(key & 0xffff_ffff_ffff_ffffn, 8);
    let rest = table[space] ?? 0;
    for (const byte of scratch) rest = ((rest << 8) & 0xffff) ^ (table[(rest >> 8) ^ byte] ?? 0);
    return rest;
  };
}
