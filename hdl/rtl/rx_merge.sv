// Merges the ports and the host's injected frames into the one pipeline, frame by frame, round
// robin. A frame that has begun is taken to its end; rx_port sees to it that this takes no pause.
// A frame begins one clock behind its source's offer at the latest, where nothing else keeps it.
// Frames begin APART clocks behind each other, or later: one that is shorter than Ethernet allows takes as
// long as the shortest that is allowed.
// ready_o says whose turn it is, whether it has a beat or not.
module rx_merge #(
    parameter int DATA_WIDTH = 64,
    parameter int SOURCES = 3,
    parameter int USER_BITS = 1,
    parameter int APART = 1,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic                          clk_i,
    input  logic                          rst_ni,
    input  logic                          hold_i,  // no new frame may begin
    input  logic [SOURCES-1:0]            valid_i,
    output logic [SOURCES-1:0]            ready_o,
    input  logic [SOURCES*DATA_WIDTH-1:0] data_i,
    input  logic [SOURCES*COUNT_BITS-1:0] count_i,
    input  logic [SOURCES-1:0]            last_i,
    input  logic [SOURCES*3-1:0]          verdict_i,
    input  logic [SOURCES*USER_BITS-1:0]  side_i,
    // registered
    output logic                          valid_o,
    output logic                          first_o,
    output logic [DATA_WIDTH-1:0]         data_o,
    output logic [COUNT_BITS-1:0]         count_o,
    output logic                          last_o,
    output logic [2:0]                    verdict_o,
    output logic [3:0]                    source_o,
    output logic [USER_BITS-1:0]          side_o
);
  // What is decided here goes back to all buffers in the same clock. So a flip-flop says whose turn it is, a bit for
  // each source, before that one has its beat: the turn goes on where it has none, or at its frame's end.
  logic [SOURCES-1:0] present_q;
  logic busy_q;  // its frame is under way
  logic [SOURCES*SOURCES-1:0] waits;  // behind it source i waits for source j: [i*SOURCES+j]
  logic [SOURCES-1:0] shown, chosen;  // the beat of its, if any; who is next
  assign shown = valid_i & present_q;
  // Behind source p its next comes first, and p itself last.
  function automatic logic [SOURCES*SOURCES-1:0] order_behind(input int p);
    for (int i = 0; i < SOURCES; i++) begin
      for (int j = 0; j < SOURCES; j++) begin
        order_behind[i*SOURCES+j] = (j + SOURCES - p - 1) % SOURCES < (i + SOURCES - p - 1) % SOURCES;
      end
    end
  endfunction
  logic [SOURCES*SOURCES*SOURCES-1:0] orders;
  for (genvar p = 0; p < SOURCES; p++) begin : g_order
    localparam logic [SOURCES*SOURCES-1:0] ORDER = order_behind(p);
    assign orders[p*SOURCES*SOURCES+:SOURCES*SOURCES] = ORDER;
  end
  always_comb begin
    waits = '0;
    for (int p = 0; p < SOURCES; p++) begin
      waits = waits | (orders[p*SOURCES*SOURCES+:SOURCES*SOURCES] & {SOURCES*SOURCES{present_q[p]}});
    end
    for (int i = 0; i < SOURCES; i++) begin
      chosen[i] = valid_i[i] && (valid_i & waits[i*SOURCES+:SOURCES]) == '0;
    end
  end

  logic go, ends, too_soon, may_go;
  assign may_go = busy_q || !(hold_i || too_soon);
  assign ready_o = present_q & {SOURCES{may_go}};
  assign go = shown != '0 && may_go;
  assign ends = (shown & last_i) != '0;
  if (APART > 1) begin : g_apart
    localparam int LEFT_BITS = $clog2(APART);
    logic [LEFT_BITS-1:0] left_q;  // clocks till the next may begin
    logic begins, soon_q;
    assign begins = go && !busy_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        left_q <= '0;
        soon_q <= 1'b0;
      end else begin
        if (begins) left_q <= LEFT_BITS'(APART - 1);
        else if (soon_q) left_q <= left_q - 1'b1;
        soon_q <= begins || left_q > LEFT_BITS'(1);
      end
    end
    assign too_soon = soon_q;
  end else begin : g_at_once
    assign too_soon = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      present_q <= SOURCES'(1);
      valid_o <= 1'b0;
    end else begin
      valid_o <= go;
      if (go) busy_q <= !ends;
      if ((shown == '0 || (go && ends)) && valid_i != '0) present_q <= chosen;
    end
  end

  // The beat is chosen without asking whether it may go: without `valid_o` nobody looks at it.
  logic [DATA_WIDTH-1:0] data;
  logic [COUNT_BITS-1:0] count;
  logic last;
  logic [2:0] verdict;
  logic [3:0] source;
  logic [USER_BITS-1:0] side;
  always_comb begin
    data = '0;
    count = '0;
    last = 1'b0;
    verdict = '0;
    source = '0;
    side = '0;
    for (int i = 0; i < SOURCES; i++) begin
      data = data | (data_i[i*DATA_WIDTH+:DATA_WIDTH] & {DATA_WIDTH{present_q[i]}});
      count = count | (count_i[i*COUNT_BITS+:COUNT_BITS] & {COUNT_BITS{present_q[i]}});
      last = last || (last_i[i] && present_q[i]);
      verdict = verdict | (verdict_i[i*3+:3] & {3{present_q[i]}});
      source = source | (4'(i) & {4{present_q[i]}});
      side = side | (side_i[i*USER_BITS+:USER_BITS] & {USER_BITS{present_q[i]}});
    end
  end
  always_ff @(posedge clk_i) begin
    first_o <= !busy_q;
    data_o <= data;
    count_o <= count;
    last_o <= last;
    verdict_o <= verdict;
    source_o <= source;
    side_o <= side;
  end

endmodule
