// Proofs of ingress: an injected frame carries what its first beat said, however many wait, and the merged
// stream has whole frames only.
module ingress_formal #(
    parameter int DATA_WIDTH = 16,
    parameter int PORTS = 1,
    parameter int RX_BYTES = 16,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int INJECT_BITS = linecard_regs_pkg::INJECT_BITS,
    localparam int SIDE_BITS = linecard_pkg::SIDE_BITS
) (
    input logic                        clk_i,
    input logic                        rst_ni,
    input logic                        hold_i,
    input logic                        cut_through_i,
    input logic [PORTS-1:0]            rx_tvalid_i,
    input logic [PORTS*DATA_WIDTH-1:0] rx_tdata_i,
    input logic [PORTS*K-1:0]          rx_tkeep_i,
    input logic [PORTS-1:0]            rx_tlast_i,
    input logic [PORTS-1:0]            rx_tuser_i,
    input logic                        inject_tvalid_i,
    input logic [DATA_WIDTH-1:0]       inject_tdata_i,
    input logic [K-1:0]                inject_tkeep_i,
    input logic                        inject_tlast_i,
    input logic [INJECT_BITS-1:0]      inject_tuser_i,
    input logic                        held_valid_i,
    input logic [DATA_WIDTH-1:0]       held_data_i,
    input logic                        held_last_i,
    input logic [SIDE_BITS-1:0]        held_side_i,
    input logic                        pick_i  // free: follow this injected frame
);
  logic [PORTS-1:0] room;
  logic inject_tready, held_ready, valid, first, last, empty;
  logic [DATA_WIDTH-1:0] data;
  logic [COUNT_BITS-1:0] count;
  logic [2:0] verdict;
  logic [3:0] source;
  linecard_pkg::side_t side;
  logic [SIDE_BITS-1:0] side_bits;
  logic [PORTS:0] lost;
  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports;
  always @* begin
    ports = '0;
    ports[linecard_regs_pkg::LSB_PORT_CUT_THROUGH] = cut_through_i;
  end
  ingress #(
      .DATA_WIDTH(DATA_WIDTH),
      .PORTS(PORTS),
      .RX_BYTES(RX_BYTES)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .hold_i(hold_i),
      .clock_i('0),
      .ports_i(ports),
      .rx_tvalid_i(rx_tvalid_i),
      .rx_tdata_i(rx_tdata_i),
      .rx_tkeep_i(rx_tkeep_i),
      .rx_tlast_i(rx_tlast_i),
      .rx_tuser_i(rx_tuser_i),
      .rx_room_o(room),
      .inject_tvalid_i(inject_tvalid_i),
      .inject_tready_o(inject_tready),
      .inject_tdata_i(inject_tdata_i),
      .inject_tkeep_i(inject_tkeep_i),
      .inject_tlast_i(inject_tlast_i),
      .inject_tuser_i(inject_tuser_i),
      .held_valid_i(held_valid_i),
      .held_ready_o(held_ready),
      .held_data_i(held_data_i),
      .held_count_i('1),
      .held_last_i(held_last_i),
      .held_side_i(held_side_i),
      .valid_o(valid),
      .first_o(first),
      .data_o(data),
      .count_o(count),
      .last_o(last),
      .verdict_o(verdict),
      .source_o(source),
      .side_o(side_bits),
      .lost_o(lost),
      .empty_o(empty)
  );
  assign side = side_bits;

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // ---- what the sources keep to
  localparam int BEATS = (linecard_pkg::MAX_FRAME + K - 1) / K;
  logic inject_takes, inject_waits_q, held_under_way_q, held_taken_q, cut_q;
  logic [1:0] inject_beats_q;
  assign inject_takes = inject_tvalid_i && inject_tready;
  always @(posedge clk_i) begin
    cut_q <= cut_through_i;
    held_taken_q <= rst_ni && held_valid_i && held_ready;
    inject_waits_q <= rst_ni && inject_tvalid_i && !inject_tready;
    if (!rst_ni) begin
      inject_beats_q <= '0;
      held_under_way_q <= 1'b0;
    end else begin
      if (inject_takes) inject_beats_q <= inject_tlast_i ? '0 : inject_beats_q + 1'b1;
      if (held_valid_i && held_ready) held_under_way_q <= !held_last_i;
    end
  end
  always @* begin
    if (begun_q) assume (cut_through_i == cut_q);
    // Assumes: no injected frame is longer than the longest (the host's side of the card checks it).
    if (inject_beats_q == 2'(BEATS - 1)) assume (inject_tlast_i);
    // Assumes: a held frame that has begun to leave has a beat in every clock (fragment_hold).
    if (held_under_way_q) assume (held_valid_i);
  end

  // ---- any one injected frame
  logic followed_q;
  logic [3:0] ahead_q, inside_q;  // injected frames that leave before it; those inside
  logic [INJECT_BITS-1:0] said_q;
  logic begins, leaves;
  assign begins = inject_takes && inject_beats_q == '0;
  assign leaves = valid && last && source == 4'(PORTS);
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      followed_q <= 1'b0;
      inside_q <= '0;
    end else begin
      inside_q <= inside_q + 4'(begins) - 4'(leaves);
      if (!followed_q && begins && pick_i) begin
        followed_q <= 1'b1;
        ahead_q <= inside_q - 4'(leaves);
        said_q <= inject_tuser_i;
      end else if (followed_q && leaves) begin
        ahead_q <= ahead_q - 1'b1;
      end
    end
  end

  // ---- the merged stream
  logic under_way_q;
  logic [3:0] source_q;
  always @(posedge clk_i) begin
    source_q <= source;
    if (!rst_ni) under_way_q <= 1'b0;
    else if (valid) under_way_q <= !last;
  end

  always @* begin
    if (begun_q) begin
      // Proves: beside each beat of an injected frame stands what its own first beat said: which way it goes.
      if (followed_q && ahead_q == '0 && valid && source == 4'(PORTS)) assert (side.inject == said_q);
      // Proves: none is lost: a frame that was begun leaves, as a whole.
      assert (!lost[PORTS]);
      if (valid && source == 4'(PORTS)) assert (verdict == linecard_pkg::RX_OK && inside_q != '0);
      // Proves: no gap within a frame, no two frames mixed.
      if (under_way_q) assert (valid && !first && source == source_q);
      if (valid && !under_way_q) assert (first);
      // Proves: what says that it came from the hold buffer did.
      if (valid && source == 4'(PORTS + 1)) assert (held_taken_q);
      // Proves: empty, as it is reported, means that no injected frame is inside.
      if (empty) assert (inside_q == '0 || (inside_q == 4'd1 && valid && source == 4'(PORTS)));
    end
    // Reaches: an injected frame that leaves while another waits behind it.
    cover (followed_q && ahead_q == '0 && leaves && inside_q >= 4'd2);
    // Reaches: the host waits because the words beside its buffer are used up.
    cover (begun_q && inject_waits_q && inside_q == 4'd2);
    // Reaches: a frame from each source.
    cover (begun_q && valid && last && source == 4'd0);
    cover (begun_q && valid && last && source == 4'(PORTS + 1));
  end
endmodule
