/**
 * SIP header fields: names, lists and the structured values that steering and a user agent read
 * (RFC 3261 §7.3, §20, grammar in §25.1). Text is Latin-1, one character a byte, so that what is
 * read and what is written again are the same bytes, whatever UTF-8 they hold.
 */

/** Compact forms, by their letter (RFC 3261 §7.3.3 and the IANA registry of SIP header fields). */
const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** A field name in its long form and lower case: names are case-insensitive (§7.3.1). */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === 1 ? (COMPACT[lower] ?? lower) : lower;
}

/** `token` of §25.1, by character code. */
const TOKEN = new Uint8Array(256);
for (const c of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~") {
  TOKEN[c.charCodeAt(0)] = 1;
}

export function isToken(text: string): boolean {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  return true;
}

/** A number of digits only, at most `limit`; undefined where it is anything else. */
export function parseNumber(text: string, limit: number): number | undefined {
  if (text.length === 0 || text.length > 10) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= limit ? value : undefined;
}

/**
 * Splits at `separator` outside of quoted strings and angle brackets; the parts come trimmed.
 * A comma inside either belongs to the value (§7.3.1, §20).
 */
export function splitOutside(text: string, separator: string): string[] {
  if (!text.includes(separator)) return [text.trim()];
  const code = separator.charCodeAt(0);
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let angle = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x3c) angle = true;
    else if (c === 0x3e) angle = false;
    else if (c === code && !angle) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}

/** Parameters behind a value: names in lower case; a parameter without a value maps to ''. */
export type Parameters = ReadonlyMap<string, string>;

const NO_PARAMETERS: Parameters = new Map();

function parseParameters(parts: readonly string[], from: number): Parameters | undefined {
  if (parts.length <= from) return NO_PARAMETERS;
  const parameters = new Map<string, string>();
  for (let i = from; i < parts.length; i++) {
    const part = parts[i] as string;
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (!isToken(name)) return undefined;
    const value = equals < 0 ? '' : part.slice(equals + 1).trim();
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

export interface HostPort {
  /** Host name in lower case, IPv4 address, or IPv6 address without its brackets. */
  readonly host: string;
  readonly port?: number;
}

/** `host [":" port]`, IPv6 in brackets; undefined where it is not that. */
export function parseHostPort(text: string): HostPort | undefined {
  let host: string;
  let rest: string;
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    if (end < 0) return undefined;
    host = text.slice(1, end);
    rest = text.slice(end + 1).trim();
    if (!/^[0-9a-fA-F:.]+$/.test(host)) return undefined;
  } else {
    const colon = text.indexOf(':');
    host = (colon < 0 ? text : text.slice(0, colon)).trim();
    rest = colon < 0 ? '' : text.slice(colon);
    if (!isToken(host)) return undefined;
  }
  host = host.toLowerCase();
  if (rest === '') return { host };
  if (!rest.startsWith(':')) return undefined;
  const port = parseNumber(rest.slice(1).trim(), 65535);
  return port === undefined || port === 0 ? undefined : { host, port };
}

/** One Via value (§20.42). */
export interface Via {
  /** Upper case: UDP, TCP, TLS … */
  readonly transport: string;
  readonly sentBy: HostPort;
  readonly parameters: Parameters;
  /** '' where there is none (RFC 2543 clients). */
  readonly branch: string;
}

/** Reads one Via value; undefined where it breaks the grammar or is not SIP/2.0. */
export function parseVia(value: string): Via | undefined {
  const parts = splitOutside(value, ';');
  const parameters = parseParameters(parts, 1);
  if (parameters === undefined) return undefined;
  const head = parts[0] as string;
  // "SIP / 2.0 / UDP host : port" may hold white space around each separator.
  const first = head.indexOf('/');
  const second = head.indexOf('/', first + 1);
  if (first < 0 || second < 0) return undefined;
  if (head.slice(0, first).trim().toUpperCase() !== 'SIP') return undefined;
  if (head.slice(first + 1, second).trim() !== '2.0') return undefined;
  const rest = head.slice(second + 1).trim();
  const space = rest.search(/[ \t]/);
  if (space < 0) return undefined;
  const transport = rest.slice(0, space).toUpperCase();
  const sentBy = parseHostPort(rest.slice(space + 1).trim());
  if (!isToken(transport) || sentBy === undefined) return undefined;
  return { transport, sentBy, parameters, branch: parameters.get('branch') ?? '' };
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** CSeq (§20.16): the number must be below 2^31 (§8.1.1.5). */
export function parseCSeq(value: string): CSeq | undefined {
  const text = value.trim();
  const space = text.search(/[ \t]/);
  if (space < 0) return undefined;
  const number = parseNumber(text.slice(0, space), 0x7fff_ffff);
  const method = text.slice(space + 1).trim();
  return number === undefined || !isToken(method) ? undefined : { number, method };
}

/** From, To, Contact, Route …: `name-addr` or `addr-spec` with parameters (§20.10). */
export interface NameAddress {
  readonly uri: string;
  readonly parameters: Parameters;
  /** '' where there is none. */
  readonly tag: string;
}

export function parseNameAddress(value: string): NameAddress | undefined {
  const parts = splitOutside(value, ';');
  const head = parts[0] as string;
  const open = openingBracket(head);
  let uri: string;
  if (open >= 0) {
    const close = head.indexOf('>', open);
    if (close < 0 || head.slice(close + 1).trim() !== '') return undefined;
    uri = head.slice(open + 1, close).trim();
  } else {
    uri = head;
  }
  // A URI is a scheme, a colon and something (RFC 3986 §3).
  const colon = uri.indexOf(':');
  if (colon < 1 || colon === uri.length - 1 || /[\s"<>]/.test(uri)) return undefined;
  const parameters = parseParameters(parts, 1);
  if (parameters === undefined) return undefined;
  return { uri, parameters, tag: parameters.get('tag') ?? '' };
}

/** The `<` that begins the URI: not one inside a quoted display name. */
function openingBracket(text: string): number {
  let i = 0;
  if (text.startsWith('"')) {
    for (i = 1; i < text.length && text.charCodeAt(i) !== 0x22; i++) {
      if (text.charCodeAt(i) === 0x5c) i++;
    }
  }
  return text.indexOf('<', i);
}

export interface SipUri extends HostPort {
  /** Lower case: sip or sips. */
  readonly scheme: string;
  /** User part with its password, as written; '' where there is none. */
  readonly user: string;
  readonly parameters: Parameters;
}

/** A SIP or SIPS URI (§19.1); undefined where it is another scheme or breaks the grammar. */
export function parseSipUri(uri: string): SipUri | undefined {
  const colon = uri.indexOf(':');
  const scheme = uri.slice(0, Math.max(0, colon)).toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') return undefined;
  const at = uri.indexOf('@');
  const user = at < 0 ? '' : uri.slice(colon + 1, at);
  // Headers ("?subject=x") have no meaning for where a request goes.
  const rest = uri.slice(at < 0 ? colon + 1 : at + 1);
  const question = rest.indexOf('?');
  const parts = (question < 0 ? rest : rest.slice(0, question)).split(';');
  const hostPort = parseHostPort(parts[0] as string);
  const parameters = parseParameters(parts, 1);
  if (hostPort === undefined || parameters === undefined) return undefined;
  return { scheme, user, ...hostPort, parameters };
}

/** `host[:port]` with IPv6 in brackets, as URIs and Via want it. */
export function formatHostPort({ host, port }: HostPort): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}
