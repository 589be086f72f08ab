/** The reference's verdict on a frame that the card has decided, and whether they agree. */
import { REASON } from '../../driver/index.ts';
import { decide, type Verdict } from '../../host/steering/decide.ts';
import type { CardState } from '../../host/steering/state.ts';
import type { Ended } from './card-under-test.ts';
import { explainMismatch } from './explain.ts';

/** What may befall frames that is not in frame and tables: there the card's word is taken. */
export interface Circumstances {
  /** Queues may be full. */
  readonly queueFull?: boolean;
  /** Ports where a gap within a frame ends it. */
  readonly underrun?: (port: number) => boolean;
}

/** The verdict; throws with all particulars where the card decided otherwise. */
export function agree(ended: Ended, state: CardState, may: Circumstances = {}): Verdict {
  const verdict = expected(ended, state, may);
  const mismatch = explainMismatch(ended, verdict, state);
  if (mismatch !== undefined) throw new Error(mismatch);
  return verdict;
}

function expected(
  { offered: { frame, arrival }, decision }: Ended,
  state: CardState,
  may: Circumstances,
): Verdict {
  const { from } = arrival;
  if (decision.reason === REASON.queue_full && may.queueFull) {
    return decide(frame, { ...arrival, queueFull: true }, state);
  }
  if (decision.reason === REASON.rx_underrun && 'port' in from && may.underrun?.(from.port)) {
    // The card takes in what comes before the gap, and no complaint about what comes behind it.
    const taken = Math.min(decision.length, frame.length);
    return decide(frame, { from, receiver: { underrun: true, taken } }, state);
  }
  return decide(frame, arrival, state);
}
