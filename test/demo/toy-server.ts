import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** How the toy server departs from what is right. */
export type Fault = 'none' | 'no-contact' | 'refuses' | 'silent-on-bye' | 'loses-first-ok';

/**
 * A SIP server that knows no card: takes INVITEs at one port and names another in Contact. It is
 * written for these tests only and shares nothing with the processors of ours.
 */
export class ToyServer {
  readonly seen = { wellKnown: new Map<string, number>(), contact: new Map<string, number>() };
  /** Request lines whose URI is not the Contact that was given. */
  readonly strayed: string[] = [];
  readonly #wellKnown = createSocket('udp4');
  readonly #contact = createSocket('udp4');
  readonly #fault: Fault;
  readonly #answered = new Set<string>();

  constructor(fault: Fault = 'none') {
    this.#fault = fault;
    this.#serve(this.#wellKnown, this.seen.wellKnown);
    this.#serve(this.#contact, this.seen.contact);
  }

  /** Resolves with the port for INVITEs on 127.0.0.1. */
  async listen(): Promise<number> {
    for (const socket of [this.#wellKnown, this.#contact]) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return this.#wellKnown.address().port;
  }

  close(): void {
    this.#wellKnown.close();
    this.#contact.close();
  }

  get #uri(): string {
    const { port } = this.#contact.address() as AddressInfo;
    return `sip:toy@127.0.0.1:${port};id=7`;
  }

  #serve(socket: Socket, counts: Map<string, number>): void {
    socket.on('message', (message, from) => {
      const [first = '', ...lines] = message.toString().split('\r\n');
      const [method = '', uri = ''] = first.split(' ');
      counts.set(method, (counts.get(method) ?? 0) + 1);
      if (method !== 'INVITE' && uri !== this.#uri) this.strayed.push(first);
      const status = this.#statusFor(method, lines.find((line) => /^call-id:/i.test(line)) ?? '');
      if (status === undefined) return;
      const copied = lines.filter((line) => /^(via|from|call-id|cseq):/i.test(line));
      const to = lines.find((line) => /^to:/i.test(line)) ?? '';
      const contact =
        method === 'INVITE' && this.#fault !== 'no-contact' ? [`Contact: <${this.#uri}>`] : [];
      const answer = [
        `SIP/2.0 ${status}`,
        ...copied,
        to.includes('tag=') ? to : `${to};tag=toy`,
        ...contact,
        'Content-Length: 0',
      ];
      socket.send(`${answer.join('\r\n')}\r\n\r\n`, from.port, from.address);
    });
  }

  #statusFor(method: string, callId: string): string | undefined {
    if (method === 'INVITE') {
      if (this.#fault === 'refuses') return '486 Busy Here';
      const again = this.#answered.has(callId);
      this.#answered.add(callId);
      return this.#fault === 'loses-first-ok' && !again ? undefined : '200 OK';
    }
    if (method === 'BYE') return this.#fault === 'silent-on-bye' ? undefined : '200 OK';
    return undefined;
  }
}
