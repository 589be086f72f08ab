/**
 * Sessions that their peers have lost: all of a peer that restarts (TS 23.007 §18), those of users who came anew. The
 * switch processor sees most of what says so, and has all gateways
 * end what the peer has lost; what it does not see it is told: counters in requests that come by a VID.
 */

import type { ControlLeaver } from '../protocol/control.ts';
import { ExpiringMap } from '../protocol/expiring-map.ts';
import { gtpPeer } from '../protocol/gtp-recovery.ts';
import type { GatewayContext } from './gateway-context.ts';

/** Sessions that end between two turns of the event loop: the worker must be seen to go on. */
const AT_ONCE = 256;
/** Milliseconds for which a counter is known to be told; peers remembered. */
const TOLD_LIFE = 3_600_000;
const TOLD = 16_384;

export interface GatewayPeersOptions {
  readonly now: () => number;
  /** As `GatewayOptions.tellPeer`. */
  readonly tell: ((peer: string, restart: number) => Promise<boolean>) | undefined;
}

export class GatewayPeers {
  readonly #context: GatewayContext;
  readonly #options: GatewayPeersOptions;
  readonly #told: ExpiringMap<string, number>;
  readonly #ending = new Map<string, Promise<number>>();

  constructor(context: GatewayContext, options: GatewayPeersOptions) {
    this.#context = context;
    this.#options = options;
    this.#told = new ExpiringMap({ life: TOLD_LIFE, limit: TOLD, now: options.now });
  }

  /**
   * A peer's counter in a request for a session. A promise where that is news: the request waits for it, for
   * it may put the session where the peer's lost ones are.
   */
  heard(version: 1 | 2, address: string, restart: number | undefined): Promise<void> | undefined {
    const { tell } = this.#options;
    const peer = gtpPeer(version, address);
    if (restart === undefined || tell === undefined) return undefined;
    if (this.#told.get(peer) === restart) return undefined;
    return tell(peer, restart).then((told) => {
      if (told) this.#told.set(peer, restart);
    });
  }

  /** Ends all sessions with a peer; resolves with how many there were, when the backups know it. */
  forget(peer: string): Promise<number> {
    const known = this.#ending.get(peer);
    if (known !== undefined) return known;
    const ended = this.#forget(peer).finally(() => this.#ending.delete(peer));
    this.#ending.set(peer, ended);
    return ended;
  }

  /** Ends older sessions of users; resolves with how many there were, when the backups know it. */
  async leave(users: readonly ControlLeaver[]): Promise<number> {
    const { sessions, counters } = this.#context;
    let ended = 0;
    for (const { user, address, teid } of users) {
      const session = sessions.subscriber(user);
      if (session === undefined) continue;
      if (session.peer.address === address && session.peer.teid === teid) continue;
      sessions.remove(session);
      ended++;
    }
    counters.replaced += ended;
    if (ended > 0) await this.#kept();
    return ended;
  }

  async #forget(peer: string): Promise<number> {
    const { sessions, answers, counters } = this.#context;
    const [version, address = ''] = peer.split(' ');
    answers.forget(address);
    const lost = [...sessions.all()].filter(
      (session) => `v${session.version}` === version && session.peer.address === address,
    );
    let ended = 0;
    for (const [i, { teid }] of lost.entries()) {
      if (i % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      const session = sessions.control(teid);
      if (session?.peer.address !== address) continue;
      sessions.remove(session);
      ended++;
    }
    counters.lostAtPeer += ended;
    await this.#kept();
    return ended;
  }

  /** Resolves when the backup of each VID has all changes so far. */
  async #kept(): Promise<void> {
    const { keeper } = this.#context;
    const kept = keeper
      .served()
      .map((vid) => new Promise<void>((resolve) => keeper.reply(vid, 'delete', resolve)));
    await Promise.all(kept);
  }
}
