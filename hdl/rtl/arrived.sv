// How many bytes of the header window has the frame whose first beat stands at TAP? Beats behind its
// last one are another frame's. Two clocks: which beat is the last, and what that makes.
module arrived #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    parameter int TAP = 19,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic                            clk_i,
    input  logic [POSITIONS-1:0]            last_i,   // a frame's last beat stands there,
    input  logic [POSITIONS*COUNT_BITS-1:0] count_i,  // with so many bytes, less one
    input  logic [POSITIONS-1:0]            mark_i,   // of which the last marks a gap
    output logic                            whole_o,  // all of the window,
    output logic [7:0]                      bytes_o   // or so many
);
  localparam int BEATS = (linecard_pkg::WINDOW + K - 1) / K;
  logic [7-COUNT_BITS:0] beat, beat_q;  // the last one of the frame
  logic [COUNT_BITS-1:0] count, count_q;
  logic mark, ends, mark_q, ends_q;
  logic [7:0] bytes;
  always_comb begin
    {ends, beat, count, mark} = '0;
    for (int i = BEATS - 1; i >= 0; i--) begin
      if (last_i[TAP-i]) begin
        ends = 1'b1;
        beat = (8 - COUNT_BITS)'(i);
        count = count_i[(TAP-i)*COUNT_BITS+:COUNT_BITS];
        mark = mark_i[TAP-i];
      end
    end
  end
  assign bytes = {beat_q, count_q} + 8'(!mark_q);
  always_ff @(posedge clk_i) begin
    {ends_q, beat_q, count_q, mark_q} <= {ends, beat, count, mark};
    bytes_o <= bytes;
    whole_o <= !ends_q || bytes >= 8'(linecard_pkg::WINDOW);
  end

endmodule
