/** PDN connections (TS 29.274 §7.2): what a PDN gateway does with requests on S5/S8, and its own. */
import { acceptedV2, CAUSE_V2, faultCauseV2 } from '../protocol/gtp-cause.ts';
import type { GtpProblem } from '../protocol/gtp-ie.ts';
import { GTPC_PORT } from '../protocol/gtpv1.ts';
import {
  buildGtpv2,
  GTPV2_MESSAGES,
  type Gtpv2Ies,
  type Gtpv2Kind,
  type Gtpv2Message,
  parseGtpv2,
  readGtpv2Header,
} from '../protocol/gtpv2.ts';
import {
  type CauseV2,
  FTEID_INTERFACE,
  type Fteid,
  type PdnAddress,
} from '../protocol/gtpv2-ie.ts';
import { vidOfTeid } from '../protocol/teid.ts';
import type { DatagramSocket, Peer } from './datagram-endpoint.ts';
import {
  type Arrival,
  type GatewayContext,
  isDone,
  type MessageClass,
  openSession,
  respond,
} from './gateway-context.ts';
import { backupExtension } from './gateway-extension.ts';
import type { Requests } from './gateway-requests.ts';
import {
  type Bearer,
  defaultBearer,
  type Session,
  type TrafficMatch,
  type TunnelEnd,
} from './gateway-session.ts';
import type { SessionWish } from './gateway-sessions.ts';
import { trafficFlowTemplate } from './traffic-match.ts';

type Request<K extends Gtpv2Kind> = Extract<Gtpv2Message, { kind: K }>;
type ResponseKind = 'createSessionResponse' | 'modifyBearerResponse' | 'deleteSessionResponse';

const RESPONSES: Readonly<Record<number, ResponseKind>> = {
  [GTPV2_MESSAGES.createSessionRequest.type]: 'createSessionResponse',
  [GTPV2_MESSAGES.modifyBearerRequest.type]: 'modifyBearerResponse',
  [GTPV2_MESSAGES.deleteSessionRequest.type]: 'deleteSessionResponse',
};
/** Why there is no session. */
const CAUSES = {
  no_resources: CAUSE_V2.noResources,
  no_address: CAUSE_V2.pdnTypeNotSupported,
  full: CAUSE_V2.allAddressesOccupied,
};
const ACCEPTED: CauseV2 = { value: CAUSE_V2.accepted };

/** What a dedicated bearer is to carry. */
export interface BearerWish {
  readonly quality: Buffer;
  readonly match: TrafficMatch;
}

export class Gtpv2Gateway {
  readonly #context: GatewayContext;
  readonly #requests: Requests<Gtpv2Message>;
  #chargingId = 0;

  constructor(context: GatewayContext, requests: Requests<Gtpv2Message>) {
    this.#context = context;
    this.#requests = requests;
  }

  /** @param waited what it says of its sender's restarts was dealt with. */
  receive(socket: DatagramSocket, bytes: Buffer, from: Peer, waited = false): void {
    const { heard } = this.#context;
    const message = parseGtpv2(bytes);
    const header = message.kind === 'problem' ? message.header : message;
    const type =
      message.kind === 'problem' ? (message.header?.type ?? 0) : GTPV2_MESSAGES[message.kind].type;
    const arrival = { socket, from, type };
    const isRequest = header !== undefined && RESPONSES[type] !== undefined;
    if (isRequest && isDone(this.#context, arrival, { ...header, type }, bytes)) return;
    if (message.kind === 'modifyBearerRequest' && !waited) {
      const { recovery, senderControl } = message.ies;
      const news = heard(2, endOf(senderControl)?.address ?? from.address, recovery);
      if (news !== undefined) {
        const kept = Buffer.from(bytes); // the frame's memory is not ours
        return void news.then(() => this.receive(socket, kept, from, true));
      }
    }
    if (message.kind === 'problem') this.#fault(arrival, message);
    else this.#act(arrival, message);
    // A second message may ride on the first (§5.5.1), only one.
    const { piggybacked } = header === undefined ? {} : readGtpv2Header(bytes);
    if (piggybacked !== undefined) this.receive(socket, Buffer.from(piggybacked), from);
  }

  /** Asks the peer to end a session (§7.2.9.2); resolves when it has, or does not answer. */
  async end(socket: DatagramSocket, session: Session): Promise<void> {
    const { sessions, counters } = this.#context;
    const linkedBearerId = defaultBearer(session).id;
    await this.#ask(socket, session, 'deleteBearerRequest', {
      linkedBearerId,
      bearerIds: [],
    }).catch(() => undefined);
    const now = sessions.control(session.teid);
    if (now === undefined) return;
    sessions.remove(now);
    counters.deleted++;
  }

