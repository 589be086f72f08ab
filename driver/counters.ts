/** The card's counters as typed values, and the equation that they must satisfy. */

import { getField } from './bits.ts';
import type {
  CardSizes,
  CounterName,
  EndName,
  OriginName,
  ReasonName,
} from './generated/registers.ts';
import { COUNTERS, FIELDS, ORIGINS, REASONS, REGISTERS } from './generated/registers.ts';
import type { Access, Transport } from './transport.ts';

/** Counts since the card's reset. bigint: byte counters pass 2^53 in weeks at 10 Gb/s. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** How many frames of one origin ended for one reason. */
export interface EndCount extends Count {
  readonly origin: OriginName;
  /** Name of the reason; `unknown_<code>` where the card is newer than this driver. */
  readonly reason: ReasonName | `unknown_${number}`;
  readonly end: EndName | 'unknown';
}

/** Frames that matched a rule, by what became of them. */
export interface RuleCount {
  /** Handed to the host. */
  readonly punted: Count;
  /** Would have been, but over the rule's rate. */
  readonly policed: Count;
  /** Would have been, but its share of the host's queue was full. */
  readonly hostShare: Count;
  readonly others: Count;
}

/** All snapshot counters at one clock. */
export interface CounterSnapshot {
  /** Snapshots taken since the card's reset, this one included. */
  readonly number: number;
  /** Frames received whose end was not counted yet; held ones are not among them. */
  readonly inFlight: number;
  /** Later fragments held because their first has not come yet. */
  readonly held: number;
  /** Frames taken into the card. */
  readonly received: Readonly<Record<OriginName, bigint>>;
  /** Those that are not zero. */
  readonly ends: readonly EndCount[];
  /** By slot. */
  readonly slots: readonly { readonly sent: Count; readonly received: Count }[];
  /** By rule. */
  readonly rules: readonly RuleCount[];
  /** By port; the last is the host. `lost`: frames that found the receive buffer full. */
  readonly ports: readonly {
    readonly received: Count;
    readonly sent: Count;
    readonly lost: bigint;
  }[];
  /** Copies for the mirror port: put into its queue, and those that found no room there. */
  readonly mirrored: { readonly copied: Count; readonly refused: Count };
  /** Frames by clocks from first beat to end: entry n counts 2^n to 2^(n+1) - 1, the last all longer ones. */
  readonly latency: readonly bigint[];
}

type LiveCounter = 'vid_packets' | 'vid_bytes';
type SnapshotCounter = Exclude<CounterName, LiveCounter>;
const SNAPSHOT = (Object.keys(COUNTERS) as CounterName[]).filter(
  (name): name is SnapshotCounter => COUNTERS[name].kind === 'snapshot',
);

const pair = (words: Uint32Array, at: number): bigint =>
  BigInt(words[at] ?? 0) | (BigInt(words[at + 1] ?? 0) << 32n);

/** Freezes the counters and reads them. Two snapshots at once must not overlap: see `Card`. */
export async function readSnapshot(
  transport: Transport,
  sizes: CardSizes,
): Promise<CounterSnapshot> {
  const { snapshot, snapshot_in_flight, snapshot_held } = REGISTERS.control;
  const accesses: Access[] = [
    { address: snapshot, write: 1 },
    { address: snapshot },
    { address: snapshot_in_flight },
    { address: snapshot_held },
  ];
  const start: Partial<Record<SnapshotCounter, number>> = {};
  for (const name of SNAPSHOT) {
    const { offset, stride, entries } = COUNTERS[name];
    start[name] = accesses.length;
    const words = entries(sizes) * stride;
    for (let word = 0; word < words; word++) accesses.push({ address: offset + 4 * word });
  }
  const words = await transport.access(accesses);
  const packets = (name: SnapshotCounter, entry: number) =>
    pair(words, (start[name] ?? 0) + COUNTERS[name].stride * entry);
  const count = (name: SnapshotCounter, entry: number): Count => ({
    packets: packets(name, entry),
    bytes: pair(words, (start[name] ?? 0) + COUNTERS[name].stride * entry + 2),
  });

  const ends: EndCount[] = [];
  for (const [code, origin] of ORIGINS.entries()) {
    for (let reason = 0; reason < 64; reason++) {
      const ended = count('ends', code * 64 + reason);
      if (ended.packets === 0n) continue;
      const known = REASONS[reason];
      ends.push({
        origin,
        reason: known?.name ?? `unknown_${reason}`,
        end: known?.end ?? 'unknown',
        ...ended,
      });
    }
  }
  const range = <T>(length: number, entry: (n: number) => T) =>
    Array.from({ length }, (_, n) => entry(n));
  return {
    number: words[1] ?? 0,
    inFlight: words[2] ?? 0,
    held: words[3] ?? 0,
    received: Object.fromEntries(
      ORIGINS.map((origin, code) => [origin, packets('received', code)]),
    ) as Record<OriginName, bigint>,
    ends,
    slots: range(sizes.slots, (n) => ({
      sent: count('slot_sent', n),
      received: count('slot_received', n),
    })),
    rules: range(sizes.rules, (n) => ({
      others: count('rule_hits', 4 * n),
      punted: count('rule_hits', 4 * n + 1),
      policed: count('rule_hits', 4 * n + 2),
      hostShare: count('rule_hits', 4 * n + 3),
    })),
    ports: range(sizes.ports + 1, (n) => ({
      received: count('port_received', n),
      sent: count('port_sent', n),
      lost: packets('lost', n),
    })),
    mirrored: { copied: count('mirrored', 0), refused: count('mirrored', 1) },
    latency: range(COUNTERS.latency.entries(), (n) => packets('latency', n)),
  };
}

