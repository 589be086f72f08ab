// The MAC of one port, between its PHY's pins (behind the DDR primitives) and the card. Wiring only; it
// reads like this, a clock domain a column:
//
//   PHY's clock                       │      the core's
//   rgmii_rx or rmii_rx ─► mac_rx ─► cdc_fifo ─► mac_deliver ─► card, events, link and speed
//   ───────────────────────────────── │
//   clk125, or RMII's clock           │
//   rgmii_tx or rmii_tx ◄─ mac_tx ◄─ cdc_fifo ◄─ mac_accept ◄── card
//
// Full duplex only: there is no deferring and no collision.
module mac_port #(
    parameter int RMII = 0
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        tick_i,  // each microsecond
    // the line: receive and transmit, each with its clock and a reset of any clock
    input  logic        line_rst_ni,
    input  logic        rx_clk_i,
    input  logic        tx_clk_i,
    input  logic [3:0]  rgmii_rxd_rise_i,
    input  logic [3:0]  rgmii_rxd_fall_i,
    input  logic        rgmii_rx_ctl_rise_i,
    input  logic        rgmii_rx_ctl_fall_i,
    output logic [3:0]  rgmii_txd_rise_o,
    output logic [3:0]  rgmii_txd_fall_o,
    output logic        rgmii_tx_ctl_rise_o,
    output logic        rgmii_tx_ctl_fall_o,
    output logic        rgmii_txc_rise_o,
    output logic        rgmii_txc_fall_o,
    input  logic [1:0]  rmii_rxd_i,
    input  logic        rmii_crs_dv_i,
    input  logic        rmii_rx_er_i,
    output logic [1:0]  rmii_txd_o,
    output logic        rmii_tx_en_o,
    // the card
    output logic        rx_tvalid_o,
    output logic [63:0] rx_tdata_o,
    output logic [7:0]  rx_tkeep_o,
    output logic        rx_tlast_o,
    output logic        rx_tuser_o,
    input  logic        tx_tvalid_i,
    output logic        tx_tready_o,
    input  logic [63:0] tx_tdata_i,
    input  logic [7:0]  tx_tkeep_i,
    input  logic        tx_tlast_i,
    // to be counted: faults of what was received, and frames that were not sent
    output logic        fault_valid_o,
    input  logic        fault_ready_i,
    output logic [2:0]  fault_o,
    output logic        unsent_valid_o,
    input  logic        unsent_ready_i,
    output logic        link_o,
    output logic [1:0]  speed_o,
    output logic        full_duplex_o
);
  localparam logic [1:0] SPEED = (RMII != 0) ? mac_pkg::SPEED_100 : mac_pkg::SPEED_1000;

  logic rx_rst_n, tx_rst_n;
  cdc_reset rx_reset (
      .clk_i(rx_clk_i),
      .rst_ni(line_rst_ni),
      .rst_no(rx_rst_n)
  );
  cdc_reset tx_reset (
      .clk_i(tx_clk_i),
      .rst_ni(line_rst_ni),
      .rst_no(tx_rst_n)
  );

  // ---- the line
  logic octet_valid, frame_ends, dribble, code, no_sfd, step, en;
  logic [7:0] octet, out_octet;
  logic [3:0] status;
  logic [1:0] tx_speed;
  if (RMII != 0) begin : g_rmii
    rmii_rx rmii_rx (
        .clk_i(rx_clk_i),
        .rst_ni(rx_rst_n),
        .rxd_i(rmii_rxd_i),
        .crs_dv_i(rmii_crs_dv_i),
        .rx_er_i(rmii_rx_er_i),
        .valid_o(octet_valid),
        .data_o(octet),
        .end_o(frame_ends),
        .dribble_o(dribble),
        .code_o(code),
        .false_o(no_sfd),
        .status_o(status)
    );
    rmii_tx rmii_tx (
        .clk_i(tx_clk_i),
        .rst_ni(tx_rst_n),
        .speed_i(tx_speed),
        .step_o(step),
        .en_i(en),
        .octet_i(out_octet),
        .txd_o(rmii_txd_o),
        .tx_en_o(rmii_tx_en_o)
    );
    logic unused_rgmii;
    assign unused_rgmii = ^{rgmii_rxd_rise_i, rgmii_rxd_fall_i, rgmii_rx_ctl_rise_i, rgmii_rx_ctl_fall_i};
    assign {rgmii_txd_rise_o, rgmii_txd_fall_o, rgmii_tx_ctl_rise_o, rgmii_tx_ctl_fall_o} = '0;
    assign {rgmii_txc_rise_o, rgmii_txc_fall_o} = '0;
  end else begin : g_rgmii
    rgmii_rx rgmii_rx (
        .clk_i(rx_clk_i),
        .rst_ni(rx_rst_n),
        .rxd_rise_i(rgmii_rxd_rise_i),
        .rxd_fall_i(rgmii_rxd_fall_i),
        .ctl_rise_i(rgmii_rx_ctl_rise_i),
        .ctl_fall_i(rgmii_rx_ctl_fall_i),
        .valid_o(octet_valid),
        .data_o(octet),
        .end_o(frame_ends),
        .dribble_o(dribble),
        .code_o(code),
        .false_o(no_sfd),
        .status_o(status)
    );
    rgmii_tx rgmii_tx (
        .clk_i(tx_clk_i),
        .rst_ni(tx_rst_n),
        .speed_i(tx_speed),
        .step_o(step),
        .en_i(en),
        .octet_i(out_octet),
        .txd_rise_o(rgmii_txd_rise_o),
        .txd_fall_o(rgmii_txd_fall_o),
        .tx_ctl_rise_o(rgmii_tx_ctl_rise_o),
        .tx_ctl_fall_o(rgmii_tx_ctl_fall_o),
        .txc_rise_o(rgmii_txc_rise_o),
        .txc_fall_o(rgmii_txc_fall_o)
    );
    logic unused_rmii;
    assign unused_rmii = ^{rmii_rxd_i, rmii_crs_dv_i, rmii_rx_er_i};
    assign {rmii_txd_o, rmii_tx_en_o} = '0;
  end

  // ---- receive
  logic in_valid, in_ready, found_valid, found_ready;
  logic [mac_pkg::RX_WORD_BITS-1:0] in_data, found_data;
  mac_rx mac_rx (
      .clk_i(rx_clk_i),
      .rst_ni(rx_rst_n),
      .valid_i(octet_valid),
      .data_i(octet),
      .end_i(frame_ends),
      .dribble_i(dribble),
      .code_i(code),
      .false_i(no_sfd),
      .status_i(status),
      .wr_valid_o(in_valid),
      .wr_ready_i(in_ready),
      .wr_data_o(in_data)
  );
  cdc_fifo #(.WIDTH(mac_pkg::RX_WORD_BITS)) rx_fifo (
      .wr_clk_i(rx_clk_i),
      .wr_rst_ni(rx_rst_n),
      .wr_valid_i(in_valid),
      .wr_ready_o(in_ready),
      .wr_data_i(in_data),
      .rd_clk_i(clk_i),
      .rd_rst_ni(rst_ni),
      .rd_valid_o(found_valid),
      .rd_ready_i(found_ready),
      .rd_data_o(found_data)
  );
  mac_deliver mac_deliver (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .tick_i(tick_i),
      .rd_valid_i(found_valid),
      .rd_ready_o(found_ready),
      .rd_data_i(found_data),
      .rx_tvalid_o(rx_tvalid_o),
      .rx_tdata_o(rx_tdata_o),
      .rx_tkeep_o(rx_tkeep_o),
      .rx_tlast_o(rx_tlast_o),
      .rx_tuser_o(rx_tuser_o),
      .event_valid_o(fault_valid_o),
      .event_ready_i(fault_ready_i),
      .event_o(fault_o),
      .link_o(link_o),
      .speed_o(speed_o),
      .full_duplex_o(full_duplex_o)
  );

  // ---- transmit
  logic out_valid, out_ready, send_valid, send_ready;
  logic [mac_pkg::TX_WORD_BITS-1:0] out_data, send_data;
  mac_accept #(.SPEED(SPEED)) mac_accept (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .link_i(link_o),
      .speed_i(speed_o),
      .tx_tvalid_i(tx_tvalid_i),
      .tx_tready_o(tx_tready_o),
      .tx_tdata_i(tx_tdata_i),
      .tx_tkeep_i(tx_tkeep_i),
      .tx_tlast_i(tx_tlast_i),
      .wr_valid_o(out_valid),
      .wr_ready_i(out_ready),
      .wr_data_o(out_data),
      .event_valid_o(unsent_valid_o),
      .event_ready_i(unsent_ready_i)
  );
  cdc_fifo #(.WIDTH(mac_pkg::TX_WORD_BITS)) tx_fifo (
      .wr_clk_i(clk_i),
      .wr_rst_ni(rst_ni),
      .wr_valid_i(out_valid),
      .wr_ready_o(out_ready),
      .wr_data_i(out_data),
      .rd_clk_i(tx_clk_i),
      .rd_rst_ni(tx_rst_n),
      .rd_valid_o(send_valid),
      .rd_ready_i(send_ready),
      .rd_data_o(send_data)
  );
  mac_tx #(.SPEED(SPEED)) mac_tx (
      .clk_i(tx_clk_i),
      .rst_ni(tx_rst_n),
      .step_i(step),
      .rd_valid_i(send_valid),
      .rd_ready_o(send_ready),
      .rd_data_i(send_data),
      .en_o(en),
      .octet_o(out_octet),
      .speed_o(tx_speed)
  );

endmodule
