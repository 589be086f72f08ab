// The queues in which the card's ways end: one for each port, and the host's.
module egress #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    parameter int QUEUE_BYTES = 4096,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    // from the pipeline, all with each beat: the queue that the frame goes into, index PORTS for the
    // host's, and the one that gets a copy; it may be the same, but one of them only is kept
    input  logic                        valid_i,
    input  logic [DATA_WIDTH-1:0]       data_i,
    input  logic [COUNT_BITS-1:0]       count_i,
    input  logic                        last_i,
    input  logic [PORTS:0]              select_i,
    input  logic                        keep_i,
    input  logic [PORTS-1:0]            copy_select_i,
    input  logic                        copy_keep_i,
    input  logic [linecard_regs_pkg::DECISION_BITS-1:0] record_i,
    output logic [PORTS:0]              accept_o,
    input  logic [PORTS-1:0]            pause_i,    // begin no frame
    output logic [PORTS-1:0]            stalled_o,  // a beat is offered and not taken
    // ports
    output logic [PORTS-1:0]            tx_tvalid_o,
    input  logic [PORTS-1:0]            tx_tready_i,
    output logic [PORTS*DATA_WIDTH-1:0] tx_tdata_o,
    output logic [PORTS*K-1:0]          tx_tkeep_o,
    output logic [PORTS-1:0]            tx_tlast_o,
    // host: punted frames, each with its decision record
    output logic                        host_tvalid_o,
    input  logic                        host_tready_i,
    output logic [DATA_WIDTH-1:0]       host_tdata_o,
    output logic [K-1:0]                host_tkeep_o,
    output logic                        host_tlast_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] host_tuser_o,
    output logic                        empty_o
);
  logic [PORTS:0] empty;

  // ---- ports
  for (genvar p = 0; p < PORTS; p++) begin : g_tx
    port_queue #(
        .DATA_WIDTH(DATA_WIDTH),
        .BYTES(QUEUE_BYTES)
    ) queue (
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .valid_i(valid_i && (select_i[p] || copy_select_i[p])),
        .data_i(data_i),
        .count_i(count_i),
        .last_i(last_i),
        .keep_i((select_i[p] && keep_i) || (copy_select_i[p] && copy_keep_i)),
        .side_i(1'b0),
        .accept_o(accept_o[p]),
        .tvalid_o(offered[p]),
        .tready_i(tx_tready_i[p] && open[p]),
        .tdata_o(tx_tdata_o[p*DATA_WIDTH+:DATA_WIDTH]),
        .tkeep_o(tx_tkeep_o[p*K+:K]),
        .tlast_o(tx_tlast_o[p]),
        .tuser_o(tx_side_unused[p]),
        .empty_o(empty[p])
    );
  end
  logic [PORTS-1:0] tx_side_unused;

  // A suspect slot's port may be held between frames; what has been offered stays.
  logic [PORTS-1:0] offered, open, started_q;
  assign open = started_q | ~pause_i;
  assign tx_tvalid_o = offered & open;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) started_q <= '0;
    else started_q <= (started_q | tx_tvalid_o) & ~(tx_tvalid_o & tx_tready_i & tx_tlast_o);
  end
  assign stalled_o = tx_tvalid_o & ~tx_tready_i;

  // ---- host. At 64 bits a frame of one beat is a runt, which goes nowhere.
  port_queue #(
      .DATA_WIDTH(DATA_WIDTH),
      .BYTES(QUEUE_BYTES),
      .SIDE_BITS(linecard_regs_pkg::DECISION_BITS),
      .SIDE_WORDS((DATA_WIDTH > 64) ? 1 : 2)
  ) host_queue (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(valid_i && select_i[PORTS]),
      .data_i(data_i),
      .count_i(count_i),
      .last_i(last_i),
      .keep_i(keep_i),
      .side_i(record_i),
      .accept_o(accept_o[PORTS]),
      .tvalid_o(host_tvalid_o),
      .tready_i(host_tready_i),
      .tdata_o(host_tdata_o),
      .tkeep_o(host_tkeep_o),
      .tlast_o(host_tlast_o),
      .tuser_o(host_tuser_o),
      .empty_o(empty[PORTS])
  );
  assign empty_o = &empty;

endmodule
