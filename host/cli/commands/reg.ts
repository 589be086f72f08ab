import type { Command } from 'commander';
import { COUNTERS, FIELDS, REGISTERS, TABLES } from '../../../driver/index.ts';
import type { RegisterValue } from '../../switch/register-access.ts';
import { CommandError, EXIT } from '../exit.ts';
import { ask, print, type SocketOptions, table, withSocket } from './socket.ts';

/** `vidline reg list|read|write` */
export function addReg(program: Command): void {
  const reg = program
    .command('reg')
    .description("the card's registers, tables and counters by name");

  reg
    .command('list')
    .description('names that `reg read` and `reg write` know; docs/registers.md says what they are')
    .option('--json', 'as one JSON value')
    .action((options: { json?: boolean }) => {
      print(options, registerNames(), (names) =>
        table(
          ['name', 'address', 'fields'],
          names.map(({ name, address, fields }) => [name, hex(address, 6), fields.join(', ')]),
        ),
      );
    });

  withSocket(reg.command('read').argument('<name...>'))
    .description('such as control.status, slot[3], vid_row[17].active, ends[5]')
    .action(async (names: string[], options: SocketOptions) => {
      const values: RegisterValue[] = [];
      for (const name of names) values.push(await ask(options, 'reg.read', { name }));
      print(options, names.length === 1 ? values[0] : values, () => values.flatMap(words));
    });

  withSocket(reg.command('write').argument('<name>').argument('<value...>'))
    .description("a number, or field=number …; the switch processor's own view stays (see verify)")
    .action(async (name: string, given: string[], options: SocketOptions) => {
      const value = await ask(options, 'reg.write', { name, value: parseValue(given) });
      print(options, value, words);
    });
}

interface RegisterName {
  readonly name: string;
  readonly address: number;
  readonly fields: readonly string[];
}

function registerNames(): RegisterName[] {
  const fieldsOf = FIELDS as Record<string, Record<string, unknown>>;
  const single = Object.entries(REGISTERS).flatMap(([block, registers]) =>
    Object.entries(registers as Record<string, number>).map(([register, address]) => ({
      name: `${block}.${register}`,
      address,
      fields: Object.keys(fieldsOf[`${block}_${register}`] ?? {}),
    })),
  );
  const tables = Object.values(TABLES).map(({ name, offset, fields }) => ({
    name: `${name}[n]`,
    address: offset,
    fields: Object.keys(fields),
  }));
  const counters = Object.values(COUNTERS).map(({ name, offset, bytes }) => ({
    name: `${name}[n]`,
    address: offset,
    fields: bytes ? ['packets', 'bytes'] : ['packets'],
  }));
  return [...single, ...tables, ...counters];
}

/** `5`, or `active=3 backup=4`. */
function parseValue(given: readonly string[]): string | Record<string, string> {
  const [first = ''] = given;
  if (given.length === 1 && !first.includes('=')) return first;
  const fields: Record<string, string> = {};
  for (const text of given) {
    const [field, value, ...more] = text.split('=');
    if (!field || !value || more.length > 0) {
      throw new CommandError(EXIT.usage, `${text}: give one number, or fields such as active=3`);
    }
    fields[field] = value;
  }
  return fields;
}

function words({ name, address, words: values, fields }: RegisterValue): string[] {
  const raw = values.map((value) => hex(value, 8)).join(' ');
  const lines = [`${name} at ${hex(address, 6)}: ${raw}`];
  for (const [field, value] of Object.entries(fields ?? {})) lines.push(`  ${field} = ${value}`);
  return lines;
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
