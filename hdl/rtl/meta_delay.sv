// Keeps metadata beside its frame while the frame moves CYCLES positions along the header line.
module meta_delay #(
    parameter int CYCLES = 1,
    parameter int BITS = linecard_pkg::META_BITS
) (
    input  logic            clk_i,
    input  logic [BITS-1:0] meta_i,
    output logic [BITS-1:0] meta_o
);
  if (CYCLES == 0) begin : g_wire
    logic unused_clk;
    assign unused_clk = clk_i;
    assign meta_o = meta_i;
  end else if (CYCLES == 1) begin : g_one
    always_ff @(posedge clk_i) meta_o <= meta_i;
  end else begin : g_many
    logic [CYCLES*BITS-1:0] line_q;
    always_ff @(posedge clk_i) line_q <= {line_q[(CYCLES-1)*BITS-1:0], meta_i};
    assign meta_o = line_q[(CYCLES-1)*BITS+:BITS];
  end
endmodule
