/** The register block with a bus master on one side, and on the other what stands in for the card. */
import type { CardSizes, TableName } from '../../../driver/generated/registers.ts';
import { COUNTERS, decodeEntry, TABLES } from '../../../driver/generated/registers.ts';
import type { Dut } from './dut.ts';
import { packEntry, unpackEntry } from './records.ts';
import { Random } from './streams.ts';

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
  OVERRIDES: SIZES.overrides,
  FRAGMENTS: SIZES.fragments,
  VID_COUNTER_BITS: SIZES.vidCounterBits,
  VID_BYTE_COUNTER_BITS: SIZES.vidByteCounterBits,
  CONFIGURATION_ID,
  BUILD_ID,
};

/** A power of two: type_sets looks at the low bits of its index only. */
const TYPE_WORDS = SIZES.rules * 8;
/** Longest that an access may take when nothing makes it wait. */
const MOST_CLOCKS = 20;

/** What is not a counter's address reads 0 in `counters`. */
function isCounter(address: number): boolean {
  return Object.values(COUNTERS).some(
    ({ offset, stride, entries }) =>
      address >= offset && address < offset + entries(SIZES) * stride * 4,
  );
}

/** A table as the module that holds it keeps it, with the entries that have the wrong parity. */
class Held {
  readonly entries: bigint[];
  readonly bad = new Set<number>();

  constructor(count: number) {
    this.entries = Array<bigint>(count).fill(0n);
  }

  write(index: number, entry: bigint, bad: boolean): void {
    this.entries[index] = entry;
    if (bad) this.bad.add(index);
    else this.bad.delete(index);
  }
}

export class RegisterBench {
  readonly dut: Dut;
  /** Tables that others hold: type_sets, lookup, override_table, slot_health, punt_gate, rule_table. */
  readonly held = {
    type_set: new Held(TYPE_WORDS),
    vid_row: new Held(SIZES.vids),
    override: new Held(SIZES.overrides),
    override_hit: new Held(SIZES.overrides / 32),
    slot_health: new Held(SIZES.slots),
    slot_event: new Held(SIZES.slots),
    policer: new Held(SIZES.rules + 2),
    rule: new Held(SIZES.rules),
  };
  /** As slot_health has it. */
  up = 0;
  /** Writes that they were asked for. */
  writes = 0;
  snapshots = 0;
  /** Acknowledgements of slot events: slot, count. */
  readonly acks: [number, number][] = [];
  /** Percent of the clocks in which frames leave the override table to the host. */
  overrideFree = 100;
  /** Clocks that an access may take. */
  patience = MOST_CLOCKS;
  /** Clocks that reading or clearing hit bits takes, and emptying the override table. */
  hitClocks = 3;
  clearClocks = 100;
  /** Called in each clock, before it: to look, and to change what comes from the card. */
  onClock: () => void = () => {};
  readonly #random = new Random(98);
  #late: { ram: number; entry: number; count: number; override: number | undefined }[] = [];
  #overrideRead = 0;
  #hitsBusy = 0;
  #clearing = 0;

  constructor(dut: Dut) {
    this.dut = dut;
    const quiet = { cfg_valid_i: 0, idle_i: 1, in_flight_i: 0, time_us_i: 0, clearing_i: 0 };
    const calm = { snapshot_busy_i: 0, snapshot_in_flight_i: 0, snapshot_held_i: 0 };
    const nothing = { override_hits_busy_i: 0, overrides_busy_i: 0, bad_word_i: 0 };
    dut.set({ ...quiet, ...calm, ...nothing, slot_pending_i: 0, slot_up_i: 0 }).reset();
  }

  /** A counter's word as this bench makes it up: something of its address. */
  static countWord(address: number): number {
    return (address * 0x9e3779b1) >>> 0;
  }

