/** What became of one frame of a capture, in the form that `vidline decide --json` prints. */
import { type EndName, REASONS } from '../../driver/index.ts';
import type { Rule } from '../steering/rule.ts';
import type { Decided } from './engine.ts';

/** Why a frame of a capture was not offered to the card. */
export const NOT_OFFERED = {
  cut: 'cut by the capture',
  empty: 'no frame in the capture',
} as const;

export interface FrameReport {
  /** Number in the capture, from 1, as other programs count. */
  readonly frame: number;
  /** Null where the card was not asked. */
  readonly end: EndName | null;
  /** The card's reason, by its name in hdl/registers.yaml; or one of `NOT_OFFERED`. */
  readonly reason: string;
  /** Service and rule that the frame matched. */
  readonly service: string | null;
  readonly rule: string | null;
  /** Hexadecimal, as wide as the identifier in the packet. */
  readonly key: string | null;
  readonly vid: number | null;
  /** Where it was sent. */
  readonly slot: number | null;
  /** From the frame's first beat to its end; null where it waited for its first fragment. */
  readonly clocks: number | null;
  /** The VID that its identifier has from the next frame on. */
  readonly learned?: number;
  /** The capture holds less of it than there was on the wire. */
  readonly cut?: true;
}

export function notOffered(frame: number, why: keyof typeof NOT_OFFERED): FrameReport {
  return {
    frame,
    end: null,
    reason: NOT_OFFERED[why],
    service: null,
    rule: null,
    key: null,
    vid: null,
    slot: null,
    clocks: null,
    ...(why === 'cut' ? { cut: true } : {}),
  };
}

/** @param rules by their index in the card. */
export function reportOf(
  frame: number,
  { decision, clocks, learned }: Pick<Decided<unknown>, 'decision' | 'clocks' | 'learned'>,
  rules: readonly (Rule | undefined)[],
): FrameReport {
  const reason = REASONS[decision.reason];
  const rule = decision.rule_hit ? rules[decision.rule] : undefined;
  const digits = 2 * (rule?.identifier?.width ?? 8);
  return {
    frame,
    end: reason?.end ?? null,
    reason: reason?.name ?? `reason ${decision.reason}`,
    service: rule?.service ?? null,
    rule: rule?.name ?? null,
    key: decision.key_valid ? `0x${decision.key.toString(16).padStart(digits, '0')}` : null,
    vid: decision.vid_valid ? decision.vid : null,
    slot: decision.slot_valid ? decision.slot : null,
    clocks: clocks ?? null,
    ...(learned === undefined ? {} : { learned }),
  };
}
