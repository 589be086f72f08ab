/**
 * Parameters of a service file: `parameters: { address: 192.0.2.1 }`, used as `${address}`. A value
 * is data, never YAML: it cannot change the file's structure. `null` demands that the caller gives
 * one.
 */
import { meant, show } from './fields.ts';

export type ParameterValue = string | number | bigint | readonly (string | number | bigint)[];
export type Parameters = Readonly<Record<string, ParameterValue>>;
export type Report = (
  path: readonly PropertyKey[],
  message: string,
  remedy: string,
  key?: string,
) => void;

/**
 * `${name}` may not stand in a YAML flow mapping without quotes, because of its braces. Private-use
 * characters may; they are as long, so that lines and columns stay.
 */
const [OPEN, CLOSE] = ['\ue000', '\ue001'];
const REFERENCE = new RegExp(`\\$${OPEN}([^${CLOSE}]*)${CLOSE}`, 'g');

/** The text with each `${name}` in a form that YAML leaves alone. */
export function markReferences(text: string): string {
  return text.replace(/\$\{([A-Za-z_][\w-]*)\}/g, `$$${OPEN}$1${CLOSE}`);
}

/** The values of the parameters that the file declares. */
export function readParameters(
  file: unknown,
  given: Parameters,
  report: Report,
): ReadonlyMap<string, ParameterValue | undefined> {
  const values = new Map<string, ParameterValue | undefined>();
  const declared = (file as { parameters?: unknown } | null)?.parameters;
  if (declared === undefined || declared === null) return values;
  if (typeof declared !== 'object' || Array.isArray(declared)) {
    report(['parameters'], 'is no mapping', 'write names and values, as { address: 192.0.2.1 }');
    return values;
  }
  for (const [name, written] of Object.entries(declared)) {
    const value: unknown = Object.hasOwn(given, name) ? given[name] : written;
    const simple = (item: unknown) => ['string', 'number', 'bigint'].includes(typeof item);
    values.set(name, undefined);
    if (value === null) {
      const remedy = 'give it when the file is loaded, or write a value here';
      report(['parameters', name], 'has no value', remedy);
    } else if (!simple(value) && !(Array.isArray(value) && value.every(simple))) {
      const message = `${show(value)} is no parameter`;
      report(['parameters', name], message, 'use text, a number, or a list of them');
    } else {
      values.set(name, value as ParameterValue);
    }
  }
  return values;
}

/**
 * The file's values with all references filled in. A text that is one reference takes on the
 * parameter's type; within a longer text its value is written out.
 */
export function fillIn(
  value: unknown,
  values: ReadonlyMap<string, ParameterValue | undefined>,
  report: Report,
  path: readonly PropertyKey[] = [],
): unknown {
  if (Array.isArray(value)) {
    // A list given for one item of a list becomes several items.
    return value.flatMap((item, i) => fillIn(item, values, report, [...path, i]));
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [
      key,
      path.length === 0 && key === 'parameters'
        ? item
        : fillIn(item, values, report, [...path, key]),
    ]);
    return Object.fromEntries(entries);
  }
  if (typeof value !== 'string' || !value.includes(OPEN)) return value;
  const look = (name: string): ParameterValue => {
    if (!values.has(name)) {
      const declared = [...values.keys()];
      const remedy = declared.length === 0 ? 'declare it under parameters' : meant(name, declared);
      report(path, `parameter ${name} is not declared`, remedy);
    }
    return values.get(name) ?? '';
  };
  const [only] = value.matchAll(REFERENCE);
  if (only?.[0] === value) return look(only[1] ?? '');
  return value.replace(REFERENCE, (_, name: string) => String(look(name)));
}
