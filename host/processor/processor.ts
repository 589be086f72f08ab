/**
 * A processor's side of the control protocol. It asks for a slot and VIDs, takes the MAC address
 * that goes with them, lets the application listen, says that it is ready, and reports its load.
 * When the switch processor no longer knows it, it begins again and gets the same VIDs with a new
 * epoch (G12).
 */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type Clock, type ClockTimer, systemClock } from '../protocol/clock.ts';
import {
  buildControl,
  CONTROL_PORT,
  ControlError,
  type ControlMessage,
  type ControlReply,
  type ControlRequest,
  type ControlService,
  parseControl,
  toRuns,
  type VidPage,
} from '../protocol/control.ts';
import { ControlAsker } from '../protocol/control-asker.ts';
import { ExpiringMap } from '../protocol/expiring-map.ts';
import { REPLICATION_ETHERTYPE } from '../protocol/replication-frame.ts';
import type { DatagramSocket, LinkSender } from './datagram-endpoint.ts';
import { Heartbeats } from './heartbeats.ts';
import { keyGroups } from './key-groups.ts';
import type { Assignment, ProcessorEvents, ProcessorOptions } from './processor-options.ts';
import type { ReplicationPlace } from './replication.ts';
import { fetchList, fetchLists, type ListName } from './vid-lists.ts';

export type * from './processor-options.ts';

/** With how many reports the open set-ups are named once; T1·64 is many more of them. */
const REPORTS_PER_KEEP = 8;
/** Milliseconds for an answer to that. */
const KEEP = 5000;
/** Milliseconds for which a reply is kept for repetition, and how many are; a request is repeated each second. */
const REPLY_LIFE = 30_000;
const REPLIES = 4096;
/** Milliseconds for what a peer's restart counter means to be done; a message waits for it. */
const PEER = 2000;
/** Milliseconds until it says hello again where it is told to come later. */
const LATER = 1000;
/** Milliseconds for a good-bye: who stops does not wait for long. */
const FAREWELL = 500;

export class Processor extends EventEmitter<ProcessorEvents> {
  readonly incarnation = randomBytes(6).toString('hex');
  readonly #options: ProcessorOptions;
  readonly #clock: Clock;
  readonly #asker: ControlAsker;
  #socket: DatagramSocket | undefined;
  #link: LinkSender | undefined;
  #heartbeats: Heartbeats | undefined;
  #assignment: Assignment | undefined;
  #up = false;
  #closed = false;
  #sequence = 0;
  #timer: ClockTimer | undefined;
  #wake: (() => void) | undefined;
  #renewal: Promise<void> = Promise.resolve();
  /** By the id of a request. */
  readonly #replies: ExpiringMap<string, Promise<ControlReply | undefined>>;
  /** Rises when it begins again, so that what an earlier round still waits for has no effect. */
  #round = 0;

