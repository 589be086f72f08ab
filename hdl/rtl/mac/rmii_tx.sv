// RMII 1.2, transmit side: octets as pairs of bits, low ones first.
//
// Contract:
// - clk_i is the reference clock, 50 MHz. A pair stands for one clock at 100 Mb/s, for ten at 10 (section 5.3).
// - step_o asks for the next octet, which stands from the next clock on. speed_i changes with a step.
module rmii_tx (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic [1:0] speed_i,
    output logic       step_o,
    input  logic       en_i,
    input  logic [7:0] octet_i,
    output logic [1:0] txd_o,
    output logic       tx_en_o
);
  localparam logic [3:0] CLOCKS_10 = 4'd10;

  logic [3:0] clock_q;  // of the pair
  logic [1:0] at_q;
  logic pair_ends;
  assign pair_ends = speed_i != mac_pkg::SPEED_10 || clock_q == CLOCKS_10 - 4'd1;
  assign step_o = pair_ends && (&at_q);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clock_q <= '0;
      at_q <= '0;
    end else begin
      clock_q <= pair_ends ? '0 : clock_q + 4'd1;
      if (pair_ends) at_q <= at_q + 2'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    case (at_q)
      2'd0: txd_o <= octet_i[1:0];
      2'd1: txd_o <= octet_i[3:2];
      2'd2: txd_o <= octet_i[5:4];
      default: txd_o <= octet_i[7:6];
    endcase
    tx_en_o <= en_i;
  end

endmodule
