// 16 header bytes from two behind a multiple of four on, of the frame whose first beat stands at position
// TAP: where every transport header and every payload begins (see parse_l4). Combinational.
//
// At 64 bits from a ring in RAM, as in header_pick, but of four-byte words that begin two behind a
// multiple of four: with each beat two more of them are whole. Four RAMs, a quarter of the words in each:
// four words that follow each other are read at once.
module header_words #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    parameter int TAP = 19,
    parameter int FIRST = 34,  // earliest place that is asked for, and end of the latest
    parameter int LAST = 160,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                            clk_i,
    input  logic [DATA_WIDTH-1:0]           next_i,  // what stands at position 0 in the next clock
    input  logic [POSITIONS*DATA_WIDTH-1:0] line_i,
    input  logic [7:0]                      at_i,    // first byte
    output logic [127:0]                    bytes_o
);
  if (K == 8) begin : g_ring
    localparam int RING = 32;  // beats
    if (TAP < (LAST - 3) / K || TAP >= RING - 1) begin : g_wrong_tap
      $error("header_words: the bytes are not in the ring");
    end
    logic [4:0] now_q;
    logic [4*6-1:0] origins_q;  // each RAM's, see below
    logic [31:0] word_before, word_in;  // that end in, and lie in, the first six bytes of next_i
    assign word_before = {next_i[15:0], line_i[63:48]};
    assign word_in = next_i[47:16];
    logic [31:0] ram0[0:RING/2-1];
    logic [31:0] ram1[0:RING/2-1];
    logic [31:0] ram2[0:RING/2-1];
    logic [31:0] ram3[0:RING/2-1];
    always_ff @(posedge clk_i) begin
      now_q <= now_q + 5'd1;
    end
    always_ff @(posedge clk_i) if (!now_q[0]) ram0[now_q[4:1]] <= word_before;
    always_ff @(posedge clk_i) if (!now_q[0]) ram1[now_q[4:1]] <= word_in;
    always_ff @(posedge clk_i) if (now_q[0]) ram2[now_q[4:1]] <= word_before;
    always_ff @(posedge clk_i) if (now_q[0]) ram3[now_q[4:1]] <= word_in;

    // The frame's words are counted from the one that ends in its first beat. In the ring the first that
    // is wanted stands at `at`; each RAM has the first of its own at or behind that.
    logic [5:0] origin, from, at, at0, at1, at2;
    assign origin = {now_q - 5'(TAP), 1'b0};
    always_ff @(posedge clk_i) begin
      origins_q <= {origin + 6'd2, origin + 6'd3, origin + 6'd4, origin + 6'd1};
    end
    assign from = at_i[7:2];
    assign at = origins_q[0+:6] + from;
    assign at0 = origins_q[6+:6] + from;
    assign at1 = origins_q[12+:6] + from;
    assign at2 = origins_q[18+:6] + from;
    logic [31:0] word0, word1, word2, word3;
    assign word0 = ram0[at0[5:2]];
    assign word1 = ram1[at1[5:2]];
    assign word2 = ram2[at2[5:2]];
    assign word3 = ram3[at[5:2]];
    always_comb begin
      case (at[1:0])
        2'd0: bytes_o = {word3, word2, word1, word0};
        2'd1: bytes_o = {word0, word3, word2, word1};
        2'd2: bytes_o = {word1, word0, word3, word2};
        default: bytes_o = {word2, word1, word0, word3};
      endcase
    end
  end else begin : g_window
    logic [LAST*8-1:0] window;
    header_tap #(
        .DATA_WIDTH(DATA_WIDTH),
        .POSITIONS(POSITIONS),
        .TAP(TAP),
        .BYTES(LAST)
    ) tap (
        .line_i(line_i),
        .window_o(window)
    );
    logic [7:0] beyond;
    assign beyond = at_i - 8'(FIRST);
    slice_at #(
        .IN_WIDTH((LAST - FIRST) * 8),
        .STEP(32),
        .SELECT_BITS(5),
        .WIDTH(128)
    ) pick (
        .vector_i(window[LAST*8-1:FIRST*8]),
        .select_i(beyond[6:2]),
        .slice_o(bytes_o)
    );
    logic unused;
    assign unused = clk_i ^ (^next_i);
  end

endmodule
