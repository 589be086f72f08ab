// What an event counts in, one count after another, where frames are far enough apart for it: the ends of
// any k + 1 frames take more than k * TURNS clocks, since frames begin TURNS clocks behind each other (rx_merge).
// So at most one event waits while another is counted.
//
// Contract: each event stands at the output for TURNS clocks, turn_o from 0 on, with what stood beside it;
// the last of them at most 2 * TURNS clocks behind valid_i. TURNS = 1: at once, in the same clock.
module counter_turns #(
    parameter int TURNS = 8,
    parameter int BITS = 48,
    localparam int TURN_BITS = (TURNS > 1) ? $clog2(TURNS) : 1
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 valid_i,
    input  logic [BITS-1:0]      data_i,
    output logic                 valid_o,
    output logic [BITS-1:0]      data_o,
    output logic [TURN_BITS-1:0] turn_o
);
  if (TURNS > 1) begin : g_in_turn
    localparam int WAITING = 4;  // as many as a LUT RAM has at no more cost would be 16; two are needed
    localparam int PTR_BITS = $clog2(WAITING);
    logic [BITS-1:0] waiting[0:WAITING-1];
    logic [PTR_BITS-1:0] write_q, read_q;
    logic last;
    assign valid_o = write_q != read_q;
    assign data_o = waiting[read_q];
    assign last = turn_o == TURN_BITS'(TURNS - 1);
    always_ff @(posedge clk_i) begin
      if (valid_i) waiting[write_q] <= data_i;
    end
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        write_q <= '0;
        read_q <= '0;
        turn_o <= '0;
      end else begin
        if (valid_i) write_q <= write_q + 1'b1;
        if (valid_o) turn_o <= last ? '0 : turn_o + 1'b1;
        if (valid_o && last) read_q <= read_q + 1'b1;
      end
    end
  end else begin : g_at_once
    logic unused_clock;
    assign unused_clock = clk_i ^ rst_ni;
    assign valid_o = valid_i;
    assign data_o = data_i;
    assign turn_o = '0;
  end
endmodule