  /**
   * Offers a dedicated bearer (§7.2.3); resolves with it, or with undefined where the peer refuses.
   * Rejects with NoResponse.
   */
  async createBearer(
    socket: DatagramSocket,
    session: Session,
    { quality, match }: BearerWish,
  ): Promise<Bearer | undefined> {
    const { sessions, address } = this.#context;
    const teid = sessions.freeTeid(vidOfTeid(session.teid));
    if (teid === undefined) return undefined;
    const response = await this.#ask(socket, session, 'createBearerRequest', {
      linkedBearerId: defaultBearer(session).id,
      bearers: [
        {
          id: 0,
          trafficFlowTemplate: trafficFlowTemplate(match),
          gatewayUser: fteid(FTEID_INTERFACE.s5uPgw, teid, address),
          quality,
        },
      ],
    });
    const now = sessions.control(session.teid);
    if (response?.kind !== 'createBearerResponse' || now === undefined) return undefined;
    const [made] = response.ies.bearers;
    const peer = made && endOf(made.servingUser);
    const fine = made !== undefined && acceptedV2(made.cause.value) && peer !== undefined;
    if (!fine || !acceptedV2(response.ies.cause.value)) return undefined;
    const bearer: Bearer = { id: made.id, teid, peer, quality, match };
    sessions.replace({ ...now, bearers: [...now.bearers, bearer] });
    return bearer;
  }

  /** Changes a bearer's quality of service (§7.2.15); resolves with whether the peer has. */
  async updateBearer(
    socket: DatagramSocket,
    session: Session,
    { id, quality }: Pick<Bearer, 'id' | 'quality'>,
    bitRates: { readonly uplink: number; readonly downlink: number },
  ): Promise<boolean> {
    const response = await this.#ask(socket, session, 'updateBearerRequest', {
      bearers: [{ id, quality }],
      bitRates,
    });
    const now = this.#context.sessions.control(session.teid);
    if (response?.kind !== 'updateBearerResponse' || now === undefined) return false;
    if (!acceptedV2(response.ies.cause.value)) return false;
    const bearers = now.bearers.map((one) => (one.id === id ? { ...one, quality } : one));
    this.#context.sessions.replace({ ...now, bearers });
    return true;
  }

  /** Takes a dedicated bearer away (§7.2.9.2), whatever the peer says. */
  async deleteBearer(socket: DatagramSocket, session: Session, id: number): Promise<void> {
    await this.#ask(socket, session, 'deleteBearerRequest', { bearerIds: [id] }).catch(
      () => undefined,
    );
    const now = this.#context.sessions.control(session.teid);
    if (now === undefined || defaultBearer(now).id === id) return;
    this.#context.sessions.replace({
      ...now,
      bearers: now.bearers.filter((bearer) => bearer.id !== id),
    });
  }

  #ask<K extends Gtpv2Kind>(
    socket: DatagramSocket,
    { peer }: Session,
    kind: K,
    ies: Gtpv2Ies<K>,
  ): Promise<Gtpv2Message> {
    return this.#requests.ask(socket, { address: peer.address, port: GTPC_PORT }, (sequence) =>
      buildGtpv2(kind, { teid: peer.teid, sequence }, ies),
    );
  }

  #act(arrival: Arrival, message: Gtpv2Message): void {
    switch (message.kind) {
      case 'createSessionRequest':
        this.#create(arrival, message);
        break;
      case 'modifyBearerRequest':
        this.#modify(arrival, message);
        break;
      case 'deleteSessionRequest':
        this.#delete(arrival, message);
        break;
      case 'createBearerResponse':
      case 'updateBearerResponse':
      case 'deleteBearerResponse': {
        const { socket, from } = arrival;
        if (this.#requests.answer(socket.port, from, message.sequence, message)) return;
        this.#context.counters.unexpected++;
        return;
      }
      default:
        this.#context.counters.unexpected++;
    }
  }

  /** Whether the session that a set-up asks for is here. */
  has(bytes: Buffer): boolean {
    const message = parseGtpv2(bytes);
    if (message.kind !== 'createSessionRequest') return false;
    const wish = this.#wish(message.ies);
    return !('value' in wish) && this.#context.sessions.asked(wish) !== undefined;
  }

  #create(arrival: Arrival, { sequence, ies }: Request<'createSessionRequest'>): void {
    const { counters, address, restart, backupVid } = this.#context;
    const wish = this.#wish(ies);
    const made = 'value' in wish ? wish : openSession(this.#context, wish);
    if (typeof made === 'string' || 'value' in made) {
      counters.refused++;
      const cause = typeof made === 'string' ? { value: CAUSES[made] } : made;
      const refusal = { cause, bearers: [] };
      const to = endOf(ies.senderControl)?.teid ?? 0;
      this.#answer(arrival, sequence, 'createSessionResponse', to, refusal);
      return;
    }
    const given = givenAddress(made);
    const { id, teid } = defaultBearer(made);
    const backup = backupVid(vidOfTeid(made.teid));
    this.#answer(
      arrival,
      sequence,
      'createSessionResponse',
      made.peer.teid,
      {
        cause: given.type === wantedType(ies) ? ACCEPTED : { value: CAUSE_V2.newPdnType },
        gatewayControl: fteid(FTEID_INTERFACE.s5cPgw, made.teid, address),
        pdnAddress: given,
        apnRestriction: 0,
        bearers: [
          {
            id,
            cause: ACCEPTED,
            chargingId: made.chargingId,
            gatewayUser: fteid(FTEID_INTERFACE.s5uPgw, teid, address),
          },
        ],
        recovery: restart(),
        ...(backup === undefined ? {} : { privateExtension: backupExtension(backup) }),
      },
      { session: made, messageClass: 'create' },
    );
  }

  /** What a session is to have, or the cause why there is none. */
  #wish(ies: Gtpv2Ies<'createSessionRequest'>): SessionWish | CauseV2 {
    const { apns } = this.#context;
    const cause = (value: number, type: number, instance: number): CauseV2 => ({
      value,
      offending: { type, instance },
    });
    const { apn, imsi, bearers } = ies;
    const [wanted] = bearers;
    const control = endOf(ies.senderControl);
    const user = endOf(wanted?.servingUser);
    if (control === undefined) return cause(CAUSE_V2.incorrectIe, 87, 0);
    if (wanted === undefined) return cause(CAUSE_V2.missingIe, 93, 0);
    if (user === undefined) return cause(CAUSE_V2.missingIe, 87, 2);
    if (apns !== undefined && !apns.has(apn.toLowerCase())) return { value: CAUSE_V2.unknownApn };
    return {
      version: 2,
      peer: control,
      imsi,
      apn,
      wants: wantedType(ies),
      chargingId: ++this.#chargingId,
      bearer: { id: wanted.id, peer: user, quality: Buffer.from(wanted.quality) },
    };
  }

  #modify(arrival: Arrival, { teid = 0, sequence, ies }: Request<'modifyBearerRequest'>): void {
    const { sessions, counters, markEnd } = this.#context;
    const session = sessions.control(teid);
    if (session === undefined) {
      const notFound = { cause: { value: CAUSE_V2.contextNotFound } };
      counters.unknownSession++;
      this.#answer(arrival, sequence, 'modifyBearerResponse', 0, {
        ...{ ...notFound, bearers: [], bearersRemoved: [] },
      });
      return;
    }
    const wanted = new Map(ies.bearers.map((bearer) => [bearer.id, bearer.servingUser]));
    const removed = new Set(ies.bearersToRemove.map(({ id }) => id));
    const known = new Set(session.bearers.map(({ id }) => id));
    const first = defaultBearer(session);
    // Nothing takes the new path before the old one's end is marked, so that who puts packets in order
    // knows what was the last (TS 29.281 §7.3.2, TS 23.401 §5.5.1.1.2). A bearer that goes has no new path.
    for (const { id, peer } of session.bearers) {
      const next = endOf(wanted.get(id));
      if (peer && next && (peer.address !== next.address || peer.teid !== next.teid)) markEnd(peer);
    }
    const changed = sessions.replace({
      ...session,
      peer: endOf(ies.senderControl) ?? session.peer,
      bearers: session.bearers
        .filter((bearer) => bearer === first || !removed.has(bearer.id))
        .map((bearer) => ({ ...bearer, peer: endOf(wanted.get(bearer.id)) ?? bearer.peer })),
    });
    counters.updated++;
    const result = (id: number) => ({
      id,
      cause: known.has(id) ? ACCEPTED : { value: CAUSE_V2.contextNotFound },
    });
    const partly = [...wanted.keys()].some((id) => !known.has(id));
    this.#answer(
      arrival,
      sequence,
      'modifyBearerResponse',
      changed.peer.teid,
      {
        cause: partly ? { value: CAUSE_V2.partiallyAccepted } : ACCEPTED,
        bearers: [...wanted.keys()].map(result),
        bearersRemoved: [...removed].map(result),
      },
      { session: changed, messageClass: 'update' },
    );
  }

  #delete(arrival: Arrival, { teid = 0, sequence, ies }: Request<'deleteSessionRequest'>): void {
    const { sessions, counters } = this.#context;
    const session = sessions.control(teid);
    const { linkedBearerId } = ies;
    const other =
      session !== undefined &&
      linkedBearerId !== undefined &&
      defaultBearer(session).id !== linkedBearerId;
    if (session === undefined || other) {
      counters.unknownSession++;
      const cause = { value: CAUSE_V2.contextNotFound };
      this.#answer(arrival, sequence, 'deleteSessionResponse', session?.peer.teid ?? 0, { cause });
      return;
    }
    sessions.remove(session);
    counters.deleted++;
    const to = session.peer.teid;
    const change = { session, messageClass: 'delete' } as const;
    this.#answer(arrival, sequence, 'deleteSessionResponse', to, { cause: ACCEPTED }, change);
  }

  /** §7.7: a request is refused with a cause that names the IE. */
  #fault(arrival: Arrival, { header, fault, ie }: GtpProblem): void {
    const { counters, sessions } = this.#context;
    counters.malformed++;
    const kind = RESPONSES[arrival.type];
    const value = faultCauseV2(fault);
    if (header === undefined || kind === undefined || value === undefined) return;
    const teid = sessions.control(header.teid ?? 0)?.peer.teid ?? 0;
    const lists = { bearers: [], bearersRemoved: [] };
    this.#answer(arrival, header.sequence, kind, teid, {
      ...{ ...lists, cause: { value, offending: ie } },
    } as Gtpv2Ies<ResponseKind>);
  }

  #answer<K extends ResponseKind>(
    arrival: Arrival,
    sequence: number,
    kind: K,
    teid: number,
    ies: Gtpv2Ies<K>,
    change?: { readonly session: Session; readonly messageClass: MessageClass },
  ): void {
    const bytes = buildGtpv2(kind, { teid, sequence }, ies);
    const where = change && {
      vid: vidOfTeid(change.session.teid),
      messageClass: change.messageClass,
    };
    respond(this.#context, arrival, sequence, bytes, where);
  }
}

function wantedType({ pdnAddress, pdnType }: Gtpv2Ies<'createSessionRequest'>): PdnAddress['type'] {
  return pdnAddress?.type ?? pdnType ?? 'ipv4';
}

function fteid(interfaceType: number, teid: number, address: string): Fteid {
  return address.includes(':')
    ? { interfaceType, teid, ipv6: address }
    : { interfaceType, teid, ipv4: address };
}

function endOf(end: Fteid | undefined): TunnelEnd | undefined {
  const address = end?.ipv4 ?? end?.ipv6;
  return end === undefined || address === undefined ? undefined : { address, teid: end.teid };
}

function givenAddress({ ipv4, ipv6 }: Session): PdnAddress {
  const six =
    ipv6 === undefined ? undefined : { address: `${ipv6.replace(/::$/, '')}::1`, prefix: 64 };
  if (six === undefined) return { type: 'ipv4', ipv4 };
  return ipv4 === undefined ? { type: 'ipv6', ipv6: six } : { type: 'ipv4v6', ipv4, ipv6: six };
}
