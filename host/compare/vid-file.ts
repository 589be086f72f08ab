/** VIDs that are given to identifiers beforehand: a YAML file, by rule and identifier. */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { addressToBytes } from '../protocol/address.ts';
import { meant } from '../steering/fields.ts';
import { overrideKey } from '../steering/override.ts';
import { type Problem, ServiceError } from '../steering/problem.ts';
import { type Rule, ruleName } from '../steering/rule.ts';
import type { OverrideIdentifier } from './identifier.ts';

export interface PresetVid extends OverrideIdentifier {
  readonly vid: number;
}

const EXAMPLE = 'write sctp/tag: { 0x1a2b3c4d: 7 }';

/**
 * Reads `rule: { identifier: VID }`, such as `sctp/tag: { 0x1a2b3c4d: 7 }`. By the rule's override an
 * identifier is a number, an address, or both with a blank between them.
 *
 * @throws ServiceError that lists every problem with file, line and remedy.
 */
export function loadVids(file: string, rules: readonly Rule[], vids: number): PresetVid[] {
  return parseVids(readFileSync(file, 'utf8'), file, rules, vids);
}

/** The same from a text; `file` is what messages call it. */
export function parseVids(
  text: string,
  file: string,
  rules: readonly Rule[],
  vids: number,
): PresetVid[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems: Problem[] = [];
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const report = (node: unknown, field: string, message: string, remedy: string) => {
    const place = at((node as { range?: [number] } | null)?.range?.[0] ?? 0);
    problems.push({ place, field, message, remedy });
  };
  for (const { pos, message } of document.errors) {
    problems.push({ place: at(pos[0]), field: 'YAML', message, remedy: 'correct the YAML' });
  }
  if (problems.length > 0) throw new ServiceError(problems);
  const presets: PresetVid[] = [];
  const sections = isMap(document.contents) ? document.contents.items : undefined;
  if (sections === undefined) report(null, 'file', 'names no rules', EXAMPLE);
  for (const { key, value } of sections ?? []) {
    const name = isScalar(key) ? String(key.value) : '';
    const rule = rules.find((one) => ruleName(one) === name);
    const { override } = rule ?? {};
    if (rule === undefined || override === undefined) {
      const asking = rules.filter((one) => one.override !== undefined).map(ruleName);
      const remedy = asking.length === 0 ? 'give a rule an override' : meant(name, asking);
      const message =
        rule === undefined
          ? 'no service has such a rule'
          : 'the VID of this rule follows from the identifier, and nothing is asked for it';
      report(key, name || 'file', message, remedy);
      continue;
    }
    if (!isMap(value)) {
      report(value ?? key, name, 'no identifiers with their VIDs', EXAMPLE);
      continue;
    }
    for (const pair of value.items) {
      // As it was written: a number of 64 bits would not survive as one of JavaScript's.
      const scalar = isScalar(pair.key) ? pair.key : undefined;
      const written = String(scalar?.source ?? scalar?.value ?? '');
      const vid = isScalar(pair.value) ? pair.value.value : undefined;
      const read = readIdentifier(written, rule);
      const field = `${name} ${written}`;
      if (read === undefined) {
        report(pair.key, field, `is no ${KINDS[override.by]}`, `write ${EXAMPLES[override.by]}`);
      } else if (typeof vid !== 'number' || !Number.isInteger(vid) || vid < 0 || vid >= vids) {
        report(pair.value ?? pair.key, field, `${vid} is no VID`, `give one of 0 to ${vids - 1}`);
      } else {
        presets.push({ space: override.space, key: read, vid });
      }
    }
  }
  if (problems.length > 0) throw new ServiceError(problems);
  return presets;
}

const KINDS = {
  identifier: 'identifier, a number',
  source: 'source address',
  source_identifier: 'source address and identifier',
} as const;

const EXAMPLES = {
  identifier: '0x1a2b3c4d',
  source: '198.51.100.7',
  source_identifier: '"198.51.100.7 0x1a2b"',
} as const;

/** The override's key; undefined where the text is not what the rule asks for. */
function readIdentifier(text: string, { override, identifier }: Rule): bigint | undefined {
  if (override === undefined) return undefined;
  const words = text.trim().split(/\s+/);
  const number = override.by === 'source' ? '0' : words.pop();
  const address = override.by === 'identifier' ? '0.0.0.0' : words.shift();
  if (words.length > 0 || address === undefined || !/^(0x[0-9a-f]+|\d+)$/i.test(number ?? '')) {
    return undefined;
  }
  const value = BigInt(number ?? 0);
  const mask = identifier?.mask ?? 0n;
  if ((value & ~mask) !== 0n) return undefined;
  try {
    return overrideKey(override.by, addressToBytes(address), value);
  } catch {
    return undefined;
  }
}
