import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { VidRowEntry } from '../../driver/index.ts';
import { Card, CardTables, HOST_TABLES, TABLES } from '../../driver/index.ts';
import { MemoryTransport, SIZES } from './memory-transport.ts';

let transport: MemoryTransport;
let card: Card;
let tables: CardTables;
beforeEach(async () => {
  transport = new MemoryTransport();
  card = await Card.attach(transport);
  tables = new CardTables(card);
  transport.log.length = 0;
});

const row = (active: number): VidRowEntry => ({ active, backup: 0, backup_in_sync: 0, valid: 1 });
const rowAddress = (vid: number) => TABLES.vid_row.offset + 4 * vid;
const slot = (up: number, epoch: number) => ({ up, port: 1, line_port: 0, epoch });

describe('differences', () => {
  test('the first write covers every row, the next ones only what changed', async () => {
    const all = HOST_TABLES.reduce((sum, table) => sum + TABLES[table].entries(SIZES), 0);
    expect(await tables.write()).toMatchObject({ rows: all });
    expect(await tables.write()).toMatchObject({ rows: 0 });
    transport.log.length = 0;
    tables.set('vid_row', 7, row(3));
    tables.set('vid_row', 9, row(4));
    tables.clear('vid_row', 9);
    expect(await tables.write()).toMatchObject({ rows: 1 });
    expect(transport.written()).toEqual([rowAddress(7)]);
    expect((await card.readTable('vid_row', 7, 1))[0]).toEqual(row(3));
    expect(tables.get('vid_row', 7)).toEqual(row(3));
  });

  test('a row set back before it is written is not written', async () => {
    await tables.write();
    transport.log.length = 0;
    tables.set('slot', 1, slot(1, 5));
    tables.clear('slot', 1);
    expect(await tables.write()).toMatchObject({ rows: 0 });
    expect(transport.log).toEqual([]);
  });

  test('writes at once wait for each other, and what is set meanwhile is written next', async () => {
    await tables.write();
    tables.set('vid_row', 1, row(1));
    const first = tables.write();
    await Promise.resolve();
    await Promise.resolve();
    tables.set('vid_row', 1, row(2));
    const second = tables.write();
    expect(await first).toMatchObject({ rows: 1 });
    expect(await second).toMatchObject({ rows: 1 });
    expect((await card.readTable('vid_row', 1, 1))[0]).toEqual(row(2));
  });

  test('a rule that goes, goes before what it refers to; one that comes, comes after', async () => {
    await tables.write();
    const rule = { ...tables.get('rule', 2), valid: 1, prefixes: 1 };
    tables.set('rule', 2, rule);
    tables.set('prefix', 0, { address: 1n, mask: 1n, v6: 0, valid: 1 });
    transport.log.length = 0;
    await tables.write();
    const of = (address: number) =>
      address >= TABLES.rule.offset && address < TABLES.type_set.offset ? 'rule' : 'prefix';
    const order = () => [...new Set(transport.written().map(of))];
    expect(order()).toEqual(['prefix', 'rule']);
    tables.clear('rule', 2);
    tables.clear('prefix', 0);
    transport.log.length = 0;
    await tables.write();
    expect(order()).toEqual(['rule', 'prefix']);
  });

  test('any sequence of settings and writes leaves the card as it should be', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.tuple(fc.nat(SIZES.vids - 1), fc.nat(SIZES.slots - 1)),
            fc.constantFrom('write' as const, 'fail' as const),
          ),
          { maxLength: 60 },
        ),
        async (steps) => {
          const model = new MemoryTransport();
          const held = new CardTables(await Card.attach(model));
          const wanted = new Map<number, number>();
          for (const step of steps) {
            if (step === 'write') await held.write();
            else if (step === 'fail') {
              model.failure = new Error('line cut');
              await held.write().catch(() => {});
              model.failure = undefined;
            } else {
              held.set('vid_row', step[0], row(step[1]));
              wanted.set(step[0], step[1]);
            }
          }
          await held.write();
          for (const [vid, active] of wanted)
            expect((model.words.get(rowAddress(vid)) ?? 0) & 63).toBe(active);
          expect(await held.compare()).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('rows and values that do not exist are refused before anything is written', () => {
    expect(() => tables.set('vid_row', 256, row(0))).toThrow(
      /vid_row 256: this card has vid_row 0 to 255/,
    );
    expect(() => tables.set('vid_row', 1.5, row(0))).toThrow(RangeError);
    expect(() => tables.set('vid_row', 1, row(64))).toThrow(/vid_row\.active = 64 does not fit/);
    expect(() => tables.get('rule', 4)).toThrow(/rule 4/);
    expect(transport.log).toEqual([]);
  });

  test.each([
    ['vid_row', 9, { ...row(0), active: 8 }, 'vid_row 9: active is slot 8'],
    ['vid_row', 9, { ...row(0), backup: 63 }, 'vid_row 9: backup is slot 63'],
    ['slot', 3, { ...slot(1, 1), port: 2 }, 'slot 3: port is port 2'],
    ['slot', 3, { ...slot(0, 1), line_port: 12 }, 'slot 3: line_port is port 12'],
  ] as const)('what a %s refers to must exist', async (table, index, entry, words) => {
    expect([SIZES.slots, SIZES.ports]).toEqual([8, 2]);
    await tables.write();
    const limit = table === 'slot' ? 'this card has ports 0 to 1' : 'this card has slots 0 to 7';
    const set = () => tables.set(table, index, entry as never);
    expect(set).toThrow(RangeError);
    expect(set).toThrow(`${words}, and ${limit}; `);
    expect(await tables.write()).toMatchObject({ rows: 0 });
  });
});

