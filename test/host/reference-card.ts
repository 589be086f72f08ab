/**
 * A card in memory behind the driver's transport. It holds registers as words, and decides by the
 * reference decision (host/steering/decide.ts): the host is tested against docs/card.md without RTL.
 */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { setField } from '../../driver/bits.ts';
import {
  type Access,
  type CardSizes,
  type Decision,
  decodeEntry,
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
} from '../../driver/index.ts';
import { bigIntToMac } from '../../host/protocol/address.ts';
import { decide, type Verdict } from '../../host/steering/decide.ts';
import type { Service } from '../../host/steering/rule.ts';
import type { Arrival, CardState } from '../../host/steering/state.ts';

const SIZES: CardSizes = {
  dataWidth: 64,
  ports: 8,
  slots: 64,
  vids: 4096,
  rules: 16,
  prefixes: 8,
  maxFrame: 1600,
  window: 160,
  vidCounterBits: 0,
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
  #cached: CardState | undefined;

  /** @param services what the rules mean; their form in the tables is held, but not looked at. */
  constructor(services: readonly Service[]) {
    super();
    this.#services = services;
    const { identity, control } = REGISTERS;
    this.#words.set(identity.magic, MAP.magic);
    this.#words.set(identity.version, MAP.major << 16);
    this.#words.set(identity.data_width, SIZES.dataWidth);
    this.#words.set(identity.ports, SIZES.ports);
    this.#words.set(identity.slots, SIZES.slots);
    this.#words.set(identity.vids, SIZES.vids);
    this.#words.set(identity.rules, SIZES.rules);
    this.#words.set(identity.prefixes, SIZES.prefixes);
    this.#words.set(identity.max_frame, SIZES.maxFrame);
    this.#words.set(identity.window, SIZES.window);
    this.#words.set(identity.vid_counter_bits, SIZES.vidCounterBits);
    this.#words.set(identity.configuration, 1);
    this.#words.set(identity.build_id, 1);
    this.#words.set(control.control, 0);
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
      if (write === undefined) return this.#words.get(address) ?? UNDEFINED_RAM;
      this.writes.push(address);
      if (!this.deaf) this.#words.set(address, write);
      this.#cached = undefined;
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
    this.#cached ??= this.#state();
    const verdict = decide(frame, arrival, this.#cached);
    this.verdicts.push(verdict);
    const { end, decision, egressFrame } = verdict;
    if (end === 'drop' || egressFrame === undefined) return;
    const data = Buffer.from(egressFrame);
    // As from a real card: not within the call that caused it.
    setImmediate(() => {
      if (decision.egress === SIZES.ports) {
        this.emit('frames', [{ decision: encodeDecision(decision), data }]);
      } else this.#handlers.get(decision.egress)?.(data);
    });
  }

  #rows<T extends TableName>(table: T): TableEntries[T][] {
    const { offset, stride, words, entries } = TABLES[table];
    return Array.from({ length: entries(SIZES) }, (_, index) =>
      decodeEntry(
        table,
        Uint32Array.from(
          { length: words },
          (_, word) => this.#words.get(offset + 4 * (index * stride + word)) ?? UNDEFINED_RAM,
        ),
      ),
    );
  }

  #state(): CardState {
    return {
      enabled: this.#words.get(REGISTERS.control.control) === 1,
      sizes: SIZES,
      fabricPrefix: this.#words.get(REGISTERS.control.fabric_prefix) ?? UNDEFINED_RAM,
      ports: this.#rows('port').map(({ mac, fabric }) => ({
        mac: bigIntToMac(mac),
        fabric: fabric === 1,
      })),
      slots: this.#rows('slot').map(({ up, port, line_port, epoch }) => ({
        up: up === 1,
        port,
        linePort: line_port,
        epoch,
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
