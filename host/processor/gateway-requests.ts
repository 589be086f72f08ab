/**
 * Requests of our own to peers: sent again after T3-RESPONSE, N3-REQUESTS times (TS 29.274 §7.6). They
 * leave from a port that stands for a VID, so that the card brings the response whatever its TEID says.
 */
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import type { DatagramSocket, Peer } from './datagram-endpoint.ts';
import { N3_REQUESTS, T3_RESPONSE } from './gateway-answers.ts';

interface Request<R> {
  readonly to: Peer;
  readonly resolve: (response: R) => void;
  timer: ClockTimer;
}

/** No answer came to any repetition. */
export class NoResponse extends Error {
  override readonly name = 'NoResponse';
}

export class Requests<R> {
  readonly counters = { sent: 0, repeated: 0, unanswered: 0, stray: 0 };
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #open = new Map<string, Request<R>>();
  #sequence: number;

  /** @param limit of sequence numbers: 2^16 of GTPv1-C, 2^23 of GTPv2-C (whose upper half is for commands, §7.6). */
  constructor(clock: Clock, limit: number, first = 0) {
    this.#clock = clock;
    this.#limit = limit;
    this.#sequence = first % limit;
  }

  /** Rejects with NoResponse. `build` is given the sequence number. */
  ask(socket: DatagramSocket, to: Peer, build: (sequence: number) => Buffer): Promise<R> {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) % this.#limit;
    const bytes = build(sequence);
    return new Promise<R>((resolve, reject) => {
      const key = keyOf(socket.port, to.address, sequence);
      let tries = 0;
      const send = () => {
        if (tries >= N3_REQUESTS) {
          this.#open.delete(key);
          this.counters.unanswered++;
          reject(new NoResponse(`${to.address} did not answer request ${sequence}`));
          return;
        }
        if (tries++ > 0) this.counters.repeated++;
        this.counters.sent++;
        socket.send(bytes, to);
        request.timer = this.#clock.schedule(T3_RESPONSE, send);
      };
      const request: Request<R> = { to, resolve, timer: { cancel() {} } };
      this.#open.set(key, request);
      send();
    });
  }

  /** Whether the response belongs to a request of ours. */
  answer(port: number, from: Peer, sequence: number, response: R): boolean {
    const key = keyOf(port, from.address, sequence);
    const request = this.#open.get(key);
    if (request === undefined) {
      this.counters.stray++;
      return false;
    }
    this.#open.delete(key);
    request.timer.cancel();
    request.resolve(response);
    return true;
  }

  close(): void {
    for (const { timer } of this.#open.values()) timer.cancel();
    this.#open.clear();
  }
}

const keyOf = (port: number, address: string, sequence: number): string =>
  `${port} ${address} ${sequence}`;
