// Fetch, two clocks: the identifier's bytes out of the header window. The first clock picks the 16
// bytes around it, the second shifts them into place and puts them in order.
module fetch (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  linecard_regs_pkg::rule_entry_t rule_i,
    input  logic [7:0]          offset_i,
    input  logic [linecard_pkg::WINDOW*8-1:0] window_i,
    output linecard_pkg::meta_t meta_o,
    output linecard_regs_pkg::rule_entry_t rule_o
);
  // ---- pick
  logic [127:0] around_q;
  logic [2:0] skip_q;
  linecard_pkg::meta_t meta_q;
  linecard_regs_pkg::rule_entry_t rule_q;
  logic [127:0] around;
  slice_at #(
      .IN_WIDTH(linecard_pkg::WINDOW * 8),
      .STEP(64),
      .SELECT_BITS(5),
      .WIDTH(128)
  ) pick (
      .vector_i(window_i),
      .select_i(offset_i[7:3]),
      .slice_o(around)
  );
  always_ff @(posedge clk_i) begin
    meta_q <= meta_i;
    rule_q <= rule_i;
    skip_q <= offset_i[2:0];
    around_q <= around;
  end

  // ---- align
  logic [63:0] little, big, key;
  slice_at #(
      .IN_WIDTH(128),
      .STEP(8),
      .SELECT_BITS(3),
      .WIDTH(64)
  ) align (
      .vector_i(around_q),
      .select_i(skip_q),
      .slice_o(little)
  );
  logic [6:0] unused_bits;  // of the 64 that are not part of the identifier
  linecard_pkg::meta_t meta;
  always_comb begin
    for (int i = 0; i < 8; i++) big[63-8*i-:8] = little[8*i+:8];
    unused_bits = 7'd64 - {rule_q.id_width, 3'b000};
    key = rule_q.id_little ? (little & (64'hffff_ffff_ffff_ffff >> unused_bits)) : (big >> unused_bits);
    meta = meta_q;
    if (meta_q.by_rules && !meta_q.decided) begin
      meta.key_valid = 1'b1;
      meta.key = key;
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    rule_o <= rule_q;
  end

endmodule
