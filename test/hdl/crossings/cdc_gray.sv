// A Gray-coded number into the domain of clk_i.
module cdc_gray #(
    parameter int WIDTH = 4
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
