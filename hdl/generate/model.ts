/** Reads hdl/registers.yaml and checks it, so that the three writers can trust what they get. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const field = z.strictObject({
  name: z.string(),
  bit: z.int().nonnegative(),
  width: z.int().positive(),
  /** Names of single values, where the field is a choice. */
  values: z.record(z.string(), z.int().nonnegative()).optional(),
  doc: z.string(),
});
const hash = z.strictObject({
  name: z.string(),
  /** Without its highest term, x^16. */
  polynomial: z.int().min(1).max(0xffff),
  doc: z.string(),
});
const register = z.strictObject({
  name: z.string(),
  access: z.enum(['ro', 'rw', 'strobe']),
  doc: z.string(),
  fields: z.array(field).optional(),
});
const schema = z.strictObject({
  map: z.strictObject({
    magic: z.int(),
    major: z.int(),
    minor: z.int(),
    address_bits: z.int(),
  }),
  registers: z.array(
    z.strictObject({
      block: z.string(),
      doc: z.string(),
      offset: z.int(),
      registers: z.array(register),
    }),
  ),
  tables: z.array(
    z.strictObject({
      name: z.string(),
      doc: z.string(),
      offset: z.int(),
      entries: z.string(),
      stride: z.int(),
      words: z.int(),
      /** state: the card changes it too, so it is not simply what the host last wrote. */
      access: z.enum(['rw', 'state']),
      fields: z.array(field),
    }),
  ),
  counters: z.array(
    z.strictObject({
      name: z.string(),
      doc: z.string(),
      offset: z.int(),
      entries: z.union([z.string(), z.int()]).transform(String),
      bytes: z.boolean(),
      kind: z.enum(['snapshot', 'live']),
    }),
  ),
  hashes: z.array(hash),
  origins: z.array(z.strictObject({ name: z.string(), code: z.int(), doc: z.string() })),
  reasons: z.array(
    z.strictObject({
      name: z.string(),
      code: z.int().min(0).max(63),
      end: z.string(),
      doc: z.string(),
    }),
  ),
  ends: z.array(z.strictObject({ name: z.string(), doc: z.string() })),
  records: z.array(
    z.strictObject({
      name: z.string(),
      doc: z.string(),
      fields: z.array(
        z.strictObject({
          name: z.string(),
          width: z.int().positive(),
          values: z.record(z.string(), z.int().nonnegative()).optional(),
          doc: z.string(),
        }),
      ),
    }),
  ),
});

export type Description = z.infer<typeof schema>;
export type Field = z.infer<typeof field>;
export type Table = Description['tables'][number];
export type Counter = Description['counters'][number];

/** Parameters that sizes in the description may name, and the name they have in TypeScript. */
export const SIZE_NAMES: Readonly<Record<string, string>> = {
  PORTS: 'ports',
  SLOTS: 'slots',
  VIDS: 'vids',
  RULES: 'rules',
  PREFIXES: 'prefixes',
  OVERRIDES: 'overrides',
  FRAGMENTS: 'fragments',
};

/** Words between two entries of a counter: packets, and bytes where it has them, 64 bits each. */
export const counterStride = (counter: Counter): number => (counter.bytes ? 4 : 2);

/** Largest values that any configuration may have; they fix the room each table gets in the map. */
const LARGEST: Readonly<Record<string, number>> = {
  PORTS: 15,
  SLOTS: 64,
  VIDS: 65536,
  RULES: 32,
  PREFIXES: 8,
  OVERRIDES: 65536,
  FRAGMENTS: 1024,
  ORIGINS: 3,
};

function largest(entries: string): number {
  const [name = '', operator, number] = entries.split(' ');
  const base = LARGEST[name] ?? Number(name);
  if (!Number.isInteger(base)) throw new Error(`registers.yaml: unknown size "${entries}"`);
  if (operator === '*') return base * Number(number);
  if (operator === '/') return base / Number(number);
  if (operator === '+') return base + Number(number);
  return base;
}

export function loadDescription(path: string): Description {
  const description = schema.parse(parse(readFileSync(path, 'utf8')));
  const regions: { name: string; from: number; to: number }[] = [];
  for (const block of description.registers) {
    regions.push({
      name: block.block,
      from: block.offset,
      to: block.offset + 4 * block.registers.length,
    });
  }
  for (const table of description.tables) {
    const { name, offset, stride, words } = table;
    if (words > stride) throw new Error(`registers.yaml: ${name}: words > stride`);
    if ((stride & (stride - 1)) !== 0) {
      throw new Error(`registers.yaml: ${name}: stride is no power of two`);
    }
    regions.push({ name, from: offset, to: offset + 4 * stride * largest(table.entries) });
    checkFields(name, table.fields, words * 32);
  }
  for (const counter of description.counters) {
    const to = counter.offset + 4 * counterStride(counter) * largest(counter.entries);
    regions.push({ name: counter.name, from: counter.offset, to });
  }
  regions.sort((a, b) => a.from - b.from);
  for (const [index, region] of regions.entries()) {
    const next = regions[index + 1];
    if (next !== undefined && region.to > next.from) {
      throw new Error(`registers.yaml: ${region.name} reaches into ${next.name}`);
    }
    if (region.to > 2 ** description.map.address_bits) {
      throw new Error(`registers.yaml: ${region.name} lies outside of the address space`);
    }
  }
  const ends = new Set(description.ends.map((end) => end.name));
  const codes = new Set<number>();
  for (const reason of description.reasons) {
    if (!ends.has(reason.end)) {
      throw new Error(`registers.yaml: reason ${reason.name}: unknown end "${reason.end}"`);
    }
    if (codes.has(reason.code)) {
      throw new Error(`registers.yaml: reason ${reason.name}: code ${reason.code} is taken`);
    }
    codes.add(reason.code);
  }
  return description;
}

function checkFields(owner: string, fields: readonly Field[], bits: number): void {
  let next = 0;
  for (const { name, bit, width } of fields) {
    if (bit < next) throw new Error(`registers.yaml: ${owner}.${name} overlaps or is out of order`);
    next = bit + width;
    if (next > bits) throw new Error(`registers.yaml: ${owner}.${name} does not fit`);
  }
}

/** Bits that a hash takes: an override's space and key. */
export const HASH_INPUT_BITS = 136;

/** For each of a hash's 16 result bits, lowest first, the mask of input bits whose parity it is. */
export function hashMasks(polynomial: number): readonly bigint[] {
  const masks = Array.from({ length: 16 }, () => 0n);
  // What a single 1 at input bit n leaves: x^(n+16) modulo the polynomial.
  let remainder = polynomial;
  for (let n = 0; n < HASH_INPUT_BITS; n++) {
    for (let bit = 0; bit < 16; bit++) {
      if ((remainder >> bit) & 1) masks[bit] = (masks[bit] ?? 0n) | (1n << BigInt(n));
    }
    remainder = ((remainder << 1) & 0xffff) ^ (remainder & 0x8000 ? polynomial : 0);
  }
  return masks;
}

/** Fields that are a choice, `<register, table or record>_<field>`, with the names of their values. */
export function choices(
  description: Description,
): { name: string; width: number; values: Readonly<Record<string, number>> }[] {
  const registers = description.registers.flatMap(({ block, registers }) =>
    registers.flatMap(({ name, fields }) => (fields ? [{ name: `${block}_${name}`, fields }] : [])),
  );
  return [...registers, ...description.tables, ...description.records].flatMap((owner) =>
    owner.fields.flatMap(({ name, width, values }) =>
      values === undefined ? [] : [{ name: `${owner.name}_${name}`, width, values }],
    ),
  );
}
