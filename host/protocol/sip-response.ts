/** Responses to SIP requests (RFC 3261 §8.2.6, §18.2; symmetric routing by RFC 3581). */
import type { SipRequest } from './sip.ts';
import { formatHostPort, parseVia, splitOutside } from './sip-header.ts';

/** Where a datagram came from, as the IP and UDP headers say. */
export interface Source {
  readonly address: string;
  readonly port: number;
}

export interface ResponseOptions {
  /** Put into To where the request's To has none; left out for 100 (§8.2.6.2). */
  readonly toTag?: string;
  /** Further fields, in order, such as `['Contact', '<sip:…>']`. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer;
  /** Copy Record-Route: for responses that establish a dialog (§12.1.1). */
  readonly recordRoute?: boolean;
}

/**
 * Builds the response to `request`, which came from `source`. The request needs Via, From, To,
 * Call-ID and CSeq; a field that it lacks is left out, so that even a 400 can be built.
 */
export function buildResponse(
  request: SipRequest,
  status: number,
  reason: string,
  source: Source,
  options: ResponseOptions = {},
): Buffer {
  let text = `SIP/2.0 ${status} ${reason}\r\n`;
  let top = true;
  for (const field of request.fields) {
    if (field.name !== 'via') continue;
    text += `Via: ${top ? markTopVia(field.value, source) : field.value}\r\n`;
    top = false;
  }
  if (options.recordRoute === true) {
    for (const field of request.fields) {
      if (field.name === 'record-route') text += `Record-Route: ${field.value}\r\n`;
    }
  }
  const from = request.header('from');
  if (from !== undefined) text += `From: ${from}\r\n`;
  const to = request.header('to');
  if (to !== undefined) {
    const tag =
      options.toTag !== undefined && status !== 100 && request.to?.tag === ''
        ? `;tag=${options.toTag}`
        : '';
    text += `To: ${to}${tag}\r\n`;
  }
  if (request.callId !== undefined) text += `Call-ID: ${request.callId}\r\n`;
  const cseq = request.header('cseq');
  if (cseq !== undefined) text += `CSeq: ${cseq}\r\n`;
  for (const [name, value] of options.fields ?? []) text += `${name}: ${value}\r\n`;
  const body = options.body;
  text += `Content-Length: ${body?.length ?? 0}\r\n\r\n`;
  const head = Buffer.from(text, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

/**
 * The top Via as a response carries it: `received` where sent-by names another host than the packet
 * came from (§18.2.1), and both `received` and the value of `rport` where the client asked for
 * symmetric routing (RFC 3581 §4).
 */
function markTopVia(value: string, source: Source): string {
  const values = splitOutside(value, ',');
  const first = values[0] as string;
  const via = parseVia(first);
  if (via === undefined) return value;
  const asked = via.parameters.get('rport');
  const other = via.sentBy.host !== source.address.toLowerCase();
  if (asked === undefined && !other) return value;
  const kept = splitOutside(first, ';').filter((part, index) => {
    if (index === 0) return true;
    const name = part.split('=', 1)[0]?.trim().toLowerCase();
    return name !== 'received' && name !== 'rport';
  });
  if (asked !== undefined) kept.push(`rport=${source.port}`);
  kept.push(`received=${source.address}`);
  return [kept.join(';'), ...values.slice(1)].join(', ');
}

/**
 * Where the response goes (§18.2.2, RFC 3581 §4): back to where the request came from; to the port
 * it came from where `rport` asks for it, else to that of sent-by. `maddr` (multicast) is not
 * followed.
 */
export function responseDestination(request: SipRequest, source: Source): Source {
  const via = request.topVia;
  if (via === undefined || via.parameters.has('rport')) return source;
  return { address: source.address, port: via.sentBy.port ?? 5060 };
}

/** `sip:user@host:port` with the host's brackets where it is IPv6. */
export function formatSipUri(user: string, host: string, port: number): string {
  return `sip:${user === '' ? '' : `${user}@`}${formatHostPort({ host, port })}`;
}

const PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  200: 'OK',
  400: 'Bad Request',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'Version Not Supported',
  603: 'Decline',
};

/** What stands behind the status; RFC 3261 leaves the words free (§7.2). */
export function reasonPhrase(status: number): string {
  return PHRASES[status] ?? (status < 400 ? 'OK' : 'Refused');
}
