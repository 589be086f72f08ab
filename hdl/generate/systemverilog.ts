/** Writes the SystemVerilog package: constants, structs and the functions between words and structs. */
import {
  choices,
  counterStride,
  type Description,
  HASH_INPUT_BITS,
  hashMasks,
  type Table,
} from './model.ts';

const hex = (value: number, bits: number): string => `${bits}'h${value.toString(16)}`;
const upper = (name: string): string => name.toUpperCase();
const range = (width: number): string => (width === 1 ? '' : `[${width - 1}:0] `);

export function systemVerilog(description: Description): string {
  const { map, registers, tables, counters, origins, reasons, records } = description;
  const out: string[] = [
    '// Generated from hdl/registers.yaml by `npm run generate`; do not edit.',
    '// verilator lint_off UNUSEDPARAM',
    '// (constants of the map that only the host needs)',
    '// verilator lint_off SYMRSVDWORD',
    '// (fields whose names are words of C++ get another name there)',
    'package linecard_regs_pkg;',
    '',
    `  localparam int ADDRESS_BITS = ${map.address_bits};`,
    `  localparam logic [31:0] MAGIC = ${hex(map.magic, 32)};`,
    `  localparam logic [15:0] VERSION_MAJOR = 16'd${map.major};`,
    `  localparam logic [15:0] VERSION_MINOR = 16'd${map.minor};`,
    '',
  ];
  const address = (name: string, value: number, doc: string): void => {
    out.push(
      `  localparam logic [${map.address_bits - 1}:0] ADDR_${upper(name)} = ${hex(value, map.address_bits)};  // ${doc.split(/[.;:]/)[0]}`,
    );
  };
  for (const block of registers) {
    for (const [index, register] of block.registers.entries()) {
      address(`${block.block}_${register.name}`, block.offset + 4 * index, register.doc);
    }
  }
  out.push('');
  for (const table of tables) {
    address(`table_${table.name}`, table.offset, table.doc);
    out.push(`  localparam int STRIDE_${upper(table.name)} = ${table.stride};`);
    out.push(`  localparam int WORDS_${upper(table.name)} = ${table.words};`);
  }
  out.push('');
  for (const counter of counters) {
    address(`count_${counter.name}`, counter.offset, counter.doc);
    out.push(`  localparam int STRIDE_COUNT_${upper(counter.name)} = ${counterStride(counter)};`);
  }
  out.push('', `  localparam int ORIGINS = ${origins.length};`);
  for (const { name, code } of origins) {
    out.push(`  localparam logic [1:0] ORIGIN_${upper(name)} = 2'd${code};`);
  }
  out.push('', '  typedef logic [5:0] reason_t;');
  for (const { name, code, doc } of reasons) {
    out.push(`  localparam reason_t REASON_${upper(name)} = 6'd${code};  // ${doc}`);
  }
  for (const end of description.ends) {
    const codes = reasons.filter((reason) => reason.end === end.name);
    out.push(
      '',
      `  // ${end.doc}`,
      `  function automatic logic ends_in_${end.name}(input reason_t reason);`,
      '    case (reason)',
      `      ${codes.map((reason) => `REASON_${upper(reason.name)}`).join(',\n      ')}: ends_in_${end.name} = 1'b1;`,
      `      default: ends_in_${end.name} = 1'b0;`,
      '    endcase',
      '  endfunction',
    );
  }
  for (const table of tables) out.push(...tableFunctions(table));
  out.push('', '  // Values of fields that are a choice.');
  for (const { name, width, values } of choices(description)) {
    for (const [value, code] of Object.entries(values)) {
      out.push(
        `  localparam logic [${width - 1}:0] ${upper(name)}_${upper(value)} = ${width}'d${code};`,
      );
    }
  }
  for (const { name, polynomial, doc } of description.hashes) {
    out.push('', `  // ${doc}`);
    out.push(
      `  function automatic logic [15:0] hash_${name}(input logic [${HASH_INPUT_BITS - 1}:0] value);`,
    );
    for (const [bit, mask] of hashMasks(polynomial).entries()) {
      out.push(`    hash_${name}[${bit}] = ^(value & ${HASH_INPUT_BITS}'h${mask.toString(16)});`);
    }
    out.push('  endfunction');
  }
  for (const record of records) {
    const width = record.fields.reduce((sum, entry) => sum + entry.width, 0);
    out.push('', `  // ${record.doc} The first field of the description is the lowest.`);
    out.push(
      `  localparam int ${upper(record.name)}_BITS = ${width};`,
      '  typedef struct packed {',
    );
    for (const entry of [...record.fields].reverse()) {
      out.push(`    logic ${range(entry.width)}${entry.name};  // ${entry.doc}`);
    }
    out.push(`  } ${record.name}_t;`);
  }
  out.push('', 'endpackage', '');
  return out.join('\n');
}

/**
 * A table's struct and the functions between it and its words. They are written as concatenations
 * over flat vectors because Yosys 0.23 knows no members of a struct inside a function.
 */
function tableFunctions(table: Table): string[] {
  const { name, fields } = table;
  const bits = table.words * 32;
  const width = fields.reduce((sum, field) => sum + field.width, 0);
  const slice = (from: string, low: number, count: number): string =>
    `${from}[${count === 1 ? low : `${low + count - 1}:${low}`}]`;
  const words: string[] = []; // from bit 0 up
  let next = 0;
  let low = 0;
  for (const field of fields) {
    if (field.bit > next) words.push(`${field.bit - next}'b0`);
    words.push(slice('entry', low, field.width));
    low += field.width;
    next = field.bit + field.width;
  }
  if (next < bits) words.push(`${bits - next}'b0`);
  const unpacked = fields.map((field) => slice('words', field.bit, field.width));
  return [
    '',
    `  // ${table.doc}`,
    `  localparam int BITS_${upper(name)} = ${width};`,
    ...fields.map((field, index) => {
      const low = fields.slice(0, index).reduce((sum, { width: bits }) => sum + bits, 0);
      return `  localparam int LSB_${upper(name)}_${upper(field.name)} = ${low};  // in ${name}_entry_t`;
    }),
    '  typedef struct packed {',
    ...[...fields].reverse().map((field) => `    logic ${range(field.width)}${field.name};`),
    `  } ${name}_entry_t;`,
    '',
    `  function automatic logic [${width - 1}:0] unpack_${name}(input logic [${bits - 1}:0] words);`,
    `    unpack_${name} = {${unpacked.reverse().join(', ')}};`,
    '  endfunction',
    '',
    `  function automatic logic [${bits - 1}:0] pack_${name}(input logic [${width - 1}:0] entry);`,
    `    pack_${name} = {${words.reverse().join(', ')}};`,
    '  endfunction',
  ];
}
