/**
 * A GTP gateway behind the card: GGSN to SGSNs (TS 29.060), PDN gateway to serving gateways (TS 29.274).
 * All gateways of a card are one node to their peers. Tunnels carry a VID in their TEIDs, users in their
 * addresses, and requests of its own leave from ports that stand for one, so that the card brings
 * whatever belongs to a session here.
 */
import { randomInt } from 'node:crypto';
import { type Clock, systemClock } from '../protocol/clock.ts';
import type { ControlLeaver, ControlService } from '../protocol/control.ts';
import { answerOtherVersion } from '../protocol/gtp-version.ts';
import { GTPU_PORT } from '../protocol/gtpu.ts';
import type { Gtpv1Message } from '../protocol/gtpv1.ts';
import type { Gtpv2Message } from '../protocol/gtpv2.ts';
import { vidOfTeid } from '../protocol/teid.ts';
import type { DatagramEndpoint, DatagramSocket, Peer } from './datagram-endpoint.ts';
import { Answers } from './gateway-answers.ts';
import {
  type GatewayContext,
  gatewayCounters,
  LonelyKeeper,
  readPassed,
  type VidKeeper,
} from './gateway-context.ts';
import { GatewayPeers } from './gateway-peers.ts';
import { Requests } from './gateway-requests.ts';
import { type Bearer, keyOfSession, type Session } from './gateway-session.ts';
import { GatewaySessions, type VidEntry } from './gateway-sessions.ts';
import { GatewayTunnels } from './gateway-tunnels.ts';
import { Gtpv1Gateway } from './gateway-v1.ts';
import { type BearerWish, Gtpv2Gateway } from './gateway-v2.ts';
import { ListeningPorts } from './listening-ports.ts';
import type { Assignment, Load } from './processor.ts';

export interface GatewayOptions {
  readonly endpoint: DatagramEndpoint;
  /** Sends a packet into the packet network. */
  readonly send: (packet: Buffer) => void;
  readonly clock?: Clock;
  /** Sessions at a time. Default 100,000. */
  readonly capacity?: number;
  /** Names of networks that are served. Left out: any. */
  readonly apns?: readonly string[];
  /** Name of the service at the switch processor. Default `gtp`. */
  readonly service?: string;
  /** Keeps the state of VIDs with a backup. None, now or at all: what it knows dies with it. */
  readonly keeper?: () => VidKeeper | undefined;
  /** Tells the switch processor a peer's restart counter (`Processor.tellPeer`). Left out: nobody is told. */
  readonly tellPeer?: (peer: string, restart: number) => Promise<boolean>;
  /** Asks the switch processor whether the owner of a VID is down (`Processor.doubt`). Left out: nobody is asked. */
  readonly doubt?: (vid: number) => Promise<boolean>;
  /** The VID of its own that a VID's backup would use: told in set-up replies (G9). */
  readonly backupVid?: (vid: number) => number | undefined;
}

/** 2^16 of TS 29.060 §6, and 2^23 of TS 29.274 §7.6: the upper half answers commands. */
const SEQUENCES = { v1: 0x10000, v2: 0x800000 } as const;

