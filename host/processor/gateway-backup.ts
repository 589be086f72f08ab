/**
 * Packets of clients that know the backup's own VID from the set-up reply (G9), and turn to it when the owner
 * does not answer. They come with that VID in the TEID's upper half; the user's address says which VID the session
 * has (G13). The owner may live all the same: the switch processor is asked, and takes it down where it does not
 * answer, before anything is served.
 */
import { makeTeid } from '../protocol/teid.ts';
import type { Peer } from './datagram-endpoint.ts';
import type { GatewayContext } from './gateway-context.ts';

/** Packets of one VID that wait for the answer. */
const WAITING = 64;

export class BackupTunnels {
  readonly #context: GatewayContext;
  readonly #serve: (bytes: Buffer, from: Peer) => void;
  readonly #waiting = new Map<number, { readonly bytes: Buffer; readonly from: Peer }[]>();

  /** @param serve takes a packet with the session's own TEID. */
  constructor(context: GatewayContext, serve: (bytes: Buffer, from: Peer) => void) {
    this.#context = context;
    this.#serve = serve;
  }

  /**
   * Whether the packet is of a session that we back up.
   *
   * @param source the address of its user.
   */
  take(bytes: Buffer, from: Peer, teid: number, source: Uint8Array): boolean {
    const { sessions, keeper, counters, doubt } = this.#context;
    const vid = sessions.vidOfAddress(source);
    if (vid === undefined || keeper.copyOf(vid) === undefined) return false;
    counters.asBackup++;
    const own = { from, bytes: Buffer.from(bytes) }; // the frame's memory is not ours
    own.bytes.writeUInt32BE(makeTeid(vid, teid), 4);
    const waiting = this.#waiting.get(vid);
    if (waiting !== undefined) {
      if (waiting.length < WAITING) waiting.push(own);
      return true;
    }
    const all = [own];
    this.#waiting.set(vid, all);
    void doubt(vid).then((down) => {
      this.#waiting.delete(vid);
      // Where the owner lives its clients reach it: what is repeated goes there.
      if (down) for (const packet of all) this.#serve(packet.bytes, packet.from);
    });
    return true;
  }
}
