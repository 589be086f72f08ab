import { decodeDecision, REASONS } from '../../../driver/generated/registers.ts';
import type { Observation } from '../../../sim/index.ts';

/** A packet of a session at the time, in card microseconds, at which the card sent it to a slot. */
interface Steered {
  readonly at: bigint;
  readonly slot: number;
  readonly vid: number;
}

/** See `TrafficWatch.failover`. */
export interface Failover {
  /** From the kill to the card's notice. Null: it did not notice. */
  readonly detectMs: number | null;
  /** From the kill to the first packet at a backup. Null: none came. */
  readonly firstPacketMs: number | null;
  /** Sent to the dead slot after the card had taken it down. Null: it had not. */
  readonly packetsToDeadSlot: number | null;
}

const MICROSECONDS = 1_000_000n;

/** Watches the card's decisions: which slot gets how much, second by second, and who gets what after a death. */
export class TrafficWatch {
  readonly #steered: Steered[] = [];
  #begun: bigint | undefined;

  take(observations: readonly Observation[]): void {
    for (const { decision: words } of observations) {
      const decision = decodeDecision(words);
      const reason = REASONS[decision.reason]?.name;
      this.#begun ??= decision.time_us;
      if (reason !== 'steer_active' && reason !== 'steer_backup') continue;
      this.#steered.push({
        at: decision.time_us,
        slot: decision.slot,
        vid: decision.vid,
      });
    }
  }

  /** Seconds from the first frame seen. */
  second(at: bigint): number {
    return Number(at - (this.#begun ?? at)) / 1e6;
  }

  /** Packets to each slot by second; the last one, which is not whole, is left out. */
  bySecond(slots: number): number[][] {
    const begun = this.#begun ?? 0n;
    const last = this.#steered.at(-1)?.at ?? begun;
    const seconds = Number((last - begun) / MICROSECONDS);
    const table = Array.from({ length: slots }, () => new Array<number>(seconds).fill(0));
    for (const { at, slot } of this.#steered) {
      const row = table[slot];
      const second = Number((at - begun) / MICROSECONDS);
      if (row !== undefined && second < seconds) row[second] = (row[second] ?? 0) + 1;
    }
    return table;
  }

  /** Packets to each slot in a time. */
  between(from: bigint, to: bigint, slots: number): number[] {
    const sums = new Array<number>(slots).fill(0);
    for (const { at, slot } of this.#steered) {
      if (at >= from && at < to) sums[slot] = (sums[slot] ?? 0) + 1;
    }
    return sums;
  }

  /**
   * When the first packet of a VID that the dead slot served went to another: to the backup of the row,
   * or to the new owner, where the switch processor has rewritten the row before any packet came.
   */
  firstAtBackup(dead: number, from: bigint): bigint | undefined {
    const served = new Set<number>();
    for (const { at, vid, slot } of this.#steered) {
      if (at >= from) break;
      if (slot === dead) served.add(vid);
      else served.delete(vid);
    }
    return this.#steered.find((it) => it.at >= from && it.slot !== dead && served.has(it.vid))?.at;
  }

  /**
   * What followed the death of a slot at `killed`, which the card noticed at `down`. What is not known is
   * null: JSON has no undefined, and nobody should take an uncounted packet for none.
   */
  failover(dead: number, killed: bigint, down: bigint | undefined): Failover {
    const since = (at: bigint | undefined) =>
      at === undefined ? null : Number(at - killed) / 1000;
    return {
      detectMs: since(down),
      firstPacketMs: since(this.firstAtBackup(dead, killed)),
      packetsToDeadSlot: down === undefined ? null : this.sentTo(dead, down),
    };
  }

  /** The VID that most packets were steered by. */
  busiestVid(): number | undefined {
    const counts = new Map<number, number>();
    for (const { vid } of this.#steered) counts.set(vid, (counts.get(vid) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
  }

  sentTo(slot: number, from: bigint): number {
    return this.#steered.filter((it) => it.slot === slot && it.at > from).length;
  }
}
