/** Fields of register words and records: any width up to 128 bits, at any bit of a run of words. */

export interface FieldPlace {
  /** Lowest bit, counted from bit 0 of the first word. */
  readonly bit: number;
  /** Bits. */
  readonly width: number;
}

/** Value of a field: a number up to 32 bits, a bigint beyond. Words that are missing read as 0. */
export function getField(words: Uint32Array, { bit, width }: FieldPlace): number | bigint {
  if (width <= 32) {
    const shift = bit & 31;
    const low = (words[bit >>> 5] ?? 0) >>> shift;
    const high =
      shift === 0 || shift + width <= 32 ? 0 : (words[(bit >>> 5) + 1] ?? 0) << (32 - shift);
    const value = (low | high) >>> 0;
    return width === 32 ? value : value & ((1 << width) - 1);
  }
  let value = 0n;
  for (let done = 0; done < width; done += 32) {
    const part = getField(words, { bit: bit + done, width: Math.min(32, width - done) });
    value |= BigInt(part) << BigInt(done);
  }
  return value;
}

/** Writes a field. Throws RangeError, naming `name`, where the value is negative or too large. */
export function setField(
  words: Uint32Array,
  { bit, width }: FieldPlace,
  value: number | bigint,
  name: string,
): void {
  // Most fields are small; 2^n and above need the other way.
  if (typeof value === 'number' && width < 32 && (bit & 31) + width <= 32) {
    if (!Number.isInteger(value) || value < 0 || value >= 1 << width) {
      throw new RangeError(`${name} = ${value} does not fit into ${width} bits`);
    }
    const mask = ((1 << width) - 1) << (bit & 31);
    const index = bit >>> 5;
    words[index] = (((words[index] ?? 0) & ~mask) | (value << (bit & 31))) >>> 0;
    return;
  }
  const whole = BigInt(value);
  if (whole < 0n || whole >> BigInt(width) !== 0n) {
    throw new RangeError(`${name} = ${value} does not fit into ${width} bits`);
  }
  for (let done = 0; done < width; ) {
    const at = bit + done;
    const shift = at & 31;
    const count = Math.min(32 - shift, width - done);
    const part = Number((whole >> BigInt(done)) & ((1n << BigInt(count)) - 1n));
    const mask = count === 32 ? 0xffffffff : ((2 ** count - 1) << shift) >>> 0;
    const index = at >>> 5;
    words[index] = (((words[index] ?? 0) & ~mask) | ((part << shift) >>> 0)) >>> 0;
    done += count;
  }
}
