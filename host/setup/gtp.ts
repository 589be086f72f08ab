/**
 * Set-up handler for GTP at the address of a gateway. What comes without a TEID of ours begins a session
 * (Create PDP Context, Create Session) or concerns the path between two nodes: echo, versions, extension
 * headers. Many processors are one node to their peers, so the path is answered for here, with one restart
 * counter, which a processor's death does not change (TS 23.007 §18).
 *
 * It sees no answer: those go from the processor through the card to the peer. A set-up is known again by
 * peer, port and sequence number (TS 29.060 §7.6, TS 29.274 §7.6), for as long as a peer repeats it.
 */

import type { ControlUser } from '../protocol/control.ts';
import { ExpiringMap } from '../protocol/expiring-map.ts';
import { CAUSE_V1, CAUSE_V2 } from '../protocol/gtp-cause.ts';
import { orProblem } from '../protocol/gtp-ie.ts';
import { gtpPeer, readRecovery } from '../protocol/gtp-recovery.ts';
import { readSubscriber } from '../protocol/gtp-subscriber.ts';
import { answerOtherVersion } from '../protocol/gtp-version.ts';
import { buildGtpuSignal, GPDU, GTPU_MESSAGES, GTPU_PORT } from '../protocol/gtpu.ts';
import { buildGtpv1Message, GTPC_PORT, GTPV1_MESSAGES } from '../protocol/gtpv1.ts';
import { readGtpv1Header } from '../protocol/gtpv1-header.ts';
import { buildGtpv2, GTPV2_MESSAGES, readGtpv2Header } from '../protocol/gtpv2.ts';
import { buildUdpFrame, parseUdpFrame, type UdpFrame } from '../protocol/udp.ts';
import { GtpPeers } from './gtp-peers.ts';
import type {
  Answer,
  Drop,
  Everyone,
  Known,
  Occupant,
  Orphan,
  PuntedFrame,
  Recognition,
  Selection,
  Setup,
  SetupHandler,
  SetupHost,
} from './handler.ts';
import { SeenUsers } from './seen-users.ts';

export interface GtpSetupOptions {
  /** Milliseconds, as `Clock.now`. */
  readonly now: () => number;
  /** The node's restart counter at first, 0 to 255; `recall` brings that of an earlier switch processor. */
  readonly restartCounter: number;
  /** Name of the service whose rules punt to this handler. Default `gtp`. */
  readonly service?: string;
  /** Set-ups remembered; the oldest goes first. Default 262,144: 13,000 a second. */
  readonly limit?: number;
}

const LIMIT = 262_144;
/** T3-RESPONSE of 5 s, N3-REQUESTS of 3, as osmo-ggsn has them, and the last answer's way. */
const SETUP_LIFE = 20_000;

type Alive = (occupant: Occupant) => boolean;

/** Requests of a session, and how each is answered where nobody has it. */
const V1_RESPONSES: Readonly<
  Record<number, 'createResponse' | 'updateResponse' | 'deleteResponse'>
> = {
  [GTPV1_MESSAGES.createRequest.type]: 'createResponse',
  [GTPV1_MESSAGES.updateRequest.type]: 'updateResponse',
  [GTPV1_MESSAGES.deleteRequest.type]: 'deleteResponse',
};
const V2_RESPONSES: Readonly<
  Record<number, 'createSessionResponse' | 'modifyBearerResponse' | 'deleteSessionResponse'>
> = {
  [GTPV2_MESSAGES.createSessionRequest.type]: 'createSessionResponse',
  [GTPV2_MESSAGES.modifyBearerRequest.type]: 'modifyBearerResponse',
  [GTPV2_MESSAGES.deleteSessionRequest.type]: 'deleteSessionResponse',
};

export class GtpSetup implements SetupHandler {
  readonly service: string;
  readonly #setups: ExpiringMap<string, Occupant>;
  readonly #peers: GtpPeers;
  readonly #seen = new SeenUsers();
  /** Users whose older sessions are being ended. */
  readonly #coming = new Set<string>();
  #host: SetupHost | undefined;
  /** Goes up when all sessions are lost, and stays where they live on, whoever restarts (TS 23.007 §18). */
  #restart: number;

