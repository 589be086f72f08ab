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

/** A place of the override table that is not empty. */
export interface OverrideEntry {
  readonly space: number;
  /** 128 bits; see `overrideKey`. */
  readonly key: bigint;
  readonly vid: number;
}

/** What the card expects of a slot's heartbeats; times in microseconds, 0: never. */
export interface HealthEntry {
  readonly nonce: number;
  readonly timeoutUs: number;
  readonly suspectUs: number;
}

/** A limit of what is punted; times in 1/256 microseconds. */
export interface PolicerEntry {
  /** 0: no limit. */
  readonly interval: number;
  readonly burst: number;
  /** Frames that may wait in the host's queue at once; 0: no limit. */
  readonly share: number;
}

export interface MirrorState {
  readonly port: number;
  /** Undefined: no VID is copied. */
  readonly vid: number | undefined;
  /** Codes of the reasons of which copies are made. */
  readonly reasons: ReadonlySet<number>;
}

/** Words that were written with the wrong parity; nothing but the parity is wrong with them. */
export interface BadParity {
  /** VIDs. */
  readonly rows: ReadonlySet<number>;
  /** Places. */
  readonly overrides: ReadonlySet<number>;
  /** Entries of the type_set table. */
  readonly typeSets: ReadonlySet<number>;
}

export interface CardState {
  readonly enabled: boolean;
  readonly sizes: Pick<
    CardSizes,
    'vids' | 'maxFrame' | 'window' | 'rules' | 'overrides' | 'fragments'
  >;
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
  /** By place; those that are not there are empty. */
  readonly overrides?: ReadonlyMap<number, OverrideEntry>;
  /** By slot; those that are not there are all zeros. */
  readonly health?: readonly (HealthEntry | undefined)[];
  /** By bucket: the rules', then frames from the line without a rule, then those of fabric ports. */
  readonly policers?: readonly (PolicerEntry | undefined)[];
  /** Microseconds that a first fragment leads later ones; 0, or not there: they are not followed. */
  readonly fragmentUs?: number;
  readonly mirror?: MirrorState | undefined;
  readonly badParity?: BadParity;
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
  /** Of those that go to the host's queue with it, as many wait there as may. */
  readonly shareFull?: boolean;
}
