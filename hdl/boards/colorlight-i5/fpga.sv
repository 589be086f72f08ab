// Pins, clocks and primitives of a Colorlight i5 or i9 on the extension board; all else is board_core.
// Port 0 is PHY A, port 1 is PHY B: bits 3:0 and 7:4 of what has four bits a port.
module fpga (
    input  logic       clk25_i,
    output logic       led_no,
    output logic       phy_rst_no,
    input  logic       uart_rx_i,
    output logic       uart_tx_o,
    input  logic [1:0] rgmii_rx_clk_i,
    input  logic [7:0] rgmii_rxd_i,
    input  logic [1:0] rgmii_rx_ctl_i,
    output logic [1:0] rgmii_tx_clk_o,
    output logic [7:0] rgmii_txd_o,
    output logic [1:0] rgmii_tx_ctl_o
);
  logic clk_125, clk_core, locked;

  // 25 MHz * 25 = 625 MHz; / 5: 125 MHz for the PHYs, / 10: 62.5 MHz for the card. As `ecppll -i 25 -o 125
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
  // Low while the part is configured and the PLL has no lock, some milliseconds: longer than the PHYs need.
  assign phy_rst_no = locked;

  logic [7:0] rxd_rise, rxd_fall, txd_rise, txd_fall;
  logic [1:0] rx_ctl_rise, rx_ctl_fall, tx_ctl_rise, tx_ctl_fall, tx_clk_rise, tx_clk_fall, link;
  logic activity;

  // Data comes 2 ns later than it reaches the pin: see "RGMII, by hand" in docs/boards.md.
  localparam int RX_DELAY = 80;  // steps of 25 ps
  for (genvar i = 0; i < 8; i++) begin : g_data
    logic late;
    DELAYG #(.DEL_MODE("USER_DEFINED"), .DEL_VALUE(RX_DELAY)) delay (.A(rgmii_rxd_i[i]), .Z(late));
    IDDRX1F iddr (
        .D(late), .SCLK(rgmii_rx_clk_i[i/4]), .RST(1'b0), .Q0(rxd_rise[i]), .Q1(rxd_fall[i])
    );
    ODDRX1F oddr (
        .D0(txd_rise[i]), .D1(txd_fall[i]), .SCLK(clk_125), .RST(1'b0), .Q(rgmii_txd_o[i])
    );
  end
  for (genvar i = 0; i < 2; i++) begin : g_control
    logic late;
    DELAYG #(.DEL_MODE("USER_DEFINED"), .DEL_VALUE(RX_DELAY)) delay (
        .A(rgmii_rx_ctl_i[i]), .Z(late)
    );
    IDDRX1F iddr (
        .D(late), .SCLK(rgmii_rx_clk_i[i]), .RST(1'b0), .Q0(rx_ctl_rise[i]), .Q1(rx_ctl_fall[i])
    );
    ODDRX1F oddr_ctl (
        .D0(tx_ctl_rise[i]), .D1(tx_ctl_fall[i]), .SCLK(clk_125), .RST(1'b0), .Q(rgmii_tx_ctl_o[i])
    );
    ODDRX1F oddr_clk (
        .D0(tx_clk_rise[i]), .D1(tx_clk_fall[i]), .SCLK(clk_125), .RST(1'b0), .Q(rgmii_tx_clk_o[i])
    );
  end

  // Its parameters are those of board.yaml and of the configuration.
  board_core core (
      .clk_i(clk_core),
      .rst_ni(locked),
      .clk125_i(clk_125),
      .rgmii_rx_clk_i(rgmii_rx_clk_i),
      .rgmii_rxd_rise_i(rxd_rise),
      .rgmii_rxd_fall_i(rxd_fall),
      .rgmii_rx_ctl_rise_i(rx_ctl_rise),
      .rgmii_rx_ctl_fall_i(rx_ctl_fall),
      .rgmii_txd_rise_o(txd_rise),
      .rgmii_txd_fall_o(txd_fall),
      .rgmii_tx_ctl_rise_o(tx_ctl_rise),
      .rgmii_tx_ctl_fall_o(tx_ctl_fall),
      .rgmii_txc_rise_o(tx_clk_rise),
      .rgmii_txc_fall_o(tx_clk_fall),
      .rmii_ref_clk_i('0),
      .rmii_rxd_i('0),
      .rmii_crs_dv_i('0),
      .rmii_rx_er_i('0),
      .rmii_txd_o(),
      .rmii_tx_en_o(),
      .uart_rx_i(uart_rx_i),
      .uart_tx_o(uart_tx_o),
      .link_o(link),
      .activity_o(activity)
  );
  // Lit with a link, dark for a moment where something passes.
  assign led_no = !(|link && !activity);

endmodule
