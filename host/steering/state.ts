/** What the reference decision knows of a card: its tables as plain objects. */
import type { CardSizes } from '../../driver/generated/registers.ts';
import type { Rule } from './rule.ts';

export interface PortState {
  /** Lower case with colons. */
  readonly mac: string;
  readonly fabric: boolean;
}

export interface SlotState {
  readonly up: boolean;
  /** Fabric port behind which the slot is. */
  readonly port: number;
  readonly linePort: number;
  readonly epoch: number;
}

export interface VidRow {
  readonly valid: boolean;
  readonly active: number;
  readonly backup: number;
  readonly backupInSync: boolean;
}

export interface CardState {
  readonly enabled: boolean;
  readonly sizes: Pick<CardSizes, 'vids' | 'maxFrame' | 'window'>;
  /** First four octets of the slots' MAC addresses, the first in the most significant bits. */
  readonly fabricPrefix: number;
  /** All ports that the card has. */
  readonly ports: readonly PortState[];
  /** All slots that the card has. */
  readonly slots: readonly SlotState[];
  /** By index; undefined where the entry is not valid. */
  readonly rules: readonly (Rule | undefined)[];
  /** Rows that are not there are all zeros. */
  readonly rows: ReadonlyMap<number, VidRow>;
}

/** How the host injects a frame; `mode` and `target` as in the `inject` record. */
export interface InjectState {
  readonly mode: number;
  readonly target: number;
}

/** Where a frame came from, and what befell it outside of the decision. */
export interface Arrival {
  /** Port that it came in by, or what the host said of it. */
  readonly from: { readonly port: number } | { readonly inject: InjectState };
  /** Complaints of the receiver; that a frame is too long, the decision sees itself. */
  readonly receiver?: {
    readonly error?: boolean;
    readonly overflow?: boolean;
    readonly underrun?: boolean;
    /** Bytes taken in before the overflow or underrun; all where not given. */
    readonly taken?: number;
  };
  /** The egress queue has no room for the frame. */
  readonly queueFull?: boolean;
}
