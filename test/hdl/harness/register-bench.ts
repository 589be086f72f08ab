/** The register block with a bus master on one side, and on the other what stands in for the card. */
import type { CardSizes, TableName } from '../../../driver/generated/registers.ts';
import { decodeEntry, TABLES } from '../../../driver/generated/registers.ts';
import type { Dut } from './dut.ts';
import { packEntry } from './records.ts';

export const SIZES: CardSizes = {
  dataWidth: 64,
  ports: 2,
  slots: 8,
  vids: 64,
  rules: 4,
  prefixes: 3,
  overrides: 64,
  fragments: 64,
  maxFrame: 2000,
  window: 160,
  vidCounterBits: 48,
  vidByteCounterBits: 40,
};
export const CONFIGURATION_ID = 42;
export const BUILD_ID = 0x7eadbeef;
export const PARAMETERS = {
  DATA_WIDTH: SIZES.dataWidth,
  PORTS: SIZES.ports,
  SLOTS: SIZES.slots,
  VIDS: SIZES.vids,
  RULES: SIZES.rules,
  PREFIXES: SIZES.prefixes,
  VID_COUNTER_BITS: SIZES.vidCounterBits,
  CONFIGURATION_ID,
  BUILD_ID,
};

/** Longest that an access may take when nothing makes it wait. */
const MOST_CLOCKS = 20;

export class RegisterBench {
  readonly dut: Dut;
  /** Tables in RAM, as type_sets and lookup hold them. */
  readonly typeSets = Array<number>(SIZES.rules * 8).fill(0);
  readonly rows = Array<bigint>(SIZES.vids).fill(0n);
  /** Writes that the tables in RAM were asked for. */
  ramWrites = 0;
  snapshots = 0;
  /** Called in each clock, before it: to look, and to change what comes from the card. */
  onClock: () => void = () => {};
  #late: { index: number; count: number }[] = [];

  constructor(dut: Dut) {
    this.dut = dut;
    const quiet = { cfg_valid_i: 0, idle_i: 1, in_flight_i: 0, time_us_i: 0 };
    const calm = { snapshot_busy_i: 0, vids_busy_i: 0, snapshot_in_flight_i: 0 };
    dut.set({ ...quiet, ...calm }).reset();
  }

  /** A counter's word as this bench makes it up: something of its address. */
  static countWord(address: number): number {
    return (address * 0x9e3779b1) >>> 0;
  }

  clock(): void {
    const { dut } = this;
    this.onClock();
    dut.settle();
    const index = dut.get('ram_index_o');
    if (dut.get('type_set_write_o') === 1) {
      this.typeSets[index] = dut.get('ram_data_o');
      this.ramWrites++;
    }
    if (dut.get('vid_row_write_o') === 1) {
      const entry = decodeEntry('vid_row', Uint32Array.of(dut.get('ram_data_o')));
      this.rows[index] = packEntry('vid_row', entry);
      this.ramWrites++;
    }
    this.snapshots += dut.get('snapshot_o');
    this.#late.unshift({ index, count: dut.get('count_address_o') });
    dut.clock();
    // RAM answers three clocks after its address, a counter two.
    const ram = this.#late[2]?.index ?? 0;
    const count = this.#late[1]?.count ?? 0;
    dut.set({
      type_set_data_i: this.typeSets[ram] ?? 0,
      vid_row_data_i: this.rows[ram] ?? 0n,
      count_data_i: RegisterBench.countWord(count),
      vid_packets_data_i: RegisterBench.countWord(count),
    });
    this.#late.length = Math.min(3, this.#late.length);
  }

  /** One access by the bus's contract; `patience` in clocks. */
  #access(write: boolean, address: number, data: number, patience: number): number {
    const { dut } = this;
    dut.set({ cfg_valid_i: 1, cfg_write_i: write, cfg_addr_i: address, cfg_wdata_i: data });
    for (let i = 0; i < patience; i++) {
      if (dut.settle().get('cfg_ready_o') === 1) {
        const read = dut.get('cfg_rdata_o');
        this.clock();
        dut.set({ cfg_valid_i: 0 });
        return read;
      }
      this.clock();
    }
    dut.set({ cfg_valid_i: 0 });
    throw new Error(`no answer from 0x${address.toString(16)} in ${patience} clocks`);
  }

  read(address: number): number {
    return this.#access(false, address, 0, MOST_CLOCKS);
  }

  write(address: number, data: number, patience = MOST_CLOCKS): void {
    this.#access(true, address, data, patience);
  }

  writeEntry(table: TableName, index: number, words: Uint32Array): void {
    const { offset, stride } = TABLES[table];
    for (const [i, word] of words.entries()) this.write(offset + (index * stride + i) * 4, word);
  }

  readEntry(table: TableName, index: number): Uint32Array {
    const { offset, stride, words } = TABLES[table];
    return Uint32Array.from({ length: words }, (_, i) =>
      this.read(offset + (index * stride + i) * 4),
    );
  }
}
