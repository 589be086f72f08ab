/** What the parts of the gateway share. */
import type { GtpHeader } from '../protocol/gtp-ie.ts';
import { nameOfUser } from '../protocol/gtp-subscriber.ts';
import { vidOfTeid } from '../protocol/teid.ts';
import type { DatagramSocket, Peer } from './datagram-endpoint.ts';
import type { Answers } from './gateway-answers.ts';
import type { Session, TunnelEnd } from './gateway-session.ts';
import type { GatewaySessions, SessionWish, VidEntry } from './gateway-sessions.ts';

/** Classes of what a gateway says, for replication: which of it waits for the backup. */
export type MessageClass = 'create' | 'update' | 'delete';

/** Where the gateway's state of each VID is kept; replication's `Replicator` is one. */
export interface VidKeeper {
  /** VIDs that new sessions may be given. */
  served(): readonly number[];
  /** Whether a packet for the VID is ours to serve, somebody else's to whom it is passed, or nobody's. */
  arrives(vid: number): 'serve' | 'pass' | 'none';
  pass(vid: number, bytes: Uint8Array): void;
  /** A copy that agreed of a VID that another processor has; undefined: there is none here. */
  copyOf(vid: number): object | undefined;
  change(vid: number, entry: VidEntry): void;
  /** Lets an answer leave when what caused it is safe. */
  reply(vid: number, messageClass: MessageClass, leave: () => void): void;
}

/** Messages and packets by what became of them. */
export function gatewayCounters() {
  return {
    /** Control messages that came. */
    control: 0,
    created: 0,
    /** Taken away because the subscriber came anew. */
    replaced: 0,
    updated: 0,
    deleted: 0,
    refused: 0,
    /** Requests that came once more and were answered as before. */
    repeated: 0,
    /** For a TEID of ours that no session has. */
    unknownSession: 0,
    /** Uplink to the VID that we have of our own, of sessions that we back up. */
    asBackup: 0,
    /** For a VID that another processor has by now; it was passed on. */
    passed: 0,
    malformed: 0,
    /** No request and no answer to one of ours. */
    unexpected: 0,
    uplink: 0,
    downlink: 0,
    /** Uplink with a TEID that no bearer has: answered by an error indication. */
    unknownTunnel: 0,
    /** Uplink with another source than the user's own address. */
    spoofed: 0,
    /** Downlink to an address that no session has. */
    noUser: 0,
    /** Downlink that does not fit a tunnel over Ethernet: told to its sender. */
    tooLong: 0,
    /** TTL or hop limit at its end. */
    expired: 0,
    /** No IP, or shorter than it says. */
    notIp: 0,
    /** Downlink of a bearer that the peer has not accepted yet. */
    noTunnel: 0,
    /** Extension headers that must be understood and are not. */
    unknownExtension: 0,
    endMarkers: 0,
    /** On tunnels that their peers have moved. */
    endMarkersSent: 0,
    errorIndications: 0,
    /** Bearers that ended because their peer does not know them any more, and sessions of peers that restarted. */
    lostAtPeer: 0,
  };
}

export interface GatewayContext {
  /** The gateway's one address, for control and user plane. */
  readonly address: string;
  readonly sessions: GatewaySessions;
  readonly keeper: VidKeeper;
  readonly answers: Answers;
  readonly counters: ReturnType<typeof gatewayCounters>;
  /** Sessions at a time. */
  readonly capacity: number;
  /** Names of networks that are served; undefined: any. */
  readonly apns: ReadonlySet<string> | undefined;
  /** The node's restart counter (TS 23.007 §18), once the switch processor has told it. */
  readonly restart: () => number | undefined;
  /** The VIDs served, beginning with the one whose turn it is. */
  readonly turn: () => Iterable<number>;
  /**
   * A peer's restart counter that a request for a session carries. A promise where that is news, and what it
   * means is to be done first.
   */
  readonly heard: (
    version: 1 | 2,
    address: string,
    restart: number | undefined,
  ) => Promise<void> | undefined;
  /** Says on a tunnel that nothing more comes through it. */
  readonly markEnd: (tunnel: TunnelEnd) => void;
  /** Asks whether the owner of a VID of which we have the copy is down. */
  readonly doubt: (vid: number) => Promise<boolean>;
  /** Private extension with which the backup's VID is told; undefined: it is not. */
  readonly backupVid: (vid: number) => number | undefined;
}

