// The register bus: identity, control, and the host's side of all tables and counters. Addresses
// and layouts are generated (linecard_regs_pkg); this file only connects them.
//
// Contract of the bus: valid, write, addr and wdata stay until ready; rdata belongs to the clock of
// ready. The words of a table's entry are written in order, and nothing else between them; the last
// one writes the entry.
// A write to `control` waits until everything is clear after reset; one to `snapshot` until the
// snapshot can be read, one to `overrides_clear` until the table is empty.
module registers #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int RULES = 16,
    parameter int PREFIXES = 8,
    parameter int OVERRIDES = 1024,
    parameter int FRAGMENTS = 512,
    parameter int VID_COUNTER_BITS = 32,
    parameter int VID_BYTE_COUNTER_BITS = 0,
    parameter int CONFIGURATION_ID = 0,
    parameter logic [31:0] BUILD_ID = 32'd0
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        cfg_valid_i,
    input  logic        cfg_write_i,
    input  logic [23:0] cfg_addr_i,
    input  logic [31:0] cfg_wdata_i,
    output logic        cfg_ready_o,
    output logic [31:0] cfg_rdata_o,
    // state
    input  logic [63:0] time_us_i,
    input  logic        idle_i,
    input  logic [15:0] in_flight_i,
    input  logic        clearing_i,   // something is being cleared after reset
    // control and tables in flip-flops
    output logic        enable_o,
    output logic        bad_parity_o,
    output logic [31:0] fabric_prefix_o,
    output logic [31:0] fragment_us_o,
    output logic [31:0] stall_us_o,
    output logic [31:0] suspect_hold_us_o,
    output logic [31:0] mirror_o,           // as the register `select`
    output logic [63:0] mirror_reasons_o,
    output logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_o,
    output logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots_o,
    output logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes_o,
    output logic        rule_write_o,
    output logic [4:0]  rule_index_o,
    output logic [linecard_regs_pkg::BITS_RULE-1:0] rule_data_o,
    output logic [RULES-1:0] rules_valid_o,
    // slots
    input  logic [SLOTS-1:0] slot_up_i,
    output logic        slot_raise_o,
    output logic        slot_drop_o,
    output logic [5:0]  slot_index_o,
    output logic        slot_health_write_o,
    output logic [linecard_regs_pkg::BITS_SLOT_HEALTH-1:0] slot_health_data_o,
    input  logic [linecard_regs_pkg::BITS_SLOT_HEALTH-1:0] slot_health_data_i,
    output logic        slot_event_ack_o,
    output logic [7:0]  slot_event_count_o,
    input  logic [linecard_regs_pkg::BITS_SLOT_EVENT-1:0] slot_event_data_i,
    input  logic [SLOTS-1:0] slot_pending_i,
    output logic        policer_write_o,
    output logic [linecard_regs_pkg::BITS_POLICER-1:0] policer_data_o,
    input  logic [linecard_regs_pkg::BITS_POLICER-1:0] policer_data_i,
    output logic [15:0] entry_o,      // of slot_health, slot_event or policer: read data three clocks later
    // tables in RAM: read data belongs to the index of two clocks before
    output logic        type_set_write_o,
    output logic        vid_row_write_o,
    output logic        override_write_o,
    input  logic        override_ready_i,       // the write takes effect, the read is made
    output logic        override_hits_read_o,
    output logic        override_hits_clear_o,
    input  logic        override_hits_busy_i,
    output logic        overrides_clear_o,
    input  logic        overrides_busy_i,
    output logic [15:0] ram_index_o,
    output logic [31:0] ram_data_o,
    output logic [linecard_regs_pkg::BITS_OVERRIDE-1:0] override_data_o,
    input  logic [31:0] type_set_data_i,
    input  logic        type_set_bad_i,
    input  logic [linecard_regs_pkg::BITS_VID_ROW-1:0] vid_row_data_i,
    input  logic        vid_row_bad_i,
    input  logic [linecard_regs_pkg::BITS_OVERRIDE-1:0] override_data_i,
    input  logic        override_bad_i,
    input  logic [31:0] override_hits_i,
    input  logic        bad_word_i,  // the data path has met one of the wrong parity
    // counters: read data belongs to the address of five clocks before
    output logic        snapshot_o,
    input  logic        snapshot_busy_i,
    input  logic [15:0] snapshot_in_flight_i,
    input  logic [15:0] snapshot_held_i,
    output logic [23:0] count_address_o,
    input  logic [31:0] count_data_i,
    input  logic [31:0] vid_counts_i
);
  localparam int PAGE = 12;
  localparam int BIG = 20;  // tables of a megabyte and more: one entry a VID or an override

  // ---- one access at a time
  typedef logic [2:0] state_t;
  localparam state_t IDLE = 3'd0;
  localparam state_t DECODE = 3'd1;
  localparam state_t READ = 3'd2;
  localparam state_t WRITE = 3'd3;
  localparam state_t WAIT = 3'd4;  // until what the write has begun is done
  localparam state_t DONE = 3'd5;
  localparam state_t SELECT = 3'd6;  // what the address says is known, and what the access does is chosen
  localparam logic [2:0] READ_CLOCKS = 3'd5;  // the tables' three, two to choose a table's word, one among the rest
  localparam logic [2:0] SHOWN = 3'd2;        // wait_q at the clock whose state a register that is no table shows
  state_t state_q;
  logic [2:0] wait_q;
  logic cfg_write_q;
  logic [23:0] addr_q;
  logic [31:0] wdata_q;

  // ---- where: known one clock behind the address
  localparam int HEALTH_WORDS = linecard_regs_pkg::WORDS_SLOT_HEALTH;
  localparam int POLICER_WORDS = linecard_regs_pkg::WORDS_POLICER;
  localparam int OVERRIDE_WORDS = linecard_regs_pkg::WORDS_OVERRIDE;
  logic [11:0] page;
  assign page = addr_q[23:PAGE];
  logic at_type_set, at_vid_row, at_override, at_hits, at_health, at_event, at_policer, at_vid_counts;
  logic slot_exists, policer_exists, vid_exists, override_exists, hits_exist, type_set_exists;
  logic is_identity, is_control, is_fabric_prefix, is_status, is_snapshot, is_snapshot_in_flight, is_snapshot_held;
  logic is_time_low, is_time_high, is_fragment_us, is_stall_us, is_suspect_hold_us, is_clear;
  logic is_slots_low, is_slots_high, is_parity_errors, is_parity_last, is_scrubs;
  logic is_mirror, is_reasons_low, is_reasons_high;
  logic ends_health, ends_policer, ends_override;
  always_ff @(posedge clk_i) begin
    at_type_set <= page == linecard_regs_pkg::ADDR_TABLE_TYPE_SET[23:PAGE];
    at_health <= page == linecard_regs_pkg::ADDR_TABLE_SLOT_HEALTH[23:PAGE];
    at_event <= page == linecard_regs_pkg::ADDR_TABLE_SLOT_EVENT[23:PAGE];
    at_policer <= page == linecard_regs_pkg::ADDR_TABLE_POLICER[23:PAGE];
    at_vid_row <= addr_q[23:BIG] == linecard_regs_pkg::ADDR_TABLE_VID_ROW[23:BIG];
    at_override <= addr_q[23:BIG+1] == linecard_regs_pkg::ADDR_TABLE_OVERRIDE[23:BIG+1];
    at_hits <= addr_q[23:BIG] == linecard_regs_pkg::ADDR_TABLE_OVERRIDE_HIT[23:BIG];
    at_vid_counts <= addr_q[23:BIG] == linecard_regs_pkg::ADDR_COUNT_VID_PACKETS[23:BIG] ||
        addr_q[23:BIG] == linecard_regs_pkg::ADDR_COUNT_VID_BYTES[23:BIG];
    slot_exists <= addr_q[PAGE-1:4] < 8'(SLOTS);
    policer_exists <= {1'b0, addr_q[PAGE-1:3]} < 10'(RULES + 2);
    vid_exists <= {1'b0, addr_q[BIG-1:2]} < 19'(VIDS);
    override_exists <= {1'b0, addr_q[BIG:5]} < 17'(OVERRIDES);
    hits_exist <= {1'b0, addr_q[BIG-1:2]} < 19'(OVERRIDES / 32);
    type_set_exists <= {4'd0, addr_q[PAGE-1:2]} < 14'(RULES * 8);
    is_identity <= {addr_q[23:6], addr_q[1:0]} == '0;
    is_control <= addr_q == linecard_regs_pkg::ADDR_CONTROL_CONTROL;
    is_fabric_prefix <= addr_q == linecard_regs_pkg::ADDR_CONTROL_FABRIC_PREFIX;
    is_status <= addr_q == linecard_regs_pkg::ADDR_CONTROL_STATUS;
    is_snapshot <= addr_q == linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT;
    is_snapshot_in_flight <= addr_q == linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT_IN_FLIGHT;
    is_snapshot_held <= addr_q == linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT_HELD;
    is_time_low <= addr_q == linecard_regs_pkg::ADDR_CONTROL_TIME_LOW;
    is_time_high <= addr_q == linecard_regs_pkg::ADDR_CONTROL_TIME_HIGH;
    is_fragment_us <= addr_q == linecard_regs_pkg::ADDR_CONTROL_FRAGMENT_US;
    is_stall_us <= addr_q == linecard_regs_pkg::ADDR_CONTROL_STALL_US;
    is_suspect_hold_us <= addr_q == linecard_regs_pkg::ADDR_CONTROL_SUSPECT_HOLD_US;
    is_clear <= addr_q == linecard_regs_pkg::ADDR_CONTROL_OVERRIDES_CLEAR;
    is_slots_low <= addr_q == linecard_regs_pkg::ADDR_EVENTS_SLOTS_LOW;
    is_slots_high <= addr_q == linecard_regs_pkg::ADDR_EVENTS_SLOTS_HIGH;
    is_parity_errors <= addr_q == linecard_regs_pkg::ADDR_EVENTS_PARITY_ERRORS;
    is_parity_last <= addr_q == linecard_regs_pkg::ADDR_EVENTS_PARITY_LAST;
    is_scrubs <= addr_q == linecard_regs_pkg::ADDR_EVENTS_SCRUBS;
    is_mirror <= addr_q == linecard_regs_pkg::ADDR_MIRROR_SELECT;
    is_reasons_low <= addr_q == linecard_regs_pkg::ADDR_MIRROR_REASONS_LOW;
    is_reasons_high <= addr_q == linecard_regs_pkg::ADDR_MIRROR_REASONS_HIGH;
    ends_health <= addr_q[3:2] == 2'(HEALTH_WORDS - 1);
    ends_policer <= addr_q[2] == 1'(POLICER_WORDS - 1);
    ends_override <= addr_q[4:2] == 3'(OVERRIDE_WORDS - 1);
  end

  // Most writes never wait, and are made straight from flip-flops: write_q is 1 in the first clock of WRITE.
  logic may_write, starts, write_q, waits, working;
  assign may_write = !(is_control && clearing_i) && !((is_control || is_snapshot) && snapshot_busy_i) &&
      !(override_write_o && !override_ready_i);
  assign starts = rst_ni && state_q == SELECT && cfg_write_q;
  always_ff @(posedge clk_i) write_q <= starts;
  assign waits = is_snapshot || is_clear || at_hits;
  assign working = (is_snapshot && snapshot_busy_i) || (is_clear && overrides_busy_i) ||
      (at_hits && override_hits_busy_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= IDLE;
      wait_q <= '0;
    end else begin
      case (state_q)
        IDLE: if (cfg_valid_i) state_q <= DECODE;
        DECODE: state_q <= SELECT;
        SELECT: begin
          wait_q <= READ_CLOCKS;
          state_q <= cfg_write_q ? WRITE : READ;
        end
        READ: begin
          // Overrides are read between frames, hit bits between hits.
          if (wait_q != '0 && !(at_override && !override_ready_i && wait_q == READ_CLOCKS)) wait_q <= wait_q - 3'd1;
          if (wait_q == '0 && !working) state_q <= DONE;
        end
        WRITE: if (may_write) state_q <= waits ? WAIT : DONE;
        WAIT: if (!working) state_q <= DONE;
        default: state_q <= IDLE;
      endcase
    end
  end
  assign cfg_ready_o = state_q == DONE;

  always_ff @(posedge clk_i) begin
    if (state_q == IDLE && cfg_valid_i) begin
      cfg_write_q <= cfg_write_i;
      addr_q <= cfg_addr_i;
      wdata_q <= cfg_wdata_i;
    end
  end

  // ---- the words of an entry, the newest on top
  localparam int STAGED = (linecard_regs_pkg::WORDS_RULE - 1) * 32;  // the longest entry
  logic [STAGED-1:0] staged_q;
  logic [STAGED+31:0] words;
  assign words = {wdata_q, staged_q};
  always_ff @(posedge clk_i) if (state_q == DONE && cfg_write_q) staged_q <= words[STAGED+31:32];

  logic [31:0] tables_data;
  host_tables #(
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .RULES(RULES),
      .PREFIXES(PREFIXES)
  ) host_tables (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(starts),
      .address_i(addr_q),
      .words_i(words),
      .data_o(tables_data),
      .slot_up_i(slot_up_i),
      .slot_raise_o(slot_raise_o),
      .slot_drop_o(slot_drop_o),
      .slot_index_o(slot_index_o),
      .ports_o(ports_o),
      .slots_o(slots_o),
      .prefixes_o(prefixes_o),
      .rule_write_o(rule_write_o),
      .rule_index_o(rule_index_o),
      .rule_data_o(rule_data_o),
      .rules_valid_o(rules_valid_o)
  );

  // ---- tables of which the data path reads one entry
  logic override_there_q;
  always_ff @(posedge clk_i) begin
    slot_health_write_o <= starts && at_health && slot_exists && ends_health;
    slot_event_ack_o <= starts && at_event && slot_exists && addr_q[3:2] == '0;
    policer_write_o <= starts && at_policer && policer_exists && ends_policer;
    type_set_write_o <= starts && at_type_set && type_set_exists;
    vid_row_write_o <= starts && at_vid_row && vid_exists;
    override_there_q <= at_override && override_exists && ends_override;
    override_hits_read_o <= rst_ni && state_q == SELECT && !cfg_write_q && at_hits && hits_exist;
    override_hits_clear_o <= starts && at_hits && hits_exist;
    overrides_clear_o <= starts && is_clear;
  end
  assign slot_health_data_o = linecard_regs_pkg::unpack_slot_health(words[STAGED+31-:HEALTH_WORDS*32]);
  assign slot_event_count_o = wdata_q[7:0];
  assign policer_data_o = linecard_regs_pkg::unpack_policer(words[STAGED+31-:POLICER_WORDS*32]);
  assign entry_o = at_policer ? 16'(addr_q[PAGE-1:3]) : 16'(addr_q[PAGE-1:4]);
  assign override_write_o = state_q == WRITE && override_there_q;
  assign override_data_o = linecard_regs_pkg::unpack_override(words[STAGED+31-:OVERRIDE_WORDS*32]);
  assign ram_data_o = wdata_q;

  // ---- scrubber: has the tables' read ports between accesses
  logic [15:0] scrub_index;
  logic scrubbing;
  logic [31:0] parity_errors, parity_last, scrubs;
  assign scrubbing = state_q == IDLE && !overrides_busy_i;
  scrubber #(
      .VIDS(VIDS),
      .OVERRIDES(OVERRIDES),
      .RULES(RULES)
  ) scrubber (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .enable_i(enable_o),
      .grant_i(scrubbing),
      .ready_i(override_ready_i),
      .index_o(scrub_index),
      .vid_row_bad_i(vid_row_bad_i),
      .override_bad_i(override_bad_i),
      .type_set_bad_i(type_set_bad_i),
      .met_i(bad_word_i),
      .errors_o(parity_errors),
      .last_o(parity_last),
      .rounds_o(scrubs)
  );
  assign ram_index_o = scrubbing ? scrub_index : at_override ? addr_q[BIG:5] : addr_q[17:2];

  // ---- control
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      enable_o <= 1'b0;
      bad_parity_o <= 1'b0;
      fabric_prefix_o <= '0;
      fragment_us_o <= '0;
      stall_us_o <= '0;
      suspect_hold_us_o <= '0;
      mirror_o <= '0;
      mirror_reasons_o <= '0;
    end else begin
      if (state_q == WRITE && is_control && !clearing_i && !snapshot_busy_i) {bad_parity_o, enable_o} <= wdata_q[1:0];
      if (write_q && is_fabric_prefix) fabric_prefix_o <= wdata_q;
      if (write_q && is_fragment_us) fragment_us_o <= wdata_q;
      if (write_q && is_stall_us) stall_us_o <= wdata_q;
      if (write_q && is_suspect_hold_us) suspect_hold_us_o <= wdata_q;
      if (write_q && is_mirror) mirror_o <= wdata_q & 32'hffff_00f3;
      if (write_q && is_reasons_low) mirror_reasons_o[31:0] <= wdata_q;
      if (write_q && is_reasons_high) mirror_reasons_o[63:32] <= wdata_q;
    end
  end
  // Without what other writes wait for: the counters have a long way from here.
  assign snapshot_o = state_q == WRITE && is_snapshot && !snapshot_busy_i;
  logic [31:0] snapshots_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) snapshots_q <= '0;
    else if (snapshot_o) snapshots_q <= snapshots_q + 32'd1;
  end

  // The high half belongs to the low half that was read before it, so both are of one clock.
  logic [31:0] time_high_q;
  always_ff @(posedge clk_i) begin
    if (state_q == READ && wait_q == SHOWN && is_time_low) time_high_q <= time_us_i[63:32];
  end

  // ---- read
  assign count_address_o = addr_q;
  logic [63:0] pending;
  logic [95:0] health_words, event_words;
  logic [63:0] policer_words;
  logic [159:0] override_words;
  assign pending = 64'(slot_pending_i);
  assign health_words = linecard_regs_pkg::pack_slot_health(slot_health_data_i);
  assign event_words = linecard_regs_pkg::pack_slot_event(slot_event_data_i);
  assign policer_words = linecard_regs_pkg::pack_policer(policer_data_i);
  assign override_words = linecard_regs_pkg::pack_override(override_data_i);

  logic [31:0] identity;
  always_comb begin
    case ({addr_q[5:2], 2'b00})
      linecard_regs_pkg::ADDR_IDENTITY_MAGIC[5:0]: identity = linecard_regs_pkg::MAGIC;
      linecard_regs_pkg::ADDR_IDENTITY_VERSION[5:0]:
      identity = {linecard_regs_pkg::VERSION_MAJOR, linecard_regs_pkg::VERSION_MINOR};
      linecard_regs_pkg::ADDR_IDENTITY_BUILD_ID[5:0]: identity = BUILD_ID;
      linecard_regs_pkg::ADDR_IDENTITY_CONFIGURATION[5:0]: identity = 32'(CONFIGURATION_ID);
      linecard_regs_pkg::ADDR_IDENTITY_DATA_WIDTH[5:0]: identity = 32'(DATA_WIDTH);
      linecard_regs_pkg::ADDR_IDENTITY_PORTS[5:0]: identity = 32'(PORTS);
      linecard_regs_pkg::ADDR_IDENTITY_SLOTS[5:0]: identity = 32'(SLOTS);
      linecard_regs_pkg::ADDR_IDENTITY_VIDS[5:0]: identity = 32'(VIDS);
      linecard_regs_pkg::ADDR_IDENTITY_RULES[5:0]: identity = 32'(RULES);
      linecard_regs_pkg::ADDR_IDENTITY_PREFIXES[5:0]: identity = 32'(PREFIXES);
      linecard_regs_pkg::ADDR_IDENTITY_OVERRIDES[5:0]: identity = 32'(OVERRIDES);
      linecard_regs_pkg::ADDR_IDENTITY_FRAGMENTS[5:0]: identity = 32'(FRAGMENTS);
      linecard_regs_pkg::ADDR_IDENTITY_MAX_FRAME[5:0]: identity = 32'(linecard_pkg::MAX_FRAME);
      linecard_regs_pkg::ADDR_IDENTITY_WINDOW[5:0]: identity = 32'(linecard_pkg::WINDOW);
      linecard_regs_pkg::ADDR_IDENTITY_VID_COUNTER_BITS[5:0]: identity = 32'(VID_COUNTER_BITS);
      linecard_regs_pkg::ADDR_IDENTITY_VID_BYTE_COUNTER_BITS[5:0]: identity = 32'(VID_BYTE_COUNTER_BITS);
      default: identity = '0;
    endcase
  end

  // No two of these are asked for at once: an OR has no order in which one waits for another.
  function automatic logic [31:0] where(input logic chosen, input logic [31:0] value);
    where = value & {32{chosen}};
  endfunction

  logic [31:0] single;  // registers that are no table
  assign single = where(is_identity, identity) | where(is_control, {30'd0, bad_parity_o, enable_o}) |
      where(is_fabric_prefix, fabric_prefix_o) | where(is_status, {in_flight_i, 15'd0, idle_i}) |
      where(is_snapshot, snapshots_q) | where(is_snapshot_in_flight, {16'd0, snapshot_in_flight_i}) |
      where(is_snapshot_held, {16'd0, snapshot_held_i}) | where(is_time_low, time_us_i[31:0]) |
      where(is_time_high, time_high_q) | where(is_fragment_us, fragment_us_o) | where(is_stall_us, stall_us_o) |
      where(is_suspect_hold_us, suspect_hold_us_o) | where(is_slots_low, pending[31:0]) |
      where(is_slots_high, pending[63:32]) | where(is_parity_errors, parity_errors) |
      where(is_parity_last, parity_last) | where(is_scrubs, scrubs) | where(is_mirror, mirror_o) |
      where(is_reasons_low, mirror_reasons_o[31:0]) | where(is_reasons_high, mirror_reasons_o[63:32]);

  // Of the tables whose entries are several words: which one is known two clocks behind the address.
  logic [HEALTH_WORDS-1:0] health_word_q, event_word_q;
  logic [POLICER_WORDS-1:0] policer_word_q;
  logic [OVERRIDE_WORDS-1:0] override_word_q;
  logic type_set_q, vid_row_q, hits_q, whole_q;  // whole_q: a table of one word an entry
  always_ff @(posedge clk_i) begin
    for (int i = 0; i < HEALTH_WORDS; i++) begin
      health_word_q[i] <= at_health && slot_exists && addr_q[3:2] == 2'(i);
      event_word_q[i] <= at_event && slot_exists && addr_q[3:2] == 2'(i);
    end
    for (int i = 0; i < POLICER_WORDS; i++) policer_word_q[i] <= at_policer && policer_exists && addr_q[2] == 1'(i);
    for (int i = 0; i < OVERRIDE_WORDS; i++) begin
      override_word_q[i] <= at_override && override_exists && addr_q[4:2] == 3'(i);
    end
    type_set_q <= at_type_set && type_set_exists;
    vid_row_q <= at_vid_row && vid_exists;
    hits_q <= at_hits && hits_exist;
    whole_q <= at_type_set || at_vid_row || at_hits || at_vid_counts;
  end
  logic [31:0] entry_word;
  always_comb begin
    entry_word = '0;
    for (int i = 0; i < HEALTH_WORDS; i++) begin
      entry_word = entry_word | where(health_word_q[i], health_words[i*32+:32]) | where(event_word_q[i], event_words[i*32+:32]);
    end
    for (int i = 0; i < POLICER_WORDS; i++) entry_word = entry_word | where(policer_word_q[i], policer_words[i*32+:32]);
    for (int i = 0; i < OVERRIDE_WORDS; i++) entry_word = entry_word | where(override_word_q[i], override_words[i*32+:32]);
  end

  // Chosen among fewer in each of three clocks.
  logic [31:0] single_q, entry_q, word_q;
  always_ff @(posedge clk_i) begin
    single_q <= single;
    entry_q <= entry_word;
    word_q <= whole_q ? '0 : single_q | entry_q | tables_data | count_data_i;
    if (state_q == READ) begin
      cfg_rdata_o <= word_q | where(type_set_q, type_set_data_i) |
          where(vid_row_q, linecard_regs_pkg::pack_vid_row(vid_row_data_i)) | where(hits_q, override_hits_i) |
          where(at_vid_counts, vid_counts_i);
    end
  end

endmodule
