/**
 * Register accesses as requests. A request has reads or writes, not both: a read whose reply was lost is
 * asked again, and must not see what was written behind it. The words of a table's entry are in one
 * request, which is executed whole or not at all.
 */
import { TABLES } from '../generated/registers.ts';
import type { Access } from '../transport.ts';
import { request, SEGMENT_WORDS, segmentWord } from './messages.ts';

/** An access, and where in the caller's results its value goes. */
export interface PlacedAccess {
  readonly access: Access;
  readonly place: number;
}

export interface PlannedRequest {
  readonly content: Buffer;
  readonly write: boolean;
  readonly accesses: readonly PlacedAccess[];
}

const ENTRIES = Object.values(TABLES)
  .map(({ offset, stride, words }) => ({ offset, stride: 4 * stride, octets: 4 * words }))
  .sort((a, b) => b.offset - a.offset);
/** Octets of the longest entry and the word before it: no request can be limited to less. */
export const LEAST_OCTETS = 4 + Math.max(...ENTRIES.map(({ octets }) => octets));

/** True where the word at `address` is not the first of a table's entry. */
function insideEntry(address: number): boolean {
  const table = ENTRIES.find(({ offset }) => offset <= address);
  if (table === undefined) return false;
  const within = (address - table.offset) % table.stride;
  return within > 0 && within < table.octets;
}

/**
 * The next request, made of accesses from index `from` on. `most` limits its octets behind the head and
 * those of its reply, to LEAST_OCTETS at the lowest.
 */
export function planRequest(
  accesses: readonly PlacedAccess[],
  from: number,
  most: number,
): PlannedRequest {
  const at = (index: number): Access | undefined => accesses[index]?.access;
  const write = at(from)?.write !== undefined;
  const follows = (index: number) => at(index)?.address === (at(index - 1)?.address ?? 0) + 4;
  /** Behind the access at `index`, and what of the same entry is written with it. */
  const unitEnd = (index: number): number => {
    let end = index + 1;
    while (
      write &&
      at(end)?.write !== undefined &&
      follows(end) &&
      insideEntry(at(end)?.address ?? 0)
    )
      end += 1;
    return end;
  };
  const segments: { readonly first: number; count: number }[] = [];
  let octets = 0;
  let end = from;
  while (end < accesses.length && (at(end)?.write !== undefined) === write) {
    const next = unitEnd(end);
    const segment = segments.at(-1);
    const joins = segment && follows(end) && segment.count + next - end <= SEGMENT_WORDS;
    const cost = 4 * (next - end) + (joins ? 0 : 4);
    if (end > from && octets + cost > most) break;
    octets += cost;
    if (joins) segment.count += next - end;
    else segments.push({ first: end, count: next - end });
    end = next;
  }
  const words = segments.flatMap(({ first, count }) => [
    segmentWord(at(first)?.address ?? 0, count, write),
    ...(write ? accesses.slice(first, first + count).map(({ access }) => access.write ?? 0) : []),
  ]);
  const body = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) body.writeUInt32LE(word >>> 0, 4 * index);
  return { content: request('access', body), write, accesses: accesses.slice(from, end) };
}
