/** What the card's counters must say, counted from the reference's verdicts (docs/card.md, Counting). */
import {
  type CardSizes,
  type Count,
  type CounterSnapshot,
  type Decision,
  type EndCount,
  ORIGINS,
  REASONS,
} from '../../driver/index.ts';

/** Reasons of step 1: such frames count in `ends` and `port_received` only. */
export const UNHEALTHY: readonly string[] = [
  'rx_error',
  'rx_oversize',
  'rx_overflow',
  'rx_underrun',
  'runt',
  'truncated',
  'ip_length',
  'disabled',
];

/** Frames that passed the source check, whatever else. */
const CHECKED = ['line_from_slot', 'slot_to_slot', 'host_control', 'heartbeat'];

type Counter =
  | 'received'
  | 'ends'
  | 'port_received'
  | 'port_sent'
  | 'rule_hits'
  | 'slot_sent'
  | 'slot_received'
  | 'mirrored';

export class Tally {
  readonly #sizes: CardSizes;
  readonly #counts = new Map<string, Count>();
  readonly #vids = new Map<number, bigint>();

  constructor(sizes: CardSizes) {
    this.#sizes = sizes;
  }

  #get(counter: Counter, entry: number): Count {
    return this.#counts.get(`${counter} ${entry}`) ?? { packets: 0n, bytes: 0n };
  }

  #add(counter: Counter, entry: number, length: number): void {
    const { packets, bytes } = this.#get(counter, entry);
    const sum = { packets: packets + 1n, bytes: bytes + BigInt(length) };
    this.#counts.set(`${counter} ${entry}`, sum);
  }

  /** @param sender slot in the frame's source MAC, which the record of `slot_to_slot` does not name. */
  add(decision: Omit<Decision, 'time_us'>, sender: number): void {
    const { origin, reason, ingress, egress, length, rule_hit, rule, slot, vid } = decision;
    const known = REASONS[reason];
    if (known === undefined) throw new RangeError(`there is no reason ${reason}`);
    const { name, end } = known;
    this.#add('received', origin, length);
    this.#add('ends', origin * 64 + reason, length);
    this.#add('port_received', ingress, length);
    if (UNHEALTHY.includes(name)) return;
    if (rule_hit) this.#add('rule_hits', rule * 4 + ruleEntry(name, end), length);
    if (end !== 'drop' && end !== 'consume') this.#add('port_sent', egress, length);
    if (end === 'steer') this.#vids.set(vid, (this.#vids.get(vid) ?? 0n) + 1n);
    if (end === 'steer' || name === 'inject_slot' || name === 'slot_to_slot') {
      this.#add('slot_sent', slot, length);
    }
    const checked = CHECKED.includes(name);
    if (checked || (name === 'host_neighbour' && decision.slot_valid)) {
      this.#add('slot_received', sender, length);
    }
  }

  /** A copy for the mirror port, and whether its queue had room for it. */
  addCopy(length: number, refused = false): void {
    this.#add('mirrored', refused ? 1 : 0, length);
  }

  /** Frames steered by each VID that any was steered by. */
  get vids(): ReadonlyMap<number, bigint> {
    return this.#vids;
  }

  /** The snapshot that an idle card must give, but for its number and how long frames took. */
  snapshot(): Omit<CounterSnapshot, 'number' | 'latency'> {
    const { slots, rules, ports } = this.#sizes;
    const range = <T>(length: number, entry: (n: number) => T) =>
      Array.from({ length }, (_, n) => entry(n));
    return {
      inFlight: 0,
      held: 0,
      received: {
        line: this.#get('received', 0).packets,
        slot: this.#get('received', 1).packets,
        host: this.#get('received', 2).packets,
      },
      ends: this.#ends(),
      slots: range(slots, (n) => ({
        sent: this.#get('slot_sent', n),
        received: this.#get('slot_received', n),
      })),
      rules: range(rules, (n) => ({
        others: this.#get('rule_hits', n * 4),
        punted: this.#get('rule_hits', n * 4 + 1),
        policed: this.#get('rule_hits', n * 4 + 2),
        hostShare: this.#get('rule_hits', n * 4 + 3),
      })),
      ports: range(ports + 1, (n) => ({
        received: this.#get('port_received', n),
        sent: this.#get('port_sent', n),
        lost: 0n,
      })),
      mirrored: { copied: this.#get('mirrored', 0), refused: this.#get('mirrored', 1) },
    };
  }

  #ends(): EndCount[] {
    return ORIGINS.flatMap((origin, code) =>
      REASONS.flatMap((reason) => {
        if (reason === undefined) return [];
        const count = this.#get('ends', code * 64 + reason.code);
        if (count.packets === 0n) return [];
        return [{ origin, reason: reason.name, end: reason.end, ...count }];
      }),
    );
  }
}

/** Which of a rule's four counters: others, punted, `policed`, `host_share`. */
function ruleEntry(name: string, end: string): number {
  if (name === 'policed') return 2;
  if (name === 'host_share') return 3;
  return end === 'punt' ? 1 : 0;
}
