/**
 * Which server transaction a request belongs to (RFC 3261 §17.2.3), as a text that is equal for all
 * messages of one transaction. The dispatcher and the processors make the same text, so that they
 * can speak of a transaction.
 */
import type { SipRequest } from './sip.ts';
import { formatHostPort } from './sip-header.ts';

/** T1 of §17.1.1.1, in milliseconds: the estimate of a round trip. */
export const T1 = 500;
/** T2 of §17.1.2.2: the longest interval between retransmissions. */
export const T2 = 4000;
/** Life of a transaction after its last message: Timers B, F, H and J are all 64·T1. */
export const TRANSACTION_LIFE = 64 * T1;

/** Branches that begin so are unique for each transaction (§8.1.1.7). */
const MAGIC_COOKIE = 'z9hG4bK';

/**
 * The key of the transaction that `request` creates or belongs to; `checkRequest` must have found
 * nothing wrong. ACK and CANCEL give the key of their INVITE: an ACK that comes this way
 * acknowledges a refusal and is part of it (§17.1.1.3), a CANCEL names the request that it cancels
 * (§9.2), and that may only be an INVITE (§9.1).
 */
export function transactionKey(request: SipRequest): string {
  const via = request.topVia;
  const method =
    request.method === 'ACK' || request.method === 'CANCEL' ? 'INVITE' : request.method;
  if (via?.branch.startsWith(MAGIC_COOKIE) === true) {
    const sentBy = formatHostPort({ host: via.sentBy.host, port: via.sentBy.port ?? 5060 });
    return `${via.branch} ${sentBy} ${method}`;
  }
  // RFC 2543 clients: Request-URI, tags, Call-ID, CSeq and the top Via. The To tag of an ACK is
  // that of a response which the dispatcher does not see, so it takes no part for INVITE.
  const toTag = method === 'INVITE' ? '' : (request.to?.tag ?? '');
  return [
    request.uri,
    toTag,
    request.from?.tag ?? '',
    request.callId ?? '',
    request.cseq?.number ?? '',
    (request.header('via') ?? '').split(',', 1)[0]?.replace(/\s+/g, ' ') ?? '',
    method,
  ].join('\n');
}
