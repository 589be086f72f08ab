/**
 * Ethernet frames as they are, out of and into one of this machine's interfaces, and heartbeats
 * from a native thread. Needs CAP_NET_RAW.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ensureAddon } from '../../sim/index.ts';
import type { LinkListener } from './datagram-endpoint.ts';

interface NativeLink {
  send(frame: Uint8Array): boolean;
  close(): void;
}

interface NativeBeats {
  progress(): void;
  counts(): BeatCounts;
  stop(): void;
}

export interface BeatCounts {
  readonly sent: number;
  /** Not sent: the worker did not go on. */
  readonly withheld: number;
}

interface Addon {
  readonly Link: new (
    interfaceName: string,
    etherType: number,
    receive?: (frame: Buffer) => void,
  ) => NativeLink;
  readonly Beats: new (
    interfaceName: string,
    frame: Uint8Array,
    intervalUs: number,
    progressUs: number,
  ) => NativeBeats;
}

const SOURCE = fileURLToPath(new URL('native/link_socket.cc', import.meta.url));

async function load(): Promise<Addon> {
  return createRequire(import.meta.url)(await ensureAddon(SOURCE)) as Addon;
}

export class LinkSocket {
  readonly #addon: Addon;
  readonly #interface: string;
  #link: NativeLink | undefined;

  private constructor(addon: Addon, interfaceName: string, link: NativeLink) {
    this.#addon = addon;
    this.#interface = interfaceName;
    this.#link = link;
  }

  /**
   * Rejects in words where there is no such interface, where this process may not send (it needs
   * CAP_NET_RAW), and where the addon cannot be built.
   */
  static async open(interfaceName: string, listener?: LinkListener): Promise<LinkSocket> {
    const addon = await load();
    const { etherType = 0, receive } = listener ?? {};
    return new LinkSocket(addon, interfaceName, new addon.Link(interfaceName, etherType, receive));
  }

  /** Sends, or drops: a frame promises nothing. */
  send(frame: Uint8Array): void {
    this.#link?.send(frame);
  }

  /**
   * Sends `frame` each `interval` milliseconds from a thread of its own, as long as `progress` is
   * called at least each `patience` milliseconds. Its bytes 22 to 29 are counters of the thread's.
   */
  beat(frame: Uint8Array, interval: number, patience: number): NativeBeats {
    return new this.#addon.Beats(this.#interface, frame, 1000 * interval, 1000 * patience);
  }

  /** Idempotent. */
  close(): void {
    this.#link?.close();
    this.#link = undefined;
  }
}
