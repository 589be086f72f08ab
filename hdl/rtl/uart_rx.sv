// Octets from an asynchronous line: one start bit, eight data bits from the least significant on, one
// stop bit, no parity.
//
// Contract:
// - rx_i belongs to no clock. Two flip-flops take it into ours; of three samples in a row two decide.
// - A bit lasts 65536 / STEP clocks, at least four. Each octet's bits are counted from its own start edge
//   and read in their middle: the peer's clock may be off by 4 %.
// - valid_o for one clock with data_o. error_o for one clock where the stop bit is missing: nothing of
//   the octet is told, and the next start bit has to follow a line that was high.
// - tick_o once a bit time. idle_o: no octet is on its way, or told.
module uart_rx #(
    parameter int STEP = 1573  // 65536 times the baud rate over the clock's: 3 Mbaud at 125 MHz
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       rx_i,
    output logic       valid_o,
    output logic [7:0] data_o,
    output logic       error_o,
    output logic       tick_o,
    output logic       idle_o
);
  if (STEP < 1 || STEP > 16384) begin : g_step
    $error("uart_rx: a bit lasts four clocks at least");
  end
  localparam logic [15:0] MIDDLE = 16'h8000;  // half a bit before the next tick

  logic [1:0] sync_q;
  logic [2:0] taps_q;
  logic line_q;
  always_ff @(posedge clk_i) begin
    sync_q <= {sync_q[0], rx_i};
    taps_q <= {taps_q[1:0], sync_q[1]};
    line_q <= (taps_q[0] && taps_q[1]) || (taps_q[1] && taps_q[2]) || (taps_q[0] && taps_q[2]);
  end

  logic busy_q, armed_q;  // armed: the line was high behind the last octet
  logic [3:0] bit_q;      // 0: the start bit
  logic [15:0] phase_q;
  logic [16:0] phase;
  logic tick, starts;
  assign phase = {1'b0, phase_q} + 17'(STEP);
  assign tick = phase[16];
  assign starts = !busy_q && armed_q && !line_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      armed_q <= 1'b0;
      phase_q <= '0;
      bit_q <= '0;
      valid_o <= 1'b0;
      error_o <= 1'b0;
    end else begin
      phase_q <= starts ? MIDDLE : phase[15:0];
      if (starts) armed_q <= 1'b0;
      else if (line_q && (!busy_q || (tick && bit_q == 4'd9))) armed_q <= 1'b1;
      valid_o <= 1'b0;
      error_o <= 1'b0;
      if (starts) begin
        busy_q <= 1'b1;
        bit_q <= '0;
      end else if (busy_q && tick) begin
        bit_q <= bit_q + 4'd1;
        // A start bit that is over before its middle was none.
        if (bit_q == 4'd0 && line_q) busy_q <= 1'b0;
        if (bit_q == 4'd9) begin
          busy_q <= 1'b0;
          valid_o <= line_q;
          error_o <= !line_q;
        end
      end
    end
  end
  // The stop bit is shifted in no more: data_o stays until the next octet.
  always_ff @(posedge clk_i) if (busy_q && tick && bit_q != 4'd9) data_o <= {line_q, data_o[7:1]};
  assign tick_o = tick;
  assign idle_o = !busy_q && !starts && !valid_o && !error_o;

endmodule