  constructor(options: ProcessorOptions) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const now = () => this.#clock.now();
    this.#replies = new ExpiringMap({ life: REPLY_LIFE, limit: REPLIES, now });
    this.#asker = new ControlAsker(this.incarnation, this.#clock, (payload) => {
      const { address, port = CONTROL_PORT } = options.control;
      this.#socket?.send(payload, { address, port });
    });
  }

  get assignment(): Assignment | undefined {
    return this.#assignment;
  }

  get up(): boolean {
    return this.#up;
  }

  /**
   * Resolves when the processor is up, however long the switch processor takes to answer. Rejects
   * where it is refused, where it cannot listen, and when it is closed meanwhile.
   */
  async start(): Promise<Assignment> {
    const { endpoint, replication, progressLimit } = this.#options;
    this.#socket = await endpoint.bind(0, (payload) => this.#receive(payload));
    try {
      const receive = (frame: Buffer) => replication?.receive(frame);
      const listener = { etherType: REPLICATION_ETHERTYPE, receive };
      this.#link = await endpoint.openLink?.(replication === undefined ? undefined : listener);
    } catch (error) {
      this.emit('quiet', error as Error);
    }
    if (this.#link !== undefined) {
      this.#heartbeats = new Heartbeats(this.#link, this.#clock, progressLimit);
    }
    if (this.#closed) this.#link?.close();
    return this.#begin();
  }

  /**
   * Clients of a VID that we back up turn to us: resolves with whether its owner is down, and packets for the
   * VID come here; with false where nobody knows.
   */
  doubt(vid: number): Promise<boolean> {
    const { name } = this.#options;
    return this.#asker.ask({ type: 'doubt', name, vid }, { timeout: PEER }).then(
      ({ down }) => down,
      () => false,
    );
  }

  /**
   * Tells the switch processor of a peer's restart counter that a packet for one of our VIDs carried.
   * Resolves when no session is left that the peer has lost; with false where nobody answers.
   */
  tellPeer(service: string, peer: string, restart: number): Promise<boolean> {
    const { name } = this.#options;
    const request = { type: 'peer', name, service, peer, restart } as const;
    return this.#asker.ask(request, { timeout: PEER }).then(
      () => true,
      () => false,
    );
  }

  /** Says good-bye where there is time, and closes its control socket. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#round++;
    this.#timer?.cancel();
    this.#wake?.();
    if (this.#up) {
      this.#up = false;
      const bye = { type: 'bye', name: this.#options.name } as const;
      await this.#asker.ask(bye, { timeout: FAREWELL }).catch(() => {});
    }
    this.#asker.close('the processor was closed');
    this.#heartbeats?.stop();
    this.#options.replication?.end();
    this.#link?.close();
    this.#socket?.close();
  }

  async #begin(): Promise<Assignment> {
    for (;;) {
      const round = ++this.#round;
      this.#up = false;
      this.#heartbeats?.stop();
      try {
        return await this.#enter(round);
      } catch (error) {
        const code = error instanceof ControlError ? error.code : undefined;
        // `not_up`: given up by the switch processor half-way through; what it began is void.
        if ((code !== 'not_up' && code !== 'later') || this.#closed) throw error;
        this.emit('again', (error as Error).message);
        if (code === 'later') await this.#wait(LATER);
      }
    }
  }

  /** Rejects where it is closed meanwhile. */
  async #wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#timer = this.#clock.schedule(milliseconds, resolve);
      this.#wake = resolve;
    });
    if (this.#closed) throw new Error('the processor was closed');
  }

  async #enter(round: number): Promise<Assignment> {
    const { name, wantsSlot, wantsVids, endpoint, heartbeatInterval = Infinity } = this.#options;
    const { replication } = this.#options;
    const replicates = replication !== undefined && this.#link !== undefined;
    // Each time another one: what an earlier beginning of ours sent must not count for this one.
    const nonce = randomBytes(4).readUInt32BE();
    const hello = await this.#asker.ask({
      type: 'hello',
      name,
      incarnation: this.incarnation,
      ...(this.#heartbeats === undefined ? {} : { nonce }),
      ...(replicates ? { replicates } : {}),
      ...(wantsSlot === undefined ? {} : { wantsSlot }),
      ...(wantsVids === undefined ? {} : { wantsVids: toRuns(wantsVids) }),
    });
    // From here on the switch processor knows us by the slot's address only.
    await endpoint.setMac(hello.mac);
    if (replicates && hello.replication !== undefined && this.#link !== undefined) {
      const { slot, epoch, mac } = hello;
      const controlMac = hello.replication.mac;
      const ask: ReplicationPlace['ask'] = (request) =>
        request.type === 'lost' ? this.#asker.ask(request) : this.#asker.ask(request);
      replication.begin({ name, slot, epoch, mac, controlMac, link: this.#link, ask });
    }
    const list = async (which: ListName, page: VidPage) => {
      const first = { assignment: hello.assignment, page };
      return (await fetchList(this.#asker, name, which, first)).vids;
    };
    const vids = await list('active', hello.vids);
    const backupVids = await list('backup', hello.backupVids);
    const assignment: Assignment = {
      slot: hello.slot,
      epoch: hello.epoch,
      mac: hello.mac,
      doors: hello.doors,
      number: hello.assignment,
      services: hello.services,
      vids,
      backupVids,
    };
    await this.#take(assignment);
    if (round !== this.#round) throw new Error('the processor was closed');
    this.#up = true;
    const { heartbeat, mac, doors = [] } = hello;
    if (heartbeat !== undefined) {
      const interval = Math.max(1, Math.min(heartbeat.interval, heartbeatInterval));
      this.#heartbeats?.begin({
        mac,
        doors,
        controlMac: heartbeat.mac,
        nonce,
        interval,
      });
    }
    this.emit('up', assignment);
    this.#report(round, hello.reportInterval);
    return assignment;
  }

  /** Listens for the assignment, then says so. */
  async #take(assignment: Assignment): Promise<void> {
    this.#options.replication?.replicator?.assign(assignment.vids, assignment.backupVids);
    await this.#options.listen(assignment);
    this.#assignment = assignment;
    await this.#asker.ask({
      type: 'ready',
      name: this.#options.name,
      slot: assignment.slot,
      epoch: assignment.epoch,
      assignment: assignment.number,
    });
  }

  #report(round: number, interval: number): void {
    if (round !== this.#round) return;
    this.#timer = this.#clock.schedule(interval, () => this.#report(round, interval));
    if (this.#sequence % REPORTS_PER_KEEP === 0) this.#keep();
    const { sessions, capacity } = this.#options.load();
    const { name } = this.#options;
    const request = {
      type: 'load',
      name,
      sequence: ++this.#sequence,
      sessions,
      capacity,
    } as const;
    // Sent once: the next report says all that this one says. Silence is no reason to begin anew,
    // which would end every session; only to be told that one is not known is.
    this.#asker.ask(request, { timeout: interval, once: true }).then(
      (reply) => {
        if (round === this.#round && reply.assignment !== this.#assignment?.number) {
          this.#renewInTurn(round);
        }
      },
      (error) => {
        if (error instanceof ControlError) this.#startAgain(round, error);
      },
    );
  }

  /** Asks the switch processor to remember what is still open. */
  #keep(): void {
    const open = this.#options.openSetups?.();
    if (open === undefined) return;
    const { name } = this.#options;
    const { service } = open;
    for (const keys of keyGroups(open.keys)) {
      // Where no answer comes, the next report finds out why.
      this.#asker.ask({ type: 'keep', name, service, keys }, { timeout: KEEP }).catch(() => {});
    }
  }

  /** One renewal after the other: an older list must not replace a newer one. */
  #renewInTurn(round: number): void {
    this.#renewal = this.#renewal
      .then(() => this.#renew(round))
      .catch((error) => this.#startAgain(round, error));
  }

  /** The VIDs changed: fetch both lists, listen, and say so. */
  async #renew(round: number): Promise<void> {
    const old = this.#assignment;
    if (old === undefined) return;
    const { assignment, ...lists } = await fetchLists(this.#asker, this.#options.name);
    if (round !== this.#round || assignment === this.#assignment?.number) return;
    await this.#take({ ...old, number: assignment, ...lists });
  }

  #startAgain(round: number, error: Error): void {
    if (round !== this.#round || this.#closed) return;
    this.#timer?.cancel();
    this.emit('again', error.message);
    this.#begin().catch((why: Error) => {
      if (!this.#closed) this.emit('refused', why);
    });
  }

  #receive(payload: Buffer): void {
    const message = parseControl(payload);
    if ('problem' in message) return;
    if (!('request' in message)) {
      this.#asker.answer(message);
      return;
    }
    if (!this.#closed) this.#answer(message.id, message.request);
  }

  /**
   * The switch processor asks. A request acts once, however often it comes; an answer that comes when all
   * has begun anew is void.
   */
  #answer(id: string, request: ControlRequest): void {
    const round = this.#round;
    const reply = this.#replies.get(id) ?? this.#asked(request);
    this.#replies.set(id, reply);
    reply.then(
      (reply) => {
        if (reply !== undefined && round === this.#round) this.#send({ v: 1, id, reply });
      },
      (error: Error) => {
        const said = { code: 'refused', message: error.message } as const;
        if (round === this.#round) this.#send({ v: 1, id, error: said });
      },
    );
  }

  /** Rejects with why it cannot be done. */
  async #asked(request: ControlRequest): Promise<ControlReply | undefined> {
    const { name, replication, has = () => false } = this.#options;
    const { forget = async () => 0, leave = async () => 0 } = this.#options;
    switch (request.type) {
      case 'probe':
        return { type: 'probe', name, incarnation: this.incarnation };
      case 'renew':
        if (this.#up && request.assignment !== this.#assignment?.number) {
          this.#renewInTurn(this.#round);
        }
        return { type: 'renew' };
      case 'forget':
        return { type: 'forget', ended: await forget(request.service, request.peer) };
      case 'leave': {
        // Who has the new session has ended the old one with it.
        const users = request.users.filter(({ at }) => at !== this.#assignment?.slot);
        return { type: 'leave', ended: await leave(request.service, users) };
      }
      case 'find': {
        // Who died may have left it to us a moment ago.
        if (this.#up && request.assignment !== this.#assignment?.number) {
          this.#renewInTurn(this.#round);
        }
        await this.#renewal;
        return { type: 'find', has: has(request.service, Buffer.from(request.setup, 'base64')) };
      }
      case 'copy':
      case 'yield':
      case 'resume':
        return replication?.take(request);
      default:
        return undefined;
    }
  }

  #send(message: ControlMessage): void {
    const { address, port = CONTROL_PORT } = this.#options.control;
    this.#socket?.send(buildControl(message), { address, port });
  }
}

/** The UDP port that stands for `vid` in `service`; undefined where the service has no such ports. */
export function portOfVid(service: ControlService, vid: number): number | undefined {
  return service.vidPorts && service.vidPorts.base + vid * service.vidPorts.step;
}
