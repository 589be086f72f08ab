/**
 * ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861) for what no kernel answers: the virtual
 * address towards the line, and towards processors the control address and the real addresses of
 * peers on the line. Nothing is ever passed on between line and slots.
 */

import { BROADCAST_MAC, canonicalAddress, ipVersion, isGroupMac } from '../protocol/address.ts';
import { type ArpFrame, buildArp, buildArpReply, parseArp } from '../protocol/arp.ts';
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import { ExpiringMap } from '../protocol/expiring-map.ts';
import { type IpFrame, parseIpFrame } from '../protocol/ip.ts';
import {
  answerNeighbourSolicitation,
  buildNeighbourSolicitation,
  linkLocalAddress,
  type NeighbourSolicitation,
  parseNeighbourAdvertisement,
  parseNeighbourSolicitation,
} from '../protocol/neighbour.ts';

/** A frame to go out of a port of the card as it is. */
export interface PortFrame {
  readonly port: number;
  readonly data: Buffer;
}

export interface NeighbourProxyOptions {
  readonly clock: Clock;
  readonly virtualAddresses: readonly string[];
  readonly controlAddress: string;
  readonly controlMac: string;
  /** MAC address of a line port. */
  readonly lineMac: (port: number) => string | undefined;
  /** Line port of what is sent from behind a fabric port, by a slot where the card knows which. */
  readonly linePortOf: (fabricPort: number, slot: number | undefined) => number | undefined;
  /** Sends frames that no frame just handed in is the cause of (questions repeated). */
  readonly send: (frames: readonly PortFrame[]) => void;
}

/** What became of a frame; counted. */
export type NeighbourEnd =
  | 'answered'
  | 'asking'
  | 'learned'
  /** An announcement, or a probe of a host that checks its own address. */
  | 'ignored'
  /** Somebody on the line says that it has one of the virtual addresses. */
  | 'conflict'
  /** For an address that is not ours to answer for. */
  | 'not_ours'
  /** Too many questions are open. */
  | 'overflow'
  /** No ARP and no solicitation or advertisement that may be believed. */
  | 'malformed';

export interface NeighbourResult {
  readonly end: NeighbourEnd;
  readonly frames: readonly PortFrame[];
}

/** Milliseconds for which a peer's MAC address is believed without a new sign of it. */
const PEER_LIFE = 60_000;
const PEERS = 8192;
/** Questions at a time, and who waits for one of them. */
const QUESTIONS = 256;
const WAITING = 16;
const TRIES = 3;
/** Milliseconds between them (RFC 4861 §10, RetransTimer). */
const RETRY = 1000;

interface Waiting {
  readonly port: number;
  readonly answer: (mac: string) => Buffer;
  readonly asker: string;
}

interface Question {
  readonly line: number;
  readonly waiting: Waiting[];
  tries: number;
  timer: ClockTimer;
}

const NOTHING: readonly PortFrame[] = [];

export class NeighbourProxy {
  /** Questions of ours on the line, and those that nobody answered. */
  readonly counters = { asked: 0, unanswered: 0 };
  readonly #options: NeighbourProxyOptions;
  readonly #virtual: ReadonlySet<string>;
  readonly #control: string;
  /** `line port address` → MAC. */
  readonly #peers: ExpiringMap<string, string>;
  readonly #questions = new Map<string, Question>();

  constructor(options: NeighbourProxyOptions) {
    this.#options = options;
    this.#virtual = new Set(options.virtualAddresses.map(canonicalAddress));
    this.#control = canonicalAddress(options.controlAddress);
    const now = () => options.clock.now();
    this.#peers = new ExpiringMap({ life: PEER_LIFE, limit: PEERS, now });
  }

  get peers(): number {
    return this.#peers.size;
  }

