/** PDP contexts (TS 29.060 §7.3): what a gateway does with an SGSN's requests, and its own. */
import { CAUSE_V1, faultCauseV1 } from '../protocol/gtp-cause.ts';
import type { GtpProblem } from '../protocol/gtp-ie.ts';
import {
  buildGtpv1Message,
  GTPC_PORT,
  GTPV1_MESSAGES,
  type Gtpv1Ies,
  type Gtpv1Kind,
  type Gtpv1Message,
  parseGtpv1,
} from '../protocol/gtpv1.ts';
import type { EndUserAddress } from '../protocol/gtpv1-ie.ts';
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
import { defaultBearer, type Session } from './gateway-session.ts';
import type { SessionWish } from './gateway-sessions.ts';

type Request<K extends Gtpv1Kind> = Extract<Gtpv1Message, { kind: K }>;

/** Answers to requests, by the requests' types. */
const RESPONSES: Readonly<Record<number, 'createResponse' | 'updateResponse' | 'deleteResponse'>> =
  {
    [GTPV1_MESSAGES.createRequest.type]: 'createResponse',
    [GTPV1_MESSAGES.updateRequest.type]: 'updateResponse',
    [GTPV1_MESSAGES.deleteRequest.type]: 'deleteResponse',
  };

/** Why there is no session. */
const CAUSES = {
  no_resources: CAUSE_V1.noResources,
  no_address: CAUSE_V1.unknownPdpType,
  full: CAUSE_V1.allAddressesOccupied,
};

export class Gtpv1Gateway {
  readonly #context: GatewayContext;
  readonly #requests: Requests<Gtpv1Message>;
  #chargingId = 0;

  constructor(context: GatewayContext, requests: Requests<Gtpv1Message>) {
    this.#context = context;
    this.#requests = requests;
  }

  /** @param waited what it says of its sender's restarts was dealt with. */
  receive(socket: DatagramSocket, bytes: Buffer, from: Peer, waited = false): void {
    const { heard } = this.#context;
    const message = parseGtpv1(bytes);
    const header = message.kind === 'problem' ? message.header : message;
    const type = message.kind === 'problem' ? (message.header?.type ?? 0) : typeOf(message);
    const arrival = { socket, from, type };
    const isRequest = header !== undefined && RESPONSES[type] !== undefined;
    if (isRequest && isDone(this.#context, arrival, { ...header, type }, bytes)) return;
    if (message.kind === 'updateRequest' && !waited) {
      const { recovery, controlAddress = from.address } = message.ies;
      const news = heard(1, controlAddress, recovery);
      if (news !== undefined) {
        const kept = Buffer.from(bytes); // the frame's memory is not ours
        return void news.then(() => this.receive(socket, kept, from, true));
      }
    }
    if (message.kind === 'problem') this.#fault(arrival, message);
    else this.#act(arrival, message);
  }

  /** Asks the peer to end a session (§7.3.5); resolves when it has, or does not answer. */
  async end(socket: DatagramSocket, session: Session): Promise<void> {
    const { sessions, counters } = this.#context;
    const { peer } = session;
    const nsapi = defaultBearer(session).id;
    await this.#requests
      .ask(socket, { address: peer.address, port: GTPC_PORT }, (sequence) =>
        buildGtpv1Message(
          'deleteRequest',
          { teid: peer.teid, sequence },
          { teardown: true, nsapi },
        ),
      )
      // Who does not answer has forgotten it, or will find out by its next message.
      .catch(() => {});
    const now = sessions.control(session.teid);
    if (now === undefined) return;
    sessions.remove(now);
    counters.deleted++;
  }

  #act(arrival: Arrival, message: Gtpv1Message): void {
    const { counters } = this.#context;
    switch (message.kind) {
      case 'createRequest':
        this.#create(arrival, message);
        break;
      case 'updateRequest':
        this.#update(arrival, message);
        break;
      case 'deleteRequest':
        this.#delete(arrival, message);
        break;
      case 'createResponse':
      case 'updateResponse':
      case 'deleteResponse':
        if (!this.#requests.answer(arrival.socket.port, arrival.from, message.sequence, message)) {
          counters.unexpected++;
        }
        return;
      default:
        counters.unexpected++;
    }
  }

  /** Whether the session that a set-up asks for is here. */
  has(bytes: Buffer): boolean {
    const message = parseGtpv1(bytes);
    if (message.kind !== 'createRequest') return false;
    const wish = this.#wish(message.ies);
    return typeof wish !== 'number' && this.#context.sessions.asked(wish) !== undefined;
  }

  #create(arrival: Arrival, { teid, sequence, ies }: Request<'createRequest'>): void {
    const wish = teid === 0 ? this.#wish(ies) : CAUSE_V1.notSupported;
    const made = typeof wish === 'number' ? wish : openSession(this.#context, wish);
    if (typeof made !== 'object') {
      this.#context.counters.refused++;
      const cause = typeof made === 'number' ? made : CAUSES[made];
      this.#answer(arrival, sequence, 'createResponse', ies.teidControl ?? 0, { cause });
      return;
    }
    const given = givenAddress(made);
    const narrower = given.type !== ies.endUserAddress?.type;
    const cause = narrower ? CAUSE_V1.newPdpType : CAUSE_V1.accepted;
    this.#answer(
      arrival,
      sequence,
      'createResponse',
      made.peer.teid,
      { ...this.#tunnels(made), cause, endUserAddress: given, reordering: false },
      { session: made, messageClass: 'create' },
    );
  }

  /** What a session is to have, or the cause why there is none. */
  #wish(ies: Gtpv1Ies<'createRequest'>): SessionWish | number {
    const { apns } = this.#context;
    // A secondary context beside this one needs classes of packets that an SGSN chooses.
    if (ies.linkedNsapi !== undefined) return CAUSE_V1.notSupported;
    const { teidControl, endUserAddress, apn = '', imsi, nsapi } = ies;
    if (teidControl === undefined || endUserAddress === undefined) return CAUSE_V1.missingIe;
    if (apns !== undefined && !apns.has(apn.toLowerCase())) return CAUSE_V1.unknownApn;
    return {
      version: 1,
      peer: { address: ies.controlAddress, teid: teidControl },
      imsi,
      apn,
      wants: endUserAddress.type,
      chargingId: ++this.#chargingId,
      bearer: {
        id: nsapi,
        peer: { address: ies.userAddress, teid: ies.teidData },
        quality: Buffer.from(ies.quality),
      },
    };
  }

