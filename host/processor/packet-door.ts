/**
 * A way out for whole IP packets: the MAC address of a slot whose line port leads to the packet network.
 * Addresses of the network are asked for on its link, or all of it lies behind one router.
 */
import { bytesToAddress } from '../protocol/address.ts';
import type { Clock } from '../protocol/clock.ts';
import { buildEthernet, ETHERTYPE } from '../protocol/ethernet.ts';
import { NeighbourCache } from './neighbour-cache.ts';

export interface PacketDoorOptions {
  /** The gateway's address, for questions. */
  readonly address: string;
  /** Router to all of the packet network; left out: its hosts are on the link. */
  readonly router?: string | undefined;
  readonly send: (frame: Buffer) => void;
  readonly clock: Clock;
}

export class PacketDoor {
  sent = 0;
  readonly neighbours: NeighbourCache;
  readonly #options: PacketDoorOptions;
  #mac = '00:00:00:00:00:00';

  constructor(options: PacketDoorOptions) {
    this.#options = options;
    const { address, send, clock } = options;
    this.neighbours = new NeighbourCache({ address, mac: () => this.#mac, send, clock });
  }

  get mac(): string {
    return this.#mac;
  }

  setMac(mac: string): void {
    if (mac === this.#mac) return;
    this.#mac = mac;
    this.neighbours.forget();
  }

  /** Sends, or drops. */
  send(packet: Buffer): void {
    const four = (packet[0] ?? 0) >> 4 === 4;
    const { router, send } = this.#options;
    const sameVersion = router !== undefined && router.includes(':') !== four;
    const target = sameVersion
      ? router
      : bytesToAddress(four ? packet.subarray(16, 20) : packet.subarray(24, 40));
    this.neighbours.resolve(target, (dstMac) => {
      this.sent++;
      const etherType = four ? ETHERTYPE.ipv4 : ETHERTYPE.ipv6;
      send(buildEthernet({ dstMac, srcMac: this.#mac, etherType, payload: packet }));
    });
  }

  close(): void {
    this.neighbours.close();
  }
}
