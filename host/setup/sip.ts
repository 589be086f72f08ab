/**
 * Set-up handler for SIP over UDP. What comes to the well-known port begins something (INVITE,
 * OPTIONS, REGISTER …) or belongs to a transaction that a processor has: a retransmitted INVITE, a
 * CANCEL, the ACK of a refused INVITE. A table tells the two apart (RFC 3261 §17.2.3).
 *
 * It sees no reply: those go from the processor through the card to the client. An entry therefore
 * lives for 64·T1 after the transaction's last message that came this way; a processor whose call
 * rings for longer says so (`observe`).
 */
import { ExpiringMap } from '../protocol/expiring-map.ts';
import { checkRequest, parseSip, type SipRequest } from '../protocol/sip.ts';
import { buildResponse, reasonPhrase, responseDestination } from '../protocol/sip-response.ts';
import { TRANSACTION_LIFE, transactionKey } from '../protocol/sip-transaction.ts';
import { buildUdpFrame, parseUdpFrame, type UdpFrame } from '../protocol/udp.ts';
import type {
  Answer,
  Drop,
  Known,
  Occupant,
  PuntedFrame,
  Recognition,
  Selection,
  Setup,
  SetupHandler,
} from './handler.ts';

export interface SipSetupOptions {
  /** Milliseconds, as `Clock.now`. */
  readonly now: () => number;
  /** Name of the service whose rules punt to this handler. Default `sip`. */
  readonly service?: string;
  /** Transactions remembered; the oldest goes first. Default 262,144: 8,000 a second for 64·T1. */
  readonly limit?: number;
  /** Seconds in Retry-After of a 503. Default 5. */
  readonly retryAfter?: number;
}

const LIMIT = 262_144;

/** Methods that are counted by name (IANA); what a client makes up counts as `other`. */
const METHODS = new Set(
  'ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE'.split(
    ' ',
  ),
);

export class SipSetup implements SetupHandler {
  readonly service: string;
  readonly #transactions: ExpiringMap<string, Occupant>;
  readonly #retryAfter: number;
  #tags = 0;

