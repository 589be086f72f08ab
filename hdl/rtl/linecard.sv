// The line interface. Wiring only; it reads like this:
//
//   ports ─► rx_port ─┐            ┌──────────────────── pipeline ────────────────────┐
//                     ├► rx_merge ─► parse ─► classify ─► lookup ─► decide ─► rewrite ├─► finish ─┐
//   host  ─► rx_port ─┘            └──────────────────────────────────────────────────┘     │     │
//                                                                                       counters  │
//   ports ◄─ port_queue ◄─────────────────────────────────────────────────────────────────────────┤
//   host  ◄─ port_queue ◄─────────────────────────────────────────────────────────────────────────┘
//
// docs/card.md is the contract of what is decided, hdl/registers.yaml of what the host can read and
// write. A frame never waits between rx_merge and finish.
module linecard #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int VID_BANK = 4096,  // rows in one bank of RAM
    parameter int RULES = 16,
    parameter int PREFIXES = 8,
    parameter int RX_BYTES = 4096,
    parameter int QUEUE_BYTES = 4096,
    parameter int VID_COUNTER_BITS = 32,
    parameter int CONFIGURATION_ID = 0,
    parameter logic [31:0] BUILD_ID = 32'd0,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic [63:0]                 time_us_i,      // absolute, may jump
    output logic [63:0]                 deadline_us_o,  // next time that matters; all ones: none
    output logic                        idle_o,
    // ports: receive. room_o: a whole frame fits
    input  logic [PORTS-1:0]            rx_tvalid_i,
    input  logic [PORTS*DATA_WIDTH-1:0] rx_tdata_i,
    input  logic [PORTS*K-1:0]          rx_tkeep_i,
    input  logic [PORTS-1:0]            rx_tlast_i,
    input  logic [PORTS-1:0]            rx_tuser_i,
    output logic [PORTS-1:0]            rx_room_o,
    // ports: transmit
    output logic [PORTS-1:0]            tx_tvalid_o,
    input  logic [PORTS-1:0]            tx_tready_i,
    output logic [PORTS*DATA_WIDTH-1:0] tx_tdata_o,
    output logic [PORTS*K-1:0]          tx_tkeep_o,
    output logic [PORTS-1:0]            tx_tlast_o,
    // host: inject. tuser beside the first beat
    input  logic                        inject_tvalid_i,
    output logic                        inject_tready_o,
    input  logic [DATA_WIDTH-1:0]       inject_tdata_i,
    input  logic [K-1:0]                inject_tkeep_i,
    input  logic                        inject_tlast_i,
    input  logic [linecard_regs_pkg::INJECT_BITS-1:0] inject_tuser_i,
    // host: punted frames, each with its decision record
    output logic                        host_tvalid_o,
    input  logic                        host_tready_i,
    output logic [DATA_WIDTH-1:0]       host_tdata_o,
    output logic [K-1:0]                host_tkeep_o,
    output logic                        host_tlast_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] host_tuser_o,
    // observation: every frame's decision, in pipeline order
    output logic                        decision_valid_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] decision_o,
    // register bus
    input  logic                        cfg_valid_i,
    input  logic                        cfg_write_i,
    input  logic [23:0]                 cfg_addr_i,
    input  logic [31:0]                 cfg_wdata_i,
    output logic                        cfg_ready_o,
    output logic [31:0]                 cfg_rdata_o
);
  localparam int COUNT_BITS = $clog2(K);
  localparam int SOURCES = PORTS + 1;  // the last is the host
  localparam int INJECT_BITS = linecard_regs_pkg::INJECT_BITS;
  localparam int PORT_BITS = linecard_regs_pkg::BITS_PORT;

  // ---- tables and control
  logic enable;
  logic [31:0] fabric_prefix;
  logic [PORTS*PORT_BITS-1:0] ports;
  logic [SLOTS*linecard_regs_pkg::BITS_SLOT-1:0] slots;
  logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes;
  logic [RULES*linecard_regs_pkg::BITS_RULE-1:0] rules;

  // ---- rx
  logic [SOURCES-1:0] rx_valid, rx_ready, rx_last, rx_lost, rx_empty;
  logic [SOURCES*DATA_WIDTH-1:0] rx_data;
  logic [SOURCES*COUNT_BITS-1:0] rx_count;
  logic [SOURCES*3-1:0] rx_verdict;
  logic [SOURCES*INJECT_BITS-1:0] rx_side;
  for (genvar p = 0; p < PORTS; p++) begin : g_rx
    rx_port #(
        .DATA_WIDTH(DATA_WIDTH),
        .BYTES(RX_BYTES),
        .USER_BITS(1)
    ) rx_port (
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .cut_through_i(ports[p*PORT_BITS+linecard_regs_pkg::LSB_PORT_CUT_THROUGH]),
        .rx_tvalid_i(rx_tvalid_i[p]),
        .rx_tdata_i(rx_tdata_i[p*DATA_WIDTH+:DATA_WIDTH]),
        .rx_tkeep_i(rx_tkeep_i[p*K+:K]),
        .rx_tlast_i(rx_tlast_i[p]),
        .rx_tuser_i(rx_tuser_i[p]),
        .rx_side_i(1'b0),
        .room_o(rx_room_o[p]),
        .lost_o(rx_lost[p]),
        .empty_o(rx_empty[p]),
        .valid_o(rx_valid[p]),
        .ready_i(rx_ready[p]),
        .data_o(rx_data[p*DATA_WIDTH+:DATA_WIDTH]),
        .count_o(rx_count[p*COUNT_BITS+:COUNT_BITS]),
        .last_o(rx_last[p]),
        .verdict_o(rx_verdict[p*3+:3]),
        .side_o(rx_side_unused[p])
    );
    assign rx_side[p*INJECT_BITS+:INJECT_BITS] = '0;
  end
  logic [PORTS-1:0] rx_side_unused;

  // The host can wait: it begins a frame when all of one fits.
  logic inject_room, inject_started_q;
  assign inject_tready_o = inject_started_q || inject_room;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) inject_started_q <= 1'b0;
    else if (inject_tvalid_i && inject_tready_o) inject_started_q <= !inject_tlast_i;
  end
  rx_port #(
      .DATA_WIDTH(DATA_WIDTH),
      .BYTES(RX_BYTES),
      .USER_BITS(INJECT_BITS)
  ) rx_inject (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .cut_through_i(1'b0),
      .rx_tvalid_i(inject_tvalid_i && inject_tready_o),
      .rx_tdata_i(inject_tdata_i),
      .rx_tkeep_i(inject_tkeep_i),
      .rx_tlast_i(inject_tlast_i),
      .rx_tuser_i(1'b0),
      .rx_side_i(inject_tuser_i),
      .room_o(inject_room),
      .lost_o(rx_lost[PORTS]),
      .empty_o(rx_empty[PORTS]),
      .valid_o(rx_valid[PORTS]),
      .ready_i(rx_ready[PORTS]),
      .data_o(rx_data[PORTS*DATA_WIDTH+:DATA_WIDTH]),
      .count_o(rx_count[PORTS*COUNT_BITS+:COUNT_BITS]),
      .last_o(rx_last[PORTS]),
      .verdict_o(rx_verdict[PORTS*3+:3]),
      .side_o(rx_side[PORTS*INJECT_BITS+:INJECT_BITS])
  );

  // Frames wait for the counters to be clear after reset; a snapshot does not hold them.
  logic counters_busy, counters_clear_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) counters_clear_q <= 1'b0;
    else if (!counters_busy) counters_clear_q <= 1'b1;
  end

  logic merged_valid, merged_first, merged_last;
  logic [DATA_WIDTH-1:0] merged_data;
  logic [COUNT_BITS-1:0] merged_count;
  logic [2:0] merged_verdict;
  logic [3:0] merged_source;
  logic [INJECT_BITS-1:0] merged_side;
  rx_merge #(
      .DATA_WIDTH(DATA_WIDTH),
      .SOURCES(SOURCES),
      .USER_BITS(INJECT_BITS)
  ) rx_merge (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .hold_i(!counters_clear_q),
      .valid_i(rx_valid),
      .ready_o(rx_ready),
      .data_i(rx_data),
      .count_i(rx_count),
      .last_i(rx_last),
      .verdict_i(rx_verdict),
      .side_i(rx_side),
      .valid_o(merged_valid),
      .first_o(merged_first),
      .data_o(merged_data),
      .count_o(merged_count),
      .last_o(merged_last),
      .verdict_o(merged_verdict),
      .source_o(merged_source),
      .side_o(merged_side)
  );

  // ---- parse to rewrite
  logic type_set_write, vid_row_write;
  logic [15:0] ram_index;
  logic [31:0] ram_wdata, type_set_data;
  logic [linecard_regs_pkg::BITS_VID_ROW-1:0] vid_row_data;
  logic entered;
  logic [1:0] entered_origin;
  linecard_pkg::meta_t meta_finish;
  logic out_valid, out_last;
  logic [DATA_WIDTH-1:0] out_data;
  logic [COUNT_BITS-1:0] out_count;
  logic [2:0] out_verdict;
  logic [15:0] out_length;
  pipeline #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .VIDS(VIDS),
      .VID_BANK(VID_BANK),
      .RULES(RULES),
      .PREFIXES(PREFIXES)
  ) pipeline (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(merged_valid),
      .first_i(merged_first),
      .data_i(merged_data),
      .count_i(merged_count),
      .last_i(merged_last),
      .verdict_i(merged_verdict),
      .source_i(merged_source),
      .inject_i(merged_side),
      .fabric_prefix_i(fabric_prefix),
      .ports_i(ports),
      .slots_i(slots),
      .prefixes_i(prefixes),
      .rules_i(rules),
      .type_set_write_i(type_set_write),
      .vid_row_write_i(vid_row_write),
      .ram_index_i(ram_index),
      .ram_data_i(ram_wdata),
      .type_set_data_o(type_set_data),
      .vid_row_data_o(vid_row_data),
      .entered_o(entered),
      .entered_origin_o(entered_origin),
      .meta_o(meta_finish),
      .valid_o(out_valid),
      .data_o(out_data),
      .count_o(out_count),
      .last_o(out_last),
      .verdict_o(out_verdict),
      .length_o(out_length)
  );

  // ---- finish
  logic [PORTS:0] queue_select, queue_accept, queue_empty;
  logic queue_keep, sender_valid;
  logic [5:0] sender;
  linecard_regs_pkg::decision_t record;
  finish #(.PORTS(PORTS)) finish (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .enable_i(enable),
      .time_us_i(time_us_i[47:0]),
      .meta_i(meta_finish),
      .valid_i(out_valid),
      .last_i(out_last),
      .verdict_i(out_verdict),
      .length_i(out_length),
      .select_o(queue_select),
      .keep_o(queue_keep),
      .accept_i(queue_accept),
      .record_o(record),
      .event_valid_o(decision_valid_o),
      .event_o(decision_o),
      .event_sender_valid_o(sender_valid),
      .event_sender_o(sender)
  );

  // ---- queues
  for (genvar p = 0; p < PORTS; p++) begin : g_tx
    port_queue #(
        .DATA_WIDTH(DATA_WIDTH),
        .BYTES(QUEUE_BYTES)
    ) queue (
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .valid_i(out_valid && queue_select[p]),
        .data_i(out_data),
        .count_i(out_count),
        .last_i(out_last),
        .keep_i(queue_keep),
        .side_i(1'b0),
        .accept_o(queue_accept[p]),
        .tvalid_o(tx_tvalid_o[p]),
        .tready_i(tx_tready_i[p]),
        .tdata_o(tx_tdata_o[p*DATA_WIDTH+:DATA_WIDTH]),
        .tkeep_o(tx_tkeep_o[p*K+:K]),
        .tlast_o(tx_tlast_o[p]),
        .tuser_o(tx_side_unused[p]),
        .empty_o(queue_empty[p])
    );
  end
  logic [PORTS-1:0] tx_side_unused;

  port_queue #(
      .DATA_WIDTH(DATA_WIDTH),
      .BYTES(QUEUE_BYTES),
      .SIDE_BITS(linecard_regs_pkg::DECISION_BITS)
  ) host_queue (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(out_valid && queue_select[PORTS]),
      .data_i(out_data),
      .count_i(out_count),
      .last_i(out_last),
      .keep_i(queue_keep),
      .side_i(record),
      .accept_o(queue_accept[PORTS]),
      .tvalid_o(host_tvalid_o),
      .tready_i(host_tready_i),
      .tdata_o(host_tdata_o),
      .tkeep_o(host_tkeep_o),
      .tlast_o(host_tlast_o),
      .tuser_o(host_tuser_o),
      .empty_o(queue_empty[PORTS])
  );

  // ---- counters and registers
  logic snapshot, vids_busy;
  logic [15:0] in_flight, snapshot_in_flight;
  logic [23:0] count_address;
  logic [31:0] count_data, vid_packets_data;
  counters #(
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .VIDS(VIDS),
      .RULES(RULES),
      .VID_COUNTER_BITS(VID_COUNTER_BITS)
  ) counters (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .receive_i(entered),
      .receive_origin_i(entered_origin),
      .lost_i(rx_lost),
      .event_valid_i(decision_valid_o),
      .event_i(decision_o),
      .sender_valid_i(sender_valid),
      .sender_i(sender),
      .snapshot_i(snapshot),
      .busy_o(counters_busy),
      .vids_busy_o(vids_busy),
      .in_flight_o(in_flight),
      .snapshot_in_flight_o(snapshot_in_flight),
      .address_i(count_address),
      .data_o(count_data),
      .vid_data_o(vid_packets_data)
  );

  registers #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .SLOTS(SLOTS),
      .VIDS(VIDS),
      .RULES(RULES),
      .PREFIXES(PREFIXES),
      .VID_COUNTER_BITS(VID_COUNTER_BITS),
      .CONFIGURATION_ID(CONFIGURATION_ID),
      .BUILD_ID(BUILD_ID)
  ) registers (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .cfg_valid_i(cfg_valid_i),
      .cfg_write_i(cfg_write_i),
      .cfg_addr_i(cfg_addr_i),
      .cfg_wdata_i(cfg_wdata_i),
      .cfg_ready_o(cfg_ready_o),
      .cfg_rdata_o(cfg_rdata_o),
      .time_us_i(time_us_i),
      .idle_i(idle_o),
      .in_flight_i(in_flight),
      .enable_o(enable),
      .fabric_prefix_o(fabric_prefix),
      .ports_o(ports),
      .slots_o(slots),
      .prefixes_o(prefixes),
      .rules_o(rules),
      .type_set_write_o(type_set_write),
      .vid_row_write_o(vid_row_write),
      .ram_index_o(ram_index),
      .ram_data_o(ram_wdata),
      .type_set_data_i(type_set_data),
      .vid_row_data_i(vid_row_data),
      .snapshot_o(snapshot),
      .snapshot_busy_i(counters_busy),
      .vids_busy_i(vids_busy),
      .snapshot_in_flight_i(snapshot_in_flight),
      .count_address_o(count_address),
      .count_data_i(count_data),
      .vid_packets_data_i(vid_packets_data)
  );

  // A frame is counted as in flight two clocks after it has left rx_port.
  assign idle_o = (&rx_empty) && !merged_valid && !entered && in_flight == '0 && (&queue_empty);
  assign deadline_us_o = '1;  // nothing in this version waits for a time

endmodule
