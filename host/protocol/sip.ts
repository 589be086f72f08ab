/**
 * SIP messages as they stand in one UDP datagram (RFC 3261 §7, §18.3): start-line, header fields
 * with compact names and folding, body by Content-Length. Values are read when they are asked for:
 * a dispatcher looks at four fields of a message and forwards the bytes.
 */
import {
  type CSeq,
  canonicalName,
  isToken,
  type NameAddress,
  parseCSeq,
  parseNameAddress,
  parseNumber,
  parseVia,
  splitOutside,
  type Via,
} from './sip-header.ts';

export interface SipField {
  /** Long form, lower case. */
  readonly name: string;
  /** Unfolded and trimmed. */
  readonly value: string;
}

/** Why a datagram is no SIP message. */
export type NotSipReason =
  /** Only CR, LF or NUL: keeps a NAT binding open (RFC 5626 §3.5.1). */
  | 'keepalive'
  /** The first line is neither a request-line nor a status-line. */
  | 'start_line'
  /** The header does not end with an empty line. */
  | 'header_end'
  /** A header line without a colon, or with a name that is no token. */
  | 'header_line';

export interface NotSip {
  readonly kind: 'not-sip';
  readonly why: NotSipReason;
}

abstract class SipMessage {
  readonly version: string;
  readonly fields: readonly SipField[];
  /** What follows the empty line, as far as Content-Length says (all of it where it is absent). */
  readonly body: Buffer;
  /** Content-Length is no number, or promises more bytes than the datagram has (§18.3). */
  readonly bodyFault: 'content_length' | undefined;
  #topVia: Via | undefined | null = null;
  #cseq: CSeq | undefined | null = null;
  #from: NameAddress | undefined | null = null;
  #to: NameAddress | undefined | null = null;

  constructor(version: string, fields: readonly SipField[], rest: Buffer) {
    this.version = version;
    this.fields = fields;
    const text = this.header('content-length');
    const length = text === undefined ? rest.length : parseNumber(text, 0xffff_ffff);
    this.bodyFault = length === undefined || length > rest.length ? 'content_length' : undefined;
    this.body = rest.subarray(0, length ?? rest.length);
  }

  /** The first field of that name (long form, lower case). */
  header(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value;
    return undefined;
  }

  /** All values of that name in order, comma lists taken apart (§7.3.1). */
  headers(name: string): string[] {
    const values: string[] = [];
    for (const field of this.fields) {
      if (field.name === name) values.push(...splitOutside(field.value, ','));
    }
    return values;
  }

  get callId(): string | undefined {
    return this.header('call-id');
  }

  /** The topmost Via value; undefined where there is none or it is broken. */
  get topVia(): Via | undefined {
    if (this.#topVia === null) {
      const value = this.header('via');
      this.#topVia = value === undefined ? undefined : parseVia(firstOfList(value));
    }
    return this.#topVia;
  }

