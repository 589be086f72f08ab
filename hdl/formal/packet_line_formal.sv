// Proofs of packet_line: a frame's beats, turned so that its network header begins with one, stand at each
// position in turn.
module packet_line_formal #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    localparam int K = DATA_WIDTH / 8
) (
    input logic                            clk_i,
    input logic                            soon_i,
    input logic [4:0]                      l3_i,
    input logic [POSITIONS*DATA_WIDTH-1:0] line_i,
    input logic [5:0]                      any_bit_i
);
  localparam int PACKET_POSITIONS = linecard_pkg::packet_positions(K);
  localparam int TAP = linecard_pkg::tap_packet(K) - 1;
  logic [PACKET_POSITIONS*DATA_WIDTH-1:0] data;
  packet_line #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS)
  ) dut (
      .clk_i(clk_i),
      .soon_i(soon_i),
      .any_tag_i(l3_i != 5'd14),
      .two_tags_i(l3_i == 5'd22),
      .line_i(line_i),
      .data_o(data),
      .next_o()
  );

  // Assumes: a clock before a frame's first beat stands at TAP, parse_l2 says where its network header begins: 14, 18 or 22.
  always @* if (soon_i) assume (l3_i == 5'd14 || l3_i == 5'd18 || l3_i == 5'd22);

  // Any one bit of a beat is followed through all positions.
  logic [5:0] bit_q;
  logic begun_q = 1'b0;
  always @(posedge clk_i) begin
    begun_q <= 1'b1;
    bit_q <= begun_q ? bit_q : any_bit_i;
  end
  logic [5:0] which;
  assign which = begun_q ? bit_q : any_bit_i;

  // ---- what the header line holds of the frame, from its network header on
  logic seen_q, seen;
  logic [4:0] l3_q;
  assign seen = begun_q && seen_q;
  logic [30*8-1:0] window;  // of the frame whose first beat stands at TAP, or went by before
  always @* begin
    for (int b = 0; b < 30; b++) window[b*8+:8] = line_i[((TAP-b/K)*DATA_WIDTH+(b%K)*8)+:8];
  end
  logic [DATA_WIDTH-1:0] turned;
  always @* begin
    turned = window[14*8+:DATA_WIDTH];
    if (l3_q == 5'd18) turned = window[18*8+:DATA_WIDTH];
    if (l3_q == 5'd22) turned = window[22*8+:DATA_WIDTH];
  end
  logic [PACKET_POSITIONS-1:0] past_q, there_q;
  always @(posedge clk_i) begin
    seen_q <= soon_i || seen;
    if (soon_i) l3_q <= l3_i;
    past_q <= {past_q[PACKET_POSITIONS-2:0], turned[which]};
    there_q <= {begun_q ? there_q[PACKET_POSITIONS-2:0] : {(PACKET_POSITIONS-1){1'b0}}, seen};
  end

  // What induction needs to know: how the module remembers where the header began.
  (* hierconn *) wire \dut.any_tag_q ;
  (* hierconn *) wire \dut.two_tags_q ;
  always @* begin
    if (begun_q && seen_q) begin
      assert (l3_q == 5'd14 || l3_q == 5'd18 || l3_q == 5'd22);
      assert (\dut.any_tag_q == (l3_q != 5'd14));
      assert (\dut.two_tags_q == (l3_q == 5'd22));
    end
  end

  logic [DATA_WIDTH-1:0] beat;
  always @* begin
    for (int p = 0; p < PACKET_POSITIONS; p++) begin
      beat = data[p*DATA_WIDTH+:DATA_WIDTH];
      // Proves: what stood at the header line p + 1 clocks ago, from the network header of its frame on, stands at position p.
      if (begun_q && there_q[p]) assert (beat[which] == past_q[p]);
    end
    // Reaches: a frame behind two tags followed by one without, both on the line.
    cover (begun_q && there_q[3] && l3_q == 5'd14 && soon_i && l3_i == 5'd22);
  end
endmodule
