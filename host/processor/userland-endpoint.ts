/**
 * A small UDP endpoint over frames: ARP or neighbour discovery, IPv4 and IPv6, UDP. It stands where
 * a kernel would: behind a fabric port of a card in memory. No fragments, no ICMP errors.
 */

import { BROADCAST_MAC, canonicalAddress, ipVersion } from '../protocol/address.ts';
import { buildArp, buildArpReply, parseArp } from '../protocol/arp.ts';
import { view } from '../protocol/bytes.ts';
import { type Clock, type ClockTimer, systemClock } from '../protocol/clock.ts';
import {
  answerNeighbourSolicitation,
  buildNeighbourSolicitation,
  parseNeighbourAdvertisement,
  parseNeighbourSolicitation,
} from '../protocol/neighbour.ts';
import { buildUdpFrame, parseUdpFrame } from '../protocol/udp.ts';
import type {
  DatagramEndpoint,
  DatagramListener,
  DatagramSocket,
  LinkListener,
  LinkSender,
  Peer,
} from './datagram-endpoint.ts';

export interface UserlandEndpointOptions {
  readonly address: string;
  /** Until the switch processor gives another one. */
  readonly mac: string;
  /** Puts a frame on the port. */
  readonly send: (frame: Buffer) => void;
  readonly clock?: Clock;
  /**
   * Answers who asks for its address. Default false: processors share theirs, and the switch
   * processor answers for it; a client on the line answers for itself.
   */
  readonly answers?: boolean;
}

/** Questions for one address before what waits for it is dropped (Linux: ucast/mcast_solicit 3). */
const TRIES = 3;
/** Milliseconds between them (RFC 4861 RetransTimer). */
const RETRY = 1000;
/** Datagrams that wait for one address. */
const QUEUE = 16;
/** Addresses asked for at a time. */
const QUESTIONS = 64;
/** Neighbours remembered. */
const NEIGHBOURS = 4096;
const FIRST_EPHEMERAL = 49152; // RFC 6335 §6

interface Question {
  readonly waiting: ((mac: string) => void)[];
  tries: number;
  timer: ClockTimer;
}

export class UserlandEndpoint implements DatagramEndpoint {
  readonly address: string;
  /** Frames and datagrams by what became of them. */
  readonly counters = {
    received: 0,
    sent: 0,
    delivered: 0,
    neighbour: 0,
    /** Of a kind that this endpoint does not speak. */
    unknown: 0,
    /** Whole datagrams to another address or to a port where nobody listens. */
    noListener: 0,
    /** Datagrams whose peer's MAC address could not be had. */
    unresolved: 0,
  };
  #mac: string;
  readonly #send: (frame: Buffer) => void;
  readonly #clock: Clock;
  readonly #answers: boolean;
  readonly #links = new Set<LinkListener>();
  readonly #listeners = new Map<number, DatagramListener>();
  readonly #neighbours = new Map<string, string>();
  readonly #questions = new Map<string, Question>();
  #nextPort = FIRST_EPHEMERAL;

  constructor(options: UserlandEndpointOptions) {
    this.address = canonicalAddress(options.address);
    this.#mac = options.mac;
    this.#send = options.send;
    this.#clock = options.clock ?? systemClock;
    this.#answers = options.answers ?? false;
  }

  get mac(): string {
    return this.#mac;
  }

