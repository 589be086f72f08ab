// A number into the domain of clk_i, straight from flip-flops of which one at most changes at a time: what
// arrives is the number as it was or as it is, and nothing between.
module cdc_gray #(
    parameter int WIDTH = 5
) (
    input  logic             clk_i,
    input  logic [WIDTH-1:0] d_i,
    output logic [WIDTH-1:0] q_o
);
  logic [WIDTH-1:0] q;
  always_ff @(posedge clk_i) begin
    q <= d_i;
    q_o <= q;
  end

endmodule
