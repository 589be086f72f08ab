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
  end else begin : g_line
    for (genvar i = 0; i < CYCLES; i++) begin : g_step
      logic [BITS-1:0] meta_q;
      if (i == 0) begin : g_first
        always_ff @(posedge clk_i) meta_q <= meta_i;
      end else begin : g_next
        always_ff @(posedge clk_i) meta_q <= g_step[i-1].meta_q;
      end
    end
    assign meta_o = g_step[CYCLES-1].meta_q;
  end
endmodule
