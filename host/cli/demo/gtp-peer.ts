/**
 * The other end of a gateway: an SGSN (GTPv1) or serving gateway (GTPv2) with its users, as far as
 * demos, benchmarks and tests want one. It opens and ends sessions, sends and hears users' packets, and
 * answers what a gateway asks.
 */
import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { DatagramEndpoint, DatagramSocket, Peer } from '../../processor/datagram-endpoint.ts';
import { readBackupExtension } from '../../processor/gateway-extension.ts';
import { Requests } from '../../processor/gateway-requests.ts';
import { type Clock, systemClock } from '../../protocol/clock.ts';
import { acceptedV1, acceptedV2, CAUSE_V1, CAUSE_V2 } from '../../protocol/gtp-cause.ts';
import { buildGPdu, buildGtpuSignal, GTPU_PORT, parseGtpu } from '../../protocol/gtpu.ts';
import {
  buildGtpv1Message,
  GTPC_PORT,
  type Gtpv1Message,
  parseGtpv1,
} from '../../protocol/gtpv1.ts';
import { buildGtpv2, type Gtpv2Message, parseGtpv2 } from '../../protocol/gtpv2.ts';
import { FTEID_INTERFACE } from '../../protocol/gtpv2-ie.ts';
import { makeTeid } from '../../protocol/teid.ts';
import { type PeerSession, Refused } from './gtp-peer-session.ts';

export interface GtpPeerOptions {
  readonly endpoint: DatagramEndpoint;
  /** The gateway's. */
  readonly gateway: string;
  readonly clock?: Clock;
  readonly apn?: string;
  /** Its restart counter (TS 23.007 §18). Left out: it tells none but where it must. */
  readonly restart?: number;
}

export interface GtpPeerEvents {
  /** A packet for a user. */
  packet: [session: PeerSession | undefined, packet: Buffer, bearer: number];
  /** The gateway ended a session. */
  ended: [session: PeerSession];
  /** The gateway does not know a tunnel: its TEID. */
  errorIndication: [teid: number];
  /** Anything else: echoes, and what is no answer of ours. */
  other: [kind: string, from: Peer];
}

const QUALITY_V1 = Buffer.from('0123631f93967474fbffff00', 'hex');
const QUALITY_V2 = Buffer.from(`6809${'00'.repeat(20)}`, 'hex');
const LTE = 6;

export type Wants = 'ipv4' | 'ipv6' | 'ipv4v6';

export class GtpPeer extends EventEmitter<GtpPeerEvents> {
  readonly counters = { packets: 0, heard: 0 };
  readonly requests: { readonly v1: Requests<Gtpv1Message>; readonly v2: Requests<Gtpv2Message> };
  readonly #options: GtpPeerOptions;
  readonly #byControl = new Map<number, PeerSession>();
  readonly #byUser = new Map<number, { readonly session: PeerSession; readonly bearer: number }>();
  /** As the option; a peer that restarts has another one. */
  restart: number | undefined;
  #controlSocket: DatagramSocket | undefined;
  #userSocket: DatagramSocket | undefined;
  #teid = 1;
  #bearer = 6;

  constructor(options: GtpPeerOptions) {
    super();
    this.#options = options;
    this.restart = options.restart;
    const { clock = systemClock } = options;
    this.requests = {
      v1: new Requests(clock, 0x10000, randomInt(0x10000)),
      v2: new Requests(clock, 0x800000, randomInt(0x800000)),
    };
  }

  get sessions(): ReadonlyMap<number, PeerSession> {
    return this.#byControl;
  }