  get cseq(): CSeq | undefined {
    if (this.#cseq === null) this.#cseq = parsed(this.header('cseq'), parseCSeq);
    return this.#cseq;
  }

  get from(): NameAddress | undefined {
    if (this.#from === null) this.#from = parsed(this.header('from'), parseNameAddress);
    return this.#from;
  }

  get to(): NameAddress | undefined {
    if (this.#to === null) this.#to = parsed(this.header('to'), parseNameAddress);
    return this.#to;
  }
}

function parsed<T>(value: string | undefined, parse: (text: string) => T | undefined) {
  return value === undefined ? undefined : parse(value);
}

function firstOfList(value: string): string {
  return value.includes(',') ? (splitOutside(value, ',')[0] as string) : value;
}

export class SipRequest extends SipMessage {
  readonly kind = 'request';
  readonly method: string;
  readonly uri: string;

  constructor(method: string, uri: string, version: string, fields: SipField[], rest: Buffer) {
    super(version, fields, rest);
    this.method = method;
    this.uri = uri;
  }
}

export class SipResponse extends SipMessage {
  readonly kind = 'response';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, version: string, fields: SipField[], rest: Buffer) {
    super(version, fields, rest);
    this.status = status;
    this.reason = reason;
  }
}

/** Reads one datagram. Never throws; what is wrong inside single fields `checkRequest` tells. */
export function parseSip(payload: Buffer): SipRequest | SipResponse | NotSip {
  const text = payload.toString('latin1');
  const lineEnd = text.indexOf('\n');
  if (lineEnd < 0 || text.charCodeAt(0) < 0x21) return notSip(text);
  const startLine = trimCr(text, 0, lineEnd);

  // The start-line first: most of what is not SIP ends here.
  const firstSpace = startLine.indexOf(' ');
  const secondSpace = startLine.indexOf(' ', firstSpace + 1);
  if (firstSpace < 1) return { kind: 'not-sip', why: 'start_line' };
  const first = startLine.slice(0, firstSpace);
  const isResponse = isVersion(first);
  let status = 0;
  if (isResponse) {
    const end = secondSpace < 0 ? startLine.length : secondSpace;
    const code = parseNumber(startLine.slice(firstSpace + 1, end), 699);
    if (code === undefined || code < 100) return { kind: 'not-sip', why: 'start_line' };
    status = code;
  } else if (
    !isToken(first) ||
    secondSpace <= firstSpace + 1 ||
    !isVersion(startLine.slice(secondSpace + 1))
  ) {
    return { kind: 'not-sip', why: 'start_line' };
  }

  const fields: { name: string; value: string }[] = [];
  let at = lineEnd + 1;
  for (;;) {
    const end = text.indexOf('\n', at);
    if (end < 0) return { kind: 'not-sip', why: 'header_end' };
    const line = trimCr(text, at, end);
    at = end + 1;
    if (line === '') break;
    const c = line.charCodeAt(0);
    if (c === 0x20 || c === 0x09) {
      // A folded line continues the value before it; the fold counts as one space (§7.3.1).
      const last = fields.at(-1);
      if (last === undefined) return { kind: 'not-sip', why: 'header_line' };
      last.value = `${last.value} ${line.trim()}`.trim();
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? '' : line.slice(0, colon).trimEnd();
    if (!isToken(name)) return { kind: 'not-sip', why: 'header_line' };
    fields.push({ name: canonicalName(name), value: line.slice(colon + 1).trim() });
  }

  const rest = payload.subarray(at);
  if (isResponse) {
    const reason = secondSpace < 0 ? '' : startLine.slice(secondSpace + 1);
    return new SipResponse(status, reason, first.toUpperCase(), fields, rest);
  }
  const uri = startLine.slice(firstSpace + 1, secondSpace);
  const version = startLine.slice(secondSpace + 1).toUpperCase();
  return new SipRequest(first, uri, version, fields, rest);
}

/** `SIP/digits.digits`, in any case (§7.1). */
function isVersion(text: string): boolean {
  return /^SIP\/\d{1,4}\.\d{1,4}$/i.test(text);
}

function trimCr(text: string, start: number, end: number): string {
  const last = end > start && text.charCodeAt(end - 1) === 0x0d ? end - 1 : end;
  return text.slice(start, last);
}

function notSip(text: string): NotSip {
  return { kind: 'not-sip', why: /^[\r\n\0]*$/.test(text) ? 'keepalive' : 'start_line' };
}

/** A fault in one field of a request, in words that a 400 can carry. */
export interface SipFault {
  /** Status that RFC 3261 wants for it. */
  readonly status: 400 | 505;
  /** Long name of the field, or `request-line`. */
  readonly field: string;
  readonly problem: string;
}

/**
 * Checks what every request must have (§8.1.1: To, From, CSeq, Call-ID, Via; Max-Forwards is not
 * demanded because RFC 2543 clients send none). Undefined: nothing is wrong.
 */
export function checkRequest(request: SipRequest): SipFault | undefined {
  if (request.version !== 'SIP/2.0') {
    return { status: 505, field: 'request-line', problem: `version ${request.version}` };
  }
  const bad = (field: string, problem: string): SipFault => ({ status: 400, field, problem });
  for (const name of ['via', 'from', 'to', 'call-id', 'cseq']) {
    if (request.header(name) === undefined) return bad(name, 'missing');
  }
  if (request.topVia === undefined) return bad('via', 'malformed');
  if (request.from === undefined) return bad('from', 'malformed');
  if (request.to === undefined) return bad('to', 'malformed');
  if (request.callId === '') return bad('call-id', 'empty');
  if (request.cseq === undefined) return bad('cseq', 'malformed');
  // §8.1.1.5: the method of CSeq is that of the request.
  if (request.cseq.method !== request.method) return bad('cseq', 'other method than the request');
  if (request.bodyFault !== undefined) {
    return bad('content-length', 'no number, or more than the datagram holds');
  }
  return undefined;
}