  constructor(options: SipSetupOptions) {
    this.service = options.service ?? 'sip';
    this.#retryAfter = options.retryAfter ?? 5;
    this.#transactions = new ExpiringMap({
      life: TRANSACTION_LIFE,
      limit: options.limit ?? LIMIT,
      now: options.now,
    });
  }

  recognise(punted: PuntedFrame, alive: (occupant: Occupant) => boolean): Recognition {
    const datagram = parseUdpFrame(punted.data);
    if (datagram === undefined) return drop('bad_datagram');
    const message = parseSip(datagram.payload);
    if (message.kind === 'not-sip') return drop(`not_sip_${message.why}`);
    // Responses answer requests of a processor that asks from the well-known port; ours do not.
    if (message.kind === 'response') return drop('response');
    const fault = checkRequest(message);
    if (fault !== undefined) {
      // An ACK is never answered (§17.1.1.3), and without Via nobody knows where to.
      if (message.method === 'ACK') return drop('bad_ack');
      if (message.topVia === undefined) return drop('bad_via');
      const reason = `${reasonPhrase(fault.status)} (${fault.field}: ${fault.problem})`;
      return this.#answer(punted, datagram, message, fault.status, reason);
    }
    if (punted.cause !== 'setup') return this.#unsteerable(punted, datagram, message);
    return this.#atWellKnownPort(punted, datagram, message, alive);
  }

  choose<T extends Occupant>(
    setup: Setup,
    candidates: readonly T[],
    selection: Selection,
  ): T | undefined {
    return selection.choose(candidates, setup.size);
  }

  forward(punted: PuntedFrame, recognised: Setup | Known, occupant: Occupant): Buffer {
    // Each message of the transaction begins its life anew.
    this.#transactions.set(recognised.transaction, occupant);
    return punted.data;
  }

  refuse(punted: PuntedFrame, setup: Setup): Answer | Drop {
    const datagram = parseUdpFrame(punted.data);
    const message = datagram && parseSip(datagram.payload);
    if (datagram === undefined || message?.kind !== 'request') return drop('no_processor');
    if (setup.what === 'ACK') return drop('stray_ack');
    return this.#unavailable(punted, datagram, message);
  }

  observe(occupant: Occupant, transactions: readonly string[]): number {
    let kept = 0;
    for (const key of transactions) {
      const known = this.#transactions.get(key);
      if (known?.name !== occupant.name || known.epoch !== occupant.epoch) continue;
      this.#transactions.set(key, known);
      kept++;
    }
    return kept;
  }

  status(): Record<string, number> {
    this.#transactions.age();
    return {
      transactions: this.#transactions.size,
      expired: this.#transactions.expired,
      evicted: this.#transactions.evicted,
    };
  }

  #atWellKnownPort(
    punted: PuntedFrame,
    datagram: UdpFrame,
    message: SipRequest,
    alive: (occupant: Occupant) => boolean,
  ): Recognition {
    const { method } = message;
    const what = METHODS.has(method) ? method : 'other';
    const transaction = transactionKey(message);
    const occupant = this.#transactions.get(transaction);
    if (occupant !== undefined && alive(occupant)) {
      return { kind: 'known', what, transaction, occupant };
    }
    if (method === 'ACK') return drop('stray_ack');
    // A CANCEL without its INVITE (§9.2), and a request of a dialog that should have gone to the
    // Contact of that dialog: nobody here has it.
    if (method === 'CANCEL' || message.to?.tag !== '') {
      return this.#answer(punted, datagram, message, 481);
    }
    return { kind: 'setup', what, transaction, size: method === 'INVITE' ? 1 : 0 };
  }

  /** Sent to a Contact of ours, but the card had no slot for it. */
  #unsteerable(punted: PuntedFrame, datagram: UdpFrame, message: SipRequest): Answer | Drop {
    if (message.method === 'ACK') return drop(`ack_${punted.cause}`);
    if (punted.cause === 'slots_down') return this.#unavailable(punted, datagram, message);
    return this.#answer(punted, datagram, message, 481);
  }

  #unavailable(punted: PuntedFrame, datagram: UdpFrame, message: SipRequest): Answer {
    const fields = [['Retry-After', String(this.#retryAfter)]] as const;
    return this.#answer(punted, datagram, message, 503, reasonPhrase(503), fields);
  }

  #answer(
    { lineMac }: PuntedFrame,
    datagram: UdpFrame,
    message: SipRequest,
    status: number,
    reason = reasonPhrase(status),
    fields: readonly (readonly [string, string])[] = [],
  ): Answer {
    const source = { address: datagram.src, port: datagram.srcPort };
    const to = responseDestination(message, source);
    // Stateless, so the tag must be the same for each repetition of a request (§8.2.7).
    const toTag = statelessTag(message, () => this.#tags++);
    const frame = buildUdpFrame({
      srcMac: lineMac,
      dstMac: datagram.srcMac,
      vlans: datagram.vlans,
      src: datagram.dst,
      dst: to.address,
      srcPort: datagram.dstPort,
      dstPort: to.port,
      payload: buildResponse(message, status, reason, source, { toTag, fields }),
    });
    return { kind: 'answer', frame, reason: `sip_${status}` };
  }
}

/** FNV-1a over what identifies the request: no secret, only the same each time. */
function statelessTag(message: SipRequest, otherwise: () => number): string {
  const branch = message.topVia?.branch ?? '';
  const text = `${branch} ${message.callId ?? ''}`;
  if (text === ' ') return `sp${otherwise().toString(36)}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return `sp${(hash >>> 0).toString(36)}`;
}

function drop(reason: string): Drop {
  return { kind: 'drop', reason };
}
