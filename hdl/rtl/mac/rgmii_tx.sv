// RGMII 2.0, transmit side, before the DDR outputs: octets as nibbles, and the transmit clock.
//
// Contract:
// - clk_i is 125 MHz. The transmit clock has 125, 25 or 2.5 MHz by speed_i, each period with as much high as
//   low, rising where data change: its delay is the PHY's or the board's.
// - step_o asks for the next octet, which stands from the next clock on. At 1000 Mb/s each clock, the low
//   nibble at the rising edge; else a nibble each period of the transmit clock, at both of its edges, low
//   nibble first (section 3.3). speed_i changes with a step, between frames, and the clock behind that still has
//   the old speed's.
// - tx_ctl is the frame's presence at both edges: what we send has no coding errors.
module rgmii_tx (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic [1:0] speed_i,
    output logic       step_o,
    input  logic       en_i,
    input  logic [7:0] octet_i,
    output logic [3:0] txd_rise_o,
    output logic [3:0] txd_fall_o,
    output logic       tx_ctl_rise_o,
    output logic       tx_ctl_fall_o,
    output logic       txc_rise_o,
    output logic       txc_fall_o
);
  // 25 MHz are five clocks, 2.5 MHz ten times five.
  logic gigabit, fast, high_q, five_ends, nibble_ends;
  logic [2:0] five_q;
  logic [3:0] ten_q;
  assign gigabit = speed_i == mac_pkg::SPEED_1000;
  assign fast = speed_i != mac_pkg::SPEED_10;
  assign five_ends = five_q == 3'd4;
  assign nibble_ends = gigabit || (five_ends && (fast || ten_q == 4'd9));
  // The next clock's, so that what waits for a step does not wait for this as well.
  logic [2:0] five_next;
  logic [3:0] ten_next;
  logic high_next;
  assign five_next = (gigabit || five_ends) ? '0 : five_q + 3'd1;
  assign ten_next = !five_ends ? ten_q : nibble_ends ? '0 : ten_q + 4'd1;
  assign high_next = !gigabit && (high_q ^ nibble_ends);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      five_q <= '0;
      ten_q <= '0;
      high_q <= 1'b0;
      step_o <= 1'b0;
    end else begin
      five_q <= five_next;
      ten_q <= ten_next;
      high_q <= high_next;
      step_o <= gigabit || (five_next == 3'd4 && (fast || ten_next == 4'd9) && high_next);
    end
  end

  logic txc_rise, txc_fall;
  always_comb begin
    if (gigabit) {txc_rise, txc_fall} = 2'b10;
    else if (fast) {txc_rise, txc_fall} = {five_q < 3'd3, five_q < 3'd2};  // two and a half clocks each
    else {txc_rise, txc_fall} = {2{ten_q < 4'd5}};
  end
  logic [3:0] nibble;
  assign nibble = high_q ? octet_i[7:4] : octet_i[3:0];
  always_ff @(posedge clk_i) begin
    txd_rise_o <= nibble;
    txd_fall_o <= gigabit ? octet_i[7:4] : nibble;
    tx_ctl_rise_o <= en_i;
    tx_ctl_fall_o <= en_i;
    txc_rise_o <= txc_rise;
    txc_fall_o <= txc_fall;
  end

endmodule
