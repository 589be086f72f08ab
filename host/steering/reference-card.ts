/**
 * What a card remembers from one frame to the next, about the reference decision: first fragments
 * and frames that wait for them, policers, which slots are up. Frames come in the order in which
 * they stand in the pipeline, with times, and ends come in the order in which they have theirs.
 */
import { REASON } from '../../driver/generated/registers.ts';
import { type Judged, judge, type Verdict, verdictOf } from './decide.ts';
import type { FragmentKey } from './fragment.ts';
import { FragmentTable } from './fragment-table.ts';
import { isForHost, leaves, type Outcome, refuse } from './outcome.ts';
import { Policers } from './policers.ts';
import { SlotHealth } from './slot-health.ts';
import type { Arrival, CardState, PolicerEntry, SlotState } from './state.ts';
import { modulo } from './time.ts';

/** A frame and what became of it. */
export interface Ended {
  readonly frame: Uint8Array;
  readonly arrival: Arrival;
  readonly verdict: Verdict;
  /** What the mirror port gets besides. */
  readonly copy: Uint8Array | undefined;
  /** Place of the override that was used. */
  readonly override: number | undefined;
}

/** What would become of a frame now. */
export interface Prospect {
  readonly frame: Uint8Array;
  readonly arrival: Arrival;
  /** The packet that it is a later fragment of, where that decides. */
  readonly follows: FragmentKey | undefined;
  /** It would have to wait for its first; then `verdict` is that it waited in vain. */
  readonly waits: boolean;
  readonly verdict: Verdict;
  readonly outcome: Outcome;
  readonly learned: Judged['learned'];
  /** The policer that it takes from. */
  readonly bucket: number | undefined;
}

interface Held {
  readonly frame: Uint8Array;
  readonly arrival: Arrival;
  readonly key: FragmentKey;
  readonly sinceUs: number;
}

/** What the hold buffer has room for. */
export interface Room {
  readonly frames: number;
  readonly bytes: number;
}

const ROOM: Room = { frames: 16, bytes: 16384 };

export class ReferenceCard {
  readonly slots: SlotHealth;
  readonly policers: Policers;
  readonly #tables: CardState;
  readonly #room: Room;
  readonly #fragments: FragmentTable;
  #held: Held[] = [];
  #nowUs: number;

  /** @param tables may be changed between frames, but for slots and policers, which are copied. */
  constructor(tables: CardState, nowUs = 0, room = ROOM) {
    this.slots = new SlotHealth(tables.slots, tables.health ?? [], nowUs);
    this.policers = new Policers(tables.policers);
    this.#tables = { ...tables, slots: this.slots.slots, health: this.slots.health };
    this.#fragments = new FragmentTable(tables.sizes.fragments);
    this.#room = room;
    this.#nowUs = nowUs;
  }

  /** The tables as they stand. */
  get state(): CardState {
    return this.#tables;
  }

  get nowUs(): number {
    return this.#nowUs;
  }

  /** Frames that wait for their first fragment. */
  get held(): number {
    return this.#held.length;
  }

