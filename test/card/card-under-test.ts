/**
 * The card's RTL in lock-step, its tables filled from the plain objects of the reference, its frames
 * fed and fetched in batches.
 */
import {
  type CardSizes,
  COUNTERS,
  type CounterName,
  type Decision,
  decodeDecision,
  encodeEntry,
  encodeInject,
  REGISTERS,
  TABLES,
  type TableEntries,
  type TableName,
} from '../../driver/generated/registers.ts';
import { macToBigInt } from '../../host/protocol/address.ts';
import { encodeRules } from '../../host/steering/compile.ts';
import type { Arrival, CardState, VidRow } from '../../host/steering/state.ts';
import { type Observation, SimulatedCard, type StreamPatterns } from '../../sim/index.ts';

/** A frame and where it comes from; of the receiver's complaints `error` alone can be made. */
export interface Offered {
  readonly frame: Buffer;
  readonly arrival: Arrival;
}

/** A frame at its end, with what was offered. */
export interface Ended {
  readonly offered: Offered;
  readonly decision: Decision;
  /** As it left by a port or to the host; undefined for a drop. */
  readonly egress: Buffer | undefined;
  readonly observation: Observation;
}

/** Packets and, where the counter has them, bytes of each entry. */
export interface Counted {
  readonly packets: readonly number[];
  readonly bytes: readonly number[];
}

const NO_ROW: VidRow = { valid: false, active: 0, backup: 0, backupInSync: false };

export class CardUnderTest {
  readonly sizes: CardSizes;
  readonly #card: SimulatedCard;
  #written: ReadonlyMap<number, VidRow> = new Map();

  private constructor(card: SimulatedCard, sizes: CardSizes) {
    this.#card = card;
    this.sizes = sizes;
  }

  /** A card that has just been reset; its RAM holds what the seed says. */
  static async open(configuration: string, seed: number): Promise<CardUnderTest> {
    const card = await SimulatedCard.open({ configuration, mode: 'lockstep', observe: true, seed });
    const names = {
      dataWidth: 'data_width',
      ports: 'ports',
      slots: 'slots',
      vids: 'vids',
      rules: 'rules',
      prefixes: 'prefixes',
      maxFrame: 'max_frame',
      window: 'window',
      vidCounterBits: 'vid_counter_bits',
    } as const;
    const addresses = Object.values(names).map((name) => ({ address: REGISTERS.identity[name] }));
    const values = await card.access(addresses);
    const sizes = Object.fromEntries(Object.keys(names).map((name, i) => [name, values[i]]));
    const under = new CardUnderTest(card, sizes as unknown as CardSizes);
    for (let port = 0; port < under.sizes.ports; port++) await card.attachMemory(port);
    await under.#clearRows();
    return under;
  }

  async close(): Promise<void> {
    await this.#card.close();
  }

