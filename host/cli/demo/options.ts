import { CommandError, EXIT } from '../exit.ts';
import { DEFAULT_TOPOLOGY } from '../namespaces/topology.ts';

export interface DemoOptions {
  /** New calls per second. */
  readonly rate: number;
  readonly calls: number;
  readonly processors: number;
  /** The report as one JSON object on the last line of standard output. */
  readonly json: boolean;
  /** Folder for pcapng files, absolute. */
  readonly capture?: string;
  /** FST file for the card's first clocks, absolute. */
  readonly wave?: string;
  /** On a board's core with each pin simulated, the host on its serial line alone. */
  readonly board?: boolean;
  /** Ports in memory although real interfaces are possible. */
  readonly memory: boolean;
}

export const DEFAULTS = {
  rate: 500,
  seconds: 20,
  processors: DEFAULT_TOPOLOGY.processors,
} as const;

/** A board's pins, simulated one by one, are hundreds of times slower than the board. */
export const BOARD_DEFAULTS = { rate: 1, calls: 20, processors: 2 } as const;

/** The sim configuration has eight ports, one of them the line. */
export const MOST_PROCESSORS = 7;

/** ecp5-25 has eight slots, all behind the fabric port. */
const MOST_BEHIND_BOARD = 8;

/** Address of the SIP client, the virtual address and the control address. */
export const ADDRESSES = DEFAULT_TOPOLOGY;
export const SIP_PORT = 5060;

/** Words as commander gives them; throws CommandError in words for what is out of range. */
export function demoOptions(given: {
  readonly rate?: string;
  readonly calls?: string;
  readonly processors?: string;
  readonly json?: boolean;
  readonly memory?: boolean;
  readonly capture?: string;
  readonly wave?: string;
}): DemoOptions {
  const rate = integer('--rate', given.rate, DEFAULTS.rate, 20_000);
  return {
    rate,
    calls: integer('--calls', given.calls, rate * DEFAULTS.seconds, 100_000_000),
    processors: integer('--processors', given.processors, DEFAULTS.processors, MOST_PROCESSORS),
    json: given.json ?? false,
    memory: given.memory ?? false,
    ...(given.capture === undefined ? {} : { capture: given.capture }),
    ...(given.wave === undefined ? {} : { wave: given.wave }),
  };
}

/** Of the demo on a board. */
export function boardDemoOptions(given: {
  readonly rate?: string;
  readonly calls?: string;
  readonly processors?: string;
  readonly json?: boolean;
}): DemoOptions {
  const { rate, calls, processors } = BOARD_DEFAULTS;
  return {
    rate: integer('--rate', given.rate, rate, 1000),
    calls: integer('--calls', given.calls, calls, 1_000_000),
    processors: integer('--processors', given.processors, processors, MOST_BEHIND_BOARD),
    json: given.json ?? false,
    board: true,
    memory: true,
  };
}

function integer(name: string, text: string | undefined, otherwise: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new CommandError(EXIT.usage, `${name} ${text}: give a whole number from 1 to ${most}`);
}
