// Classify: service rules are tried in turns, the first that matches decides (docs/card.md, steps 3.7 and
// 3.8). One clock compares, the next reads what else the rule says. Where frames come eight clocks apart there is
// time for up to eight turns, and so for an eighth of the comparators.
module classify #(
    parameter int DATA_WIDTH = 64,
    parameter int RULES = 16,
    parameter int TURNS = 1,  // a power of two
    parameter int PREFIXES = 8,
    localparam int TURN_BITS = $clog2(TURNS + 1),
    localparam int LANES = (RULES + TURNS - 1) / TURNS,
    localparam int BITS = linecard_pkg::RULE_TERMS_BITS,
    localparam int PAYLOAD_BITS = linecard_pkg::PAYLOAD_BYTES * 8
) (
    input  logic                clk_i,
    input  logic                match_first_i,   // a frame's first beat stands at tap_match,
    input  logic                select_first_i,  // at tap_select
    // at tap_match, and for TURNS clocks
    input  linecard_pkg::meta_t meta_i,
    input  logic [PREFIXES-1:0] prefixes_i,
    input  logic [PAYLOAD_BITS-1:0] payload_i,
    // see rule_table
    input  logic [TURN_BITS-1:0] turn_i,
    input  logic [LANES-1:0]    valid_i,
    input  logic [LANES*BITS-1:0] terms_i,
    output logic [4:0]          choose_o,
    input  linecard_regs_pkg::rule_entry_t chosen_i,
    input  logic                follow_i,  // later fragments follow their first
    output linecard_pkg::meta_t waiting_o,  // meta_i one clock later, and for as long
    // at tap_fetch
    output linecard_pkg::meta_t meta_o,
    output linecard_regs_pkg::rule_entry_t rule_o,
    output logic [8:0]          offset_o,  // identifier's first byte, from the frame's first
    output logic [PAYLOAD_BITS-1:0] payload_o
);
  localparam int META_BITS = linecard_pkg::META_BITS;

  // ---- match
  logic [LANES-1:0] match, match_q;
  for (genvar i = 0; i < LANES; i++) begin : g_lane
    rule_match #(
        .PREFIXES(PREFIXES)
    ) rule_match (
        .enable_i(valid_i[i] && turn_i != TURN_BITS'(TURNS)),
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
  logic [TURN_BITS-1:0] turn_q;
  always_ff @(posedge clk_i) begin
    match_q <= match;
    turn_q <= turn_i;
  end

  logic [META_BITS-1:0] meta_waiting;
  logic [PAYLOAD_BITS-1:0] payload_q;
  linecard_pkg::meta_t meta_q;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(TURNS)
  ) delay (
      .clk_i(clk_i),
      .first_i(match_first_i),
      .meta_i(meta_i),
      .meta_o(meta_waiting)
  );
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(TURNS),
      .BITS(PAYLOAD_BITS)
  ) delay_payload (
      .clk_i(clk_i),
      .first_i(match_first_i),
      .meta_i(payload_i),
      .meta_o(payload_q)
  );
  assign meta_q = meta_waiting;
  assign waiting_o = meta_q;

  // ---- select: of a turn the first lane, of a frame the first turn
  logic [4:0] index;
  always_comb begin
    index = '0;
    for (int i = LANES - 1; i >= 0; i--) if (match_q[i]) index = 5'(i);
    index = index + 5'(5'(turn_q) * 5'(LANES));
  end
  assign choose_o = index;

  logic [7:0] base;
  always_comb begin
    case (chosen_i.id_base)
      linecard_regs_pkg::RULE_ID_BASE_L3: base = 8'(meta_q.l3);
      linecard_regs_pkg::RULE_ID_BASE_L4: base = meta_q.l4;
      linecard_regs_pkg::RULE_ID_BASE_PAYLOAD: base = meta_q.payload;
      default: base = meta_q.destination_at;
    endcase
  end

  logic found_q, earlier, hit, take;
  logic [4:0] index_q;
  assign earlier = turn_q != '0 && found_q;  // an earlier turn of this frame had one
  assign hit = match_q != '0;
  assign take = hit && !earlier;
  always_ff @(posedge clk_i) begin
    found_q <= earlier || hit;
    if (take || turn_q == '0) begin
      rule_o <= hit ? chosen_i : '0;
      index_q <= hit ? index : '0;
      offset_o <= 9'(base) + 9'(chosen_i.id_offset);
    end
  end

  // With the last turn.
  linecard_pkg::meta_t meta;
  logic found, always_setup, by_source;
  always_comb begin
    found = earlier || hit;
    always_setup = earlier ? rule_o.setup_always : chosen_i.setup_always;
    by_source = earlier ? rule_o.override[1] : chosen_i.override[1];
    meta = meta_q;
    meta.quoted = meta_q.quoted && meta_q.by_rules && !meta_q.decided;
    if (meta_q.by_rules && !meta_q.decided) begin
      meta.rule_hit = found;
      meta.rule = earlier ? index_q : hit ? index : '0;
      meta.follows = !found && meta_q.later_fragment && !meta_q.quoted && follow_i;
      if (!found) begin
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
    if (select_first_i) begin
      meta_o <= meta;
      payload_o <= payload_q;
    end
  end

endmodule
