// Proofs of fragment_hold: the beats carry what a frame is, so that each beat that comes out says
// where it belongs. Pick any two frames of one place, `first` and, behind it, `second`.
module fragment_hold_formal (
    input logic       clk_i,
    input logic       rst_ni,
    input logic [3:0] time_us_i,      // at will: it may leap and turn round
    input logic [2:0] fragment_us_i,
    input logic       valid_i,
    input logic       returned_i,
    input logic       last_i,
    input logic       keep_i,
    input logic [1:0] tag_i,
    input logic       count_i,
    input logic       index_i,
    input logic [7:0] learned_count_i,
    input logic       note_i,
    input logic       back_i,
    input logic       learned_i,
    input logic       learned_index_i,
    input logic       ready_i
);
  (* anyconst *) logic any_index, any_note;  // of the two frames

  logic accept, valid, count, last, note, expired, idle;
  logic [7:0] learn_count, held;
  logic [15:0] data_in, data;
  logic [47:0] deadline;
  logic [1:0] beat_q;
  fragment_hold #(
      .DATA_WIDTH(16),
      .BYTES(8),
      .INDEX_BITS(1),
      .NOTE_BITS(1),
      .FRAMES(2)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(48'(time_us_i)),
      .fragment_us_i(32'(fragment_us_i)),
      .valid_i(valid_i),
      .data_i(data_in),
      .count_i(count_i),
      .last_i(last_i),
      .keep_i(keep_i),
      .returned_i(returned_i),
      .index_i(index_i),
      .learned_count_i(learned_count_i),
      .note_i(note_i),
      .accept_o(accept),
      .back_i(back_i),
      .learned_i(learned_i),
      .learned_index_i(learned_index_i),
      .learn_count_o(learn_count),
      .valid_o(valid),
      .ready_i(ready_i),
      .data_o(data),
      .count_o(count),
      .last_o(last),
      .note_o(note),
      .expired_o(expired),
      .held_o(held),
      .deadline_us_o(deadline),
      .idle_o(idle)
  );
  // A beat: which frame, which beat of it, whether the last, and its count once more.
  assign data_in = {10'd0, count_i, last_i, beat_q, tag_i};

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // ---- what comes
  logic inside_q, returned_q, index_q, flies_q;
  logic [1:0] tag_q;
  logic arrives, comes_back, goes;
  assign arrives = valid_i && !returned_i && last_i && keep_i && accept;
  assign comes_back = valid_i && returned_i && last_i && keep_i;
  assign goes = back_i && !comes_back;
  logic [1:0] seen_q;  // which of the two frames has begun to come
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      beat_q <= '0;
      seen_q <= '0;
    end else if (valid_i) begin
      inside_q <= !last_i;
      beat_q <= (last_i || returned_i) ? '0 : beat_q + 1'b1;
      if (!returned_i) seen_q <= seen_q | tag_i;
    end
    if (valid_i) begin
      returned_q <= returned_i;
      index_q <= index_i;
      tag_q <= tag_i;
    end
  end
  always @* begin
    // Assumes: a frame's beats come without gaps, with one index, and it is held again or not as a whole (pipeline, finish).
    if (inside_q) assume (valid_i && returned_i == returned_q && index_i == index_q && tag_i == tag_q);
    // Assumes: a frame comes back once for each time that it was offered, after its last beat was taken; its own beats here are those with returned_i, and back_i is with the last of them (pipeline, finish).
    if (back_i || (valid_i && returned_i)) assume (flies_q);
    if (valid_i && returned_i) assume (back_i == last_i);
    if (back_i && valid_i) assume (returned_i);
    if (back_i && !valid_i) assume (!inside_q);
    // For this proof a frame has three beats at most, and each of the two comes once.
    if (beat_q == 2'd2 && valid_i && !returned_i) assume (last_i);
    assume (tag_i != 2'd3);
    if (valid_i && !returned_i && !inside_q) assume ((tag_i & seen_q) == '0 && (tag_i != 2'd2 || seen_q[0]));
    if (valid_i && !returned_i && tag_i != '0) assume (index_i == any_index && note_i == any_note);
  end

  // ---- what goes out
  logic out_inside_q, stalls_q;
  logic [1:0] out_beat_q, out_tag_q, flying_q;
  logic [15:0] stalled_q;
  logic stalled_last_q, stalled_note_q, stalled_expired_q;
  logic taken;
  assign taken = valid && ready_i;
  logic [1:0] kept_q;          // the frame is here, or on another try
  logic [7:0] frames_q;
  logic told_q;                // the first frame's place was learned since it came or was last offered
  logic [4:0] told_for_q;
  always @(posedge clk_i) begin
    stalls_q <= rst_ni && valid && !ready_i;
    stalled_q <= data;
    {stalled_last_q, stalled_note_q, stalled_expired_q} <= {last, note, expired};
    if (!rst_ni) begin
      out_inside_q <= 1'b0;
      out_beat_q <= '0;
      flies_q <= 1'b0;
      kept_q <= '0;
      frames_q <= '0;
      told_for_q <= '0;
    end else begin
      if (taken) begin
        out_inside_q <= !last;
        out_beat_q <= last ? '0 : out_beat_q + 1'b1;
        out_tag_q <= data[1:0];
        if (last) flying_q <= data[1:0];
      end
      flies_q <= (taken && last) || (flies_q && !back_i);
      frames_q <= frames_q + 8'(arrives) - 8'(goes);
      kept_q <= (kept_q | (arrives ? tag_i : 2'd0)) & ~(goes ? flying_q : 2'd0);
      if (!kept_q[0] || (valid && data[0]) || (flies_q && flying_q[0])) told_for_q <= '0;
      else if (told_for_q != '0 || (learned_i && learned_index_i == any_index)) begin
        if (told_for_q != '1) told_for_q <= told_for_q + 1'b1;
      end
    end
  end

  logic reset_q;
  always @(posedge clk_i) reset_q <= !rst_ni;
  always @* begin
    if (begun_q && reset_q) assert (!valid && held == '0);  // Proves: after one clock of reset from any state nothing is held and nothing is offered.
    if (begun_q && rst_ni) begin
      // Proves: a beat that is offered stays, unchanged, until it is taken.
      if (stalls_q) assert (valid && data == stalled_q && {last, note, expired} == {stalled_last_q, stalled_note_q, stalled_expired_q});
      // Proves: what is offered is whole frames, beat for beat as they came; of each beat data, count and last.
      if (valid) begin
        assert (data[3:2] == out_beat_q && data[4] == last && data[5] == count);
        if (out_inside_q) assert (data[1:0] == out_tag_q);
      end
      // Proves: only a frame that was kept and has not left is offered (no duplicate, nothing of a frame that was not kept), with its own note; and never while one is on its try.
      if (valid) assert ((data[1:0] & ~kept_q) == '0 && !flies_q);
      if (valid && data[1:0] != '0) assert (note == any_note);
      // Proves: held counts the frames that came and have not left; none is lost without having been offered.
      assert (held == frames_q && held <= 8'd2);
      // Proves: while a frame is held the card does not sleep for ever (a deadline is set).
      if (idle && frames_q != '0) assert (deadline != '1);
      // Proves: of two frames of one place the younger is not offered while the older has had a reason for more than eight clocks, so that they leave in their order.
      if (valid && !out_inside_q && !stalls_q && data[1] && kept_q[0]) assert (told_for_q <= 5'd8);
    end
    // Reaches: a frame offered a second time.
    cover (begun_q && rst_ni && tried_q && valid && data[0]);
    // Reaches: the younger offered while the older is held.
    cover (begun_q && rst_ni && valid && data[1] && kept_q == 2'd3);
    // Reaches: a frame of three beats that leaves.
    cover (begun_q && rst_ni && goes && flying_q[0] && long_q);
  end
  // Open: that each frame is offered in the end (the tests wait for it); everything behind the bound.
  logic tried_q, long_q;
  always @(posedge clk_i) begin
    tried_q <= rst_ni && (tried_q || (comes_back && flying_q[0]));
    long_q <= rst_ni && (long_q || (taken && last && data[0] && data[3:2] == 2'd2));
  end
endmodule
