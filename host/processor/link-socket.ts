/** Ethernet frames as they are, out of one of this machine's interfaces. Needs CAP_NET_RAW. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ensureAddon } from '../../sim/index.ts';

interface Addon {
  open(interfaceName: string): number;
  send(fd: number, frame: Uint8Array): boolean;
  close(fd: number): void;
}

const SOURCE = fileURLToPath(new URL('native/link_socket.cc', import.meta.url));

export class LinkSocket {
  readonly #addon: Addon;
  #fd: number | undefined;

  private constructor(addon: Addon, fd: number) {
    this.#addon = addon;
    this.#fd = fd;
  }

  /**
   * Rejects in words where there is no such interface, where this process may not send (it needs
   * CAP_NET_RAW), and where the addon cannot be built.
   */
  static async open(interfaceName: string): Promise<LinkSocket> {
    const addon = createRequire(import.meta.url)(await ensureAddon(SOURCE)) as Addon;
    return new LinkSocket(addon, addon.open(interfaceName));
  }

  /** Sends, or drops: a frame promises nothing. */
  send(frame: Uint8Array): void {
    if (this.#fd !== undefined) this.#addon.send(this.#fd, frame);
  }

  /** Idempotent. */
  close(): void {
    if (this.#fd !== undefined) this.#addon.close(this.#fd);
    this.#fd = undefined;
  }
}
