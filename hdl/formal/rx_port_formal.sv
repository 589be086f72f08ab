// Proofs of rx_port: count frames in and out, and follow any one frame, and any one beat of it, on
// its way through. MAX_FRAME is cut down (tasks.ts), so that a small buffer holds the longest frame.
module rx_port_formal #(
    parameter int DATA_WIDTH = 16,
    parameter int BYTES = 16,
    parameter int COMPARED = 1,  // bits of the data that are followed; the buffer treats all alike
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int FRAME_BEATS = (linecard_pkg::MAX_FRAME + K - 1) / K
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  cut_through_i,
    input logic                  rx_tvalid_i,
    input logic [DATA_WIDTH-1:0] rx_tdata_i,
    input logic [K-1:0]          rx_tkeep_i,
    input logic                  rx_tlast_i,
    input logic                  rx_tuser_i,
    input logic                  rx_side_i,
    input logic                  ready_i,
    input logic                  pick_i  // free: follow this frame
);
  logic room, lost, empty, valid, last, side;
  logic [DATA_WIDTH-1:0] data;
  logic [COUNT_BITS-1:0] count;
  logic [2:0] verdict;
  rx_port #(
      .DATA_WIDTH(DATA_WIDTH),
      .BYTES(BYTES),
      .USER_BITS(1)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .cut_through_i(cut_through_i),
      .rx_tvalid_i(rx_tvalid_i),
      .rx_tdata_i(rx_tdata_i),
      .rx_tkeep_i(rx_tkeep_i),
      .rx_tlast_i(rx_tlast_i),
      .rx_tuser_i(rx_tuser_i),
      .rx_side_i(rx_side_i),
      .room_o(room),
      .lost_o(lost),
      .empty_o(empty),
      .valid_o(valid),
      .ready_i(ready_i),
      .data_o(data),
      .count_o(count),
      .last_o(last),
      .verdict_o(verdict),
      .side_o(side)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  logic out_frame_q;  // a frame has begun to leave
  // Assumes: a frame, once begun, is taken without pause (rx_merge: "a frame that has begun is taken to its end").
  always @* if (out_frame_q) assume (ready_i);
  // Assumes: the bytes of a frame's last beat lie together from the first byte on.
  always @* if (rx_tvalid_i && rx_tlast_i) assume (rx_tkeep_i[0] && ((rx_tkeep_i + 1'b1) & rx_tkeep_i) == '0);

  // ---- what came in, one clock ago: lost_o speaks of that beat
  logic frame_q;  // a frame is under way at the pins
  logic valid_q, last_q, bad_q, side_q, first_q, roomed_q, gap_q;
  logic [DATA_WIDTH-1:0] data_q;
  logic [K-1:0] keep_q;
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      frame_q <= 1'b0;
      valid_q <= 1'b0;
      gap_q <= 1'b0;
    end else begin
      if (rx_tvalid_i) frame_q <= !rx_tlast_i;
      valid_q <= rx_tvalid_i;
      gap_q <= frame_q && !rx_tvalid_i;
    end
    first_q <= !frame_q;
    last_q <= rx_tlast_i;
    bad_q <= rx_tuser_i;
    side_q <= rx_side_i;
    data_q <= rx_tdata_i;
    keep_q <= rx_tkeep_i;
    if (!frame_q) roomed_q <= room;
  end

  // ---- frames inside, and the frame that leaves
  localparam int COUNTER = 4;
  logic [COUNTER-1:0] inside_q;
  logic [COUNTER-1:0] index_q;  // of the beat at the output within its frame
  logic enters, take, leaves;
  assign enters = valid_q && first_q && !lost;
  assign take = valid && ready_i;
  assign leaves = take && last;
  logic cut_before_q;  // cut_through in the clock before
  logic cut_q;  // the same as this frame's first beat was taken
  always @(posedge clk_i) cut_before_q <= cut_through_i;
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= '0;
      index_q <= '0;
      out_frame_q <= 1'b0;
    end else begin
      inside_q <= inside_q + COUNTER'(enters) - COUNTER'(leaves);
      if (take) begin
        out_frame_q <= !last;
        index_q <= last ? '0 : index_q + 1'b1;
        if (!out_frame_q) cut_q <= cut_before_q;
      end
    end
  end

  // ---- any one frame, and any one beat of it
  localparam logic [1:0] NONE = 2'd0, ENTERS = 2'd1, INSIDE = 2'd2, GONE = 2'd3;
  (* anyconst *) logic [COUNTER-1:0] beat;
  logic [1:0] watch_q;
  logic [COUNTER-1:0] ahead_q;  // frames that leave before it
  logic [COUNTER-1:0] length_q;  // its beats so far, as far as that matters
  logic [FRAME_BEATS+1:0] gap_at_q;  // a gap came after that many beats
  logic its_roomed_q, its_bad_q, its_side_q;
  logic [DATA_WIDTH-1:0] its_data_q;
  logic [K-1:0] its_keep_q;
  logic at_output;
  assign at_output = (watch_q == ENTERS || watch_q == INSIDE) && ahead_q == '0;
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      watch_q <= NONE;
    end else begin
      if (watch_q == NONE && enters && pick_i) begin
        watch_q <= last_q ? INSIDE : ENTERS;
        ahead_q <= inside_q - COUNTER'(leaves);
        length_q <= 1;
        gap_at_q <= '0;
        its_roomed_q <= roomed_q;
        its_bad_q <= bad_q;
        its_side_q <= side_q;
        its_keep_q <= keep_q;
        if (beat == '0) its_data_q <= data_q;
      end else if (watch_q == ENTERS) begin
        if (valid_q) begin
          if (last_q) watch_q <= INSIDE;
          if (length_q != FRAME_BEATS + 2) length_q <= length_q + 1'b1;
          its_bad_q <= bad_q;
          its_keep_q <= keep_q;
          if (beat == length_q) its_data_q <= data_q;
        end else if (gap_q) begin
          gap_at_q[length_q] <= 1'b1;
        end
      end
      if (at_output && leaves) watch_q <= GONE;
      if ((watch_q == ENTERS || watch_q == INSIDE) && leaves && ahead_q != '0) ahead_q <= ahead_q - 1'b1;
    end
  end

  // Proves: after one clock of reset from any state the buffer is empty, offers nothing and has room.
  always @(posedge clk_i) if (begun_q && $past(!rst_ni)) assert (!valid && empty && room && !lost);

  // Proves: valid stays until the beat is taken, and data, count, last, verdict and side stay with it (while cut_through is not switched).
  always @(posedge clk_i) begin
    if (begun_q && $past(rst_ni && valid && !ready_i) && $past(cut_through_i) == $past(cut_before_q)) begin
      assert (valid);
      assert (data[COMPARED-1:0] == $past(data[COMPARED-1:0]));
      assert ({count, last, verdict, side} == $past({count, last, verdict, side}));
    end
  end

  logic [4:0] quiet_q;  // clocks in which something was inside, nothing came, and nothing was offered
  always @(posedge clk_i) quiet_q <= (!rst_ni || valid || empty || frame_q || rx_tvalid_i) ? '0 : quiet_q + 1'b1;

  logic whole;  // this beat of the followed frame ends it as it came in
  assign whole = last && (verdict == linecard_pkg::RX_OK || verdict == linecard_pkg::RX_ERROR);
  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: a frame that has begun to leave has a beat in every clock up to its last.
      if (out_frame_q) assert (valid);
      // Proves: what leaves is a frame that came in and has not left.
      if (valid) assert (inside_q != '0);
      // Proves: a frame is lost as a whole, at its first beat, and only where room was not offered for it.
      if (lost) assert (valid_q && first_q && !roomed_q);
      // Proves: empty is said only when no frame is inside, but for the mark of a gap behind one that is leaving; and when nothing comes, either a beat is offered or the buffer is empty, at the latest when the rest of a frame has been thrown away.
      if (empty) assert (inside_q == '0 || (out_frame_q && inside_q == 1));
      assert (quiet_q <= FRAME_BEATS + 6);
      if (at_output && valid) begin
        // Proves: any one frame leaves once, in its place among the others, each beat as it came: data, side of the first beat, and only the last with fewer bytes.
        if (index_q == beat && !(last && verdict == linecard_pkg::RX_UNDERRUN)) begin
          assert (beat < length_q);
          assert (data[COMPARED-1:0] == its_data_q[COMPARED-1:0]);
        end
        if (index_q == '0 && length_q != '0) assert (side == its_side_q);
        if (!last) assert (count == '1 && verdict == linecard_pkg::RX_OK);
        // Proves: a frame with the verdict RX_OK or RX_ERROR is whole: all beats that came, and RX_ERROR just where the receiver marked it.
        if (whole) begin
          assert (watch_q == INSIDE && index_q + 1'b1 == length_q);
          assert ((verdict == linecard_pkg::RX_ERROR) == its_bad_q);
          assert ({K{1'b1}} >> ~count == its_keep_q);
        end
        // Proves: RX_OVERSIZE stands on a frame of more than MAX_FRAME bytes, at the first beat behind them; no other frame passes that beat.
        if (last && verdict == linecard_pkg::RX_OVERSIZE) assert (index_q == FRAME_BEATS && length_q > FRAME_BEATS);
        if (index_q == FRAME_BEATS) assert (last);
        // Proves: a frame that began while room was offered never ends as RX_OVERFLOW.
        if (last && verdict == linecard_pkg::RX_OVERFLOW) assert (!its_roomed_q);
        // Proves: RX_UNDERRUN stands only on a frame that began to leave in cut-through, and behind as many beats as came before a gap.
        if (last && verdict == linecard_pkg::RX_UNDERRUN) assert (cut_q && gap_at_q[index_q]);
        assert (verdict <= linecard_pkg::RX_UNDERRUN);
        // Proves: in store and forward a frame is offered when all of it is here.
        if (!cut_before_q && index_q == '0 && its_roomed_q && length_q <= FRAME_BEATS) assert (watch_q == INSIDE);
      end
    end
    // Reaches: a whole frame of the greatest length leaves behind another.
    cover (at_output && take && whole && index_q == FRAME_BEATS - 1 && frame_q && inside_q == 2);
    // Reaches: RX_OVERFLOW and RX_OVERSIZE.
    cover (at_output && take && last && verdict == linecard_pkg::RX_OVERFLOW);
    cover (at_output && take && last && verdict == linecard_pkg::RX_OVERSIZE);
    // Reaches: RX_UNDERRUN with a frame behind it.
    cover (at_output && take && last && verdict == linecard_pkg::RX_UNDERRUN && inside_q == 2);
    // Reaches: a lost frame.
    cover (begun_q && rst_ni && lost);
  end
endmodule