  async bind(port: number, listener: DatagramListener): Promise<DatagramSocket> {
    const bound = port === 0 ? this.#freePort() : port;
    if (this.#listeners.has(bound)) {
      throw new Error(`UDP port ${bound} of ${this.address}: already in use here`);
    }
    this.#listeners.set(bound, listener);
    return {
      port: bound,
      send: (payload, to) => this.#sendDatagram(payload, bound, to),
      close: () => {
        if (this.#listeners.get(bound) === listener) this.#listeners.delete(bound);
      },
    };
  }

  async setMac(mac: string): Promise<void> {
    this.#mac = mac;
    // As kernels do: neighbours may know us, and be known to us, by the old address.
    this.#neighbours.clear();
  }

  async openLink(listener?: LinkListener): Promise<LinkSender> {
    if (listener !== undefined) this.#links.add(listener);
    return {
      send: (frame) => this.#send(Buffer.from(frame)),
      close: () => {
        if (listener !== undefined) this.#links.delete(listener);
      },
    };
  }

  async close(): Promise<void> {
    for (const question of this.#questions.values()) question.timer.cancel();
    this.#questions.clear();
    this.#listeners.clear();
    this.#links.clear();
  }

  /** A frame from the port. */
  receive(frame: Uint8Array): void {
    this.counters.received++;
    for (const { etherType, receive } of this.#links) {
      if (frame.length >= 14 && ((frame[12] ?? 0) << 8) + (frame[13] ?? 0) === etherType) {
        receive(view(frame));
        return;
      }
    }
    const datagram = parseUdpFrame(frame);
    if (datagram !== undefined) {
      const listener = this.#listeners.get(datagram.dstPort);
      if (datagram.dst !== this.address || listener === undefined) {
        this.counters.noListener++;
        return;
      }
      this.counters.delivered++;
      listener(datagram.payload, { address: datagram.src, port: datagram.srcPort });
      return;
    }
    const answer = readAnswer(frame);
    if (answer === undefined) {
      if (this.#answers && this.#answerQuestion(frame)) this.counters.neighbour++;
      else this.counters.unknown++;
      return;
    }
    this.counters.neighbour++;
    const question = this.#questions.get(answer.address);
    // Answers that nobody asked for are no ground for anything.
    if (question === undefined) return;
    this.#questions.delete(answer.address);
    question.timer.cancel();
    this.#remember(answer.address, answer.mac);
    for (const send of question.waiting) send(answer.mac);
  }

  #answerQuestion(frame: Uint8Array): boolean {
    const arp = parseArp(frame);
    if (arp !== undefined) {
      if (arp.operation !== 'request' || arp.targetAddress !== this.address) return false;
      this.#send(buildArpReply(arp, this.#mac));
      return true;
    }
    const solicitation = parseNeighbourSolicitation(frame);
    if (solicitation?.target !== this.address) return false;
    this.#send(answerNeighbourSolicitation(solicitation, this.#mac));
    return true;
  }

  #sendDatagram(payload: Uint8Array, srcPort: number, to: Peer): void {
    const dst = canonicalAddress(to.address);
    const send = (dstMac: string) => {
      this.counters.sent++;
      const ports = { srcPort, dstPort: to.port };
      const link = { srcMac: this.#mac, dstMac };
      this.#send(buildUdpFrame({ ...link, src: this.address, dst, ...ports, payload }));
    };
    const known = this.#neighbours.get(dst);
    if (known !== undefined) send(known);
    else this.#ask(dst, send);
  }

  #ask(address: string, send: (mac: string) => void): void {
    const question = this.#questions.get(address);
    if (question !== undefined) {
      if (question.waiting.length < QUEUE) question.waiting.push(send);
      else this.counters.unresolved++;
      return;
    }
    if (this.#questions.size >= QUESTIONS) {
      this.counters.unresolved++;
      return;
    }
    const retry = () => {
      const asked = this.#questions.get(address);
      if (asked === undefined) return;
      if (asked.tries >= TRIES) {
        this.#questions.delete(address);
        this.counters.unresolved += asked.waiting.length;
        return;
      }
      asked.tries++;
      asked.timer = this.#clock.schedule(RETRY, retry);
      this.#send(this.#questionFrame(address));
    };
    this.#questions.set(address, { waiting: [send], tries: 0, timer: { cancel() {} } });
    retry();
  }

  #questionFrame(target: string): Buffer {
    const srcMac = this.#mac;
    if (ipVersion(target) === 6) {
      return buildNeighbourSolicitation({
        srcMac,
        src: this.address,
        target,
        sourceLinkAddress: srcMac,
      });
    }
    return buildArp({
      dstMac: BROADCAST_MAC,
      srcMac,
      operation: 'request',
      senderMac: srcMac,
      senderAddress: this.address,
      targetMac: '00:00:00:00:00:00',
      targetAddress: target,
    });
  }

  #remember(address: string, mac: string): void {
    if (this.#neighbours.size >= NEIGHBOURS) {
      for (const oldest of this.#neighbours.keys()) {
        this.#neighbours.delete(oldest);
        break;
      }
    }
    this.#neighbours.set(address, mac);
  }

  #freePort(): number {
    while (this.#listeners.has(this.#nextPort)) this.#nextPort++;
    return this.#nextPort++;
  }
}

function readAnswer(frame: Uint8Array): { address: string; mac: string } | undefined {
  const arp = parseArp(frame);
  if (arp?.operation === 'reply') return { address: arp.senderAddress, mac: arp.senderMac };
  const advertisement = parseNeighbourAdvertisement(frame);
  if (advertisement === undefined) return undefined;
  const mac = advertisement.targetLinkAddress ?? advertisement.srcMac;
  return { address: advertisement.target, mac };
}
