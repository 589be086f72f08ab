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
    // counters: read data belongs to the address of two clocks before
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
  localparam logic [2:0] READ_CLOCKS = 3'd5;  // the tables' three, one to choose a table's word, one among tables
  state_t state_q;
  logic [2:0] wait_q;
  logic cfg_write_q;
  logic [23:0] addr_q;
  logic [31:0] wdata_q;
  logic write_now;  // the write of addr_q, wdata_q takes effect

  // ---- where: known one clock behind the address, which no access uses before
  localparam int HEALTH_WORDS = linecard_regs_pkg::WORDS_SLOT_HEALTH;
  localparam int POLICER_WORDS = linecard_regs_pkg::WORDS_POLICER;
  localparam int OVERRIDE_WORDS = linecard_regs_pkg::WORDS_OVERRIDE;
  logic [11:0] page;
  assign page = addr_q[23:PAGE];
  logic at_single, at_type_set, at_vid_row, at_override, at_hits, at_health, at_event, at_policer, at_vid_counts;
  logic slot_exists, policer_exists, vid_exists, override_exists, hits_exist, type_set_exists;
  logic is_control, is_snapshot, is_clear, ends_health, ends_policer, ends_override;
  always_ff @(posedge clk_i) begin
    at_single <= page == '0;
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
    is_control <= addr_q == linecard_regs_pkg::ADDR_CONTROL_CONTROL;
    is_snapshot <= addr_q == linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT;
    is_clear <= addr_q == linecard_regs_pkg::ADDR_CONTROL_OVERRIDES_CLEAR;
    ends_health <= addr_q[3:2] == 2'(HEALTH_WORDS - 1);
    ends_policer <= addr_q[2] == 1'(POLICER_WORDS - 1);
    ends_override <= addr_q[4:2] == 3'(OVERRIDE_WORDS - 1);
  end

  logic may_write, write_entry, waits, working;
  assign may_write = !(is_control && clearing_i) && !((is_control || is_snapshot) && snapshot_busy_i) &&
      !(override_write_o && !override_ready_i);
  assign write_now = state_q == WRITE && may_write;
  // What has a page of its own never waits, and is written straight from flip-flops.
  assign write_entry = state_q == WRITE;
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
        DECODE: begin
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
      .write_i(write_entry),
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
  assign slot_health_write_o = write_entry && at_health && slot_exists && ends_health;
  assign slot_health_data_o = linecard_regs_pkg::unpack_slot_health(words[STAGED+31-:HEALTH_WORDS*32]);
  assign slot_event_ack_o = write_entry && at_event && slot_exists && addr_q[3:2] == '0;
  assign slot_event_count_o = wdata_q[7:0];
  assign policer_write_o = write_entry && at_policer && policer_exists && ends_policer;
  assign policer_data_o = linecard_regs_pkg::unpack_policer(words[STAGED+31-:POLICER_WORDS*32]);
  assign entry_o = at_policer ? 16'(addr_q[PAGE-1:3]) : 16'(addr_q[PAGE-1:4]);

  assign type_set_write_o = write_entry && at_type_set && type_set_exists;
  assign vid_row_write_o = write_entry && at_vid_row && vid_exists;
  assign override_write_o = state_q == WRITE && at_override && override_exists && ends_override;
  assign override_data_o = linecard_regs_pkg::unpack_override(words[STAGED+31-:OVERRIDE_WORDS*32]);
  assign override_hits_read_o = state_q == READ && wait_q == READ_CLOCKS && at_hits && hits_exist;
  assign override_hits_clear_o = write_now && at_hits && hits_exist;
  assign overrides_clear_o = write_now && is_clear;
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
    end else if (write_now && at_single) begin
      case (addr_q)
        linecard_regs_pkg::ADDR_CONTROL_CONTROL: {bad_parity_o, enable_o} <= wdata_q[1:0];
        linecard_regs_pkg::ADDR_CONTROL_FABRIC_PREFIX: fabric_prefix_o <= wdata_q;
        linecard_regs_pkg::ADDR_CONTROL_FRAGMENT_US: fragment_us_o <= wdata_q;
        linecard_regs_pkg::ADDR_CONTROL_STALL_US: stall_us_o <= wdata_q;
        linecard_regs_pkg::ADDR_CONTROL_SUSPECT_HOLD_US: suspect_hold_us_o <= wdata_q;
        linecard_regs_pkg::ADDR_MIRROR_SELECT: mirror_o <= wdata_q & 32'hffff_00f3;
        linecard_regs_pkg::ADDR_MIRROR_REASONS_LOW: mirror_reasons_o[31:0] <= wdata_q;
        linecard_regs_pkg::ADDR_MIRROR_REASONS_HIGH: mirror_reasons_o[63:32] <= wdata_q;
        default: ;
      endcase
    end
  end
  // write_now of this register, without what other writes wait for: the counters have a long way from here.
  assign snapshot_o = state_q == WRITE && is_snapshot && !snapshot_busy_i;
  logic [31:0] snapshots_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) snapshots_q <= '0;
    else if (snapshot_o) snapshots_q <= snapshots_q + 32'd1;
  end

  logic [31:0] time_high_q;
  always_ff @(posedge clk_i) begin
    if (state_q == READ && addr_q == linecard_regs_pkg::ADDR_CONTROL_TIME_LOW) begin
      time_high_q <= time_us_i[63:32];
    end
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

  logic [31:0] single;  // registers that are no table: all in the first page
  always_comb begin
    case (addr_q[PAGE-1:0])
      linecard_regs_pkg::ADDR_IDENTITY_MAGIC[PAGE-1:0]: single = linecard_regs_pkg::MAGIC;
      linecard_regs_pkg::ADDR_IDENTITY_VERSION[PAGE-1:0]:
      single = {linecard_regs_pkg::VERSION_MAJOR, linecard_regs_pkg::VERSION_MINOR};
      linecard_regs_pkg::ADDR_IDENTITY_BUILD_ID[PAGE-1:0]: single = BUILD_ID;
      linecard_regs_pkg::ADDR_IDENTITY_CONFIGURATION[PAGE-1:0]: single = 32'(CONFIGURATION_ID);
      linecard_regs_pkg::ADDR_IDENTITY_DATA_WIDTH[PAGE-1:0]: single = 32'(DATA_WIDTH);
      linecard_regs_pkg::ADDR_IDENTITY_PORTS[PAGE-1:0]: single = 32'(PORTS);
      linecard_regs_pkg::ADDR_IDENTITY_SLOTS[PAGE-1:0]: single = 32'(SLOTS);
      linecard_regs_pkg::ADDR_IDENTITY_VIDS[PAGE-1:0]: single = 32'(VIDS);
      linecard_regs_pkg::ADDR_IDENTITY_RULES[PAGE-1:0]: single = 32'(RULES);
      linecard_regs_pkg::ADDR_IDENTITY_PREFIXES[PAGE-1:0]: single = 32'(PREFIXES);
      linecard_regs_pkg::ADDR_IDENTITY_OVERRIDES[PAGE-1:0]: single = 32'(OVERRIDES);
      linecard_regs_pkg::ADDR_IDENTITY_FRAGMENTS[PAGE-1:0]: single = 32'(FRAGMENTS);
      linecard_regs_pkg::ADDR_IDENTITY_MAX_FRAME[PAGE-1:0]: single = 32'(linecard_pkg::MAX_FRAME);
      linecard_regs_pkg::ADDR_IDENTITY_WINDOW[PAGE-1:0]: single = 32'(linecard_pkg::WINDOW);
      linecard_regs_pkg::ADDR_IDENTITY_VID_COUNTER_BITS[PAGE-1:0]: single = 32'(VID_COUNTER_BITS);
      linecard_regs_pkg::ADDR_IDENTITY_VID_BYTE_COUNTER_BITS[PAGE-1:0]: single = 32'(VID_BYTE_COUNTER_BITS);
      linecard_regs_pkg::ADDR_CONTROL_CONTROL[PAGE-1:0]: single = {30'd0, bad_parity_o, enable_o};
      linecard_regs_pkg::ADDR_CONTROL_FABRIC_PREFIX[PAGE-1:0]: single = fabric_prefix_o;
      linecard_regs_pkg::ADDR_CONTROL_STATUS[PAGE-1:0]: single = {in_flight_i, 15'd0, idle_i};
      linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT[PAGE-1:0]: single = snapshots_q;
      linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT_IN_FLIGHT[PAGE-1:0]: single = {16'd0, snapshot_in_flight_i};
      linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT_HELD[PAGE-1:0]: single = {16'd0, snapshot_held_i};
      linecard_regs_pkg::ADDR_CONTROL_TIME_LOW[PAGE-1:0]: single = time_us_i[31:0];
      linecard_regs_pkg::ADDR_CONTROL_TIME_HIGH[PAGE-1:0]: single = time_high_q;
      linecard_regs_pkg::ADDR_CONTROL_FRAGMENT_US[PAGE-1:0]: single = fragment_us_o;
      linecard_regs_pkg::ADDR_CONTROL_STALL_US[PAGE-1:0]: single = stall_us_o;
      linecard_regs_pkg::ADDR_CONTROL_SUSPECT_HOLD_US[PAGE-1:0]: single = suspect_hold_us_o;
      linecard_regs_pkg::ADDR_EVENTS_SLOTS_LOW[PAGE-1:0]: single = pending[31:0];
      linecard_regs_pkg::ADDR_EVENTS_SLOTS_HIGH[PAGE-1:0]: single = pending[63:32];
      linecard_regs_pkg::ADDR_EVENTS_PARITY_ERRORS[PAGE-1:0]: single = parity_errors;
      linecard_regs_pkg::ADDR_EVENTS_PARITY_LAST[PAGE-1:0]: single = parity_last;
      linecard_regs_pkg::ADDR_EVENTS_SCRUBS[PAGE-1:0]: single = scrubs;
      linecard_regs_pkg::ADDR_MIRROR_SELECT[PAGE-1:0]: single = mirror_o;
      linecard_regs_pkg::ADDR_MIRROR_REASONS_LOW[PAGE-1:0]: single = mirror_reasons_o[31:0];
      linecard_regs_pkg::ADDR_MIRROR_REASONS_HIGH[PAGE-1:0]: single = mirror_reasons_o[63:32];
      default: single = '0;
    endcase
  end

  // Of the tables whose entries are several words. No two of these are asked for at once: an OR has no order in which
  // one waits for another.
  logic [31:0] entry_word;
  always_comb begin
    entry_word = '0;
    for (int i = 0; i < HEALTH_WORDS; i++) begin
      entry_word = entry_word | (health_words[i*32+:32] & {32{at_health && slot_exists && addr_q[3:2] == 2'(i)}});
      entry_word = entry_word | (event_words[i*32+:32] & {32{at_event && slot_exists && addr_q[3:2] == 2'(i)}});
    end
    for (int i = 0; i < POLICER_WORDS; i++) begin
      entry_word = entry_word | (policer_words[i*32+:32] & {32{at_policer && policer_exists && addr_q[2] == 1'(i)}});
    end
    for (int i = 0; i < OVERRIDE_WORDS; i++) begin
      entry_word = entry_word | (override_words[i*32+:32] & {32{at_override && override_exists && addr_q[4:2] == 3'(i)}});
    end
  end

  // Chosen among fewer in each of two clocks.
  logic [31:0] single_q, word_q;
  always_ff @(posedge clk_i) begin
    single_q <= single;
    word_q <= tables_data | entry_word | count_data_i;
    if (state_q == READ) begin
      if (at_single) cfg_rdata_o <= single_q;
      else if (at_type_set) cfg_rdata_o <= type_set_exists ? type_set_data_i : '0;
      else if (at_vid_row) cfg_rdata_o <= vid_exists ? linecard_regs_pkg::pack_vid_row(vid_row_data_i) : '0;
      else if (at_hits) cfg_rdata_o <= hits_exist ? override_hits_i : '0;
      else if (at_vid_counts) cfg_rdata_o <= vid_counts_i;
      else cfg_rdata_o <= word_q;
    end
  end

endmodule
