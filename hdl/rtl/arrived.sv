// How many bytes of the header window has the frame whose first beat stands at TAP? Beats behind its
// last one are another frame's. Three clocks: which beat is the last, of a few and of all, and what that
// makes.
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
  localparam int GROUP = 4;  // beats that are looked at together
  localparam int GROUPS = (BEATS + GROUP - 1) / GROUP;
  // The last beat: whether it is here, which one it is, and of that one count and mark.
  localparam int END_BITS = 1 + (8 - COUNT_BITS) + COUNT_BITS + 1;
  logic [GROUPS*END_BITS-1:0] groups, groups_q;
  always_comb begin
    groups = '0;
    for (int i = BEATS - 1; i >= 0; i--) begin
      if (last_i[TAP-i]) begin
        groups[(i/GROUP)*END_BITS+:END_BITS] =
            {1'b1, (8 - COUNT_BITS)'(i), count_i[(TAP-i)*COUNT_BITS+:COUNT_BITS], mark_i[TAP-i]};
      end
    end
  end
  logic [END_BITS-1:0] first;
  always_comb begin
    first = '0;
    for (int g = GROUPS - 1; g >= 0; g--) begin
      if (groups_q[g*END_BITS+END_BITS-1]) first = groups_q[g*END_BITS+:END_BITS];
    end
  end
  logic ends_q, mark_q;
  logic [7:0] last_q, bytes;  // the last byte
  assign bytes = last_q + 8'(!mark_q);
  always_ff @(posedge clk_i) begin
    groups_q <= groups;
    {ends_q, last_q, mark_q} <= first;
    bytes_o <= bytes;
    whole_o <= !ends_q || bytes >= 8'(linecard_pkg::WINDOW);
  end

endmodule
