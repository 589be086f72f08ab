/**
 * The reference processor for SIP: a user agent server (RFC 3261 §8.2, §12, §13.3, §17.2) that
 * answers calls and gives each dialog a Contact whose port is one of its VIDs. It carries no media.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, type ClockTimer, systemClock } from '../protocol/clock.ts';
import { ExpiringMap } from '../protocol/expiring-map.ts';
import { checkRequest, parseSip, type SipRequest } from '../protocol/sip.ts';
import {
  buildResponse,
  formatSipUri,
  type ResponseOptions,
  reasonPhrase,
  responseDestination,
} from '../protocol/sip-response.ts';
import { T1, T2, TRANSACTION_LIFE, transactionKey } from '../protocol/sip-transaction.ts';
import type { DatagramEndpoint, DatagramSocket, Peer } from './datagram-endpoint.ts';
import { ListeningPorts } from './listening-ports.ts';
import type { Assignment, Load } from './processor.ts';
import { answerSdp } from './sdp-answer.ts';

export interface SipServerOptions {
  readonly endpoint: DatagramEndpoint;
  readonly clock?: Clock;
  /** Sessions at a time; further calls get 486. Default 100,000. */
  readonly capacity?: number;
  /** Milliseconds from 180 to 200. Default 0: both at once. */
  readonly ring?: number;
  /** Answers every call with this status instead of 180 and 200, such as 486. */
  readonly refuse?: number;
  /** Sends 100 before anything else. Default false: an answer at once makes it needless. */
  readonly trying?: boolean;
}

/** What came in, by what it was, and what went out. */
export function sipCounters() {
  return {
    datagrams: 0,
    responses: 0,
    invites: 0,
    /** Dialogs that began with a 200. */
    calls: 0,
    /** Dialogs that ended with a BYE. */
    completed: 0,
    refused: 0,
    cancelled: 0,
    /** Requests that came once more and were answered once more. */
    repeated: 0,
    /** 200 and refusals that had to be sent once more because no ACK came. */
    retransmitted: 0,
    /** Dialogs ended because no ACK came at all (§13.3.1.4). */
    unacknowledged: 0,
    /** Requests of dialogs that are not ours: 481. */
    unknownDialog: 0,
    /** ACKs that belong to nothing here. */
    strayAcks: 0,
    /** Requests inside a dialog that came to the well-known port: the peer ignores Contact. */
    dialogAtWellKnownPort: 0,
    badRequests: 0,
    notSip: 0,
    /** Responses: this server asks nothing. */
    unexpected: 0,
  };
}

interface Transaction {
  readonly key: string;
  readonly toTag: string;
  readonly begun: number;
  /** Last response, for repetition. */
  response: Buffer | undefined;
  readonly socket: DatagramSocket;
  readonly to: Peer;
  state: 'proceeding' | 'refused' | 'done';
  request: SipRequest | undefined;
  timer: ClockTimer | undefined;
}

interface Dialog {
  remoteCseq: number;
  /** Repeats the 200 until the ACK comes. */
  timer: ClockTimer | undefined;
}

/** Milliseconds without a request after which a dialog counts as forgotten by its peer. */
const SESSION_LIFE = 3_600_000;
const TRANSACTIONS = 500_000;
/** A call that has rung for so long is reported to the dispatcher, which would forget it at 64·T1. */
const LONG_RINGING = TRANSACTION_LIFE / 2;
const ALLOW = ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS'] as const;

export class SipServer {
  readonly counters = sipCounters();
  readonly #options: SipServerOptions;
  readonly #clock: Clock;
  readonly #ports: ListeningPorts;
  readonly #transactions: ExpiringMap<string, Transaction>;
  /** INVITE transactions without a final response. */
  readonly #ringing = new Map<string, Transaction>();
  readonly #dialogs: ExpiringMap<string, Dialog>;
  readonly #tagPrefix = randomBytes(4).toString('hex');
  #tags = 0;
  #contacts: readonly number[] = [];
  #nextContact = 0;

