/** What the card's counters must say, counted from the reference's verdicts (docs/card.md, Counting). */
import type { CardSizes, CounterName, Decision } from '../../driver/generated/registers.ts';
import { REASONS } from '../../driver/generated/registers.ts';
import type { Counted } from './card-under-test.ts';

/** Reasons of step 1: such frames count in `ends` and `port_received` only. */
const UNHEALTHY = [
  'rx_error',
  'rx_oversize',
  'rx_overflow',
  'rx_underrun',
  'runt',
  'truncated',
  'ip_length',
  'disabled',
];

type Entries = Map<number, { packets: number; bytes: number }>;

export class Tally {
  readonly #sizes: CardSizes;
  readonly #counters = new Map<CounterName, Entries>();

  constructor(sizes: CardSizes) {
    this.#sizes = sizes;
  }

  #count(counter: CounterName, entry: number, bytes: number): void {
    const entries = this.#counters.get(counter) ?? new Map();
    this.#counters.set(counter, entries);
    const { packets = 0, bytes: sum = 0 } = entries.get(entry) ?? {};
    entries.set(entry, { packets: packets + 1, bytes: sum + bytes });
  }

  /** @param sender slot in the frame's source MAC, which the record of `slot_to_slot` does not name. */
  add(decision: Omit<Decision, 'time_us'>, sender: number): void {
    const { origin, reason, ingress, egress, length, rule_hit, rule, slot, vid } = decision;
    const known = REASONS[reason];
    if (known === undefined) throw new RangeError(`there is no reason ${reason}`);
    const { name, end } = known;
    this.#count('received', origin, length);
    this.#count('ends', origin * 64 + reason, length);
    this.#count('port_received', ingress, length);
    if (UNHEALTHY.includes(name)) return;
    if (rule_hit) this.#count('rule_hits', rule * 2 + (end === 'punt' ? 1 : 0), length);
    if (end !== 'drop') this.#count('port_sent', egress, length);
    if (end === 'steer') this.#count('vid_packets', vid, length);
    if (end === 'steer' || name === 'inject_slot' || name === 'slot_to_slot') {
      this.#count('slot_sent', slot, length);
    }
    const checked = ['line_from_slot', 'slot_to_slot', 'host_control'].includes(name);
    if (checked || (name === 'host_neighbour' && decision.slot_valid)) {
      this.#count('slot_received', sender, length);
    }
  }

  /** VIDs that were counted. */
  vids(): number[] {
    return [...(this.#counters.get('vid_packets')?.keys() ?? [])];
  }

  /** As `CardUnderTest.counter` reads it. */
  expected(counter: CounterName, entries: readonly number[], bytes: boolean): Counted {
    const counted = this.#counters.get(counter);
    return {
      packets: entries.map((entry) => counted?.get(entry)?.packets ?? 0),
      bytes: bytes ? entries.map((entry) => counted?.get(entry)?.bytes ?? 0) : [],
    };
  }

  get sizes(): CardSizes {
    return this.#sizes;
  }
}
