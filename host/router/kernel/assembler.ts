/** Instructions of eBPF (RFC 9669) as bytes, with labels. */

/** Registers: 0 results, 1 to 5 arguments, 6 to 9 kept over calls, 10 the stack. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

const SIZES = { 1: 0x10, 2: 0x08, 4: 0x00 } as const;
/** Arithmetic on 64 bits, by a number. */
const ALU = { add: 0x07, sub: 0x17, and: 0x57, rsh: 0x77, mov: 0xb7 } as const;
/** Jumps over 64 bits, by a number. */
const JUMPS = { eq: 0x15, gt: 0x25, ge: 0x35, ne: 0x55, lt: 0xa5 } as const;
const REGISTER_SOURCE = 0x08;

export class Assembler {
  readonly #words: { op: number; dst: number; src: number; off: number; imm: number }[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: { at: number; to: string }[] = [];

  label(name: string): void {
    if (this.#labels.has(name)) throw new Error(`label ${name} is there already`);
    this.#labels.set(name, this.#words.length);
  }

  load(size: 1 | 2 | 4, dst: Register, src: Register, off: number): void {
    this.#emit(0x61 | SIZES[size], dst, src, off);
  }

  store(size: 1 | 2 | 4, dst: Register, off: number, src: Register): void {
    this.#emit(0x63 | SIZES[size], dst, src, off);
  }

  /** From network order. */
  swap(bits: 16 | 32, dst: Register): void {
    this.#emit(0xdc, dst, 0, 0, bits);
  }

  alu(name: keyof typeof ALU, dst: Register, value: number): void {
    this.#emit(ALU[name], dst, 0, 0, value);
  }

  aluRegister(name: keyof typeof ALU, dst: Register, src: Register): void {
    this.#emit(ALU[name] | REGISTER_SOURCE, dst, src);
  }

  /** AND of the lower 32 bits; the upper ones become 0. */
  and32(dst: Register, mask: number): void {
    this.#emit(0x54, dst, 0, 0, mask | 0);
  }

  constant(dst: Register, value: bigint): void {
    this.#emit(0x18, dst, 0, 0, Number(BigInt.asIntN(32, value)));
    this.#emit(0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n)));
  }

  map(dst: Register, fd: number): void {
    this.#emit(0x18, dst, 1, 0, fd); // BPF_PSEUDO_MAP_FD
    this.#emit(0, 0, 0, 0, 0);
  }

  jump(to: string): void {
    this.#jump(0x05, 0, 0, 0, to);
  }

  jumpIf(name: keyof typeof JUMPS, dst: Register, value: number, to: string): void {
    this.#jump(JUMPS[name], dst, 0, value, to);
  }

  jumpIfRegister(name: keyof typeof JUMPS, dst: Register, src: Register, to: string): void {
    this.#jump(JUMPS[name] | REGISTER_SOURCE, dst, src, 0, to);
  }

  /** By the lower 32 bits. */
  jumpIf32(name: 'eq' | 'ne', dst: Register, value: number, to: string): void {
    this.#jump((JUMPS[name] & ~0x07) | 0x06, dst, 0, value | 0, to);
  }

  call(helper: number): void {
    this.#emit(0x85, 0, 0, 0, helper);
  }

  exit(): void {
    this.#emit(0x95, 0);
  }

  /** Throws where a label is missing. */
  assemble(): Buffer {
    for (const { at, to } of this.#jumps) {
      const target = this.#labels.get(to);
      const word = this.#words[at];
      if (target === undefined || word === undefined) throw new Error(`no label ${to}`);
      word.off = target - at - 1;
    }
    const bytes = Buffer.alloc(8 * this.#words.length);
    for (const [n, { op, dst, src, off, imm }] of this.#words.entries()) {
      bytes.writeUInt8(op, 8 * n);
      bytes.writeUInt8((src << 4) | dst, 8 * n + 1);
      bytes.writeInt16LE(off, 8 * n + 2);
      bytes.writeInt32LE(imm, 8 * n + 4);
    }
    return bytes;
  }

  #emit(op: number, dst: number, src = 0, off = 0, imm = 0): void {
    this.#words.push({ op, dst, src, off, imm });
  }

  #jump(op: number, dst: number, src: number, imm: number, to: string): void {
    this.#jumps.push({ at: this.#words.length, to });
    this.#emit(op, dst, src, 0, imm);
  }
}
