// The tables that the data path reads all at once, and so in flip-flops: ports, slots, prefixes and
// service rules, with the host's way to write and read them.
module host_tables #(
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int RULES = 16,
    parameter int PREFIXES = 8,
    localparam int STAGED = (linecard_regs_pkg::WORDS_RULE - 1) * 32  // words before the last, of the longest entry
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              write_i,    // of the word at address_i
    input  logic [23:0]       address_i,
    input  logic [STAGED+31:0] words_i,   // that word on top, below it those written before
    output logic [31:0]       data_o,     // of the address_i of the clock before
    // slots go up and down in slot_health
    input  logic [SLOTS-1:0]  slot_up_i,
    output logic              slot_raise_o,
    output logic              slot_drop_o,
    output logic [5:0]        slot_index_o,
    // entries
    output logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_o,
    output logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots_o,
    output logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes_o,
    output logic [RULES*linecard_regs_pkg::BITS_RULE-1:0] rules_o,
    output logic              rule_changed_o,        // a rule was written at the last clock edge
    output logic [4:0]        rule_changed_index_o,
    output logic [linecard_regs_pkg::BITS_RULE-1:0] rule_previous_o,
    input  logic [4:0]        rule_choose_i,
    output logic [linecard_regs_pkg::BITS_RULE-1:0] rule_chosen_o  // combinational; undefined until written
);
  localparam int PAGE = 12;
  logic [11:0] page;
  logic [3:0] word;
  assign page = address_i[23:PAGE];
  assign word = address_i[5:2];
  logic at_port, at_slot, at_prefix, at_rule;
  assign at_port = page == linecard_regs_pkg::ADDR_TABLE_PORT[23:PAGE];
  assign at_slot = page == linecard_regs_pkg::ADDR_TABLE_SLOT[23:PAGE];
  assign at_prefix = page == linecard_regs_pkg::ADDR_TABLE_PREFIX[23:PAGE];
  assign at_rule = page == linecard_regs_pkg::ADDR_TABLE_RULE[23:PAGE];

  localparam int PORT_STRIDE = $clog2(linecard_regs_pkg::STRIDE_PORT * 4);
  localparam int RULE_STRIDE = $clog2(linecard_regs_pkg::STRIDE_RULE * 4);
  localparam int PREFIX_STRIDE = $clog2(linecard_regs_pkg::STRIDE_PREFIX * 4);
  localparam int PORT_WORDS = linecard_regs_pkg::WORDS_PORT;
  localparam int RULE_WORDS = linecard_regs_pkg::WORDS_RULE;
  localparam int PREFIX_WORDS = linecard_regs_pkg::WORDS_PREFIX;

  logic [linecard_regs_pkg::BITS_PORT-1:0] port_data;
  logic [PORT_STRIDE-3:0] port_word;
  assign port_word = address_i[PORT_STRIDE-1:2];
  config_table #(
      .ENTRIES(PORTS),
      .BITS(linecard_regs_pkg::BITS_PORT)
  ) port_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(write_i && at_port && port_word == (PORT_STRIDE - 2)'(PORT_WORDS - 1)),
      .index_i(16'(address_i[PAGE-1:PORT_STRIDE])),
      .data_i(linecard_regs_pkg::unpack_port(words_i[STAGED+31-:PORT_WORDS*32])),
      .data_o(port_data),
      .entries_o(ports_o)
  );
  // Down is latched: a slot that is down comes up with another epoch only, so that nobody who was
  // given up can be given back the right to speak. Whether it is up, slot_health knows.
  localparam int SLOT_BITS = linecard_regs_pkg::BITS_SLOT;
  localparam int SLOT_INDEX_BITS = $clog2(SLOTS);
  logic [SLOTS*SLOT_BITS-1:0] slots;
  logic [SLOT_BITS-1:0] slot_data, slot_before;
  linecard_regs_pkg::slot_entry_t slot_old, slot_new, slot_read;
  logic slot_exists, slot_up, slot_read_up_q, slot_write;
  assign slot_exists = address_i[PAGE-1:2] < 10'(SLOTS);
  assign slot_up = slot_exists && slot_up_i[address_i[2+:SLOT_INDEX_BITS]];
  slice_at #(
      .IN_WIDTH(SLOTS * SLOT_BITS),
      .STEP(SLOT_BITS),
      .SELECT_BITS(SLOT_INDEX_BITS),
      .WIDTH(SLOT_BITS)
  ) slot_present (
      .vector_i(slots),
      .select_i(address_i[2+:SLOT_INDEX_BITS]),
      .slice_o(slot_before)
  );
  assign slot_write = write_i && at_slot && slot_exists;
  always_comb begin
    slot_old = slot_before;
    slot_new = linecard_regs_pkg::unpack_slot(words_i[STAGED+31-:32]);
    slot_raise_o = slot_write && slot_new.up && slot_new.epoch != slot_old.epoch;
    slot_drop_o = slot_write && !slot_new.up && slot_up;
    slot_index_o = 6'(address_i[2+:SLOT_INDEX_BITS]);
    slot_read = slot_data;
    slot_read.up = slot_read_up_q;
  end
  config_table #(
      .ENTRIES(SLOTS),
      .BITS(SLOT_BITS)
  ) slot_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(slot_write),
      .index_i(16'(address_i[PAGE-1:2])),
      .data_i(slot_new),
      .data_o(slot_data),
      .entries_o(slots)
  );
  always_ff @(posedge clk_i) slot_read_up_q <= slot_up;
  for (genvar s = 0; s < SLOTS; s++) begin : g_slot
    assign slots_o[s*SLOT_BITS+:SLOT_BITS] = {slots[s*SLOT_BITS+1+:SLOT_BITS-1], slot_up_i[s]};
  end
  if (linecard_regs_pkg::LSB_SLOT_UP != 0) begin : g_up
    $error("host_tables: `up` is not the lowest bit of a slot's entry");
  end

  logic [linecard_regs_pkg::BITS_PREFIX-1:0] prefix_data;
  config_table #(
      .ENTRIES(PREFIXES),
      .BITS(linecard_regs_pkg::BITS_PREFIX)
  ) prefix_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(write_i && at_prefix && word == 4'(PREFIX_WORDS - 1)),
      .index_i(16'(address_i[PAGE-1:PREFIX_STRIDE])),
      .data_i(linecard_regs_pkg::unpack_prefix(words_i[STAGED+31-:PREFIX_WORDS*32])),
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
      .write_i(rule_write),
      .index_i(16'(address_i[PAGE-1:RULE_STRIDE])),
      .data_i(linecard_regs_pkg::unpack_rule(words_i[STAGED+31-:RULE_WORDS*32])),
      .data_o(rule_data),
      .entries_o(rules_o)
  );

  // What is wanted of the one rule that matched is read here: in flip-flops it would take a multiplexer
  // over all rules. Those fields of rules_o are then used by nobody, and no flip-flops are made.
  localparam int RULE_INDEX_BITS = $clog2(RULES);
  logic [linecard_regs_pkg::BITS_RULE-1:0] chosen[0:RULES-1];
  always_ff @(posedge clk_i) begin
    if (rule_write && 32'(address_i[PAGE-1:RULE_STRIDE]) < RULES) begin
      chosen[address_i[RULE_STRIDE+:RULE_INDEX_BITS]] <=
          linecard_regs_pkg::unpack_rule(words_i[STAGED+31-:RULE_WORDS*32]);
    end
  end
  assign rule_chosen_o = chosen[rule_choose_i[RULE_INDEX_BITS-1:0]];

  // What the entry was before the write of the clock before: config_table reads old, then writes.
  logic rule_write;
  assign rule_write = write_i && at_rule && word == 4'(RULE_WORDS - 1);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) rule_changed_o <= 1'b0;
    else rule_changed_o <= rule_write;
    rule_changed_index_o <= 5'(address_i[PAGE-1:RULE_STRIDE]);
  end
  assign rule_previous_o = rule_data;

  // ---- read
  logic [319:0] rule_words;
  logic [287:0] prefix_words;
  logic [63:0] port_words;
  assign rule_words = linecard_regs_pkg::pack_rule(rule_data);
  assign prefix_words = linecard_regs_pkg::pack_prefix(prefix_data);
  assign port_words = linecard_regs_pkg::pack_port(port_data);
  always_comb begin
    data_o = '0;
    if (at_port) begin
      for (int i = 0; i < PORT_WORDS; i++) begin
        if (port_word == (PORT_STRIDE - 2)'(i)) data_o = port_words[i*32+:32];
      end
    end
    if (at_slot) data_o = linecard_regs_pkg::pack_slot(slot_read);
    if (at_prefix) begin
      for (int i = 0; i < PREFIX_WORDS; i++) if (word == 4'(i)) data_o = prefix_words[i*32+:32];
    end
    if (at_rule) begin
      for (int i = 0; i < RULE_WORDS; i++) if (word == 4'(i)) data_o = rule_words[i*32+:32];
    end
  end

endmodule