  async #clearRows(): Promise<void> {
    const { offset } = TABLES.vid_row;
    const all = Array.from({ length: this.sizes.vids }, (_, vid) => offset + vid * 4);
    await this.#card.access(all.map((address) => ({ address, write: 0 })));
  }

  /** Fills all tables; the card must be idle. `cutThrough` by port. */
  async load(state: CardState, cutThrough: readonly boolean[]): Promise<void> {
    const tables = encodeRules(state.rules, this.sizes);
    const typeSets = tables.typeSets.flat();
    const rows = new Map([...this.#written.keys()].map((vid) => [vid, NO_ROW]));
    for (const [vid, row] of state.rows) rows.set(vid, row);
    this.#written = state.rows;
    await this.#card.access([
      ...state.ports.flatMap(({ mac, fabric }, port) =>
        writes('port', port, {
          mac: macToBigInt(mac),
          fabric: Number(fabric),
          cut_through: Number(cutThrough[port] ?? false),
        }),
      ),
      ...state.slots.flatMap((slot, i) =>
        writes('slot', i, {
          up: Number(slot.up),
          port: slot.port,
          line_port: slot.linePort,
          epoch: slot.epoch,
        }),
      ),
      ...tables.prefixes.flatMap((prefix, i) => writes('prefix', i, prefix)),
      ...tables.rules.flatMap((rule, i) => writes('rule', i, rule)),
      ...typeSets.flatMap((types, i) => writes('type_set', i, { types })),
      ...[...rows].flatMap(([vid, row]) =>
        writes('vid_row', vid, {
          active: row.active,
          backup: row.backup,
          backup_in_sync: Number(row.backupInSync),
          valid: Number(row.valid),
        }),
      ),
      { address: REGISTERS.control.fabric_prefix, write: state.fabricPrefix },
      { address: REGISTERS.control.control, write: Number(state.enabled) },
    ]);
  }

  /** Gaps and back-pressure at every port and at the host's streams. */
  async setPatterns(patterns: StreamPatterns): Promise<void> {
    for (let port = 0; port < this.sizes.ports; port++) {
      await this.#card.setPatterns(port, { ...patterns, seed: (patterns.seed ?? 1) + port });
    }
    await this.#card.setPatterns('host', { ...patterns, seed: (patterns.seed ?? 1) + 97 });
  }

  /**
   * Offers frames, waits until the card is idle, and gives their ends in the order of the decisions.
   * Throws where a frame has no end or two, or did not leave where its decision says.
   */
  async pass(frames: readonly Offered[]): Promise<Ended[]> {
    const { ports } = this.sizes;
    const waiting = Array.from({ length: ports + 1 }, (): Offered[] => []);
    for (const offered of frames) {
      const { from } = offered.arrival;
      waiting['port' in from ? from.port : ports]?.push(offered);
    }
    for (const [port, queue] of waiting.entries()) {
      if (queue.length === 0) continue;
      const data = queue.map(({ frame }) => frame);
      if (port < ports) {
        const bad = queue.map(({ arrival }) => arrival.receiver?.error ?? false);
        await this.#card.send(port, data, { bad });
      } else {
        await this.#card.inject(
          queue.map(({ frame, arrival }) => ({ record: record(arrival), data: frame })),
        );
      }
    }
    await this.#card.runUntilIdle();
    const ended = this.#card.decisions().map((observation): Ended => {
      const decision = decodeDecision(observation.decision);
      const offered = waiting[decision.ingress]?.shift();
      if (offered === undefined) throw new Error(`a frame too many by port ${decision.ingress}`);
      if (observation.ingress && !observation.ingress.equals(offered.frame)) {
        throw new Error(`port ${decision.ingress}: decisions are not in the order of the frames`);
      }
      return { offered, decision, egress: observation.egress, observation };
    });
    const lost = waiting.flat().length;
    if (lost > 0) throw new Error(`${lost} of ${frames.length} frames have no end`);
    this.#checkOutputs(ended);
    return ended;
  }

  /** What came out of each port is what the decisions say, in their order. */
  #checkOutputs(ended: readonly Ended[]): void {
    const { ports } = this.sizes;
    const host = this.#card.hostFrames();
    for (let port = 0; port <= ports; port++) {
      const out = port < ports ? this.#card.received(port) : host.map(({ data }) => data);
      const said = ended.filter(({ egress, decision }) => egress && decision.egress === port);
      if (out.length !== said.length || out.some((data, i) => !said[i]?.egress?.equals(data))) {
        throw new Error(`port ${port} sent ${out.length} frames, its decisions say ${said.length}`);
      }
      if (port === ports) {
        const same = (a: Uint32Array, b: Uint32Array | undefined) => a.join() === b?.join();
        if (!host.every(({ decision }, i) => same(decision, said[i]?.observation.decision))) {
          throw new Error('a record that went to the host is not the one that was decided');
        }
      }
    }
  }

  /** Freezes all snapshot counters. */
  async snapshot(): Promise<void> {
    await this.#card.access([{ address: REGISTERS.control.snapshot, write: 1 }]);
  }

  /** All entries of a counter, or those given. */
  async counter(name: CounterName, entries?: readonly number[]): Promise<Counted> {
    const { offset, stride, bytes, entries: count } = COUNTERS[name];
    const indexes = entries ?? Array.from({ length: count(this.sizes) }, (_, i) => i);
    const words = bytes ? 4 : 2;
    const reads = indexes.flatMap((entry) =>
      Array.from({ length: words }, (_, word) => ({
        address: offset + (entry * stride + word) * 4,
      })),
    );
    const values = await this.#card.access(reads);
    const long = (at: number) => (values[at] ?? 0) + (values[at + 1] ?? 0) * 2 ** 32;
    return {
      packets: indexes.map((_, i) => long(i * words)),
      bytes: bytes ? indexes.map((_, i) => long(i * words + 2)) : [],
    };
  }

  async read(address: number): Promise<number> {
    return (await this.#card.access([{ address }]))[0] ?? 0;
  }
}

/** Writes one entry, its last word last: that makes it valid. */
function writes<T extends TableName>(table: T, index: number, entry: TableEntries[T]) {
  const { offset, stride } = TABLES[table];
  return [...encodeEntry(table, entry)].map((write, word) => ({
    address: offset + (index * stride + word) * 4,
    write,
  }));
}

function record({ from }: Arrival): number {
  return 'inject' in from ? encodeInject(from.inject) : 0;
}
