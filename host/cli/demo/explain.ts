import { type Decision, ORIGINS, REASONS } from '../../../driver/generated/registers.ts';

/** Names for numbers in a decision, where somebody knows them. */
export interface Names {
  /** Rules by index, such as `sip/dialog`. */
  readonly rules: readonly string[];
  /** Ports by number, such as `fabric0`; the number of ports stands for the host. */
  readonly ports: readonly string[];
}

/**
 * A decision in words, for people who look at a frame in Wireshark:
 * `line0 → fabric2: steer_active (steer). rule 1 sip/dialog, key 20005 (0x4e25), VID 5, row active
 * 2 backup 3 in sync, slot 2 epoch 1`.
 */
export function explain(decision: Decision, names: Names): string {
  const reason = REASONS[decision.reason];
  const end = reason?.end ?? 'unknown';
  const from = names.ports[decision.ingress] ?? `port ${decision.ingress}`;
  const to =
    end === 'drop' ? 'nowhere' : (names.ports[decision.egress] ?? `port ${decision.egress}`);
  const parts: string[] = [];
  if (decision.rule_hit) {
    const name = names.rules[decision.rule];
    parts.push(`rule ${decision.rule}${name === undefined ? '' : ` ${name}`}`);
  }
  if (decision.key_valid) parts.push(`key ${decision.key} (0x${decision.key.toString(16)})`);
  if (decision.vid_valid) parts.push(`VID ${decision.vid}`);
  if (decision.row_valid) {
    const sync = decision.row_in_sync ? 'in sync' : 'not in sync';
    parts.push(`row active ${decision.row_active} backup ${decision.row_backup} ${sync}`);
  } else if (decision.vid_valid) {
    parts.push('no row');
  }
  if (decision.slot_valid) parts.push(`slot ${decision.slot} epoch ${decision.epoch}`);
  const origin = ORIGINS[decision.origin] ?? `origin ${decision.origin}`;
  const grounds = parts.length === 0 ? '' : ` ${parts.join(', ')}.`;
  const why = reason?.doc ?? `reason ${decision.reason} is not in this program's list`;
  return `${from} (${origin}) → ${to}: ${reason?.name ?? decision.reason} (${end}).${grounds} ${why}`;
}
