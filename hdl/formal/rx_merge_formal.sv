// Proofs of rx_merge: what one source gives in a clock stands at the output in the next, and nothing else.
module rx_merge_formal #(
    parameter int DATA_WIDTH = 16,
    parameter int SOURCES = 3,
    parameter int USER_BITS = 2,
    parameter int APART = 1,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input logic                          clk_i,
    input logic                          rst_ni,
    input logic                          hold_i,
    input logic [SOURCES-1:0]            valid_i,
    input logic [SOURCES*DATA_WIDTH-1:0] data_i,
    input logic [SOURCES*COUNT_BITS-1:0] count_i,
    input logic [SOURCES-1:0]            last_i,
    input logic [SOURCES*3-1:0]          verdict_i,
    input logic [SOURCES*USER_BITS-1:0]  side_i
);
  logic [SOURCES-1:0] ready;
  logic valid, first, last;
  logic [DATA_WIDTH-1:0] data;
  logic [COUNT_BITS-1:0] count;
  logic [2:0] verdict;
  logic [3:0] source;
  logic [USER_BITS-1:0] side;
  rx_merge #(
      .DATA_WIDTH(DATA_WIDTH),
      .SOURCES(SOURCES),
      .USER_BITS(USER_BITS),
      .APART(APART)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .hold_i(hold_i),
      .valid_i(valid_i),
      .ready_o(ready),
      .data_i(data_i),
      .count_i(count_i),
      .last_i(last_i),
      .verdict_i(verdict_i),
      .side_i(side_i),
      .valid_o(valid),
      .first_o(first),
      .data_o(data),
      .count_o(count),
      .last_o(last),
      .verdict_o(verdict),
      .source_o(source),
      .side_o(side)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // ---- the frame under way, from each source
  logic [SOURCES-1:0] under_way_q, take;
  assign take = valid_i & ready;
  always @(posedge clk_i) begin
    for (int s = 0; s < SOURCES; s++) begin
      if (!rst_ni) under_way_q[s] <= 1'b0;
      else if (take[s]) under_way_q[s] <= !last_i[s];
    end
  end
  always @* begin
    for (int s = 0; s < SOURCES; s++) begin
      // Assumes: a frame that has begun to leave its buffer has a beat in every clock (rx_port).
      if (under_way_q[s]) assume (valid_i[s]);
      // Assumes: a beat that is offered stays until it is taken (rx_port, fragment_hold).
      if (left_q[s]) assume (valid_i[s]);
    end
  end
  logic [SOURCES-1:0] left_q;  // offered in the clock before, and not taken
  always @(posedge clk_i) left_q <= rst_ni ? valid_i & ~take : '0;

  // ---- how long ago the last frame began
  logic [3:0] ago_q;  // clocks, at most 15; a reset is long enough ago
  logic begins, soon;
  assign begins = (take & ~under_way_q) != '0;
  assign soon = ago_q < 4'(APART);
  always @(posedge clk_i) begin
    if (!rst_ni) ago_q <= '1;
    else if (begins) ago_q <= 4'd1;
    else if (ago_q != '1) ago_q <= ago_q + 1'b1;
  end

  // ---- how long any one source waits, in frames of others
  (* anyconst *) logic [1:0] any;
  logic waits;
  logic [2:0] overtaken_q;
  assign waits = valid_i[any] && !under_way_q[any];
  always @(posedge clk_i) begin
    if (!rst_ni || !waits || take[any]) overtaken_q <= '0;
    else if ((take & ~under_way_q) != '0) overtaken_q <= overtaken_q + 1'b1;
  end

  // ---- what was taken in the clock before
  logic taken_q, first_q;
  logic [3:0] source_q;
  logic [DATA_WIDTH-1:0] data_q;
  logic [COUNT_BITS-1:0] count_q;
  logic last_q;
  logic [2:0] verdict_q;
  logic [USER_BITS-1:0] side_q;
  logic inside_q;  // the output is within a frame
  always @(posedge clk_i) begin
    taken_q <= rst_ni && take != '0;
    inside_q <= rst_ni && (valid ? !last : inside_q);
    for (int s = 0; s < SOURCES; s++) begin
      if (take[s]) begin
        source_q <= 4'(s);
        first_q <= !under_way_q[s];
        data_q <= data_i[s*DATA_WIDTH+:DATA_WIDTH];
        count_q <= count_i[s*COUNT_BITS+:COUNT_BITS];
        last_q <= last_i[s];
        verdict_q <= verdict_i[s*3+:3];
        side_q <= side_i[s*USER_BITS+:USER_BITS];
      end
    end
  end

  always @* begin
    assume (any < SOURCES);
    if (begun_q) begin
      // Proves: no loss, no duplicate: a beat stands at the output in just those clocks that follow one in which a source's beat was taken (after a reset: none), and it is that beat, with the number of its source.
      assert (valid == taken_q);
      if (valid) assert ({source, data, count, last, verdict, side} == {source_q, data_q, count_q, last_q, verdict_q, side_q});
      // Proves: `first` stands on a frame's first beat and on no other.
      if (valid) assert (first == first_q);
    end
    if (begun_q && rst_ni) begin
      // Proves: at most one source is taken from in a clock.
      assert ((ready & (ready - 1'b1)) == '0);
      // Proves: frames are never mixed: while a frame of one source is under way, it alone is taken, in every clock; so the output has no gap within a frame.
      assert ((under_way_q & (under_way_q - 1'b1)) == '0);
      if (under_way_q != '0) assert (take == under_way_q);
      if (inside_q) assert (valid && !first);
      // Proves: while held, or less than APART clocks behind the beginning of another, no frame begins; while not, and while none is under way, a frame begins at the latest in the clock behind one in which a source had one.
      if (hold_i || soon) assert (!begins);
      if (!hold_i && !soon && left_q != '0) assert (take != '0);
      // Proves: a source that waits is passed by at most one frame of each other source.
      assert (overtaken_q < SOURCES);
    end
    // Reaches: a source that was passed by all the others.
    cover (begun_q && rst_ni && overtaken_q == SOURCES - 1 && take[any]);
    // Reaches: frames of several beats from two sources, one straight behind the other.
    cover (begun_q && rst_ni && valid && last && !first && take != '0 && under_way_q == '0 && !ready[source]);
    // Reaches: a frame under way while new ones are held.
    cover (begun_q && rst_ni && hold_i && take != '0);
    // Reaches: a frame that begins at the first clock in which it may.
    cover (begun_q && rst_ni && begins && ago_q == 4'(APART));
  end
endmodule
