/**
 * The pipeline's budget of clocks, read from hdl/rtl/linecard_pkg.sv: the taps of the header line at
 * which the stages work are functions there, of the bytes of a beat and the rules' turns.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from '../hdl/configuration.ts';

const PACKAGE = 'hdl/rtl/linecard_pkg.sv';

export interface Tap {
  /** Without the prefix `tap_`. */
  readonly name: string;
  /** Position of the header line: clocks since the frame's first beat entered it. */
  readonly position: number;
  /** Clocks since the tap before. */
  readonly clocks: number;
}

/** In the order of the pipeline. Throws where the package is not as this reader knows it. */
export function readTaps(
  { beatBytes, turns = 1 }: { beatBytes: number; turns?: number },
  text = readFileSync(resolve(ROOT, PACKAGE), 'utf8'),
) {
  const source = text.replace(/\/\/.*/g, '');
  const constants = new Map<string, string>();
  for (const [, name = '', value = ''] of source.matchAll(
    /localparam\s+int\s+(\w+)\s*=\s*([^;]+);/g,
  ))
    constants.set(name, value);
  const functions = new Map<string, string>();
  for (const [, name = '', value = ''] of source.matchAll(
    /function\s+automatic\s+int\s+(\w+)\s*\(input\s+int\s+(?:k|turns|k,\s*input\s+int\s+turns)\)\s*;\s*\1\s*=\s*([^;]+);\s*endfunction/g,
  ))
    functions.set(name, value);
  const taps = [...functions.keys()].filter((name) => name.startsWith('tap_'));
  if (taps.length === 0) throw new Error(`${PACKAGE}: no function tap_… (input int k) found`);
  const known = new Map<string, number>();
  const lookUp = (name: string): number => {
    if (name === 'k') return beatBytes;
    if (name === 'turns') return turns;
    const expression = constants.get(name) ?? functions.get(name);
    if (expression === undefined) throw new Error(`${PACKAGE}: nothing is called ${name}`);
    const value = known.get(name) ?? evaluate(expression, lookUp);
    known.set(name, value);
    return value;
  };
  const positions = taps.map((name) => ({ name, position: lookUp(name) }));
  positions.sort((a, b) => a.position - b.position);
  return positions.map(({ name, position }, n): Tap => {
    const clocks = position - (positions[n - 1]?.position ?? 0);
    return { name: name.replace('tap_', ''), position, clocks };
  });
}

/**
 * An expression of integers, names, calls of `max` and of functions of k, with + - * / and brackets;
 * division goes towards zero (IEEE 1800 §11.4.3).
 */
export function evaluate(expression: string, lookUp: (name: string) => number): number {
  const tokens = expression.match(/\d+|\w+|\S/g) ?? [];
  let at = 0;
  const wrong = () => new Error(`"${expression.trim()}" is more than this reader knows`);
  const take = (wanted: string) => {
    if (tokens[at++] !== wanted) throw wrong();
  };
  const factor = (): number => {
    const token = tokens[at++] ?? '';
    if (/^\d+$/.test(token)) return Number(token);
    if (token === '(') {
      const value = sum();
      take(')');
      return value;
    }
    if (!/^\w+$/.test(token)) throw wrong();
    if (tokens[at] !== '(') return lookUp(token);
    take('(');
    const given = [sum()];
    while (tokens[at] === ',') {
      at++;
      given.push(sum());
    }
    take(')');
    return token === 'max' ? Math.max(...given) : lookUp(token);
  };
  const product = (): number => {
    let value = factor();
    while (tokens[at] === '*' || tokens[at] === '/') {
      const divide = tokens[at++] === '/';
      const right = factor();
      value = divide ? Math.trunc(value / right) : value * right;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') {
      const subtract = tokens[at++] === '-';
      const right = product();
      value += subtract ? -right : right;
    }
    return value;
  };
  const value = sum();
  if (at !== tokens.length) throw wrong();
  return value;
}
