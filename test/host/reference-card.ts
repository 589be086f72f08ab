/**
 * A card in memory behind the driver's transport. It holds registers as words, and decides as the
 * reference does (host/steering/reference-card.ts): the host is tested against docs/card.md without
 * RTL. Its time stands until it is told to go on.
 */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { getField, setField } from '../../driver/bits.ts';
import {
  type Access,
  type CardSizes,
  type Decision,
  decodeEntry,
  encodeEntry,
  FIELDS,
  type HostFrame,
  type InjectedFrame,
  type InjectTarget,
  MAP,
  REGISTERS,
  TABLES,
  type TableEntries,
  type TableName,
  type Transport,
  type TransportEvents,
  VALUES,
} from '../../driver/index.ts';
import { bigIntToMac } from '../../host/protocol/address.ts';
import type { Verdict } from '../../host/steering/decide.ts';
import { type Ended, ReferenceCard } from '../../host/steering/reference-card.ts';
import type { Service } from '../../host/steering/rule.ts';
import type { Arrival, CardState, OverrideEntry } from '../../host/steering/state.ts';

const SIZES: CardSizes = {
  dataWidth: 64,
  ports: 8,
  slots: 64,
  vids: 4096,
  rules: 16,
  prefixes: 8,
  overrides: 256,
  fragments: 64,
  maxFrame: 1600,
  window: 160,
  vidCounterBits: 0,
  vidByteCounterBits: 0,
};

const MODES: Record<InjectTarget['to'], number> = { port: 0, slot: 1, steer: 2 };
/** What a RAM without reset may hold: something. */
const UNDEFINED_RAM = 0x0badc0de;

