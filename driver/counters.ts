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

/** All snapshot counters at one clock. */
export interface CounterSnapshot {
  /** Snapshots taken since the card's reset, this one included. */
  readonly number: number;
  /** Frames received whose end was not counted yet. */
  readonly inFlight: number;
  /** Frames taken into the card. */
  readonly received: Readonly<Record<OriginName, bigint>>;
  /** Those that are not zero. */
  readonly ends: readonly EndCount[];
  /** By slot. */
  readonly slots: readonly { readonly sent: Count; readonly received: Count }[];
  /** By rule: frames that matched and were punted, and all others that matched. */
  readonly rules: readonly { readonly punted: Count; readonly others: Count }[];
  /** By port; the last is the host. `lost`: frames that found the receive buffer full. */
  readonly ports: readonly {
    readonly received: Count;
    readonly sent: Count;
    readonly lost: bigint;
  }[];
}

type SnapshotCounter = Exclude<CounterName, 'vid_packets'>;
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
  const { snapshot, snapshot_in_flight } = REGISTERS.control;
  const accesses: Access[] = [
    { address: snapshot, write: 1 },
    { address: snapshot },
    { address: snapshot_in_flight },
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
    received: Object.fromEntries(
      ORIGINS.map((origin, code) => [origin, packets('received', code)]),
    ) as Record<OriginName, bigint>,
    ends,
    slots: range(sizes.slots, (n) => ({
      sent: count('slot_sent', n),
      received: count('slot_received', n),
    })),
    rules: range(sizes.rules, (n) => ({
      others: count('rule_hits', 2 * n),
      punted: count('rule_hits', 2 * n + 1),
    })),
    ports: range(sizes.ports + 1, (n) => ({
      received: count('port_received', n),
      sent: count('port_sent', n),
      lost: packets('lost', n),
    })),
  };
}

/** Reads `vid_packets` as they stand; the low word first, which latches the high one. */
export async function readVidPackets(
  transport: Transport,
  first: number,
  count: number,
): Promise<bigint[]> {
  const { offset, stride } = COUNTERS.vid_packets;
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
    Record<
      OriginName,
      { readonly received: bigint; readonly ended: bigint; readonly inFlight: bigint }
    >
  >;
  /** What is wrong, in words; empty where it holds. */
  readonly faults: readonly string[];
}

/**
 * received = ends + in flight (docs/card.md, "Counting"). The card tells frames in flight as one
 * number: what each origin lacks must not be negative and must add up to it.
 */
export function checkAccounting(snapshot: CounterSnapshot): Accounting {
  const faults: string[] = [];
  let open = 0n;
  const byOrigin = Object.fromEntries(
    ORIGINS.map((origin) => {
      const received = snapshot.received[origin];
      const ended = sumEnds(snapshot, { origin }).packets;
      const inFlight = received - ended;
      open += inFlight;
      if (inFlight < 0n)
        faults.push(`origin ${origin}: ${ended} frames ended, but only ${received} were received`);
      return [origin, { received, ended, inFlight }];
    }),
  ) as unknown as Accounting['byOrigin'];
  if (open !== BigInt(snapshot.inFlight))
    faults.push(`received - ended is ${open}, but the card says ${snapshot.inFlight} in flight`);
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