export class Gateway {
  readonly counters = gatewayCounters();
  readonly sessions: GatewaySessions;
  readonly #options: GatewayOptions;
  readonly #lonely = new LonelyKeeper();
  readonly #ports: ListeningPorts;
  readonly #v1: Gtpv1Gateway;
  readonly #v2: Gtpv2Gateway;
  readonly #requests: { readonly v1: Requests<Gtpv1Message>; readonly v2: Requests<Gtpv2Message> };
  readonly #tunnels: GatewayTunnels;
  readonly #peers: GatewayPeers;
  #userSocket: DatagramSocket | undefined;
  #service: ControlService | undefined;
  #turn = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { endpoint, clock = systemClock, apns, backupVid = () => undefined } = options;
    const keeper = () => options.keeper?.() ?? this.#lonely;
    this.sessions = new GatewaySessions({
      changed: (vid, entry) => keeper().change(vid, entry),
      keeps: () => keeper() !== this.#lonely,
    });
    const context: GatewayContext = {
      address: endpoint.address,
      sessions: this.sessions,
      get keeper() {
        return keeper();
      },
      answers: new Answers(() => clock.now()),
      counters: this.counters,
      capacity: this.#capacity,
      apns: apns && new Set(apns.map((name) => name.toLowerCase())),
      restart: () => this.#service?.node?.restart,
      turn: () => this.#inTurn(keeper().served()),
      backupVid,
      markEnd: (tunnel) => this.#tunnels.markEnd(tunnel),
      doubt: options.doubt ?? (async () => false),
      heard: (...of) => this.#peers.heard(...of),
    };
    this.#peers = new GatewayPeers(context, { now: () => clock.now(), tell: options.tellPeer });
    // Sequence numbers begin anywhere, so that a peer does not take a new gateway's for an old one's.
    this.#requests = {
      v1: new Requests(clock, SEQUENCES.v1, randomInt(SEQUENCES.v1)),
      v2: new Requests(clock, SEQUENCES.v2, randomInt(SEQUENCES.v2)),
    };
    this.#v1 = new Gtpv1Gateway(context, this.#requests.v1);
    this.#v2 = new Gtpv2Gateway(context, this.#requests.v2);
    this.#tunnels = new GatewayTunnels(context, {
      socket: () => this.#userSocket,
      send: options.send,
    });
    this.#ports = new ListeningPorts(endpoint, this.#name, (socket, payload, from) =>
      this.#control(socket, payload, from),
    );
  }

  get #name(): string {
    return this.#options.service ?? 'gtp';
  }

  get #capacity(): number {
    return this.#options.capacity ?? 100_000;
  }

  load(): Load {
    return { sessions: this.sessions.size, capacity: this.#capacity };
  }

  /** Listens on GTP's ports and on those of VIDs; without a keeper, owns the VIDs as well. */
  async listen(assignment: Assignment): Promise<void> {
    const service = assignment.services.find(({ name }) => name === this.#name);
    if (service !== undefined) {
      this.#service = service;
      this.sessions.usePools(service.pools ?? []);
    }
    await this.#ports.listen(assignment);
    this.#userSocket ??= await this.#options.endpoint.bind(GTPU_PORT, (payload, from) =>
      this.#tunnels.receive(payload, from),
    );
    if (this.#options.keeper?.() !== undefined) return;
    const { owned, gone } = this.#lonely.assign(assignment.vids);
    for (const vid of gone) this.sessions.disown(vid);
    for (const vid of owned) this.sessions.own(vid, []);
  }

  /** From now on the VID is served here (`Replicator`'s `owned`). */
  own(vid: number, entries: Iterable<VidEntry>): void {
    this.sessions.own(vid, entries);
  }

  /** It is served elsewhere (`yielded`, `gone`). */
  disown(vid: number): void {
    this.sessions.disown(vid);
  }

  disownAll(): void {
    for (const vid of this.sessions.vids()) this.sessions.disown(vid);
    // What the kernel still holds was meant for the incarnation that was given up: this one would
    // refuse what its backup serves. `listen` opens them again.
    this.#ports.close();
  }

  /** A message that came to who had its VID before (`packet`). */
  passed(bytes: Buffer): void {
    const message = readPassed(bytes);
    if (message === undefined) return;
    const { plane, from } = message;
    if (plane === 'downlink') this.downlink(message.bytes);
    else if (plane === 'user') this.#tunnels.receive(message.bytes, from);
    else {
      const socket = this.#ports.wellKnown;
      if (socket !== undefined) this.#control(socket, message.bytes, from);
    }
  }

  /** A packet from the packet network. */
  downlink(packet: Buffer): void {
    this.#tunnels.downlink(packet);
  }

  /**
   * Ends all sessions with a peer that has lost them, without a word to it (TS 23.007 §18); resolves with
   * how many there were, when the backups know it.
   */
  forgetPeer(peer: string): Promise<number> {
    return this.#peers.forget(peer);
  }

  /** Ends what users have here who came anew elsewhere; resolves as `forgetPeer`. */
  leave(users: readonly ControlLeaver[]): Promise<number> {
    return this.#peers.leave(users);
  }

  /** Whether the session that a set-up asks for is here already, though its sender heard no answer. */
  has(setup: Buffer): boolean {
    return (setup[0] ?? 0) >> 5 === 1 ? this.#v1.has(setup) : this.#v2.has(setup);
  }

  /** Ends a session from this side; resolves when the peer has answered, or does not. */
  end(session: Session): Promise<void> {
    const gateway = session.version === 1 ? this.#v1 : this.#v2;
    return gateway.end(this.#socketFor(session), session);
  }

  /** Gives a session a bearer for some of its packets; undefined where the peer refuses. GTPv2 only. */
  createBearer(session: Session, wish: BearerWish): Promise<Bearer | undefined> {
    this.#requireV2(session);
    return this.#v2.createBearer(this.#socketFor(session), session, wish);
  }

  /** Changes a bearer's quality of service; resolves with whether the peer agrees. GTPv2 only. */
  updateBearer(
    session: Session,
    bearer: Pick<Bearer, 'id' | 'quality'>,
    bitRates: { readonly uplink: number; readonly downlink: number },
  ): Promise<boolean> {
    this.#requireV2(session);
    return this.#v2.updateBearer(this.#socketFor(session), session, bearer, bitRates);
  }

  /** Takes a dedicated bearer away. GTPv2 only. */
  deleteBearer(session: Session, id: number): Promise<void> {
    this.#requireV2(session);
    return this.#v2.deleteBearer(this.#socketFor(session), session, id);
  }

  close(): void {
    this.#requests.v1.close();
    this.#requests.v2.close();
    this.#ports.close();
    this.#userSocket?.close();
    this.#userSocket = undefined;
  }

  #control(socket: DatagramSocket, payload: Buffer, from: Peer): void {
    this.counters.control++;
    // The version stands in the same bits of all (TS 29.060 §6, TS 29.274 §5.1).
    const version = (payload[0] ?? 0) >> 5;
    if (version === 1) this.#v1.receive(socket, payload, from);
    else if (version === 2) this.#v2.receive(socket, payload, from);
    else {
      this.counters.malformed++;
      const answer = answerOtherVersion(payload);
      if (answer !== undefined) socket.send(answer, from);
    }
  }

  /** The port of the session's VID: what answers our requests comes to who has the session. */
  #socketFor({ teid }: Session): DatagramSocket {
    const socket = this.#ports.ofVid(vidOfTeid(teid));
    if (socket !== undefined) return socket;
    throw new Error(`session ${keyOfSession(teid)}: no port stands for its VID; see gtp.yaml`);
  }

  #requireV2({ version, teid }: Session): void {
    if (version === 2) return;
    throw new Error(`session ${keyOfSession(teid)} is of GTPv1, which has no such bearers`);
  }

  /** Each VID in turn, so that sessions spread over them. */
  *#inTurn(vids: readonly number[]): Iterable<number> {
    const first = this.#turn++;
    for (let i = 0; i < vids.length; i++) yield vids[(first + i) % vids.length] as number;
  }
}
