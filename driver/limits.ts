/** Limits of what comes to the host, and what is expected of a slot, in units that people use. */
import type { CardSizes, PolicerEntry, SlotHealthEntry } from './generated/registers.ts';
import { TABLES } from './generated/registers.ts';

/** The card counts the time of policers in 1/256 microseconds. */
const TICKS_PER_SECOND = 256e6;
const MOST_INTERVAL = 2 ** TABLES.policer.fields.interval.width - 1;
const MOST_BURST = 2 ** TABLES.policer.fields.burst.width - 1;
const MOST_SHARE = 2 ** TABLES.policer.fields.share.width - 1;

/** What one bucket lets through to the host. */
export interface PuntLimit {
  /** Frames a second in the long run, 15.3 to 256,000,000; undefined: any. */
  readonly rate?: number | undefined;
  /** Frames that may come at once, at least 1 (the default). */
  readonly burst?: number | undefined;
  /** Frames that may wait in the host's queue at once, 1 to 127; undefined: any. */
  readonly share?: number | undefined;
}

/** The lowest rate that an entry can hold, in frames a second. */
export const LEAST_RATE = TICKS_PER_SECOND / MOST_INTERVAL;

/**
 * The entry for a limit. The rate is met to 1/256 microsecond a frame. Throws RangeError where a
 * value cannot be held.
 */
export function policerEntry({ rate, burst = 1, share = 0 }: PuntLimit): PolicerEntry {
  if (!Number.isInteger(share) || share < 0 || share > MOST_SHARE)
    throw new RangeError(`a share of ${share} frames: give 1 to ${MOST_SHARE}, or none`);
  if (rate === undefined) return { interval: 0, share, burst: 0 };
  if (!(rate >= LEAST_RATE && rate <= TICKS_PER_SECOND))
    throw new RangeError(
      `a rate of ${rate} frames a second: give ${LEAST_RATE.toFixed(1)} to ${TICKS_PER_SECOND}`,
    );
  // Up, never down: the policer must not let through more than was asked for.
  const interval = Math.min(MOST_INTERVAL, Math.ceil(TICKS_PER_SECOND / rate));
  const most = Math.floor(MOST_BURST / interval) + 1;
  if (!Number.isInteger(burst) || burst < 1 || burst > most)
    throw new RangeError(
      `a burst of ${burst} frames: at ${rate} frames a second it may be 1 to ${most}`,
    );
  return { interval, share, burst: (burst - 1) * interval };
}

/** The limit that an entry holds. */
export function puntLimit({ interval, share, burst }: PolicerEntry): PuntLimit {
  const shared = share === 0 ? {} : { share };
  if (interval === 0) return shared;
  return {
    rate: TICKS_PER_SECOND / interval,
    burst: Math.floor(burst / interval) + 1,
    ...shared,
  };
}

/** The bucket of a rule, of frames from the line without a rule, and of frames from fabric ports. */
export function policerIndex(sizes: CardSizes, bucket: number | 'line' | 'fabric'): number {
  if (bucket === 'line') return sizes.rules;
  if (bucket === 'fabric') return sizes.rules + 1;
  return bucket;
}

/** What the card expects of a slot's heartbeats. */
export interface Health {
  /** 32 bits that the heartbeats of this incarnation carry. */
  readonly nonce: number;
  /** Microseconds without one after which the slot goes down; 0: heartbeats are not waited for. */
  readonly timeout: number;
  /** Microseconds after which the slot is suspect and its port's queue may be held. Default 0: never. */
  readonly suspect?: number;
}

const MOST_TIMEOUT = 2 ** TABLES.slot_health.fields.timeout_us.width - 1;

/** Throws RangeError where a time is longer than 16.7 s. */
export function healthEntry({ nonce, timeout, suspect = 0 }: Health): SlotHealthEntry {
  for (const [name, value] of Object.entries({ timeout, suspect }))
    if (!Number.isInteger(value) || value < 0 || value > MOST_TIMEOUT)
      throw new RangeError(`${name} of ${value} µs: give 0 to ${MOST_TIMEOUT}`);
  return { nonce, timeout_us: timeout, suspect_us: suspect };
}
