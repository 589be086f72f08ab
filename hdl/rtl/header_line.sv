// The header line: a shift register of beats that every stage looks at. Position 0 is the beat that
// came last. Nothing ever waits: what stands at position p now stands at p + 1 in the next clock.
//
// Data from position HIDDEN to SHOWN - 1 nobody looks at: where these are many they stand in RAM instead of
// flip-flops, and read as 0.
module header_line #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    parameter int HIDDEN = 0,
    parameter int SHOWN = HIDDEN,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  logic                            valid_i,
    input  logic                            first_i,
    input  logic [DATA_WIDTH-1:0]           data_i,
    input  logic [COUNT_BITS-1:0]           count_i,
    input  logic                            last_i,
    input  logic [2:0]                      verdict_i,
    output logic [POSITIONS*DATA_WIDTH-1:0] data_o,   // position p at [p*DATA_WIDTH]
    output logic [POSITIONS-1:0]            first_o,  // a frame's first beat stands there
    output logic [POSITIONS-1:0]            last_o,   // its last beat does,
    output logic [POSITIONS*COUNT_BITS-1:0] count_o,  // with so many bytes, less one
    output logic [POSITIONS-1:0]            mark_o,   // the last of which marks a gap
    // the last position
    output logic                            valid_o,
    output logic [2:0]                      verdict_o,
    output logic [15:0]                     length_o  // bytes of the frame up to and with this beat
);
  localparam int END = POSITIONS - 1;
  localparam int FLAG_BITS = 3 + 1 + COUNT_BITS;
  // A LUT RAM has 16 rows. One that holds ROWS positions has a register behind it, which is one more.
  localparam int LUT_RAM = 16;
  localparam int RAMS = (SHOWN - HIDDEN) / LUT_RAM + (((SHOWN - HIDDEN) % LUT_RAM > LUT_RAM / 2) ? 1 : 0);
  localparam int ROWS = (RAMS == 0) ? 0 : ((SHOWN - HIDDEN + 1) / RAMS > LUT_RAM) ? LUT_RAM :
                        (SHOWN - HIDDEN + 1) / RAMS - 1;

  logic [POSITIONS*FLAG_BITS-1:0] flags_q;
  logic [POSITIONS-1:0] valid_q, first_q;
  logic [15:0] length_q;

  if (RAMS > 0) begin : g_ram
    localparam int BEFORE = SHOWN + 1 - RAMS * (ROWS + 1);  // positions in front
    localparam int BEHIND = POSITIONS - SHOWN;  // and behind, the last RAM's register among them
    localparam int ROW_BITS = $clog2(ROWS);
    if (BEFORE < 1) begin : g_all_hidden
      $error("header_line: position 0 is shown");
    end
    logic [ROW_BITS-1:0] row_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni || row_q == ROW_BITS'(ROWS - 1)) row_q <= '0;
      else row_q <= row_q + 1'b1;
    end
    logic [BEFORE*DATA_WIDTH-1:0] before_q;
    logic [BEHIND*DATA_WIDTH-1:0] behind_q;
    assign data_o = {behind_q, {((SHOWN - BEFORE) * DATA_WIDTH) {1'b0}}, before_q};
    always_ff @(posedge clk_i) before_q <= (BEFORE * DATA_WIDTH)'({before_q, data_i});
    for (genvar r = 0; r < RAMS; r++) begin : g_part
      logic [DATA_WIDTH-1:0] ram[0:ROWS-1];
      logic [DATA_WIDTH-1:0] in, out;
      if (r == 0) begin : g_first
        assign in = before_q[(BEFORE-1)*DATA_WIDTH+:DATA_WIDTH];
      end else begin : g_next
        logic [DATA_WIDTH-1:0] in_q;
        always_ff @(posedge clk_i) in_q <= g_part[r-1].out;
        assign in = in_q;
      end
      always_ff @(posedge clk_i) ram[row_q] <= in;
      assign out = ram[row_q];
    end
    always_ff @(posedge clk_i) behind_q <= (BEHIND * DATA_WIDTH)'({behind_q, g_part[RAMS-1].out});
  end else begin : g_flip_flops
    logic [POSITIONS*DATA_WIDTH-1:0] data_q;
    always_ff @(posedge clk_i) data_q <= {data_q[END*DATA_WIDTH-1:0], data_i};
    assign data_o = data_q;
  end

  always_ff @(posedge clk_i) begin
    flags_q <= {flags_q[END*FLAG_BITS-1:0], {verdict_i, last_i, count_i}};
    // Added up on the way into the last position, so that nobody behind has to.
    if (valid_q[END-1]) begin
      length_q <= (first_q[END-1] ? 16'd0 : length_q) + 16'(flags_q[(END-1)*FLAG_BITS+:COUNT_BITS]) + 16'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      first_q <= '0;
    end else begin
      valid_q <= {valid_q[END-1:0], valid_i};
      first_q <= {first_q[END-1:0], valid_i && first_i};
    end
  end

  assign first_o = first_q;
  assign valid_o = valid_q[END];
  assign verdict_o = flags_q[END*FLAG_BITS+COUNT_BITS+1+:3];
  for (genvar p = 0; p < POSITIONS; p++) begin : g_flags
    assign last_o[p] = flags_q[p*FLAG_BITS+COUNT_BITS] && valid_q[p];
    assign count_o[p*COUNT_BITS+:COUNT_BITS] = flags_q[p*FLAG_BITS+:COUNT_BITS];
    assign mark_o[p] = flags_q[p*FLAG_BITS+COUNT_BITS+1+:3] == linecard_pkg::RX_UNDERRUN;
  end
  assign length_o = length_q;

endmodule
