/**
 * What the card's tables should hold. The truth lives in the host; this writes the differences to the
 * card, reads them back, and finds out after a restart what the card holds, without touching rows
 * that are right, so that steering goes on meanwhile.
 */

import { setField } from './bits.ts';
import type { Card } from './card.ts';
import { DriverError, hex } from './errors.ts';
import type { TableEntries, TableName } from './generated/registers.ts';
import { decodeEntry, encodeEntry, TABLES } from './generated/registers.ts';
import type { Access } from './transport.ts';

/**
 * Tables that hold what the host writes, and nothing else. Those that the card changes too have
 * managers of their own: `OverrideTable`, `Card.pollSlotEvents`.
 */
export type HostTable = {
  [T in TableName]: (typeof TABLES)[T]['access'] extends 'rw' ? T : never;
}[TableName];

/** A row of the card that is not what it should be. */
export interface Difference<T extends HostTable = HostTable> {
  readonly table: T;
  readonly index: number;
  readonly wanted: TableEntries[T];
  readonly found: TableEntries[T];
  /** Names of the fields that differ. */
  readonly fields: readonly string[];
}

export interface Written {
  /** Rows that were written. */
  readonly rows: number;
  /**
   * Slots that should be up with an epoch in which the card has latched them down: left down, since
   * who was given up must not speak again (a new epoch raises the slot).
   */
  readonly latchedDown: readonly number[];
}

export interface Reconciled extends Written {
  /** What the card held before. */
  readonly differences: readonly Difference[];
}

/**
 * Order of writes: what rules and rows refer to before them, and what is expected of a slot's
 * heartbeats before it is raised. Rules that become invalid go first of all, so that no frame meets a
 * rule whose prefixes or types are half gone.
 */
export const HOST_TABLES: readonly HostTable[] = [
  'port',
  'prefix',
  'type_set',
  'policer',
  'slot_health',
  'slot',
  'vid_row',
  'rule',
];

/**
 * Fields that hold the number of a slot or port. They are wider than most cards are large; a number
 * that does not exist would make the card drop what it is meant to steer.
 */
const REFERENCES = {
  vid_row: { to: 'slot', fields: ['active', 'backup'] },
  slot: { to: 'port', fields: ['port', 'line_port'] },
} as const;

/** Rows written and read back in one call to the transport. */
const MOST_ROWS = 512;

interface Row {
  readonly table: HostTable;
  readonly index: number;
}

/** One table: words of all rows as they should be and as the card is known to hold them. */
class Image {
  readonly words: number;
  readonly wanted: Uint32Array;
  readonly held: Uint32Array;
  /** 1 where `held` is what the card holds. */
  readonly known: Uint8Array;
  /** Rows that may differ. */
  readonly dirty = new Set<number>();
  /** Bits of a row that mean something. */
  readonly mask: Uint32Array;

  constructor(table: HostTable, entries: number) {
    this.words = TABLES[table].words;
    this.wanted = new Uint32Array(entries * this.words);
    this.held = new Uint32Array(entries * this.words);
    this.known = new Uint8Array(entries);
    this.mask = new Uint32Array(this.words);
    for (const place of Object.values<{ bit: number; width: number }>(TABLES[table].fields))
      setField(this.mask, place, (1n << BigInt(place.width)) - 1n, table);
    for (let index = 0; index < entries; index++) this.dirty.add(index);
  }

  row(of: Uint32Array, index: number): Uint32Array {
    return of.subarray(index * this.words, (index + 1) * this.words);
  }

  want(index: number, words: Uint32Array): void {
    this.row(this.wanted, index).set(words);
    this.touch(index);
  }

  hold(index: number, words: ArrayLike<number>): void {
    const row = this.row(this.held, index);
    for (let word = 0; word < this.words; word++)
      row[word] = (words[word] ?? 0) & (this.mask[word] ?? 0);
    this.known[index] = 1;
    this.touch(index);
  }

  forget(index: number): void {
    this.known[index] = 0;
    this.dirty.add(index);
  }

  touch(index: number): void {
    if (this.known[index] === 1 && this.equal(index)) this.dirty.delete(index);
    else this.dirty.add(index);
  }

