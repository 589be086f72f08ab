/**
 * Answers to requests of peers, kept so that a request that comes once more is answered as before and
 * done once (TS 29.060 §7.6, TS 29.274 §7.6). A request is the same when peer, port and sequence number
 * are.
 */
import { ExpiringMap } from '../protocol/expiring-map.ts';
import type { Peer } from './datagram-endpoint.ts';

/** T3-RESPONSE in milliseconds and N3-REQUESTS, of a peer that repeats as osmo-ggsn's does: 5 s, 3 times. */
export const T3_RESPONSE = 5_000;
export const N3_REQUESTS = 3;
/** A request may come again until the last repetition has had its time. */
export const ANSWER_LIFE = T3_RESPONSE * (N3_REQUESTS + 1);
const ANSWERS = 262_144;

/** `held`: made, and not let go yet. */
export type KnownAnswer = { readonly bytes: Buffer; held: boolean };

export class Answers {
  readonly #answers: ExpiringMap<string, KnownAnswer>;

  constructor(now: () => number) {
    this.#answers = new ExpiringMap({ life: ANSWER_LIFE, limit: ANSWERS, now });
  }

  /** What the request was answered with. */
  known(from: Peer, type: number, sequence: number): KnownAnswer | undefined {
    return this.#answers.get(keyOf(from, type, sequence));
  }

  /** A peer has restarted: its numbers begin anew. */
  forget(address: string): void {
    this.#answers.deleteWhere((key) => key.startsWith(`${address} `));
  }

  keep(from: Peer, type: number, sequence: number, bytes: Buffer): KnownAnswer {
    const answer = { bytes, held: true };
    this.#answers.set(keyOf(from, type, sequence), answer);
    return answer;
  }
}

const keyOf = ({ address, port }: Peer, type: number, sequence: number): string =>
  `${address} ${port} ${type} ${sequence}`;
