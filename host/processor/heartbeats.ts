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
  /** Those of its doors, which go down with it. */
  readonly doors?: readonly string[];
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
  begin({ mac, doors = [], controlMac, nonce, interval }: HeartbeatOptions): void {
    this.stop();
    if (this.#link.beat !== undefined) {
      const threads = [mac, ...doors].flatMap((srcMac) => {
        const to = { srcMac, dstMac: controlMac };
        const frame = buildHeartbeatFrame({ ...to, nonce, sequence: 0, progress: 0 });
        return this.#link.beat?.(frame, interval, this.#progressLimit) ?? [];
      });
      this.#end = () => {
        for (const beats of threads) beats.stop();
      };
      this.#repeat(this.#progressLimit / SIGNS, () => {
        for (const beats of threads) beats.progress();
      });
      return;
    }
    this.#repeat(interval, () => {
      const sequence = this.#sequence++;
      for (const srcMac of [mac, ...doors]) {
        const to = { srcMac, dstMac: controlMac };
        this.#link.send(buildHeartbeatFrame({ ...to, nonce, sequence, progress: sequence }));
      }
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
