/** What `npm run formal` proves: for each task a wrapper in this folder and the RTL under it. */

export interface Task {
  /** Also the name of the wrapper: `<wrapper ?? name>_formal.sv`. */
  readonly name: string;
  readonly wrapper?: string;
  /** Files in hdl/rtl that the wrapper needs besides the packages, without `.sv`. */
  readonly sources: readonly string[];
  /** Modules that a proven model in this folder stands for: `<name>_model.sv`. */
  readonly models?: readonly string[];
  readonly parameters?: Readonly<Record<string, number>>;
  /** linecard_pkg::MAX_FRAME for this proof, in bytes, where a buffer must hold a whole frame. */
  readonly maxFrame?: number;
  /** Induction over so many clocks, for wide data, whose invariant has too many clauses to be found. */
  readonly steps?: number;
  /** Clocks to which the proof is bounded; without it, it holds at every clock (induction). */
  readonly bound?: number;
  /** Clocks within which each cover statement has to be reached. */
  readonly reach: number;
  /** CPU seconds for the proof, about ten times what it takes. */
  readonly limit: number;
  /** Part of the short form, which runs in `npm test`. */
  readonly short: boolean;
}

export const TASKS: readonly Task[] = [
  { name: 'table_ram', sources: ['table_ram'], reach: 8, limit: 60, short: true },
  { name: 'rx_merge', sources: ['rx_merge'], reach: 12, limit: 60, short: true },
  { name: 'decide', sources: ['decide'], steps: 4, reach: 6, limit: 60, short: true },
  { name: 'finish', sources: ['finish'], reach: 6, limit: 60, short: true },
  {
    name: 'slot_health',
    sources: ['slice_at', 'slot_health'],
    reach: 24,
    limit: 200,
    short: true,
  },
  {
    name: 'slot_rule',
    sources: ['slice_at', 'config_table', 'rule_terms', 'host_tables', 'slot_health'],
    reach: 24,
    limit: 200,
    short: true,
  },
  {
    name: 'override_table',
    sources: ['override_table'],
    models: ['table_ram'],
    steps: 4,
    reach: 16,
    limit: 60,
    short: true,
  },
  {
    name: 'override_table, clearing',
    wrapper: 'override_table',
    sources: ['override_table'],
    models: ['table_ram'],
    parameters: { CLEARING: 1 },
    steps: 4,
    reach: 120,
    limit: 60,
    short: true,
  },
  { name: 'header_line', sources: ['header_line'], reach: 12, limit: 60, short: true },
  {
    name: 'port_queue',
    sources: ['port_queue'],
    parameters: { SIDE_BITS: 0 },
    reach: 16,
    limit: 200,
    short: true,
  },
  {
    name: 'port_queue, side',
    wrapper: 'port_queue',
    sources: ['port_queue'],
    parameters: { SIDE_BITS: 1 },
    reach: 16,
    limit: 400,
    short: false,
  },
  {
    name: 'port_queue, all bits',
    wrapper: 'port_queue',
    sources: ['port_queue'],
    parameters: { SIDE_BITS: 0, COMPARED: 16 },
    reach: 16,
    limit: 600,
    short: false,
  },
  {
    name: 'rx_port',
    sources: ['rx_port'],
    maxFrame: 6,
    bound: 10,
    reach: 20,
    limit: 200,
    short: true,
  },
  {
    name: 'rx_port, further',
    wrapper: 'rx_port',
    sources: ['rx_port'],
    maxFrame: 6,
    bound: 14,
    reach: 20,
    limit: 900,
    short: false,
  },
];
