// 16 header bytes from a multiple of eight on, of the frame whose first beat stands at position TAP.
// Combinational.
//
// At 64 bits a multiplexer over the window is large, and the beats went by one at a time: they are kept
// in a ring of 32 as well, even and odd ones in a RAM each, so that two that follow each other are read
// at once. The line never waits, so a count of clocks says where in the ring a beat lies; where it
// begins does not matter.
module header_pick #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    parameter int TAP = 22,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                            clk_i,
    input  logic [POSITIONS*DATA_WIDTH-1:0] line_i,
    input  logic [4:0]                      unit_i,  // eights of bytes from the frame's first; all in the window
    output logic [127:0]                    bytes_o
);
  localparam int BYTES = linecard_pkg::WINDOW;

  if (K == 8) begin : g_ring
    localparam int RING = 32;
    if (TAP < BYTES / K || TAP >= RING) begin : g_wrong_tap
      $error("header_pick: the window is not in the ring");
    end
    logic [4:0] now_q;
    logic [63:0] even[0:RING/2-1];
    logic [63:0] odd[0:RING/2-1];
    always_ff @(posedge clk_i) begin
      now_q <= now_q + 5'd1;
      if (!now_q[0]) even[now_q[4:1]] <= line_i[0+:64];
    end
    always_ff @(posedge clk_i) begin
      if (now_q[0]) odd[now_q[4:1]] <= line_i[0+:64];
    end

    // Unit u stands at position TAP - u, and was at position 0 as many clocks ago.
    logic [4:0] origin_q, behind_origin_q, at, behind;
    always_ff @(posedge clk_i) begin
      origin_q <= now_q + 5'(RING + 1 - TAP);
      behind_origin_q <= now_q + 5'(RING + 2 - TAP);
    end
    assign at = origin_q + unit_i;
    assign behind = behind_origin_q + unit_i;
    logic [63:0] even_beat, odd_beat;
    assign even_beat = even[behind[4:1]];
    assign odd_beat = odd[at[4:1]];
    assign bytes_o = at[0] ? {even_beat, odd_beat} : {odd_beat, even_beat};
  end else begin : g_window
    logic [BYTES*8-1:0] window;
    header_tap #(
        .DATA_WIDTH(DATA_WIDTH),
        .POSITIONS(POSITIONS),
        .TAP(TAP),
        .BYTES(BYTES)
    ) tap (
        .line_i(line_i),
        .window_o(window)
    );
    slice_at #(
        .IN_WIDTH(BYTES * 8),
        .STEP(64),
        .SELECT_BITS(5),
        .WIDTH(128)
    ) pick (
        .vector_i(window),
        .select_i(unit_i),
        .slice_o(bytes_o)
    );
    logic unused_clk;
    assign unused_clk = clk_i;
  end

endmodule
