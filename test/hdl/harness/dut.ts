/** A module under test: its ports by name, its clock in the test's hands. */

/** What the addon of door.cc exports. */
export interface Door {
  create(model: string, seed: number): [object, [string, number, boolean][]];
  step(handle: object, inputs: Uint8Array, outputs: Uint8Array, edge: boolean): void;
}

interface Place {
  readonly width: number; // bits
  readonly offset: number; // bytes
  readonly input: boolean;
}

/**
 * A test that waits for what never comes ends here: no test takes nearly so many steps, and nothing
 * else can stop a loop that never returns to the test runner.
 */
const MOST_STEPS = 1_000_000;

export type Value = number | bigint | boolean | Uint8Array;

/** Bytes that hold so many bits in whole words. */
const room = (width: number) => Math.ceil(width / 32) * 4;

/** A bus as an integer: byte 0 of the bytes is the lowest. */
export function fromBytes(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes).reverse().toString('hex');
  return hex === '' ? 0n : BigInt(`0x${hex}`);
}

/** The low `length` bytes of an integer, the lowest first. */
export function toBytes(value: bigint, length: number): Buffer {
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0');
  return Buffer.from(hex, 'hex').reverse();
}

export class Dut {
  readonly #door: Door;
  readonly #handle: object;
  readonly #places = new Map<string, Place>();
  readonly #inputs: Buffer;
  readonly #outputs: Buffer;
  #steps = 0;

  constructor(door: Door, model: string, seed: number) {
    this.#door = door;
    const [handle, ports] = door.create(model, seed);
    this.#handle = handle;
    const end = { in: 0, out: 0 };
    for (const [name, width, input] of ports) {
      const side = input ? 'in' : 'out';
      this.#places.set(name, { width, input, offset: end[side] });
      end[side] += room(width);
    }
    this.#inputs = Buffer.alloc(end.in);
    this.#outputs = Buffer.alloc(end.out);
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) throw new RangeError(`there is no port ${name}`);
    return place;
  }

  /** Bits of a port. */
  width(name: string): number {
    return this.#place(name).width;
  }

  /** Sets inputs; they stay until set again. Bytes: byte 0 goes to bits 7:0. */
  set(values: Readonly<Record<string, Value>>): this {
    for (const [name, value] of Object.entries(values)) {
      const { width, offset, input } = this.#place(name);
      if (!input) throw new RangeError(`${name} is an output`);
      if (value instanceof Uint8Array) {
        if (value.length * 8 !== width) {
          throw new RangeError(`${name} has ${width} bits, not ${value.length} bytes`);
        }
        this.#inputs.set(value, offset);
        continue;
      }
      const whole = BigInt(value);
      if (whole < 0n || whole >> BigInt(width) !== 0n) {
        throw new RangeError(`${name} has ${width} bits: ${value} does not fit`);
      }
      if (width <= 32) this.#inputs.writeUInt32LE(Number(whole), offset);
      else this.#inputs.set(toBytes(whole, room(width)), offset);
    }
    return this;
  }

  /** Lets the module settle with the present inputs, without a clock. */
  settle(): this {
    this.#step(false);
    return this;
  }

  #step(edge: boolean): void {
    if (++this.#steps > MOST_STEPS) throw new Error(`${MOST_STEPS} steps: the test runs for ever`);
    this.#door.step(this.#handle, this.#inputs, this.#outputs, edge);
  }

  /** Rising edges with the present inputs; what is read then is the state behind the last. */
  clock(times = 1): this {
    for (let i = 0; i < times; i++) this.#step(true);
    return this;
  }

  /** Two clocks of reset, all other inputs as they are. */
  reset(): this {
    return this.set({ rst_ni: 0 }).clock(2).set({ rst_ni: 1 }).settle();
  }

  /** An output of at most 32 bits. */
  get(name: string): number {
    const { width, offset, input } = this.#place(name);
    if (width > 32) throw new RangeError(`${name} has ${width} bits: use big`);
    return (input ? this.#inputs : this.#outputs).readUInt32LE(offset);
  }

  /** An output of any width. */
  big(name: string): bigint {
    return fromBytes(this.bytes(name));
  }

  /** An output's bytes, bits 7:0 first, in whole words. */
  bytes(name: string): Buffer {
    const { width, offset, input } = this.#place(name);
    const from = input ? this.#inputs : this.#outputs;
    return Buffer.from(from.subarray(offset, offset + room(width)));
  }
}
