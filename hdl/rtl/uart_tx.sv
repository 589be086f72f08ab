// Octets onto an asynchronous line; the other end of uart_rx.
//
// Contract: an octet is taken when valid_i and ready_o meet, at the end of a bit time; its ten bits, of
// 65536 / STEP clocks each on the average, begin at once. The line is high when nothing is sent.
module uart_tx #(
    parameter int STEP = 1573  // as in uart_rx
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       valid_i,
    output logic       ready_o,
    input  logic [7:0] data_i,
    output logic       tx_o,
    output logic       idle_o
);
  logic [8:0] bits_q;
  logic [3:0] left_q;  // bits to come, this one too
  logic [15:0] phase_q;
  logic tick_q;
  logic last;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) {tick_q, phase_q} <= '0;
    else {tick_q, phase_q} <= {1'b0, phase_q} + 17'(STEP);
  end

  assign last = left_q[3:1] == '0;
  assign ready_o = tick_q && last;
  assign idle_o = left_q == '0;
  assign tx_o = bits_q[0];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      bits_q <= '1;
      left_q <= '0;
    end else if (tick_q) begin
      bits_q <= (last && valid_i) ? {data_i, 1'b0} : {1'b1, bits_q[8:1]};
      if (last) left_q <= valid_i ? 4'd10 : 4'd0;
      else left_q <= left_q - 4'd1;
    end
  end

endmodule
