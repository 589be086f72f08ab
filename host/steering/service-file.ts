/** Reads service files: YAML (or JSON) with parameters, checked against the grammar. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { meant } from './fields.ts';
import { fillIn, markReferences, type Parameters, readParameters } from './parameters.ts';
import { portProblems } from './port-identifier.ts';
import { type Problem, ServiceError } from './problem.ts';
import type { Place, Rule, Service } from './rule.ts';
import { fieldsAt, serviceSchema } from './schema.ts';

export type { Parameters } from './parameters.ts';

type Path = readonly PropertyKey[];

/**
 * Reads service files, in the order in which their rules are to be tried: a file, several, or a
 * folder (its .yaml, .yml and .json files by name).
 *
 * @param parameters values for parameters that the files declare, in place of those written there.
 * @throws ServiceError that lists every problem with file, line, column, field and remedy.
 */
export function loadServices(
  paths: string | readonly string[],
  parameters: Parameters = {},
): Service[] {
  const files = (typeof paths === 'string' ? [paths] : paths).flatMap(filesAt);
  const problems: Problem[] = [];
  const services: Service[] = [];
  const declared = new Set<string>();
  for (const file of files) {
    try {
      const read = readService(readFileSync(file, 'utf8'), file, parameters);
      services.push(read.service);
      for (const name of read.declared) declared.add(name);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ServiceError(problems);
  for (const name of Object.keys(parameters).filter((given) => !declared.has(given))) {
    const message = `no service declares a parameter ${name}`;
    const remedy = meant(name, [...declared]);
    problems.push({ place: undefined, field: `parameter ${name}`, message, remedy });
  }
  if (problems.length > 0) throw new ServiceError(problems);
  return services;
}

function filesAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

/** One service from its text; `file` is what messages call it. Throws as `loadServices`. */
export function parseService(text: string, file: string, parameters: Parameters = {}): Service {
  return readService(text, file, parameters).service;
}

function readService(text: string, file: string, given: Parameters) {
  const lines = new LineCounter();
  const document = parseDocument(markReferences(text), {
    lineCounter: lines,
    prettyErrors: false,
    intAsBigInt: true,
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (document.errors.length > 0) {
    const remedy = 'correct the YAML (a value with : or # in it needs quotes)';
    throw new ServiceError(
      document.errors.map(({ pos, message }) => ({
        place: placeAt(pos[0]),
        field: 'YAML',
        message,
        remedy,
      })),
    );
  }
  const place = (path: Path, key?: string) => placeAt(offsetOf(document, path, key));
  const problems: Problem[] = [];
  const report = (path: Path, message: string, remedy: string, key?: string) => {
    const field = pathText(key === undefined ? path : [...path, key]) || 'file';
    problems.push({ place: place(path, key), field, message, remedy });
  };
  const raw: unknown = document.toJS();
  const values = readParameters(raw, given, report);
  const parsed = serviceSchema.safeParse(fillIn(raw, values, report));
  // A reference that could not be filled in is one mistake, not two.
  const known = new Set(problems.map(({ field }) => field));
  for (const issue of parsed.error?.issues ?? []) {
    const { path } = issue;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) report(path, 'unknown field', meant(key, fieldsAt(path)), key);
    } else if (!known.has(pathText(path))) {
      report(path, ...explain(issue));
    }
  }
  if (parsed.data === undefined || problems.length > 0) {
    throw new ServiceError(problems.sort(inOrder));
  }
  const { service: name, doc = '', punt } = parsed.data;
  const rules = parsed.data.rules.map((rule, index): Rule => {
    const path = ['rules', index];
    const fields = new Map<string, Place>();
    collectPlaces(document.getIn(path, true), '', placeAt, fields);
    return { service: name, ...rule, origin: { place: place([...path, 'name']), fields } };
  });
  problems.push(...duplicateNames(rules), ...portProblems(rules));
  if (problems.length > 0) throw new ServiceError(problems);
  return { service: { name, doc, punt, rules }, declared: values.keys() };
}

/** As a reader meets them in the file. */
function inOrder({ place: a }: Problem, { place: b }: Problem): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

interface Issue {
  readonly code: string | undefined;
  readonly message: string;
  readonly path: Path;
  readonly input?: unknown;
  readonly params?: Record<string, unknown> | undefined;
}

/** What went wrong and what to do, for an issue of zod's that is no unknown field. */
function explain(issue: Issue): [message: string, remedy: string] {
  const { code, path, params } = issue;
  if (code === 'custom' && typeof params?.remedy === 'string') {
    return [issue.message.replace(/^nothing is .*/, 'is missing'), params.remedy];
  }
  const fields = fieldsAt(path);
  if (fields.length > 0) return ['is missing or no mapping', `give it ${fields.join(', ')}`];
  if (path.at(-1) === 'rules') return ['is missing or empty', 'list at least one rule'];
  return [issue.message, 'see host/services/README.md for the grammar'];
}

/** Where the deepest node on `path` that exists begins; with `key`, that key of the node. */
function offsetOf(document: Document, path: Path, key?: string): number {
  let node: unknown = document.contents;
  let offset = (document.contents as Node | null)?.range?.[0] ?? 0;
  for (const part of path) {
    if (!isMap(node) && !isSeq(node)) break;
    const child = node.get(typeof part === 'symbol' ? String(part) : part, true);
    if (child === undefined) break;
    node = child;
    offset = (child as Node).range?.[0] ?? offset;
  }
  if (key !== undefined && isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
    return (pair?.key as Node | undefined)?.range?.[0] ?? offset;
  }
  return offset;
}

/** Places of all fields under `node`, by their dotted names. */
function collectPlaces(
  node: unknown,
  name: string,
  placeAt: (offset: number) => Place,
  places: Map<string, Place>,
): void {
  const start = (node as Node | undefined)?.range?.[0];
  if (start !== undefined && name !== '') places.set(name, placeAt(start));
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    const child = isScalar(key) ? String(key.value) : '';
    collectPlaces(value, name === '' ? child : `${name}.${child}`, placeAt, places);
  }
}

function pathText(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function duplicateNames(rules: readonly Rule[]): Problem[] {
  return rules.flatMap((rule, index) => {
    const earlier = rules.slice(0, index).find(({ name }) => name === rule.name);
    if (earlier === undefined) return [];
    const line = earlier.origin?.place.line;
    const message = `line ${line} has a rule of that name already`;
    const place = rule.origin?.place;
    return [{ place, field: `rule ${rule.name}`, message, remedy: 'give each rule its own name' }];
  });
}
