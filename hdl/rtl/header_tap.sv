// The first BYTES bytes of the frame whose first beat stands at position TAP of the header line,
// byte b at [b*8]. Wires only. Beats that have not come yet would be at positions below 0: the taps
// in linecard_pkg are chosen so that no stage asks for them.
module header_tap #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    parameter int TAP = 2,
    parameter int BYTES = 22,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic [POSITIONS*DATA_WIDTH-1:0] line_i,
    output logic [BYTES*8-1:0]              window_o
);
  if (TAP < (BYTES - 1) / K) begin : g_too_early
    $error("header_tap: the stage works before its bytes are there");
  end
  localparam int BEATS = (BYTES + K - 1) / K;
  logic [BEATS*DATA_WIDTH-1:0] beats;
  for (genvar i = 0; i < BEATS; i++) begin : g_beat
    assign beats[i*DATA_WIDTH+:DATA_WIDTH] = line_i[(TAP-i)*DATA_WIDTH+:DATA_WIDTH];
  end
  assign window_o = beats[BYTES*8-1:0];

endmodule
