/** The XDP program with its tables in this kernel. */
import type { CardSizes } from '../../../driver/index.ts';
import { encodeEntry } from '../../../driver/index.ts';
import { compileServices } from '../../steering/compile.ts';
import { writeMac } from '../../steering/mac.ts';
import type { Service } from '../../steering/rule.ts';
import { writeSlotMac } from '../../steering/slot-mac.ts';
import type { CardState } from '../../steering/state.ts';
import { type Bpf, loadBpf } from './bpf.ts';
import { SLOT_BYTES, xdpProgram } from './xdp-program.ts';

export class XdpPeer {
  readonly #bpf: Bpf;
  readonly #program: number;
  readonly #maps: readonly number[];

  private constructor(bpf: Bpf, program: number, maps: readonly number[]) {
    this.#bpf = bpf;
    this.#program = program;
    this.#maps = maps;
  }

  /**
   * Rejects with RangeError for rules that the program has no place for, with the error of the system
   * call where the kernel does not allow it, with BuildError.
   */
  static async open(services: readonly Service[], state: CardState, sizes: CardSizes) {
    const bpf = await loadBpf();
    const maps: number[] = [];
    try {
      const rows = bpf.createArray(2, sizes.vids);
      maps.push(rows);
      const slots = bpf.createArray(SLOT_BYTES, sizes.slots);
      maps.push(slots);
      bpf.fill(rows, 2, rowBytes(state, sizes));
      bpf.fill(slots, SLOT_BYTES, slotBytes(state));
      const compiled = compileServices(services, sizes);
      const program = bpf.load(xdpProgram(compiled, sizes.vids, { rows, slots }));
      return new XdpPeer(bpf, program, maps);
    } catch (error) {
      for (const map of maps) bpf.close(map);
      throw error;
    }
  }

  /** What it says of a frame (`XDP`), the frame as it leaves, and the mean time of so many runs in ns. */
  run(frame: Uint8Array, repeat = 1): ReturnType<Bpf['run']> {
    return this.#bpf.run(this.#program, frame, repeat);
  }

  close(): void {
    for (const fd of [this.#program, ...this.#maps]) this.#bpf.close(fd);
  }
}

function rowBytes({ rows }: CardState, { vids }: CardSizes): Buffer {
  const bytes = Buffer.alloc(2 * vids);
  for (const [vid, { valid, active, backup, backupInSync }] of rows) {
    const row = { active, backup, backup_in_sync: Number(backupInSync), valid: Number(valid) };
    bytes.writeUInt16LE(encodeEntry('vid_row', row)[0] ?? 0, 2 * vid);
  }
  return bytes;
}

function slotBytes({ slots, ports, fabricPrefix }: CardState): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES * slots.length);
  for (const [slot, { up, port, epoch }] of slots.entries()) {
    const source = ports[port]?.mac;
    const at = SLOT_BYTES * slot;
    bytes.writeUInt32LE(up && source !== undefined ? 1 : 0, at);
    writeSlotMac(bytes, at + 4, fabricPrefix, slot, epoch);
    if (source !== undefined) writeMac(bytes, at + 10, source);
  }
  return bytes;
}
