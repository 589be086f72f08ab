// Classify, two clocks: all service rules are tried at once, the first that matches decides. Where
// each would find its identifier is added up meanwhile.
module classify #(
    parameter int RULES = 16,
    parameter int PREFIXES = 8
) (
    input  logic                clk_i,
    input  logic                valid_i,  // meta_i belongs to a frame
    input  linecard_pkg::meta_t meta_i,
    input  logic [PREFIXES-1:0] prefixes_i,
    input  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_i,
    input  logic [RULES*linecard_pkg::RULE_TERMS_BITS-1:0] terms_i,  // of each rule
    // the rule that matched, read by its index as terms_i had it in the clock before: what is not compared
    // stands in RAM only, and a packet gets the rule that it was compared by
    output logic [4:0]          choose_o,
    input  linecard_regs_pkg::rule_entry_t chosen_i,
    input  logic                follow_i,  // later fragments follow their first
    output linecard_pkg::meta_t meta_o,
    output linecard_regs_pkg::rule_entry_t rule_o,
    output logic [8:0]          offset_o,  // identifier's first byte, from the frame's first
    output logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_o
);
  localparam int BITS = linecard_pkg::RULE_TERMS_BITS;
  localparam int PAYLOAD_BITS = linecard_pkg::PAYLOAD_BYTES * 8;

  // ---- match
  logic [RULES-1:0] match, match_q;
  for (genvar i = 0; i < RULES; i++) begin : g_rule
    rule_match #(
        .PREFIXES(PREFIXES)
    ) rule_match (
        .enable_i(valid_i),
        .terms_i(terms_i[i*BITS+:BITS]),
        .protocol_i(meta_i.protocol),
        .prefixes_i(prefixes_i),
        .has_ports_i(meta_i.has_ports),
        .port_i(meta_i.destination_port),
        .later_fragment_i(meta_i.later_fragment),
        .payload_i(payload_i),
        .payload_length_i(meta_i.payload_length),
        .match_o(match[i])
    );
  end

  logic [RULES*9-1:0] offsets, offsets_q;
  logic [7:0] base;
  logic [RULES-1:0] always_setup_all, by_source_all;
  linecard_pkg::rule_terms_t entry;
  always_comb begin
    for (int i = 0; i < RULES; i++) begin
      entry = terms_i[i*BITS+:BITS];
      always_setup_all[i] = entry.setup_always;
      by_source_all[i] = entry.by_source;
      case (entry.id_base)
        linecard_regs_pkg::RULE_ID_BASE_L3: base = 8'(meta_i.l3);
        linecard_regs_pkg::RULE_ID_BASE_L4: base = meta_i.l4;
        linecard_regs_pkg::RULE_ID_BASE_PAYLOAD: base = meta_i.payload;
        default: base = meta_i.destination_at;
      endcase
      offsets[i*9+:9] = 9'(base) + 9'(entry.id_offset);
    end
  end

  linecard_pkg::meta_t meta_q;
  logic [PAYLOAD_BITS-1:0] payload_q;
  logic [RULES-1:0] always_setup_q, by_source_q;  // of each rule
  always_ff @(posedge clk_i) begin
    match_q <= match;
    always_setup_q <= always_setup_all;
    by_source_q <= by_source_all;
    offsets_q <= offsets;
    meta_q <= meta_i;
    payload_q <= payload_i;
  end

  // ---- select
  logic [RULES-1:0] first;
  assign first = match_q & (~match_q + 1'b1);

  logic [4:0] index;
  logic [8:0] offset;
  always_comb begin
    index = '0;
    offset = '0;
    for (int i = 0; i < RULES; i++) begin
      if (first[i]) begin
        index = index | 5'(i);
        offset = offset | offsets_q[i*9+:9];
      end
    end
  end
  assign choose_o = index;

  linecard_pkg::meta_t meta;
  logic always_setup, by_source;
  always_comb begin
    always_setup = (first & always_setup_q) != '0;
    by_source = (first & by_source_q) != '0;
    meta = meta_q;
    meta.quoted = meta_q.quoted && meta_q.by_rules && !meta_q.decided;
    if (meta_q.by_rules && !meta_q.decided) begin
      meta.rule_hit = match_q != '0;
      meta.rule = index;
      meta.follows = match_q == '0 && meta_q.later_fragment && !meta_q.quoted && follow_i;
      if (match_q == '0) begin
        meta.decided = !meta.follows;
        meta.reason = (meta_q.later_fragment && !meta_q.quoted) ? linecard_regs_pkg::REASON_PUNT_FRAGMENT
                                                                : linecard_regs_pkg::REASON_NO_SERVICE;
      end else if (meta_q.quoted && (always_setup || by_source)) begin
        meta.decided = 1'b1;
        meta.reason = linecard_regs_pkg::REASON_PUNT_ICMP;
      end else if (always_setup) begin
        meta.decided = 1'b1;
        meta.reason = linecard_regs_pkg::REASON_PUNT_SETUP;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    rule_o <= (match_q != '0) ? chosen_i : '0;
    offset_o <= offset;
    payload_o <= payload_q;
  end

endmodule
