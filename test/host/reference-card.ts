/**
 * A card in memory that decides by the reference decision (host/steering/decide.ts): the switch
 * processor and processors are tested against the contract of docs/card.md without any RTL.
 */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { setField } from '../../driver/bits.ts';
import type {
  CardSizes,
  Decision,
  TableEntries,
  TableName,
} from '../../driver/generated/registers.ts';
import { TABLES } from '../../driver/generated/registers.ts';
import type { HostFrame, InjectedFrame, InjectTarget } from '../../driver/transport.ts';
import { bigIntToMac } from '../../host/protocol/address.ts';
import { decide, type Verdict } from '../../host/steering/decide.ts';
import type { Service } from '../../host/steering/rule.ts';
import type { Arrival, CardState } from '../../host/steering/state.ts';
import type {
  Mismatch,
  SwitchCard,
  SwitchCardEvents,
  Tables,
} from '../../host/switch/switch-card.ts';

const SIZES: CardSizes = {
  dataWidth: 64,
  ports: 8,
  slots: 64,
  vids: 4096,
  rules: 16,
  prefixes: 8,
  maxFrame: 1600,
  window: 160,
  vidCounterBits: 64,
};

const MODES: Record<InjectTarget['to'], number> = { port: 0, slot: 1, steer: 2 };

export class ReferenceCard extends EventEmitter<SwitchCardEvents> implements SwitchCard {
  readonly name = 'reference:';
  readonly sizes = SIZES;
  /** Every verdict since the start, in order. */
  readonly verdicts: Verdict[] = [];
  /** Entries written by `write`, and by `attach` where they differed, by table. */
  readonly written: Partial<Record<TableName, number>> = {};
  /** While true, writes are lost, as a faulty line would lose them. */
  deaf = false;
  readonly #services: readonly Service[];
  readonly #held = new Map<TableName, unknown[]>();
  readonly #wanted = new Map<TableName, unknown[]>();
  readonly #handlers = new Map<number, (frame: Buffer) => void>();
  #enabled = false;
  #cached: CardState | undefined;
  #fabricPrefix = 0;

  /** @param services what the rules mean; their table form is written, but not read here. */
  constructor(services: readonly Service[]) {
    super();
    this.#services = services;
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

  async enabled(): Promise<boolean> {
    return this.#enabled;
  }

  async read<T extends TableName>(table: T): Promise<readonly TableEntries[T][]> {
    return this.#table(table);
  }

  async attach(tables: Tables, fabricPrefix: number): Promise<void> {
    this.#cached = undefined;
    for (const table of Object.keys(tables) as TableName[]) {
      const held = this.#table(table) as unknown[];
      const entries = tables[table] as readonly unknown[];
      const count = TABLES[table].entries(this.sizes);
      if (entries.length !== count) throw new Error(`${table}: ${entries.length} of ${count}`);
      entries.forEach((entry, index) => {
        if (!same(entry, held[index])) {
          held[index] = entry;
          this.written[table] = (this.written[table] ?? 0) + 1;
        }
      });
      this.#wanted.set(table, [...entries]);
    }
    this.#fabricPrefix = fabricPrefix;
    this.#enabled = true;
  }

  async write<T extends TableName>(
    table: T,
    entries: readonly (readonly [number, TableEntries[T]])[],
  ): Promise<void> {
    this.#cached = undefined;
    for (const [index, entry] of entries) {
      this.written[table] = (this.written[table] ?? 0) + 1;
      const wanted = this.#wanted.get(table) ?? [];
      wanted[index] = entry;
      this.#wanted.set(table, wanted);
      if (!this.deaf) (this.#table(table) as unknown[])[index] = entry;
    }
  }

  async verify(): Promise<readonly Mismatch[]> {
    const mismatches: Mismatch[] = [];
    for (const [table, wanted] of this.#wanted) {
      const held = this.#table(table) as unknown[];
      wanted.forEach((expected, index) => {
        if (!same(expected, held[index])) {
          mismatches.push({ table, index, expected, found: held[index] } as Mismatch);
        }
      });
    }
    return mismatches;
  }

  async access(): Promise<Uint32Array> {
    throw new Error('the reference card has no registers');
  }

  /** Changes what the card holds behind everybody's back. */
  corrupt<T extends TableName>(table: T, index: number, entry: TableEntries[T]): void {
    this.#cached = undefined;
    (this.#table(table) as unknown[])[index] = entry;
  }

  /** Verdicts by reason. */
  ends(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { reason } of this.verdicts) counts[reason] = (counts[reason] ?? 0) + 1;
    return counts;
  }

  #finish(frame: Buffer, arrival: Arrival): void {
    const verdict = decide(frame, arrival, this.#state());
    this.verdicts.push(verdict);
    const { end, decision, egressFrame } = verdict;
    if (end === 'drop' || egressFrame === undefined) return;
    const data = Buffer.from(egressFrame);
    // As from a real card: not within the call that caused it.
    setImmediate(() => {
      if (decision.egress === this.sizes.ports) {
        this.emit('frames', [{ decision: encodeDecision(decision), data }]);
      } else this.#handlers.get(decision.egress)?.(data);
    });
  }

  #table<T extends TableName>(table: T): TableEntries[T][] {
    let held = this.#held.get(table) as TableEntries[T][] | undefined;
    if (held === undefined) {
      held = new Array(TABLES[table].entries(this.sizes));
      this.#held.set(table, held);
    }
    return held;
  }

  #state(): CardState {
    this.#cached ??= this.#makeState();
    return this.#cached;
  }

  #makeState(): CardState {
    return {
      enabled: this.#enabled,
      sizes: this.sizes,
      fabricPrefix: this.#fabricPrefix,
      ports: Array.from({ length: this.sizes.ports }, (_, index) => {
        const entry = this.#table('port')[index];
        return { mac: bigIntToMac(entry?.mac ?? 0n), fabric: entry?.fabric === 1 };
      }),
      slots: Array.from({ length: this.sizes.slots }, (_, index) => {
        const entry = this.#table('slot')[index];
        return {
          up: entry?.up === 1,
          port: entry?.port ?? 0,
          linePort: entry?.line_port ?? 0,
          epoch: entry?.epoch ?? 0,
        };
      }),
      rules: this.#services.flatMap(({ rules }) => rules),
      rows: new Map(
        this.#table('vid_row').flatMap((entry, vid) =>
          entry?.valid === 1
            ? [
                [
                  vid,
                  {
                    valid: true,
                    active: entry.active,
                    backup: entry.backup,
                    backupInSync: entry.backup_in_sync === 1,
                  },
                ] as const,
              ]
            : [],
        ),
      ),
    };
  }
}

function same(a: unknown, b: unknown): boolean {
  return text(a) === text(b);
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item)) ?? '';
}

interface Record_ {
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly width: number }[];
}

const description = parse(
  readFileSync(new URL('../../hdl/registers.yaml', import.meta.url), 'utf8'),
) as { readonly records: readonly Record_[] };

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
