/**
 * The reference decision: what docs/card.md says, step by step, for one frame. It is written to be
 * read beside that page. It works on service rules as they are meant and on tables as plain
 * objects, and shares no code with what fills the card's tables. What the card remembers from one
 * frame to the next is in reference-card.ts.
 */
import type { EndName, ReasonName } from '../../driver/generated/registers.ts';
import { fromFabric } from './fabric.ts';
import { type FragmentKey, fragmentKey } from './fragment.ts';
import { type Headers, noHeaders, readHeaders } from './headers.ts';
import { type FirstFragments, fromLine, type Waits } from './line.ts';
import {
  endOf,
  type Fields,
  isUp,
  leaves,
  type Outcome,
  record,
  refuse,
  rewrite,
  toSlot,
} from './outcome.ts';
import type { Arrival, CardState, InjectState } from './state.ts';

export interface Verdict {
  readonly reason: ReasonName;
  readonly end: EndName;
  /** The record without its time. `egress` is 0 for drops, where it has no meaning. */
  readonly decision: Fields;
  /** The frame as it leaves; undefined for drops. */
  readonly egressFrame: Uint8Array | undefined;
}

/** What a frame does to the card, or waits for. */
export interface Judged {
  readonly outcome: Outcome;
  /** A later fragment that no rule takes: the packet that it belongs to. */
  readonly follows: FragmentKey | undefined;
  /** Its first has not come; until it does, the frame has no end. */
  readonly waits: boolean;
  /** What it leaves behind for the fragments that follow it. */
  readonly learned: { readonly key: FragmentKey; readonly vid: number | undefined } | undefined;
  /** Dropped in step 1. */
  readonly unhealthy: boolean;
}

const NONE_KNOWN: FirstFragments = { find: () => undefined };

/**
 * The end of `frame` and the reason for it. Pure: the same arguments give the same verdict. A later
 * fragment whose first it would have to know is `fragment_timeout`: nothing goes before this frame.
 */
export function decide(frame: Uint8Array, arrival: Arrival, state: CardState): Verdict {
  const { outcome } = judge(frame, arrival, state, NONE_KNOWN);
  const full = arrival.queueFull && leaves(outcome.reason);
  return verdictOf(frame, arrival, state, full ? refuse(outcome, 'queue_full') : outcome);
}

/** Frame and record at the end that `outcome` is. */
export function verdictOf(
  frame: Uint8Array,
  arrival: Arrival,
  state: CardState,
  outcome: Outcome,
): Verdict {
  return {
    reason: outcome.reason,
    end: endOf(outcome.reason),
    decision: record(frame, arrival, state, outcome),
    egressFrame: rewrite(frame, state, outcome),
  };
}

/** Steps 1 to 5, with what earlier frames have left behind. */
export function judge(
  frame: Uint8Array,
  arrival: Arrival,
  state: CardState,
  firsts: FirstFragments,
): Judged {
  const headers = headersFor(frame, arrival, state);
  const reason = health(frame, arrival, state, headers);
  const teaches = teachable(frame, arrival, state, headers);
  if (reason !== undefined && !teaches) {
    const nothing = { follows: undefined, waits: false, learned: undefined };
    return { outcome: { reason }, ...nothing, unhealthy: true };
  }
  let follows: FragmentKey | undefined;
  const asked: FirstFragments = {
    find: (key) => {
      follows = key;
      return firsts.find(key);
    },
  };
  const found = afterHealth(frame, arrival, state, headers, asked);
  if ('waitsFor' in found) {
    const outcome = { reason: 'fragment_timeout' } as const;
    return { outcome, follows, waits: true, learned: undefined, unhealthy: false };
  }
  const key = teaches && found.rule_hit ? headers.ip && fragmentKey(headers.ip) : undefined;
  return {
    outcome: reason === undefined ? found : { reason },
    follows,
    waits: false,
    learned: key && { key, vid: found.vid_valid ? found.vid : undefined },
    unhealthy: reason !== undefined,
  };
}

/**
 * Whether a frame is a first fragment that tells where later ones go. What becomes of it later does
 * not matter, so it need not be healthy; but all that the decision looks at must be there.
 */
function teachable(
  frame: Uint8Array,
  { receiver, from }: Arrival,
  { enabled, fragmentUs = 0, sizes }: CardState,
  { ip, packetEnd }: Headers,
): boolean {
  if (!enabled || fragmentUs === 0 || !ip?.firstFragment) return false;
  if ('inject' in from && from.inject.mode !== 2) return false;
  return (receiver?.taken ?? frame.length) >= Math.min(packetEnd, sizes.window);
}

/** Step 2. Of what is injected, only a frame to be steered as if it came by some port is looked into. */
function headersFor(frame: Uint8Array, { from }: Arrival, state: CardState): Headers {
  const { ports, fabricPrefix } = state;
  if ('inject' in from) {
    const port = from.inject.mode === 2 ? ports[from.inject.target] : undefined;
    return port === undefined ? noHeaders() : readHeaders(frame, { line: true, mac: port.mac });
  }
  const port = ports[from.port];
  if (port === undefined) throw new RangeError(`the card has no port ${from.port}`);
  return readHeaders(
    frame,
    port.fabric ? { line: false, fabricPrefix } : { line: true, mac: port.mac },
  );
}

/** Step 1. */
function health(
  frame: Uint8Array,
  { receiver }: Arrival,
  { enabled, sizes }: CardState,
  { headerMin, packetEnd }: Headers,
): ReasonName | undefined {
  if ((receiver?.taken ?? frame.length) > sizes.maxFrame) return 'rx_oversize';
  if (receiver?.error) return 'rx_error';
  if (receiver?.overflow) return 'rx_overflow';
  if (receiver?.underrun) return 'rx_underrun';
  if (!enabled) return 'disabled';
  if (frame.length < 14) return 'runt';
  if (frame.length < headerMin) return 'truncated';
  if (frame.length < packetEnd) return 'ip_length';
  return undefined;
}

function afterHealth(
  frame: Uint8Array,
  { from }: Arrival,
  state: CardState,
  headers: Headers,
  firsts: FirstFragments,
): Outcome | Waits {
  if ('inject' in from) return fromHost(frame, from.inject, state, headers, firsts);
  return state.ports[from.port]?.fabric
    ? fromFabric(frame, from.port, state, headers)
    : fromLine(frame, state, headers, firsts);
}

/** Step 5. */
function fromHost(
  frame: Uint8Array,
  { mode, target }: InjectState,
  state: CardState,
  headers: Headers,
  firsts: FirstFragments,
): Outcome | Waits {
  const port = state.ports[target];
  if (mode === 1) {
    return isUp(target, state) ? toSlot('inject_slot', target, state) : { reason: 'slot_down' };
  }
  if (mode === 3 || port === undefined) return { reason: 'inject_target' };
  if (mode === 2) return fromLine(frame, state, headers, firsts);
  return { reason: port.fabric ? 'inject_fabric' : 'inject_line', egress: target };
}
