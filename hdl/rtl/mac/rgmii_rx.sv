// RGMII 2.0, receive side, behind the DDR inputs: the octets of frames, and the status of the line.
//
// Contract:
// - clk_i is the PHY's: 125, 25 or 2.5 MHz. At 1000 Mb/s an octet comes each clock, low nibble at the rising
//   edge; else a nibble each clock, low one first, again at the falling edge (section 3.3).
// - rx_ctl is the frame's presence at the rising edge, and that XOR error at the falling one (section 3.4).
// - valid_o with each octet behind the SFD, which is looked for anywhere in the carrier. Behind the last,
//   end_o, with dribble_o where a nibble was left over and code_o where the PHY has reported an error.
//   false_o: a carrier has ended without an SFD. Not two of these in one clock.
// - status_o is {full duplex, speed, link} of the in-band status (section 3.4.1): the nibble while rx_ctl is
//   low at both edges, when it has been the same at three clocks.
module rgmii_rx (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic [3:0] rxd_rise_i,
    input  logic [3:0] rxd_fall_i,
    input  logic       ctl_rise_i,
    input  logic       ctl_fall_i,
    output logic       valid_o,
    output logic [7:0] data_o,
    output logic       end_o,
    output logic       dribble_o,
    output logic       code_o,
    output logic       false_o,
    output logic [3:0] status_o
);
  logic [3:0] rise_q, fall_q, nibble_q;
  logic dv_q, er_q;
  always_ff @(posedge clk_i) begin
    rise_q <= rxd_rise_i;
    fall_q <= rxd_fall_i;
    dv_q <= ctl_rise_i;
    er_q <= ctl_rise_i ^ ctl_fall_i;
    nibble_q <= rise_q;
  end

  // ---- status
  logic [1:0] same_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      same_q <= '0;
      status_o <= '0;
    end else if (dv_q || er_q || rise_q != nibble_q) begin
      same_q <= '0;
    end else begin
      same_q <= {same_q[0], 1'b1};
      if (same_q[1]) status_o <= rise_q;
    end
  end

  // ---- octets
  logic gigabit, carrier_q, frame_q, half_q;
  logic [7:0] octet;
  assign gigabit = status_o[2:1] == mac_pkg::SPEED_1000;
  assign octet = gigabit ? {fall_q, rise_q} : {rise_q, nibble_q};
  always_ff @(posedge clk_i) begin
    data_o <= octet;
    dribble_o <= half_q;
    if (dv_q) code_o <= er_q || (code_o && carrier_q);
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      carrier_q <= 1'b0;
      frame_q <= 1'b0;
      half_q <= 1'b0;
      valid_o <= 1'b0;
      end_o <= 1'b0;
      false_o <= 1'b0;
    end else begin
      carrier_q <= dv_q;
      frame_q <= dv_q && (frame_q || octet == mac_pkg::SFD);
      half_q <= dv_q && frame_q && !gigabit && !half_q;
      valid_o <= dv_q && frame_q && (gigabit || half_q);
      end_o <= !dv_q && frame_q;
      false_o <= !dv_q && carrier_q && !frame_q;
    end
  end

endmodule
