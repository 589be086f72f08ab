/**
 * Which MAC address an IP address has, asked by ARP (RFC 826) or neighbour discovery (RFC 4861) on one
 * link. What is sent meanwhile waits, a little.
 */
import { BROADCAST_MAC, ipVersion } from '../protocol/address.ts';
import { buildArp, parseArp } from '../protocol/arp.ts';
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import {
  buildNeighbourSolicitation,
  linkLocalAddress,
  parseNeighbourAdvertisement,
} from '../protocol/neighbour.ts';

export interface NeighbourCacheOptions {
  /** Of who asks. */
  readonly address: string;
  readonly mac: () => string;
  readonly send: (frame: Buffer) => void;
  readonly clock: Clock;
  /** So many sendings were dropped, since their address could not be had. */
  readonly lost?: (sendings: number) => void;
}

/** Questions for one address before what waits for it is dropped (Linux: ucast/mcast_solicit 3). */
const TRIES = 3;
/** Milliseconds between them (RFC 4861 RetransTimer). */
const RETRY = 1000;
/** Sendings that wait for one address. */
const QUEUE = 16;
/** Addresses asked for at a time. */
const QUESTIONS = 64;
/** Neighbours remembered. */
const NEIGHBOURS = 4096;

interface Question {
  readonly waiting: ((mac: string) => void)[];
  tries: number;
  timer: ClockTimer;
}

export class NeighbourCache {
  readonly #options: NeighbourCacheOptions;
  readonly #known = new Map<string, string>();
  readonly #questions = new Map<string, Question>();

  constructor(options: NeighbourCacheOptions) {
    this.#options = options;
  }

  /** Calls `send` with the MAC address, at once where it is known; never where nobody answers. */
  resolve(address: string, send: (mac: string) => void): void {
    const known = this.#known.get(address);
    if (known !== undefined) send(known);
    else this.#ask(address, send);
  }

  /** Whether the frame answers a question of ours; answers that nobody asked for are no ground for anything. */
  receive(frame: Uint8Array): boolean {
    const answer = readAnswer(frame);
    if (answer === undefined) return false;
    const question = this.#questions.get(answer.address);
    if (question === undefined) return false;
    this.#questions.delete(answer.address);
    question.timer.cancel();
    this.#remember(answer.address, answer.mac);
    for (const send of question.waiting) send(answer.mac);
    return true;
  }

  /** As kernels do when the MAC address changes: neighbours may know us by the old one. */
  forget(): void {
    this.#known.clear();
  }

  /** Idempotent. */
  close(): void {
    for (const question of this.#questions.values()) question.timer.cancel();
    this.#questions.clear();
  }

  #ask(address: string, send: (mac: string) => void): void {
    const open = this.#questions.get(address);
    if (open !== undefined) {
      if (open.waiting.length < QUEUE) open.waiting.push(send);
      else this.#options.lost?.(1);
      return;
    }
    if (this.#questions.size >= QUESTIONS) {
      this.#options.lost?.(1);
      return;
    }
    const question: Question = { waiting: [send], tries: 0, timer: { cancel() {} } };
    this.#questions.set(address, question);
    const retry = () => {
      if (question.tries >= TRIES) {
        this.#questions.delete(address);
        this.#options.lost?.(question.waiting.length);
        return;
      }
      question.tries++;
      question.timer = this.#options.clock.schedule(RETRY, retry);
      this.#options.send(this.#questionFrame(address));
    };
    retry();
  }

  #questionFrame(target: string): Buffer {
    const { address, mac } = this.#options;
    const srcMac = mac();
    if (ipVersion(target) === 6) {
      // Where ours is one of IPv4, the one that every interface has (RFC 4861 §7.2.2).
      const src = ipVersion(address) === 6 ? address : linkLocalAddress(srcMac);
      return buildNeighbourSolicitation({ srcMac, src, target, sourceLinkAddress: srcMac });
    }
    return buildArp({
      dstMac: BROADCAST_MAC,
      srcMac,
      operation: 'request',
      senderMac: srcMac,
      senderAddress: address,
      targetMac: '00:00:00:00:00:00',
      targetAddress: target,
    });
  }

  #remember(address: string, mac: string): void {
    if (this.#known.size >= NEIGHBOURS) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(address, mac);
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
