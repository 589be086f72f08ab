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
  /** Constants (`localparam int`) of a file that are made smaller for this proof. */
  readonly shrink?: Readonly<Record<string, Readonly<Record<string, number>>>>;
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

/** A policer's entry in so few bits that all of its arithmetic is gone through. */
const POLICER = { BITS: 8, INTERVAL_BITS: 3, SHARE_BITS: 2, BURST_BITS: 3, FRACTION_BITS: 1 };

/** A fragment's key, what it leaves behind and its time, narrow: each bit is treated like the others. */
const FRAGMENT = { ASKED_BITS: 2, LEFT_BITS: 1, TIME_BITS: 3 };

export const TASKS: readonly Task[] = [
  { name: 'table_ram', sources: ['table_ram'], reach: 8, limit: 60, short: true },
  { name: 'rx_merge', sources: ['rx_merge'], reach: 12, limit: 60, short: true },
  {
    name: 'rx_merge, narrow card',
    wrapper: 'rx_merge',
    sources: ['rx_merge'],
    parameters: { APART: 4 },
    reach: 30,
    limit: 60,
    short: true,
  },
  {
    name: 'decide',
    sources: ['decide', 'meta_delay'],
    steps: 4,
    reach: 6,
    limit: 60,
    short: true,
  },
  {
    name: 'decide, with spare clocks',
    wrapper: 'decide',
    sources: ['decide', 'meta_delay'],
    parameters: { SPARE: 1 },
    steps: 6,
    reach: 10,
    limit: 120,
    short: true,
  },
  {
    name: 'accounting',
    sources: ['accounting'],
    parameters: { BITS: 6 },
    steps: 2,
    reach: 8,
    limit: 60,
    short: true,
  },
  { name: 'finish', sources: ['finish'], steps: 3, reach: 6, limit: 60, short: true },
  {
    name: 'mac_deliver',
    sources: ['mac/mac_pkg', 'mac/mac_deliver'],
    reach: 112,
    limit: 60,
    short: true,
  },
  {
    name: 'mac_accept',
    sources: ['mac/mac_pkg', 'mac/mac_accept'],
    reach: 14,
    limit: 60,
    short: true,
  },
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
  { name: 'shared_ram', sources: ['shared_ram'], reach: 8, limit: 60, short: true },
  {
    name: 'override_table, narrow card',
    wrapper: 'override_table',
    sources: ['override_table'],
    models: ['table_ram', 'shared_ram'],
    parameters: { EVERY_CLOCK: 0, LATENCY: 5 },
    steps: 6,
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
  {
    name: 'lookup',
    sources: ['lookup'],
    models: ['table_ram'],
    steps: 4,
    reach: 8,
    limit: 60,
    short: true,
  },
  {
    name: 'egress',
    sources: ['egress'],
    models: ['port_queue'],
    reach: 8,
    limit: 60,
    short: true,
  },
  {
    name: 'ingress',
    sources: ['rx_port', 'rx_merge', 'ingress'],
    shrink: { linecard_pkg: { MAX_FRAME: 6 }, ingress: { INJECTED: 2, APART: 1 } },
    bound: 12,
    reach: 20,
    limit: 300,
    short: false,
  },
  {
    name: 'registers',
    sources: ['slice_at', 'config_table', 'rule_terms', 'host_tables', 'scrubber', 'registers'],
    reach: 24,
    limit: 200,
    short: true,
  },
  { name: 'header_line', sources: ['header_line'], reach: 12, limit: 60, short: true },
  {
    name: 'header_line, hidden positions',
    wrapper: 'header_line',
    sources: ['header_line'],
    parameters: { POSITIONS: 14, HIDDEN: 2, SHOWN: 12 },
    bound: 30,
    reach: 24,
    limit: 300,
    short: true,
  },
  {
    name: 'packet_line',
    sources: ['header_tap', 'packet_line'],
    steps: 2,
    reach: 8,
    limit: 60,
    short: true,
  },
  { name: 'rewrite', sources: ['rewrite'], steps: 4, reach: 8, limit: 60, short: true },
  {
    name: 'port_queue',
    sources: ['side_queue', 'port_queue'],
    parameters: { SIDE_BITS: 0 },
    reach: 16,
    limit: 200,
    short: true,
  },
  {
    name: 'port_queue, side',
    wrapper: 'port_queue',
    sources: ['side_queue', 'port_queue'],
    parameters: { SIDE_BITS: 1 },
    reach: 16,
    limit: 400,
    short: false,
  },
  {
    name: 'port_queue, side of two words',
    wrapper: 'port_queue',
    sources: ['side_queue', 'port_queue'],
    parameters: { SIDE_BITS: 2, SIDE_WORDS: 2 },
    reach: 20,
    limit: 400,
    short: false,
  },
  {
    name: 'port_queue, all bits',
    wrapper: 'port_queue',
    sources: ['side_queue', 'port_queue'],
    parameters: { SIDE_BITS: 0, COMPARED: 16 },
    reach: 16,
    limit: 600,
    short: false,
  },
  {
    name: 'rx_port',
    sources: ['rx_port'],
    shrink: { linecard_pkg: { MAX_FRAME: 6 } },
    bound: 12,
    reach: 20,
    limit: 200,
    short: true,
  },
  {
    name: 'rx_port, further',
    wrapper: 'rx_port',
    sources: ['rx_port'],
    shrink: { linecard_pkg: { MAX_FRAME: 6 } },
    bound: 14,
    reach: 20,
    limit: 900,
    short: false,
  },
  {
    name: 'punt_gate',
    sources: ['punt_gate'],
    shrink: { punt_gate: POLICER },
    bound: 13,
    reach: 20,
    limit: 60,
    short: false,
  },
  {
    name: 'punt_gate, narrow card',
    wrapper: 'punt_gate',
    sources: ['punt_gate'],
    shrink: { punt_gate: POLICER },
    parameters: { FORWARD: 0 },
    bound: 15,
    reach: 20,
    limit: 100,
    short: false,
  },
  {
    name: 'fragment_table',
    sources: ['fragment_table'],
    shrink: { fragment_table: FRAGMENT },
    reach: 20,
    limit: 100,
    short: true,
  },
  {
    name: 'fragment_table, narrow card',
    wrapper: 'fragment_table',
    sources: ['fragment_table'],
    shrink: { fragment_table: FRAGMENT },
    parameters: { FORWARD: 0 },
    reach: 24,
    limit: 100,
    short: true,
  },
  {
    name: 'fragment_hold',
    sources: ['fragment_hold'],
    bound: 28,
    reach: 30,
    limit: 150,
    short: false,
  },
  {
    name: 'counter_bank',
    sources: ['counter_bank'],
    parameters: { ENTRIES: 2, PACKET_BITS: 1, BYTE_BITS: 1 },
    bound: 40,
    reach: 30,
    limit: 100,
    short: false,
  },
  { name: 'counter_turns', sources: ['counter_turns'], reach: 20, limit: 60, short: true },
  {
    name: 'serial_queue',
    sources: ['serial_queue'],
    shrink: { serial_queue: { FCS: 1 } },
    bound: 44,
    reach: 60,
    limit: 300,
    short: false,
  },
  { name: 'vid_counters', sources: ['vid_counters'], reach: 30, limit: 60, short: false },
];
