// Merges the ports and the host's injected frames into the one pipeline, frame by frame, round
// robin. A frame that has begun is taken to its end; rx_port sees to it that this takes no pause.
// Frames begin APART clocks behind each other, or later: one that is shorter than Ethernet allows takes as
// long as the shortest that is allowed.
module rx_merge #(
    parameter int DATA_WIDTH = 64,
    parameter int SOURCES = 3,
    parameter int USER_BITS = 1,
    parameter int APART = 1,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int INDEX_BITS = $clog2(SOURCES)
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
  logic busy_q;                       // a frame is under way
  logic [INDEX_BITS-1:0] present_q;   // from this source
  logic [INDEX_BITS-1:0] chosen;
  logic [SOURCES-1:0] masked;         // sources behind the one served last

  always_comb begin
    for (int i = 0; i < SOURCES; i++) masked[i] = valid_i[i] && (INDEX_BITS'(i) > present_q);
    chosen = present_q;
    if (!busy_q) begin
      for (int i = SOURCES - 1; i >= 0; i--) if (valid_i[i]) chosen = INDEX_BITS'(i);
      for (int i = SOURCES - 1; i >= 0; i--) if (masked[i]) chosen = INDEX_BITS'(i);
    end
  end

  logic go, too_soon;
  assign go = valid_i[chosen] && (busy_q || !(hold_i || too_soon));
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

  always_comb begin
    ready_o = '0;
    ready_o[chosen] = go;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      present_q <= '0;
      valid_o <= 1'b0;
    end else begin
      valid_o <= go;
      if (go) begin
        busy_q <= !last_i[chosen];
        present_q <= chosen;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (go) begin
      first_o <= !busy_q;
      data_o <= data_i[chosen*DATA_WIDTH+:DATA_WIDTH];
      count_o <= count_i[chosen*COUNT_BITS+:COUNT_BITS];
      last_o <= last_i[chosen];
      verdict_o <= verdict_i[chosen*3+:3];
      source_o <= 4'(chosen);
      side_o <= side_i[chosen*USER_BITS+:USER_BITS];
    end
  end

endmodule
