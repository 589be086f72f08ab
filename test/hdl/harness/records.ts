/** Packed structs of the RTL as plain objects; layouts are read from the packages themselves. */
import { readFileSync } from 'node:fs';
import type { Decision, TableEntries, TableName } from '../../../driver/generated/registers.ts';
import { decodeDecision, RECORD_BITS, TABLES } from '../../../driver/generated/registers.ts';
import { PACKAGES } from './build.ts';
import { toBytes } from './dut.ts';

type Fields = Record<string, bigint>;

/** A struct; the first field that stands in its declaration has the highest bits. */
export class Struct {
  readonly bits: number;
  readonly #fields: readonly { name: string; width: number; bit: number }[];

  constructor(name: string) {
    const text = PACKAGES.map((path) => readFileSync(path, 'utf8')).join('\n');
    const end = text.search(new RegExp(`\\}\\s*${name}\\s*;`));
    if (end < 0) throw new RangeError(`no package declares ${name}`);
    const body = text.slice(text.lastIndexOf('struct packed {', end), end);
    const found = [...body.matchAll(/^\s*logic\s*(?:\[(\d+):0\])?\s*(\w+)\s*;/gm)];
    let bit = 0;
    const fields = [];
    for (const [, high = '0', field = ''] of found.reverse()) {
      const width = Number(high) + 1;
      fields.push({ name: field, width, bit });
      bit += width;
    }
    this.#fields = fields;
    this.bits = bit;
  }

  /** Fields that are not given are 0. Throws RangeError for one that there is not or that does not fit. */
  pack(values: Readonly<Record<string, number | bigint | boolean>>): bigint {
    let whole = 0n;
    for (const [name, value] of Object.entries(values)) {
      const field = this.#fields.find((candidate) => candidate.name === name);
      if (field === undefined) throw new RangeError(`the struct has no field ${name}`);
      const bits = BigInt(value);
      if (bits < 0n || bits >> BigInt(field.width) !== 0n) {
        throw new RangeError(`${name} has ${field.width} bits: ${value} does not fit`);
      }
      whole |= bits << BigInt(field.bit);
    }
    return whole;
  }

  unpack(whole: bigint): Fields {
    const values: Fields = {};
    for (const { name, width, bit } of this.#fields) {
      values[name] = BigInt.asUintN(width, whole >> BigInt(bit));
    }
    return values;
  }

  /** Any value in every field. */
  random(bits: (width: number) => bigint): Fields {
    return this.unpack(bits(this.bits));
  }
}

/** What travels beside a frame. */
export const META = new Struct('meta_t');

const ENTRIES = {
  port: new Struct('port_entry_t'),
  slot: new Struct('slot_entry_t'),
  slot_health: new Struct('slot_health_entry_t'),
  slot_event: new Struct('slot_event_entry_t'),
  policer: new Struct('policer_entry_t'),
  mac: new Struct('mac_entry_t'),
  prefix: new Struct('prefix_entry_t'),
  rule: new Struct('rule_entry_t'),
  type_set: new Struct('type_set_entry_t'),
  vid_row: new Struct('vid_row_entry_t'),
  override: new Struct('override_entry_t'),
  override_hit: new Struct('override_hit_entry_t'),
} as const satisfies Record<TableName, Struct>;

/** An entry on its wires: no gaps between the fields, unlike in the words that the host writes. */
export function packEntry<T extends TableName>(table: T, entry: Partial<TableEntries[T]>): bigint {
  return ENTRIES[table].pack(entry as Record<string, number | bigint>);
}

export function unpackEntry<T extends TableName>(table: T, whole: bigint): TableEntries[T] {
  const values: Record<string, number | bigint> = { ...ENTRIES[table].unpack(whole) };
  for (const [name, { width }] of Object.entries<{ width: number }>(TABLES[table].fields)) {
    if (width <= 32) values[name] = Number(values[name]);
  }
  return values as unknown as TableEntries[T];
}

export function entryBits(table: TableName): number {
  return ENTRIES[table].bits;
}

/** Entries side by side, entry 0 lowest. */
export function packTable<T extends TableName>(
  table: T,
  entries: readonly Partial<TableEntries[T]>[],
): bigint {
  const width = BigInt(ENTRIES[table].bits);
  return entries.reduce<bigint>(
    (whole, entry, index) => whole | (packEntry(table, entry) << (BigInt(index) * width)),
    0n,
  );
}

/** A decision record as it stands on its wires. */
export function decision(whole: bigint): Decision {
  const words = Math.ceil(RECORD_BITS.decision / 32);
  const bytes = toBytes(whole, words * 4);
  return decodeDecision(Uint32Array.from({ length: words }, (_, i) => bytes.readUInt32LE(i * 4)));
}
