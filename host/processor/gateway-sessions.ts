/**
 * The sessions of a gateway, found by what packets carry: TEIDs of ours and users' addresses. Each
 * belongs to a VID, and comes and goes with it; each change is an entry of the VID's state.
 */
import type { ControlPool } from '../protocol/control.ts';
import { nameOfUser } from '../protocol/gtp-subscriber.ts';
import { chooseTeid, vidOfTeid } from '../protocol/teid.ts';
import {
  type Bearer,
  defaultBearer,
  keyOfSession,
  readSession,
  type Session,
  writeSession,
} from './gateway-session.ts';
import { UserAddresses } from './user-addresses.ts';

/** An entry of a VID's state, or that it is gone. */
export interface VidEntry {
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** What a new session is to have. */
export interface SessionWish extends Omit<Session, 'teid' | 'ipv4' | 'ipv6' | 'bearers'> {
  readonly wants: 'ipv4' | 'ipv6' | 'ipv4v6';
  readonly bearer: Pick<Bearer, 'id' | 'peer' | 'quality'>;
}

export interface FoundBearer {
  readonly session: Session;
  readonly bearer: Bearer;
}

export interface SessionsOptions {
  /** Is told of each change that is made here, and not of what `own` brings. */
  readonly changed: (vid: number, entry: VidEntry) => void;
  /** Whether somebody keeps entries: else none are written. */
  readonly keeps: () => boolean;
}

interface OwnedVid {
  readonly sessions: Set<Session>;
  /** Where the search for a free address goes on. */
  next: { v4: number; v6: number };
}

export class GatewaySessions {
  readonly #changed: SessionsOptions['changed'];
  readonly #keeps: () => boolean;
  readonly #vids = new Map<number, OwnedVid>();
  readonly #byControl = new Map<number, Session>();
  readonly #byUser = new Map<number, FoundBearer>();
  readonly #byAddress = new Map<string, Session>();
  /** By subscriber and bearer. */
  readonly #bySubscriber = new Map<string, Session>();
  /** By the peer's end of a tunnel, for its error indications. */
  readonly #byPeer = new Map<string, FoundBearer>();
  #pools: { v4: UserAddresses | undefined; v6: UserAddresses | undefined } = {
    v4: undefined,
    v6: undefined,
  };

  constructor({ changed, keeps }: SessionsOptions) {
    this.#changed = changed;
    this.#keeps = keeps;
  }

  get size(): number {
    return this.#byControl.size;
  }

