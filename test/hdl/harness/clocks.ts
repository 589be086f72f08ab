/** Several clocks of a module under test, each with its period and what happens beside its edges. */
import type { Dut } from './dut.ts';

/** The clock that the module under test has by itself (door.cc). */
const MAIN = 'clk_i';

export interface Clock {
  /** Port of the module. */
  readonly port: string;
  /** Picoseconds. */
  period: number;
  /** Looks at outputs as the edge will see them, and sets inputs: just before each rising edge. */
  readonly before: () => void;
}

export class Clocks {
  /** Picoseconds. */
  now = 0;
  readonly #dut: Dut;
  readonly #clocks: { readonly clock: Clock; next: number }[];

  /** Edges of two clocks do not fall together, unless their periods make them. */
  constructor(dut: Dut, clocks: readonly Clock[]) {
    this.#dut = dut;
    this.#clocks = clocks.map((clock, n) => {
      const stands = !Number.isFinite(clock.period);
      return { clock, next: stands ? Number.POSITIVE_INFINITY : 137 * n + 1 };
    });
    for (const { port } of clocks) if (port !== MAIN) dut.set({ [port]: 0 });
  }

  /** The next edge, of whichever clock. A clock whose period is Infinity stands. */
  step(): void {
    for (const entry of this.#clocks) {
      if (entry.next === Number.POSITIVE_INFINITY && Number.isFinite(entry.clock.period))
        entry.next = this.now + entry.clock.period;
    }
    const next = this.#clocks.reduce((a, b) => (b.next < a.next ? b : a));
    this.now = next.next;
    next.next += next.clock.period;
    next.clock.before();
    const { port } = next.clock;
    if (port === MAIN) this.#dut.clock();
    else
      this.#dut
        .set({ [port]: 1 })
        .settle()
        .set({ [port]: 0 })
        .settle();
  }

  /** Picoseconds. */
  run(time: number): void {
    const end = this.now + time;
    while (this.now < end) this.step();
  }

  /** Throws behind so many picoseconds. */
  until(done: () => boolean, most: number): void {
    const end = this.now + most;
    while (!done()) {
      if (this.now > end) throw new Error(`not done within ${most / 1e6} us`);
      this.step();
    }
  }
}
