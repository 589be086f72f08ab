/**
 * The control protocol between processors and the switch processor: JSON over UDP, one message a
 * datagram.
 *
 * Who asks repeats a request until it is answered; the answerer keeps its answers for a while and
 * repeats them by `id`, so a request acts once however often it arrives. UDP suffices because a
 * processor that starts has no MAC address of its own yet, and one datagram each way is all that
 * can be had of it.
 *
 * | request | from | answered by |
 * |---|---|---|
 * | `hello` | processor | its slot, epoch, MAC address, services and VIDs |
 * | `vids` | processor | a further part of the lists that `hello` began |
 * | `ready` | processor | `up`: from now on the card sends to it |
 * | `load` | processor | number of its present assignment; a new one means: ask `vids` again |
 * | `keep` | processor | `kept`: set-ups still open, to be remembered longer than usual |
 * | `peer` | processor | when all is done that a peer's restart counter means |
 * | `doubt` | processor | `down`: whether the owner of a VID that it backs up is down, after that was asked |
 * | `bye` | processor | nothing more will come from it |
 * | `probe` | switch processor | the incarnation that is alive there |
 * | `forget` | switch processor | `ended`: sessions with a peer that has lost them; their backups know |
 * | `leave` | switch processor | `ended`: sessions of users that are elsewhere by now; their backups know |
 * | `find` | switch processor | `has`: whether the session that a set-up asks for is there already |
 *
 * and those of replication (`control-replication.ts`).
 */
import { z } from 'zod';
import { replicationReplies, replicationRequests } from './control-replication.ts';

/** UDP port of the switch processor at the control address. */
export const CONTROL_PORT = 7070;

/** Longest message in bytes: with IPv6 and UDP headers it fits an Ethernet frame of 1,500. */
export const MAX_CONTROL_MESSAGE = 1400;

/** Longest key of `keep` in characters, and how many of them one message holds. */
export const MAX_KEY = 512;
export const MAX_KEYS = 32;

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, '1 to 32 letters, digits, dots, dashes, underscores');
const id = z.string().min(1).max(64);
const octet = z.int().min(0).max(255);
const count = z.int().min(0);
const vid = z.int().min(0).max(0xffff);
const port = z.int().min(1).max(0xffff);

/** Longest set-up of `find` in bytes: in base64 it leaves room for the rest of a message. */
export const MAX_FOUND_SETUP = 900;

/** Users that one `leave` names. */
export const MAX_LEAVING = 10;

/** The VIDs vid, vid + stride, … (`count` of them). */
const vidRun = z.object({
  vid,
  count: z.int().min(1).max(0x10000),
  stride: z.int().min(1).max(0xffff),
});

const list = z.enum(['active', 'backup']);

/** As its service calls it: GTP's are version and address. */
const peerName = z.string().max(64);

/** A user, the slot that has the new session, and the end of the user's peer that tells it from older ones. */
const leaver = z.object({
  user: z.string().max(32),
  at: octet,
  address: z.string().max(45),
  teid: z.int().min(0).max(0xffffffff),
});

const requests = {
  hello: z.object({
    type: z.literal('hello'),
    name,
    /** Random; tells a processor that restarted from one that merely repeats itself. */
    incarnation: id,
    /** Random; its heartbeats will carry it (`heartbeat.ts`). Left out: it sends none. */
    nonce: z.int().min(0).max(0xffffffff).optional(),
    /** It replicates the state of its VIDs, and keeps copies for others. Left out: no. */
    replicates: z.boolean().optional(),
    wantsSlot: z.int().min(0).max(63).optional(),
    /** Left out: the switch processor chooses. */
    wantsVids: z.array(vidRun).max(8).optional(),
  }),
  vids: z.object({ type: z.literal('vids'), name, list, from: count }),
  ready: z.object({
    type: z.literal('ready'),
    name,
    slot: octet,
    epoch: octet,
    /** The assignment that it listens for. */
    assignment: count,
  }),
  load: z.object({
    type: z.literal('load'),
    name,
    /** Rises with each report; an older one changes nothing. */
    sequence: count,
    /** Sessions that it carries now. */
    sessions: count,
    /** Sessions that it can carry. */
    capacity: z.int().min(1),
  }),
  keep: z.object({
    type: z.literal('keep'),
    name,
    service: z.string().max(32),
    keys: z.array(z.string().max(MAX_KEY)).max(MAX_KEYS),
  }),
  peer: z.object({
    type: z.literal('peer'),
    name,
    service: z.string().max(32),
    peer: peerName,
    restart: octet,
  }),
  /** Clients of a VID that `name` backs up do not reach its owner. */
  doubt: z.object({ type: z.literal('doubt'), name, vid: z.int().min(0).max(0xffff) }),
  bye: z.object({ type: z.literal('bye'), name }),
  probe: z.object({ type: z.literal('probe') }),
  forget: z.object({ type: z.literal('forget'), service: z.string().max(32), peer: peerName }),
  /** Users who came anew: what they had before has ended. */
  leave: z.object({
    type: z.literal('leave'),
    service: z.string().max(32),
    users: z.array(leaver).max(MAX_LEAVING),
  }),
  /** Whoever made the session may have died since: who has its VIDs now is asked. */
  find: z.object({
    type: z.literal('find'),
    service: z.string().max(32),
    /** The answer counts when this assignment is taken. */
    assignment: count,
    /** The set-up as it came, in base64. */
    setup: z.base64().max(4 * Math.ceil(MAX_FOUND_SETUP / 3)),
  }),
  ...replicationRequests,
};

