/**
 * What carries the driver's words to a card: the simulation, a serial line; PCIe later.
 * Few verbs, all of them in batches, so that a slow line or a border between languages is crossed
 * once for many accesses.
 */

/** One register access. Addresses are bytes, a multiple of 4; values are unsigned 32-bit words. */
export type Access = { readonly address: number; readonly write?: number };

/** How the card disposes of an injected frame; the codes are those of the `inject` record. */
export type InjectTarget =
  | { readonly to: 'port'; readonly port: number }
  | { readonly to: 'slot'; readonly slot: number }
  | { readonly to: 'steer'; readonly port: number };

export interface InjectedFrame {
  readonly target: InjectTarget;
  /** Ethernet frame from the destination address on, without FCS. */
  readonly data: Uint8Array;
}

/** A frame that the card handed to the host, with the card's decision record as it came. */
export interface HostFrame {
  /** `decision` record, little-endian 32-bit words; `decodeDecision` of the generated registers reads it. */
  readonly decision: Uint32Array;
  readonly data: Buffer;
}

export interface TransportEvents {
  /** Frames for the host, in the card's order. */
  frames: [frames: readonly HostFrame[]];
  /**
   * Slot events wait in the card. A transport that can tell (an interrupt, a line of its own) does,
   * once for each time that the first one comes up; where none can, `Card.pollSlotEvents` is called
   * from time to time.
   */
  attention: [];
  /** The card or the line to it is gone; nothing works from now on. */
  failed: [error: Error];
}

export interface Transport {
  /** What messages call it, such as `sim:` or `uart:/dev/ttyUSB0@3000000`. */
  readonly name: string;
  /**
   * Does the accesses in order; resolves with one word for each, the value read, or the value
   * written. Rejects whole when the card cannot be reached; what was done by then is not known.
   */
  access(accesses: readonly Access[]): Promise<Uint32Array>;
  /** Resolves when the card has taken the frames. */
  inject(frames: readonly InjectedFrame[]): Promise<void>;
  on<K extends keyof TransportEvents>(
    event: K,
    listener: (...args: TransportEvents[K]) => void,
  ): this;
  off<K extends keyof TransportEvents>(
    event: K,
    listener: (...args: TransportEvents[K]) => void,
  ): this;
  /** Idempotent; rejects what is pending. */
  close(): Promise<void>;
}
