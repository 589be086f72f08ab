// Proofs of port_queue: count what went in, and follow any one beat on its way through.
module port_queue_formal #(
    parameter int DATA_WIDTH = 16,
    parameter int BYTES = 8,
    parameter int SIDE_BITS = 2,
    parameter int SIDE_DEPTH = 2,
    parameter int SIDE_WORDS = 1,
    parameter int COMPARED = 1,  // bits of the data that are followed; the queue treats all alike
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int SIDE_WIRES = (SIDE_BITS == 0) ? 1 : SIDE_BITS,
    localparam int DEPTH = BYTES / K
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  valid_i,
    input logic [DATA_WIDTH-1:0] data_i,
    input logic [COUNT_BITS-1:0] count_i,
    input logic                  last_i,
    input logic                  keep_i,
    input logic [SIDE_WIRES-1:0] side_i,
    input logic                  tready_i,
    input logic                  pick_i  // free: follow this beat
);
  logic accept, tvalid, tlast, empty;
  logic [DATA_WIDTH-1:0] tdata;
  logic [K-1:0] tkeep;
  logic [SIDE_WIRES-1:0] tuser;
  port_queue #(
      .DATA_WIDTH(DATA_WIDTH),
      .BYTES(BYTES),
      .SIDE_BITS(SIDE_BITS),
      .SIDE_DEPTH(SIDE_DEPTH),
      .SIDE_WORDS(SIDE_WORDS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(valid_i),
      .data_i(data_i),
      .count_i(count_i),
      .last_i(last_i),
      .keep_i(keep_i),
      .side_i(side_i),
      .accept_o(accept),
      .tvalid_o(tvalid),
      .tready_i(tready_i),
      .tdata_o(tdata),
      .tkeep_o(tkeep),
      .tlast_o(tlast),
      .tuser_o(tuser),
      .empty_o(empty)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  always @* begin
    // Assumes: a beat that is not the last has all its bytes (rx_port).
    if (valid_i && !last_i) assume (count_i == '1);
  end

  // ---- what has to be inside
  localparam int COUNTER = 4;
  logic [COUNTER-1:0] whole_q;   // beats of kept frames that have not left
  logic [COUNTER-1:0] part_q;    // beats of the present frame
  logic [COUNTER-1:0] frames_q;  // kept frames of which the last beat has not left
  logic under_way_q, refused_q;
  logic dropped_q;  // a frame of several beats was not kept
  logic take, kept;
  assign take = tvalid && tready_i;
  assign kept = valid_i && last_i && keep_i && accept;
  // Assumes: where a record takes two clocks to write, no frame stays that ends in the clock behind the end of another that does (finish: it would be a runt).
  logic kept_q;
  always @(posedge clk_i) kept_q <= rst_ni && kept;
  always @* if (SIDE_WORDS == 2 && kept_q && valid_i && last_i) assume (!keep_i);

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      whole_q <= '0;
      part_q <= '0;
      frames_q <= '0;
      under_way_q <= 1'b0;
      refused_q <= 1'b0;
      dropped_q <= 1'b0;
    end else begin
      if (under_way_q && valid_i && last_i && !keep_i && !refused_q) dropped_q <= 1'b1;
      whole_q <= whole_q + (kept ? part_q + 1'b1 : '0) - COUNTER'(take);
      frames_q <= frames_q + COUNTER'(kept) - COUNTER'(take && tlast);
      if (valid_i) begin
        under_way_q <= !last_i;
        part_q <= (last_i || !accept || refused_q) ? '0 : part_q + 1'b1;
        refused_q <= !last_i && (refused_q || !accept);
      end
    end
  end

  // ---- any one beat
  localparam logic [1:0] NONE = 2'd0, WRITTEN = 2'd1, KEPT = 2'd2, GONE = 2'd3;
  logic [1:0] watch_q;
  logic [COUNTER-1:0] ahead_q;  // beats that leave before it
  logic [DATA_WIDTH-1:0] data_q;
  logic [COUNT_BITS-1:0] count_q;
  logic last_q;
  logic [SIDE_WIRES-1:0] side_q;
  logic watched_leaves;
  assign watched_leaves = watch_q == KEPT && take && ahead_q == '0;
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      watch_q <= NONE;
    end else if (watch_q == NONE) begin
      if (valid_i && accept && pick_i && !(last_i && !keep_i)) begin
        watch_q <= last_i ? KEPT : WRITTEN;
        ahead_q <= whole_q + part_q - COUNTER'(take);
        data_q <= data_i;
        count_q <= count_i;
        last_q <= last_i;
        side_q <= side_i;
      end
    end else begin
      if (take && ahead_q != '0) ahead_q <= ahead_q - 1'b1;
      if (watch_q == WRITTEN && valid_i && last_i) begin
        watch_q <= kept ? KEPT : NONE;
        side_q <= side_i;
      end
      if (watched_leaves) watch_q <= GONE;
    end
  end

  // Proves: after one clock of reset from any state the queue is empty and offers nothing.
  always @(posedge clk_i) if (begun_q && $past(!rst_ni)) assert (!tvalid && empty && accept);

  // Proves: tvalid, once there, stays until the beat is taken, and data, keep, last and user stay with it.
  always @(posedge clk_i) begin
    if (begun_q && $past(rst_ni && tvalid && !tready_i)) begin
      assert (tvalid);
      assert (tdata[COMPARED-1:0] == $past(tdata[COMPARED-1:0]));
      assert (tkeep == $past(tkeep));
      assert (tlast == $past(tlast));
      assert (tuser == $past(tuser));
    end
  end

  logic sides_full_q;
  always @(posedge clk_i) sides_full_q <= frames_q + COUNTER'(valid_i && last_i) >= COUNTER'(SIDE_DEPTH);

  logic [2:0] waited_q;  // clocks in which something was there and not offered
  always @(posedge clk_i) waited_q <= (!rst_ni || tvalid || whole_q == '0) ? '0 : waited_q + 3'd1;

  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: what is offered belongs to a frame that is all here and kept: nothing leaves of one that was not to be kept, or that found no room, whether it was to be kept or not.
      if (tvalid) assert (whole_q != '0 && frames_q != '0);
      // Proves: no loss: while beats of a kept frame are inside, one is offered after at most three clocks, five where records have two words.
      assert (waited_q < 3'd3 || SIDE_WORDS == 2);
      assert (waited_q < 3'd5);
      // Proves: any one beat of a kept frame leaves once, after exactly those before it, as it came, with its frame's side data.
      if (watch_q == KEPT && tvalid && ahead_q == '0) begin
        assert (tdata[COMPARED-1:0] == data_q[COMPARED-1:0]);
        assert (tkeep == {K{1'b1}} >> ~count_q);
        assert (tlast == last_q);
        if (SIDE_BITS != 0) assert (tuser == side_q);
      end
      // Proves: only a frame for which there was no room is refused (for its side: none one clock before, when a frame that ended then counts, kept or not), and a refused frame stays refused to its end.
      if (!accept) assert (refused_q || whole_q + part_q >= COUNTER'(DEPTH) || (SIDE_BITS != 0 && sides_full_q));
      if (refused_q) assert (!accept);
      // Proves: empty is said when nothing is inside and no frame is on its way in, and not else.
      if (empty) assert (whole_q == '0);
      if (whole_q == '0 && !under_way_q) assert (empty);
    end
    // Reaches: the beat that is followed leaves, behind another frame.
    cover (watched_leaves && last_q && frames_q == 2);
    // Reaches: a frame is refused for lack of room, and a later one is kept.
    cover (watch_q == GONE && refused_q && whole_q != '0);
    // Reaches: a frame is to be kept for which there was no room.
    cover (begun_q && rst_ni && valid_i && last_i && keep_i && !accept);
    // Reaches: a frame that is not to be kept goes away and another leaves after it.
    cover (watched_leaves && dropped_q);
  end
endmodule
