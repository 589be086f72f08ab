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

/** A frame that has no end yet. */
export interface Waiting {
  readonly waitsFor: FragmentKey;
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
    const { ended, learned } = this.#pass(frame, arrival);
    if ('waitsFor' in ended) return this.#hold(frame, arrival, ended.waitsFor);
    return learned === undefined ? [ended] : [ended, ...this.#release(learned)];
  }

  /** The same for one that keeps its own list of those that wait. */
  pass(frame: Uint8Array, arrival: Arrival): Ended | Waiting {
    return this.#pass(frame, arrival).ended;
  }

  /** The end of a frame whose first fragment did not come, or that found no room to wait for it. */
  giveUp(frame: Uint8Array, arrival: Arrival, reason: 'fragment_timeout' | 'fragment_full'): Ended {
    return this.#end(frame, arrival, { reason });
  }

  #pass(
    frame: Uint8Array,
    arrival: Arrival,
  ): { readonly ended: Ended | Waiting; readonly learned?: FragmentKey } {
    const lives = this.#tables.fragmentUs ?? 0;
    const judged = judge(frame, arrival, this.#tables, {
      find: (key) => this.#fragments.find(key, this.#nowUs, lives),
    });
    const { waitsFor, learned } = judged;
    if (waitsFor !== undefined) return { ended: { waitsFor } };
    if (learned !== undefined) this.#fragments.learn(learned.key, learned.vid, this.#nowUs);
    const ended = this.#end(frame, arrival, this.#admit(arrival, judged));
    return learned === undefined ? { ended } : { ended, learned: learned.key };
  }

  /** Policing and queues. */
  #admit(arrival: Arrival, { outcome, unhealthy }: Judged): Outcome {
    if (unhealthy || !leaves(outcome.reason)) return outcome;
    const bucket = isForHost(outcome.reason) ? this.#bucket(arrival, outcome) : undefined;
    if (bucket !== undefined) {
      if (!this.policers.conforms(bucket, this.#nowUs)) return refuse(outcome, 'policed');
      if (arrival.shareFull) return refuse(outcome, 'host_share');
    }
    if (arrival.queueFull) return refuse(outcome, 'queue_full');
    if (bucket !== undefined) this.policers.take(bucket, this.#nowUs);
    return outcome;
  }

  #bucket({ from }: Arrival, { rule_hit, rule = 0 }: Outcome): number {
    if (rule_hit) return rule;
    const fabric = 'port' in from && this.#tables.ports[from.port]?.fabric;
    return this.#tables.sizes.rules + (fabric ? 1 : 0);
  }

  #end(frame: Uint8Array, arrival: Arrival, outcome: Outcome): Ended {
    const verdict = verdictOf(frame, arrival, this.#tables, outcome);
    const { reason } = verdict;
    if (reason === 'heartbeat') this.slots.hear(verdict.decision.slot, this.#nowUs);
    if (reason === 'source_epoch' || reason === 'source_down') this.slots.stale(frame[10] ?? 0);
    const copy = this.#isCopied(verdict) ? (verdict.egressFrame ?? frame) : undefined;
    return { frame, arrival, verdict, copy, override: outcome.override };
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
      const { ended } = this.#pass(one.frame, one.arrival);
      if ('waitsFor' in ended) continue;
      this.#held.splice(this.#held.indexOf(one), 1);
      ends.push(ended);
    }
    return ends;
  }
}
