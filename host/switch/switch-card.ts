/** What the switch processor needs of a card; the driver's `Card` gives it (`driver-card.ts`). */
import type { CardSizes, TableEntries, TableName } from '../../driver/generated/registers.ts';
import type { Access, HostFrame, InjectedFrame } from '../../driver/transport.ts';

/** Entries by table and index; tables that are left out stay as they are. */
export type Tables = { readonly [T in TableName]?: readonly TableEntries[T][] };

/** An entry of which the card holds something else than it should. */
export interface Mismatch {
  readonly table: TableName;
  readonly index: number;
  readonly expected: TableEntries[TableName];
  readonly found: TableEntries[TableName];
}

export interface SwitchCardEvents {
  frames: [frames: readonly HostFrame[]];
  failed: [error: Error];
}

export interface SwitchCard {
  readonly name: string;
  readonly sizes: CardSizes;
  /** Whether it was at work before: then its tables hold something, and frames depend on it. */
  enabled(): Promise<boolean>;
  /** What the card holds. */
  read<T extends TableName>(table: T): Promise<readonly TableEntries[T][]>;
  /**
   * Makes whole tables what they should be, without touching entries that are right, then sets the
   * fabric prefix and enables the card.
   */
  attach(tables: Tables, fabricPrefix: number): Promise<void>;
  /** Writes single entries; resolves when the card acts by them. */
  write<T extends TableName>(
    table: T,
    entries: readonly (readonly [index: number, entry: TableEntries[T]])[],
  ): Promise<void>;
  /** Reads back all that was written and compares. */
  verify(): Promise<readonly Mismatch[]>;
  inject(frames: readonly InjectedFrame[]): Promise<void>;
  access(accesses: readonly Access[]): Promise<Uint32Array>;
  on<K extends keyof SwitchCardEvents>(
    event: K,
    listener: (...args: SwitchCardEvents[K]) => void,
  ): unknown;
  off<K extends keyof SwitchCardEvents>(
    event: K,
    listener: (...args: SwitchCardEvents[K]) => void,
  ): unknown;
}
