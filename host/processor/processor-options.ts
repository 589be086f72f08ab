/** How a processor is set up, what the switch processor gives it, and what it tells. */
import type { Clock } from '../protocol/clock.ts';
import type { ControlLeaver, ControlService } from '../protocol/control.ts';
import type { DatagramEndpoint } from './datagram-endpoint.ts';
import type { Replication } from './replication.ts';

/** What the switch processor gave. */
export interface Assignment {
  readonly slot: number;
  readonly epoch: number;
  readonly mac: string;
  /** MAC addresses of ours whose frames leave by other line ports. */
  readonly doors?: readonly string[] | undefined;
  /** Rises when the VIDs change. */
  readonly number: number;
  readonly services: readonly ControlService[];
  readonly vids: readonly number[];
  /** VIDs of others, for which this processor is the backup. */
  readonly backupVids: readonly number[];
}

export interface Load {
  /** Sessions that it carries now. */
  readonly sessions: number;
  /** Sessions that it can carry. */
  readonly capacity: number;
}

export interface ProcessorOptions {
  /** Keeps its VIDs over restarts; unique among the processors of one card. */
  readonly name: string;
  readonly endpoint: DatagramEndpoint;
  /** The switch processor's control address; the port is 7070 unless given. */
  readonly control: { readonly address: string; readonly port?: number };
  readonly wantsSlot?: number;
  /** Refused where another processor has one of them. */
  readonly wantsVids?: readonly number[];
  readonly clock?: Clock;
  /** Milliseconds between heartbeats. Default: what the switch processor says; it may only be less. */
  readonly heartbeatInterval?: number;
  /** Milliseconds without progress after which a thread that sends heartbeats stops. Default 250. */
  readonly progressLimit?: number;
  /** Copies of its VIDs' state elsewhere, and of others' here. */
  readonly replication?: Replication;
  /** Asked before each report. */
  readonly load: () => Load;
  /**
   * Set-ups that have been open for long, by the keys that the service's set-up handler has for
   * them: the switch processor would forget them (SIP: a call that rings for more than 64·T1).
   */
  readonly openSetups?: () => { readonly service: string; readonly keys: readonly string[] };
  /**
   * Ends all sessions with a peer of a service, which has lost them; resolves with how many there were,
   * when their backups know it too.
   */
  readonly forget?: (service: string, peer: string) => Promise<number>;
  /**
   * Ends what users have here who came anew elsewhere; sessions with the end that is told are the new ones. Resolves
   * as `forget`.
   */
  readonly leave?: (service: string, users: readonly ControlLeaver[]) => Promise<number>;
  /** Whether the session that a set-up asks for is here already, though its sender heard no answer. */
  readonly has?: (service: string, setup: Buffer) => boolean;
  /**
   * Listens on what the assignment says, and on nothing else of ours. It is called anew whenever
   * the assignment changes; the card sends nothing before it resolves.
   */
  readonly listen: (assignment: Assignment) => Promise<void>;
}

export interface ProcessorEvents {
  /** The card sends to it from now on. */
  up: [assignment: Assignment];
  /** It cannot send heartbeats: the card will not see it die, only the switch processor will. */
  quiet: [why: Error];
  /** It says hello again. */
  again: [why: string];
  /** The switch processor refuses it; it does not try again. */
  refused: [error: Error];
}
