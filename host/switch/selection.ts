/** Policies that pick a processor for a set-up (D8). */
import type { Load, Occupant, Selection } from '../setup/handler.ts';

export const SELECTION_POLICIES = ['round-robin', 'least-loaded'] as const;
export type SelectionPolicy = (typeof SELECTION_POLICIES)[number];

export function makeSelection(policy: SelectionPolicy): Selection {
  return policy === 'round-robin' ? new RoundRobin() : new LeastLoaded();
}

interface Account {
  /** Set-ups given to it since the start. */
  assigned: number;
  /** Of the last report. */
  sequence: number;
  load: Load | undefined;
  /** Sessions given to it since the last report. */
  debit: number;
}

abstract class Accounts {
  readonly #accounts = new Map<string, Account>();

  protected account(name: string): Account {
    let account = this.#accounts.get(name);
    if (account === undefined) {
      account = { assigned: 0, sequence: -1, load: undefined, debit: 0 };
      this.#accounts.set(name, account);
    }
    return account;
  }

  protected charge(name: string, size: number): void {
    const account = this.account(name);
    account.assigned++;
    account.debit += size;
  }

  /**
   * Reports are absolute: what a processor says it carries replaces every estimate, so nothing that
   * is lost on the way, set-up, tear-down or report, leaves an error behind.
   */
  report(name: string, sequence: number, load: Load): void {
    const account = this.account(name);
    if (sequence <= account.sequence) return;
    account.sequence = sequence;
    account.load = load;
    account.debit = 0;
  }

  forget(name: string): void {
    const account = this.account(name);
    account.sequence = -1;
    account.load = undefined;
    account.debit = 0;
  }

  status(): Record<string, { assigned: number; load: Load | undefined }> {
    return Object.fromEntries(
      [...this.#accounts].map(([name, { assigned, load, debit }]) => [
        name,
        { assigned, load: load && { ...load, sessions: load.sessions + debit } },
      ]),
    );
  }
}

/** One after the other, by slot; who is down is passed over. */
class RoundRobin extends Accounts implements Selection {
  readonly policy = 'round-robin';
  #last = -1;

  choose<T extends Occupant>(candidates: readonly T[], size: number): T | undefined {
    let next: T | undefined;
    let first: T | undefined;
    for (const candidate of candidates) {
      if (first === undefined || candidate.slot < first.slot) first = candidate;
      const behind = candidate.slot > this.#last;
      if (behind && (next === undefined || candidate.slot < next.slot)) next = candidate;
    }
    const chosen = next ?? first;
    if (chosen === undefined) return undefined;
    this.#last = chosen.slot;
    this.charge(chosen.name, size);
    return chosen;
  }
}

/**
 * The one with the smallest part of its capacity in use: what it reported, and what it was given
 * since then. Without a report it counts as empty with capacity 1, so that it is used, but not
 * flooded before it has spoken.
 */
class LeastLoaded extends Accounts implements Selection {
  readonly policy = 'least-loaded';

  choose<T extends Occupant>(candidates: readonly T[], size: number): T | undefined {
    let best: T | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const candidate of candidates) {
      const { load, debit, assigned } = this.account(candidate.name);
      const share = ((load?.sessions ?? 0) + debit) / (load?.capacity ?? 1);
      // Among equals the one that was given fewest so far: else the first would get all questions.
      const better =
        share < least ||
        (share === least && best !== undefined && assigned < this.account(best.name).assigned);
      if (!better) continue;
      best = candidate;
      least = share;
    }
    if (best !== undefined) this.charge(best.name, size);
    return best;
  }
}
