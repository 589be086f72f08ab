/** A card, over whatever transport leads to it. */
import { EventEmitter } from 'node:events';
import { getField } from './bits.ts';
import type { CardStatus, CounterSnapshot } from './counters.ts';
import { decodeStatus, readSnapshot, readVidCounter } from './counters.ts';
import { DriverError } from './errors.ts';
import type { SlotEvent } from './events.ts';
import { SlotEventReader } from './events.ts';
import type {
  CardSizes,
  Decision,
  Reason,
  TableEntries,
  TableName,
} from './generated/registers.ts';
import {
  decodeDecision,
  decodeEntry,
  encodeEntry,
  FIELDS,
  REASONS,
  REGISTERS,
  TABLES,
} from './generated/registers.ts';
import type { CardIdentity, ExpectedSizes } from './identity.ts';
import { checkSizes, readIdentity } from './identity.ts';
import type { MacState } from './macs.ts';
import { readMacs } from './macs.ts';
import type { Mirror } from './mirror.ts';
import { decodeMirror, MIRROR_READS, mirrorAccesses } from './mirror.ts';
import type { Access, HostFrame, InjectedFrame, Transport } from './transport.ts';

export interface CardOptions {
  /** Refuse a card with other widths or smaller tables. */
  readonly expect?: ExpectedSizes;
}

/** A frame for the host with the card's grounds. */
export interface DecidedFrame {
  /** Ethernet frame without FCS. */
  readonly data: Buffer;
  readonly decision: Decision;
  /** Absent for a code that this driver does not know. */
  readonly reason: Reason | undefined;
}

export interface CardEvents {
  /** Frames for the host, in the card's order. */
  frames: [frames: readonly DecidedFrame[]];
  /** The card took slots down, or has seen stale frames; acknowledged when all listeners are done. */
  slotEvents: [events: readonly SlotEvent[]];
  /** The card or the way to it is gone. */
  failed: [error: Error];
}

/** Times of the card as a whole, in microseconds; 0: never, or not at all. */
export interface CardTimes {
  /** How long a first fragment leads later ones, and how long one that came before it is held. */
  readonly fragment: number;
  /** A fabric port that gives off nothing for so long although it should takes its slots down. */
  readonly stall: number;
  /** How long the queue of a port with a suspect slot may be held. */
  readonly suspectHold: number;
}

/** An entry of a table and where it stands. */
export interface IndexedEntry<T extends TableName> {
  readonly index: number;
  readonly entry: TableEntries[T];
}

/** Accesses of one call to the transport: a large table does not keep it from all others. */
const MOST_ACCESSES = 4096;

const TIMES: Readonly<Record<keyof CardTimes, number>> = {
  fragment: REGISTERS.control.fragment_us,
  stall: REGISTERS.control.stall_us,
  suspectHold: REGISTERS.control.suspect_hold_us,
};

