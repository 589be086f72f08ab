/** Writes the host's half: addresses, field positions, entry types, reasons and the record readers. */
import { choices, counterStride, type Description, hashMasks, SIZE_NAMES } from './model.ts';

const pascal = (name: string): string =>
  name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
const hex = (value: number): string => `0x${value.toString(16).padStart(6, '0')}`;
const type = (width: number): string => (width > 32 ? 'bigint' : 'number');
const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** A size of the description ("RULES * 8") as a function of the sizes that a card reports. */
function sizeFunction(entries: string, origins: number): string {
  const [name = '', ...rest] = entries.split(' ');
  if (name === 'ORIGINS') return `() => ${origins}`;
  const size = SIZE_NAMES[name];
  if (size === undefined) return `() => ${name}`;
  return `(sizes: CardSizes) => ${[`sizes.${size}`, ...rest].join(' ')}`;
}

export function typeScript(description: Description): string {
  const { map, registers, tables, counters, origins, reasons, ends, records } = description;
  const out: string[] = [
    '// Generated from hdl/registers.yaml by `npm run generate`; do not edit.',
    "import type { FieldPlace } from '../bits.ts';",
    "import { getField, setField } from '../bits.ts';",
    '',
    '/** What the card is built for, as its identity block says. Widths in bits, lengths in bytes. */',
    'export interface CardSizes {',
    '  readonly dataWidth: number;',
    ...Object.values(SIZE_NAMES).map((name) => `  readonly ${name}: number;`),
    '  readonly maxFrame: number;',
    '  readonly window: number;',
    '  readonly vidCounterBits: number;',
    '  readonly vidByteCounterBits: number;',
    '}',
    '',
    'export const MAP = {',
    `  magic: 0x${map.magic.toString(16)},`,
    `  major: ${map.major},`,
    `  minor: ${map.minor},`,
    `  addressBits: ${map.address_bits},`,
    '} as const;',
    '',
    '/** Byte addresses of the single registers. */',
    'export const REGISTERS = {',
  ];
  for (const block of registers) {
    out.push(`  /** ${block.doc} */`, `  ${block.block}: {`);
    for (const [index, register] of block.registers.entries()) {
      out.push(`    /** ${register.doc} */`);
      out.push(`    ${register.name}: ${hex(block.offset + 4 * index)},`);
    }
    out.push('  },');
  }
  out.push('} as const;', '', '/** Fields of single registers. */', 'export const FIELDS = {');
  for (const block of registers) {
    for (const register of block.registers) {
      if (register.fields === undefined) continue;
      out.push(`  ${block.block}_${register.name}: {`);
      for (const field of register.fields) {
        out.push(`    ${field.name}: { bit: ${field.bit}, width: ${field.width} },`);
      }
      out.push('  },');
    }
  }
  out.push(
    '} as const;',
    '',
    '/** Tables; strides and lengths in 32-bit words, offsets in bytes. */',
  );
  out.push('export const TABLES = {');
  for (const table of tables) {
    out.push(
      `  /** ${table.doc} */`,
      `  ${table.name}: {`,
      `    name: ${quote(table.name)},`,
      `    offset: ${hex(table.offset)},`,
      `    stride: ${table.stride},`,
      `    words: ${table.words},`,
      `    access: '${table.access}',`,
      `    entries: ${sizeFunction(table.entries, origins.length)},`,
      '    fields: {',
      ...table.fields.map(
        (field) => `      ${field.name}: { bit: ${field.bit}, width: ${field.width} },`,
      ),
      '    },',
      '  },',
    );
  }
  out.push('} as const;', '', 'export type TableName = keyof typeof TABLES;', '');
  for (const table of tables) {
    out.push(`/** ${table.doc} */`, `export interface ${pascal(table.name)}Entry {`);
    for (const field of table.fields) {
      out.push(`  /** ${field.doc} */`, `  ${field.name}: ${type(field.width)};`);
    }
    out.push('}', '');
  }
  out.push('export interface TableEntries {');
  for (const table of tables) out.push(`  ${table.name}: ${pascal(table.name)}Entry;`);
  out.push(
    '}',
    '',
    '/** An entry as the words that the card holds. Throws RangeError where a value does not fit its field. */',
    'export function encodeEntry<T extends TableName>(table: T, entry: TableEntries[T]): Uint32Array {',
    '  const words = new Uint32Array(TABLES[table].words);',
    '  const values = entry as unknown as Record<string, number | bigint>;',
    '  for (const [name, place] of Object.entries<FieldPlace>(TABLES[table].fields)) {',
    '    const value = values[name];',
    `    if (value === undefined) throw new RangeError(\`\${table}.\${name} is missing\`);`,
    `    setField(words, place, value, \`\${table}.\${name}\`);`,
    '  }',
    '  return words;',
    '}',
    '',
    '/** The words of an entry as its fields. */',
    'export function decodeEntry<T extends TableName>(table: T, words: Uint32Array): TableEntries[T] {',
    '  const entry: Record<string, number | bigint> = {};',
    '  for (const [name, place] of Object.entries<FieldPlace>(TABLES[table].fields)) {',
    '    entry[name] = getField(words, place);',
    '  }',
    '  return entry as unknown as TableEntries[T];',
    '}',
    '',
    '/** Counters; offsets in bytes. An entry is packets, then bytes where it has them, 64 bits each, low word first. */',
    'export const COUNTERS = {',
  );
  for (const counter of counters) {
    out.push(
      `  /** ${counter.doc} */`,
      `  ${counter.name}: {`,
      `    name: ${quote(counter.name)},`,
      `    offset: ${hex(counter.offset)},`,
      `    stride: ${counterStride(counter)},`,
      `    entries: ${sizeFunction(counter.entries, origins.length)},`,
      `    bytes: ${counter.bytes},`,
      `    kind: ${quote(counter.kind)},`,
      '  },',
    );
  }
  out.push('} as const;', '', 'export type CounterName = keyof typeof COUNTERS;', '');
  out.push(
    'export const ORIGIN = {',
    ...origins.map(({ name, code }) => `  ${name}: ${code},`),
    '} as const;',
  );
  out.push('', 'export type OriginName = keyof typeof ORIGIN;', '');
  out.push('/** Names of the origins, by code. */');
  out.push(
    `export const ORIGINS: readonly OriginName[] = [${origins.map(({ name }) => quote(name)).join(', ')}];`,
  );
  out.push('', `export type EndName = ${ends.map((end) => quote(end.name)).join(' | ')};`, '');
  out.push('/** Codes of the reasons. */', 'export const REASON = {');
  for (const { name, code, doc } of reasons) out.push(`  /** ${doc} */`, `  ${name}: ${code},`);
  out.push('} as const;', '', 'export type ReasonName = keyof typeof REASON;', '');
  out.push(
    'export interface Reason {',
    '  readonly name: ReasonName;',
    '  readonly code: number;',
    '  readonly end: EndName;',
    '  readonly doc: string;',
    '}',
    '',
    'const REASON_LIST: readonly Reason[] = [',
    ...reasons.map(
      ({ name, code, end, doc }) =>
        `  { name: ${quote(name)}, code: ${code}, end: ${quote(end)}, doc: ${quote(doc)} },`,
    ),
    '];',
    '',
    '/** Reasons by code; codes that are not given are undefined. */',
    'export const REASONS: readonly (Reason | undefined)[] = Array.from({ length: 64 }, (_, code) =>',
    '  REASON_LIST.find((reason) => reason.code === code),',
    ');',
    '',
  );
  out.push(
    '/** Values of fields that are a choice, by `<table or record>_<field>`. */',
    'export const VALUES = {',
  );
  for (const { name, values } of choices(description)) {
    const pairs = Object.entries(values).map(([value, code]) => `${value}: ${code}`);
    out.push(`  ${name}: { ${pairs.join(', ')} },`);
  }
  out.push('} as const;', '');
  out.push(
    '/** Hashes of {space, key}: for each result bit, lowest first, the mask of bits whose parity it is. */',
    'export const HASHES = {',
  );
  for (const { name, polynomial, doc } of description.hashes) {
    const masks = hashMasks(polynomial).map((mask) => `0x${mask.toString(16)}n`);
    out.push(`  /** ${doc} */`, `  ${name}: [${masks.join(', ')}],`);
  }
  out.push('} as const;', '');
  for (const record of records) {
    let bit = 0;
    out.push(`/** ${record.doc} */`, `export interface ${pascal(record.name)} {`);
    for (const field of record.fields) {
      out.push(`  /** ${field.doc} */`, `  ${field.name}: ${type(field.width)};`);
    }
    out.push('}', '', `const ${record.name.toUpperCase()}_FIELDS = {`);
    for (const field of record.fields) {
      out.push(`  ${field.name}: { bit: ${bit}, width: ${field.width} },`);
      bit += field.width;
    }
    out.push('} as const;', '');
  }
  out.push('/** Bits of each record on its wires. */', 'export const RECORD_BITS = {');
  for (const record of records) {
    out.push(`  ${record.name}: ${record.fields.reduce((sum, field) => sum + field.width, 0)},`);
  }
  out.push(
    '} as const;',
    '',
    '/** Reads a decision record as it leaves the card, little-endian words. */',
    'export function decodeDecision(words: Uint32Array): Decision {',
    '  const f = DECISION_FIELDS;',
    '  return {',
    ...(records.find((record) => record.name === 'decision')?.fields ?? []).map(
      (field) => `    ${field.name}: getField(words, f.${field.name}) as ${type(field.width)},`,
    ),
    '  };',
    '}',
    '',
    '/** The inject record as it enters the card. */',
    'export function encodeInject(inject: Inject): number {',
    '  const words = new Uint32Array(1);',
    ...(records.find((record) => record.name === 'inject')?.fields ?? []).map(
      (field) =>
        `  setField(words, INJECT_FIELDS.${field.name}, inject.${field.name}, 'inject.${field.name}');`,
    ),
    '  return words[0] ?? 0;',
    '}',
    '',
  );
  return out.join('\n');
}
