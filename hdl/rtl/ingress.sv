// The receive side: a buffer for each port and one for the host's injected frames, merged with the
// later fragments that were held into one stream of frames without gaps.
module ingress #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int RX_BYTES = 4096,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int INJECT_BITS = linecard_regs_pkg::INJECT_BITS,
    localparam int SIDE_BITS = linecard_pkg::SIDE_BITS
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        hold_i,   // no new frame may begin
    input  logic [15:0]                 clock_i,  // counts, for the stamps
    input  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_i,
    // ports. room_o: a whole frame fits
    input  logic [PORTS-1:0]            rx_tvalid_i,
    input  logic [PORTS*DATA_WIDTH-1:0] rx_tdata_i,
    input  logic [PORTS*K-1:0]          rx_tkeep_i,
    input  logic [PORTS-1:0]            rx_tlast_i,
    input  logic [PORTS-1:0]            rx_tuser_i,
    output logic [PORTS-1:0]            rx_room_o,
    // host. tuser beside the first beat
    input  logic                        inject_tvalid_i,
    output logic                        inject_tready_o,
    input  logic [DATA_WIDTH-1:0]       inject_tdata_i,
    input  logic [K-1:0]                inject_tkeep_i,
    input  logic                        inject_tlast_i,
    input  logic [INJECT_BITS-1:0]      inject_tuser_i,
    // held frames
    input  logic                        held_valid_i,
    output logic                        held_ready_o,
    input  logic [DATA_WIDTH-1:0]       held_data_i,
    input  logic [COUNT_BITS-1:0]       held_count_i,
    input  logic                        held_last_i,
    input  logic [SIDE_BITS-1:0]        held_side_i,
    // merged; source PORTS is the host, PORTS + 1 the hold buffer
    output logic                        valid_o,
    output logic                        first_o,
    output logic [DATA_WIDTH-1:0]       data_o,
    output logic [COUNT_BITS-1:0]       count_o,
    output logic                        last_o,
    output logic [2:0]                  verdict_o,
    output logic [3:0]                  source_o,
    output logic [SIDE_BITS-1:0]        side_o,
    output logic [PORTS:0]              lost_o,
    output logic                        empty_o
);
  localparam int SOURCES = PORTS + 2;
  localparam int PORT_BITS = linecard_regs_pkg::BITS_PORT;

  // ---- ports
  logic [SOURCES-1:0] rx_valid, rx_ready, rx_last;
  logic [PORTS:0] empty;
  logic [INJECT_BITS-1:0] inject_side;
  logic [(PORTS+1)*16-1:0] stamps;
  logic [SOURCES*DATA_WIDTH-1:0] rx_data;
  logic [SOURCES*COUNT_BITS-1:0] rx_count;
  logic [SOURCES*3-1:0] rx_verdict;
  logic [SOURCES*SIDE_BITS-1:0] rx_side;
  for (genvar p = 0; p < PORTS; p++) begin : g_rx
    rx_port #(
        .DATA_WIDTH(DATA_WIDTH),
        .BYTES(RX_BYTES),
        .USER_BITS(1)
    ) rx_port (
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .clock_i(clock_i),
        .cut_through_i(ports_i[p*PORT_BITS+linecard_regs_pkg::LSB_PORT_CUT_THROUGH]),
        .rx_tvalid_i(rx_tvalid_i[p]),
        .rx_tdata_i(rx_tdata_i[p*DATA_WIDTH+:DATA_WIDTH]),
        .rx_tkeep_i(rx_tkeep_i[p*K+:K]),
        .rx_tlast_i(rx_tlast_i[p]),
        .rx_tuser_i(rx_tuser_i[p]),
        .rx_side_i(1'b0),
        .room_o(rx_room_o[p]),
        .lost_o(lost_o[p]),
        .empty_o(empty[p]),
        .valid_o(rx_valid[p]),
        .ready_i(rx_ready[p]),
        .data_o(rx_data[p*DATA_WIDTH+:DATA_WIDTH]),
        .count_o(rx_count[p*COUNT_BITS+:COUNT_BITS]),
        .last_o(rx_last[p]),
        .verdict_o(rx_verdict[p*3+:3]),
        .side_o(rx_side_unused[p]),
        .stamp_o(stamps[p*16+:16])
    );
    assign rx_side[p*SIDE_BITS+:SIDE_BITS] = SIDE_BITS'(stamps[p*16+:16]);
  end
  logic [PORTS-1:0] rx_side_unused;

  // The host can wait: it begins a frame when all of one fits. Where its frames are to go stands beside the
  // buffer, a word for each: a bit more in every beat would take another block RAM.
  localparam int INJECTED = 16;
  localparam int INJECTED_BITS = $clog2(INJECTED);
  logic inject_room, inject_started_q, inject_begins, inject_leaves;
  logic [INJECT_BITS-1:0] injected[0:INJECTED-1];
  logic [INJECTED_BITS:0] injected_write_q, injected_read_q;
  logic [INJECTED_BITS:0] injected_used;
  logic injected_room_q;  // a word is free; one that a frame gives back counts a clock later
  assign injected_used = injected_write_q - injected_read_q;
  always_ff @(posedge clk_i) begin
    injected_room_q <= !rst_ni || injected_used < (INJECTED_BITS + 1)'(inject_begins ? INJECTED - 1 : INJECTED);
  end
  assign inject_tready_o = inject_started_q || (inject_room && injected_room_q);
  assign inject_begins = inject_tvalid_i && inject_tready_o && !inject_started_q;
  assign inject_leaves = rx_valid[PORTS] && rx_ready[PORTS] && rx_last[PORTS];
  assign inject_side = injected[injected_read_q[INJECTED_BITS-1:0]];
  always_ff @(posedge clk_i) begin
    if (inject_begins) injected[injected_write_q[INJECTED_BITS-1:0]] <= inject_tuser_i;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) {injected_write_q, injected_read_q} <= '0;
    else begin
      injected_write_q <= injected_write_q + (INJECTED_BITS + 1)'(inject_begins);
      injected_read_q <= injected_read_q + (INJECTED_BITS + 1)'(inject_leaves);
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) inject_started_q <= 1'b0;
    else if (inject_tvalid_i && inject_tready_o) inject_started_q <= !inject_tlast_i;
  end
  rx_port #(
      .DATA_WIDTH(DATA_WIDTH),
      .BYTES(RX_BYTES),
      .USER_BITS(1)
  ) rx_inject (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .clock_i(clock_i),
      .cut_through_i(1'b0),
      .rx_tvalid_i(inject_tvalid_i && inject_tready_o),
      .rx_tdata_i(inject_tdata_i),
      .rx_tkeep_i(inject_tkeep_i),
      .rx_tlast_i(inject_tlast_i),
      .rx_tuser_i(1'b0),
      .rx_side_i(1'b0),
      .room_o(inject_room),
      .lost_o(lost_o[PORTS]),
      .empty_o(empty[PORTS]),
      .valid_o(rx_valid[PORTS]),
      .ready_i(rx_ready[PORTS]),
      .data_o(rx_data[PORTS*DATA_WIDTH+:DATA_WIDTH]),
      .count_o(rx_count[PORTS*COUNT_BITS+:COUNT_BITS]),
      .last_o(rx_last[PORTS]),
      .verdict_o(rx_verdict[PORTS*3+:3]),
      .side_o(inject_side_unused),
      .stamp_o(stamps[PORTS*16+:16])
  );

  logic inject_side_unused;
  assign rx_side[PORTS*SIDE_BITS+:SIDE_BITS] = SIDE_BITS'({inject_side, stamps[PORTS*16+:16]});

  // ---- frames that were held come back
  localparam int HELD = PORTS + 1;
  assign rx_valid[HELD] = held_valid_i;
  assign held_ready_o = rx_ready[HELD];
  assign rx_data[HELD*DATA_WIDTH+:DATA_WIDTH] = held_data_i;
  assign rx_count[HELD*COUNT_BITS+:COUNT_BITS] = held_count_i;
  assign rx_last[HELD] = held_last_i;
  assign rx_verdict[HELD*3+:3] = linecard_pkg::RX_OK;
  assign rx_side[HELD*SIDE_BITS+:SIDE_BITS] = held_side_i;

  localparam int APART = linecard_pkg::frame_clocks(K);
  rx_merge #(
      .DATA_WIDTH(DATA_WIDTH),
      .SOURCES(SOURCES),
      .USER_BITS(SIDE_BITS),
      .APART(APART)
  ) rx_merge (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .hold_i(hold_i),
      .valid_i(rx_valid),
      .ready_o(rx_ready),
      .data_i(rx_data),
      .count_i(rx_count),
      .last_i(rx_last),
      .verdict_i(rx_verdict),
      .side_i(rx_side),
      .valid_o(valid_o),
      .first_o(first_o),
      .data_o(data_o),
      .count_o(count_o),
      .last_o(last_o),
      .verdict_o(verdict_o),
      .source_o(source_o),
      .side_o(side_o)
  );
  assign empty_o = &empty;

endmodule
