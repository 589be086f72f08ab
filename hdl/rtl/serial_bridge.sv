// The host's side of the card over a serial line. Wiring only; it reads like this:
//
//   rx ─► uart_rx ─► serial_rx ─► serial_queue ─► serial_execute ─► register bus, inject
//                                      │ refused         │ answers, done
//   tx ◄─ uart_tx ◄─ serial_tx ◄─ serial_report ◄────────┴────────── frames for the host
//
// docs/serial.md is the contract of what is said on the line.
module serial_bridge #(
    parameter int DATA_WIDTH = 64,
    parameter int UART_STEP = 1573,  // 65536 times the baud rate over the clock's
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  uart_rx_i,
    output logic                  uart_tx_o,
    output logic                  idle_o,
    // the card
    input  logic                  attention_i,
    output logic                  cfg_valid_o,
    output logic                  cfg_write_o,
    output logic [23:0]           cfg_addr_o,
    output logic [31:0]           cfg_wdata_o,
    input  logic                  cfg_ready_i,
    input  logic [31:0]           cfg_rdata_i,
    output logic                  inject_tvalid_o,
    input  logic                  inject_tready_i,
    output logic [DATA_WIDTH-1:0] inject_tdata_o,
    output logic [K-1:0]          inject_tkeep_o,
    output logic                  inject_tlast_o,
    output logic [linecard_regs_pkg::INJECT_BITS-1:0] inject_tuser_o,
    input  logic                  host_tvalid_i,
    output logic                  host_tready_o,
    input  logic [DATA_WIDTH-1:0] host_tdata_i,
    input  logic [K-1:0]          host_tkeep_i,
    input  logic                  host_tlast_i,
    input  logic [linecard_regs_pkg::DECISION_BITS-1:0] host_tuser_i
);
  logic [5:0] idle;
  assign idle_o = &idle;

  // ---- from the line
  logic octet_valid, octet_error, bit_tick;
  logic [7:0] octet;
  uart_rx #(.STEP(UART_STEP)) uart_rx (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .rx_i(uart_rx_i),
      .valid_o(octet_valid),
      .data_o(octet),
      .error_o(octet_error),
      .tick_o(bit_tick),
      .idle_o(idle[0])
  );
  logic in_valid, in_end, in_good;
  logic [7:0] in_data;
  serial_rx serial_rx (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(octet_valid),
      .data_i(octet),
      .error_i(octet_error),
      .tick_i(bit_tick),
      .valid_o(in_valid),
      .data_o(in_data),
      .end_o(in_end),
      .good_o(in_good),
      .idle_o(idle[1])
  );
  logic refused, repeated, request_valid, request_ready, request_end;
  logic [7:0] request_data;
  serial_queue serial_queue (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(in_valid),
      .data_i(in_data),
      .end_i(in_end),
      .good_i(in_good),
      .refused_o(refused),
      .repeated_o(repeated),
      .valid_o(request_valid),
      .ready_i(request_ready),
      .end_o(request_end),
      .data_o(request_data),
      .empty_o(idle[2])
  );

  // ---- done
  logic done, reply, reply_hello, reply_valid, reply_ready;
  logic [7:0] done_number, reply_number, reply_data;
  serial_execute #(.DATA_WIDTH(DATA_WIDTH)) serial_execute (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(request_valid),
      .ready_o(request_ready),
      .end_i(request_end),
      .data_i(request_data),
      .done_o(done),
      .number_o(done_number),
      .reply_o(reply),
      .reply_number_o(reply_number),
      .reply_hello_o(reply_hello),
      .reply_valid_o(reply_valid),
      .reply_ready_i(reply_ready),
      .reply_data_o(reply_data),
      .cfg_valid_o(cfg_valid_o),
      .cfg_write_o(cfg_write_o),
      .cfg_addr_o(cfg_addr_o),
      .cfg_wdata_o(cfg_wdata_o),
      .cfg_ready_i(cfg_ready_i),
      .cfg_rdata_i(cfg_rdata_i),
      .inject_tvalid_o(inject_tvalid_o),
      .inject_tready_i(inject_tready_i),
      .inject_tdata_o(inject_tdata_o),
      .inject_tkeep_o(inject_tkeep_o),
      .inject_tlast_o(inject_tlast_o),
      .inject_tuser_o(inject_tuser_o),
      .idle_o(idle[3])
  );

  // ---- to the line
  logic out_valid, out_ready, out_end, sent_valid, sent_ready, framer_idle, line_idle;
  logic [7:0] out_data, sent_data;
  serial_report #(.DATA_WIDTH(DATA_WIDTH)) serial_report (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .attention_i(attention_i),
      .refused_i(refused),
      .repeated_i(repeated),
      .done_i(done),
      .number_i(done_number),
      .reply_i(reply),
      .reply_number_i(reply_number),
      .reply_hello_i(reply_hello),
      .reply_valid_i(reply_valid),
      .reply_ready_o(reply_ready),
      .reply_data_i(reply_data),
      .host_tvalid_i(host_tvalid_i),
      .host_tready_o(host_tready_o),
      .host_tdata_i(host_tdata_i),
      .host_tkeep_i(host_tkeep_i),
      .host_tlast_i(host_tlast_i),
      .host_tuser_i(host_tuser_i),
      .valid_o(out_valid),
      .ready_i(out_ready),
      .end_o(out_end),
      .data_o(out_data),
      .idle_o(idle[4])
  );
  serial_tx serial_tx (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(out_valid),
      .ready_o(out_ready),
      .end_i(out_end),
      .data_i(out_data),
      .valid_o(sent_valid),
      .ready_i(sent_ready),
      .data_o(sent_data),
      .idle_o(framer_idle)
  );
  uart_tx #(.STEP(UART_STEP)) uart_tx (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(sent_valid),
      .ready_o(sent_ready),
      .data_i(sent_data),
      .tx_o(uart_tx_o),
      .idle_o(line_idle)
  );
  assign idle[5] = framer_idle && line_idle;

endmodule
