// Keeps metadata beside its frame while the frame moves CYCLES positions along the header line.
//
// Frames begin frame_clocks behind each other at least: where that is more than one, a register holds what it
// took at a frame's beginning until the next frame's is there, and a longer way has a register for each
// frame that may be on it. meta_o is only right while the frame's first beat stands at the position CYCLES
// further on.
module meta_delay #(
    parameter int DATA_WIDTH = 64,
    parameter int CYCLES = 1,
    parameter int BITS = linecard_pkg::META_BITS,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic            clk_i,
    input  logic            first_i,  // a frame's first beat stands where meta_i belongs to
    input  logic [BITS-1:0] meta_i,
    output logic [BITS-1:0] meta_o
);
  localparam int APART = linecard_pkg::frame_clocks(K);

  if (CYCLES == 0) begin : g_wire
    logic unused;
    assign unused = clk_i ^ first_i;
    assign meta_o = meta_i;
  end else if (CYCLES > 1 && CYCLES <= APART) begin : g_hold
    logic [BITS-1:0] meta_q;
    always_ff @(posedge clk_i) if (first_i) meta_q <= meta_i;
    assign meta_o = meta_q;
  end else if (CYCLES > 1 && APART > 1) begin : g_holds
    localparam int HOLDS = (CYCLES + APART - 1) / APART;
    // Each but the last waits as long as it can.
    logic [(HOLDS-1)*APART-1:0] first_q;
    always_ff @(posedge clk_i) first_q <= ((HOLDS - 1) * APART)'({first_q, first_i});
    for (genvar i = 0; i < HOLDS; i++) begin : g_step
      logic [BITS-1:0] meta_q;
      if (i == 0) begin : g_first
        always_ff @(posedge clk_i) if (first_i) meta_q <= meta_i;
      end else begin : g_next
        always_ff @(posedge clk_i) if (first_q[i*APART-1]) meta_q <= g_step[i-1].meta_q;
      end
    end
    assign meta_o = g_step[HOLDS-1].meta_q;
  end else begin : g_line
    logic unused_first;
    assign unused_first = first_i;
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
