/**
 * Registers by name: `control.status`, `slot[3]`, `vid_row[17].active`, `ends[5]`. For people who
 * look for a fault; the switch processor itself never goes this way.
 */

import { type FieldPlace, getField } from '../../driver/bits.ts';
import {
  type Access,
  type CardSizes,
  COUNTERS,
  type CounterName,
  decodeEntry,
  encodeEntry,
  FIELDS,
  REGISTERS,
  TABLES,
  type TableName,
} from '../../driver/index.ts';

type Run = (accesses: readonly Access[]) => Promise<Uint32Array>;

export interface RegisterValue {
  readonly name: string;
  /** Byte address of the first word. */
  readonly address: number;
  readonly words: readonly number[];
  /** The words by their fields; 64-bit values and wider as hexadecimal text. */
  readonly fields?: Readonly<Record<string, number | string>>;
}

/** A name that says nothing of this card, or a value that does not fit; the message says what would. */
export class RegisterNameError extends Error {
  override readonly name = 'RegisterNameError';
}

type Target =
  | { kind: 'register'; name: string; address: number; fields: Record<string, FieldPlace> }
  | { kind: 'table'; name: string; table: TableName; address: number; words: number }
  | { kind: 'counter'; name: string; address: number; words: number };

/** Reads a register, an entry of a table, or a counter (as of the last snapshot, where it has one). */
export async function readRegister(
  name: string,
  sizes: CardSizes,
  run: Run,
): Promise<RegisterValue> {
  const { target, field } = resolve(name, sizes);
  const count = target.kind === 'register' ? 1 : target.words;
  const accesses = Array.from({ length: count }, (_, i) => ({ address: target.address + 4 * i }));
  const words = await run(accesses);
  const fields = fieldsOf(target, words);
  const value = { name, address: target.address, words: [...words] };
  if (field === undefined) return fields === undefined ? value : { ...value, fields };
  return { ...value, fields: { [field]: fields?.[field] ?? 0 } };
}

/**
 * Writes a register as a whole, or the named fields of a table's entry (the others stay). What the
 * switch processor holds is not changed: `verify` will show the difference.
 */
export async function writeRegister(
  name: string,
  value: number | bigint | Readonly<Record<string, number | bigint>>,
  sizes: CardSizes,
  run: Run,
): Promise<RegisterValue> {
  const { target, field } = resolve(name, sizes);
  if (target.kind === 'counter') throw new RegisterNameError(`${name}: counters cannot be written`);
  if (target.kind === 'register') {
    if (field !== undefined || typeof value === 'object') {
      throw new RegisterNameError(`${name}: write the whole register, as a number`);
    }
    const word = Number(value);
    if (!Number.isInteger(word) || word < 0 || word > 0xffffffff) {
      throw new RegisterNameError(`${name}: ${value} is no 32-bit number`);
    }
    if (name.startsWith('identity.')) throw new RegisterNameError(`${name} can only be read`);
    await run([{ address: target.address, write: word }]);
    return readRegister(name, sizes, run);
  }
  const { table, address, words: count } = target;
  const place = (i: number) => address + 4 * i;
  const held = await run(Array.from({ length: count }, (_, i) => ({ address: place(i) })));
  const entry = { ...(decodeEntry(table, held) as unknown as Record<string, number | bigint>) };
  const given = typeof value === 'object' ? value : field !== undefined ? { [field]: value } : null;
  if (given === null) {
    const names = Object.keys(entry).join(', ');
    throw new RegisterNameError(`${name}: say which field; it has ${names}`);
  }
  for (const [key, part] of Object.entries(given)) {
    const old = entry[key];
    if (old === undefined) throw new RegisterNameError(`${name}: no field ${key}`);
    entry[key] = typeof old === 'bigint' ? BigInt(part) : Number(part);
  }
  let words: Uint32Array;
  try {
    words = encodeEntry(table, entry as never);
  } catch (error) {
    throw new RegisterNameError(`${name}: ${(error as Error).message}`);
  }
  await run(Array.from(words, (word, i) => ({ address: place(i), write: word })));
  return readRegister(name, sizes, run);
}

function resolve(name: string, sizes: CardSizes): { target: Target; field?: string } {
  const indexed = /^([a-z_]+)\[(\d+)\](?:\.([a-z0-9_]+))?$/.exec(name);
  if (indexed !== null) {
    const [, base = '', text = '', field] = indexed;
    const target = indexedTarget(base, Number(text), name, sizes);
    if (field === undefined) return { target };
    if (target.kind === 'table' && field in TABLES[target.table].fields) return { target, field };
    throw new RegisterNameError(`${name}: ${base} has no field ${field}`);
  }
  const [block = '', register = '', field] = name.split('.');
  const registers = (REGISTERS as Record<string, Record<string, number>>)[block];
  const address = registers?.[register];
  if (address === undefined) throw unknown(name, registers && { block, registers });
  const fields = (FIELDS as Record<string, Record<string, FieldPlace>>)[`${block}_${register}`];
  const target: Target = { kind: 'register', name, address, fields: fields ?? {} };
  if (field === undefined) return { target };
  if (fields?.[field] !== undefined) return { target, field };
  throw new RegisterNameError(`${name}: ${block}.${register} has no field ${field}`);
}

function indexedTarget(base: string, index: number, name: string, sizes: CardSizes): Target {
  if (base in TABLES) {
    const table = base as TableName;
    const { offset, stride, words, entries } = TABLES[table];
    checkIndex(name, index, entries(sizes));
    return { kind: 'table', name, table, address: offset + index * stride * 4, words };
  }
  if (base in COUNTERS) {
    const { offset, stride, bytes, entries } = COUNTERS[base as CounterName];
    checkIndex(name, index, (entries as (sizes: CardSizes) => number)(sizes));
    return { kind: 'counter', name, address: offset + index * stride * 4, words: bytes ? 4 : 2 };
  }
  throw unknown(name, undefined);
}

function checkIndex(name: string, index: number, count: number): void {
  if (index < count) return;
  throw new RegisterNameError(`${name}: this card has 0 to ${count - 1}`);
}

function unknown(
  name: string,
  near: { block: string; registers: Record<string, number> } | undefined,
): RegisterNameError {
  const hint =
    near === undefined
      ? `${Object.keys(REGISTERS).join('.…, ')}.…, ` +
        `${[...Object.keys(TABLES), ...Object.keys(COUNTERS)].join('[n], ')}[n]`
      : Object.keys(near.registers)
          .map((register) => `${near.block}.${register}`)
          .join(', ');
  return new RegisterNameError(`"${name}" is no register; there are ${hint}`);
}

function fieldsOf(target: Target, words: Uint32Array): Record<string, number | string> | undefined {
  if (target.kind === 'counter') {
    const wide = (at: number) => (BigInt(words[at + 1] ?? 0) << 32n) | BigInt(words[at] ?? 0);
    const packets = plain(wide(0));
    return target.words === 4 ? { packets, bytes: plain(wide(2)) } : { packets };
  }
  const values =
    target.kind === 'table'
      ? (decodeEntry(target.table, words) as unknown as Record<string, number | bigint>)
      : Object.fromEntries(
          Object.entries(target.fields).map(([field, place]) => [field, getField(words, place)]),
        );
  const names = Object.keys(values);
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((field) => [field, plain(values[field] ?? 0)]));
}

/** JSON has no large integers. */
function plain(value: number | bigint): number | string {
  if (typeof value === 'number') return value;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : `0x${value.toString(16)}`;
}
