/**
 * Where the mapped card is slow, without placing it: the longest way through the netlist to each
 * flip-flop and RAM, with a delay for each kind of cell and one for a wire. Rough, but it takes seconds
 * and shows which module's logic is too deep for the clock. Placement and routing only add to it.
 */
import { type Netlist, type NetlistCell, ownerOf, topOf } from './size-synthesis.ts';

/** ns, speed grade 6, as nextpnr's ECP5 data base has them, rounded; a wire is what short ones take. */
const WIRE = 0.85;
const HIGH_FANOUT = { sinks: 30, more: 0.8 };
const CLOCK_TO_OUTPUT: Readonly<Record<string, number>> = { TRELLIS_FF: 0.52, DP16KD: 5.6 };
const SETUP = 0.2; // of a RAM, or of a flip-flop's enable and reset
const THROUGH: Readonly<Record<string, number>> = {
  LUT4: 0.24,
  PFUMX: 0.17,
  L6MUX21: 0.15,
  TRELLIS_DPR16X4: 0.24,
};
const CARRY = { along: 0.07, in: 0.45, out: 0.44, across: 0.6 };

type Bit = number | string;

/** The longest of the ways that begin in one module, whichever of its instances. */
export interface SlowPath {
  readonly from: string;
  readonly start: string;
  /** Instances on the way, in order; the last has the end. */
  readonly through: readonly string[];
  readonly nanoseconds: number;
  readonly cells: number;
  /** Ends that ways from that module reach too late. */
  readonly late: number;
}
export interface SlowPaths {
  readonly ends: number;
  readonly late: number;
  readonly paths: readonly SlowPath[];
}

function through({ type }: NetlistCell, input: string, output: string): number {
  if (type !== 'CCU2C') return THROUGH[type] ?? 0.24;
  if (input === 'CIN') return output === 'COUT' ? CARRY.along : CARRY.out;
  return output === 'COUT' ? CARRY.in : CARRY.across;
}

/** Inputs that an output of the cell depends on in the same clock. */
const passes = (type: string, input: string) => type !== 'TRELLIS_DPR16X4' || input === 'RAD';

export function slowPaths(
  netlist: Netlist,
  known: ReadonlyMap<string, string>,
  period: number,
): SlowPaths {
  const top = topOf(netlist);
  const drivers = new Map<Bit, { name: string; cell: NetlistCell; port: string }>();
  const sinks = new Map<Bit, number>();
  const names = new Map<Bit, string>();
  for (const [name, { bits }] of Object.entries(top.netnames)) {
    for (const [i, bit] of bits.entries()) {
      const text = bits.length > 1 ? `${name}[${i}]` : name;
      if (text.length < (names.get(bit)?.length ?? Number.POSITIVE_INFINITY)) names.set(bit, text);
    }
  }
  const wires = function* (cell: NetlistCell, direction: string) {
    for (const [port, bits] of Object.entries(cell.connections)) {
      if (cell.port_directions[port] !== direction) continue;
      for (const bit of bits) if (typeof bit === 'number') yield { port, bit };
    }
  };
  for (const [name, cell] of Object.entries(top.cells)) {
    for (const { port, bit } of wires(cell, 'output')) drivers.set(bit, { name, cell, port });
    for (const { bit } of wires(cell, 'input')) sinks.set(bit, (sinks.get(bit) ?? 0) + 1);
  }
  const wire = (bit: Bit, { type }: NetlistCell, port: string) => {
    const inside =
      port === 'CIN' ||
      (type === 'PFUMX' && port !== 'C0') ||
      (type === 'L6MUX21' && port !== 'SD');
    if (inside) return 0;
    return WIRE + ((sinks.get(bit) ?? 0) > HIGH_FANOUT.sinks ? HIGH_FANOUT.more : 0);
  };

  // Arrival at each net, deepest first, with a stack of our own: ways are long.
  const arrivals = new Map<Bit, { time: number; before?: Bit }>();
  const visit = (last: Bit) => {
    const open: Bit[] = [last];
    for (let bit = open.at(-1); bit !== undefined; bit = open.at(-1)) {
      const driver = drivers.get(bit);
      const begins = driver ? CLOCK_TO_OUTPUT[driver.cell.type] : 0;
      if (arrivals.has(bit) || !driver || begins !== undefined) {
        if (!arrivals.has(bit)) arrivals.set(bit, { time: begins ?? 0 });
        open.pop();
        continue;
      }
      const { cell, port: output } = driver;
      const inputs = [...wires(cell, 'input')].filter(({ port }) => passes(cell.type, port));
      const missing = inputs.filter((input) => !arrivals.has(input.bit));
      if (missing.length > 0) {
        for (const input of missing) open.push(input.bit);
        continue;
      }
      let best: { time: number; before?: Bit } = { time: 0 };
      for (const { port, bit: before } of inputs) {
        const time =
          (arrivals.get(before)?.time ?? 0) +
          wire(before, cell, port) +
          through(cell, port, output);
        if (time > best.time) best = { time, before };
      }
      arrivals.set(bit, best);
      open.pop();
    }
  };

  const instance = (name: string) => ownerOf(name, known) || 'linecard';
  const starts = new Map<Bit, Bit>();
  const startOf = (end: Bit): Bit => {
    const way: Bit[] = [];
    let bit = end;
    while (!starts.has(bit)) {
      way.push(bit);
      const before = arrivals.get(bit)?.before;
      if (before === undefined) break;
      bit = before;
    }
    const start = starts.get(bit) ?? bit;
    for (const one of way) starts.set(one, start);
    return start;
  };

  let ends = 0;
  let late = 0;
  const groups = new Map<
    string,
    { from: string; late: number; time: number; bit: Bit; end: string }
  >();
  for (const [name, cell] of Object.entries(top.cells)) {
    if (!(cell.type in CLOCK_TO_OUTPUT) && cell.type !== 'TRELLIS_DPR16X4') continue;
    for (const { port, bit } of wires(cell, 'input')) {
      if (port === 'CLK' || port.startsWith('CLK') || port === 'WCK') continue;
      if (cell.type === 'TRELLIS_DPR16X4' && port === 'RAD') continue;
      visit(bit);
      ends += 1;
      const time =
        (arrivals.get(bit)?.time ?? 0) + wire(bit, cell, port) + (port === 'DI' ? 0 : SETUP);
      if (time > period) late += 1;
      const driver = drivers.get(startOf(bit));
      const from = driver ? instance(driver.name) : 'inputs of the card';
      const kind = known.get(from) ?? from;
      const group = groups.get(kind) ?? { from, late: 0, time: 0, bit, end: name };
      if (time > period) group.late += 1;
      if (time > group.time) Object.assign(group, { from, time, bit, end: name });
      groups.set(kind, group);
    }
  }
  const paths = [...groups.values()].map(({ from, ...group }): SlowPath => {
    const way: string[] = [];
    let cells = 0;
    for (let bit: Bit | undefined = group.bit; bit !== undefined; bit = arrivals.get(bit)?.before) {
      const driver = drivers.get(bit);
      if (driver && arrivals.get(bit)?.before !== undefined) {
        cells += 1;
        way.unshift(instance(driver.name));
      }
    }
    way.push(instance(group.end));
    return {
      from,
      start: names.get(startOf(group.bit)) ?? '',
      through: way.filter((name, i) => name !== (i === 0 ? from : way[i - 1])),
      nanoseconds: group.time,
      cells,
      late: group.late,
    };
  });
  paths.sort((one, other) => other.nanoseconds - one.nanoseconds);
  return { ends, late, paths };
}