export class ReferenceTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly name = 'reference:';
  readonly sizes = SIZES;
  /** Every verdict since the start, in order. */
  readonly verdicts: Verdict[] = [];
  /** Addresses written, in order. */
  readonly writes: number[] = [];
  /** While true, writes are lost, as a faulty line would lose them. */
  deaf = false;
  readonly #services: readonly Service[];
  readonly #words = new Map<number, number>();
  readonly #handlers = new Map<number, (frame: Buffer) => void>();
  readonly #card: ReferenceCard;
  readonly #overrides = new Map<number, OverrideEntry>();
  /** Tables were written since the card looked at them. */
  #changed = true;

  /** @param services what the rules mean; their form in the tables is held, but not looked at. */
  constructor(services: readonly Service[]) {
    super();
    this.#services = services;
    const { identity, control } = REGISTERS;
    this.#words.set(identity.magic, MAP.magic);
    this.#words.set(identity.version, (MAP.major << 16) | MAP.minor);
    this.#words.set(identity.data_width, SIZES.dataWidth);
    this.#words.set(identity.ports, SIZES.ports);
    this.#words.set(identity.slots, SIZES.slots);
    this.#words.set(identity.vids, SIZES.vids);
    this.#words.set(identity.rules, SIZES.rules);
    this.#words.set(identity.prefixes, SIZES.prefixes);
    this.#words.set(identity.max_frame, SIZES.maxFrame);
    this.#words.set(identity.window, SIZES.window);
    this.#words.set(identity.vid_counter_bits, SIZES.vidCounterBits);
    this.#words.set(identity.vid_byte_counter_bits, SIZES.vidByteCounterBits);
    this.#words.set(identity.overrides, SIZES.overrides);
    this.#words.set(identity.fragments, SIZES.fragments);
    this.#words.set(identity.configuration, 1);
    this.#words.set(identity.build_id, 1);
    this.#words.set(control.control, 0);
    const down = { up: false, port: 0, linePort: 0, epoch: 0 };
    this.#card = new ReferenceCard({
      ...this.#tables(),
      slots: Array.from({ length: SIZES.slots }, () => down),
      overrides: this.#overrides,
    });
  }

  /** The card's microseconds. */
  get time(): number {
    return this.#card.nowUs;
  }

  /** Time goes on; what is due happens. */
  advance(us: number): void {
    for (const ended of this.#card.advance(this.time + us)) this.#end(ended);
  }

  /** The link of a port comes or goes. */
  link(port: number, up: boolean): void {
    this.#card.slots.link(port, up, this.time);
  }

  /** What leaves by a port goes to `handler`. */
  attachPort(port: number, handler: (frame: Buffer) => void): void {
    this.#handlers.set(port, handler);
  }

  /** A frame arrives by a network port. */
  arrive(port: number, frame: Buffer): void {
    this.#finish(frame, { from: { port } });
  }

  async inject(frames: readonly InjectedFrame[]): Promise<void> {
    for (const { target, data } of frames) {
      const number = target.to === 'slot' ? target.slot : target.port;
      this.#finish(Buffer.from(data), {
        from: { inject: { mode: MODES[target.to], target: number } },
      });
    }
  }

  async access(accesses: readonly Access[]): Promise<Uint32Array> {
    return Uint32Array.from(accesses, ({ address, write }) => {
      if (write === undefined) return this.#read(address);
      this.writes.push(address);
      if (!this.deaf) this.#write(address, write);
      return write;
    });
  }

  async close(): Promise<void> {}

  /** Writes to a table since the start. */
  writesTo(table: TableName): number {
    const { offset, stride, entries } = TABLES[table];
    const end = offset + entries(SIZES) * stride * 4;
    return this.writes.filter((address) => address >= offset && address < end).length;
  }

  /** Verdicts by reason. */
  ends(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { reason } of this.verdicts) counts[reason] = (counts[reason] ?? 0) + 1;
    return counts;
  }

  #finish(frame: Buffer, arrival: Arrival): void {
    if (this.#changed) Object.assign(this.#card.state, this.#tables());
    this.#changed = false;
    for (const ended of this.#card.arrive(frame, arrival)) this.#end(ended);
  }

  #end({ verdict, copy }: Ended): void {
    this.verdicts.push(verdict);
    const { end, decision, egressFrame } = verdict;
    // As from a real card: not within the call that caused it.
    const { mirror } = this.#card.state;
    if (copy !== undefined && mirror !== undefined) {
      setImmediate(() => this.#handlers.get(mirror.port)?.(Buffer.from(copy)));
    }
    if (end === 'drop' || egressFrame === undefined) return;
    const data = Buffer.from(egressFrame);
    setImmediate(() => {
      if (decision.egress === SIZES.ports) {
        this.emit('frames', [{ decision: encodeDecision(decision), data }]);
      } else this.#handlers.get(decision.egress)?.(data);
    });
  }

  #read(address: number): number {
    const { control, events } = REGISTERS;
    const { slots } = this.#card.slots;
    switch (address) {
      case control.time_low:
        return this.time >>> 0;
      case control.time_high:
        return Math.floor(this.time / 2 ** 32);
      case events.slots_low:
        return this.#pending(0);
      case events.slots_high:
        return this.#pending(32);
    }
    const slot = placeIn('slot', address);
    const word = this.#words.get(address) ?? UNDEFINED_RAM;
    if (slot !== undefined) return ((word & ~1) | Number(slots[slot.index]?.up ?? false)) >>> 0;
    const event = placeIn('slot_event', address);
    return event === undefined ? word : this.#event(event.index, event.word);
  }

  #pending(first: number): number {
    const { events } = this.#card.slots;
    return events
      .slice(first, first + 32)
      .reduce((bits, { wentDown, stale }, n) => bits | (Number(wentDown || stale) << n), 0);
  }

  #event(slot: number, word: number): number {
    const event = this.#card.slots.events[slot];
    if (event === undefined) return 0;
    const { count, cause, wentDown, stale, timeUs } = event;
    const entry = {
      ...{ count, cause: VALUES.slot_event_cause[cause], time_us: BigInt(timeUs) },
      ...{ went_down: Number(wentDown), stale: Number(stale) },
    };
    return encodeEntry('slot_event', entry)[word] ?? 0;
  }

  #write(address: number, value: number): void {
    this.#changed = true;
    const event = placeIn('slot_event', address);
    if (event !== undefined) {
      if (event.word === 0) this.#card.slots.acknowledge(event.index, value & 0xff);
      return;
    }
    this.#words.set(address, value);
    const places = TABLES.override;
    if (address === REGISTERS.control.overrides_clear) {
      this.#overrides.clear();
      for (let index = 0; index < SIZES.overrides * places.stride; index++)
        this.#words.set(places.offset + 4 * index, 0);
    }
    for (const table of ['slot', 'slot_health', 'policer', 'override'] as const) {
      const place = placeIn(table, address);
      // The write of the last word puts the entry in place.
      if (place?.word === TABLES[table].words - 1) this.#put(table, place.index);
    }
  }

  #put(table: 'slot' | 'slot_health' | 'policer' | 'override', index: number): void {
    if (table === 'slot') {
      const { up, port, line_port, epoch } = this.#row(table, index);
      this.#card.writeSlot(index, { up: up === 1, port, linePort: line_port, epoch });
    } else if (table === 'slot_health') {
      const { nonce, timeout_us, suspect_us } = this.#row(table, index);
      const entry = { nonce, timeoutUs: timeout_us, suspectUs: suspect_us };
      this.#card.slots.health[index] = entry;
    } else if (table === 'policer') {
      this.#card.writePolicer(index, this.#row(table, index));
    } else {
      const { valid, ...entry } = this.#row(table, index);
      if (valid === 1) this.#overrides.set(index, entry);
      else this.#overrides.delete(index);
    }
  }

  #row<T extends TableName>(table: T, index: number): TableEntries[T] {
    const { offset, stride, words } = TABLES[table];
    const word = (n: number) => this.#words.get(offset + 4 * (index * stride + n));
    return decodeEntry(
      table,
      Uint32Array.from({ length: words }, (_, n) => word(n) ?? UNDEFINED_RAM),
    );
  }

  #rows<T extends TableName>(table: T): TableEntries[T][] {
    return Array.from({ length: TABLES[table].entries(SIZES) }, (_, index) =>
      this.#row(table, index),
    );
  }

  /** What the card looks at anew when it was written; slots and what belongs to them it keeps itself. */
  #tables(): Omit<CardState, 'slots' | 'health' | 'policers' | 'overrides'> {
    const { control, mirror } = REGISTERS;
    const word = (address: number) => this.#words.get(address) ?? 0;
    const select = Uint32Array.of(word(mirror.select));
    const places = FIELDS.mirror_select;
    const on = (place: { bit: number; width: number }) => getField(select, place) === 1;
    const reasons = Array.from({ length: 64 }, (_, code) => code).filter(
      (code) =>
        (word(code < 32 ? mirror.reasons_low : mirror.reasons_high) >>> (code & 31)) % 2 === 1,
    );
    return {
      enabled: word(control.control) === 1,
      sizes: SIZES,
      fabricPrefix: this.#words.get(control.fabric_prefix) ?? UNDEFINED_RAM,
      fragmentUs: word(control.fragment_us),
      mirror: on(places.enable)
        ? {
            port: Number(getField(select, places.port)),
            vid: on(places.by_vid) ? Number(getField(select, places.vid)) : undefined,
            reasons: new Set(reasons),
          }
        : undefined,
      ports: this.#rows('port').map(({ mac, fabric }) => ({
        mac: bigIntToMac(mac),
        fabric: fabric === 1,
      })),
      rules: this.#services.flatMap(({ rules }) => rules),
      rows: new Map(
        this.#rows('vid_row').map(({ valid, active, backup, backup_in_sync }, vid) => [
          vid,
          { valid: valid === 1, active, backup, backupInSync: backup_in_sync === 1 },
        ]),
      ),
    };
  }
}

/** Index and word of an address in a table. */
function placeIn(table: TableName, address: number) {
  const { offset, stride, words, entries } = TABLES[table];
  const at = (address - offset) / 4;
  const index = Math.floor(at / stride);
  const word = at - index * stride;
  return at >= 0 && index < entries(SIZES) && word < words ? { index, word } : undefined;
}

interface Description {
  readonly records: readonly {
    readonly name: string;
    readonly fields: readonly { readonly name: string; readonly width: number }[];
  }[];
}

const description = parse(
  readFileSync(new URL('../../hdl/registers.yaml', import.meta.url), 'utf8'),
) as Description;

/** The `decision` record as the card sends it: fields one behind the other, from bit 0. */
export function encodeDecision(decision: Omit<Decision, 'time_us'>): HostFrame['decision'] {
  const fields = description.records.find(({ name }) => name === 'decision')?.fields ?? [];
  const bits = fields.reduce((sum, { width }) => sum + width, 0);
  const words = new Uint32Array(Math.ceil(bits / 32));
  let bit = 0;
  for (const { name, width } of fields) {
    const value = (decision as Record<string, number | bigint>)[name] ?? 0;
    setField(words, { bit, width }, value, name);
    bit += width;
  }
  return words;
}