  equal(index: number): boolean {
    for (let word = index * this.words; word < (index + 1) * this.words; word++)
      if (this.wanted[word] !== this.held[word]) return false;
    return true;
  }
}

export class CardTables {
  readonly card: Card;
  readonly #images: Readonly<Record<HostTable, Image>>;
  /** Slots that the card was found to have latched down, with the epoch that must not come up again. */
  readonly #latched = new Map<number, number>();
  #turn: Promise<unknown> = Promise.resolve();

  /** At first all rows should be zero: nothing valid. */
  constructor(card: Card) {
    this.card = card;
    this.#images = Object.fromEntries(
      HOST_TABLES.map((table) => [table, new Image(table, card.entries(table))]),
    ) as unknown as Record<HostTable, Image>;
  }

  /**
   * What a row should hold from the next `write` on. Throws RangeError for a row that does not exist,
   * a value that does not fit its field, and a slot or port that the card does not have.
   */
  set<T extends HostTable>(table: T, index: number, entry: TableEntries[T]): void {
    this.#check(table, index);
    const words = encodeEntry(table, entry);
    this.#checkReferences(table, index, entry);
    this.#images[table].want(index, words);
  }

  /** A row should be all zero. */
  clear(table: HostTable, index: number): void {
    this.#check(table, index);
    this.#images[table].want(index, new Uint32Array(TABLES[table].words));
  }

  /** What a row should hold. */
  get<T extends HostTable>(table: T, index: number): TableEntries[T] {
    this.#check(table, index);
    const image = this.#images[table];
    return decodeEntry(table, image.row(image.wanted, index));
  }

  /**
   * Writes the rows that differ from what the card is known to hold (rows that were never read
   * included) and reads them back. Calls wait for each other; each writes what was set when its turn
   * came. Rejects with `DriverError` VERIFY naming the rows that did not keep their value; after any
   * error the next `write` tries the same rows again.
   */
  write(): Promise<Written> {
    return this.#inTurn(() => this.#write(this.#different()));
  }

  /** Reads all tables; resolves with the rows that are not what they should be. Writes nothing. */
  compare(): Promise<Difference[]> {
    return this.#inTurn(() => this.#compare());
  }

  /** Reads all tables, then writes only the rows that are not what they should be. */
  reconcile(): Promise<Reconciled> {
    return this.#inTurn(async () => {
      const differences = await this.#compare();
      const written = await this.#write(differences.filter((row) => !this.#isLatched(row)));
      return { ...written, differences };
    });
  }

  #check(table: HostTable, index: number): void {
    const entries = this.card.entries(table);
    if (Number.isInteger(index) && index >= 0 && index < entries) return;
    throw new RangeError(`${table} ${index}: this card has ${table} 0 to ${entries - 1}`);
  }

  #checkReferences(table: HostTable, index: number, entry: object): void {
    if (table !== 'vid_row' && table !== 'slot') return;
    const { to, fields } = REFERENCES[table];
    const count = this.card.entries(to);
    for (const field of fields) {
      const value = (entry as Readonly<Record<string, number>>)[field] ?? 0;
      if (value < count) continue;
      throw new RangeError(
        `${table} ${index}: ${field} is ${to} ${value}, and this card has ${to}s 0 to ${count - 1}; ` +
          `name one of those, or take a card with more ${to}s`,
      );
    }
  }

  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #different(): Row[] {
    return HOST_TABLES.flatMap((table) =>
      [...this.#images[table].dirty]
        .sort((a, b) => a - b)
        .map((index) => ({ table, index }))
        .filter((row) => !this.#isLatched(row)),
    );
  }

  /** Whether the row is a slot that the card has latched down, which is no fault of the write. */
  #noteLatched(row: Difference): boolean {
    const epoch = latchedEpoch(row);
    if (epoch === undefined) return false;
    this.#latched.set(row.index, epoch);
    return row.fields.length === 1;
  }

  #isLatched({ table, index }: Row): boolean {
    if (table !== 'slot') return false;
    const { up, epoch } = this.get('slot', index);
    return up === 1 && this.#latched.get(index) === epoch;
  }

  async #compare(): Promise<Difference[]> {
    const differences: Difference[] = [];
    // A card that is not at work yet has latched nothing: it was reset.
    const fresh = !(await this.card.enabled());
    this.#latched.clear();
    for (const table of HOST_TABLES) {
      const image = this.#images[table];
      const rows = await this.card.readRows(table, 0, this.card.entries(table));
      for (const [index, words] of rows.entries()) {
        image.hold(index, words);
        if (image.equal(index)) continue;
        const difference = this.#difference(table, index);
        differences.push(difference);
        if (!fresh) this.#noteLatched(difference);
      }
    }
    return differences;
  }

  #difference<T extends HostTable>(table: T, index: number): Difference<T> {
    const image = this.#images[table];
    const wanted = decodeEntry(table, image.row(image.wanted, index));
    const found = decodeEntry(table, image.row(image.held, index));
    const fields = Object.keys(wanted).filter(
      (field) => wanted[field as keyof typeof wanted] !== found[field as keyof typeof found],
    );
    return { table, index, wanted, found, fields };
  }

  async #write(rows: readonly Row[]): Promise<Written> {
    const removed: Row[] = [];
    const others: Row[] = [];
    for (const row of rows)
      (row.table === 'rule' && this.get('rule', row.index).valid === 0 ? removed : others).push(
        row,
      );
    const ordered = [...removed, ...others];
    const wrong: Difference[] = [];
    for (let done = 0; done < ordered.length; done += MOST_ROWS)
      wrong.push(...(await this.#writeSome(ordered.slice(done, done + MOST_ROWS))));
    if (wrong.length > 0)
      throw new DriverError('VERIFY', describe(this.card.transport.name, wrong));
    const latchedDown = [...this.#latched.keys()].filter((index) =>
      this.#isLatched({ table: 'slot', index }),
    );
    return { rows: ordered.length, latchedDown };
  }

  /** Writes and reads back in one call; resolves with the rows that did not keep their value. */
  async #writeSome(rows: readonly Row[]): Promise<Difference[]> {
    const writes: Access[] = [];
    const reads: Access[] = [];
    for (const { table, index } of rows) {
      const image = this.#images[table];
      writes.push(...this.card.writeAccesses(table, index, image.row(image.wanted, index)));
      reads.push(...this.card.readAccesses(table, index));
      // Until it is read back nobody knows what the card holds.
      image.forget(index);
    }
    // What is set while the card is being written must not count as written.
    const intended = rows.map(({ table, index }) => {
      const image = this.#images[table];
      return image.row(image.wanted, index).slice();
    });
    const words = await this.card.transport.access([...writes, ...reads]);
    const wrong: Difference[] = [];
    let at = writes.length;
    for (const [n, { table, index }] of rows.entries()) {
      const image = this.#images[table];
      image.hold(index, words.subarray(at, at + image.words));
      at += image.words;
      const held = image.row(image.held, index);
      if (!intended[n]?.some((word, i) => word !== held[i])) continue;
      const difference = this.#difference(table, index);
      // It was raised and went down at once, or it is written while the card takes it down.
      if (!this.#noteLatched(difference)) wrong.push(difference);
    }
    return wrong;
  }
}

/** The epoch of a slot that should be up and that the card holds down in that same epoch. */
function latchedEpoch(row: Difference): number | undefined {
  if (row.table !== 'slot') return undefined;
  const { wanted, found } = row as Difference<'slot'>;
  const latched = wanted.up === 1 && found.up === 0 && wanted.epoch === found.epoch;
  return latched ? wanted.epoch : undefined;
}

/** The first few rows in words. */
function describe(name: string, wrong: readonly Difference[]): string {
  const show = (value: unknown) =>
    typeof value === 'bigint' || typeof value === 'number' ? hex(value, 1) : String(value);
  const rows = wrong.slice(0, 4).map(({ table, index, fields, wanted, found }) => {
    const values = fields.map((field) => {
      const [w, f] = [wanted, found].map((entry) => entry[field as keyof typeof entry] as unknown);
      return `${field} is ${show(f)}, written was ${show(w)}`;
    });
    return `${table} ${index}: ${values.join(', ')}`;
  });
  const more = wrong.length > 4 ? ` and ${wrong.length - 4} more rows` : '';
  return (
    `${name}: read back, the card does not hold what was written: ${rows.join('; ')}${more}. ` +
    'The transport garbles accesses, somebody else writes to this card, or its memory is broken.'
  );
}
