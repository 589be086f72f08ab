/** Says how a card's decision differs from the reference's, with all that is needed to see why. */
import type { Decision } from '../../driver/generated/registers.ts';
import { REASONS } from '../../driver/generated/registers.ts';
import type { Verdict } from '../../host/steering/decide.ts';
import type { Rule } from '../../host/steering/rule.ts';
import type { CardState } from '../../host/steering/state.ts';
import type { Ended } from './card-under-test.ts';

/** Undefined where both agree: all fields but the time, egress where it has a meaning, all bytes. */
export function explainMismatch(
  { offered, decision, egress }: Ended,
  verdict: Verdict,
  state: CardState,
): string | undefined {
  const wanted: Partial<Record<keyof Decision, number | bigint>> = verdict.decision;
  const names = (Object.keys(verdict.decision) as (keyof Decision)[]).filter(
    (name) => name !== 'egress' || verdict.end !== 'drop',
  );
  const differing = names.filter((name) => decision[name] !== wanted[name]);
  const bytes = Buffer.from(egress ?? []).equals(verdict.egressFrame ?? new Uint8Array());
  const left = (egress === undefined) === (verdict.egressFrame === undefined);
  if (differing.length === 0 && bytes && left) return undefined;
  const text = (name: keyof Decision, value: number | bigint | undefined) =>
    name === 'reason' ? (REASONS[Number(value)]?.name ?? `${value}`) : `${value}`;
  return [
    ...differing.map(
      (name) =>
        `${name}: card ${text(name, decision[name])}, reference ${text(name, wanted[name])}`,
    ),
    ...(left
      ? []
      : [`left: card ${egress !== undefined}, reference ${!left !== (egress !== undefined)}`]),
    ...(bytes || !left ? [] : ['the bytes that left differ']),
    `from: ${show(offered.arrival)}`,
    `frame (${offered.frame.length} bytes): ${offered.frame.toString('hex')}`,
    ...(bytes
      ? []
      : [
          `card sent:      ${egress?.toString('hex')}`,
          `reference sent: ${hex(verdict.egressFrame)}`,
        ]),
    `card:      ${show(decision)}`,
    `reference: ${show({ reasonName: verdict.reason, ...verdict.decision })}`,
    `enabled ${state.enabled}, fabric prefix 0x${state.fabricPrefix.toString(16)}`,
    ...state.ports.map((port, i) => `port ${i}: ${show(port)}`),
    ...state.slots.map((slot, i) => `slot ${i}: ${show(slot)}`),
    ...state.rules.map(
      (rule, i) => `rule ${i}: ${rule === undefined ? 'not valid' : showRule(rule)}`,
    ),
    ...[...state.rows].map(([vid, row]) => `row ${vid}: ${show(row)}`),
  ].join('\n');
}

function hex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'nothing' : Buffer.from(bytes).toString('hex');
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return `0x${part.toString(16)}`;
    if (part instanceof Set) return [...part];
    return part;
  });
}

function showRule({ match, identifier, setup }: Rule): string {
  const { destinations } = match;
  const prefixes =
    destinations === 'any'
      ? 'any'
      : destinations.map(({ address, mask }) => `${hex(address)}/${hex(mask)}`);
  return show({ match: { ...match, destinations: prefixes }, identifier, setup });
}
