/**
 * Sends a processor's heartbeats, which the card reads. Where the endpoint has a thread for them they
 * go on through pauses of this program, but not when it hangs: each turn of its event loop counts as
 * progress, and the thread falls silent without any.
 */
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

/** Milliseconds without progress after which the thread falls silent. */
export const DEFAULT_PROGRESS_LIMIT = 250;
/** Signs of progress within that time. */
const SIGNS = 5;

export class Heartbeats {
  readonly #link: LinkSender;
  readonly #clock: Clock;
  readonly #progressLimit: number;
  #timer: ClockTimer | undefined;
  #end: (() => void) | undefined;
  #sequence = 0;

  constructor(link: LinkSender, clock: Clock, progressLimit = DEFAULT_PROGRESS_LIMIT) {
    this.#link = link;
    this.#clock = clock;
    this.#progressLimit = progressLimit;
  }

  /** Sends the first at once and goes on until `stop`; ends what was begun before. */
  begin({ mac, controlMac, nonce, interval }: HeartbeatOptions): void {
    this.stop();
    const link = { srcMac: mac, dstMac: controlMac };
    if (this.#link.beat !== undefined) {
      const frame = buildHeartbeatFrame({ ...link, nonce, sequence: 0, progress: 0 });
      const beats = this.#link.beat(frame, interval, this.#progressLimit);
      this.#end = () => beats.stop();
      this.#repeat(this.#progressLimit / SIGNS, () => beats.progress());
      return;
    }
    this.#repeat(interval, () => {
      const sequence = this.#sequence++;
      this.#link.send(buildHeartbeatFrame({ ...link, nonce, sequence, progress: sequence }));
    });
  }

  /** Idempotent. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#end?.();
    this.#end = undefined;
  }

  #repeat(interval: number, action: () => void): void {
    this.#timer = this.#clock.schedule(interval, () => this.#repeat(interval, action));
    action();
  }
}