  writeSlot(slot: number, entry: SlotState): void {
    this.slots.write(slot, entry, this.#nowUs);
  }

  writePolicer(bucket: number, entry: PolicerEntry): void {
    this.policers.write(bucket, entry);
  }

  /** Time goes on: slots that were not heard of go down, frames that waited in vain have their end. */
  advance(nowUs: number): Ended[] {
    this.#nowUs = nowUs;
    this.slots.tick(nowUs);
    const lives = this.#tables.fragmentUs ?? 0;
    const late = this.#held.filter(({ sinceUs }) => modulo(nowUs - sinceUs, 2 ** 40) >= lives);
    this.#held = this.#held.filter((one) => !late.includes(one));
    return late.map(({ frame, arrival }) => this.giveUp(frame, arrival, 'fragment_timeout'));
  }

  /** A frame, and those that its coming sets free. */
  arrive(frame: Uint8Array, arrival: Arrival): Ended[] {
    const prospect = this.prospect(frame, arrival);
    if (prospect.waits && prospect.follows !== undefined) {
      return this.#hold(frame, arrival, prospect.follows);
    }
    const ended = this.take(prospect);
    return prospect.learned ? [ended, ...this.#release(prospect.learned.key)] : [ended];
  }

  /** For one that keeps its own list of frames that wait: says what would be, and changes nothing. */
  prospect(frame: Uint8Array, arrival: Arrival): Prospect {
    const lives = this.#tables.fragmentUs ?? 0;
    const judged = judge(frame, arrival, this.#tables, {
      find: (key) => this.#fragments.find(key, this.#nowUs, lives),
    });
    const { follows, waits, learned } = judged;
    const { outcome, bucket } = this.#admit(arrival, judged);
    const verdict = verdictOf(frame, arrival, this.#tables, outcome);
    return { frame, arrival, follows, waits, verdict, outcome, learned, bucket };
  }

  /** Makes it so. */
  take({ frame, arrival, verdict, outcome, learned, bucket }: Prospect): Ended {
    const { slots, policers } = this;
    const { reason, decision } = verdict;
    if (learned !== undefined) this.#fragments.learn(learned.key, learned.vid, this.#nowUs);
    if (bucket !== undefined) policers.take(bucket, this.#nowUs);
    if (reason === 'heartbeat') slots.hear(decision.slot, this.#nowUs);
    if (reason === 'source_epoch' || reason === 'source_down') slots.stale(frame[10] ?? 0);
    const taken = frame.subarray(0, arrival.receiver?.taken);
    const copy = this.#isCopied(verdict) ? (verdict.egressFrame ?? taken) : undefined;
    return { frame, arrival, verdict, copy, override: outcome.override };
  }

  /** The end of a frame whose first fragment did not come, or that found no room to wait for it. */
  giveUp(frame: Uint8Array, arrival: Arrival, reason: 'fragment_timeout' | 'fragment_full'): Ended {
    const outcome = { reason };
    const verdict = verdictOf(frame, arrival, this.#tables, outcome);
    const nothing = { follows: undefined, waits: false, learned: undefined, bucket: undefined };
    return this.take({ frame, arrival, verdict, outcome, ...nothing });
  }

  /** Policing and queues: what is left, and which policer it takes from. */
  #admit(
    arrival: Arrival,
    { outcome, unhealthy }: Judged,
  ): { readonly outcome: Outcome; readonly bucket: number | undefined } {
    const refused = (reason: 'policed' | 'host_share' | 'queue_full') => ({
      outcome: refuse(outcome, reason),
      bucket: undefined,
    });
    if (unhealthy || !leaves(outcome.reason)) return { outcome, bucket: undefined };
    const bucket = isForHost(outcome.reason) ? this.#bucket(arrival, outcome) : undefined;
    if (bucket !== undefined) {
      if (!this.policers.conforms(bucket, this.#nowUs)) return refused('policed');
      if (arrival.shareFull) return refused('host_share');
    }
    return arrival.queueFull ? refused('queue_full') : { outcome, bucket };
  }

  #bucket({ from }: Arrival, { rule_hit, rule = 0 }: Outcome): number {
    if (rule_hit) return rule;
    const fabric = 'port' in from && this.#tables.ports[from.port]?.fabric;
    return this.#tables.sizes.rules + (fabric ? 1 : 0);
  }

  #isCopied({ reason, decision }: Verdict): boolean {
    const { mirror, ports } = this.#tables;
    if (mirror === undefined || ports[mirror.port] === undefined) return false;
    if (leaves(reason) && decision.egress === mirror.port) return false;
    const byVid = decision.vid_valid === 1 && decision.vid === mirror.vid;
    return byVid || mirror.reasons.has(REASON[reason]);
  }

  #hold(frame: Uint8Array, arrival: Arrival, key: FragmentKey): Ended[] {
    const bytes = this.#held.reduce((sum, one) => sum + one.frame.length, frame.length);
    if (this.#held.length >= this.#room.frames || bytes > this.#room.bytes) {
      return [this.giveUp(frame, arrival, 'fragment_full')];
    }
    this.#held.push({ frame, arrival, key, sinceUs: this.#nowUs });
    return [];
  }

  /** Those whose place has been written try again, in their order. */
  #release(learned: FragmentKey): Ended[] {
    const place = this.#fragments.place(learned);
    const trying = this.#held.filter(({ key }) => this.#fragments.place(key) === place);
    const ends: Ended[] = [];
    for (const one of trying) {
      const prospect = this.prospect(one.frame, one.arrival);
      if (prospect.waits) continue;
      this.#held.splice(this.#held.indexOf(one), 1);
      ends.push(this.take(prospect));
    }
    return ends;
  }
}
