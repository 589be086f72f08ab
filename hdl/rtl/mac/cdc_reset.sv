// A reset into the domain of clk_i: it comes at once, with or without a clock, and goes two clocks behind
// rst_ni, so that whatever is reset synchronously sees it at two edges.
module cdc_reset (
    input  logic clk_i,
    input  logic rst_ni,
    output logic rst_no
);
  logic q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {rst_no, q} <= 2'b00;
    else {rst_no, q} <= {q, 1'b1};
  end

endmodule
