// The register bus: identity, control, and the host's side of all tables and counters. Addresses
// and layouts are generated (linecard_regs_pkg); this file only connects them.
//
// Contract of the bus: valid, write, addr and wdata stay until ready; rdata belongs to the clock of
// ready. The words of a table's entry are written in order, and nothing else between them; the last
// one writes the entry.
// A write to `control` waits until the counters are clear after reset; one to `snapshot` until the
// snapshot can be read.
module registers #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int RULES = 16,
    parameter int PREFIXES = 8,
    parameter int VID_COUNTER_BITS = 32,
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
    // control and tables in flip-flops
    output logic        enable_o,
    output logic [31:0] fabric_prefix_o,
    output logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_o,
    output logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots_o,
    output logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes_o,
    output logic [RULES*linecard_regs_pkg::BITS_RULE-1:0] rules_o,
    // tables in RAM: read data belongs to the address of three clocks before
    output logic        type_set_write_o,
    output logic        vid_row_write_o,
    output logic [15:0] ram_index_o,
    output logic [31:0] ram_data_o,
    input  logic [31:0] type_set_data_i,
    input  logic [linecard_regs_pkg::BITS_VID_ROW-1:0] vid_row_data_i,
    // counters: read data belongs to the address of two clocks before
    output logic        snapshot_o,
    input  logic        snapshot_busy_i,
    input  logic        vids_busy_i,
    input  logic [15:0] snapshot_in_flight_i,
    output logic [23:0] count_address_o,
    input  logic [31:0] count_data_i,
    input  logic [31:0] vid_packets_data_i
);
  localparam int PAGE = 12;
  localparam int BIG = 20;  // tables of a megabyte each: one entry a VID

  // ---- one access at a time
  typedef logic [2:0] state_t;
  localparam state_t IDLE = 3'd0;
  localparam state_t READ = 3'd1;
  localparam state_t WRITE = 3'd2;
  localparam state_t SNAPSHOT = 3'd3;  // until it can be read
  localparam state_t DONE = 3'd4;
  localparam logic [2:0] READ_CLOCKS = 3'd5;  // table_ram's three, and a register on either side
  state_t state_q;
  logic [2:0] wait_q;
  logic [23:0] addr_q;
  logic [31:0] wdata_q;
  logic write_now;  // the write of addr_q, wdata_q takes effect

  logic is_control, is_snapshot, may_write;
  assign is_control = addr_q == linecard_regs_pkg::ADDR_CONTROL_CONTROL;
  assign is_snapshot = addr_q == linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT;
  assign may_write = !(is_control && vids_busy_i) && !((is_control || is_snapshot) && snapshot_busy_i);
  assign write_now = state_q == WRITE && may_write;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= IDLE;
      wait_q <= '0;
    end else begin
      case (state_q)
        IDLE: begin
          wait_q <= READ_CLOCKS;
          if (cfg_valid_i) state_q <= cfg_write_i ? WRITE : READ;
        end
        READ: begin
          wait_q <= wait_q - 3'd1;
          if (wait_q == '0) state_q <= DONE;
        end
        WRITE: if (may_write) state_q <= is_snapshot ? SNAPSHOT : DONE;
        SNAPSHOT: if (!snapshot_busy_i) state_q <= DONE;
        default: state_q <= IDLE;
      endcase
    end
  end
  assign cfg_ready_o = state_q == DONE;

  always_ff @(posedge clk_i) begin
    if (state_q == IDLE && cfg_valid_i) begin
      addr_q <= cfg_addr_i;
      wdata_q <= cfg_wdata_i;
    end
  end

  // ---- where
  logic [11:0] page;
  logic [3:0] word;
  assign page = addr_q[23:PAGE];
  assign word = addr_q[5:2];

  logic at_port, at_slot, at_prefix, at_rule, at_type_set, at_vid_row, at_vid_packets;
  assign at_port = page == linecard_regs_pkg::ADDR_TABLE_PORT[23:PAGE];
  assign at_slot = page == linecard_regs_pkg::ADDR_TABLE_SLOT[23:PAGE];
  assign at_prefix = page == linecard_regs_pkg::ADDR_TABLE_PREFIX[23:PAGE];
  assign at_rule = page == linecard_regs_pkg::ADDR_TABLE_RULE[23:PAGE];
  assign at_type_set = page == linecard_regs_pkg::ADDR_TABLE_TYPE_SET[23:PAGE];
  assign at_vid_row = addr_q[23:BIG] == linecard_regs_pkg::ADDR_TABLE_VID_ROW[23:BIG];
  assign at_vid_packets = addr_q[23:BIG] == linecard_regs_pkg::ADDR_COUNT_VID_PACKETS[23:BIG];

  // ---- the words of an entry before its last, the newest on top
  localparam int STAGED = (linecard_regs_pkg::WORDS_RULE - 1) * 32;  // the longest entry
  logic [STAGED-1:0] staged_q;
  always_ff @(posedge clk_i) if (write_now) staged_q <= {wdata_q, staged_q[STAGED-1:32]};

  // ---- tables
  localparam int PORT_STRIDE = $clog2(linecard_regs_pkg::STRIDE_PORT * 4);
  localparam int RULE_STRIDE = $clog2(linecard_regs_pkg::STRIDE_RULE * 4);
  localparam int PREFIX_STRIDE = $clog2(linecard_regs_pkg::STRIDE_PREFIX * 4);
  localparam int PORT_WORDS = linecard_regs_pkg::WORDS_PORT;
  localparam int RULE_WORDS = linecard_regs_pkg::WORDS_RULE;
  localparam int PREFIX_WORDS = linecard_regs_pkg::WORDS_PREFIX;

  logic [linecard_regs_pkg::BITS_PORT-1:0] port_data;
  logic [PORT_STRIDE-3:0] port_word;
  assign port_word = addr_q[PORT_STRIDE-1:2];
  config_table #(
      .ENTRIES(PORTS),
      .BITS(linecard_regs_pkg::BITS_PORT)
  ) port_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(write_now && at_port && port_word == (PORT_STRIDE - 2)'(PORT_WORDS - 1)),
      .index_i(16'(addr_q[PAGE-1:PORT_STRIDE])),
      .data_i(linecard_regs_pkg::unpack_port({wdata_q, staged_q[STAGED-1-:(PORT_WORDS-1)*32]})),
      .data_o(port_data),
      .entries_o(ports_o)
  );
  // Down is latched: a slot that is down comes up with another epoch only, so that nobody who was
  // given up can be given back the right to speak.
  localparam int SLOT_INDEX_BITS = $clog2(SLOTS);
  logic [linecard_regs_pkg::BITS_SLOT-1:0] slot_data, slot_before;
  linecard_regs_pkg::slot_entry_t slot_old, slot_new;
  slice_at #(
      .IN_WIDTH(SLOTS * linecard_regs_pkg::BITS_SLOT),
      .STEP(linecard_regs_pkg::BITS_SLOT),
      .SELECT_BITS(SLOT_INDEX_BITS),
      .WIDTH(linecard_regs_pkg::BITS_SLOT)
  ) slot_present (
      .vector_i(slots_o),
      .select_i(addr_q[2+:SLOT_INDEX_BITS]),
      .slice_o(slot_before)
  );
  always_comb begin
    slot_old = slot_before;
    slot_new = linecard_regs_pkg::unpack_slot(wdata_q);
    if (!slot_old.up && slot_new.epoch == slot_old.epoch) slot_new.up = 1'b0;
  end
  config_table #(
      .ENTRIES(SLOTS),
      .BITS(linecard_regs_pkg::BITS_SLOT)
  ) slot_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(write_now && at_slot),
      .index_i(16'(addr_q[PAGE-1:2])),
      .data_i(slot_new),
      .data_o(slot_data),
      .entries_o(slots_o)
  );

  logic [linecard_regs_pkg::BITS_PREFIX-1:0] prefix_data;
  config_table #(
      .ENTRIES(PREFIXES),
      .BITS(linecard_regs_pkg::BITS_PREFIX)
  ) prefix_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(write_now && at_prefix && word == 4'(PREFIX_WORDS - 1)),
      .index_i(16'(addr_q[PAGE-1:PREFIX_STRIDE])),
      .data_i(linecard_regs_pkg::unpack_prefix({wdata_q, staged_q[STAGED-1-:(PREFIX_WORDS-1)*32]})),
      .data_o(prefix_data),
      .entries_o(prefixes_o)
  );

  logic [linecard_regs_pkg::BITS_RULE-1:0] rule_data;
  config_table #(
      .ENTRIES(RULES),
      .BITS(linecard_regs_pkg::BITS_RULE)
  ) rule_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(write_now && at_rule && word == 4'(RULE_WORDS - 1)),
      .index_i(16'(addr_q[PAGE-1:RULE_STRIDE])),
      .data_i(linecard_regs_pkg::unpack_rule({wdata_q, staged_q[STAGED-1-:(RULE_WORDS-1)*32]})),
      .data_o(rule_data),
      .entries_o(rules_o)
  );

  assign type_set_write_o = write_now && at_type_set && {4'd0, addr_q[PAGE-1:2]} < 14'(RULES * 8);
  assign vid_row_write_o = write_now && at_vid_row && {1'b0, addr_q[BIG-1:2]} < 19'(VIDS);
  assign ram_index_o = addr_q[17:2];
  assign ram_data_o = wdata_q;

  // ---- control
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      enable_o <= 1'b0;
      fabric_prefix_o <= '0;
    end else if (write_now) begin
      if (is_control) enable_o <= wdata_q[0];
      if (addr_q == linecard_regs_pkg::ADDR_CONTROL_FABRIC_PREFIX) fabric_prefix_o <= wdata_q;
    end
  end
  assign snapshot_o = write_now && is_snapshot;
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
  logic [319:0] rule_words;
  logic [287:0] prefix_words;
  logic [63:0] port_words;
  assign rule_words = linecard_regs_pkg::pack_rule(rule_data);
  assign prefix_words = linecard_regs_pkg::pack_prefix(prefix_data);
  assign port_words = linecard_regs_pkg::pack_port(port_data);

  always_ff @(posedge clk_i) begin
    if (state_q == READ) begin
      cfg_rdata_o <= '0;
      if (page == '0) begin
        case (addr_q)
          linecard_regs_pkg::ADDR_IDENTITY_MAGIC: cfg_rdata_o <= linecard_regs_pkg::MAGIC;
          linecard_regs_pkg::ADDR_IDENTITY_VERSION:
          cfg_rdata_o <= {linecard_regs_pkg::VERSION_MAJOR, linecard_regs_pkg::VERSION_MINOR};
          linecard_regs_pkg::ADDR_IDENTITY_BUILD_ID: cfg_rdata_o <= BUILD_ID;
          linecard_regs_pkg::ADDR_IDENTITY_CONFIGURATION: cfg_rdata_o <= 32'(CONFIGURATION_ID);
          linecard_regs_pkg::ADDR_IDENTITY_DATA_WIDTH: cfg_rdata_o <= 32'(DATA_WIDTH);
          linecard_regs_pkg::ADDR_IDENTITY_PORTS: cfg_rdata_o <= 32'(PORTS);
          linecard_regs_pkg::ADDR_IDENTITY_SLOTS: cfg_rdata_o <= 32'(SLOTS);
          linecard_regs_pkg::ADDR_IDENTITY_VIDS: cfg_rdata_o <= 32'(VIDS);
          linecard_regs_pkg::ADDR_IDENTITY_RULES: cfg_rdata_o <= 32'(RULES);
          linecard_regs_pkg::ADDR_IDENTITY_PREFIXES: cfg_rdata_o <= 32'(PREFIXES);
          linecard_regs_pkg::ADDR_IDENTITY_MAX_FRAME: cfg_rdata_o <= 32'(linecard_pkg::MAX_FRAME);
          linecard_regs_pkg::ADDR_IDENTITY_WINDOW: cfg_rdata_o <= 32'(linecard_pkg::WINDOW);
          linecard_regs_pkg::ADDR_IDENTITY_VID_COUNTER_BITS: cfg_rdata_o <= 32'(VID_COUNTER_BITS);
          linecard_regs_pkg::ADDR_CONTROL_CONTROL: cfg_rdata_o <= {31'd0, enable_o};
          linecard_regs_pkg::ADDR_CONTROL_FABRIC_PREFIX: cfg_rdata_o <= fabric_prefix_o;
          linecard_regs_pkg::ADDR_CONTROL_STATUS: cfg_rdata_o <= {in_flight_i, 15'd0, idle_i};
          linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT: cfg_rdata_o <= snapshots_q;
          linecard_regs_pkg::ADDR_CONTROL_SNAPSHOT_IN_FLIGHT: cfg_rdata_o <= {16'd0, snapshot_in_flight_i};
          linecard_regs_pkg::ADDR_CONTROL_TIME_LOW: cfg_rdata_o <= time_us_i[31:0];
          linecard_regs_pkg::ADDR_CONTROL_TIME_HIGH: cfg_rdata_o <= time_high_q;
          default: cfg_rdata_o <= '0;
        endcase
      end else if (at_port) begin
        for (int i = 0; i < PORT_WORDS; i++) begin
          if (port_word == (PORT_STRIDE - 2)'(i)) cfg_rdata_o <= port_words[i*32+:32];
        end
      end else if (at_slot) begin
        cfg_rdata_o <= linecard_regs_pkg::pack_slot(slot_data);
      end else if (at_prefix) begin
        for (int i = 0; i < PREFIX_WORDS; i++) if (word == 4'(i)) cfg_rdata_o <= prefix_words[i*32+:32];
      end else if (at_rule) begin
        for (int i = 0; i < RULE_WORDS; i++) if (word == 4'(i)) cfg_rdata_o <= rule_words[i*32+:32];
      end else if (at_type_set) begin
        if ({4'd0, addr_q[PAGE-1:2]} < 14'(RULES * 8)) cfg_rdata_o <= type_set_data_i;
      end else if (at_vid_row) begin
        if ({1'b0, addr_q[BIG-1:2]} < 19'(VIDS)) cfg_rdata_o <= linecard_regs_pkg::pack_vid_row(vid_row_data_i);
      end else if (at_vid_packets) begin
        cfg_rdata_o <= vid_packets_data_i;
      end else begin
        cfg_rdata_o <= count_data_i;
      end
    end
  end

endmodule
