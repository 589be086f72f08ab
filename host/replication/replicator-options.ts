/** What a replicator is given, and what it tells. */
import type { Clock } from '../protocol/clock.ts';
import type { Path } from './log-sender.ts';
import type { Mark } from './source.ts';
import type { ReplicatedState } from './state.ts';

/** An incarnation of a processor. */
export interface ReplicaPeer {
  readonly name: string;
  readonly slot: number;
  readonly epoch: number;
}

/** What must have arrived before a reply leaves: the state that caused it, or nothing. */
export type ReplyMode = 'gated' | 'free';

/** `backup`: the row names it. `next`: the VID is about to move there. */
export type CopyRole = 'backup' | 'next';

export interface AgreedReport {
  readonly role: 'owner' | 'backup';
  readonly vid: number;
  readonly term: number;
  readonly mark: Mark;
}

export interface ReplicatorOptions {
  readonly clock: Clock;
  /** Makes an empty state of a VID. */
  readonly create: (vid: number) => ReplicatedState;
  readonly send: (to: Omit<ReplicaPeer, 'name'>, datagram: Buffer, path: Path) => void;
  /** A copy agrees: the switch processor compares what both ends say. */
  readonly report: (report: AgreedReport) => void;
  /** A copy does not agree any more: resolves when the card does not use it. */
  readonly lost: (vid: number, term: number, why: string) => Promise<void>;
  /** Of classes that are not named: free. */
  readonly modes?: Readonly<Record<string, ReplyMode>>;
  readonly window?: number;
  readonly retry?: number;
  readonly limit?: number;
}

export interface ReplicatorEvents {
  /** From now on this processor serves the VID, with this state. */
  owned: [vid: number, how: 'assigned' | 'handover' | 'takeover', state: ReplicatedState];
  /** It does not serve it any more; packets that still come are passed on. */
  yielded: [vid: number, to: ReplicaPeer];
  /** It neither owns it nor keeps a copy. */
  gone: [vid: number];
  /** A packet for a VID of ours that came to who owned it before. */
  packet: [vid: number, bytes: Buffer];
}
