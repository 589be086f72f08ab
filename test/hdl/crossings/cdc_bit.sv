// One bit into the domain of clk_i.
module cdc_bit (
    input  logic clk_i,
    input  logic d_i,
    output logic q_o
);
  logic q;
  always_ff @(posedge clk_i) {q_o, q} <= {q, d_i};
endmodule
