/**
 * Replication as a processor has it: the replicator (host/replication) over frames between slots,
 * told by the switch processor what to copy and what to hand over. Each time the processor begins
 * anew it is another incarnation, and nothing of an earlier one's state counts.
 */
import { EventEmitter } from 'node:events';
import { bytesToMac, macToBytes } from '../protocol/address.ts';
import { type Clock, type ClockTimer, systemClock } from '../protocol/clock.ts';
import type { ControlReply, RequestOf } from '../protocol/control.ts';
import { type ControlPeer, MAX_AGREED } from '../protocol/control-replication.ts';
import {
  buildReplicationFrame,
  parseReplicationFrame,
  type SlotPlace,
} from '../protocol/replication-frame.ts';
import { Replicator } from '../replication/replicator.ts';
import type {
  AgreedReport,
  ReplicatorEvents,
  ReplyMode,
} from '../replication/replicator-options.ts';
import type { ReplicatedState } from '../replication/state.ts';
import type { LinkSender } from './datagram-endpoint.ts';

export interface ReplicationOptions {
  /** Makes an empty state of a VID. */
  readonly create: (vid: number) => ReplicatedState;
  /** Which classes of messages are gated; others are free. */
  readonly modes?: Readonly<Record<string, ReplyMode>>;
  readonly clock?: Clock;
  /** Milliseconds between comparisons of digests with the backups; 0: only at each copy's end. */
  readonly checkInterval?: number;
  /** Milliseconds until what was not acknowledged is sent again. */
  readonly retry?: number;
}

export interface ReplicationEvents extends ReplicatorEvents {
  /** A new incarnation begins, without any state. */
  began: [replicator: Replicator];
}

/** What the switch processor gave, and how it is asked. */
export interface ReplicationPlace extends SlotPlace {
  readonly name: string;
  readonly mac: string;
  readonly controlMac: string;
  readonly link: LinkSender;
  /** Resolves when the switch processor has answered. */
  readonly ask: (request: RequestOf<'agreed'> | RequestOf<'lost'>) => Promise<unknown>;
}

export type ReplicationRequest = RequestOf<'copy' | 'yield' | 'resume'>;

const CHECK_INTERVAL = 30_000;

export class Replication extends EventEmitter<ReplicationEvents> {
  readonly #options: ReplicationOptions;
  readonly #clock: Clock;
  readonly #backups = new Map<number, ControlPeer>();
  readonly #yielding = new Map<number, Promise<void>>();
  #reports: AgreedReport[] = [];
  #place: ReplicationPlace | undefined;
  #replicator: Replicator | undefined;
  #timer: ClockTimer | undefined;

  constructor(options: ReplicationOptions) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Of the present incarnation; undefined before the first. */
  get replicator(): Replicator | undefined {
    return this.#replicator;
  }

  /** Who backs up a VID of ours, with a VID of its own: for set-up replies that have room (G9). */
  backupOf(vid: number): ControlPeer | undefined {
    return this.#backups.get(vid);
  }

  /** A new incarnation; what an earlier one had is void. */
  begin(place: ReplicationPlace): void {
    this.end();
    this.#place = place;
    const { create, modes, checkInterval = CHECK_INTERVAL, retry } = this.#options;
    const replicator = new Replicator({
      clock: this.#clock,
      create,
      send: (to, datagram, path) => this.#send(place, to, datagram, path === 'switch'),
      report: (report) => this.#report(place, report),
      lost: async (vid, term, why) => {
        const { name } = place;
        await place.ask({ type: 'lost', name, copies: [[vid, term]], why: why.slice(0, 200) });
      },
      ...(modes === undefined ? {} : { modes }),
      ...(retry === undefined ? {} : { retry }),
    });
    replicator.on('owned', (...of) => this.emit('owned', ...of));
    replicator.on('yielded', (...of) => this.emit('yielded', ...of));
    replicator.on('gone', (...of) => this.emit('gone', ...of));
    replicator.on('packet', (...of) => this.emit('packet', ...of));
    this.#replicator = replicator;
    if (checkInterval > 0) this.#check(replicator, checkInterval);
    this.emit('began', replicator);
  }

