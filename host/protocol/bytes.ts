/**
 * Views of bytes. Codecs hand out views, never copies: a payload stays valid as long as nobody
 * writes over the frame it came from.
 */

/** The bytes `start` to `end` of `bytes`, as a Buffer over the same memory. */
export function view(bytes: Uint8Array, start = 0, end = bytes.length): Buffer {
  if (bytes instanceof Buffer && start === 0 && end === bytes.length) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** `value` where it is an integer of 0 to `max`; a RangeError that names `field` otherwise. */
export function checkRange(field: string, value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${field} ${value}: must be a whole number of 0 to ${max}`);
  }
  return value;
}