export class Card extends EventEmitter<CardEvents> {
  readonly transport: Transport;
  readonly identity: CardIdentity;
  readonly #onFrames = (frames: readonly HostFrame[]): void => {
    this.emit('frames', frames.map(decide));
  };
  readonly #onFailed = (error: Error): void => {
    this.emit('failed', error);
  };
  readonly #onAttention = (): void => {
    if (this.listenerCount('slotEvents') === 0) return;
    this.pollSlotEvents().catch(this.#onFailed);
  };
  readonly #events = new SlotEventReader(this);
  #snapshots: Promise<unknown> = Promise.resolve();

  private constructor(transport: Transport, identity: CardIdentity) {
    super();
    this.transport = transport;
    this.identity = identity;
    transport.on('frames', this.#onFrames);
    transport.on('failed', this.#onFailed);
    transport.on('attention', this.#onAttention);
  }

  /**
   * Reads who is there. Rejects with `DriverError` (NOT_A_CARD, VERSION, SIZES) and leaves the
   * transport open. Changes nothing in the card.
   */
  static async attach(transport: Transport, options: CardOptions = {}): Promise<Card> {
    const identity = await readIdentity(transport);
    checkSizes(transport.name, identity.sizes, options.expect ?? {});
    return new Card(transport, identity);
  }

  get sizes(): CardSizes {
    return this.identity.sizes;
  }

  /** Enabled: frames are decided. Not enabled: each is dropped with reason `disabled`. */
  async setEnabled(enabled: boolean): Promise<void> {
    await this.transport.access([{ address: REGISTERS.control.control, write: enabled ? 1 : 0 }]);
  }

  async enabled(): Promise<boolean> {
    const word = await this.transport.access([{ address: REGISTERS.control.control }]);
    return getField(word, FIELDS.control_control.enable) === 1;
  }

  /**
   * First four octets of every slot's MAC address, the first in the top 8 bits. Throws RangeError
   * unless locally administered and no group address (IEEE 802 §8.2: the two low bits of octet 1).
   */
  async setFabricPrefix(prefix: number): Promise<void> {
    const octet = (prefix >>> 24) & 3;
    if (octet !== 2)
      throw new RangeError(
        `fabric prefix 0x${prefix.toString(16).padStart(8, '0')}: the first octet must be locally ` +
          'administered and no group address (its two low bits 10, such as 0x02)',
      );
    await this.transport.access([
      { address: REGISTERS.control.fabric_prefix, write: prefix >>> 0 },
    ]);
  }

  async fabricPrefix(): Promise<number> {
    const [prefix = 0] = await this.transport.access([
      { address: REGISTERS.control.fabric_prefix },
    ]);
    return prefix;
  }

  /** Times of 32 bits each. Throws RangeError. */
  async setTimes(times: Partial<CardTimes>): Promise<void> {
    const accesses = (Object.entries(times) as [keyof CardTimes, number][]).map(([name, value]) => {
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
        throw new RangeError(`${name} of ${value} µs: give 0 to ${0xffffffff}`);
      return { address: TIMES[name], write: value };
    });
    await this.transport.access(accesses);
  }

  async times(): Promise<CardTimes> {
    const names = Object.keys(TIMES) as (keyof CardTimes)[];
    const words = await this.transport.access(names.map((name) => ({ address: TIMES[name] })));
    return Object.fromEntries(
      names.map((name, n) => [name, words[n] ?? 0]),
    ) as unknown as CardTimes;
  }

  /** Which frames are copied to a port; undefined: none. Throws RangeError. */
  async setMirror(mirror: Mirror | undefined): Promise<void> {
    await this.transport.access(mirrorAccesses(mirror, this.sizes));
  }

  async mirror(): Promise<Mirror | undefined> {
    return decodeMirror(await this.transport.access(MIRROR_READS));
  }

  /**
   * Asks for slot events and emits `slotEvents` where there are new ones; then they are acknowledged.
   * To be called from time to time where the transport does not tell (`attention`). Resolves with
   * them; rejects with what a listener throws, and then nothing is acknowledged.
   */
  pollSlotEvents(): Promise<readonly SlotEvent[]> {
    return this.#events.poll((events) => void this.emit('slotEvents', events));
  }

  async status(): Promise<CardStatus> {
    const [word = 0] = await this.transport.access([{ address: REGISTERS.control.status }]);
    return decodeStatus(word);
  }

  /** The card's time in microseconds. */
  async time(): Promise<bigint> {
    const { time_low, time_high } = REGISTERS.control;
    const [low = 0, high = 0] = await this.transport.access([
      { address: time_low },
      { address: time_high },
    ]);
    return BigInt(low) | (BigInt(high) << 32n);
  }

  /** All snapshot counters at one clock. Calls wait for each other: a card has one snapshot. */
  snapshot(): Promise<CounterSnapshot> {
    const next = this.#snapshots.then(() => readSnapshot(this.transport, this.sizes));
    this.#snapshots = next.catch(() => {});
    return next;
  }

  /** The MAC of each port, as it stands; undefined where there is none. */
  macs(): Promise<(MacState | undefined)[]> {
    return readMacs(this.transport, this.sizes);
  }

  /** Frames steered by each of `count` VIDs, as they stand. Rejects with UNSUPPORTED without counters. */
  vidPackets(first: number, count = 1): Promise<bigint[]> {
    return this.#vidCounter('vid_packets', first, count, this.sizes.vidCounterBits);
  }

  /** Bytes of frames steered by each of `count` VIDs. Rejects as `vidPackets`. */
  vidBytes(first: number, count = 1): Promise<bigint[]> {
    return this.#vidCounter('vid_bytes', first, count, this.sizes.vidByteCounterBits);
  }

  /** Entries as the card holds them. Throws RangeError for entries that it does not have. */
  async readTable<T extends TableName>(
    table: T,
    first = 0,
    count = this.entries(table) - first,
  ): Promise<TableEntries[T][]> {
    const rows = await this.readRows(table, first, count);
    return rows.map((words) => decodeEntry(table, words));
  }

  /** Writes entries, each valid at one clock, in the order given. Does not read back: see `CardTables`. */
  async writeTable<T extends TableName>(
    table: T,
    entries: readonly IndexedEntry<T>[],
  ): Promise<void> {
    const rows = entries.map(({ index, entry }) => ({ index, words: encodeEntry(table, entry) }));
    for (let done = 0; done < rows.length; ) {
      const some = rows.slice(done, done + Math.floor(MOST_ACCESSES / TABLES[table].words));
      await this.transport.access(
        some.flatMap((row) => this.writeAccesses(table, row.index, row.words)),
      );
      done += some.length;
    }
  }

  /** How many entries the card's table has. */
  entries(table: TableName): number {
    return TABLES[table].entries(this.sizes);
  }

  /** Entries as words. */
  async readRows(table: TableName, first: number, count: number): Promise<Uint32Array[]> {
    this.#checkRange(table, first, count, this.entries(table));
    const { words } = TABLES[table];
    const rows: Uint32Array[] = [];
    while (rows.length < count) {
      const some = Math.min(count - rows.length, Math.floor(MOST_ACCESSES / words));
      const from = first + rows.length;
      const accesses: Access[] = [];
      for (let row = from; row < from + some; row++)
        accesses.push(...this.readAccesses(table, row));
      const read = await this.transport.access(accesses);
      for (let row = 0; row < some; row++) rows.push(read.slice(row * words, (row + 1) * words));
    }
    return rows;
  }

  /** The accesses that read an entry. */
  readAccesses(table: TableName, index: number): Access[] {
    const { offset, stride, words } = TABLES[table];
    return Array.from({ length: words }, (_, word) => ({
      address: offset + 4 * (stride * index + word),
    }));
  }

  /** The accesses that write an entry; the last one makes it valid. Throws RangeError. */
  writeAccesses(table: TableName, index: number, words: Uint32Array): Access[] {
    this.#checkRange(table, index, 1, this.entries(table));
    return this.readAccesses(table, index).map(({ address }, word) => ({
      address,
      write: words[word] ?? 0,
    }));
  }

  /** Resolves when the card has taken the frames. */
  inject(frames: readonly InjectedFrame[]): Promise<void> {
    return this.transport.inject(frames);
  }

  /** Closes the transport too; the card goes on with what it has. Idempotent. */
  async close(): Promise<void> {
    this.transport.off('frames', this.#onFrames);
    this.transport.off('failed', this.#onFailed);
    this.transport.off('attention', this.#onAttention);
    await this.transport.close();
  }

  async #vidCounter(
    counter: 'vid_packets' | 'vid_bytes',
    first: number,
    count: number,
    bits: number,
  ): Promise<bigint[]> {
    if (bits === 0) {
      const parameter = counter === 'vid_packets' ? 'VID_COUNTER_BITS' : 'VID_BYTE_COUNTER_BITS';
      throw new DriverError(
        'UNSUPPORTED',
        `${this.transport.name}: this configuration has no ${counter} (${parameter})`,
      );
    }
    this.#checkRange('vid', first, count, this.sizes.vids);
    const values: bigint[] = [];
    for (let done = 0; done < count; done += MOST_ACCESSES / 2) {
      const some = Math.min(MOST_ACCESSES / 2, count - done);
      values.push(...(await readVidCounter(this.transport, counter, first + done, some)));
    }
    return values;
  }

  #checkRange(table: string, first: number, count: number, entries: number): void {
    const whole = Number.isInteger(first) && Number.isInteger(count);
    if (whole && first >= 0 && count >= 0 && first + count <= entries) return;
    const last = count === 1 ? '' : ` to ${first + count - 1}`;
    throw new RangeError(`${table} ${first}${last}: this card has ${table} 0 to ${entries - 1}`);
  }
}

function decide(frame: HostFrame): DecidedFrame {
  const decision = decodeDecision(frame.decision);
  return { data: frame.data, decision, reason: REASONS[decision.reason] };
}