  #update(arrival: Arrival, { teid, sequence, ies }: Request<'updateRequest'>): void {
    const { sessions, counters } = this.#context;
    const session = sessions.control(teid);
    const bearer = session?.bearers.find(({ id }) => id === ies.nsapi);
    if (session === undefined || bearer === undefined) {
      this.#unknown(arrival, sequence, 'updateResponse', session?.peer.teid ?? 0);
      return;
    }
    const { controlAddress, userAddress, teidControl, teidData, quality } = ies;
    const user = bearer.peer;
    // No End Marker on the old tunnel: it is for the paths of TS 23.401 (TS 29.281 §7.3.2), and an SGSN of
    // TS 29.060 waits for none.
    const changed = sessions.replace({
      ...session,
      peer: {
        address: controlAddress ?? session.peer.address,
        teid: teidControl ?? session.peer.teid,
      },
      bearers: session.bearers.map((one) =>
        one !== bearer
          ? one
          : {
              ...one,
              peer: {
                address: userAddress ?? user?.address ?? arrival.from.address,
                teid: teidData ?? user?.teid ?? 0,
              },
              quality: quality === undefined ? one.quality : Buffer.from(quality),
            },
      ),
    });
    counters.updated++;
    // An update answers for a context, not with its number.
    const { nsapi: _, ...tunnels } = this.#tunnels(changed);
    this.#answer(
      arrival,
      sequence,
      'updateResponse',
      changed.peer.teid,
      { ...tunnels, cause: CAUSE_V1.accepted },
      { session: changed, messageClass: 'update' },
    );
  }

  #delete(arrival: Arrival, { teid, sequence, ies }: Request<'deleteRequest'>): void {
    const { sessions, counters } = this.#context;
    const session = sessions.control(teid);
    if (session === undefined || !session.bearers.some(({ id }) => id === ies.nsapi)) {
      this.#unknown(arrival, sequence, 'deleteResponse', session?.peer.teid ?? 0);
      return;
    }
    // There is one context for an address here, so that it goes with or without Teardown Ind.
    sessions.remove(session);
    counters.deleted++;
    const cause = CAUSE_V1.accepted;
    this.#answer(
      arrival,
      sequence,
      'deleteResponse',
      session.peer.teid,
      { cause },
      { session, messageClass: 'delete' },
    );
  }

  /** §7.3: its own ends of the tunnels, and what it makes of the request. */
  #tunnels(session: Session) {
    const { address, restart, backupVid } = this.#context;
    const { id, teid, quality } = defaultBearer(session);
    const backup = backupVid(vidOfTeid(session.teid));
    return {
      recovery: restart(),
      teidData: teid,
      teidControl: session.teid,
      nsapi: id,
      chargingId: session.chargingId,
      controlAddress: address,
      userAddress: address,
      quality,
      ...(backup === undefined ? {} : { privateExtension: backupExtension(backup) }),
    };
  }

  /** The answer names no TEID where the peer's is not known (TS 29.060 §7.3.4). */
  #unknown(
    arrival: Arrival,
    sequence: number,
    kind: 'updateResponse' | 'deleteResponse',
    teid: number,
  ): void {
    this.#context.counters.unknownSession++;
    this.#answer(arrival, sequence, kind, teid, { cause: CAUSE_V1.nonExistent });
  }

  /** §11.1: a request is refused with a cause; what is no request of ours is counted. */
  #fault(arrival: Arrival, { header, fault }: GtpProblem): void {
    const { counters, sessions } = this.#context;
    counters.malformed++;
    const kind = RESPONSES[arrival.type];
    const cause = faultCauseV1(fault);
    if (header === undefined || kind === undefined || cause === undefined) return;
    const teid = sessions.control(header.teid ?? 0)?.peer.teid ?? 0;
    this.#answer(arrival, header.sequence, kind, teid, { cause });
  }

  #answer<K extends 'createResponse' | 'updateResponse' | 'deleteResponse'>(
    arrival: Arrival,
    sequence: number,
    kind: K,
    teid: number,
    ies: Gtpv1Ies<K>,
    change?: { readonly session: Session; readonly messageClass: MessageClass },
  ): void {
    const bytes = buildGtpv1Message(kind, { teid, sequence }, ies);
    const where = change && {
      vid: vidOfTeid(change.session.teid),
      messageClass: change.messageClass,
    };
    respond(this.#context, arrival, sequence, bytes, where);
  }
}

function givenAddress({ ipv4, ipv6 }: Session): EndUserAddress {
  // The interface identifier that the user is to take: 1, in a /64 of its own (TS 29.061 §11.2.1.3).
  const own = ipv6 === undefined ? undefined : `${ipv6.replace(/::$/, '')}::1`;
  if (own === undefined) return { type: 'ipv4', ipv4 };
  return ipv4 === undefined ? { type: 'ipv6', ipv6: own } : { type: 'ipv4v6', ipv4, ipv6: own };
}

function typeOf({ kind }: Gtpv1Message): number {
  return GTPV1_MESSAGES[kind].type;
}
