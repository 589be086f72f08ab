/**
 * The rules for clock-domain crossings. A signal may go from one clock to another through a module that
 * says so in its name, and nowhere else (hdl/README.md, "Clock domains"):
 *
 *   cdc_bit   one bit, two flip-flops of clk_i behind each other; d_i → q_o
 *   cdc_gray  a number of which one bit changes at a time
 *   cdc_fifo  a FIFO with a clock at each end; its own inside may cross in its RAM only
 */
import { type Crosser, clockOfPort, Graph, type JsonModule } from './cdc-netlist.ts';

export interface Finding {
  readonly rule:
    | 'crossing'
    | 'several-bits'
    | 'logic'
    | 'twice'
    | 'wrong-clock'
    | 'input'
    | 'chain';
  /** In words, with names of signals. */
  readonly text: string;
}

export interface Outcome {
  readonly clocks: readonly string[];
  readonly registers: number;
  readonly memories: number;
  readonly crossers: number;
  readonly findings: readonly Finding[];
}

const CLOCK_PORT = /(^|_)clk_i$/;
const RESET_PORT = /(^|_)rst_n?i$/;

const numbers = (bits: readonly (number | string)[]) =>
  bits.filter((bit): bit is number => typeof bit === 'number');

/** `exempt`: this module is a cdc_fifo, in which a RAM may be written by one clock and read by another. */
export function check(module: JsonModule, exempt = false): Outcome {
  const graph = new Graph(module);
  const findings = [
    ...crossings(graph, exempt),
    ...inputsOfTwo(graph),
    ...graph.crossers.flatMap((crosser) => entrances(graph, crosser)),
    ...twice(graph),
  ];
  return {
    clocks: graph.clocks.map((clock) => graph.nameOf(clock)),
    registers: graph.counts.registers,
    memories: graph.counts.memories,
    crossers: graph.crossers.length,
    findings,
  };
}

/** What a clock samples of another clock's registers and RAMs. One finding for each pair. */
function crossings(graph: Graph, exempt: boolean): Finding[] {
  const pairs = new Map<string, { bits: Set<number>; from: string; to: string; logic: boolean }>();
  for (const { name, clock, bits } of graph.sinks) {
    const own = graph.maskOf(clock);
    for (const bit of bits) {
      if ((graph.clocksBehind(bit) & ~own) === 0n) continue;
      for (const { bit: at, source, direct } of graph.sourcesBehind(bit)) {
        if (source.clock === undefined || source.clock === clock) continue;
        if (exempt && source.kind === 'memory') continue;
        const from = `${source.name} (${graph.nameOf(source.clock)})`;
        const to = `${name} (${graph.nameOf(clock)})`;
        const key = `${from} ${to}`;
        const pair = pairs.get(key) ?? { bits: new Set<number>(), from, to, logic: false };
        pair.bits.add(at);
        pair.logic ||= !direct;
        pairs.set(key, pair);
      }
    }
  }
  return [...pairs.values()].map(({ bits, from, to, logic }) => {
    const through = logic ? ' through logic' : '';
    return bits.size > 1
      ? { rule: 'several-bits', text: `${bits.size} bits of ${from} go to ${to}${through}` }
      : { rule: 'crossing', text: `${from} goes to ${to}${through}` };
  });
}

/** Each bit of an input belongs to the one clock that samples it; sampled by two, it is a crossing for one. */
function inputsOfTwo(graph: Graph): Finding[] {
  if (graph.clocks.length < 2) return [];
  const seen = new Map<number, { readonly name: string; readonly clocks: Set<number> }>();
  for (const { clock, bits } of graph.sinks) {
    for (const from of bits) {
      for (const { bit, source } of graph.sourcesBehind(from)) {
        if (source.kind !== 'input') continue;
        const { clocks } = seen.get(bit) ?? { clocks: new Set<number>() };
        seen.set(bit, { name: source.name, clocks: clocks.add(clock) });
      }
    }
  }
  const findings = [...seen.values()]
    .filter(({ clocks }) => clocks.size > 1)
    .map(({ name, clocks }): Finding => {
      const list = [...clocks]
        .map((clock) => graph.nameOf(clock))
        .sort()
        .join(' and ');
      return { rule: 'input', text: `input ${name} is sampled by ${list}` };
    });
  return unique(findings);
}