  /** Throws RangeError where the restart counter does not fit a byte. */
  constructor(options: GtpSetupOptions) {
    const { restartCounter, now, limit = LIMIT } = options;
    this.service = options.service ?? 'gtp';
    this.#restart = checkCounter(restartCounter);
    this.#setups = new ExpiringMap({ life: SETUP_LIFE, limit, now });
    this.#peers = new GtpPeers(this.service);
  }

  get node(): Readonly<Record<string, number>> {
    return { restart: this.#restart };
  }

  attach(host: SetupHost): void {
    this.#host = host;
    this.#peers.attach(host);
  }

  memory(): Record<string, number> {
    return { restart: this.#restart, ...Object.fromEntries(this.#peers.memory()) };
  }

  recall(memory: Readonly<Record<string, number>>): void {
    // An earlier switch processor knew who was here.
    this.#seen.fill();
    for (const [name, value] of Object.entries(memory)) {
      if (name === 'restart') this.#restart = checkCounter(value);
      else this.#peers.recall(name, checkCounter(value));
    }
  }

  allLost(): void {
    this.#restart = (this.#restart + 1) & 0xff;
    this.#seen.clear();
    this.#host?.changed();
  }

  async heard(peer: string, restart: number): Promise<void> {
    await this.#hear(peer, checkCounter(restart), peer.split(' ')[1] ?? '');
  }

  recognise(punted: PuntedFrame, alive: Alive): Recognition {
    const datagram = parseUdpFrame(punted.data);
    if (datagram === undefined) return drop('bad_datagram');
    if (datagram.dstPort === GTPU_PORT) return this.#userPlane(punted, datagram);
    // Answers to requests of a processor come to the ports that stand for VIDs.
    if (datagram.dstPort !== GTPC_PORT) return drop(`response_${punted.cause}`);
    const version = (datagram.payload[0] ?? 0) >> 5;
    if (version === 1) return this.#version1(punted, datagram, alive);
    if (version === 2) return this.#version2(punted, datagram, alive);
    const bytes = answerOtherVersion(datagram.payload);
    return bytes === undefined
      ? drop('bad_version')
      : this.#answer(punted, datagram, bytes, 'gtp_version');
  }

  choose<T extends Occupant>(
    setup: Setup,
    candidates: readonly T[],
    selection: Selection,
  ): T | undefined {
    return selection.choose(candidates, setup.size);
  }

  forward(punted: PuntedFrame, recognised: Setup | Known, occupant: Occupant): Buffer {
    // Each repetition begins its life anew.
    this.#setups.set(recognised.transaction, occupant);
    if (recognised.kind === 'setup') this.#came(recognised.user, occupant);
    return punted.data;
  }

  refuse(punted: PuntedFrame, _setup: Setup): Answer | Drop {
    const datagram = parseUdpFrame(punted.data);
    if (datagram === undefined) return drop('no_processor');
    const { payload } = datagram;
    const version = (payload[0] ?? 0) >> 5;
    if (version === 1) {
      const { type, sequence = 0 } = readGtpv1Header(payload);
      return this.#refuseV1(punted, datagram, type, sequence, CAUSE_V1.noResources);
    }
    const { type, sequence } = readGtpv2Header(payload);
    return this.#refuseV2(punted, datagram, type, sequence, CAUSE_V2.noResources);
  }

  /** What a user has elsewhere ends: the peer has lost it (TS 29.060 §7.3.1, TS 29.274 §7.2.1). */
  #came(user: ControlUser | undefined, at: Occupant): void {
    if (user === undefined || !this.#seen.add(user.user)) return;
    const ended = this.#host?.endUser(this.service, user, at);
    if (ended === undefined) return;
    this.#coming.add(user.user);
    const done = () => void this.#coming.delete(user.user);
    ended.then(done, done); // rejected: the switch processor was closed
  }

  /** A set-up is answered at once; no processor has open ones to name. */
  observe(): number {
    return 0;
  }

  status(): Record<string, number> {
    this.#setups.age();
    return {
      setups: this.#setups.size,
      expired: this.#setups.expired,
      evicted: this.#setups.evicted,
      restartCounter: this.#restart,
      peers: this.#peers.size,
      peerRestarts: this.#peers.counters.restarts,
    };
  }

  /**
   * What a request says of its sender's restarts. True: the sender's old sessions are being ended, and
   * nothing new may begin.
   */
  #isEnding(version: 1 | 2, { payload, src }: UdpFrame): boolean {
    const recovery = readRecovery(version, payload);
    // The counter is that of whoever the message names for control (TS 23.007 §18).
    const peer = gtpPeer(version, recovery?.address ?? src);
    if (recovery?.restart !== undefined) void this.#hear(peer, recovery.restart, src);
    return this.#peers.isEnding(peer);
  }

  #hear(peer: string, restart: number, address: string): Promise<void> | undefined {
    const before = this.#peers.isEnding(peer);
    const ended = this.#peers.heard(peer, restart);
    // Its sequence numbers begin anew: what looks like a repetition of a set-up is none.
    if (ended !== undefined && !before) {
      this.#setups.deleteWhere((transaction) => transaction.startsWith(`${address} `));
    }
    return ended;
  }

