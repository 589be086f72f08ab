/**
 * A small UDP endpoint over frames: ARP or neighbour discovery, IPv4 and IPv6, UDP. It stands where
 * a kernel would: behind a fabric port of a card in memory. No fragments, no ICMP errors.
 */

import { canonicalAddress } from '../protocol/address.ts';
import { buildArpReply, parseArp } from '../protocol/arp.ts';
import { view } from '../protocol/bytes.ts';
import { type Clock, systemClock } from '../protocol/clock.ts';
import {
  answerNeighbourSolicitation,
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
import { NeighbourCache } from './neighbour-cache.ts';

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
  /** Where the port can send heartbeats from a thread of its own. */
  readonly beat?: NonNullable<LinkSender['beat']>;
}

const FIRST_EPHEMERAL = 49152; // RFC 6335 §6

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
  readonly #beat: LinkSender['beat'];
  readonly #links = new Set<LinkListener>();
  readonly #listeners = new Map<number, DatagramListener>();
  readonly #neighbours: NeighbourCache;
  #nextPort = FIRST_EPHEMERAL;

  constructor(options: UserlandEndpointOptions) {
    this.address = canonicalAddress(options.address);
    this.#mac = options.mac;
    this.#send = options.send;
    this.#clock = options.clock ?? systemClock;
    this.#answers = options.answers ?? false;
    this.#beat = options.beat;
    this.#neighbours = new NeighbourCache({
      address: this.address,
      mac: () => this.#mac,
      send: this.#send,
      clock: this.#clock,
      lost: (sendings) => {
        this.counters.unresolved += sendings;
      },
    });
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
    this.#neighbours.forget();
  }

  async openLink(listener?: LinkListener): Promise<LinkSender> {
    if (listener !== undefined) this.#links.add(listener);
    return {
      send: (frame) => this.#send(Buffer.from(frame)),
      ...(this.#beat === undefined ? {} : { beat: this.#beat }),
      close: () => {
        if (listener !== undefined) this.#links.delete(listener);
      },
    };
  }

  async close(): Promise<void> {
    this.#neighbours.close();
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
    if (this.#neighbours.receive(frame)) this.counters.neighbour++;
    else if (this.#answers && this.#answerQuestion(frame)) this.counters.neighbour++;
    else if (isAnswer(frame)) this.counters.neighbour++;
    else this.counters.unknown++;
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
    this.#neighbours.resolve(dst, (dstMac) => {
      this.counters.sent++;
      const src = this.address;
      const srcMac = this.#mac;
      this.#send(buildUdpFrame({ srcMac, dstMac, src, dst, srcPort, dstPort: to.port, payload }));
    });
  }

  #freePort(): number {
    while (this.#listeners.has(this.#nextPort)) this.#nextPort++;
    return this.#nextPort++;
  }
}

/** ARP reply or neighbour advertisement, though nobody here had asked. */
function isAnswer(frame: Uint8Array): boolean {
  return parseArp(frame)?.operation === 'reply' || parseNeighbourAdvertisement(frame) !== undefined;
}
