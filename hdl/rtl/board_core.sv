// What a board holds between its pins and primitives: the card, its MACs, the time and the resets. Wiring
// only; it is what is simulated. A board's fpga.sv adds pins, PLL and DDR primitives.
//
//   PHYs ◄─► mac_port ◄─► serial_card ◄─► UART
//               │              ▲ time
//               └► mac_counters ── table `mac` on the register bus
//
// Clocks: clk_i, the core's, 50 MHz or more; clk125_i, RGMII's transmit clock; a receive clock for each port,
// and RMII's reference clock for both ways. All are taken to be unrelated.
module board_core #(
    parameter int CLOCK_KHZ = 62500,
    parameter int BAUD = 3000000,
    parameter int RMII = 0,  // 1: RMII instead of RGMII
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int RULES = 16,
    parameter int RULE_TURNS = 1,  // clocks in which rules are compared, a part of them in each
    parameter int PREFIXES = 8,
    parameter int OVERRIDES = 1024,
    parameter int FRAGMENTS = 512,
    parameter int HOLD_BYTES = 4096,
    parameter int RX_BYTES = 4096,
    parameter int QUEUE_BYTES = 4096,
    parameter int VID_COUNTER_BITS = 32,
    parameter int VID_BYTE_COUNTER_BITS = 0,
    parameter int CONFIGURATION_ID = 0,
    parameter logic [31:0] BUILD_ID = 32'd0
) (
    input  logic               clk_i,
    input  logic               rst_ni,  // of any clock, or none
    input  logic               clk125_i,
    // RGMII, behind the DDR inputs and before the DDR outputs; sent in clk125_i
    input  logic [PORTS-1:0]   rgmii_rx_clk_i,
    input  logic [PORTS*4-1:0] rgmii_rxd_rise_i,
    input  logic [PORTS*4-1:0] rgmii_rxd_fall_i,
    input  logic [PORTS-1:0]   rgmii_rx_ctl_rise_i,
    input  logic [PORTS-1:0]   rgmii_rx_ctl_fall_i,
    output logic [PORTS*4-1:0] rgmii_txd_rise_o,
    output logic [PORTS*4-1:0] rgmii_txd_fall_o,
    output logic [PORTS-1:0]   rgmii_tx_ctl_rise_o,
    output logic [PORTS-1:0]   rgmii_tx_ctl_fall_o,
    output logic [PORTS-1:0]   rgmii_txc_rise_o,
    output logic [PORTS-1:0]   rgmii_txc_fall_o,
    // RMII
    input  logic [PORTS-1:0]   rmii_ref_clk_i,
    input  logic [PORTS*2-1:0] rmii_rxd_i,
    input  logic [PORTS-1:0]   rmii_crs_dv_i,
    input  logic [PORTS-1:0]   rmii_rx_er_i,
    output logic [PORTS*2-1:0] rmii_txd_o,
    output logic [PORTS-1:0]   rmii_tx_en_o,
    // the host
    input  logic               uart_rx_i,
    output logic               uart_tx_o,
    // lamps
    output logic [PORTS-1:0]   link_o,
    output logic               activity_o  // frames came or left within the last 32 ms
);
  if (DATA_WIDTH != 64) begin : g_width
    $error("board_core: the MACs have beats of 64 bits");
  end
  if (CLOCK_KHZ < 50000) begin : g_clock
    $error("board_core: below 50 MHz a MAC would wait for its words");
  end
  localparam int K = DATA_WIDTH / 8;
  // 65536 times the baud rate over the clock's, rounded.
  localparam logic [63:0] HERTZ = 64'(CLOCK_KHZ) * 64'd1000;
  localparam logic [63:0] STEP = (64'(BAUD) * 64'd65536 + HERTZ / 64'd2) / HERTZ;
  localparam int UART_STEP = STEP[31:0];

  logic rst_n;
  cdc_reset core_reset (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .rst_no(rst_n)
  );
  logic tick;
  logic [63:0] time_us;
  microseconds #(.CLOCK_KHZ(CLOCK_KHZ)) microseconds (
      .clk_i(clk_i),
      .rst_ni(rst_n),
      .tick_o(tick),
      .time_us_o(time_us)
  );

  // ---- MACs
  logic [PORTS-1:0] rx_tvalid, rx_tlast, rx_tuser, tx_tvalid, tx_tready, tx_tlast;
  logic [PORTS*DATA_WIDTH-1:0] rx_tdata, tx_tdata;
  logic [PORTS*K-1:0] rx_tkeep, tx_tkeep;
  logic [PORTS-1:0] fault_valid, fault_ready, unsent_valid, unsent_ready, full_duplex;
  logic [PORTS*3-1:0] faults;
  logic [PORTS*2-1:0] speed;
  for (genvar p = 0; p < PORTS; p++) begin : g_port
    mac_port #(.RMII(RMII)) mac_port (
        .clk_i(clk_i),
        .rst_ni(rst_n),
        .tick_i(tick),
        .line_rst_ni(rst_ni),
        .rx_clk_i((RMII != 0) ? rmii_ref_clk_i[p] : rgmii_rx_clk_i[p]),
        .tx_clk_i((RMII != 0) ? rmii_ref_clk_i[p] : clk125_i),
        .rgmii_rxd_rise_i(rgmii_rxd_rise_i[p*4+:4]),
        .rgmii_rxd_fall_i(rgmii_rxd_fall_i[p*4+:4]),
        .rgmii_rx_ctl_rise_i(rgmii_rx_ctl_rise_i[p]),
        .rgmii_rx_ctl_fall_i(rgmii_rx_ctl_fall_i[p]),
        .rgmii_txd_rise_o(rgmii_txd_rise_o[p*4+:4]),
        .rgmii_txd_fall_o(rgmii_txd_fall_o[p*4+:4]),
        .rgmii_tx_ctl_rise_o(rgmii_tx_ctl_rise_o[p]),
        .rgmii_tx_ctl_fall_o(rgmii_tx_ctl_fall_o[p]),
        .rgmii_txc_rise_o(rgmii_txc_rise_o[p]),
        .rgmii_txc_fall_o(rgmii_txc_fall_o[p]),
        .rmii_rxd_i(rmii_rxd_i[p*2+:2]),
        .rmii_crs_dv_i(rmii_crs_dv_i[p]),
        .rmii_rx_er_i(rmii_rx_er_i[p]),
        .rmii_txd_o(rmii_txd_o[p*2+:2]),
        .rmii_tx_en_o(rmii_tx_en_o[p]),
        .rx_tvalid_o(rx_tvalid[p]),
        .rx_tdata_o(rx_tdata[p*DATA_WIDTH+:DATA_WIDTH]),
        .rx_tkeep_o(rx_tkeep[p*K+:K]),
        .rx_tlast_o(rx_tlast[p]),
        .rx_tuser_o(rx_tuser[p]),
        .tx_tvalid_i(tx_tvalid[p]),
        .tx_tready_o(tx_tready[p]),
        .tx_tdata_i(tx_tdata[p*DATA_WIDTH+:DATA_WIDTH]),
        .tx_tkeep_i(tx_tkeep[p*K+:K]),
        .tx_tlast_i(tx_tlast[p]),
        .fault_valid_o(fault_valid[p]),
        .fault_ready_i(fault_ready[p]),
        .fault_o(faults[3*p+:3]),
        .unsent_valid_o(unsent_valid[p]),
        .unsent_ready_i(unsent_ready[p]),
        .link_o(link_o[p]),
        .speed_o(speed[2*p+:2]),
        .full_duplex_o(full_duplex[p])
    );
  end
  if (RMII != 0) begin : g_rmii
    logic unused_clocks;
    assign unused_clocks = ^{rgmii_rx_clk_i, clk125_i};
  end else begin : g_rgmii
    logic unused_clocks;
    assign unused_clocks = ^rmii_ref_clk_i;
  end

  logic [23:0] extra_addr;
  logic [31:0] extra_rdata;
  mac_counters #(
      .PORTS(PORTS),
      .RMII(RMII)
  ) mac_counters (
      .clk_i(clk_i),
      .rst_ni(rst_n),
      .fault_valid_i(fault_valid),
      .fault_ready_o(fault_ready),
      .fault_i(faults),
      .unsent_valid_i(unsent_valid),
      .unsent_ready_o(unsent_ready),
      .link_i(link_o),
      .speed_i(speed),
      .full_duplex_i(full_duplex),
      .address_i(extra_addr),
      .data_o(extra_rdata)
  );

  // ---- the card
  logic [63:0] deadline_unused;
  logic idle_unused, decision_valid_unused;
  logic [PORTS-1:0] room_unused;
  logic [linecard_regs_pkg::DECISION_BITS-1:0] decision_unused;
  serial_card #(
      .UART_STEP(UART_STEP),
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .VIDS(VIDS),
      .RULES(RULES),
      .RULE_TURNS(RULE_TURNS),
      .PREFIXES(PREFIXES),
      .OVERRIDES(OVERRIDES),
      .FRAGMENTS(FRAGMENTS),
      .HOLD_BYTES(HOLD_BYTES),
      .RX_BYTES(RX_BYTES),
      .QUEUE_BYTES(QUEUE_BYTES),
      .VID_COUNTER_BITS(VID_COUNTER_BITS),
      .VID_BYTE_COUNTER_BITS(VID_BYTE_COUNTER_BITS),
      .CONFIGURATION_ID(CONFIGURATION_ID),
      .BUILD_ID(BUILD_ID)
  ) card (
      .clk_i(clk_i),
      .rst_ni(rst_n),
      .time_us_i(time_us),
      .deadline_us_o(deadline_unused),
      .idle_o(idle_unused),
      .link_i(link_o),
      .uart_rx_i(uart_rx_i),
      .uart_tx_o(uart_tx_o),
      .rx_tvalid_i(rx_tvalid),
      .rx_tdata_i(rx_tdata),
      .rx_tkeep_i(rx_tkeep),
      .rx_tlast_i(rx_tlast),
      .rx_tuser_i(rx_tuser),
      .rx_room_o(room_unused),
      .tx_tvalid_o(tx_tvalid),
      .tx_tready_i(tx_tready),
      .tx_tdata_o(tx_tdata),
      .tx_tkeep_o(tx_tkeep),
      .tx_tlast_o(tx_tlast),
      .decision_valid_o(decision_valid_unused),
      .decision_o(decision_unused),
      .extra_addr_o(extra_addr),
      .extra_rdata_i(extra_rdata)
  );

  // ---- a lamp
  logic [14:0] lit_q;  // microseconds
  logic active_q;
  always_ff @(posedge clk_i) active_q <= |(rx_tvalid | (tx_tvalid & tx_tready));
  assign activity_o = lit_q != '0;
  always_ff @(posedge clk_i) begin
    if (!rst_n) lit_q <= '0;
    else if (active_q) lit_q <= '1;
    else if (tick && lit_q != '0) lit_q <= lit_q - 15'd1;
  end

endmodule
