import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Access, TABLES } from '../../../driver/index.ts';
import { LEAST_OCTETS, planRequest } from '../../../driver/serial/plan.ts';

/** What the card makes of a request (docs/serial.md), read without the driver's help. */
function decode(content: Buffer): Access[] {
  const accesses: Access[] = [];
  for (let at = 2; at < content.length; ) {
    const head = content.readUInt32LE(at);
    at += 4;
    for (let n = 0; n <= head >>> 24; n++) {
      const address = (head & 0xfffffc) + 4 * n;
      if ((head & 1) === 0) accesses.push({ address });
      else {
        accesses.push({ address, write: content.readUInt32LE(at) });
        at += 4;
      }
    }
  }
  return accesses;
}

const word = fc.integer({ min: 0, max: 0xffffffff });
/** Entries of tables, one after the other or anywhere, and single registers. */
const work = fc.array(
  fc.oneof(
    fc.record({
      table: fc.constantFrom(...Object.values(TABLES)),
      first: fc.nat(60),
      count: fc.integer({ min: 1, max: 40 }),
      write: fc.boolean(),
    }),
    fc.record({ address: fc.nat(60).map((n) => 0x100 + 4 * n), write: fc.boolean() }),
  ),
  { maxLength: 8 },
);

function accessesOf(items: readonly unknown[], values: () => number): Access[] {
  return (items as Record<string, never>[]).flatMap((item: Record<string, unknown>) => {
    const access = (address: number): Access =>
      item.write ? { address, write: values() } : { address };
    if (typeof item.address === 'number') return [access(item.address)];
    const { offset, stride, words } = item.table as (typeof TABLES)['vid_row'];
    return Array.from(
      { length: item.count as number },
      (_, n) => n + (item.first as number),
    ).flatMap((index) =>
      Array.from({ length: words }, (_, w) => access(offset + 4 * (stride * index + w))),
    );
  });
}

test('requests say all accesses in order, none too long, reads and writes apart, entries whole', () => {
  fc.assert(
    fc.property(
      work,
      fc.integer({ min: 0, max: 300 }),
      fc.infiniteStream(word),
      (items, most, values) => {
        const accesses = accessesOf(items, () => values.next().value as number);
        const placed = accesses.map((access, place) => ({ access, place }));
        const ends = new Set<number>();
        const said: Access[] = [];
        for (let from = 0; from < placed.length; ) {
          const planned = planRequest(placed, from, most);
          expect(planned.accesses.length).toBeGreaterThan(0);
          expect(planned.accesses.map(({ place }) => place)).toEqual(
            planned.accesses.map((_, n) => from + n),
          );
          const decoded = decode(planned.content);
          expect(decoded.every(({ write }) => (write !== undefined) === planned.write)).toBe(true);
          expect(planned.content.length - 2).toBeLessThanOrEqual(Math.max(most, LEAST_OCTETS));
          said.push(...decoded);
          from += planned.accesses.length;
          ends.add(from);
        }
        expect(said).toEqual(accesses);
        // Where a request ends an entry ends, if it is written.
        for (const end of ends) {
          const [last, next] = [accesses[end - 1], accesses[end]];
          if (last?.write === undefined || next?.write === undefined) continue;
          if (next.address !== last.address + 4) continue;
          const inside = Object.values(TABLES).some(({ offset, stride, words }) => {
            const at = (next.address - offset) / 4;
            return at >= 0 && at < stride * 100 && at % stride > 0 && at % stride < words;
          });
          expect(inside).toBe(false);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('rows that follow each other cost their words and little more', () => {
  const { offset } = TABLES.vid_row;
  const rows = Array.from({ length: 200 }, (_, n) => ({
    access: { address: offset + 4 * n, write: n },
    place: n,
  }));
  const { content, accesses } = planRequest(rows, 0, 248);
  expect(accesses.length).toBe(61);
  expect(content.length).toBe(2 + 4 + 4 * 61);
});
