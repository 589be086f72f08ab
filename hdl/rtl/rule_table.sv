// The service rules as the data path reads them: TURNS times LANES of them, a lane's worth in each turn,
// and one by its index.
//
// Contract:
// - Turn 0 is at terms_o two clocks behind start_i, the others follow; turn_o says which it is, TURNS that
//   none is. start_i comes TURNS clocks apart at least. Lane l of turn t has rule t * LANES + l.
// - chosen_o is the rule choose_i, combinational, as terms_o had it in the clock before: a packet is compared
//   by a rule in one clock and gets it in the next, old or new in both. Undefined until written.
// - write_i writes a rule; not in two clocks in a row. RAM has no reset: valids_i, beside the rules in
//   flip-flops, says which are there, and changes in the clock behind the write.
module rule_table #(
    parameter int RULES = 16,
    parameter int TURNS = 8,
    localparam int LANES = (RULES + TURNS - 1) / TURNS,
    localparam int TURN_BITS = $clog2(TURNS + 1),
    localparam int BITS = linecard_pkg::RULE_TERMS_BITS
) (
    input  logic                      clk_i,
    // host
    input  logic                      write_i,
    input  logic [4:0]                index_i,
    input  logic [linecard_regs_pkg::BITS_RULE-1:0] data_i,
    input  logic [RULES-1:0]          valids_i,
    // data path
    input  logic                      start_i,
    output logic [TURN_BITS-1:0]      turn_o,
    output logic [LANES-1:0]          valid_o,
    output logic [LANES*BITS-1:0]     terms_o,
    input  logic [4:0]                choose_i,
    output logic [linecard_regs_pkg::BITS_RULE-1:0] chosen_o
);
  localparam int INDEX_BITS = (RULES > 1) ? $clog2(RULES) : 1;
  localparam int ROW_BITS = (TURNS > 1) ? $clog2(TURNS) : 1;

  logic [TURN_BITS-1:0] turn_q;
  always_ff @(posedge clk_i) begin
    if (start_i) turn_q <= '0;
    else if (turn_q != TURN_BITS'(TURNS)) turn_q <= turn_q + 1'b1;
    turn_o <= turn_q;
  end

  // ---- what is compared
  linecard_pkg::rule_terms_t terms;
  if ($bits(terms) != BITS) begin : g_terms
    $error("linecard_pkg: RULE_TERMS_BITS is not the width of rule_terms_t");
  end
  rule_terms rule_terms (
      .rule_i(data_i),
      .terms_o(terms)
  );
  for (genvar l = 0; l < LANES; l++) begin : g_lane
    logic [BITS-1:0] rows[0:TURNS-1];
    logic [TURNS-1:0] valids;
    for (genvar t = 0; t < TURNS; t++) begin : g_turn
      if (t * LANES + l < RULES) begin : g_there
        assign valids[t] = valids_i[t*LANES+l];
      end else begin : g_none
        assign valids[t] = 1'b0;
      end
    end
    logic [ROW_BITS-1:0] row, written_row;
    logic writes;
    assign row = turn_q[ROW_BITS-1:0] & ROW_BITS'(TURNS - 1);
    assign written_row = ROW_BITS'(32'(index_i) / LANES);
    assign writes = write_i && 32'(index_i) % LANES == l;
    always_ff @(posedge clk_i) begin
      if (writes) rows[written_row] <= terms;
      terms_o[l*BITS+:BITS] <= rows[row];
      valid_o[l] <= valids[row];
    end
  end

  // ---- the rest of a rule: written two clocks later, since it is read two clocks later
  logic [linecard_regs_pkg::BITS_RULE-1:0] rules[0:RULES-1];
  logic [linecard_regs_pkg::BITS_RULE-1:0] data_q;
  logic [INDEX_BITS-1:0] index_q;
  logic [1:0] write_q;
  always_ff @(posedge clk_i) begin
    write_q <= {write_q[0], write_i};
    if (write_i) begin
      index_q <= index_i[INDEX_BITS-1:0];
      data_q <= data_i;
    end
    if (write_q[1]) rules[index_q] <= data_q;
  end
  assign chosen_o = rules[choose_i[INDEX_BITS-1:0]];

endmodule
