// The card's time on a board: microseconds since the reset, out of its clock.
//
// Contract: tick_o for one clock in CLOCK_KHZ / 1000, without error in the long run; time_us_o is one more
// from the next clock on.
module microseconds #(
    parameter int CLOCK_KHZ = 62500  // 2 MHz at least
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    output logic        tick_o,
    output logic [63:0] time_us_o
);
  if (CLOCK_KHZ < 2000 || CLOCK_KHZ > 1000000) begin : g_clock
    $error("microseconds: CLOCK_KHZ out of range");
  end
  localparam int BITS = $clog2(CLOCK_KHZ + 1000);

  // Each clock is 1000 of CLOCK_KHZ parts of a microsecond.
  logic [BITS-1:0] parts_q;
  logic over;
  assign over = parts_q >= BITS'(CLOCK_KHZ - 1000);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      parts_q <= '0;
      tick_o <= 1'b0;
    end else begin
      parts_q <= over ? parts_q - BITS'(CLOCK_KHZ - 1000) : parts_q + BITS'(1000);
      tick_o <= over;
    end
  end

  // The low half's carry is known long before it is needed, so that no addition is longer than 32 bits.
  logic full_q;
  always_ff @(posedge clk_i) begin
    full_q <= &time_us_o[31:0];
    if (!rst_ni) time_us_o <= '0;
    else if (tick_o) begin
      time_us_o[31:0] <= time_us_o[31:0] + 32'd1;
      if (full_q) time_us_o[63:32] <= time_us_o[63:32] + 32'd1;
    end
  end

endmodule