  async start(): Promise<void> {
    const { endpoint } = this.#options;
    this.#controlSocket = await endpoint.bind(GTPC_PORT, (bytes, from) =>
      this.#control(bytes, from),
    );
    this.#userSocket = await endpoint.bind(GTPU_PORT, (bytes, from) => this.#user(bytes, from));
  }

  close(): void {
    this.requests.v1.close();
    this.requests.v2.close();
    this.#controlSocket?.close();
    this.#userSocket?.close();
  }

  /** Rejects with Refused or NoResponse. */
  create(imsi: string, version: 1 | 2 = 2, wants: Wants = 'ipv4'): Promise<PeerSession> {
    return version === 1 ? this.#createV1(imsi, wants) : this.#createV2(imsi, wants);
  }

  /** Moves the session's end of the user plane to a new TEID, as a handover does. */
  async update(session: PeerSession): Promise<PeerSession> {
    const user = this.#nextTeid();
    const address = this.#options.endpoint.address;
    const { version, gatewayControl: teid, bearer } = session;
    if (version === 1) {
      const ends = { controlAddress: address, userAddress: address, quality: QUALITY_V1 };
      const { ies } = await this.#askV1('updateResponse', (sequence) =>
        buildGtpv1Message(
          'updateRequest',
          { teid, sequence },
          { ...ends, teidData: user, nsapi: bearer, recovery: this.restart },
        ),
      );
      if (!acceptedV1(ies.cause)) throw new Refused('an update', ies.cause);
    } else {
      const servingUser = { interfaceType: FTEID_INTERFACE.s5uSgw, teid: user, ipv4: address };
      const { ies } = await this.#askV2('modifyBearerResponse', (sequence) =>
        buildGtpv2(
          'modifyBearerRequest',
          { teid, sequence },
          { bearers: [{ id: bearer, servingUser }], bearersToRemove: [], recovery: this.restart },
        ),
      );
      if (!acceptedV2(ies.cause.value)) throw new Refused('an update', ies.cause.value);
    }
    this.#byUser.delete(session.user);
    return this.#keep({ ...session, user });
  }

  /** Rejects with Refused or NoResponse; the session is gone here either way. */
  async delete(session: PeerSession): Promise<void> {
    const { version, gatewayControl: teid, bearer } = session;
    this.forget(session);
    if (version === 1) {
      const { ies } = await this.#askV1('deleteResponse', (sequence) =>
        buildGtpv1Message('deleteRequest', { teid, sequence }, { teardown: true, nsapi: bearer }),
      );
      if (!acceptedV1(ies.cause)) throw new Refused('a delete', ies.cause);
      return;
    }
    const { ies } = await this.#askV2('deleteSessionResponse', (sequence) =>
      buildGtpv2('deleteSessionRequest', { teid, sequence }, { linkedBearerId: bearer }),
    );
    if (!acceptedV2(ies.cause.value)) throw new Refused('a delete', ies.cause.value);
  }

  /** Resolves with the restart counter. */
  async echo(version: 1 | 2): Promise<number> {
    if (version === 1) {
      const { ies } = await this.#askV1('echoResponse', (sequence) =>
        buildGtpv1Message('echoRequest', { teid: 0, sequence }, {}),
      );
      return ies.recovery;
    }
    const { ies } = await this.#askV2('echoResponse', (sequence) =>
      buildGtpv2('echoRequest', { teid: undefined, sequence }, { recovery: this.restart ?? 0 }),
    );
    return ies.recovery;
  }

  /** A user's packet, into its tunnel. */
  send(session: Pick<PeerSession, 'gatewayUser'>, packet: Uint8Array): void {
    this.counters.packets++;
    this.sendUser(buildGPdu(session.gatewayUser, packet));
  }

  /** The same to the VID that the backup has of its own, for when the gateway does not answer (G9). */
  sendToBackup({ gatewayUser, backupVid }: PeerSession, packet: Uint8Array): void {
    if (backupVid === undefined) throw new Error('nobody said who the backup is');
    this.send({ gatewayUser: makeTeid(backupVid, gatewayUser) }, packet);
  }

  /** Bytes to the gateway's user plane as they are. */
  sendUser(bytes: Uint8Array): void {
    this.#userSocket?.send(bytes, { address: this.#options.gateway, port: GTPU_PORT });
  }

  /** Bytes to the gateway's control plane as they are. */
  sendControl(bytes: Uint8Array): void {
    this.#controlSocket?.send(bytes, { address: this.#options.gateway, port: GTPC_PORT });
  }

  /** Tells the gateway that a tunnel of ours is unknown here. */
  indicateError(teid: number): void {
    const { address } = this.#options.endpoint;
    const header = { teid: 0, sequence: 0 };
    this.sendUser(buildGtpuSignal('errorIndication', header, { teid, address }));
  }

  async #createV1(imsi: string, wants: Wants): Promise<PeerSession> {
    const { endpoint, apn = 'internet' } = this.#options;
    const [control, user, nsapi] = [this.#nextTeid(), this.#nextTeid(), 5];
    const { ies } = await this.#askV1('createResponse', (sequence) =>
      buildGtpv1Message(
        'createRequest',
        { teid: 0, sequence },
        {
          imsi,
          apn,
          nsapi,
          teidData: user,
          teidControl: control,
          quality: QUALITY_V1,
          selectionMode: 0,
          endUserAddress: { type: wants },
          recovery: this.restart,
          controlAddress: endpoint.address,
          userAddress: endpoint.address,
        },
      ),
    );
    const { teidControl, teidData, endUserAddress } = ies;
    if (!acceptedV1(ies.cause) || teidControl === undefined || teidData === undefined) {
      throw new Refused('a session', ies.cause);
    }
    return this.#keep({
      version: 1,
      imsi,
      bearer: nsapi,
      gatewayControl: teidControl,
      gatewayUser: teidData,
      control,
      user,
      ipv4: endUserAddress?.ipv4,
      ipv6: endUserAddress?.ipv6,
      backupVid: readBackupExtension(ies.privateExtension),
    });
  }

  async #createV2(imsi: string, wants: Wants): Promise<PeerSession> {
    const { endpoint, apn = 'internet' } = this.#options;
    const [control, user, id] = [this.#nextTeid(), this.#nextTeid(), 5];
    const { s5cSgw, s5uSgw } = FTEID_INTERFACE;
    const ipv4 = endpoint.address;
    const { ies } = await this.#askV2('createSessionResponse', (sequence) =>
      buildGtpv2(
        'createSessionRequest',
        { teid: 0, sequence },
        {
          imsi,
          apn,
          ratType: LTE,
          selectionMode: 0,
          pdnType: wants,
          recovery: this.restart,
          senderControl: { interfaceType: s5cSgw, teid: control, ipv4 },
          bearers: [
            {
              id,
              servingUser: { interfaceType: s5uSgw, teid: user, ipv4 },
              quality: QUALITY_V2,
            },
          ],
        },
      ),
    );
    const { gatewayControl, pdnAddress, bearers, cause } = ies;
    const gatewayUser = bearers[0]?.gatewayUser;
    if (!acceptedV2(cause.value) || gatewayControl === undefined || gatewayUser === undefined) {
      throw new Refused('a session', cause.value);
    }
    return this.#keep({
      version: 2,
      imsi,
      bearer: id,
      gatewayControl: gatewayControl.teid,
      gatewayUser: gatewayUser.teid,
      control,
      user,
      ipv4: pdnAddress?.ipv4,
      ipv6: pdnAddress?.ipv6?.address,
      backupVid: readBackupExtension(ies.privateExtension),
    });
  }

  async #askV1<K extends Gtpv1Message['kind']>(
    kind: K,
    build: (sequence: number) => Buffer,
  ): Promise<Extract<Gtpv1Message, { kind: K }>> {
    const response = await this.requests.v1.ask(this.#socket, this.#gateway, build);
    if (response.kind !== kind) throw new Error(`${response.kind} instead of ${kind}`);
    return response as Extract<Gtpv1Message, { kind: K }>;
  }

  async #askV2<K extends Gtpv2Message['kind']>(
    kind: K,
    build: (sequence: number) => Buffer,
  ): Promise<Extract<Gtpv2Message, { kind: K }>> {
    const response = await this.requests.v2.ask(this.#socket, this.#gateway, build);
    if (response.kind !== kind) throw new Error(`${response.kind} instead of ${kind}`);
    return response as Extract<Gtpv2Message, { kind: K }>;
  }

  get #gateway(): Peer {
    return { address: this.#options.gateway, port: GTPC_PORT };
  }

  get #socket(): DatagramSocket {
    if (this.#controlSocket === undefined) throw new Error('start() first');
    return this.#controlSocket;
  }

  #control(bytes: Buffer, from: Peer): void {
    if ((bytes[0] ?? 0) >> 5 === 1) this.#controlV1(parseGtpv1(bytes), from);
    else this.#controlV2(parseGtpv2(bytes), from);
  }

  #controlV1(message: ReturnType<typeof parseGtpv1>, from: Peer): void {
    if (message.kind === 'problem') {
      this.emit('other', message.text, from);
    } else if (message.kind === 'deleteRequest') {
      const session = this.#byControl.get(message.teid);
      const { sequence } = message;
      const cause = session === undefined ? CAUSE_V1.nonExistent : CAUSE_V1.accepted;
      const teid = session?.gatewayControl ?? 0;
      this.#socket.send(buildGtpv1Message('deleteResponse', { teid, sequence }, { cause }), from);
      if (session !== undefined) this.#ended(session);
    } else if (!this.requests.v1.answer(GTPC_PORT, from, message.sequence, message)) {
      this.emit('other', message.kind, from);
    }
  }

  #controlV2(message: ReturnType<typeof parseGtpv2>, from: Peer): void {
    if (message.kind === 'problem') {
      this.emit('other', message.text, from);
      return;
    }
    const { sequence } = message;
    const session = this.#byControl.get(message.teid ?? 0);
    const teid = session?.gatewayControl ?? 0;
    const cause = {
      value: session === undefined ? CAUSE_V2.contextNotFound : CAUSE_V2.accepted,
    };
    const answer = (payload: Buffer) => this.#socket.send(payload, from);
    switch (message.kind) {
      case 'createBearerRequest': {
        const bearers = message.ies.bearers.map(({ gatewayUser }) => {
          const id = this.#bearer++;
          const user = this.#nextTeid();
          if (session !== undefined) this.#byUser.set(user, { session, bearer: id });
          const { s5uSgw } = FTEID_INTERFACE;
          const ipv4 = this.#options.endpoint.address;
          const servingUser = { interfaceType: s5uSgw, teid: user, ipv4 };
          return { id, cause, servingUser, gatewayUser };
        });
        answer(buildGtpv2('createBearerResponse', { teid, sequence }, { cause, bearers }));
        break;
      }
      case 'updateBearerRequest': {
        const bearers = message.ies.bearers.map(({ id }) => ({ id, cause }));
        answer(buildGtpv2('updateBearerResponse', { teid, sequence }, { cause, bearers }));
        break;
      }
      case 'deleteBearerRequest': {
        const { linkedBearerId, bearerIds } = message.ies;
        const bearers = bearerIds.map((id) => ({ id, cause }));
        const ies = { cause, bearers, linkedBearerId };
        answer(buildGtpv2('deleteBearerResponse', { teid, sequence }, ies));
        if (session !== undefined && linkedBearerId !== undefined) this.#ended(session);
        break;
      }
      default:
        if (!this.requests.v2.answer(GTPC_PORT, from, sequence, message)) {
          this.emit('other', message.kind, from);
        }
    }
  }

  #user(bytes: Buffer, from: Peer): void {
    const message = parseGtpu(bytes);
    if (message.kind === 'gPdu') {
      this.counters.heard++;
      const found = this.#byUser.get(message.teid);
      this.emit('packet', found?.session, message.packet, found?.bearer ?? 0);
    } else if (message.kind === 'errorIndication') {
      this.emit('errorIndication', message.ies.teid);
    } else this.emit('other', message.kind, from);
  }

  #keep(session: PeerSession): PeerSession {
    this.#byControl.set(session.control, session);
    this.#byUser.set(session.user, { session, bearer: session.bearer });
    return session;
  }

  /** Loses a session without a word: what the gateway asks of it is refused with TEID 0 (TS 29.274 §5.5.2). */
  forget(session: PeerSession): void {
    this.#byControl.delete(session.control);
    this.#byUser.delete(session.user);
  }

  #ended(session: PeerSession): void {
    this.forget(session);
    this.emit('ended', session);
  }

  #nextTeid(): number {
    return this.#teid++;
  }
}
