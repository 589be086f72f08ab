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
    input  logic [RULES*linecard_regs_pkg::BITS_RULE-1:0] rules_i,
    // a rule that was written at the last clock edge, as it was before
    input  logic                changed_i,
    input  logic [4:0]          changed_index_i,
    input  linecard_regs_pkg::rule_entry_t previous_i,
    input  logic                follow_i,  // later fragments follow their first
    output linecard_pkg::meta_t meta_o,
    output linecard_regs_pkg::rule_entry_t rule_o,
    output logic [8:0]          offset_o,  // identifier's first byte, from the frame's first
    output logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_o
);
  localparam int BITS = linecard_regs_pkg::BITS_RULE;
  localparam int PAYLOAD_BITS = linecard_pkg::PAYLOAD_BYTES * 8;

  // ---- match
  logic [RULES-1:0] match, match_q;
  for (genvar i = 0; i < RULES; i++) begin : g_rule
    rule_match #(
        .PREFIXES(PREFIXES)
    ) rule_match (
        .enable_i(valid_i),
        .rule_i(rules_i[i*BITS+:BITS]),
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
  linecard_regs_pkg::rule_entry_t entry;
  always_comb begin
    for (int i = 0; i < RULES; i++) begin
      entry = rules_i[i*BITS+:BITS];
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
  always_ff @(posedge clk_i) begin
    match_q <= match;
    offsets_q <= offsets;
    meta_q <= meta_i;
    payload_q <= payload_i;
  end

  // ---- select
  logic [RULES-1:0] first;
  assign first = match_q & (~match_q + 1'b1);

  linecard_pkg::meta_t meta;
  logic [BITS-1:0] chosen;
  logic [4:0] index;
  logic [8:0] offset;
  linecard_regs_pkg::rule_entry_t rule;
  always_comb begin
    chosen = '0;
    index = '0;
    offset = '0;
    for (int i = 0; i < RULES; i++) begin
      if (first[i]) chosen = chosen | rules_i[i*BITS+:BITS];
      if (first[i]) index = index | 5'(i);
      if (first[i]) offset = offset | offsets_q[i*9+:9];
    end
    // A rule that was written between the two clocks is applied as it was compared.
    rule = (changed_i && changed_index_i == index) ? previous_i : chosen;
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
      end else if (meta_q.quoted && (rule.setup_always || rule.override[1])) begin
        meta.decided = 1'b1;
        meta.reason = linecard_regs_pkg::REASON_PUNT_ICMP;
      end else if (rule.setup_always) begin
        meta.decided = 1'b1;
        meta.reason = linecard_regs_pkg::REASON_PUNT_SETUP;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    rule_o <= rule;
    offset_o <= offset;
    payload_o <= payload_q;
  end

endmodule