  usePools(pools: readonly ControlPool[]): void {
    const made = pools.map((pool) => new UserAddresses(pool));
    this.#pools = {
      v4: made.find(({ version }) => version === 4),
      v6: made.find(({ version }) => version === 6),
    };
  }

  /** From now on the VID is served here, with these sessions. */
  own(vid: number, entries: Iterable<VidEntry>): void {
    this.disown(vid);
    this.#vids.set(vid, { sessions: new Set(), next: { v4: 0, v6: 0 } });
    for (const { key, value } of entries) {
      if (value !== undefined) this.#index(readSession(key, value));
    }
  }

  /** The VID is served elsewhere: its sessions go, and nobody is told. Idempotent. */
  disown(vid: number): void {
    const owned = this.#vids.get(vid);
    for (const session of owned?.sessions ?? []) this.#unindex(session);
    this.#vids.delete(vid);
  }

  owns(vid: number): boolean {
    return this.#vids.has(vid);
  }

  /** VIDs that are served here. */
  vids(): number[] {
    return [...this.#vids.keys()];
  }

  /** By the TEID that control messages carry. */
  control(teid: number): Session | undefined {
    return this.#byControl.get(teid);
  }

  /** By the TEID that uplink packets carry. */
  user(teid: number): FoundBearer | undefined {
    return this.#byUser.get(teid);
  }

  /** By a user's address; for IPv6 the first of its /64. */
  address(address: string): Session | undefined {
    return this.#byAddress.get(address);
  }

  /** By what `nameOfUser` gives. */
  subscriber(user: string): Session | undefined {
    return this.#bySubscriber.get(user);
  }

  /** By the end of a tunnel that a peer has. */
  peer(address: string, teid: number): FoundBearer | undefined {
    return this.#byPeer.get(`${address} ${teid}`);
  }

  /**
   * The session that a set-up asks for, where it is here: its sender heard no answer, whoever gave one. Alike in
   * all, both of the sender's tunnel ends among it, it is no other session.
   */
  asked({ version, imsi, apn, peer, bearer }: SessionWish): Session | undefined {
    const end = bearer.peer;
    const session = end && this.peer(end.address, end.teid)?.session;
    if (session === undefined) return undefined;
    const { id, quality } = defaultBearer(session);
    const alike =
      id === bearer.id &&
      quality.equals(bearer.quality) &&
      session.version === version &&
      session.imsi === imsi &&
      session.apn === apn &&
      session.peer.address === peer.address &&
      session.peer.teid === peer.teid;
    return alike ? session : undefined;
  }

  /** The VID that a user's address carries; undefined where it is of no pool. */
  vidOfAddress(bytes: Uint8Array): number | undefined {
    return (bytes.length === 4 ? this.#pools.v4 : this.#pools.v6)?.vidOf(bytes);
  }

  all(): IterableIterator<Session> {
    return this.#byControl.values();
  }

  /**
   * Makes a session of one of `vids`. `no_address`: no pool has what it wants. `full`: no VID has
   * room.
   */
  create(wish: SessionWish, vids: Iterable<number>): Session | 'no_address' | 'full' {
    const { wants, bearer } = wish;
    // Both where both are wanted, or the one that there is (TS 23.401 §5.3.1.1).
    const v4 = wants === 'ipv6' ? undefined : this.#pools.v4;
    const v6 = wants === 'ipv4' ? undefined : this.#pools.v6;
    if (v4 === undefined && v6 === undefined) return 'no_address';
    for (const vid of vids) {
      const owned = this.#vids.get(vid);
      if (owned === undefined) continue;
      const taken = (address: string) => this.#byAddress.has(address);
      const four = v4?.choose(vid, owned.next.v4, taken);
      const six = v6?.choose(vid, owned.next.v6, taken);
      const control = chooseTeid(vid, (other) => this.#byControl.has(other));
      const user = this.freeTeid(vid);
      if ((v4 && !four) || (v6 && !six) || control === undefined || user === undefined) continue;
      owned.next = { v4: four?.next ?? owned.next.v4, v6: six?.next ?? owned.next.v6 };
      const { version, peer, imsi, apn, chargingId } = wish;
      const { id, peer: end, quality } = bearer;
      // By name: it is what every set-up does, and copying objects is slow.
      const session: Session = {
        version,
        teid: control,
        peer,
        imsi,
        apn,
        ipv4: four?.address,
        ipv6: six?.address,
        chargingId,
        bearers: [{ id, teid: user, peer: end, quality }],
      };
      this.#index(session);
      this.#store(session);
      return session;
    }
    return 'full';
  }

  /** A TEID for a further bearer. */
  freeTeid(vid: number): number | undefined {
    return chooseTeid(vid, (other) => this.#byUser.has(other));
  }

  /** Puts `session` in the place of the one with its TEID. */
  replace(session: Session): Session {
    const old = this.#byControl.get(session.teid);
    if (old !== undefined) this.#unindex(old);
    this.#index(session);
    this.#store(session);
    return session;
  }

  remove(session: Session): void {
    this.#unindex(session);
    if (!this.#keeps()) return;
    const key = keyOfSession(session.teid);
    this.#changed(vidOfTeid(session.teid), { key, value: undefined });
  }

  #store(session: Session): void {
    if (!this.#keeps()) return;
    const { teid } = session;
    this.#changed(vidOfTeid(teid), { key: keyOfSession(teid), value: writeSession(session) });
  }

  #index(session: Session): void {
    this.#vids.get(vidOfTeid(session.teid))?.sessions.add(session);
    this.#byControl.set(session.teid, session);
    const { ipv4, ipv6 } = session;
    if (ipv4 !== undefined) this.#byAddress.set(ipv4, session);
    if (ipv6 !== undefined) this.#byAddress.set(ipv6, session);
    if (session.imsi !== undefined) {
      this.#bySubscriber.set(nameOfUser(session.imsi, defaultBearer(session).id), session);
    }
    for (const bearer of session.bearers) {
      const found = { session, bearer };
      this.#byUser.set(bearer.teid, found);
      const { peer } = bearer;
      if (peer !== undefined) this.#byPeer.set(`${peer.address} ${peer.teid}`, found);
    }
  }

  #unindex(session: Session): void {
    this.#vids.get(vidOfTeid(session.teid))?.sessions.delete(session);
    this.#byControl.delete(session.teid);
    const { ipv4, ipv6 } = session;
    if (ipv4 !== undefined) this.#byAddress.delete(ipv4);
    if (ipv6 !== undefined) this.#byAddress.delete(ipv6);
    const user = session.imsi && nameOfUser(session.imsi, defaultBearer(session).id);
    if (user && this.#bySubscriber.get(user) === session) this.#bySubscriber.delete(user);
    for (const { teid, peer } of session.bearers) {
      this.#byUser.delete(teid);
      const key = peer && `${peer.address} ${peer.teid}`;
      if (key && this.#byPeer.get(key)?.session === session) this.#byPeer.delete(key);
    }
  }
}
