// Proofs of egress: what it puts in front of each port's queue keeps the rules of AXI4-Stream and lets a
// suspect slot's port be held between frames only.
module egress_formal #(
    parameter int DATA_WIDTH = 16,
    parameter int PORTS = 2,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int RECORD_BITS = linecard_regs_pkg::DECISION_BITS
) (
    input logic                   clk_i,
    input logic                   rst_ni,
    input logic                   valid_i,
    input logic [DATA_WIDTH-1:0]  data_i,
    input logic [COUNT_BITS-1:0]  count_i,
    input logic                   last_i,
    input logic [PORTS:0]         select_i,
    input logic                   keep_i,
    input logic [PORTS-1:0]       copy_select_i,
    input logic                   copy_keep_i,
    input logic [RECORD_BITS-1:0] record_i,
    input logic [PORTS-1:0]       pause_i,
    input logic [PORTS-1:0]       tx_tready_i,
    input logic                   host_tready_i
);
  logic [PORTS:0] accept;
  logic [PORTS-1:0] stalled, tx_tvalid, tx_tlast;
  logic [PORTS*DATA_WIDTH-1:0] tx_tdata;
  logic [PORTS*K-1:0] tx_tkeep;
  logic host_tvalid, host_tlast, empty;
  logic [DATA_WIDTH-1:0] host_tdata;
  logic [K-1:0] host_tkeep;
  logic [RECORD_BITS-1:0] host_tuser;
  egress #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(valid_i),
      .data_i(data_i),
      .count_i(count_i),
      .last_i(last_i),
      .select_i(select_i),
      .keep_i(keep_i),
      .copy_select_i(copy_select_i),
      .copy_keep_i(copy_keep_i),
      .record_i(record_i),
      .accept_o(accept),
      .pause_i(pause_i),
      .stalled_o(stalled),
      .tx_tvalid_o(tx_tvalid),
      .tx_tready_i(tx_tready_i),
      .tx_tdata_o(tx_tdata),
      .tx_tkeep_o(tx_tkeep),
      .tx_tlast_o(tx_tlast),
      .host_tvalid_o(host_tvalid),
      .host_tready_i(host_tready_i),
      .host_tdata_o(host_tdata),
      .host_tkeep_o(host_tkeep),
      .host_tlast_o(host_tlast),
      .host_tuser_o(host_tuser),
      .empty_o(empty)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // ---- any one port
  (* anyconst *) logic [$clog2(PORTS)-1:0] any;
  logic [DATA_WIDTH+K:0] payload, payload_q;
  assign payload = {tx_tlast[any], tx_tkeep[any*K+:K], tx_tdata[any*DATA_WIDTH+:DATA_WIDTH]};
  logic waits_q;        // it was offered and not taken
  logic first_q;        // the next beat begins a frame
  logic was_paused_q;   // in the clock in which that beat was taken
  logic host_waits_q;
  logic [RECORD_BITS+DATA_WIDTH+K:0] host_payload, host_payload_q;
  assign host_payload = {host_tuser, host_tlast, host_tkeep, host_tdata};
  always @(posedge clk_i) begin
    waits_q <= rst_ni && tx_tvalid[any] && !tx_tready_i[any];
    payload_q <= payload;
    was_paused_q <= pause_i[any];
    host_waits_q <= rst_ni && host_tvalid && !host_tready_i;
    host_payload_q <= host_payload;
    if (!rst_ni) first_q <= 1'b1;
    else if (tx_tvalid[any] && tx_tready_i[any]) first_q <= tx_tlast[any];
  end

  always @* begin
    if (begun_q) begin
      // Proves: what was offered stays, unchanged, until it is taken, at any port and at the host, whatever is paused meanwhile.
      if (waits_q) assert (tx_tvalid[any] && payload == payload_q);
      if (host_waits_q) assert (host_tvalid && host_payload == host_payload_q);
      // Proves: no frame begins at a port that is paused.
      if (first_q && pause_i[any] && !waits_q) assert (!tx_tvalid[any]);
      // Proves: a port is reported as standing still just when it offers a beat that is not taken; a pause is none.
      assert (stalled[any] == (tx_tvalid[any] && !tx_tready_i[any]));
    end
    // Reaches: a frame that goes on while its port is paused, and one that waits for the pause's end.
    cover (begun_q && !first_q && pause_i[any] && tx_tvalid[any] && tx_tready_i[any] && tx_tlast[any]);
    cover (begun_q && first_q && was_paused_q && !pause_i[any] && tx_tvalid[any]);
    // Reaches: a first beat that was offered, and is paused before it is taken.
    cover (begun_q && first_q && waits_q && pause_i[any]);
  end
endmodule
