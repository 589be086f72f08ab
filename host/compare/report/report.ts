/** What a comparison has to say: the same object is printed as JSON, on a terminal and as a page. */
import type { Quantiles } from '../cost/quantiles.ts';
import type { Cost } from '../cost/router-cost.ts';
import type { SessionCost } from '../cost/sessions.ts';
import type { PostRoute } from '../post-route.ts';
import type { Machine } from './machine.ts';
import type { Published } from './published.ts';

export const SCHEMA = 'vidline.compare/1';

/** What one engine made of a frame that another decided otherwise. */
export interface Reasoning {
  readonly end: string;
  readonly reason: string;
  readonly rule: string | null;
  readonly key: string | null;
  readonly vid: number | null;
  readonly slot: number | null;
  readonly learned: number | null;
  /** The frame as it leaves, hexadecimal; null for a drop. */
  readonly egress: string | null;
}

export interface Mismatch {
  /** Number in the capture, from 1. */
  readonly frame: number;
  /** Names of what is not the same everywhere. */
  readonly differences: readonly string[];
  /** As it went in, hexadecimal. */
  readonly hex: string;
  readonly engines: Readonly<Record<string, Reasoning>>;
}

/** Points of a distribution for the picture. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly value: number; readonly share: number }[];
}

export interface RtlResult {
  readonly what: string;
  /** Of hdl/configurations.yaml. */
  readonly configuration: string;
  readonly dataWidth: number;
  /** Of a board, after routing: clocks become computed times; null: no board has this configuration. */
  readonly clock: PostRoute | null;
  /** From a frame's first beat to its end; null where no frame has one of its own. */
  readonly latencyClocks: (Quantiles & { readonly max: number }) | null;
  /** Between the first beats of frames that follow each other without a gap; null: there were none. */
  readonly clocksPerFrame: number | null;
}

export interface SoftwareResult {
  readonly what: string;
  /** Nanoseconds a frame. Empty where costs were not asked for. */
  readonly costs: readonly Cost[];
  /** 1000 / median nanoseconds a frame in batches, warm, by workload. */
  readonly megaframesPerSecond: Readonly<Record<string, number>>;
  /** By number of sessions. */
  readonly sessions?: readonly SessionCost[];
}

/** An engine that was left out. */
export interface Skipped {
  readonly what: string;
  readonly skipped: string;
}

/** Nanoseconds a frame: the means of several runs over many frames. */
export interface KernelCost {
  readonly name: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

export interface KernelResult {
  readonly what: string;
  readonly costs: readonly KernelCost[];
}

export interface CompareReport {
  readonly schema: typeof SCHEMA;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly command: string;
  readonly capture: string;
  readonly services: readonly string[];
  readonly frames: number;
  /** Frames whose ends are not the same in all engines. */
  readonly mismatches: number;
  /** Of which the capture held a part only, so that nobody was asked. */
  readonly cut: number;
  /** Fragments that the card's ring had no room for and the programs had. */
  readonly lackedRoom: number;
  /** Frames by end and reason, as the RTL has them. */
  readonly ends: readonly {
    readonly end: string;
    readonly reason: string;
    readonly frames: number;
  }[];
  /** The first ones. */
  readonly examples: readonly Mismatch[];
  readonly engines: {
    readonly rtl: RtlResult;
    readonly cpp: SoftwareResult;
    readonly typescript: SoftwareResult;
    /** Linux peers, where costs were asked for. */
    readonly xdp?: KernelResult | Skipped;
    readonly nftables?: KernelResult | Skipped;
  };
  readonly distributions: readonly Curve[];
  readonly machine: Machine;
  readonly method: readonly string[];
  /** What a reader could take it for although it does not show it. */
  readonly limits: readonly string[];
  readonly published: readonly Published[];
}