describe('read back', () => {
  test('a row that does not keep its value is named with field and values, and tried again', async () => {
    await tables.write();
    const bad = rowAddress(5);
    transport.store = (address, value) => (address === bad ? value & ~4 : value);
    tables.set('vid_row', 5, row(7));
    tables.set('vid_row', 6, row(7));
    const writing = tables.write();
    await expect(writing).rejects.toMatchObject({ code: 'VERIFY' });
    await expect(writing).rejects.toThrow(/vid_row 5: active is 0x3, written was 0x7\./);
    transport.store = (_, value) => value;
    expect(await tables.write()).toMatchObject({ rows: 1 });
    expect(await tables.compare()).toEqual([]);
  });

  test('after an error of the transport the rows count as not known', async () => {
    await tables.write();
    tables.set('vid_row', 5, row(7));
    transport.failure = new Error('line cut');
    await expect(tables.write()).rejects.toThrow('line cut');
    expect(await tables.write()).toMatchObject({ rows: 1 });
  });

  test('a row whose reply was lost is written again even where it shall be as before', async () => {
    await tables.write();
    tables.set('vid_row', 5, row(7));
    transport.failure = new Error('line cut');
    await expect(tables.write()).rejects.toThrow('line cut');
    tables.clear('vid_row', 5);
    expect(await tables.write()).toMatchObject({ rows: 1 });
    expect(transport.words.get(rowAddress(5))).toBe(0);
  });

  test('write and read back are one call to the transport', async () => {
    await tables.write();
    const { calls } = transport;
    for (let vid = 0; vid < 100; vid++) tables.set('vid_row', vid, row(1));
    await tables.write();
    expect(transport.calls - calls).toBe(1);
  });
});

describe('compare and reconcile', () => {
  test('compare tells rows and fields, and writes nothing', async () => {
    await tables.write();
    tables.set('vid_row', 3, row(1));
    await tables.write();
    transport.words.set(rowAddress(3), 2 | (1 << 15));
    transport.log.length = 0;
    const [difference, ...rest] = await tables.compare();
    expect(rest).toEqual([]);
    expect(difference).toEqual({
      table: 'vid_row',
      index: 3,
      wanted: row(1),
      found: row(2),
      fields: ['active'],
    });
    expect(transport.written()).toEqual([]);
  });

  test('after a restart of the host only rows that are wrong are written', async () => {
    for (let vid = 0; vid < 256; vid++) tables.set('vid_row', vid, row(vid % 8));
    await tables.write();
    await card.setEnabled(true);
    transport.words.set(rowAddress(17), 0);
    const again = new CardTables(await Card.attach(transport));
    for (let vid = 0; vid < 256; vid++) again.set('vid_row', vid, row(vid % 8));
    transport.log.length = 0;
    const result = await again.reconcile();
    expect(result.rows).toBe(1);
    expect(result.differences.map(({ table, index }) => [table, index])).toEqual([['vid_row', 17]]);
    expect(transport.written()).toEqual([rowAddress(17)]);
    expect(await again.write()).toMatchObject({ rows: 0 });
  });

  test('bits that no field has do not count', async () => {
    await tables.write();
    transport.words.set(rowAddress(0), 0xffff_00c0 | 0);
    const found = await tables.compare();
    expect(found).toEqual([]);
  });

  test('a slot that the card latched down stays down, unless the card is a fresh one', async () => {
    tables.set('slot', 2, slot(1, 9));
    tables.set('slot', 3, slot(1, 9));
    await tables.write();
    await card.setEnabled(true);
    const at = (index: number) => TABLES.slot.offset + 4 * index;
    transport.words.set(at(2), (transport.words.get(at(2)) ?? 0) & ~1);
    transport.words.set(at(3), 0);
    const result = await tables.reconcile();
    expect(result.latchedDown).toEqual([2]);
    const ups = async () => (await card.readTable('slot', 2, 2)).map(({ up }) => up);
    expect(await ups()).toEqual([0, 1]);
    expect(await tables.write()).toMatchObject({ rows: 0 });
    expect(await ups()).toEqual([0, 1]);
    tables.set('slot', 2, slot(1, 10));
    expect(await tables.write()).toMatchObject({ rows: 1 });
    expect(await ups()).toEqual([1, 1]);

    transport.words.set(at(2), (transport.words.get(at(2)) ?? 0) & ~1);
    await card.setEnabled(false);
    expect((await tables.reconcile()).latchedDown).toEqual([]);
    expect(await ups()).toEqual([1, 1]);
  });
});