  /** Stops asking. Idempotent. */
  close(): void {
    for (const question of this.#questions.values()) question.timer.cancel();
    this.#questions.clear();
  }

  /** The sender of an IP packet from the line: its MAC address is where answers to it go. */
  learn(linePort: number, address: string, mac: string): void {
    if (this.#virtual.has(address) || isGroupMac(mac)) return;
    this.#peers.set(`${linePort} ${address}`, mac);
  }

  /** ARP or neighbour discovery from a line port. */
  fromLine(port: number, data: Buffer): NeighbourResult {
    const arp = parseArp(data);
    if (arp !== undefined) return this.#arpFromLine(port, arp);
    const solicitation = parseNeighbourSolicitation(data);
    if (solicitation !== undefined) return this.#solicitationFromLine(port, solicitation);
    const advertisement = parseNeighbourAdvertisement(data);
    if (advertisement !== undefined) {
      const mac = advertisement.targetLinkAddress ?? advertisement.srcMac;
      const asked = advertisement.solicited;
      return this.#heard(port, advertisement.target, mac, asked);
    }
    return { end: isRouterMessage(parseIpFrame(data)) ? 'ignored' : 'malformed', frames: NOTHING };
  }

  /** ARP or neighbour discovery from a fabric port. */
  fromFabric(port: number, data: Buffer, slot?: number): NeighbourResult {
    const arp = parseArp(data);
    if (arp !== undefined) {
      const { operation, senderAddress, targetAddress: target } = arp;
      if (operation === 'reply' || senderAddress === target || senderAddress === '0.0.0.0') {
        return { end: 'ignored', frames: NOTHING };
      }
      const from = { port, slot };
      return this.#fabricAsks(from, target, arp.senderMac, (mac) => buildArpReply(arp, mac));
    }
    const solicitation = parseNeighbourSolicitation(data);
    if (solicitation !== undefined) {
      // Duplicate address detection: processors share the address on purpose.
      if (solicitation.src === '::') return { end: 'ignored', frames: NOTHING };
      const asker = solicitation.sourceLinkAddress ?? solicitation.srcMac;
      return this.#fabricAsks({ port, slot }, solicitation.target, asker, (mac) =>
        answerNeighbourSolicitation(solicitation, mac),
      );
    }
    const ip = parseIpFrame(data);
    const known = isRouterMessage(ip) || parseNeighbourAdvertisement(data) !== undefined;
    return { end: known ? 'ignored' : 'malformed', frames: NOTHING };
  }

  #arpFromLine(port: number, arp: ArpFrame): NeighbourResult {
    const { operation, senderAddress, senderMac, targetAddress } = arp;
    if (this.#virtual.has(senderAddress)) return { end: 'conflict', frames: NOTHING };
    if (operation === 'reply') return this.#heard(port, senderAddress, senderMac, true);
    if (senderAddress === targetAddress) {
      return this.#heard(port, senderAddress, senderMac, false);
    }
    const mac = this.#options.lineMac(port);
    if (!this.#virtual.has(targetAddress) || mac === undefined) {
      return { end: 'not_ours', frames: NOTHING };
    }
    // Who asks for us will be spoken to (RFC 826). A probe has no address yet (RFC 5227 §2.1.1).
    if (senderAddress !== '0.0.0.0') this.learn(port, senderAddress, senderMac);
    return { end: 'answered', frames: [{ port, data: buildArpReply(arp, mac) }] };
  }

  #solicitationFromLine(port: number, solicitation: NeighbourSolicitation): NeighbourResult {
    const { src, target, sourceLinkAddress, srcMac } = solicitation;
    if (this.#virtual.has(src)) return { end: 'conflict', frames: NOTHING };
    const mac = this.#options.lineMac(port);
    // By its link-local address the line is a router to users' prefixes.
    if (mac === undefined || !(this.#virtual.has(target) || target === linkLocalAddress(mac))) {
      return { end: 'not_ours', frames: NOTHING };
    }
    if (src !== '::') this.learn(port, src, sourceLinkAddress ?? srcMac);
    const data = answerNeighbourSolicitation(solicitation, mac);
    return { end: 'answered', frames: [{ port, data }] };
  }

  /** Somebody on the line says where `address` is. Unasked, it may only correct what is known. */
  #heard(port: number, address: string, mac: string, asked: boolean): NeighbourResult {
    if (this.#virtual.has(address)) return { end: 'conflict', frames: NOTHING };
    const key = `${port} ${address}`;
    const question = this.#questions.get(key);
    if (question === undefined || !asked) {
      if (this.#peers.get(key) !== undefined) this.learn(port, address, mac);
      return { end: 'ignored', frames: NOTHING };
    }
    if (isGroupMac(mac)) return { end: 'malformed', frames: NOTHING };
    question.timer.cancel();
    this.#questions.delete(key);
    this.learn(port, address, mac);
    const frames = question.waiting.map((waiting) => ({
      port: waiting.port,
      data: waiting.answer(mac),
    }));
    return { end: 'learned', frames };
  }

  #fabricAsks(
    { port, slot }: { readonly port: number; readonly slot: number | undefined },
    address: string,
    asker: string,
    answer: (mac: string) => Buffer,
  ): NeighbourResult {
    const target = canonicalAddress(address);
    if (target === this.#control) {
      return { end: 'answered', frames: [{ port, data: answer(this.#options.controlMac) }] };
    }
    // Its own address, which all processors have.
    if (this.#virtual.has(target)) return { end: 'ignored', frames: NOTHING };
    const line = this.#options.linePortOf(port, slot);
    if (line === undefined) return { end: 'not_ours', frames: NOTHING };
    const key = `${line} ${target}`;
    const mac = this.#peers.get(key);
    if (mac !== undefined) return { end: 'answered', frames: [{ port, data: answer(mac) }] };
    return this.#ask(key, line, target, { port, answer, asker });
  }

  #ask(key: string, line: number, target: string, waiting: Waiting): NeighbourResult {
    const open = this.#questions.get(key);
    if (open !== undefined) {
      // Who repeats its question waits once.
      const known = open.waiting.some(
        (other) => other.port === waiting.port && other.asker === waiting.asker,
      );
      if (!known && open.waiting.length >= WAITING) return { end: 'overflow', frames: NOTHING };
      if (!known) open.waiting.push(waiting);
      return { end: 'asking', frames: NOTHING };
    }
    const data = this.#questionFrame(line, target);
    if (data === undefined) return { end: 'not_ours', frames: NOTHING };
    if (this.#questions.size >= QUESTIONS) return { end: 'overflow', frames: NOTHING };
    const frame = { port: line, data };
    const question: Question = {
      line,
      waiting: [waiting],
      tries: 1,
      timer: this.#options.clock.schedule(RETRY, () => this.#again(key, frame)),
    };
    this.#questions.set(key, question);
    this.counters.asked++;
    return { end: 'asking', frames: [frame] };
  }

  #again(key: string, frame: PortFrame): void {
    const question = this.#questions.get(key);
    if (question === undefined) return;
    if (question.tries >= TRIES) {
      this.#questions.delete(key);
      this.counters.unanswered++;
      return;
    }
    question.tries++;
    this.counters.asked++;
    question.timer = this.#options.clock.schedule(RETRY, () => this.#again(key, frame));
    this.#options.send([frame]);
  }

  /** Undefined where the line port is missing, or a virtual IPv4 address to ask with. */
  #questionFrame(line: number, target: string): Buffer | undefined {
    const srcMac = this.#options.lineMac(line);
    const version = ipVersion(target);
    const own = [...this.#virtual].find((address) => ipVersion(address) === version);
    if (srcMac === undefined) return undefined;
    if (version === 6) {
      const src = own ?? linkLocalAddress(srcMac);
      return buildNeighbourSolicitation({ srcMac, src, target, sourceLinkAddress: srcMac });
    }
    if (own === undefined) return undefined;
    return buildArp({
      dstMac: BROADCAST_MAC,
      srcMac,
      operation: 'request',
      senderMac: srcMac,
      senderAddress: own,
      targetMac: '00:00:00:00:00:00',
      targetAddress: target,
    });
  }
}

/** Router solicitation, router advertisement and redirect (RFC 4861 §4): nothing here follows them. */
function isRouterMessage(ip: IpFrame | undefined): boolean {
  const type = ip?.protocol === 58 ? (ip.payload[0] ?? 0) : 0;
  return type === 133 || type === 134 || type === 137;
}
