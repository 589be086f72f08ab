/**
 * Holds what the card has decided to the reference, decision by decision. The reference sees frames
 * in the order in which they had their ends, which is that of the pipeline: a frame that was held
 * comes when it was let go.
 */
import {
  type Decision,
  decodeDecision,
  REASON,
  REASONS,
  type ReasonName,
} from '../../driver/generated/registers.ts';
import { leaves } from '../../host/steering/outcome.ts';
import { type Ended, type Prospect, ReferenceCard } from '../../host/steering/reference-card.ts';
import type { Arrival } from '../../host/steering/state.ts';
import { type Tally, UNHEALTHY } from '../card/tally.ts';
import type { Sent } from '../generators/traffic.ts';
import { type Decided, ingressOf, type Output } from './card.ts';
import { ChangingTables } from './changing.ts';
import { Mismatch, show } from './mismatch.ts';
import { Outputs } from './outputs.ts';
import { mayUnderrun, type Trial } from './trial.ts';

/**
 * What the card can hold, whatever else: with less behind the oldest frame that waits it is not full.
 * The room of a frame that has left is free when all older ones have left, too.
 */
const HELD_FRAMES = 16;
const HELD_BYTES = 2048;

/** Clocks from first beat to decision that no frame takes, its own length apart. */
const LATENCY = 150;

interface Open {
  readonly sent: Sent;
  readonly offeredUs: number;
}

/** What came in by one port and has no end yet. */
interface Ingress {
  /** In their order. */
  readonly coming: Open[];
  next: number;
  /** Later fragments that have passed and were held, in their order. */
  readonly held: Held[];
}

interface Held extends Open {
  readonly key: bigint;
  /** Frames and bytes that had been held before. */
  readonly before: Amount;
  /** It was held when the card was idle; one that was not may have passed at once. */
  stayed: boolean;
}

interface Amount {
  readonly frames: number;
  readonly bytes: number;
}

export class Checker {
  readonly tables: ChangingTables;
  readonly reference: ReferenceCard;
  /** Places of overrides that frames have used. */
  readonly hits = new Set<number>();
  readonly #trial: Trial;
  readonly #tally: Tally | undefined;
  readonly #ingress: Ingress[];
  readonly #outputs = new Outputs();
  readonly #mayUnderrun: boolean;
  /** All that was ever held. */
  #held: Amount = { frames: 0, bytes: 0 };

  constructor(trial: Trial, tally?: Tally) {
    const { state } = trial;
    this.#trial = trial;
    this.#tally = tally;
    this.tables = new ChangingTables(state);
    this.reference = new ReferenceCard(this.tables.state, trial.startUs);
    this.tables.attach(this.reference);
    const ports = state.ports.length;
    this.#ingress = Array.from({ length: ports + 1 }, () => ({ coming: [], next: 0, held: [] }));
    this.#mayUnderrun = mayUnderrun(trial);
  }

  offer(frames: readonly Sent[]): void {
    const offeredUs = this.reference.nowUs;
    for (const sent of frames) {
      const port = ingressOf(sent, this.#trial.state.ports.length);
      this.#ingress[port]?.coming.push({ sent, offeredUs });
    }
  }

  /** Time goes on; who waited too long is seen to go by `check`. */
  advance(nowUs: number): void {
    this.reference.advance(nowUs);
  }

  /** All ends of a batch, in their order; the card is idle again. */
  check({ decided, ports, host }: Output): void {
    this.#outputs.begin(ports, host);
    for (const one of decided) this.#decision(one);
    for (const [port, ingress] of this.#ingress.entries()) this.#open(port, ingress);
    this.#outputs.end();
  }

  #decision({ words, clock }: Decided): void {
    const decision = decodeDecision(words);
    const ingress = this.#ingress[decision.ingress];
    if (ingress === undefined) throw new Mismatch('an ingress that does not exist', show(decision));
    const reason = REASONS[decision.reason]?.name;
    const follows =
      decision.fragment === 1 || reason === 'fragment_timeout' || reason === 'fragment_full';
    const ended = follows
      ? this.#follower(ingress, decision, words)
      : this.#plain(ingress, decision, clock, words);
    this.#account(ended, words);
  }

  /** A frame that passes at once: the next of its ingress, but for those that were held. */
  #plain(ingress: Ingress, decision: Decision, clock: number, words: Uint32Array): Ended {
    for (;;) {
      const open = ingress.coming[ingress.next];
      if (open === undefined) throw new Mismatch('an end of no frame', show(decision));
      const arrival = this.#arrival(open.sent, decision);
      this.tables.seenBy(clock, LATENCY + 4 * Math.ceil(open.sent.frame.length / 8));
      let prospect = this.reference.prospect(open.sent.frame, arrival);
      if (prospect.follows !== undefined) {
        this.#setAside(ingress, open, prospect.follows.key);
        continue;
      }
      // Where a table is written meanwhile, the old one or the new one may have decided.
      while (!this.#agrees(prospect, decision) && this.tables.advance(clock)) {
        prospect = this.reference.prospect(open.sent.frame, arrival);
      }
      this.#demand(prospect, decision, open.sent, words);
      this.#pass(ingress);
      return this.reference.take(prospect);
    }
  }

