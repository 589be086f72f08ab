/**
 * A card in memory with what the driver's managers rely on: the override table with its hit bits,
 * slots that latch down, their health and events. Every single write can be watched.
 */
import { getField, setField } from '../../driver/bits.ts';
import type { CardSizes, Override, SlotEventEntry } from '../../driver/index.ts';
import { decodeEntry, encodeEntry, HASHES, REGISTERS, TABLES } from '../../driver/index.ts';
import { MemoryTransport, SIZES } from './memory-transport.ts';

const { override, override_hit, slot, slot_event } = TABLES;

/** Parity of the masks, as hdl/generated/linecard_regs_pkg.sv has it: another way than the driver's. */
function hash(masks: readonly bigint[], value: bigint): number {
  let sum = 0;
  for (const [bit, mask] of masks.entries()) {
    let parity = 0;
    for (let rest = value & mask; rest !== 0n; rest &= rest - 1n) parity ^= 1;
    sum |= parity << bit;
  }
  return sum;
}

/** What was computed once: a property asks for the same few keys at every write. */
const HASHED = new Map<bigint, readonly [number, number]>();

export class ModelCard extends MemoryTransport {
  readonly sizes: CardSizes;
  /** Called after each single write. */
  watch: (() => void) | undefined;
  /** Called after each single read. */
  onRead: ((address: number) => void) | undefined;
  /** It tells of slot events by itself. */
  tells = false;
  /** The card's time. */
  time = 0n;
  readonly #staged = new Map<number, number>();
  readonly #overrides: (Override | undefined)[];
  readonly #hits: Uint32Array;
  readonly #events: SlotEventEntry[];

  constructor(sizes: Partial<CardSizes> = {}) {
    super(sizes);
    this.sizes = { ...SIZES, ...sizes };
    this.#overrides = new Array(this.sizes.overrides);
    this.#hits = new Uint32Array(this.sizes.overrides / 32);
    this.#events = Array.from({ length: this.sizes.slots }, () => ({
      count: 0,
      cause: 0,
      went_down: 0,
      stale: 0,
      time_us: 0n,
    }));
  }

  /** The two places of a key. */
  ways(space: number, key: bigint): readonly [number, number] {
    const half = this.sizes.overrides / 2;
    const value = (BigInt(space) << 128n) | key;
    let hashes = HASHED.get(value);
    if (hashes === undefined) {
      hashes = [hash(HASHES.way0, value), hash(HASHES.way1, value)];
      HASHED.set(value, hashes);
    }
    return [hashes[0] % half, half + (hashes[1] % half)];
  }

  /** What the card does for a packet: two reads; a hit sets the place's bit. */
  lookUp(space: number, key: bigint, hit = true): number | undefined {
    for (const place of this.ways(space, key)) {
      const held = this.#overrides[place];
      if (held?.space !== space || held.key !== key) continue;
      if (hit) this.#hits[place >> 5] = (this.#hits[place >> 5] ?? 0) | (1 << (place & 31));
      return held.vid;
    }
    return undefined;
  }

  /** What stands at each place, for a test that spoils it. */
  get places(): (Override | undefined)[] {
    return this.#overrides;
  }

  /** The card takes a slot down by itself. */
  takeDown(index: number, cause: number): void {
    const address = slot.offset + 4 * index;
    const word = this.words.get(address) ?? 0;
    if ((word & 1) === 0) return;
    this.words.set(address, word & ~1);
    this.happen(index, { cause, went_down: 1, time_us: this.time });
  }

  happen(index: number, change: Partial<SlotEventEntry>): void {
    const event = this.#events[index] as SlotEventEntry;
    this.#events[index] = { ...event, ...change, count: (event.count + 1) & 0xff };
    if (this.tells) this.emit('attention');
  }

  protected override read(address: number): number {
    const value = this.#read(address);
    this.onRead?.(address);
    return value;
  }

  #read(address: number): number {
    const { events } = REGISTERS;
    if (address === events.slots_low) return this.#pending(0);
    if (address === events.slots_high) return this.#pending(32);
    const event = place(slot_event, address, this.sizes.slots);
    if (event !== undefined)
      return (
        encodeEntry('slot_event', this.#events[event.index] as SlotEventEntry)[event.word] ?? 0
      );
    const hits = place(override_hit, address, this.#hits.length);
    if (hits !== undefined) return this.#hits[hits.index] ?? 0;
    const entry = place(override, address, this.sizes.overrides);
    if (entry === undefined) return super.read(address);
    const held = this.#overrides[entry.index];
    const { space, key, vid } = held ?? { space: 0, key: 0n, vid: 0 };
    const words = encodeEntry('override', { space, key, vid, valid: held === undefined ? 0 : 1 });
    return words[entry.word] ?? 0;
  }

  protected override write(address: number, value: number): void {
    this.#write(address, value);
    this.watch?.();
  }

  #write(address: number, value: number): void {
    const { control } = REGISTERS;
    if (address === control.overrides_clear) {
      this.#overrides.fill(undefined);
      return;
    }
    const event = place(slot_event, address, this.sizes.slots);
    if (event !== undefined) {
      this.#acknowledge(event.index, event.word, value);
      return;
    }
    const hits = place(override_hit, address, this.#hits.length);
    if (hits !== undefined) {
      this.#hits[hits.index] = (this.#hits[hits.index] ?? 0) & ~value;
      return;
    }
    const found = place(slot, address, this.sizes.slots);
    if (found !== undefined) {
      this.#writeSlot(found.index, address, value);
      return;
    }
    const entry = place(override, address, this.sizes.overrides);
    if (entry === undefined) {
      super.write(address, value);
      return;
    }
    // The write of the last word puts the entry in place.
    this.#staged.set(entry.word, this.store(address, value));
    if (entry.word !== override.words - 1) return;
    const words = Uint32Array.from({ length: override.words }, (_, n) => this.#staged.get(n) ?? 0);
    const { valid, ...held } = decodeEntry('override', words);
    this.#overrides[entry.index] = valid === 1 ? held : undefined;
  }

  #pending(first: number): number {
    let word = 0;
    for (const [index, event] of this.#events.slice(first, first + 32).entries())
      if (event.went_down === 1 || event.stale === 1) word |= 1 << index;
    return word >>> 0;
  }

  #acknowledge(index: number, word: number, value: number): void {
    const event = this.#events[index] as SlotEventEntry;
    if (word !== 0 || (value & 0xff) !== event.count) return;
    this.#events[index] = { ...event, went_down: 0, stale: 0 };
  }

  /** A slot that is down rises only together with another epoch. */
  #writeSlot(index: number, address: number, value: number): void {
    const word = (name: 'up' | 'epoch', of: number) =>
      Number(getField(Uint32Array.of(of), slot.fields[name]));
    const held = this.words.get(address) ?? 0;
    const words = Uint32Array.of(this.store(address, value));
    const latched = word('up', held) === 0 && word('epoch', held) === word('epoch', value);
    if (latched) setField(words, slot.fields.up, 0, 'up');
    this.words.set(address, words[0] ?? 0);
    if (word('up', held) === 1 && word('up', value) === 0)
      this.happen(index, { cause: 1, went_down: 1, time_us: this.time });
  }
}

interface Layout {
  readonly offset: number;
  readonly stride: number;
  readonly words: number;
}

/** Index and word of an address in a table. */
function place({ offset, stride, words }: Layout, address: number, entries: number) {
  const at = (address - offset) / 4;
  const index = Math.floor(at / stride);
  const word = at - index * stride;
  return at >= 0 && index < entries && word < words ? { index, word } : undefined;
}
