/**
 * Faults that the proofs have to find (`npm run formal -- --mutants`): each is planted in a copy of
 * one file of hdl/rtl. `from` stands there exactly once.
 */
export interface Mutant {
  readonly name: string;
  /** In hdl/rtl, without `.sv`. */
  readonly file: string;
  readonly task: string;
  readonly from: string;
  readonly to: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a read in the clock of a write trusts the RAM',
    file: 'table_ram',
    task: 'table_ram',
    from: 'hit_q2 ? written_q2 : read_q2',
    to: 'read_q2',
  },
  {
    name: 'what was written stays a clock too long',
    file: 'table_ram',
    task: 'table_ram',
    from: 'hit_q2 <= hit_q;',
    to: 'hit_q2 <= hit_q || hit_q2;',
  },
  {
    name: 'a frame that is held begins',
    file: 'rx_merge',
    task: 'rx_merge',
    from: 'valid_i[chosen] && (busy_q || !hold_i)',
    to: 'valid_i[chosen]',
  },
  {
    name: 'no round robin',
    file: 'rx_merge',
    task: 'rx_merge',
    from: 'if (masked[i]) chosen',
    to: "if (masked[i] && 1'b0) chosen",
  },
  {
    name: 'another source in the middle of a frame',
    file: 'rx_merge',
    task: 'rx_merge',
    from: 'busy_q <= !last_i[chosen]',
    to: "busy_q <= 1'b0",
  },
  {
    name: 'length not begun anew',
    file: 'header_line',
    task: 'header_line',
    from: "first_q[END-1] ? 16'd0 : length_q",
    to: 'length_q',
  },
  {
    name: 'valid not cleared by reset',
    file: 'header_line',
    task: 'header_line',
    from: "valid_q <= '0;",
    to: 'valid_q <= valid_q;',
  },
  {
    name: 'a frame that is not kept leaves a beat',
    file: 'port_queue',
    task: 'port_queue',
    from: 'write_q <= commit_q;',
    to: "write_q <= commit_q + 1'b1;",
  },
  {
    name: 'offered before all of the frame is here',
    file: 'port_queue',
    task: 'port_queue',
    from: '&& read_q != commit_q;',
    to: '&& read_q != write_q;',
  },
  {
    name: 'the offered beat goes on without being taken',
    file: 'port_queue',
    task: 'port_queue',
    from: 'load || (valid_q && !tready_i)',
    to: 'load',
  },
  {
    name: 'room for one beat more than there is',
    file: 'port_queue',
    task: 'port_queue',
    from: "(write_q - read_q) != (PTR_BITS + 1)'(DEPTH)",
    to: "(write_q - read_q) != (PTR_BITS + 1)'(DEPTH + 1)",
  },
  {
    name: 'side data of the frame before',
    file: 'port_queue',
    task: 'port_queue, side',
    from: 'side_read_q <= side_read_q + 1',
    to: 'side_read_q <= side_read_q + 2',
  },
  {
    name: 'a slot comes up with the epoch that it has',
    file: 'host_tables',
    task: 'slot_rule',
    from: 'slot_write && slot_new.up && slot_new.epoch != slot_old.epoch',
    to: 'slot_write && slot_new.up',
  },
  {
    name: 'a heartbeat brings a slot up',
    file: 'slot_health',
    task: 'slot_rule',
    from: "if (raised) up_o[s] <= 1'b1;",
    to: "if (raised || (heartbeat_i && heartbeat_slot_i == 6'(s))) up_o[s] <= 1'b1;",
  },
  {
    name: 'both ways look at the place of the first',
    file: 'override_table',
    task: 'override_table',
    from: "hashed1 = PLACE_BITS'(linecard_regs_pkg::hash_way1(given))",
    to: "hashed1 = PLACE_BITS'(linecard_regs_pkg::hash_way0(given))",
  },
  {
    name: 'the highest two bits of the space are not compared',
    file: 'override_table',
    task: 'override_table',
    from: 'hit0_q <= word0[VALID_LSB] && &equal0;',
    to: 'hit0_q <= word0[VALID_LSB] && &equal0[PAIRS-2:0];',
  },
  {
    name: 'clearing writes what the host happens to show',
    file: 'override_table',
    task: 'override_table, clearing',
    from: 'assign entry_valid = host_data_i[VALID_LSB] && !clear_entries;',
    to: 'assign entry_valid = host_data_i[VALID_LSB];',
  },
  {
    name: 'a fragment right behind its first does not see what it learned',
    file: 'fragment_table',
    task: 'fragment_table',
    from: 'assign fresh3 = learn_i && index_q3 == index_q4;',
    to: "assign fresh3 = 1'b0;",
  },
  {
    name: 'what was learned never grows old',
    file: 'fragment_table',
    task: 'fragment_table, narrow card',
    from: 'assign found = word_q[WORD_BITS-1] && &equal && young;',
    to: 'assign found = word_q[WORD_BITS-1] && &equal;',
  },
  {
    name: 'places are not emptied after reset',
    file: 'fragment_table',
    task: 'fragment_table',
    from: 'assign written = {!clear_q,',
    to: "assign written = {1'b1,",
  },
  {
    name: 'a frame goes ahead of its rate by two intervals',
    file: 'punt_gate',
    task: 'punt_gate, narrow card',
    from: '(ahead_q ? arrival_q : now_q) + TIME_BITS',
    to: 'now_q + TIME_BITS',
  },
  {
    name: 'one frame more than its share',
    file: 'punt_gate',
    task: 'punt_gate',
    from: "assign space = COUNT_BITS'(most) + taken - put;",
    to: "assign space = COUNT_BITS'(most) + 1'b1 + taken - put;",
  },
  {
    name: 'a slot that is down still gets frames',
    file: 'decide',
    task: 'decide',
    from: 'up_a_q <= exists_a && slot_a.up && slot_a.port',
    to: 'up_a_q <= exists_a && slot_a.port',
  },
  {
    name: 'a backup that is not in sync is used',
    file: 'decide',
    task: 'decide',
    from: 'meta_q.row_in_sync && up_b_q',
    to: 'up_b_q',
  },
  {
    name: 'any nonce is a heartbeat',
    file: 'decide',
    task: 'decide',
    from: 'sender_ok && version_q && nonce_sent_q == nonce_q',
    to: 'sender_ok && version_q',
  },
  {
    name: 'a frame that is held also counts as ended',
    file: 'finish',
    task: 'finish',
    from: 'event_valid_o <= valid_i && last_i && !held;',
    to: 'event_valid_o <= valid_i && last_i;',
  },
  {
    name: 'an ill frame is kept',
    file: 'finish',
    task: 'finish',
    from: 'assign keep_o = !ill_i && (',
    to: 'assign keep_o = (',
  },
  {
    name: 'what the walk finds is no event',
    file: 'slot_health',
    task: 'slot_health',
    from: 'down_q <= drop_i || down_3;',
    to: 'down_q <= drop_i;',
  },
  {
    name: 'a slot comes back up when the host writes it as down',
    file: 'slot_health',
    task: 'slot_health',
    from: "if (raised) up_o[s] <= 1'b1;",
    to: "if (raised || (drop_i && named)) up_o[s] <= 1'b1;",
  },
  {
    name: 'the end of a discarded frame is forgotten',
    file: 'rx_port',
    task: 'rx_port',
    from: 'discard_q <= !last_q && (discard_q || lost_o || write_last);',
    to: 'discard_q <= !last_q && (lost_o || write_last);',
  },
  {
    name: 'reading does not stop at the end',
    file: 'rx_port',
    task: 'rx_port',
    from: '(!out_valid_q || take) && (write_q != read_q)',
    to: '(!out_valid_q || take)',
  },
];