  constructor(options: SipServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const now = () => this.#clock.now();
    this.#ports = new ListeningPorts(options.endpoint, 'sip', (socket, payload, from, known) =>
      this.#receive(socket, payload, from, known),
    );
    this.#transactions = new ExpiringMap({ life: TRANSACTION_LIFE, limit: TRANSACTIONS, now });
    this.#dialogs = new ExpiringMap({ life: SESSION_LIFE, limit: this.#capacity, now });
  }

  get #capacity(): number {
    return this.#options.capacity ?? 100_000;
  }

  load(): Load {
    this.#dialogs.age();
    return { sessions: this.#dialogs.size + this.#ringing.size, capacity: this.#capacity };
  }

  /** Listens on the well-known port, on the ports of its VIDs and of those that it backs up. */
  async listen(assignment: Assignment): Promise<void> {
    this.#contacts = await this.#ports.listen(assignment);
  }

  /** Keys of INVITE transactions that ring for longer than the dispatcher remembers by itself. */
  longRinging(): string[] {
    const before = this.#clock.now() - LONG_RINGING;
    return [...this.#ringing.values()].filter((t) => t.begun <= before).map((t) => t.key);
  }

  /** Stops listening and all timers. Idempotent. */
  close(): void {
    this.#ports.close();
    for (const transaction of this.#ringing.values()) transaction.timer?.cancel();
    for (const transaction of this.#transactions.values()) transaction.timer?.cancel();
    for (const dialog of this.#dialogs.values()) dialog.timer?.cancel();
    this.#ringing.clear();
    this.#transactions.clear();
    this.#dialogs.clear();
  }

  #receive(socket: DatagramSocket, payload: Buffer, from: Peer, wellKnown: boolean): void {
    this.counters.datagrams++;
    const request = parseSip(payload);
    if (request.kind !== 'request') {
      if (request.kind === 'response') this.counters.unexpected++;
      else this.counters.notSip++;
      return;
    }
    const fault = checkRequest(request);
    if (fault !== undefined) {
      this.counters.badRequests++;
      if (request.method === 'ACK') return;
      const reason = `${reasonPhrase(fault.status)} (${fault.field}: ${fault.problem})`;
      const bytes = buildResponse(request, fault.status, reason, from, { toTag: this.#tag() });
      this.#sendBytes(socket, bytes, responseDestination(request, from));
      return;
    }
    if (wellKnown && request.to?.tag !== '' && request.method !== 'ACK') {
      this.counters.dialogAtWellKnownPort++;
    }
    const key = transactionKey(request);
    if (request.method === 'ACK') {
      this.#acknowledged(request, key);
      return;
    }
    const own = request.method === 'CANCEL' ? `CANCEL ${key}` : key;
    const known = this.#ringing.get(own) ?? this.#transactions.get(own);
    if (known !== undefined) {
      this.counters.repeated++;
      if (known.response !== undefined) this.#sendBytes(known.socket, known.response, known.to);
      return;
    }
    const transaction: Transaction = {
      key: own,
      toTag: request.to?.tag || this.#tag(),
      begun: this.#clock.now(),
      response: undefined,
      socket,
      to: responseDestination(request, from),
      state: 'proceeding',
      request: undefined,
      timer: undefined,
    };
    if (request.method === 'INVITE') this.#invite(transaction, request, from);
    else if (request.method === 'CANCEL') this.#cancel(transaction, key, request, from);
    else this.#other(transaction, request, from);
  }

  #invite(transaction: Transaction, request: SipRequest, from: Peer): void {
    this.counters.invites++;
    transaction.request = request;
    this.#ringing.set(transaction.key, transaction);
    if (this.#options.trying === true) this.#respond(transaction, request, from, 100, 'Trying');
    if (request.to?.tag !== '') {
      // A re-INVITE changes a session that has no media: it is accepted as it is.
      const dialog = this.#dialogOf(request);
      if (dialog === undefined) {
        this.#notMine(transaction, request, from);
        return;
      }
      if (this.#outOfOrder(transaction, dialog, request, from)) return;
      this.#accept(transaction, request, from, dialog);
      return;
    }
    const { refuse, ring = 0 } = this.#options;
    const full = this.#dialogs.size >= this.#capacity;
    if (refuse !== undefined || full || this.#contacts.length === 0) {
      this.counters.refused++;
      this.#refuse(transaction, from, refuse ?? (full ? 486 : 503));
      return;
    }
    const contact = this.#contacts[this.#nextContact++ % this.#contacts.length] as number;
    const fields = [['Contact', `<${formatSipUri('', this.#address, contact)}>`]] as const;
    this.#respond(transaction, request, from, 180, 'Ringing', { fields, recordRoute: true });
    const answer = () => this.#accept(transaction, request, from, undefined, contact);
    if (ring === 0) answer();
    else transaction.timer = this.#clock.schedule(ring, answer);
  }

  get #address(): string {
    return this.#options.endpoint.address;
  }

  /** Answers with 200 and repeats that until the ACK comes (§13.3.1.4). */
  #accept(
    transaction: Transaction,
    request: SipRequest,
    from: Peer,
    known: Dialog | undefined,
    contact = transaction.socket.port,
  ): void {
    const dialog: Dialog = known ?? { remoteCseq: request.cseq?.number ?? 0, timer: undefined };
    const id = dialogId(request, transaction.toTag);
    if (known === undefined) this.counters.calls++;
    this.#dialogs.set(id, dialog);
    const body = answerSdp(request.body, this.#address, this.counters.calls);
    this.#respond(transaction, request, from, 200, 'OK', {
      fields: [
        ['Contact', `<${formatSipUri('', this.#address, contact)}>`],
        ALLOW,
        ['Content-Type', 'application/sdp'],
      ],
      recordRoute: true,
      body,
    });
    this.#finish(transaction, 'done');
    dialog.timer?.cancel();
    this.#repeat(transaction, (timer) => {
      dialog.timer = timer;
      if (timer === undefined && this.#dialogs.delete(id)) this.counters.unacknowledged++;
    });
  }

  /** Repeats the last response after T1, 2·T1, … T2 until 64·T1 are over; then there is no timer. */
  #repeat(transaction: Transaction, set: (timer: ClockTimer | undefined) => void): void {
    const end = this.#clock.now() + TRANSACTION_LIFE;
    let interval = T1;
    const again = () => {
      if (this.#clock.now() >= end) {
        set(undefined);
        return;
      }
      this.counters.retransmitted++;
      if (transaction.response) {
        this.#sendBytes(transaction.socket, transaction.response, transaction.to);
      }
      interval = Math.min(T2, interval * 2);
      set(this.#clock.schedule(Math.min(interval, end - this.#clock.now()), again));
    };
    set(this.#clock.schedule(interval, again));
  }

  #refuse(transaction: Transaction, from: Peer, status: number): void {
    const request = transaction.request;
    if (request === undefined) return;
    this.#respond(transaction, request, from, status, reasonPhrase(status));
    this.#finish(transaction, 'refused');
    this.#repeat(transaction, (timer) => {
      transaction.timer = timer;
    });
  }

  #acknowledged(request: SipRequest, key: string): void {
    const transaction = this.#transactions.get(key);
    if (transaction?.state === 'refused') {
      transaction.timer?.cancel();
      transaction.timer = undefined;
      return;
    }
    const dialog = this.#dialogOf(request);
    if (dialog === undefined) this.counters.strayAcks++;
    else {
      dialog.timer?.cancel();
      dialog.timer = undefined;
    }
  }

  /** §9.2: 200 to the CANCEL, 487 to an INVITE that still rings, 481 where there is none. */
  #cancel(own: Transaction, key: string, request: SipRequest, from: Peer): void {
    const ringing = this.#ringing.get(key);
    const known = ringing ?? this.#transactions.get(key);
    if (known === undefined) {
      this.counters.unknownDialog++;
      this.#respond(own, request, from, 481, reasonPhrase(481));
      this.#finish(own, 'done');
      return;
    }
    this.#respond({ ...own, toTag: known.toTag }, request, from, 200, 'OK', {}, own);
    this.#finish(own, 'done');
    if (ringing === undefined) return;
    ringing.timer?.cancel();
    this.counters.cancelled++;
    this.#refuse(ringing, from, 487);
  }

  #other(transaction: Transaction, request: SipRequest, from: Peer): void {
    const done = (status: number, options: ResponseOptions = {}) => {
      this.#respond(transaction, request, from, status, reasonPhrase(status), options);
      this.#finish(transaction, 'done');
    };
    const dialog = request.to?.tag === '' ? undefined : this.#dialogOf(request);
    if (request.to?.tag !== '' || request.method === 'BYE') {
      if (dialog === undefined) {
        this.#notMine(transaction, request, from);
        return;
      }
      if (this.#outOfOrder(transaction, dialog, request, from)) return;
    }
    if (request.method === 'OPTIONS') {
      done(200, { fields: [ALLOW] });
      return;
    }
    if (request.method !== 'BYE') {
      done(501, { fields: [ALLOW] });
      return;
    }
    this.#dialogs.delete(dialogId(request, request.to?.tag ?? ''));
    dialog?.timer?.cancel();
    this.counters.completed++;
    done(200);
  }

  #notMine(transaction: Transaction, request: SipRequest, from: Peer): void {
    this.counters.unknownDialog++;
    transaction.request = request;
    if (request.method === 'INVITE') {
      this.#refuse(transaction, from, 481);
      return;
    }
    this.#respond(transaction, request, from, 481, reasonPhrase(481));
    this.#finish(transaction, 'done');
  }

  /** §12.2.2: a request older than the last one of the dialog is refused with 500. */
  #outOfOrder(t: Transaction, dialog: Dialog, request: SipRequest, from: Peer): boolean {
    const number = request.cseq?.number ?? 0;
    if (number >= dialog.remoteCseq) {
      dialog.remoteCseq = number;
      return false;
    }
    t.request = request;
    if (request.method === 'INVITE') this.#refuse(t, from, 500);
    else {
      this.#respond(t, request, from, 500, reasonPhrase(500));
      this.#finish(t, 'done');
    }
    return true;
  }

  #dialogOf(request: SipRequest): Dialog | undefined {
    return this.#dialogs.get(dialogId(request, request.to?.tag ?? ''));
  }

  #respond(
    transaction: Transaction,
    request: SipRequest,
    from: Peer,
    status: number,
    reason: string,
    options: ResponseOptions = {},
    keeper = transaction,
  ): void {
    const toTag = transaction.toTag;
    keeper.response = buildResponse(request, status, reason, from, { ...options, toTag });
    this.#sendBytes(transaction.socket, keeper.response, transaction.to);
  }

  #sendBytes(socket: DatagramSocket, bytes: Buffer, to: Peer): void {
    this.counters.responses++;
    socket.send(bytes, to);
  }

  /** The final response is sent: from now on the transaction lives for 64·T1. */
  #finish(transaction: Transaction, state: 'refused' | 'done'): void {
    transaction.state = state;
    transaction.request = undefined;
    transaction.timer = undefined;
    this.#ringing.delete(transaction.key);
    this.#transactions.set(transaction.key, transaction);
  }

  #tag(): string {
    return `${this.#tagPrefix}${(this.#tags++).toString(36)}`;
  }
}

/** §12: Call-ID, our tag, the peer's tag. */
function dialogId(request: SipRequest, localTag: string): string {
  return `${request.callId} ${localTag} ${request.from?.tag ?? ''}`;
}