/** Reads a counter of VIDs as it stands; the low word first, which latches the high one. */
export async function readVidCounter(
  transport: Transport,
  counter: LiveCounter,
  first: number,
  count: number,
): Promise<bigint[]> {
  const { offset, stride } = COUNTERS[counter];
  const accesses: Access[] = [];
  for (let vid = first; vid < first + count; vid++) {
    const address = offset + 4 * stride * vid;
    accesses.push({ address }, { address: address + 4 });
  }
  const words = await transport.access(accesses);
  return Array.from({ length: count }, (_, n) => pair(words, 2 * n));
}

export interface EndFilter {
  readonly origin?: OriginName;
  readonly end?: EndName;
  readonly reason?: ReasonName;
}

/** Sum over the ends that fit; all that the filter does not name fits. */
export function sumEnds(snapshot: CounterSnapshot, filter: EndFilter = {}): Count {
  let packets = 0n;
  let bytes = 0n;
  for (const ended of snapshot.ends) {
    if (filter.origin !== undefined && ended.origin !== filter.origin) continue;
    if (filter.end !== undefined && ended.end !== filter.end) continue;
    if (filter.reason !== undefined && ended.reason !== filter.reason) continue;
    packets += ended.packets;
    bytes += ended.bytes;
  }
  return { packets, bytes };
}

export interface Accounting {
  readonly holds: boolean;
  readonly byOrigin: Readonly<
    Record<OriginName, { readonly received: bigint; readonly ended: bigint; readonly open: bigint }>
  >;
  /** What is wrong, in words; empty where it holds. */
  readonly faults: readonly string[];
}

/**
 * received = ends + in flight + held (docs/card.md, "Counting"). The card tells frames in flight and
 * held ones as one number each: what each origin lacks (`open`) must not be negative and must add up
 * to their sum.
 */
export function checkAccounting(snapshot: CounterSnapshot): Accounting {
  const faults: string[] = [];
  let sum = 0n;
  const byOrigin = Object.fromEntries(
    ORIGINS.map((origin) => {
      const received = snapshot.received[origin];
      const ended = sumEnds(snapshot, { origin }).packets;
      const open = received - ended;
      sum += open;
      if (open < 0n)
        faults.push(`origin ${origin}: ${ended} frames ended, but only ${received} were received`);
      return [origin, { received, ended, open }];
    }),
  ) as unknown as Accounting['byOrigin'];
  const { inFlight, held } = snapshot;
  if (sum !== BigInt(inFlight + held))
    faults.push(
      `received - ended is ${sum}, but the card says ${inFlight} in flight and ${held} held`,
    );
  return { holds: faults.length === 0, byOrigin, faults };
}

export interface CardStatus {
  /** No frame is in the pipeline or in a queue. */
  readonly idle: boolean;
  /** Frames received whose end is not counted yet. */
  readonly inFlight: number;
}

export function decodeStatus(word: number): CardStatus {
  const words = Uint32Array.of(word);
  return {
    idle: getField(words, FIELDS.control_status.idle) === 1,
    inFlight: Number(getField(words, FIELDS.control_status.in_flight)),
  };
}