  /** A later fragment that follows its first, or has waited for it in vain. */
  #follower(ingress: Ingress, decision: Decision, words: Uint32Array): Ended {
    this.#lookAhead(ingress, decision);
    const candidates = ingress.held.map((held) => {
      const arrival = this.#arrival(held.sent, decision);
      return { held, prospect: this.reference.prospect(held.sent.frame, arrival) };
    });
    const reason = REASONS[decision.reason]?.name;
    const vain = reason === 'fragment_full' || reason === 'fragment_timeout' ? reason : undefined;
    const possible = candidates.filter(({ held, prospect }) =>
      vain === undefined
        ? this.#agrees(prospect, decision)
        : prospect.waits &&
          decision.length === held.sent.frame.length &&
          // Who has a place keeps it: only a frame that has just come finds none.
          (vain === 'fragment_full' ? !held.stayed : this.#overdue(held.offeredUs)),
    );
    // Fragments of two packets may have the same record: what came out tells them apart.
    const chosen = possible.find((one) => this.#comesOut(one.prospect, vain)) ?? possible[0];
    if (chosen === undefined) {
      const [nearest] = candidates;
      if (nearest && vain === undefined) {
        this.#demand(nearest.prospect, decision, nearest.held.sent, words);
      }
      const what = `the end of a later fragment that was not held (${reason})`;
      throw new Mismatch(what, show(decision), nearest?.held.sent);
    }
    const { held, prospect } = chosen;
    ingress.held.splice(ingress.held.indexOf(held), 1);
    if (vain === undefined) {
      const first = candidates.find((one) => one.held.key === held.key)?.held;
      if (first?.stayed && held.stayed) this.#checkTurn(first.sent, held.sent);
      return this.reference.take(prospect);
    }
    if (vain === 'fragment_full') this.#checkNeed(held.sent);
    return this.reference.giveUp(held.sent.frame, held.sent.arrival, vain);
  }

  /** Held fragments of one packet that came by one port keep their order. */
  #checkTurn(first: Sent, sent: Sent): void {
    if (first.frame.equals(sent.frame)) return;
    const both = `${sent.frame.toString('hex')} before\n${first.frame.toString('hex')}`;
    throw new Mismatch('fragments of one packet overtook each other', both, sent);
  }