/** Whether a message for `vid` is ours; if not, it was passed on, or nobody has the VID. */
export function arrives(
  { keeper, sessions, counters }: GatewayContext,
  vid: number,
  bytes: () => Uint8Array,
): 'serve' | 'passed' | 'none' {
  const whose = keeper.arrives(vid);
  if (whose === 'serve') return sessions.owns(vid) ? 'serve' : 'none';
  if (whose === 'none') return 'none';
  counters.passed++;
  keeper.pass(vid, bytes());
  return 'passed';
}

/**
 * The session that a set-up asks for: the one that is here where its sender heard no answer, or a new one in the
 * place of what its subscriber had (TS 29.060 §7.3.1, TS 29.274 §7.2.1).
 */
export function openSession(
  { sessions, counters, capacity, turn }: GatewayContext,
  wish: SessionWish,
): Session | 'no_resources' | 'no_address' | 'full' {
  const known = sessions.asked(wish);
  if (known !== undefined) {
    counters.repeated++;
    return known;
  }
  if (sessions.size >= capacity) return 'no_resources';
  const { imsi, bearer } = wish;
  const old = imsi === undefined ? undefined : sessions.subscriber(nameOfUser(imsi, bearer.id));
  if (old !== undefined) {
    sessions.remove(old);
    counters.replaced++;
  }
  const made = sessions.create(wish, turn());
  if (typeof made !== 'string') counters.created++;
  return made;
}

/** A message that came. */
export interface Arrival {
  readonly socket: DatagramSocket;
  readonly from: Peer;
  /** Of the message. */
  readonly type: number;
}

/** Whether a request is done with: it came before and was answered alike, or it was passed on. */
export function isDone(
  context: GatewayContext,
  { socket, from, type }: Arrival,
  { sequence, teid = 0 }: GtpHeader,
  bytes: Buffer,
): boolean {
  const known = context.answers.known(from, type, sequence);
  if (known !== undefined) {
    context.counters.repeated++;
    if (!known.held) socket.send(known.bytes, from);
    return true;
  }
  if (teid === 0) return false;
  const passed = () => writePassed({ plane: 'control', from, bytes });
  return arrives(context, vidOfTeid(teid), passed) === 'passed';
}

/** Answers a request, when its VID's keeper lets it; keeps the answer for repetitions. */
export function respond(
  { answers, keeper }: GatewayContext,
  request: Arrival,
  sequence: number,
  bytes: Buffer,
  change: { readonly vid: number; readonly messageClass: MessageClass } | undefined,
): void {
  const { socket, from, type } = request;
  const answer = answers.keep(from, type, sequence, bytes);
  const leave = () => {
    answer.held = false;
    socket.send(bytes, from);
  };
  if (change === undefined) leave();
  else keeper.reply(change.vid, change.messageClass, leave);
}

/** Keeps a processor's own VIDs, without a backup: what it knows dies with it. */
export class LonelyKeeper implements VidKeeper {
  #vids: readonly number[] = [];

  /** Returns the VIDs that are new, and those that are gone. */
  assign(vids: readonly number[]): { readonly owned: number[]; readonly gone: number[] } {
    const old = new Set(this.#vids);
    const now = new Set(vids);
    const owned = vids.filter((vid) => !old.has(vid));
    const gone = this.#vids.filter((vid) => !now.has(vid));
    this.#vids = vids;
    return { owned, gone };
  }

  served(): readonly number[] {
    return this.#vids;
  }

  arrives(): 'serve' {
    // Who does not have it says so by `GatewaySessions.owns`.
    return 'serve';
  }

  pass(): void {}

  copyOf(): undefined {}

  change(): void {}

  reply(_vid: number, _messageClass: MessageClass, leave: () => void): void {
    leave();
  }
}

/** A message as it is passed on to who has its VID now. */
export interface PassedMessage {
  readonly plane: 'control' | 'user' | 'downlink';
  readonly from: Peer;
  readonly bytes: Buffer;
}

const PLANES = ['control', 'user', 'downlink'] as const;

export function writePassed({ plane, from, bytes }: PassedMessage): Buffer {
  const address = Buffer.from(from.address);
  const head = Buffer.alloc(4);
  head.writeUInt8(PLANES.indexOf(plane), 0);
  head.writeUInt8(address.length, 1);
  head.writeUInt16BE(from.port, 2);
  return Buffer.concat([head, address, bytes]);
}

/** Undefined where it is none. */
export function readPassed(passed: Buffer): PassedMessage | undefined {
  const plane = PLANES[passed[0] ?? PLANES.length];
  const end = 4 + (passed[1] ?? 0);
  if (plane === undefined || passed.length < end) return undefined;
  const address = passed.toString('latin1', 4, end);
  return { plane, from: { address, port: passed.readUInt16BE(2) }, bytes: passed.subarray(end) };
}
