// The packet line: the header line once more from the network header on. VLAN tags leave that in one of
// three places (docs/card.md, step 2); here it begins with a beat, so that behind parse_l2 each stage finds
// what it wants of a packet's first bytes at fixed wires.
//
// A packet's first beat stands at position 0 one clock behind the one in which the frame's stands at position TAP
// of the header line, and moves with it from there on: what the header line's contract says of positions
// holds here.
module packet_line #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,  // of the header line
    localparam int K = DATA_WIDTH / 8,
    localparam int PACKET_POSITIONS = linecard_pkg::packet_positions(K)
) (
    input  logic                                   clk_i,
    input  logic                                   soon_i,     // a frame's first beat stands at position TAP - 1,
    input  logic                                   any_tag_i,  // with one VLAN tag: its network header begins at 18,
    input  logic                                   two_tags_i, // or two, at 22; else 14
    input  logic [POSITIONS*DATA_WIDTH-1:0]        line_i,
    output logic [PACKET_POSITIONS*DATA_WIDTH-1:0] data_o,   // position p at [p*DATA_WIDTH]
    output logic [DATA_WIDTH-1:0]                  next_o    // what stands at position 0 in the next clock
);
  localparam int TAP = linecard_pkg::tap_packet(K) - 1;
  localparam int BYTES = linecard_pkg::L3_MAX + K;

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

  // A frame's later beats are turned as its first was.
  logic any_tag_q, two_tags_q;
  logic [DATA_WIDTH-1:0] beat;
  always_comb begin
    if (two_tags_q) beat = window[22*8+:DATA_WIDTH];
    else if (any_tag_q) beat = window[18*8+:DATA_WIDTH];
    else beat = window[14*8+:DATA_WIDTH];
  end

  logic [PACKET_POSITIONS*DATA_WIDTH-1:0] data_q;
  always_ff @(posedge clk_i) begin
    if (soon_i) {any_tag_q, two_tags_q} <= {any_tag_i, two_tags_i};
    data_q <= {data_q[(PACKET_POSITIONS-1)*DATA_WIDTH-1:0], beat};
  end
  assign data_o = data_q;
  assign next_o = beat;

endmodule
