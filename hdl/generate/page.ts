/** Writes the reference page of all registers, tables, counters, reasons and records. */
import { counterStride, type Description, type Field } from './model.ts';

const hex = (value: number): string => `0x${value.toString(16).padStart(6, '0')}`;
const cell = (text: string): string => text.replaceAll('|', '\\|');
const bits = ({ bit, width }: { bit: number; width: number }): string =>
  width === 1 ? `${bit}` : `${bit + width - 1}:${bit}`;

const values = ({ values: named = {} }: Pick<Field, 'values'>): string => {
  const list = Object.entries(named).map(([name, code]) => `${code} ${name}`);
  return list.length === 0 ? '' : ` Values: ${list.join(', ')}.`;
};

function fieldTable(
  fields: readonly Pick<Field, 'name' | 'bit' | 'width' | 'doc' | 'values'>[],
): string[] {
  return [
    '| bits | field | |',
    '|---|---|---|',
    ...fields.map(
      (field) => `| ${bits(field)} | \`${field.name}\` | ${cell(field.doc)}${values(field)} |`,
    ),
    '',
  ];
}

export function page(description: Description): string {
  const { map, registers, tables, counters, reasons, ends, records } = description;
  const out: string[] = [
    '<!-- Generated from hdl/registers.yaml by `npm run generate`; do not edit. -->',
    '# Registers of the card',
    '',
    `Version ${map.major}.${map.minor} of the map, ${map.address_bits} address bits. Addresses are bytes; an access is one 32-bit word. Addresses that are not listed read as 0 and ignore writes.`,
    '',
  ];
  for (const block of registers) {
    out.push(
      `## ${block.block}`,
      block.doc,
      '',
      '| address | register | access | |',
      '|---|---|---|---|',
    );
    for (const [index, register] of block.registers.entries()) {
      out.push(
        `| ${hex(block.offset + 4 * index)} | \`${register.name}\` | ${register.access} | ${cell(register.doc)} |`,
      );
    }
    out.push('');
    for (const register of block.registers) {
      if (register.fields !== undefined)
        out.push(`\`${register.name}\`:`, '', ...fieldTable(register.fields));
    }
  }
  out.push(
    '## Tables',
    'An entry is written word by word; the write of its last word makes all of it valid at one clock.',
    '',
  );
  for (const table of tables) {
    out.push(
      `### ${table.name}`,
      `${table.doc} ${hex(table.offset)}, ${table.entries} entries of ${table.words} words, ${4 * table.stride} bytes apart.`,
      '',
      ...fieldTable(table.fields),
    );
  }
  out.push(
    '## Counters',
    'None clears on read. An entry is packets (64 bits, low word first), then bytes where it counts them.',
    '',
  );
  out.push(
    '| address | counter | entries | bytes apart | counts bytes | read | |',
    '|---|---|---|---|---|---|---|',
  );
  for (const counter of counters) {
    out.push(
      `| ${hex(counter.offset)} | \`${counter.name}\` | ${counter.entries} | ${4 * counterStride(counter)} | ${counter.bytes ? 'yes' : 'no'} | ${counter.kind} | ${cell(counter.doc)} |`,
    );
  }
  out.push(
    '',
    '## Reasons',
    'Every frame ends for one of these; [card.md](card.md) says in which order they are tried.',
    '',
  );
  for (const end of ends) {
    out.push(`**${end.name}**: ${end.doc}`, '', '| code | reason | |', '|---|---|---|');
    for (const reason of reasons.filter((entry) => entry.end === end.name)) {
      out.push(`| ${reason.code} | \`${reason.name}\` | ${cell(reason.doc)} |`);
    }
    out.push('');
  }
  out.push('## Records', '');
  for (const record of records) {
    let bit = 0;
    const fields = record.fields.map((field) => {
      const placed = { ...field, bit };
      bit += field.width;
      return placed;
    });
    out.push(`### ${record.name}`, record.doc, '', ...fieldTable(fields));
  }
  return out.join('\n');
}
