/**
 * A flattened netlist of Yosys as the lint for clock-domain crossings sees it: what stores (flip-flops,
 * RAMs, synchroniser modules, ports), by which clock, and the logic between.
 */

/** A bit is a number; "0", "1", "x" and "z" are constants. */
type Bit = number | string;

/** A module of Yosys's JSON, as far as it is used. */
export interface JsonModule {
  readonly ports: Readonly<Record<string, { direction: string; bits: readonly Bit[] }>>;
  readonly cells: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly parameters: Readonly<Record<string, string>>;
        readonly port_directions?: Readonly<Record<string, string>>;
        readonly connections: Readonly<Record<string, readonly Bit[]>>;
      }
    >
  >;
  readonly netnames: Readonly<
    Record<string, { readonly bits: readonly Bit[]; readonly hide_name: number }>
  >;
}

/** Where signals begin: a flip-flop, a RAM as written by a clock, an output of a synchroniser, a port. */
export interface Source {
  readonly kind: 'register' | 'memory' | 'synchroniser' | 'input';
  readonly name: string;
  /** Net of the clock; undefined for inputs. */
  readonly clock: number | undefined;
}

/** Where signals end: inputs that a clock samples. */
export interface Sink {
  readonly kind: 'register' | 'memory';
  readonly name: string;
  readonly clock: number;
  readonly bits: readonly number[];
}

/** An instance of a module whose name says that it crosses. */
export interface Crosser {
  readonly name: string;
  /** cdc_bit, cdc_gray, cdc_fifo … without parameters. */
  readonly module: string;
  readonly inputs: Readonly<Record<string, readonly Bit[]>>;
  readonly outputs: Readonly<Record<string, readonly Bit[]>>;
}

export const CROSSER = /^cdc_[a-z0-9_]+$/;

/** `$paramod\cdc_fifo\WIDTH=…` and `$paramod$<hash>\cdc_fifo` are `cdc_fifo`. */
export function plainName(type: string): string {
  return type.startsWith('$paramod') ? (type.split('\\')[1] ?? type) : type;
}

const nets = (bits: readonly Bit[] = []) => bits.filter((bit) => typeof bit === 'number');

export class Graph {
  readonly sources = new Map<number, Source[]>();
  readonly sinks: Sink[] = [];
  readonly crossers: Crosser[] = [];
  readonly counts = { registers: 0, memories: 0 };
  /** Bits that a bit is made of by logic. */
  readonly #logic = new Map<number, readonly number[]>();
  readonly #names = new Map<number, string>();
  readonly #clockMasks = new Map<number, bigint>();
  readonly #clockIndex = new Map<number, number>();

  constructor(module: JsonModule) {
    this.#readNames(module);
    for (const [name, { direction, bits }] of Object.entries(module.ports)) {
      if (direction !== 'input') continue;
      for (const bit of nets(bits)) this.#source(bit, { kind: 'input', name, clock: undefined });
    }
    const written = this.#memoryClocks(module);
    this.counts.memories = written.size;
    for (const [name, cell] of Object.entries(module.cells)) this.#cell(name, cell, written);
  }

  /** A net's name as written, with a bit's place. */
  nameOf(bit: number): string {
    return this.#names.get(bit) ?? `net ${bit}`;
  }

  /** All clocks, as nets. */
  get clocks(): number[] {
    const found = new Set(this.sinks.map(({ clock }) => clock));
    for (const list of this.sources.values()) {
      for (const { clock } of list) if (clock !== undefined) found.add(clock);
    }
    return [...found];
  }

  /** Clocks of all that can be seen at the bit through logic, as a mask over `index`. */
  clocksBehind(bit: number): bigint {
    // Iterative: chains of logic are longer than the stack.
    const stack = [bit];
    while (stack.length > 0) {
      const at = stack.at(-1) as number;
      if (this.#clockMasks.has(at)) {
        stack.pop();
        continue;
      }
      const inputs = this.sources.has(at) ? [] : (this.#logic.get(at) ?? []);
      const open = inputs.filter((input) => !this.#clockMasks.has(input));
      if (open.length > 0 && !this.#visiting.has(at)) {
        this.#visiting.add(at);
        stack.push(...open);
        continue;
      }
      let mask = 0n;
      for (const { clock } of this.sources.get(at) ?? []) {
        if (clock !== undefined) mask |= this.maskOf(clock);
      }
      // A loop of logic contributes nothing of its own.
      for (const input of inputs) mask |= this.#clockMasks.get(input) ?? 0n;
      this.#clockMasks.set(at, mask);
      stack.pop();
    }
    return this.#clockMasks.get(bit) ?? 0n;
  }
  readonly #visiting = new Set<number>();

  /** The bit at the D of the flip-flop whose Q this is, when nothing lies between. */
  drivenBy(bit: number): number | undefined {
    return this.#data.get(bit);
  }
  readonly #data = new Map<number, number>();

  /** The bit before an inverter, which makes no glitches, or the bit itself. */
  beforeInverter(bit: number): number {
    const inputs = this.sources.has(bit) ? [] : (this.#logic.get(bit) ?? []);
    return inputs.length === 1 ? (inputs[0] ?? bit) : bit;
  }

  maskOf(clock: number): bigint {
    let index = this.#clockIndex.get(clock);
    if (index === undefined) {
      index = this.#clockIndex.size;
      this.#clockIndex.set(clock, index);
    }
    return 1n << BigInt(index);
  }

  /** Every source bit that can be seen at the bit, and whether logic lies between. */
  sourcesBehind(bit: number): { bit: number; source: Source; direct: boolean }[] {
    const seen = new Set<number>();
    const found: { bit: number; source: Source; direct: boolean }[] = [];
    const stack = [{ at: bit, direct: true }];
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { at, direct } = next;
      if (seen.has(at)) continue;
      seen.add(at);
      const here = this.sources.get(at);
      if (here) for (const source of here) found.push({ bit: at, source, direct });
      else for (const input of this.#logic.get(at) ?? []) stack.push({ at: input, direct: false });
    }
    return found;
  }

  #readNames({ netnames }: JsonModule): void {
    const rank = (name: string, hidden: number) => (hidden ? 1e6 : 0) + name.length;
    const best = new Map<number, number>();
    for (const [name, { bits, hide_name }] of Object.entries(netnames)) {
      for (const [place, bit] of bits.entries()) {
        if (typeof bit !== 'number') continue;
        const value = rank(name, hide_name);
        if (value >= (best.get(bit) ?? Number.POSITIVE_INFINITY)) continue;
        best.set(bit, value);
        this.#names.set(bit, bits.length > 1 ? `${name}[${place}]` : name);
      }
    }
  }

  #source(bit: number, source: Source): void {
    const list = this.sources.get(bit);
    if (list) list.push(source);
    else this.sources.set(bit, [source]);
  }

  /** Clocks by which each RAM is written. */
  #memoryClocks({ cells }: JsonModule): Map<string, Set<number>> {
    const found = new Map<string, Set<number>>();
    for (const { type, parameters, connections } of Object.values(cells)) {
      if (!/^\$memwr/.test(type)) continue;
      const clocks = found.get(parameters.MEMID ?? '') ?? new Set<number>();
      for (const bit of nets(connections.CLK)) clocks.add(bit);
      found.set(parameters.MEMID ?? '', clocks);
    }
    return found;
  }

