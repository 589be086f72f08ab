/** How the values in a service file are written, one reader a kind of value. */
import { z } from 'zod';
import { parsePrefix } from './prefix.ts';
import type { PortRange, Prefix } from './rule.ts';
import { nearest } from './suggest.ts';

/** IANA protocol numbers by the names that service files may use. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  ospf: 89,
  l2tp: 115,
  sctp: 132,
  udplite: 136,
};

/** A value that cannot be; the loader adds the place. */
export class Wrong extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** A field whose value `read` turns into what it means, or throws Wrong. */
export function field<T>(read: (value: unknown) => T) {
  return z.unknown().transform((value, context): T => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      const { message, remedy } = error;
      context.issues.push({ code: 'custom', message, input: value, params: { remedy } });
      return z.NEVER;
    }
  });
}

/** As the file has it: integers were read as bigint so that 64 bits stay exact. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? Number(part) : part));
}

/** A whole number of `min` to `max`, such as 17 or 0x11. */
export function wholeBig(value: unknown, min: bigint, max: bigint): bigint {
  const number = toBigInt(value);
  const hex = (limit: bigint) => (limit > 0xffffn ? `0x${limit.toString(16)}` : `${limit}`);
  if (number === undefined || number < min || number > max) {
    throw new Wrong(
      `${show(value)} is no whole number of ${hex(min)} to ${hex(max)}`,
      'write such a number, decimal or as 0x…',
    );
  }
  return number;
}

export function whole(value: unknown, min: number, max: number): number {
  return Number(wholeBig(value, BigInt(min), BigInt(max)));
}

function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  // A parameter that came from a command line is text.
  if (typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value.trim())) return BigInt(value);
  return undefined;
}

export function oneOf<T extends string>(value: unknown, names: readonly T[]): T {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new Wrong(`${show(value)} is not known here`, meant(value, names));
}

/** "did you mean …" where a name is near, else the names there are. */
export function meant(value: unknown, names: readonly string[]): string {
  const near = typeof value === 'string' ? nearest(value, names) : undefined;
  const list = names.join(', ');
  return near === undefined ? `use one of ${list}` : `did you mean "${near}"? (there are ${list})`;
}

export function readName(value: unknown): string {
  if (typeof value === 'string' && /^[a-z0-9][a-z0-9-]*$/i.test(value)) return value;
  throw new Wrong(
    `${show(value)} is no name`,
    'use letters, digits and dashes, such as sip-dialog',
  );
}

export function readText(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  throw new Wrong(`${show(value)} is no text`, 'write a sentence');
}

export function readFlag(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Wrong(`${show(value)} is neither true nor false`, 'write true, or leave the field out');
}

export function readProtocol(value: unknown): number | 'any' {
  if (value === 'any') return 'any';
  if (typeof value !== 'string' || /^\d/.test(value)) return whole(value, 0, 255);
  const number = PROTOCOLS[value.toLowerCase()];
  if (number !== undefined) return number;
  const names = ['any', ...Object.keys(PROTOCOLS)];
  throw new Wrong(`protocol ${show(value)} is not known`, `${meant(value, names)} or its number`);
}

export function readPorts(value: unknown): PortRange | 'any' {
  if (value === 'any') return 'any';
  const range = typeof value === 'string' ? /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(value) : null;
  if (range === null) {
    const port = whole(value, 0, 0xffff);
    return { low: port, high: port };
  }
  const [low, high] = [whole(range[1], 0, 0xffff), whole(range[2], 0, 0xffff)];
  if (low > high) {
    throw new Wrong(`the range ${low}-${high} ends before it begins`, `write ${high}-${low}`);
  }
  return { low, high };
}

export function readPrefixes(value: unknown): readonly Prefix[] | 'any' {
  if (value === 'any') return 'any';
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) {
    throw new Wrong(
      'an empty list matches nothing',
      'name a prefix, or leave the field out for any',
    );
  }
  return list.map((item) => {
    if (typeof item !== 'string') {
      throw new Wrong(`${show(item)} is no prefix`, 'write 192.0.2.0/24 or 2001:db8::/32');
    }
    try {
      return parsePrefix(item);
    } catch (error) {
      // Its message is "what is wrong; what to write".
      const [message = '', remedy = 'write 192.0.2.0/24 or 2001:db8::/32'] = (
        error as RangeError
      ).message.split('; ');
      throw new Wrong(message, remedy);
    }
  });
}

/** Message types: numbers and ranges such as `1-3`. */
export function readTypes(value: unknown): ReadonlySet<number> {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new Wrong('no type in the list', 'name types, or leave it out');
  const types = new Set<number>();
  for (const item of list) {
    const range = typeof item === 'string' ? /^(\d+)-(\d+)$/.exec(item) : null;
    const low = whole(range?.[1] ?? item, 0, 255);
    const high = whole(range?.[2] ?? item, 0, 255);
    if (low > high) {
      throw new Wrong(`the range ${low}-${high} ends before it begins`, `write ${high}-${low}`);
    }
    for (let type = low; type <= high; type++) types.add(type);
  }
  return types;
}
