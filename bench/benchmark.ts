/** What a benchmark is. */
import type { Measured } from './report.ts';

export interface Context {
  /** Shorter runs and fewer of them. */
  readonly quick: boolean;
  /** A line about what is going on, for standard error. */
  say(line: string): void;
}

export interface Benchmark {
  /** One word, for --only. */
  readonly name: string;
  readonly title: string;
  run(context: Context): Promise<Measured>;
}
