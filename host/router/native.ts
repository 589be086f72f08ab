/** Types of the addon (native/addon.cc), the only door to the router's C++. */
import { createRequire } from 'node:module';
import type { CardSizes } from '../../driver/index.ts';

export interface NativeSizes extends CardSizes {
  /** `id` of hdl/configurations.yaml. */
  readonly configuration: number;
  readonly buildId: number;
}

/** Ends, in their order: for each a tag, the bytes given back, and the decision record. */
export interface NativeEnds {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
}

/** Bits of the word that says where a frame comes from; below them a port, or an injection's target. */
export const FROM = { modeShift: 8, injected: 1 << 10, bad: 1 << 11 } as const;

/** What is to be measured. */
export interface NativeMeasurement {
  /** Frames that come by `port`, one behind the other; used again and again. */
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
  readonly port: number;
  /** Written into the frames in turn, in network order, at this offset; none: frames stay as they are. */
  readonly identifiers: Uint32Array;
  readonly identifierAt: number;
  /** Frames of one call, 1 to 32. */
  readonly batch: number;
  /** Calls that are timed. */
  readonly samples: number;
  /** Tables and frames are taken out of all caches before each call. */
  readonly cold: boolean;
}

export interface NativeCosts {
  /** Nanoseconds a frame, call by call, the clock's own among them. */
  readonly costs: Float64Array;
  /** Frames by the code of their reason. */
  readonly reasons: Uint32Array;
  /** Nanoseconds that a call seems to take in which nothing is done. */
  readonly clockNs: number;
}

export interface NativeRouter {
  measure(what: NativeMeasurement): NativeCosts;
  /**
   * From now on sessions are looked up by identifier in a table of these, as software that keeps
   * connections does; none: back to overrides and rows. Gives the table's bytes.
   */
  connect(identifiers: Uint32Array): number;
  /** Three words an access: address, 1 for a write, value. One word for each. */
  access(words: Uint32Array): Uint32Array;
  advance(nowUs: number): NativeEnds;
  /** @param tag of the first frame; the next ones count up. */
  process(bytes: Uint8Array, lengths: Uint32Array, from: Uint32Array, tag: number): NativeEnds;
}

export interface NativeRouterModule {
  readonly NativeRouter: new (sizes: NativeSizes) => NativeRouter;
  readonly recordWords: number;
  /** Frames that go through the router together. */
  readonly batch: number;
}

export function loadRouter(path: string): NativeRouterModule {
  return createRequire(import.meta.url)(path) as NativeRouterModule;
}
