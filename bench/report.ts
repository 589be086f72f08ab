/** What a benchmark has to say: the same object is printed as JSON, as a table and as a page. */
import type { Machine } from './machine.ts';
import type { Spread } from './spread.ts';

export const SCHEMA = 'vidline.bench/1';

export type Value = string | number | boolean | Spread;

export interface Column {
  /** Name of the field in each row. */
  readonly key: string;
  readonly title: string;
  /** Digits behind the point; 0 where not given. */
  readonly digits?: number;
}

export interface Table {
  readonly caption: string;
  /** For who looks into it: left out of the page. */
  readonly detail?: boolean;
  readonly columns: readonly Column[];
  /** By the columns' keys; a field that is not there was not measured. */
  readonly rows: readonly Readonly<Record<string, Value>>[];
}

/** A number that the benchmark exists for, beside what it is held against. */
export interface Headline {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What we want it to be; `most` for numbers that should be small. */
  readonly aim?: { readonly least: number } | { readonly most: number };
}

export interface Measured {
  /** Of hdl/configurations.yaml. */
  readonly configuration: string;
  readonly method: readonly string[];
  readonly headlines: readonly Headline[];
  readonly tables: readonly Table[];
  /** What a reader could take it for although it does not show it. */
  readonly limits: readonly string[];
  /** Why it was not measured, in words; all else is empty then. */
  readonly skipped?: string;
}

export interface BenchmarkResult extends Measured {
  readonly name: string;
  readonly title: string;
  /** Seconds that it took. */
  readonly seconds: number;
}

export interface Report {
  readonly schema: typeof SCHEMA;
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Shorter runs and fewer of them: good for finding out whether it works, not for numbers. */
  readonly quick: boolean;
  readonly machine: Machine;
  /** First 32 bits of the SHA-256 over RTL and configuration, hexadecimal: `build_id` of the card. */
  readonly build: string;
  readonly benchmarks: readonly BenchmarkResult[];
}

/** undefined where there is no aim. */
export function reached({ value, aim }: Headline): boolean | undefined {
  if (aim === undefined) return undefined;
  return 'least' in aim ? value >= aim.least : value <= aim.most;
}

export const isSpread = (value: unknown): value is Spread =>
  typeof value === 'object' && value !== null && 'median' in value;
