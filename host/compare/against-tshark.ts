/** The identifiers that an engine reads from a capture, held to tshark's. */
import { decideCapture, type NumberedFrame } from './decide-capture.ts';
import type { Decided, Engine } from './engine.ts';
import { FIELDS, tsharkFields } from './tshark.ts';

export interface TsharkDifference {
  readonly frame: number;
  /** `service/rule` */
  readonly rule: string;
  /** As it was read, hexadecimal. */
  readonly key: string;
  readonly field: string;
  /** As tshark shows it. */
  readonly tshark: string;
}

export interface TsharkResult {
  readonly frames: number;
  /** Identifiers that are the same, by rule. */
  readonly same: ReadonlyMap<string, number>;
  readonly differences: readonly TsharkDifference[];
  /** Identifiers where tshark shows no such field, by rule: a port or an encoding that it takes for another. */
  readonly unseen: ReadonlyMap<string, number>;
  /** Rules of which nobody knows how tshark calls their identifier. */
  readonly unknown: ReadonlySet<string>;
}

/** Rejects as `decideCapture`, and with TsharkError. */
export async function againstTshark(
  path: string,
  engine: Engine<NumberedFrame>,
  options: readonly string[] = [],
): Promise<TsharkResult> {
  const keys = new Map<
    number,
    { readonly rule: string; readonly key: Decided<unknown>['decision'] }
  >();
  let frames = 0;
  for await (const { report, end } of decideCapture(path, engine)) {
    frames++;
    const { service, rule } = report;
    // What an ICMP error quotes, tshark shows under the same names, but not as the frame's own.
    if (!end?.decision.key_valid || end.decision.quoted || service === null) continue;
    keys.set(report.frame, { rule: `${service}/${rule}`, key: end.decision });
  }
  const names = [...new Set([...keys.values()].map(({ rule }) => FIELDS[rule]?.field ?? ''))];
  const fields = names.filter((name) => name !== '');
  const same = new Map<string, number>();
  const unseen = new Map<string, number>();
  const unknown = new Set<string>();
  const differences: TsharkDifference[] = [];
  const count = (map: Map<string, number>, rule: string) => map.set(rule, (map.get(rule) ?? 0) + 1);
  let frame = 0;
  for await (const shown of tsharkFields(path, ['frame.number', ...fields], options)) {
    frame++;
    const read = keys.get(frame);
    if (read === undefined) continue;
    const { rule, key } = read;
    const known = FIELDS[rule];
    const text = known && shown.get(known.field);
    if (known === undefined) unknown.add(rule);
    else if (text === undefined || text === '') count(unseen, rule);
    else if (known.same(text, key.key)) count(same, rule);
    else {
      const hex = `0x${key.key.toString(16)}`;
      differences.push({ frame, rule, key: hex, field: known.field, tshark: text });
    }
  }
  return { frames, same, differences, unseen, unknown };
}
