// Proofs of header_line: every beat that goes in stands at each position in turn and comes out.
module header_line_formal #(
    parameter int DATA_WIDTH = 16,
    parameter int POSITIONS = 5,
    parameter int HIDDEN = 0,
    parameter int SHOWN = 0,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  valid_i,
    input logic                  first_i,
    input logic [DATA_WIDTH-1:0] data_i,
    input logic [COUNT_BITS-1:0] count_i,
    input logic                  last_i,
    input logic [2:0]            verdict_i
);
  logic [POSITIONS*DATA_WIDTH-1:0] line;
  logic [POSITIONS-1:0] first;
  logic [POSITIONS-1:0] lasts, mark;
  logic [POSITIONS*COUNT_BITS-1:0] counts;
  logic valid, last;
  logic [COUNT_BITS-1:0] count;
  assign last = lasts[POSITIONS-1];
  assign count = counts[(POSITIONS-1)*COUNT_BITS+:COUNT_BITS];
  logic [2:0] verdict;
  logic [15:0] length;
  header_line #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .HIDDEN(HIDDEN),
      .SHOWN(SHOWN)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(valid_i),
      .first_i(first_i),
      .data_i(data_i),
      .count_i(count_i),
      .last_i(last_i),
      .verdict_i(verdict_i),
      .data_o(line),
      .first_o(first),
      .last_o(lasts),
      .count_o(counts),
      .mark_o(mark),
      .valid_o(valid),
      .verdict_o(verdict),
      .length_o(length)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // Assumes: `first` stands on a frame's first beat and on no other, and frames have no gaps (rx_merge).
  logic inside_q;
  always @(posedge clk_i) inside_q <= rst_ni && (valid_i ? !last_i : inside_q);
  always @* begin
    if (valid_i) assume (first_i == !inside_q);
    if (inside_q) assume (valid_i);
  end

  // ---- what went in, as many clocks ago as there are positions
  localparam int FLAGS = 3 + 1 + COUNT_BITS;
  localparam int ENTRY = FLAGS + 1 + DATA_WIDTH;
  logic [POSITIONS*ENTRY-1:0] past_q;
  logic [POSITIONS-1:0] valid_q;
  always @(posedge clk_i) begin
    past_q <= {past_q[(POSITIONS-1)*ENTRY-1:0], verdict_i, last_i, count_i, first_i, data_i};
    valid_q <= rst_ni ? {valid_q[POSITIONS-2:0], valid_i} : '0;
  end

  logic [15:0] length_q;  // of the frame at the output, up to the beat before
  always @(posedge clk_i) if (valid) length_q <= length;

  always @* begin
    if (begun_q) begin
      for (int p = 0; p < POSITIONS; p++) begin
        // Proves: the beat that went in p + 1 clocks ago stands at position p, as it was where data is shown, with `first`, `last`, count and the mark of a gap; after one clock of reset from any state there is none.
        assert (first[p] == (valid_q[p] && past_q[p*ENTRY+DATA_WIDTH]));
        assert (lasts[p] == (valid_q[p] && past_q[p*ENTRY+DATA_WIDTH+1+COUNT_BITS]));
        if (valid_q[p]) begin
          if (p < HIDDEN || p >= SHOWN) assert (line[p*DATA_WIDTH+:DATA_WIDTH] == past_q[p*ENTRY+:DATA_WIDTH]);
          assert (counts[p*COUNT_BITS+:COUNT_BITS] == past_q[p*ENTRY+DATA_WIDTH+1+:COUNT_BITS]);
          assert (mark[p] == (past_q[p*ENTRY+DATA_WIDTH+2+COUNT_BITS+:3] == linecard_pkg::RX_UNDERRUN));
        end
      end
      // Proves: it comes out of the last position, once, with its count, last and verdict, and the bytes of its frame up to and with it.
      assert (valid == valid_q[POSITIONS-1]);
      if (valid) begin
        assert ({verdict, last, count} == past_q[(POSITIONS-1)*ENTRY+DATA_WIDTH+1+:FLAGS]);
        assert (length == (first[POSITIONS-1] ? 16'd0 : length_q) + 16'(count) + 16'd1);
      end
    end
    // Reaches: a frame of three beats followed by another without a gap.
    cover (valid && last && length == 16'd6 && first[POSITIONS-2]);
  end
endmodule
