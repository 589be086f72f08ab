/** The card and the reference disagree. */
import type { Sent } from '../generators/traffic.ts';

export class Mismatch extends Error {
  /** What differs, short: the same fault gives the same words. */
  readonly what: string;
  /** The frame that it was seen at, where it was one. */
  readonly sent: Sent | undefined;

  constructor(what: string, particulars: string, sent?: Sent) {
    super(particulars === '' ? what : `${what}\n${particulars}`);
    this.name = 'Mismatch';
    this.what = what;
    this.sent = sent;
  }
}

/** JSON in one line for messages. */
export function show(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return `0x${part.toString(16)}`;
    if (part instanceof Set) return [...part];
    if (part instanceof Map) return Object.fromEntries(part);
    return part;
  });
}