  /** There was no room to hold a frame. */
  #checkNeed(sent: Sent): void {
    const room = this.#waiting();
    if (room.frames >= HELD_FRAMES || room.bytes >= HELD_BYTES) return;
    throw new Mismatch('fragment_full without need', show(room), sent);
  }

  #comesOut({ verdict, frame }: Prospect, vain: ReasonName | undefined): boolean {
    const { egressFrame, decision, reason } = verdict;
    if (egressFrame !== undefined && vain === undefined) {
      return this.#outputs.fits(decision.egress, egressFrame);
    }
    const { mirror } = this.#trial.state;
    if (mirror === undefined || !mirror.reasons.has(REASON[vain ?? reason])) return true;
    return this.#outputs.fitsCopy(mirror.port, frame);
  }

  /** Later fragments that may have passed by now are those before the next frame of another kind. */
  #lookAhead(ingress: Ingress, decision: Decision): void {
    for (;;) {
      const open = ingress.coming[ingress.next];
      if (open === undefined) return;
      const arrival = this.#arrival(open.sent, decision);
      const { follows } = this.reference.prospect(open.sent.frame, arrival);
      if (follows === undefined) return;
      this.#setAside(ingress, open, follows.key);
    }
  }

  #setAside(ingress: Ingress, open: Open, key: bigint): void {
    const before = this.#held;
    ingress.held.push({ ...open, key, before, stayed: false });
    const { length } = open.sent.frame;
    this.#held = { frames: before.frames + 1, bytes: before.bytes + length };
    this.#pass(ingress);
  }

  #pass(ingress: Ingress): void {
    ingress.next++;
    if (ingress.next < ingress.coming.length) return;
    ingress.coming.length = 0;
    ingress.next = 0;
  }

  /** What befell the frame that only the card can know. */
  #arrival({ arrival, frame }: Sent, decision: Decision): Arrival {
    const { pressure, state } = this.#trial;
    if (decision.reason === REASON.queue_full && pressure > 0)
      return { ...arrival, queueFull: true };
    if (decision.reason === REASON.host_share) {
      const shares = state.policers?.some((entry) => entry !== undefined && entry.share > 0);
      return shares ? { ...arrival, shareFull: true } : arrival;
    }
    if (decision.reason === REASON.rx_underrun && this.#mayUnderrun && 'port' in arrival.from) {
      // The card takes in what comes before the gap, and no complaint about what comes behind it.
      const taken = Math.min(decision.length, frame.length);
      return { from: arrival.from, receiver: { underrun: true, taken } };
    }
    return arrival;
  }

  #agrees({ verdict, waits }: Prospect, decision: Decision): boolean {
    return !waits && differing(verdict, decision).length === 0;
  }

  #demand({ verdict, waits }: Prospect, decision: Decision, sent: Sent, words: Uint32Array): void {
    if (waits) throw new Mismatch('a fragment that should wait', show(decision), sent);
    this.#compare(verdict, decision, sent, words);
  }

  #compare(verdict: Ended['verdict'], decision: Decision, sent: Sent, words: Uint32Array): void {
    const time = BigInt(this.reference.nowUs);
    const names = differing(verdict, decision);
    if (names.length === 0 && decision.time_us === time) return;
    const wanted = verdict.decision;
    const text = (name: keyof Decision, value: unknown) =>
      name === 'reason' ? (REASONS[Number(value)]?.name ?? `${value}`) : `${value}`;
    const lines = names.map(
      (name) =>
        `${name}: card ${text(name, decision[name])}, reference ${text(name, wanted[name as keyof typeof wanted])}`,
    );
    if (decision.time_us !== time)
      lines.push(`time_us: card ${decision.time_us}, reference ${time}`);
    const reasons = `card ${text('reason', decision.reason)}, reference ${verdict.reason}`;
    const what = `${names.join(', ') || 'time_us'} (${reasons})`;
    const frame = `frame (${sent.frame.length} bytes): ${sent.frame.toString('hex')}`;
    const record = `record: ${[...words].map((word) => word.toString(16).padStart(8, '0')).join(' ')}`;
    throw new Mismatch(
      what,
      [...lines, `from: ${show(sent.arrival)}`, frame, record].join('\n'),
      sent,
    );
  }

  #account({ frame, verdict, copy, override }: Ended, words: Uint32Array): void {
    const { decision, egressFrame, reason } = verdict;
    this.#tally?.add(decision, frame[10] ?? 0);
    if (override !== undefined) this.hits.add(override);
    const { ports, mirror, sizes } = this.#trial.state;
    if (egressFrame !== undefined && decision.egress < ports.length) {
      this.#outputs.leaves(decision.egress, egressFrame, reason);
    } else if (egressFrame !== undefined) {
      this.#outputs.toHost(egressFrame, words, reason);
    }
    if (copy === undefined || mirror === undefined) return;
    // One that is dropped at its last beat may have been on its way to the mirror's own port.
    const mayLack = this.#trial.pressure > 0 || UNHEALTHY.includes(reason);
    const options = { reason, dropped: !leaves(reason), mayLack };
    const came = this.#outputs.copied(mirror.port, copy, options, sizes.maxFrame);
    this.#tally?.addCopy(decision.length, !came);
  }

  /** What is left of a batch must wait for something, and not for too long. */
  #open(port: number, ingress: Ingress): void {
    for (;;) {
      const open = ingress.coming[ingress.next];
      if (open === undefined) break;
      const { follows, verdict } = this.reference.prospect(open.sent.frame, open.sent.arrival);
      if (follows === undefined) {
        const wanted = `by port ${port}; reference ${verdict.reason}: ${open.sent.frame.toString('hex')}`;
        throw new Mismatch('a frame has no end', wanted, open.sent);
      }
      this.#setAside(ingress, open, follows.key);
    }
    for (const held of ingress.held) {
      const { sent, offeredUs } = held;
      held.stayed = true;
      const { waits, verdict } = this.reference.prospect(sent.frame, sent.arrival);
      if (waits && !this.#overdue(offeredUs)) continue;
      const wanted = `by port ${port}; reference ${verdict.reason}: ${sent.frame.toString('hex')}`;
      throw new Mismatch('a later fragment is still held', wanted, sent);
    }
  }

  #overdue(offeredUs: number): boolean {
    return this.reference.nowUs - offeredUs >= (this.#trial.state.fragmentUs ?? 0);
  }

  /** At most so much lies behind the oldest frame that waits, it included. */
  #waiting(): Amount {
    let oldest = this.#held;
    let { frames, bytes } = oldest;
    for (const { coming, next, held } of this.#ingress) {
      for (const { sent, before } of held) {
        const waits = this.reference.prospect(sent.frame, sent.arrival).waits;
        if (waits && before.frames < oldest.frames) oldest = before;
      }
      for (const { sent } of coming.slice(next)) {
        if (!this.reference.prospect(sent.frame, sent.arrival).waits) continue;
        frames++;
        bytes += sent.frame.length;
      }
    }
    return { frames: frames - oldest.frames, bytes: bytes - oldest.bytes };
  }
}

/** Fields of the record that differ; `egress` has no meaning for drops. */
function differing({ decision: wanted, reason }: Ended['verdict'], decision: Decision) {
  const names: (keyof Decision)[] = [];
  for (const name in wanted) {
    const field = name as keyof typeof wanted;
    if (wanted[field] !== decision[field] && (field !== 'egress' || leaves(reason))) {
      names.push(field);
    }
  }
  return names;
}
