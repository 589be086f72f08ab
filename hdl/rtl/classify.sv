// Classify, two clocks: all service rules are tried at once, the first that matches decides.
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
    output linecard_pkg::meta_t meta_o,
    output linecard_regs_pkg::rule_entry_t rule_o,
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

  linecard_pkg::meta_t meta_q;
  logic [PAYLOAD_BITS-1:0] payload_q;
  always_ff @(posedge clk_i) begin
    match_q <= match;
    meta_q <= meta_i;
    payload_q <= payload_i;
  end

  // ---- select
  logic [RULES-1:0] first;
  assign first = match_q & (~match_q + 1'b1);

  linecard_pkg::meta_t meta;
  logic [BITS-1:0] chosen;
  logic [4:0] index;
  linecard_regs_pkg::rule_entry_t rule;
  always_comb begin
    chosen = '0;
    index = '0;
    for (int i = 0; i < RULES; i++) begin
      if (first[i]) chosen = chosen | rules_i[i*BITS+:BITS];
      if (first[i]) index = index | 5'(i);
    end
    rule = chosen;
    meta = meta_q;
    if (meta_q.by_rules && !meta_q.decided) begin
      meta.rule_hit = match_q != '0;
      meta.rule = index;
      if (match_q == '0) begin
        meta.decided = 1'b1;
        meta.reason = meta_q.later_fragment ? linecard_regs_pkg::REASON_PUNT_FRAGMENT
                                            : linecard_regs_pkg::REASON_NO_SERVICE;
      end else if (rule.setup_always) begin
        meta.decided = 1'b1;
        meta.reason = linecard_regs_pkg::REASON_PUNT_SETUP;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    rule_o <= rule;
    payload_o <= payload_q;
  end

endmodule
