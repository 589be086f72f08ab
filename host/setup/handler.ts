/**
 * What a set-up handler is. One file of this folder implements it for one protocol; the switch
 * processor knows no other way to a protocol.
 *
 * A punted frame takes one way through it: `recognise` says what the frame is; a set-up gets a
 * processor by `choose`; `forward` gives the frame that goes to the processor, and remembers what
 * later frames of the set-up will need. What the handler cannot place it answers in the words of
 * its protocol, or drops under a name that is counted.
 */

import type { ControlUser } from '../protocol/control.ts';

/** Why the card did not steer the frame: its reasons, without `punt_`. */
export type PuntCause =
  | 'setup'
  | 'no_row'
  | 'slots_down'
  | 'vid_range'
  | 'window'
  | 'fragment'
  | 'ipv6_extension';

export interface PuntedFrame {
  /** Ethernet frame from the destination address on. */
  readonly data: Buffer;
  readonly cause: PuntCause;
  /** MAC address of the line port that it came in by: the source of answers. */
  readonly lineMac: string;
}

/** An incarnation of a processor: what it remembered is gone with it. */
export interface Occupant {
  readonly name: string;
  readonly slot: number;
  readonly epoch: number;
}

export interface Load {
  readonly sessions: number;
  readonly capacity: number;
}

/** A policy that picks one of several processors; it keeps its own account of loads. */
export interface Selection {
  readonly policy: string;
  /** Undefined where there are no candidates. `size` counts sessions, 1 unless the protocol says more. */
  choose<T extends Occupant>(candidates: readonly T[], size: number): T | undefined;
  /** An absolute report; older ones than the last (by sequence) change nothing. */
  report(name: string, sequence: number, load: Load): void;
  /** Forgets what it knows of a processor: it restarted or is gone. */
  forget(name: string): void;
  /** For status: estimated load and set-ups by name. */
  status(): Record<string, { assigned: number; load: Load | undefined }>;
}

/** A frame for the line port that the punted frame came in by. */
export interface Answer {
  readonly kind: 'answer';
  readonly frame: Buffer;
  /** Counted under this name. */
  readonly reason: string;
}

export interface Drop {
  readonly kind: 'drop';
  /** Counted under this name. */
  readonly reason: string;
}

/** The first frame of something: any processor may have it. */
export interface Setup {
  readonly kind: 'setup';
  /** Name of what it is, such as `INVITE`; counted. */
  readonly what: string;
  /** The same for all frames of one set-up. */
  readonly transaction: string;
  /** Sessions that it will make, 0 for a mere question. */
  readonly size: number;
  /** Of whom there may be one session in all. */
  readonly user?: ControlUser | undefined;
}

/** A frame of a set-up that a processor has already. */
export interface Known {
  readonly kind: 'known';
  readonly what: string;
  readonly transaction: string;
  readonly occupant: Occupant;
}

/**
 * A set-up that comes again, and whose processor died since. What it made may live on at who has its VIDs
 * now; if so, the set-up is for that one, else for any.
 */
export interface Orphan extends Omit<Setup, 'kind'> {
  readonly kind: 'orphan';
  /** What processors know it by: the message as it came. */
  readonly message: Buffer;
}

/**
 * A frame that concerns one processor, and nobody but that one knows which: each gets a copy. Policing
 * bounds how many there are.
 */
export interface Everyone {
  readonly kind: 'everyone';
  readonly what: string;
}

export type Recognition = Setup | Known | Orphan | Everyone | Answer | Drop;

/** What a handler may ask of the switch processor beside the frames that it gives back. */
export interface SetupHost {
  /** What `memory` gives is another than before. */
  readonly changed: () => void;
  /**
   * Has every processor end the sessions that it has with a peer; resolves when none is left, at the
   * backups neither. Rejects where the switch processor was closed meanwhile.
   */
  readonly endSessions: (service: string, peer: string) => Promise<void>;
  /**
   * Has every processor but the one at `at` end older sessions of a user; resolves and rejects as
   * `endSessions`.
   */
  readonly endUser: (service: string, user: ControlUser, at: Occupant) => Promise<void>;
}

export interface SetupHandler {
  /** Name of the service that it handles. */
  readonly service: string;

  /** Called once, before any frame. */
  attach?(host: SetupHost): void;

  /** Numbers by name that must outlive the switch processor. */
  memory?(): Record<string, number>;

  /** Takes over what the `memory` of an earlier switch processor gave, before `attach`. */
  recall?(memory: Readonly<Record<string, number>>): void;

  /** No processor is up any more: every session is lost. */
  allLost?(): void;

  /**
   * What a processor heard in a packet that did not pass here: a peer's restart counter. Resolves when
   * what that means is done.
   */
  heard?(peer: string, restart: number): Promise<void>;

  /** What processors of the service have in common as one node at the time; told to them with the service. */
  readonly node?: Readonly<Record<string, number>>;

  /** What the frame is. `alive` tells whether an incarnation may still be sent to. */
  recognise(punted: PuntedFrame, alive: (occupant: Occupant) => boolean): Recognition;

  /** Which processor gets the set-up; undefined where there is none. */
  choose<T extends Occupant>(
    setup: Setup,
    candidates: readonly T[],
    selection: Selection,
  ): T | undefined;

  /**
   * The frame for the processor, with its link header; the card writes both MAC addresses anew.
   * Remembers the transaction.
   */
  forward(punted: PuntedFrame, recognised: Setup | Known, occupant: Occupant): Buffer;

  /** There is no processor for the set-up: what the sender is told. */
  refuse(punted: PuntedFrame, setup: Setup): Answer | Drop;

  /**
   * What a processor says of replies that did not pass here: these transactions are still open.
   * Returns how many of them are remembered.
   */
  observe(occupant: Occupant, transactions: readonly string[]): number;

  /** Numbers for status, by name. */
  status(): Record<string, number>;
}
