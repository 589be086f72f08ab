// A reset into the domain of clk_i: it comes at once, with or without a clock, and goes two clocks behind
// rst_ni, so that whatever is reset synchronously sees it at two edges.
module cdc_reset (
    input  logic clk_i,
    input  logic rst_ni,
    output logic rst_no
);
  // Kept as the flip-flops' reset wants it, without a LUT behind it, and for each port by itself.
  (* keep *) logic [1:0] reset_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) reset_q <= 2'b11;
    else reset_q <= {reset_q[0], 1'b0};
  end
  assign rst_no = !reset_q[1];

endmodule
