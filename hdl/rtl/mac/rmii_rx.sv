// RMII 1.2, receive side: the octets of frames out of two bits a clock.
//
// Contract:
// - clk_i is the reference clock, 50 MHz. At 10 Mb/s each pair of bits stands for ten clocks.
// - The speed is that of the frame: a preamble of 62 bits before the SFD takes 31 clocks or 310. RMII tells no
//   status, and there is no other way to know it without the management bus. Until the first frame: 100.
// - Once the carrier has gone, CRS_DV is low beside each nibble's first pair and high beside its second while
//   there are data left (section 5.2): the frame ends where it is low beside two pairs.
// - Outputs as rgmii_rx. status_o: a link, since this clock runs; full duplex, since nothing else is served.
module rmii_rx (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic [1:0] rxd_i,
    input  logic       crs_dv_i,
    input  logic       rx_er_i,
    output logic       valid_o,
    output logic [7:0] data_o,
    output logic       end_o,
    output logic       dribble_o,
    output logic       code_o,
    output logic       false_o,
    output logic [3:0] status_o
);
  localparam logic [5:0] LEAST = 6'd4;   // clocks of preamble, before an SFD is one
  localparam logic [5:0] MANY = 6'd63;   // more than 100 Mb/s has
  localparam logic [3:0] CLOCKS_10 = 4'd10;

  logic [1:0] rxd_q;
  logic dv_q, er_q;
  always_ff @(posedge clk_i) begin
    rxd_q <= rxd_i;
    dv_q <= crs_dv_i;
    er_q <= rx_er_i;
  end

  // ---- the SFD: the first 11 behind the preamble's 01
  logic frame_q, carrier_q, slow_q, sfd;
  logic [5:0] preamble_q;
  assign sfd = !frame_q && dv_q && rxd_q == 2'b11 && preamble_q >= LEAST;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || frame_q || !dv_q || rxd_q != 2'b01) preamble_q <= '0;
    else if (preamble_q != MANY) preamble_q <= preamble_q + 6'd1;
    if (!rst_ni) slow_q <= 1'b0;
    else if (sfd) slow_q <= preamble_q == MANY;
  end

  // ---- pairs, each in the middle of its time
  logic sample;
  logic [3:0] wait_q;
  assign sample = frame_q && wait_q == '0;
  always_ff @(posedge clk_i) begin
    if (sfd) wait_q <= (preamble_q == MANY) ? CLOCKS_10 + CLOCKS_10 / 4'd2 - 4'd1 : 4'd0;
    else if (sample) wait_q <= slow_q ? CLOCKS_10 - 4'd1 : 4'd0;
    else wait_q <= wait_q - 4'd1;
  end

  // A pair counts when CRS_DV is high beside it or beside the next.
  logic [1:0] pair_q, at_q;
  logic pair_dv_q, held_q, ends;  // held: pair_q is one of this frame
  logic [5:0] before_q;           // the octet's pairs before pair_q
  assign ends = sample && held_q && !pair_dv_q && !dv_q;
  always_ff @(posedge clk_i) begin
    if (sample) begin
      pair_q <= rxd_q;
      pair_dv_q <= dv_q;
      if (held_q) before_q <= {pair_q, before_q[5:2]};
    end
    data_o <= {pair_q, before_q};
    dribble_o <= at_q != '0;
    code_o <= frame_q && (code_o || er_q);
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      frame_q <= 1'b0;
      carrier_q <= 1'b0;
      held_q <= 1'b0;
      at_q <= '0;
      valid_o <= 1'b0;
      end_o <= 1'b0;
      false_o <= 1'b0;
    end else begin
      frame_q <= sfd || (frame_q && !ends);
      carrier_q <= dv_q && !frame_q && !ends;
      if (!frame_q) {held_q, at_q} <= '0;
      else if (sample) begin
        held_q <= 1'b1;
        if (held_q) at_q <= at_q + 2'd1;
      end
      valid_o <= sample && held_q && !ends && (&at_q);
      end_o <= ends;
      false_o <= carrier_q && !dv_q && !frame_q;
    end
  end
  assign status_o = {1'b1, slow_q ? mac_pkg::SPEED_10 : mac_pkg::SPEED_100, 1'b1};

endmodule
