// The card with its host on a serial line: linecard and serial_bridge, and nothing else. What a board's
// core and the simulated board put between their pins.
//
// Contract of the register bus's way out: extra_rdata_i is what stands at extra_addr_o outside of the card, 0
// where nothing does, and where it does the card itself reads 0. It is there four clocks behind the address.
module serial_card #(
    parameter int UART_STEP = 1573,  // 65536 times the baud rate over the clock's: 3 Mbaud at 125 MHz
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
    parameter logic [31:0] BUILD_ID = 32'd0,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic [63:0]                 time_us_i,
    output logic [63:0]                 deadline_us_o,
    output logic                        idle_o,
    input  logic [PORTS-1:0]            link_i,
    // the host
    input  logic                        uart_rx_i,
    output logic                        uart_tx_o,
    // ports, as linecard has them
    input  logic [PORTS-1:0]            rx_tvalid_i,
    input  logic [PORTS*DATA_WIDTH-1:0] rx_tdata_i,
    input  logic [PORTS*K-1:0]          rx_tkeep_i,
    input  logic [PORTS-1:0]            rx_tlast_i,
    input  logic [PORTS-1:0]            rx_tuser_i,
    output logic [PORTS-1:0]            rx_room_o,
    output logic [PORTS-1:0]            tx_tvalid_o,
    input  logic [PORTS-1:0]            tx_tready_i,
    output logic [PORTS*DATA_WIDTH-1:0] tx_tdata_o,
    output logic [PORTS*K-1:0]          tx_tkeep_o,
    output logic [PORTS-1:0]            tx_tlast_o,
    // observation
    output logic                        decision_valid_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] decision_o,
    // registers beside the card, only read
    output logic [23:0]                 extra_addr_o,
    input  logic [31:0]                 extra_rdata_i
);
  logic card_idle, bridge_idle, attention;
  assign idle_o = card_idle && bridge_idle;

  logic cfg_valid, cfg_write, cfg_ready;
  logic [23:0] cfg_addr;
  logic [31:0] cfg_wdata, cfg_rdata;
  assign extra_addr_o = cfg_addr;
  logic inject_tvalid, inject_tready, inject_tlast, host_tvalid, host_tready, host_tlast;
  logic [DATA_WIDTH-1:0] inject_tdata, host_tdata;
  logic [K-1:0] inject_tkeep, host_tkeep;
  logic [linecard_regs_pkg::INJECT_BITS-1:0] inject_tuser;
  logic [linecard_regs_pkg::DECISION_BITS-1:0] host_tuser;

  linecard #(
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
  ) linecard (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i),
      .deadline_us_o(deadline_us_o),
      .idle_o(card_idle),
      .link_i(link_i),
      .rx_tvalid_i(rx_tvalid_i),
      .rx_tdata_i(rx_tdata_i),
      .rx_tkeep_i(rx_tkeep_i),
      .rx_tlast_i(rx_tlast_i),
      .rx_tuser_i(rx_tuser_i),
      .rx_room_o(rx_room_o),
      .tx_tvalid_o(tx_tvalid_o),
      .tx_tready_i(tx_tready_i),
      .tx_tdata_o(tx_tdata_o),
      .tx_tkeep_o(tx_tkeep_o),
      .tx_tlast_o(tx_tlast_o),
      .inject_tvalid_i(inject_tvalid),
      .inject_tready_o(inject_tready),
      .inject_tdata_i(inject_tdata),
      .inject_tkeep_i(inject_tkeep),
      .inject_tlast_i(inject_tlast),
      .inject_tuser_i(inject_tuser),
      .host_tvalid_o(host_tvalid),
      .host_tready_i(host_tready),
      .host_tdata_o(host_tdata),
      .host_tkeep_o(host_tkeep),
      .host_tlast_o(host_tlast),
      .host_tuser_o(host_tuser),
      .decision_valid_o(decision_valid_o),
      .decision_o(decision_o),
      .attention_o(attention),
      .cfg_valid_i(cfg_valid),
      .cfg_write_i(cfg_write),
      .cfg_addr_i(cfg_addr),
      .cfg_wdata_i(cfg_wdata),
      .cfg_ready_o(cfg_ready),
      .cfg_rdata_o(cfg_rdata)
  );

  serial_bridge #(
      .DATA_WIDTH(DATA_WIDTH),
      .UART_STEP(UART_STEP)
  ) serial_bridge (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .uart_rx_i(uart_rx_i),
      .uart_tx_o(uart_tx_o),
      .idle_o(bridge_idle),
      .attention_i(attention),
      .cfg_valid_o(cfg_valid),
      .cfg_write_o(cfg_write),
      .cfg_addr_o(cfg_addr),
      .cfg_wdata_o(cfg_wdata),
      .cfg_ready_i(cfg_ready),
      .cfg_rdata_i(cfg_rdata | extra_rdata_i),
      .inject_tvalid_o(inject_tvalid),
      .inject_tready_i(inject_tready),
      .inject_tdata_o(inject_tdata),
      .inject_tkeep_o(inject_tkeep),
      .inject_tlast_o(inject_tlast),
      .inject_tuser_o(inject_tuser),
      .host_tvalid_i(host_tvalid),
      .host_tready_o(host_tready),
      .host_tdata_i(host_tdata),
      .host_tkeep_i(host_tkeep),
      .host_tlast_i(host_tlast),
      .host_tuser_i(host_tuser)
  );

endmodule
