import { performance } from 'node:perf_hooks';
import type { DatagramEndpoint, DatagramSocket } from '../../processor/datagram-endpoint.ts';
import { parseSip, type SipResponse } from '../../protocol/sip.ts';
import { parseNameAddress, parseSipUri } from '../../protocol/sip-header.ts';
import { T1 } from '../../protocol/sip-transaction.ts';
import { type CallCounts, type Caller, type CallerResult, SILENCE } from './caller.ts';

export interface MemoryCallerOptions {
  /** The client's UDP, such as a UserlandEndpoint behind a line port in memory. */
  readonly endpoint: DatagramEndpoint;
  /** Where INVITEs go. */
  readonly remote: { readonly address: string; readonly port: number };
  /** New calls per second. */
  readonly rate: number;
  readonly calls: number;
  /** So many times SIP's timers, for a card that is simulated slowly. 1 where not given. */
  readonly timers?: number;
}

/** Where the next request of a call goes, and what it says. */
interface Target {
  readonly address: string;
  readonly port: number;
  readonly uri: string;
  /** To, with the tag once there is one. */
  readonly to: string;
}

interface Call {
  readonly id: string;
  readonly tag: string;
  target: Target;
  /** What it waits for a 200 to; undefined between the ACK and the BYE. */
  waiting: 'INVITE' | 'BYE' | undefined;
  timer: NodeJS.Timeout | undefined;
}

const CLIENT_PORT = 5060;
/** Milliseconds between new calls' batches. */
const TICK = 10;
/** Milliseconds between ACK and BYE, as in uac.xml. */
const PAUSE = 200;

/**
 * Makes the calls of uac.xml where no SIPp can: INVITE, and what follows its 200 to the Contact of
 * that 200. It is ours, so it shows less than a program that knows nothing of us.
 */
export class MemoryCaller implements Caller {
  readonly ended: Promise<CallerResult>;
  readonly #options: MemoryCallerOptions;
  readonly #calls = new Map<string, Call>();
  readonly #causes: Record<string, number> = {};
  #socket: DatagramSocket | undefined;
  #attempted = 0;
  #succeeded = 0;
  #failed = 0;
  #retransmissions = 0;
  #ticker: NodeJS.Timeout | undefined;
  #enough = false;
  #resolve: (result: CallerResult) => void = () => {};