/** What goes into a crosser: straight from a flip-flop, and of the clock that its port says. */
function entrances(graph: Graph, { name, module, inputs }: Crosser): Finding[] {
  const findings: Finding[] = [];
  for (const [port, all] of Object.entries(inputs)) {
    if (CLOCK_PORT.test(port) || RESET_PORT.test(port)) continue;
    const bits = numbers(all);
    const clock = clockOfPort(port, inputs);
    const where = `${name}.${port} (${module})`;
    if (module === 'cdc_fifo') {
      // Its ports are ordinary signals of their own side.
      for (const bit of bits) {
        for (const { source } of graph.sourcesBehind(bit)) {
          if (source.clock === undefined || source.clock === clock) continue;
          const of = graph.nameOf(source.clock);
          findings.push({ rule: 'wrong-clock', text: `${source.name} (${of}) goes into ${where}` });
        }
      }
      continue;
    }
    if (module === 'cdc_bit' && bits.length > 1) {
      findings.push({ rule: 'several-bits', text: `${bits.length} bits go into ${where}` });
    }
    for (const bit of bits) {
      const behind = graph.sourcesBehind(bit);
      const faulty = behind.find(({ direct }) => !direct);
      if (faulty) {
        const text = `logic in front of ${where}, behind ${faulty.source.name}`;
        findings.push({ rule: 'logic', text });
      }
    }
    const clocks = new Set(
      bits.flatMap((bit) => graph.sourcesBehind(bit).map(({ source }) => source.clock)),
    );
    clocks.delete(undefined);
    if (clocks.size > 1) {
      findings.push({ rule: 'wrong-clock', text: `${where} has bits of ${clocks.size} clocks` });
    }
  }
  return unique(findings);
}

/**
 * One signal that is synchronised twice towards the same clock arrives at two different times; so do bits
 * of one register in synchronisers of their own.
 */
function twice(graph: Graph): Finding[] {
  const into = new Map<string, { bits: Set<number>; crossers: Set<string>; source: string }>();
  for (const { name, module, inputs } of graph.crossers) {
    if (module === 'cdc_fifo') continue;
    const clock = clockOfPort('', inputs);
    for (const [port, bits] of Object.entries(inputs)) {
      if (CLOCK_PORT.test(port) || RESET_PORT.test(port)) continue;
      for (const bit of numbers(bits)) {
        for (const { bit: at, source } of graph.sourcesBehind(bit)) {
          const key = `${source.name} ${clock}`;
          const entry = into.get(key) ?? {
            bits: new Set<number>(),
            crossers: new Set<string>(),
            source: source.name,
          };
          entry.bits.add(at);
          entry.crossers.add(name);
          into.set(key, entry);
        }
      }
    }
  }
  return [...into.values()]
    .filter(({ crossers }) => crossers.size > 1)
    .map(({ bits, crossers, source }) => {
      const list = [...crossers].join(' and ');
      return bits.size > 1
        ? { rule: 'several-bits', text: `bits of ${source} are synchronised apart, in ${list}` }
        : { rule: 'twice', text: `${source} is synchronised twice, in ${list}` };
    });
}

/** A synchroniser's own inside: at least two flip-flops of one clock in a row, and no logic. */
export function checkChain(name: string, module: JsonModule): Finding[] {
  const graph = new Graph(module);
  const findings: Finding[] = [];
  if (graph.clocks.length !== 1) {
    findings.push({ rule: 'chain', text: `${name} has ${graph.clocks.length} clocks, not one` });
  }
  for (const [port, { direction, bits }] of Object.entries(module.ports)) {
    if (direction !== 'output') continue;
    for (const bit of numbers(bits)) {
      let length = 0;
      let at: number | undefined = graph.beforeInverter(bit);
      while (at !== undefined && graph.sources.get(at)?.[0]?.kind === 'register' && length < 8) {
        const here: number = at;
        length += 1;
        at = graph.drivenBy(here);
      }
      if (length < 2) {
        findings.push({ rule: 'chain', text: `${name}.${port} has ${length} flip-flops, not two` });
      }
    }
  }
  return unique(findings);
}

function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [finding.text, finding])).values()];
}
