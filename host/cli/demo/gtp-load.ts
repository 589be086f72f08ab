/**
 * Load for gateways: users that open sessions, ping a host beyond the packet network at a steady rate, and
 * end. What is answered and what is not is counted user by user.
 */

import { internetChecksum } from '../../protocol/checksum.ts';
import { IP_PROTOCOL } from '../../protocol/ip.ts';
import { buildIpv4, parseIpv4 } from '../../protocol/ipv4.ts';
import type { GtpPeer } from './gtp-peer.ts';
import type { PeerSession } from './gtp-peer-session.ts';

export interface GtpLoadOptions {
  readonly peer: GtpPeer;
  /** Whom users ping. */
  readonly host: string;
  readonly sessions: number;
  /** Sessions opened a second; and pings a second of all users together. */
  readonly setupRate: number;
  readonly packetRate: number;
}

export interface GtpLoadCounts {
  readonly created: number;
  /** Not opened: refused, or no answer. */
  readonly failed: number;
  readonly sent: number;
  readonly answered: number;
  /** Answers that came twice. */
  readonly doubled: number;
  /** Ended in good order. */
  readonly ended: number;
  /** Not there any more when they were to end, or without an answer. */
  readonly lost: number;
}

const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;
/** Milliseconds between bursts: timers of a busy machine are no finer. */
const TICK = 10;
/** Milliseconds for the last answers. */
const LAST_ANSWERS = 1000;
/** Requests that wait for their answer at a time. */
const AT_ONCE = 32;

/** Milliseconds since 1970, and their fractions. */
const now = () => performance.timeOrigin + performance.now();

interface User {
  readonly session: PeerSession;
  /** Of the next ping. */
  sequence: number;
  /** When each ping was sent that is not answered yet, by sequence number. */
  readonly waiting: Map<number, number>;
}

export class GtpLoad {
  readonly #options: GtpLoadOptions;
  readonly #users: User[] = [];
  readonly #byUser = new Map<number, User>();
  readonly #times: number[] = [];
  #failed = 0;
  #sent = 0;
  #answered = 0;
  #doubled = 0;
  #ended = 0;
  #lost = 0;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GtpLoadOptions) {
    this.#options = options;
    options.peer.on('packet', (session, packet) => this.#heard(session, packet));
  }

  counts(): GtpLoadCounts {
    return {
      created: this.#users.length,
      failed: this.#failed,
      sent: this.#sent,
      answered: this.#answered,
      doubled: this.#doubled,
      ended: this.#ended,
      lost: this.#lost,
    };
  }

  /** Milliseconds from each ping to its answer. */
  times(): readonly number[] {
    return this.#times;
  }

  /** When the pings were sent that nobody has answered, in milliseconds since 1970, in order. */
  unanswered(): number[] {
    return this.#users.flatMap(({ waiting }) => [...waiting.values()]).sort((a, b) => a - b);
  }

  /** Opens all sessions; users ping from their own's beginning on. */
  async open(): Promise<void> {
    const { sessions, setupRate, peer } = this.#options;
    this.#ping();
    const pending: Promise<void>[] = [];
    const began = performance.now();
    for (let i = 0; i < sessions; i++) {
      const due = began + (1000 * i) / setupRate;
      const wait = due - performance.now();
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      // A test network's IMSIs (ITU-T E.212: 001-01), and both versions in turn.
      const imsi = `00101${String(i).padStart(10, '0')}`;
      pending.push(
        peer.create(imsi, i % 2 === 0 ? 2 : 1).then(
          (session) => {
            const user = { session, sequence: 0, waiting: new Map<number, number>() };
            this.#users.push(user);
            this.#byUser.set(session.user, user);
          },
          () => {
            this.#failed++;
          },
        ),
      );
    }
    await Promise.all(pending);
  }

  /** Pings no more, waits for the last answers, and ends all sessions. */
  async close(): Promise<GtpLoadCounts> {
    clearInterval(this.#timer);
    await new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS));
    const left = this.#users.values();
    const one = async () => {
      for (const { session } of left) {
        await this.#options.peer.delete(session).then(
          () => {
            this.#ended++;
          },
          () => {
            this.#lost++;
          },
        );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    return this.counts();
  }

  #ping(): void {
    const { packetRate } = this.#options;
    const began = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const until = Math.floor(((performance.now() - began) * packetRate) / 1000);
      // What could not be sent in time is not made up for: that would be a burst.
      due = Math.max(due, until - packetRate / 10);
      for (; due < until; due++) this.#sendOne();
    }, TICK);
  }

  #sendOne(): void {
    const { peer, host } = this.#options;
    const user = this.#users[this.#turn++ % Math.max(1, this.#users.length)];
    const src = user?.session.ipv4;
    if (user === undefined || src === undefined) return;
    const message = Buffer.alloc(16);
    message.writeUInt8(ECHO_REQUEST, 0);
    message.writeUInt16BE(user.sequence & 0xffff, 6);
    message.writeUInt32BE(user.sequence, 8);
    message.writeUInt16BE(internetChecksum(message), 2);
    user.waiting.set(user.sequence++, now());
    this.#sent++;
    const packet = buildIpv4({ src, dst: host, protocol: IP_PROTOCOL.icmp, payload: message });
    peer.send(user.session, packet);
  }

  #heard(session: PeerSession | undefined, packet: Buffer): void {
    const user = session && this.#byUser.get(session.user);
    const ip = parseIpv4(packet);
    if (user === undefined || ip?.dst !== user.session.ipv4) return;
    if (ip?.protocol !== IP_PROTOCOL.icmp || ip.payload[0] !== ECHO_REPLY) return;
    if (ip.payload.length < 12) return;
    const sequence = ip.payload.readUInt32BE(8);
    if (sequence >= user.sequence) return;
    const sent = user.waiting.get(sequence);
    if (sent === undefined) {
      this.#doubled++;
      return;
    }
    user.waiting.delete(sequence);
    this.#answered++;
    this.#times.push(now() - sent);
  }
}
