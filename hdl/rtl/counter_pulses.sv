// Counters of a few signals that may all come at once: flip-flops, and a copy that is collected. What
// counter_bank is for events that come one at a time; the same contract otherwise, change_i being the
// clock before active_i changes there, and a count half full is told a clock later.
module counter_pulses #(
    parameter int ENTRIES = 3,
    parameter int BITS = 13,
    localparam int INDEX_BITS = (ENTRIES > 1) ? $clog2(ENTRIES) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  change_i,
    input  logic [ENTRIES-1:0]    pulse_i,
    output logic                  high_o,
    input  logic                  collect_select_i,
    input  logic [INDEX_BITS-1:0] collect_index_i,
    output logic [BITS-1:0]       collect_data_o  // of two clocks before; 0 without collect_select_i
);
  // Pulses and change are counted a clock later, both: ports find out late that a frame is lost.
  logic change_q;
  logic [ENTRIES-1:0] pulse_q;
  always_ff @(posedge clk_i) begin
    change_q <= rst_ni && change_i;
    pulse_q <= rst_ni ? pulse_i : '0;
  end

  logic [ENTRIES*BITS-1:0] count_q, count_d, held_q;
  logic [ENTRIES-1:0] high;
  always_comb begin
    for (int i = 0; i < ENTRIES; i++) begin
      count_d[i*BITS+:BITS] = count_q[i*BITS+:BITS] + BITS'(pulse_q[i]);
      high[i] = count_q[i*BITS+BITS-1];
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= '0;
      held_q <= '0;
      high_o <= 1'b0;
    end else begin
      count_q <= change_q ? '0 : count_d;
      if (change_q) held_q <= count_d;
      high_o <= high != '0 && !change_q;
    end
  end

  logic [BITS-1:0] data_q;
  always_ff @(posedge clk_i) begin
    data_q <= '0;
    for (int i = 0; i < ENTRIES; i++) begin
      if (collect_select_i && collect_index_i == INDEX_BITS'(i)) data_q <= held_q[i*BITS+:BITS];
    end
    collect_data_o <= data_q;
  end

endmodule