  clock(): void {
    const { dut, held } = this;
    this.onClock();
    const free = this.#random.chance(this.overrideFree) && this.#clearing === 0;
    dut.set({ override_ready_i: free }).settle();
    const [ram, entry] = [dut.get('ram_index_o'), dut.get('entry_o')];
    const bad = dut.get('bad_parity_o') === 1;
    const data = dut.get('ram_data_o');
    const write = (table: keyof typeof held, index: number, value: bigint, wrong = false) => {
      held[table].write(index, value, wrong);
      this.writes++;
    };
    if (dut.get('type_set_write_o')) write('type_set', ram % TYPE_WORDS, BigInt(data), bad);
    if (dut.get('vid_row_write_o')) {
      const row = decodeEntry('vid_row', Uint32Array.of(data));
      write('vid_row', ram, packEntry('vid_row', row), bad);
    }
    const asksWrite = dut.get('override_write_o') === 1;
    if (asksWrite && free) write('override', ram, dut.big('override_data_o'), bad);
    if (dut.get('slot_health_write_o')) {
      write('slot_health', entry, dut.big('slot_health_data_o'));
    }
    if (dut.get('policer_write_o')) write('policer', entry, dut.big('policer_data_o'));
    if (dut.get('rule_write_o')) write('rule', dut.get('rule_index_o'), dut.big('rule_data_o'));
    if (dut.get('slot_event_ack_o')) this.acks.push([entry, dut.get('slot_event_count_o')]);
    this.#slots();
    this.#hits(ram, data);
    this.snapshots += dut.get('snapshot_o');

    const override = free && !asksWrite ? ram : undefined;
    this.#late.unshift({ ram, entry, count: dut.get('count_address_o'), override });
    this.#late.length = Math.min(3, this.#late.length);
    dut.clock();
    this.#rules();
    this.#answer();
  }

  /** Which rules are valid stands in flip-flops, and changes with the rules in RAM. */
  #rules(): void {
    const valid = this.held.rule.entries.map((rule) => unpackEntry('rule', rule).valid);
    const wires = valid.reduce((whole, bit, index) => whole | (bit << index), 0);
    if (this.dut.get('rules_valid_o') !== wires) throw new Error('a rule is not valid as written');
  }

  #slots(): void {
    const { dut } = this;
    const bit = 1 << dut.get('slot_index_o');
    const [raise, drop] = [dut.get('slot_raise_o'), dut.get('slot_drop_o')];
    if (raise && drop) throw new Error('a slot is raised and dropped at once');
    if (raise) this.up |= bit;
    if (drop) this.up &= ~bit;
  }

  #hits(index: number, mask: number): void {
    const { dut, held } = this;
    const [read, clear] = [dut.get('override_hits_read_o'), dut.get('override_hits_clear_o')];
    if ((read || clear) && this.#hitsBusy)
      throw new Error('asked for hit bits while they are busy');
    if (clear) {
      const before = held.override_hit.entries[index] ?? 0n;
      held.override_hit.entries[index] = before & ~BigInt(mask);
      this.writes++;
    }
    if (read) dut.set({ override_hits_i: held.override_hit.entries[index] ?? 0n });
    if (read || clear) this.#hitsBusy = this.hitClocks;
    else this.#hitsBusy = Math.max(0, this.#hitsBusy - 1);
    if (dut.get('overrides_clear_o')) {
      held.override.entries.fill(0n);
      held.override.bad.clear();
      this.#clearing = this.clearClocks;
    } else {
      this.#clearing = Math.max(0, this.#clearing - 1);
    }
  }

  /** What the card says behind the clock: RAM two clocks after its index, the rest three. */
  #answer(): void {
    const { dut, held } = this;
    const two = this.#late[1];
    const three = this.#late[2];
    this.#overrideRead = three?.override ?? this.#overrideRead;
    const [ram, entry, override] = [two?.ram ?? 0, three?.entry ?? 0, this.#overrideRead];
    dut.set({
      slot_up_i: this.up,
      override_hits_busy_i: this.#hitsBusy > 0,
      overrides_busy_i: this.#clearing > 0,
      type_set_data_i: held.type_set.entries[ram % TYPE_WORDS] ?? 0n,
      type_set_bad_i: held.type_set.bad.has(ram % TYPE_WORDS),
      vid_row_data_i: held.vid_row.entries[ram] ?? 0n,
      vid_row_bad_i: held.vid_row.bad.has(ram),
      override_data_i: held.override.entries[override] ?? 0n,
      override_bad_i: held.override.bad.has(override),
      slot_health_data_i: held.slot_health.entries[entry] ?? 0n,
      slot_event_data_i: held.slot_event.entries[entry] ?? 0n,
      policer_data_i: held.policer.entries[entry] ?? 0n,
    });
    const address = two?.count ?? 0;
    const isVid = address >= COUNTERS.vid_packets.offset;
    const word = RegisterBench.countWord(address);
    dut.set({ count_data_i: isCounter(address) && !isVid ? word : 0, vid_counts_i: word });
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
    return this.#access(false, address, 0, this.patience);
  }

  write(address: number, data: number, patience = this.patience): void {
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
