// One bit into the domain of clk_i. d_i comes straight from a flip-flop; q_o follows it by two to three
// clocks, and misses what was shorter than one.
module cdc_bit (
    input  logic clk_i,
    input  logic d_i,
    output logic q_o
);
  logic q;
  always_ff @(posedge clk_i) {q_o, q} <= {q, d_i};

endmodule