const request = z.discriminatedUnion('type', [
  requests.hello,
  requests.vids,
  requests.ready,
  requests.load,
  requests.keep,
  requests.peer,
  requests.doubt,
  requests.bye,
  requests.probe,
  requests.forget,
  requests.leave,
  requests.find,
  requests.renew,
  requests.copy,
  requests.yield,
  requests.resume,
  requests.agreed,
  requests.lost,
]);

const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);

/** A part of a list of VIDs; `next` is where the following part begins. */
const vidPage = z.object({ runs: z.array(vidRun), next: count.optional() });

/** Addresses for users that carry a VID: behind the prefix, as far as bit `vidEnd` from the left. */
const pool = z.object({ prefix: z.string().max(64), vidEnd: z.int().min(1).max(128) });

const service = z.object({
  name: z.string().max(32),
  /** The well-known port. */
  port,
  /** Where VIDs are UDP ports: VID v is port base + v * step. */
  vidPorts: z.object({ base: z.int().min(0).max(0xffff), step: z.int().min(1) }).optional(),
  pools: z.array(pool).max(4).optional(),
  /** What the service's processors have in common, as one node: GTP's restart counter. */
  node: z.record(z.string().max(16), z.int().min(0)).optional(),
});

const replies = {
  hello: z.object({
    type: z.literal('hello'),
    slot: octet,
    epoch: octet,
    mac,
    /** MAC addresses whose frames leave by other line ports, in the order of their configuration. */
    doors: z.array(mac).max(8).optional(),
    /** Where heartbeats go and how many milliseconds lie between them; left out: none are waited for. */
    heartbeat: z.object({ mac, interval: z.int().min(1) }).optional(),
    /** Where copies go that the switch processor delivers; left out: nothing is replicated. */
    replication: z.object({ mac }).optional(),
    assignment: count,
    /** Milliseconds between load reports. */
    reportInterval: z.int().min(10),
    services: z.array(service),
    vids: vidPage,
    backupVids: vidPage,
  }),
  vids: z.object({ type: z.literal('vids'), assignment: count, page: vidPage }),
  ready: z.object({ type: z.literal('ready'), up: z.literal(true) }),
  load: z.object({ type: z.literal('load'), assignment: count }),
  keep: z.object({ type: z.literal('keep'), kept: count }),
  peer: z.object({ type: z.literal('peer') }),
  /** Whether the owner is down, and the card knows it. */
  doubt: z.object({ type: z.literal('doubt'), down: z.boolean() }),
  bye: z.object({ type: z.literal('bye') }),
  probe: z.object({ type: z.literal('probe'), name, incarnation: id }),
  forget: z.object({ type: z.literal('forget'), ended: count }),
  leave: z.object({ type: z.literal('leave'), ended: count }),
  find: z.object({ type: z.literal('find'), has: z.boolean() }),
  ...replicationReplies,
};

const reply = z.discriminatedUnion('type', [
  replies.hello,
  replies.vids,
  replies.ready,
  replies.load,
  replies.keep,
  replies.peer,
  replies.doubt,
  replies.bye,
  replies.probe,
  replies.forget,
  replies.leave,
  replies.find,
  replies.renew,
  replies.copy,
  replies.yield,
  replies.resume,
  replies.agreed,
  replies.lost,
]);

