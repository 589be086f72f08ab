// The tables that the data path reads all at once, and so in flip-flops: ports, slots and prefixes, with
// the host's way to write and read them, and that of the service rules.
module host_tables #(
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int RULES = 16,
    parameter int PREFIXES = 8,
    localparam int STAGED = (linecard_regs_pkg::WORDS_RULE - 1) * 32  // words before the last, of the longest entry
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    input  logic              write_i,    // of the word at address_i, in the clock behind
    input  logic [23:0]       address_i,  // stands in the clock before write_i and that behind, too; no write follows in these
    input  logic [STAGED+31:0] words_i,   // that word on top, below it those written before; stand like the address
    output logic [31:0]       data_o,     // of address_i, once it has stood for four clocks
    // slots go up and down in slot_health
    input  logic [SLOTS-1:0]  slot_up_i,
    output logic              slot_raise_o,
    output logic              slot_drop_o,   // whether it is up or not
    output logic [5:0]        slot_index_o,
    // entries
    output logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_o,
    output logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots_o,
    output logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes_o,
    // rules: see rule_table
    output logic              rule_write_o,
    output logic [4:0]        rule_index_o,
    output logic [linecard_regs_pkg::BITS_RULE-1:0] rule_data_o,
    output logic [RULES-1:0]  rules_valid_o
);
  localparam int PAGE = 12;
  logic [11:0] page;
  logic [3:0] word;
  assign page = address_i[23:PAGE];
  assign word = address_i[5:2];
  logic at_port, at_slot, at_prefix, at_rule, slot_exists, ends_port, ends_prefix, ends_rule;
  localparam int PORT_STRIDE = $clog2(linecard_regs_pkg::STRIDE_PORT * 4);
  localparam int RULE_STRIDE = $clog2(linecard_regs_pkg::STRIDE_RULE * 4);
  localparam int PREFIX_STRIDE = $clog2(linecard_regs_pkg::STRIDE_PREFIX * 4);
  localparam int PORT_WORDS = linecard_regs_pkg::WORDS_PORT;
  localparam int RULE_WORDS = linecard_regs_pkg::WORDS_RULE;
  localparam int PREFIX_WORDS = linecard_regs_pkg::WORDS_PREFIX;

  logic [PORT_STRIDE-3:0] port_word;
  assign port_word = address_i[PORT_STRIDE-1:2];
  always_ff @(posedge clk_i) begin
    at_port <= page == linecard_regs_pkg::ADDR_TABLE_PORT[23:PAGE];
    at_slot <= page == linecard_regs_pkg::ADDR_TABLE_SLOT[23:PAGE];
    at_prefix <= page == linecard_regs_pkg::ADDR_TABLE_PREFIX[23:PAGE];
    at_rule <= page == linecard_regs_pkg::ADDR_TABLE_RULE[23:PAGE];
    slot_exists <= address_i[PAGE-1:2] < 10'(SLOTS);
    ends_port <= port_word == (PORT_STRIDE - 2)'(PORT_WORDS - 1);
    ends_prefix <= word == 4'(PREFIX_WORDS - 1);
    ends_rule <= word == 4'(RULE_WORDS - 1);
  end

  // What is written, in the clock behind write_i: each table's from a flip-flop.
  logic [PAGE-1-RULE_STRIDE:0] rule_index;
  logic port_q, slot_q, prefix_q, rule_q;
  assign rule_index = address_i[PAGE-1:RULE_STRIDE];
  always_ff @(posedge clk_i) begin
    port_q <= rst_ni && write_i && at_port && ends_port;
    slot_q <= rst_ni && write_i && at_slot && slot_exists;
    prefix_q <= rst_ni && write_i && at_prefix && ends_prefix;
    rule_q <= rst_ni && write_i && at_rule && ends_rule && 32'(rule_index) < RULES;
  end

  logic port_written, prefix_written, rule_written;
  config_table #(
      .ENTRIES(PORTS),
      .BITS(linecard_regs_pkg::BITS_PORT)
  ) port_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(port_q),
      .index_i(16'(address_i[PAGE-1:PORT_STRIDE])),
      .data_i(linecard_regs_pkg::unpack_port(words_i[STAGED+31-:PORT_WORDS*32])),
      .entries_o(ports_o),
      .written_o(port_written)
  );
  // Down is latched: a slot that is down comes up with another epoch only, so that nobody who was
  // given up can be given back the right to speak. Whether it is up, slot_health knows.
  localparam int SLOT_BITS = linecard_regs_pkg::BITS_SLOT;
  localparam int SLOT_INDEX_BITS = $clog2(SLOTS);
  logic [SLOTS*SLOT_BITS-1:0] slots;
  logic [SLOT_BITS-1:0] slot_before, slot_before_q;
  linecard_regs_pkg::slot_entry_t slot_old, slot_new, slot_read;
  logic slot_up;
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
  always_ff @(posedge clk_i) begin
    slot_before_q <= slot_before;
  end
  assign slot_old = slot_before_q;
  assign slot_new = linecard_regs_pkg::unpack_slot(words_i[STAGED+31-:32]);
  always_ff @(posedge clk_i) begin
    slot_raise_o <= rst_ni && write_i && at_slot && slot_exists && slot_new.up && slot_new.epoch != slot_old.epoch;
    slot_drop_o <= rst_ni && write_i && at_slot && slot_exists && !slot_new.up;
    slot_up <= slot_up_i[address_i[2+:SLOT_INDEX_BITS]];
  end
  assign slot_index_o = 6'(address_i[2+:SLOT_INDEX_BITS]);
  always_comb begin
    slot_read = slot_old;
    slot_read.up = slot_up;
  end
  config_table #(
      .ENTRIES(SLOTS),
      .BITS(SLOT_BITS)
  ) slot_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(slot_q),
      .index_i(16'(address_i[PAGE-1:2])),
      .data_i(slot_new),
      .entries_o(slots),
      .written_o(slot_written_unused)
  );
  logic slot_written_unused;
  for (genvar s = 0; s < SLOTS; s++) begin : g_slot
    assign slots_o[s*SLOT_BITS+:SLOT_BITS] = {slots[s*SLOT_BITS+1+:SLOT_BITS-1], slot_up_i[s]};
  end
  if (linecard_regs_pkg::LSB_SLOT_UP != 0) begin : g_up
    $error("host_tables: `up` is not the lowest bit of a slot's entry");
  end

  config_table #(
      .ENTRIES(PREFIXES),
      .BITS(linecard_regs_pkg::BITS_PREFIX)
  ) prefix_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(prefix_q),
      .index_i(16'(address_i[PAGE-1:PREFIX_STRIDE])),
      .data_i(linecard_regs_pkg::unpack_prefix(words_i[STAGED+31-:PREFIX_WORDS*32])),
      .entries_o(prefixes_o),
      .written_o(prefix_written)
  );

  // Rules stand where they are compared; here is which of them are valid, since RAM has no reset.
  linecard_regs_pkg::rule_entry_t rule_new;
  assign rule_new = linecard_regs_pkg::unpack_rule(words_i[STAGED+31-:RULE_WORDS*32]);
  config_table #(
      .ENTRIES(RULES),
      .BITS(1)
  ) rule_table (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .write_i(rule_q),
      .index_i(16'(rule_index)),
      .data_i(rule_new.valid),
      .entries_o(rules_valid_o),
      .written_o(rule_written)
  );
  assign rule_write_o = rule_q;
  assign rule_index_o = 5'(rule_index);
  assign rule_data_o = rule_new;

  // ---- read: the words as they were written, in one RAM, without the bits that no field has. Slots have
  // their own way, since they can change by themselves.
  localparam int PREFIX_PLACE = RULES * 16;
  localparam int PORT_PLACE = PREFIX_PLACE + PREFIXES * 16;
  localparam int PLACES = PORT_PLACE + PORTS * 4;
  localparam int PLACE_BITS = $clog2(PLACES);
  if (linecard_regs_pkg::STRIDE_RULE != 16 || linecard_regs_pkg::STRIDE_PREFIX != 16 ||
      linecard_regs_pkg::STRIDE_PORT != 4) begin : g_strides
    $error("host_tables: entries are not as far apart as their words in RAM");
  end
  logic [RULE_WORDS*32-1:0] rule_bits;
  logic [PREFIX_WORDS*32-1:0] prefix_bits;
  logic [PORT_WORDS*32-1:0] port_bits;
  assign rule_bits = linecard_regs_pkg::pack_rule('1);
  assign prefix_bits = linecard_regs_pkg::pack_prefix('1);
  assign port_bits = linecard_regs_pkg::pack_port('1);

  // The bits of a word, a clock behind the address; of a table that is not asked for, too.
  logic [31:0] rule_bits_q, prefix_bits_q, port_bits_q;
  always_ff @(posedge clk_i) begin
    rule_bits_q <= '0;
    prefix_bits_q <= '0;
    port_bits_q <= '0;
    for (int i = 0; i < RULE_WORDS; i++) if (word == 4'(i)) rule_bits_q <= rule_bits[i*32+:32];
    for (int i = 0; i < PREFIX_WORDS; i++) if (word == 4'(i)) prefix_bits_q <= prefix_bits[i*32+:32];
    for (int i = 0; i < PORT_WORDS; i++) if (port_word == (PORT_STRIDE - 2)'(i)) port_bits_q <= port_bits[i*32+:32];
  end

  logic [PLACE_BITS-1:0] place;
  logic [31:0] bits;
  logic there, written;
  always_comb begin
    place = PLACE_BITS'(address_i[PAGE-1:2]);
    bits = (rule_bits_q & {32{at_rule}}) | (prefix_bits_q & {32{at_prefix}}) | (port_bits_q & {32{at_port}});
    there = 1'b0;
    written = 1'b0;
    if (at_rule) begin
      there = address_i[PAGE-1:RULE_STRIDE] < (PAGE - RULE_STRIDE)'(RULES) && word < 4'(RULE_WORDS);
      written = there && rule_written;
    end
    if (at_prefix) begin
      place = PLACE_BITS'(address_i[PAGE-1:2]) + PLACE_BITS'(PREFIX_PLACE);
      there = address_i[PAGE-1:PREFIX_STRIDE] < (PAGE - PREFIX_STRIDE)'(PREFIXES) && word < 4'(PREFIX_WORDS);
      written = there && prefix_written;
    end
    if (at_port) begin
      place = PLACE_BITS'(address_i[PAGE-1:2]) + PLACE_BITS'(PORT_PLACE);
      there = address_i[PAGE-1:PORT_STRIDE] < (PAGE - PORT_STRIDE)'(PORTS) &&
          port_word < (PORT_STRIDE - 2)'(PORT_WORDS);
      written = there && port_written;
    end
  end

  logic [31:0] words[0:PLACES-1];
  logic [PLACE_BITS-1:0] place_q;
  logic [31:0] bits_q;
  logic write_q;
  logic [31:0] word_q, word_q2, read_q;  // of `words`; of slots
  logic written_q, written_q2, written_q3;
  always_ff @(posedge clk_i) begin
    place_q <= place;
    bits_q <= bits;
    write_q <= rst_ni && write_i && there;
  end
  always_ff @(posedge clk_i) begin
    if (write_q) words[place_q] <= words_i[STAGED+31-:32] & bits_q;
    else word_q <= words[place_q];
  end
  always_ff @(posedge clk_i) begin
    word_q2 <= word_q;
    {written_q, written_q2, written_q3} <= {written, written_q, written_q2};
    read_q <= (at_slot && slot_exists) ? linecard_regs_pkg::pack_slot(slot_read) : '0;
  end
  assign data_o = read_q | (written_q3 ? word_q2 : '0);

endmodule