  #cell(
    name: string,
    cell: JsonModule['cells'][string],
    written: ReadonlyMap<string, ReadonlySet<number>>,
  ): void {
    const { type, parameters, connections } = cell;
    const inputs: number[] = [];
    const outputs: number[] = [];
    for (const [port, bits] of Object.entries(connections)) {
      const direction = cell.port_directions?.[port] ?? (/^[YQ]$/.test(port) ? 'output' : 'input');
      (direction === 'input' ? inputs : outputs).push(...nets(bits));
    }
    const module = plainName(type);
    const [clock] = nets(connections.CLK ?? connections.C);
    const memory = parameters.MEMID ?? '';
    if (CROSSER.test(module)) this.#crosser(name, module, cell);
    else if (/^\$(memwr|mem_v2)/.test(type)) {
      if (clock !== undefined) {
        const bits = inputs.filter((bit) => bit !== clock);
        this.sinks.push({ kind: 'memory', name: memory.replace(/^\\/, ''), clock, bits });
      }
    } else if (/^\$memrd/.test(type)) {
      // What is read shows what was written, by whichever clock, and what it is addressed by.
      for (const bit of nets(connections.DATA)) {
        this.#logic.set(bit, [...nets(connections.ADDR), ...this.#memoryBits(memory, written)]);
      }
    } else if (clock !== undefined && /^\$_?.*(dff|DFF|dlatch)/.test(type)) {
      this.counts.registers += outputs.length;
      const [first] = outputs;
      const label = first === undefined ? name : this.nameOf(first).replace(/\[\d+\]$/, '');
      for (const bit of outputs) this.#source(bit, { kind: 'register', name: label, clock });
      const bits = inputs.filter((bit) => bit !== clock);
      this.sinks.push({ kind: 'register', name: label, clock, bits });
      for (const [place, to] of (connections.Q ?? []).entries()) {
        const from = connections.D?.[place];
        if (typeof to === 'number' && typeof from === 'number') this.#data.set(to, from);
      }
    } else {
      for (const bit of outputs) this.#logic.set(bit, [...(this.#logic.get(bit) ?? []), ...inputs]);
    }
  }

  /** One pseudo-bit for a RAM: below 0, since nets of Yosys are above. */
  #memoryBits(memory: string, written: ReadonlyMap<string, ReadonlySet<number>>): number[] {
    let bit = this.#memories.get(memory);
    if (bit === undefined) {
      bit = -1 - this.#memories.size;
      this.#memories.set(memory, bit);
      const name = memory.replace(/^\\/, '');
      this.#names.set(bit, name);
      for (const clock of written.get(memory) ?? []) {
        this.#source(bit, { kind: 'memory', name, clock });
      }
    }
    return [bit];
  }
  readonly #memories = new Map<string, number>();

  #crosser(name: string, module: string, cell: JsonModule['cells'][string]): void {
    const inputs: Record<string, readonly Bit[]> = {};
    const outputs: Record<string, readonly Bit[]> = {};
    for (const [port, bits] of Object.entries(cell.connections)) {
      if (cell.port_directions?.[port] === 'output') outputs[port] = bits;
      else inputs[port] = bits;
    }
    this.crossers.push({ name, module, inputs, outputs });
    for (const [port, bits] of Object.entries(outputs)) {
      const clock = clockOfPort(port, inputs);
      for (const bit of nets(bits)) this.#source(bit, { kind: 'synchroniser', name, clock });
    }
  }
}

/** The clock of a crosser's port: `wr_data_i` goes with `wr_clk_i`, `q_o` with `clk_i`. */
export function clockOfPort(
  port: string,
  inputs: Readonly<Record<string, readonly Bit[]>>,
): number | undefined {
  const clocks = Object.keys(inputs).filter((name) => /(^|_)clk_i$/.test(name));
  const own = clocks
    .map((name) => ({ name, prefix: name.replace(/clk_i$/, '') }))
    .filter(({ prefix }) => port.startsWith(prefix))
    .sort((a, b) => b.prefix.length - a.prefix.length)[0];
  return own && nets(inputs[own.name])[0];
}
