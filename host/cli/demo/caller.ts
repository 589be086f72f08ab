/** Whoever makes the demo's calls. */

/** Counts since the start. */
export interface CallCounts {
  readonly attempted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly retransmissions: number;
  /** Calls under way. */
  readonly current: number;
  /** Failed calls by cause, such as `UnexpectedMessage`; only causes that occurred. */
  readonly causes: Readonly<Record<string, number>>;
}

export interface CallerResult {
  readonly counts: CallCounts;
  /** 0: all calls were good, 1: some failed, others: it could not work. */
  readonly status: number;
  /** What it complained of, first lines only. */
  readonly complaints: readonly string[];
}

export interface Caller {
  /** Counts as of at most a second ago. */
  progress(): Promise<CallCounts>;
  /** Resolves when it has ended, however; rejects when it cannot begin. */
  readonly ended: Promise<CallerResult>;
  /** Makes no new calls, lets those under way end. */
  quit(): void;
  /** Ends at once. Idempotent. */
  kill(): void;
}

/** Milliseconds after which a call that hears nothing has failed; a request is repeated before. */
export const SILENCE = 8_000;
