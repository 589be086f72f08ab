// Pins, clocks and primitives of a ULX3S with two RMII modules; all else is board_core.
// Port 0 is the module on J1, port 1 that on J2: bits 1:0 and 3:2 of what has two bits a port.
module fpga (
    input  logic       clk25_i,
    output logic [2:0] led_o,
    output logic       wifi_off_no,
    input  logic       uart_rx_i,
    output logic       uart_tx_o,
    input  logic [1:0] rmii_ref_clk_i,
    input  logic [3:0] rmii_rxd_i,
    input  logic [1:0] rmii_crs_dv_i,
    output logic [3:0] rmii_txd_o,
    output logic [1:0] rmii_tx_en_o
);
  logic clk_125, clk_core, locked;
  // The ESP32 shares pins of J1.
  assign wifi_off_no = 1'b0;

  // 25 MHz * 25 = 625 MHz; / 10: 62.5 MHz for the card; / 5: 125 MHz, only fed back. As `ecppll -i 25 -o 125
  // --clkout1 62.5` has it, with its settings of the loop filter.
  (* ICP_CURRENT = "12" *) (* LPF_RESISTOR = "8" *) (* MFG_ENABLE_FILTEROPAMP = "1" *)
  (* MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
      .CLKI_DIV(1),
      .CLKFB_DIV(5),
      .FEEDBK_PATH("CLKOP"),
      .CLKOP_ENABLE("ENABLED"),
      .CLKOP_DIV(5),
      .CLKOP_CPHASE(2),
      .CLKOP_FPHASE(0),
      .CLKOS_ENABLE("ENABLED"),
      .CLKOS_DIV(10),
      .CLKOS_CPHASE(2),
      .CLKOS_FPHASE(0),
      .PLLRST_ENA("DISABLED"),
      .INTFB_WAKE("DISABLED"),
      .STDBY_ENABLE("DISABLED"),
      .DPHASE_SOURCE("DISABLED"),
      .OUTDIVIDER_MUXA("DIVA"),
      .OUTDIVIDER_MUXB("DIVB"),
      .OUTDIVIDER_MUXC("DIVC"),
      .OUTDIVIDER_MUXD("DIVD")
  ) pll (
      .CLKI(clk25_i),
      .CLKFB(clk_125),
      .CLKOP(clk_125),
      .CLKOS(clk_core),
      .CLKOS2(),
      .CLKOS3(),
      .LOCK(locked),
      .INTLOCK(),
      .REFCLK(),
      .CLKINTFB(),
      .RST(1'b0),
      .STDBY(1'b0),
      .PLLWAKESYNC(1'b0),
      .ENCLKOP(1'b0),
      .ENCLKOS(1'b0),
      .ENCLKOS2(1'b0),
      .ENCLKOS3(1'b0),
      .PHASESEL1(1'b0),
      .PHASESEL0(1'b0),
      .PHASEDIR(1'b1),
      .PHASESTEP(1'b1),
      .PHASELOADREG(1'b1)
  );

  // Its parameters are those of board.yaml and of the configuration. The modules do not bring RX_ER out.
  board_core core (
      .clk_i(clk_core),
      .rst_ni(locked),
      .clk125_i(clk_125),
      .rgmii_rx_clk_i('0),
      .rgmii_rxd_rise_i('0),
      .rgmii_rxd_fall_i('0),
      .rgmii_rx_ctl_rise_i('0),
      .rgmii_rx_ctl_fall_i('0),
      .rgmii_txd_rise_o(),
      .rgmii_txd_fall_o(),
      .rgmii_tx_ctl_rise_o(),
      .rgmii_tx_ctl_fall_o(),
      .rgmii_txc_rise_o(),
      .rgmii_txc_fall_o(),
      .rmii_ref_clk_i(rmii_ref_clk_i),
      .rmii_rxd_i(rmii_rxd_i),
      .rmii_crs_dv_i(rmii_crs_dv_i),
      .rmii_rx_er_i('0),
      .rmii_txd_o(rmii_txd_o),
      .rmii_tx_en_o(rmii_tx_en_o),
      .uart_rx_i(uart_rx_i),
      .uart_tx_o(uart_tx_o),
      .link_o(led_o[1:0]),
      .activity_o(led_o[2])
  );

endmodule
