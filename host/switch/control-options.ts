/** What the switch processor's side of the control protocol is given, and what it tells. */
import type { Clock } from '../protocol/clock.ts';
import type { ControlService, RequestOf } from '../protocol/control.ts';
import type { Occupant, Selection } from '../setup/handler.ts';
import type { SlotLogEntry } from './slot-log.ts';
import type { Slot, SlotRegistry } from './slot-registry.ts';
import type { VidManager } from './vid-manager.ts';

/** Where a control datagram came from, as the card and its headers say. */
export interface ControlSource {
  /** Fabric port. */
  readonly port: number;
  readonly mac: string;
  readonly address: string;
  readonly udpPort: number;
  /** The slot that the card found it to be from; undefined for `host_unverified`. */
  readonly verified: { readonly slot: number; readonly epoch: number } | undefined;
}

export interface ControlServerOptions {
  readonly clock: Clock;
  readonly registry: SlotRegistry;
  readonly vids: VidManager;
  readonly selection: Selection;
  /** As they are at the time. */
  readonly services: () => readonly ControlService[];
  /** VIDs that a processor gets which has none yet. */
  readonly vidsPerProcessor: number;
  /** Milliseconds between reports of a processor. */
  readonly reportInterval: number;
  /** Milliseconds of silence after which a processor is given up. */
  readonly reportTimeout: number;
  /** Where heartbeats go and how many milliseconds lie between them; undefined: none are wanted. */
  readonly heartbeat: { readonly mac: string; readonly interval: number } | undefined;
  /** Writes a slot's entry to the card. */
  readonly writeSlot: (slot: Slot) => Promise<void>;
  /** Writes the VID rows that changed to the card. */
  readonly writeRows: () => Promise<void>;
  /** Sends a datagram to the occupant of a slot. */
  readonly send: (slot: Slot, payload: Buffer) => void;
  /** Where copies go that the switch processor delivers. */
  readonly controlMac: string;
  /** Chooses backups anew: who may be one has changed. */
  readonly spread: () => void;
  /** What processors say of copies of VIDs; resolves when the card acts by it. */
  readonly agreed: (slot: Slot, request: RequestOf<'agreed'>) => Promise<void>;
  readonly lost: (slot: Slot, request: RequestOf<'lost'>) => Promise<void>;
  /** A processor heard a peer's restart counter; resolves when what that means is done. */
  readonly heard: (service: string, peer: string, restart: number) => Promise<void>;
  /** A processor names set-ups that are still open; returns how many are known. */
  readonly keep: (service: string, occupant: Occupant, keys: readonly string[]) => number;
}

export interface ControlServerEvents {
  /** A processor has a slot with a new epoch, and its VIDs; neither card nor processor know it yet. */
  occupied: [slot: Slot];
  up: [slot: Slot];
  /** `card`: what the card said, where it was the card that did it. */
  down: [slot: Slot, why: string, card?: CardCause];
  /** A processor that is up has said for the first time what it carries and what it can. */
  reported: [];
  refused: [name: string, error: Error];
}

export type CardCause = Pick<SlotLogEntry, 'cause' | 'at' | 'cardTime'>;