  /** Idempotent. */
  end(): void {
    this.#timer?.cancel();
    this.#replicator?.close();
    this.#replicator = undefined;
    this.#place = undefined;
    this.#backups.clear();
    this.#yielding.clear();
    this.#reports = [];
  }

  /** What the switch processor asks; rejects with why it cannot be done. */
  async take(request: ReplicationRequest): Promise<ControlReply> {
    const replicator = this.#replicator;
    if (replicator === undefined) throw new Error('nothing is replicated here yet');
    switch (request.type) {
      case 'copy':
        this.#copy(replicator, request);
        return { type: 'copy' };
      case 'yield':
        await this.#yield(replicator, request);
        return { type: 'yield' };
      case 'resume':
        replicator.resume(request.vid);
        return { type: 'resume' };
    }
  }

  /** A frame of replication's EtherType. */
  receive(frame: Buffer): void {
    const place = this.#place;
    const read = parseReplicationFrame(frame);
    if (place === undefined || read === undefined) return;
    const { from, to, srcMac, datagram } = read;
    if (to.slot !== place.slot || to.epoch !== place.epoch) return;
    // The card vouches for the sender's address, the switch processor for what it delivers.
    if (srcMac !== place.controlMac && srcMac !== macOf(place, from)) return;
    this.#replicator?.receive(from, datagram);
  }

  #copy(replicator: Replicator, { role, copies, to }: RequestOf<'copy'>): void {
    for (const [vid, term] of copies) {
      if (to === undefined) {
        replicator.uncopy([vid], role);
        if (role === 'backup') this.#backups.delete(vid);
      } else {
        replicator.copy([vid], term, to, role);
        if (role === 'backup') this.#backups.set(vid, to);
      }
    }
  }

  /** Once, however often it is asked for. */
  async #yield(replicator: Replicator, { vid, term, to }: RequestOf<'yield'>): Promise<void> {
    const pending = this.#yielding.get(vid) ?? replicator.yield(vid, term, to);
    this.#yielding.set(vid, pending);
    try {
      await pending;
    } finally {
      this.#yielding.delete(vid);
    }
  }

  #send(place: ReplicationPlace, to: SlotPlace, datagram: Buffer, bySwitch: boolean): void {
    const { slot, epoch, mac, controlMac, link } = place;
    const dstMac = bySwitch ? controlMac : macOf(place, to);
    link.send(buildReplicationFrame({ srcMac: mac, dstMac, from: { slot, epoch }, to, datagram }));
  }

  /** All reports of one turn of the event loop, in as few messages as hold them. */
  #report(place: ReplicationPlace, report: AgreedReport): void {
    this.#reports.push(report);
    if (this.#reports.length > 1) return;
    setImmediate(() => {
      const reports = this.#reports;
      this.#reports = [];
      if (place !== this.#place) return;
      for (const role of ['owner', 'backup'] as const) {
        const marks = reports
          .filter((it) => it.role === role)
          .map(({ vid, term, mark }): RequestOf<'agreed'>['marks'][number] => {
            return [vid, term, mark.log, mark.place, mark.digest];
          });
        for (let at = 0; at < marks.length; at += MAX_AGREED) {
          const some = marks.slice(at, at + MAX_AGREED);
          // Repeated until it is answered: the switch processor may be starting again meanwhile.
          place.ask({ type: 'agreed', name: place.name, role, marks: some }).catch(() => {});
        }
      }
    });
  }

  #check(replicator: Replicator, interval: number): void {
    this.#timer = this.#clock.schedule(interval, () => {
      replicator.check();
      this.#check(replicator, interval);
    });
  }
}

/** MAC address of a slot: four octets are common to all, then slot and epoch. */
function macOf({ mac }: { readonly mac: string }, { slot, epoch }: SlotPlace): string {
  const bytes = Buffer.from(macToBytes(mac));
  bytes[4] = slot;
  bytes[5] = epoch;
  return bytesToMac(bytes);
}