  constructor(options: MemoryCallerOptions) {
    this.#options = options;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#begin().catch(reject);
    });
    this.ended.catch(() => {}); // whoever awaits it hears of it
  }

  async progress(): Promise<CallCounts> {
    return this.#counts();
  }

  quit(): void {
    this.#enough = true;
    this.#endIfDone();
  }

  kill(): void {
    for (const call of this.#calls.values()) clearTimeout(call.timer);
    this.#calls.clear();
    this.quit();
  }

  async #begin(): Promise<void> {
    this.#socket = await this.#options.endpoint.bind(CLIENT_PORT, (payload) =>
      this.#receive(payload),
    );
    const { rate, calls } = this.#options;
    const begun = performance.now();
    this.#ticker = setInterval(() => {
      const due = Math.min(calls, Math.floor(((performance.now() - begun) * rate) / 1000) + 1);
      while (this.#attempted < due && !this.#enough) this.#invite();
      if (this.#attempted >= calls) this.quit();
    }, TICK);
  }

  #invite(): void {
    const { remote } = this.#options;
    const number = ++this.#attempted;
    const uri = `sip:service@${remote.address}:${remote.port}`;
    const call: Call = {
      id: `${number}@${this.#options.endpoint.address}`,
      tag: `memory-${number}`,
      target: { ...remote, uri, to: `<${uri}>` },
      waiting: undefined,
      timer: undefined,
    };
    this.#calls.set(call.id, call);
    this.#ask(call, 'INVITE');
  }

  /** Sends a request and repeats it until its 200 comes (RFC 3261 §17.1.1.2, §17.1.2.2). */
  #ask(call: Call, method: 'INVITE' | 'BYE'): void {
    call.waiting = method;
    const branch = `z9hG4bK-${call.tag}-${method}`;
    const { timers = 1 } = this.#options;
    const send = () => this.#send(call, method, branch);
    const repeat = (interval: number, waited: number) => {
      const wait = Math.min(interval, SILENCE * timers - waited);
      call.timer = setTimeout(() => {
        if (waited + wait >= SILENCE * timers) {
          this.#fail(call, `no answer to ${method}`);
          return;
        }
        this.#retransmissions++;
        send();
        repeat(interval * 2, waited + wait);
      }, wait);
    };
    send();
    repeat(T1 * timers, 0);
  }

  #receive(payload: Buffer): void {
    const response = parseSip(payload);
    if (response.kind !== 'response') return;
    const call = this.#calls.get(response.header('call-id') ?? '');
    if (call === undefined) return;
    const method = response.cseq?.method;
    if (response.status < 200) return;
    if (method === 'INVITE' && call.waiting !== 'INVITE') {
      // The 200 once more: its ACK was lost (§13.2.2.4).
      if (response.status === 200) this.#acknowledge(call);
      return;
    }
    if (method !== call.waiting) return;
    clearTimeout(call.timer);
    if (response.status !== 200) this.#fail(call, `${response.status} to ${method}`);
    else if (method === 'BYE') this.#succeed(call);
    else this.#answered(call, response);
  }

  #answered(call: Call, response: SipResponse): void {
    const contact = parseNameAddress(response.header('contact') ?? '')?.uri;
    const uri = contact === undefined ? undefined : parseSipUri(contact);
    if (contact === undefined || uri === undefined) {
      this.#fail(call, '200 without Contact');
      return;
    }
    const to = response.header('to') ?? '';
    call.target = { address: uri.host, port: uri.port ?? CLIENT_PORT, uri: contact, to };
    call.waiting = undefined;
    this.#acknowledge(call);
    call.timer = setTimeout(() => this.#ask(call, 'BYE'), PAUSE);
  }

  #acknowledge(call: Call): void {
    this.#send(call, 'ACK', `z9hG4bK-${call.tag}-ACK`);
  }

  #send(call: Call, method: 'INVITE' | 'ACK' | 'BYE', branch: string): void {
    const { target } = call;
    const own = `${this.#options.endpoint.address}:${CLIENT_PORT}`;
    const lines = [
      `${method} ${target.uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=${branch}`,
      'Max-Forwards: 70',
      `From: <sip:caller@${own}>;tag=${call.tag}`,
      `To: ${target.to}`,
      `Call-ID: ${call.id}`,
      `CSeq: ${method === 'BYE' ? 2 : 1} ${method}`,
      ...(method === 'INVITE' ? [`Contact: <sip:caller@${own}>`] : []),
      'Content-Length: 0',
    ];
    this.#socket?.send(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), target);
  }

  #succeed(call: Call): void {
    this.#succeeded++;
    this.#forget(call);
  }

  #fail(call: Call, cause: string): void {
    this.#failed++;
    this.#causes[cause] = (this.#causes[cause] ?? 0) + 1;
    this.#forget(call);
  }

  #forget(call: Call): void {
    clearTimeout(call.timer);
    this.#calls.delete(call.id);
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (!this.#enough || this.#calls.size > 0) return;
    clearInterval(this.#ticker);
    this.#socket?.close();
    const complaints = Object.entries(this.#causes).map(([cause, times]) => `${cause}: ${times}`);
    this.#resolve({ counts: this.#counts(), status: this.#failed === 0 ? 0 : 1, complaints });
  }

  #counts(): CallCounts {
    return {
      attempted: this.#attempted,
      succeeded: this.#succeeded,
      failed: this.#failed,
      retransmissions: this.#retransmissions,
      current: this.#calls.size,
      causes: { ...this.#causes },
    };
  }
}
