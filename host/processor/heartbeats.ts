/** Sends a processor's heartbeats, which the card reads, for as long as this program runs. */
import type { Clock, ClockTimer } from '../protocol/clock.ts';
import { buildHeartbeatFrame } from '../protocol/heartbeat.ts';
import type { LinkSender } from './datagram-endpoint.ts';

export interface HeartbeatOptions {
  /** The slot's MAC address, with its epoch. */
  readonly mac: string;
  /** The control address. */
  readonly controlMac: string;
  readonly nonce: number;
  /** Milliseconds. */
  readonly interval: number;
}

export class Heartbeats {
  readonly #link: LinkSender;
  readonly #clock: Clock;
  #timer: ClockTimer | undefined;
  #sequence = 0;

  constructor(link: LinkSender, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Sends the first at once and goes on until `stop`; ends what was begun before. */
  begin({ mac, controlMac, nonce, interval }: HeartbeatOptions): void {
    this.stop();
    const beat = () => {
      this.#timer = this.#clock.schedule(interval, beat);
      const sequence = this.#sequence++;
      this.#link.send(buildHeartbeatFrame({ srcMac: mac, dstMac: controlMac, nonce, sequence }));
    };
    beat();
  }

  /** Idempotent. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