  #userPlane(punted: PuntedFrame, datagram: UdpFrame): Recognition {
    const header = orProblem(
      () => undefined,
      () => readGtpv1Header(datagram.payload),
    );
    if ('kind' in header) return drop('bad_gtpu');
    const { type, teid, sequence = 0 } = header;
    switch (type) {
      case GTPU_MESSAGES.echoRequest.type: {
        // The counter has no meaning in the user plane and is 0 (TS 29.281 §7.2.2).
        const ies = { recovery: 0 };
        const bytes = buildGtpuSignal('echoResponse', { teid: 0, sequence }, ies);
        return this.#answer(punted, datagram, bytes, 'gtpu_echo');
      }
      case GTPU_MESSAGES.errorIndication.type:
        // It names the peer's TEID, which only who has the session knows.
        return everyone('Error Indication');
      case GPDU: {
        if (punted.cause !== 'no_row' && punted.cause !== 'setup')
          return drop(`gpdu_${punted.cause}`);
        // §7.3.1: nobody has such a tunnel, and the sender is to forget it.
        const ies = { teid, address: datagram.dst };
        const bytes = buildGtpuSignal('errorIndication', { teid: 0, sequence: 0 }, ies);
        // From any port, to GTP-U's (§4.4.2.3).
        return this.#answer(punted, { ...datagram, srcPort: GTPU_PORT }, bytes, 'gtpu_unknown');
      }
      default:
        return drop(`gtpu_${punted.cause}`);
    }
  }

  #version1(punted: PuntedFrame, datagram: UdpFrame, alive: Alive): Recognition {
    const header = orProblem(
      () => undefined,
      () => readGtpv1Header(datagram.payload),
    );
    if ('kind' in header) return drop('bad_gtpv1');
    const { type, teid, sequence = 0 } = header;
    if (type === GTPV1_MESSAGES.echoRequest.type) {
      const ies = { recovery: this.#restart };
      const bytes = buildGtpv1Message('echoResponse', { teid: 0, sequence }, ies);
      return this.#answer(punted, datagram, bytes, 'gtpv1_echo');
    }
    if (V1_RESPONSES[type] === undefined) return drop('gtpv1_no_request');
    if (punted.cause !== 'setup') {
      const down = punted.cause === 'slots_down';
      const cause = down ? CAUSE_V1.noResources : CAUSE_V1.nonExistent;
      return this.#refuseV1(punted, datagram, type, sequence, cause);
    }
    if (type !== GTPV1_MESSAGES.createRequest.type) {
      return this.#refuseV1(punted, datagram, type, sequence, CAUSE_V1.nonExistent);
    }
    if (teid !== 0) return drop('gtpv1_create_with_teid');
    if (this.#isEnding(1, datagram)) return drop('gtpv1_peer_restarted');
    return this.#setup(1, sequence, datagram, alive);
  }

  #version2(punted: PuntedFrame, datagram: UdpFrame, alive: Alive): Recognition {
    const header = orProblem(
      () => undefined,
      () => readGtpv2Header(datagram.payload),
    );
    if ('kind' in header) return drop('bad_gtpv2');
    const { type, teid, sequence } = header;
    if (type === GTPV2_MESSAGES.echoRequest.type) {
      const ies = { recovery: this.#restart };
      const bytes = buildGtpv2('echoResponse', { teid: undefined, sequence }, ies);
      this.#isEnding(2, datagram);
      return this.#answer(punted, datagram, bytes, 'gtpv2_echo');
    }
    if (V2_RESPONSES[type] === undefined) return drop('gtpv2_no_request');
    if (punted.cause !== 'setup') {
      const down = punted.cause === 'slots_down';
      const cause = down ? CAUSE_V2.noResources : CAUSE_V2.contextNotFound;
      return this.#refuseV2(punted, datagram, type, sequence, cause);
    }
    if (type !== GTPV2_MESSAGES.createSessionRequest.type) {
      return this.#refuseV2(punted, datagram, type, sequence, CAUSE_V2.contextNotFound);
    }
    if (teid !== 0) return drop('gtpv2_create_without_teid');
    if (this.#isEnding(2, datagram)) return drop('gtpv2_peer_restarted');
    return this.#setup(2, sequence, datagram, alive);
  }

  #setup(
    version: 1 | 2,
    sequence: number,
    { src, srcPort, payload }: UdpFrame,
    alive: Alive,
  ): Setup | Known | Orphan | Drop {
    const what = version === 1 ? 'Create PDP Context' : 'Create Session';
    const transaction = `${src} ${srcPort} v${version} ${sequence}`;
    const occupant = this.#setups.get(transaction);
    if (occupant !== undefined && alive(occupant)) {
      return { kind: 'known', what, transaction, occupant };
    }
    const user = readSubscriber(version, payload);
    // What is under way for this user must not end what this set-up makes.
    if (user !== undefined && this.#coming.has(user.user)) return drop('gtp_user_comes_anew');
    const setup = { what, transaction, size: 1, user };
    if (occupant === undefined) return { kind: 'setup', ...setup };
    return { kind: 'orphan', ...setup, message: payload };
  }

  /** No TEID of the peer's is known: 0 (TS 29.060 §7.3.4). */
  #refuseV1(
    punted: PuntedFrame,
    datagram: UdpFrame,
    type: number,
    sequence: number,
    cause: number,
  ): Answer | Drop {
    const kind = V1_RESPONSES[type];
    if (kind === undefined) return drop('gtpv1_no_request');
    const bytes = buildGtpv1Message(kind, { teid: 0, sequence }, { cause });
    return this.#answer(punted, datagram, bytes, `gtpv1_${cause}`);
  }

  /** The same (TS 29.274 §5.5.2). */
  #refuseV2(
    punted: PuntedFrame,
    datagram: UdpFrame,
    type: number,
    sequence: number,
    value: number,
  ): Answer | Drop {
    const kind = V2_RESPONSES[type];
    if (kind === undefined) return drop('gtpv2_no_request');
    const lists = { bearers: [], bearersRemoved: [] };
    const bytes = buildGtpv2(kind, { teid: 0, sequence }, { cause: { value }, ...lists } as never);
    return this.#answer(punted, datagram, bytes, `gtpv2_${value}`);
  }

  #answer({ lineMac }: PuntedFrame, datagram: UdpFrame, payload: Buffer, reason: string): Answer {
    const frame = buildUdpFrame({
      srcMac: lineMac,
      dstMac: datagram.srcMac,
      vlans: datagram.vlans,
      src: datagram.dst,
      dst: datagram.src,
      srcPort: datagram.dstPort,
      dstPort: datagram.srcPort,
      payload,
    });
    return { kind: 'answer', frame, reason };
  }
}

/** Throws RangeError where it does not fit a byte. */
function checkCounter(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 255) return value;
  throw new RangeError(`restart counter ${value}: a whole number of 0 to 255`);
}

function drop(reason: string): Drop {
  return { kind: 'drop', reason };
}

function everyone(what: string): Everyone {
  return { kind: 'everyone', what };
}