/**
 * `not_up`: say hello again. `later`: the same, after a while. `refused`: the message says what
 * stands in the way, and repeating does not remove it.
 */
const errorCode = z.enum(['not_up', 'later', 'refused', 'bad_request']);

const envelope = z.union([
  z.object({ v: z.literal(1), id, request }),
  z.object({ v: z.literal(1), id, reply }),
  z.object({ v: z.literal(1), id, error: z.object({ code: errorCode, message: z.string() }) }),
]);

export type ControlRequest = z.infer<typeof request>;
export type ControlReply = z.infer<typeof reply>;
export type RequestType = ControlRequest['type'];
export type RequestOf<T extends RequestType> = Extract<ControlRequest, { type: T }>;
export type ReplyTo<T extends RequestType> = Extract<ControlReply, { type: T }>;
export type ControlMessage = z.infer<typeof envelope>;
export type VidRun = z.infer<typeof vidRun>;
export type VidPage = z.infer<typeof vidPage>;
export type ControlService = z.infer<typeof service>;
export type ControlLeaver = z.infer<typeof leaver>;
/** A user, and the end of its peer that tells the new session from older ones. */
export type ControlUser = Omit<ControlLeaver, 'at'>;
export type ControlPool = z.infer<typeof pool>;
export type ControlErrorCode = z.infer<typeof errorCode>;

/** An answer that is no: what the other side cannot or will not do, and why. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Why a datagram is no control message; `id` where it could be read, so that it can be answered. */
export interface NotControl {
  readonly problem: string;
  readonly id?: string;
}

/** Reads one datagram; never throws. */
export function parseControl(payload: Uint8Array): ControlMessage | NotControl {
  if (payload.length > MAX_CONTROL_MESSAGE) {
    return { problem: `${payload.length} bytes; at most ${MAX_CONTROL_MESSAGE} are read` };
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return { problem: 'not JSON' };
  }
  const result = envelope.safeParse(value);
  if (result.success) return result.data;
  const given = z.object({ id }).safeParse(value);
  return {
    problem: describe(value),
    ...(given.success ? { id: given.data.id } : {}),
  };
}

/** The field at fault, by its path: the union alone would only say that nothing fits. */
function describe(value: unknown): string {
  const outer = z.object({ v: z.literal(1), id, request: z.unknown() }).safeParse(value);
  if (!outer.success) return 'no message of version 1 with id and request, reply or error';
  const inner = request.safeParse(outer.data.request);
  const issue = inner.error?.issues[0];
  if (issue === undefined) return 'no request';
  return `request.${issue.path.join('.')}: ${issue.message}`;
}

/** Throws a RangeError where the message is longer than a datagram may be. */
export function buildControl(message: ControlMessage): Buffer {
  const payload = Buffer.from(JSON.stringify(message), 'utf8');
  if (payload.length > MAX_CONTROL_MESSAGE) {
    throw new RangeError(
      `control message of ${payload.length} bytes; at most ${MAX_CONTROL_MESSAGE} go into a datagram`,
    );
  }
  return payload;
}

/** VIDs in rising order as runs of equal stride: both blocks and every n-th VID become short. */
export function toRuns(vids: readonly number[]): VidRun[] {
  const runs: VidRun[] = [];
  for (let i = 0; i < vids.length; ) {
    const first = vids[i] as number;
    const stride = i + 1 < vids.length ? (vids[i + 1] as number) - first : 1;
    let n = 1;
    while (i + n < vids.length && vids[i + n] === first + n * stride) n++;
    // Two that happen to stand apart are no run: the second may begin a better one.
    if (n === 2 && stride > 1 && i + 2 < vids.length) n = 1;
    runs.push({ vid: first, count: n, stride: n === 1 ? 1 : stride });
    i += n;
  }
  return runs;
}

export function fromRuns(runs: readonly VidRun[]): number[] {
  return runs.flatMap(({ vid: first, count: n, stride }) =>
    Array.from({ length: n }, (_, i) => first + i * stride),
  );
}

/** Runs that go into one message beside everything else that it carries. */
export const RUNS_PER_PAGE = 8;

/** The part of `vids` that begins at run `from`. */
export function pageOf(vids: readonly number[], from: number): VidPage {
  const runs = toRuns(vids);
  const end = from + RUNS_PER_PAGE;
  return {
    runs: runs.slice(from, end),
    ...(end < runs.length ? { next: end } : {}),
  };
}
