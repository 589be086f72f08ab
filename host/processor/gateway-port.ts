/**
 * A gateway's place on the fabric: frames of one port, sorted into datagrams for the gateway itself and
 * packets for its users. What it sends to peers goes out by its slot's line port; what its users send,
 * by that of the slot's door.
 */
import { addressToBytes, bytesToMac } from '../protocol/address.ts';
import { type Clock, systemClock } from '../protocol/clock.ts';
import { parseEthernet } from '../protocol/ethernet.ts';
import type { LinkSender } from './datagram-endpoint.ts';
import { PacketDoor } from './packet-door.ts';
import type { Assignment } from './processor.ts';
import { UserlandEndpoint } from './userland-endpoint.ts';

export interface GatewayPortOptions {
  /** The gateway's address. */
  readonly address: string;
  /** Until the switch processor gives another one. */
  readonly mac: string;
  /** Puts a frame on the fabric port. */
  readonly send: (frame: Buffer) => void;
  /** Sends heartbeats from a thread of its own. */
  readonly beat?: NonNullable<LinkSender['beat']>;
  /** A packet for a user. */
  readonly downlink: (packet: Buffer) => void;
  /** Router of the packet network; left out: its hosts are on the link. */
  readonly router?: string | undefined;
  readonly clock?: Clock;
}

export class GatewayPort {
  readonly endpoint: UserlandEndpoint;
  readonly door: PacketDoor;
  readonly #options: GatewayPortOptions;
  readonly #own: Buffer;

  constructor(options: GatewayPortOptions) {
    this.#options = options;
    const { address, mac, send, beat, router, clock = systemClock } = options;
    this.#own = addressToBytes(address);
    this.endpoint = new UserlandEndpoint({
      ...{ address, mac, send, clock },
      ...(beat === undefined ? {} : { beat }),
    });
    this.door = new PacketDoor({ address, router, send, clock });
  }

  /** A frame from the fabric port. */
  receive(frame: Buffer): void {
    if (frame.length < 14) return;
    const mac = bytesToMac(frame);
    // For an address of ours, or a group: the port may have others behind it.
    const isDoor = mac === this.door.mac;
    if (!isDoor && mac !== this.endpoint.mac && ((frame[0] ?? 0) & 1) === 0) return;
    // Answers to the door's questions are for its own MAC address.
    if (isDoor && this.door.neighbours.receive(frame)) return;
    const packet = this.#forUser(frame);
    if (packet === undefined) this.endpoint.receive(frame);
    else this.#options.downlink(packet);
  }

  /** Takes the slot's door, or its own MAC address where it has none. */
  listen({ mac, doors }: Assignment): void {
    this.door.setMac(doors?.[0] ?? mac);
  }

  async close(): Promise<void> {
    this.door.close();
    await this.endpoint.close();
  }

  /** The packet, where it is for another address than ours and no group. */
  #forUser(frame: Buffer): Buffer | undefined {
    const ethernet = parseEthernet(frame);
    if (ethernet === undefined) return undefined;
    const { etherType, payload } = ethernet;
    if (etherType === 0x0800 && payload.length >= 20) {
      const group = (payload[16] ?? 0) >= 0xe0; // 224.0.0.0/4 and above (RFC 1112, RFC 1122 §3.2.1.3)
      return group || isAt(this.#own, payload, 16) ? undefined : payload;
    }
    if (etherType === 0x86dd && payload.length >= 40) {
      // ff00::/8 and link-local addresses concern the link itself.
      const local = payload[24] === 0xff || payload[24] === 0xfe;
      return local || isAt(this.#own, payload, 24) ? undefined : payload;
    }
    return undefined;
  }
}

/** Whether the packet's bytes from `at` on are the address, which is of its version. */
function isAt(address: Buffer, packet: Buffer, at: number): boolean {
  if (address.length !== (at === 16 ? 4 : 16)) return false;
  for (let i = 0; i < address.length; i++) if (address[i] !== packet[at + i]) return false;
  return true;
}
