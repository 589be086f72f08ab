// How long each frame took, in clocks. Frames keep their order from the merge to their end, so what is
// known of them there waits in a queue instead of travelling beside them.
module frame_latency (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic [15:0] clock_i,   // counts
    input  logic        enter_i,   // a frame enters the pipeline,
    input  logic [15:0] stamp_i,   // whose first beat came to its port at this clock
    input  logic        leave_i,   // a frame ends
    output logic [15:0] latency_o  // one clock behind leave_i; modulo 2^16
);
  localparam int FRAMES = 64;  // more than the pipeline has beats
  localparam int PTR_BITS = $clog2(FRAMES);

  logic [15:0] stamps[0:FRAMES-1];
  logic [PTR_BITS-1:0] write_q, read_q;
  always_ff @(posedge clk_i) if (enter_i) stamps[write_q] <= stamp_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end else begin
      if (enter_i) write_q <= write_q + 1'b1;
      if (leave_i) read_q <= read_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) latency_o <= clock_i - stamps[read_q];

endmodule
