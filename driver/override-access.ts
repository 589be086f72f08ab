/** The override table's words in the card: written and read back, read, and its hit bits. */
import type { Card } from './card.ts';
import type { Override, Step } from './cuckoo.ts';
import { DriverError, hex } from './errors.ts';
import type { OverrideEntry } from './generated/registers.ts';
import { decodeEntry, encodeEntry, TABLES } from './generated/registers.ts';
import type { Access } from './transport.ts';

/** Entries written and read back in one call to the transport. */
export const MOST_STEPS = 400;
/** Words read in one call. */
const MOST_READS = 4096;
const { words: WORDS } = TABLES.override;
const EMPTY: OverrideEntry = { key: 0n, space: 0, vid: 0, valid: 0 };

/**
 * Writes the places in this order and reads them back. Rejects with `DriverError` VERIFY naming the
 * first place that did not keep its value, or with the transport's error.
 */
export async function writeSteps(card: Card, steps: readonly Step[]): Promise<void> {
  for (let done = 0; done < steps.length; done += MOST_STEPS)
    await writeSome(card, steps.slice(done, done + MOST_STEPS));
}

async function writeSome(card: Card, steps: readonly Step[]): Promise<void> {
  const accesses: Access[] = [];
  const last = new Map<number, Uint32Array>();
  for (const { place, entry } of steps) {
    const { space, key, vid } = entry ?? EMPTY;
    const words = encodeEntry('override', { space, key, vid, valid: entry === undefined ? 0 : 1 });
    accesses.push(...card.writeAccesses('override', place, words));
    last.set(place, words);
  }
  const writes = accesses.length;
  for (const place of last.keys()) accesses.push(...card.readAccesses('override', place));
  const words = await card.transport.access(accesses);
  let at = writes;
  for (const [place, wanted] of last) {
    const held = words.subarray(at, at + WORDS);
    at += WORDS;
    if (wanted.every((word, n) => word === held[n])) continue;
    throw new DriverError(
      'VERIFY',
      `${card.transport.name}: read back, place ${place} of the override table holds ` +
        `${[...held].map((word) => hex(word)).join(' ')}, written was ` +
        `${[...wanted].map((word) => hex(word)).join(' ')}. The transport garbles accesses, ` +
        'somebody else writes to this card, or its memory is broken.',
    );
  }
}

/** Valid entries by place, in rising order: one word of each place, all words of those in use. */
export async function readPlaces(card: Card): Promise<Map<number, Override>> {
  const count = card.entries('override');
  const used: number[] = [];
  for (let first = 0; first < count; first += MOST_READS) {
    const accesses = Array.from(
      { length: Math.min(MOST_READS, count - first) },
      (_, n) => card.readAccesses('override', first + n)[WORDS - 1] as Access,
    );
    const words = new Uint32Array(WORDS);
    for (const [n, last] of (await card.transport.access(accesses)).entries()) {
      words[WORDS - 1] = last;
      if (decodeEntry('override', words).valid === 1) used.push(first + n);
    }
  }
  const found = new Map<number, Override>();
  const step = Math.floor(MOST_READS / WORDS);
  for (let done = 0; done < used.length; done += step) {
    const some = used.slice(done, done + step);
    const words = await card.transport.access(
      some.flatMap((place) => card.readAccesses('override', place)),
    );
    for (const [n, place] of some.entries()) {
      const row = words.subarray(n * WORDS, (n + 1) * WORDS);
      const { space, key, vid } = decodeEntry('override', row);
      found.set(place, { space, key, vid });
    }
  }
  return found;
}

/** Reads the hit bits and clears those that were set; bit n of word w is that of place 32 w + n. */
export async function takeHits(card: Card): Promise<Uint32Array> {
  const count = card.entries('override_hit');
  const hits = new Uint32Array(count);
  for (let first = 0; first < count; first += MOST_READS) {
    const accesses = Array.from(
      { length: Math.min(MOST_READS, count - first) },
      (_, n) => card.readAccesses('override_hit', first + n)[0] as Access,
    );
    const words = await card.transport.access(accesses);
    hits.set(words, first);
    const clear = accesses.flatMap((access, n) =>
      words[n] === 0 ? [] : [{ ...access, write: words[n] ?? 0 }],
    );
    if (clear.length > 0) await card.transport.access(clear);
  }
  return hits;
}
