// Proofs of finish and of the accounting: any frames with any decision come to their end while queues,
// policers and mirror do what they like; what was received is what has ended, is in flight or is held.
module finish_formal #(
    parameter int PORTS = 2,
    localparam int QUEUES = PORTS + 2
) (
    input logic                               clk_i,
    input logic                               rst_ni,
    input logic [47:0]                        time_us_i,
    input logic [linecard_pkg::META_BITS-1:0] meta_next_i,
    input logic                               valid_i,
    input logic                               last_i,
    input logic                               ill_i,
    input logic [5:0]                         illness_i,
    input logic [15:0]                        length_i,
    input logic [QUEUES-1:0]                  accept_i,
    input logic                               conform_i,
    input logic                               share_ok_i,
    input logic                               mirror_i,
    input logic [3:0]                         mirror_port_i,
    input logic                               mirror_by_vid_i,
    input logic [15:0]                        mirror_vid_i,
    input logic [63:0]                        mirror_reasons_i
);
  logic [QUEUES-1:0] select;
  logic stay, keep, commit, copy_keep, event_valid, sender_valid, held, copied, copy_lost;
  logic [PORTS-1:0] copy_select;
  logic [linecard_regs_pkg::DECISION_BITS-1:0] record_bits, event_bits;
  logic [5:0] sender;
  finish #(
      .PORTS(PORTS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(time_us_i),
      .meta_i(meta_q),
      .meta_next_i(meta_next_i),
      .valid_i(valid_i),
      .last_i(last_i),
      .ill_i(ill_i),
      .illness_i(illness_i),
      .length_i(length_i),
      .select_o(select),
      .stay_o(stay),
      .accept_i(accept_i),
      .conform_i(conform_i),
      .share_ok_i(share_ok_i),
      .commit_o(commit),
      .mirror_i(mirror_i),
      .mirror_port_i(mirror_port_i),
      .mirror_by_vid_i(mirror_by_vid_i),
      .mirror_vid_i(mirror_vid_i),
      .mirror_reasons_i(mirror_reasons_i),
      .copy_select_o(copy_select),
      .copy_keep_o(copy_keep),
      .record_o(record_bits),
      .event_valid_o(event_valid),
      .event_o(event_bits),
      .event_sender_valid_o(sender_valid),
      .event_sender_o(sender),
      .held_o(held),
      .copied_o(copied),
      .copy_lost_o(copy_lost)
  );
  // It stays, and its queue had room.
  assign keep = stay && (select & accept_i) != '0;
  // A beat's metadata are known one clock ahead (rewrite).
  logic [linecard_pkg::META_BITS-1:0] meta_q;
  always @(posedge clk_i) meta_q <= meta_next_i;
  linecard_pkg::meta_t meta, meta_next;
  linecard_regs_pkg::decision_t record, ended, expected;
  assign meta = meta_q;
  assign meta_next = meta_next_i;
  assign record = record_q;
  assign ended = event_bits;

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  always @* begin
    // Assumes: every frame comes with a reason of one end (decide), and an ill one with one that is a drop (rewrite).
    assume (one_end(meta_next.reason) && linecard_regs_pkg::ends_in_drop(illness_i));
    // Assumes: what is held is a punt, and goes to the hold buffer alone (decide).
    if (meta_next.hold) assume (linecard_regs_pkg::ends_in_punt(meta_next.reason) && meta_next.egress == PORTS + 1);
    else assume (meta_next.egress <= PORTS);
  end
  function automatic logic one_end(input logic [5:0] reason);
    one_end = 3'(linecard_regs_pkg::ends_in_steer(reason)) + 3'(linecard_regs_pkg::ends_in_punt(reason)) +
        3'(linecard_regs_pkg::ends_in_host(reason)) + 3'(linecard_regs_pkg::ends_in_slot(reason)) +
        3'(linecard_regs_pkg::ends_in_line(reason)) + 3'(linecard_regs_pkg::ends_in_drop(reason)) +
        3'(linecard_regs_pkg::ends_in_consume(reason)) == 3'd1;
  endfunction

  logic end_now;
  assign end_now = valid_i && last_i;

  logic ended_q, kept_q, was_held_q, ill_q, room_q;
  logic [5:0] illness_q, reason_q;
  logic [linecard_regs_pkg::DECISION_BITS-1:0] record_q;
  logic [1:0] origin_q;
  always @(posedge clk_i) begin
    ended_q <= rst_ni && end_now;
    kept_q <= keep;
    record_q <= record_bits;
    origin_q <= meta.origin;
    reason_q <= meta.reason;
    ill_q <= ill_i;
    illness_q <= illness_i;
    room_q <= (select & accept_i) != '0;
    was_held_q <= keep && meta.hold;
  end

  always @* begin
    if (begun_q) begin
      // Proves: each frame's last beat gives exactly one pulse in the clock behind it: its end, or that it is held; and there is no other (after one clock of reset from any state: none).
      assert (event_valid + held == ended_q);
      assert (!(event_valid && held));
      if (ended_q) assert (held == was_held_q);
      // Proves: the end carries the frame's record, of its own origin: the one that stands beside it in the host's queue, or where it is refused that one with another reason and no egress.
      expected = record;
      if (!kept_q) begin
        expected.reason = ended.reason;
        expected.egress = ended.egress;
      end
      if (event_valid) assert (ended.origin == origin_q && (ill_q || event_bits == expected));
      // Proves: an ill frame's reason is its illness.
      if (event_valid && ill_q) assert (!kept_q && ended.reason == illness_q);
      // Proves: a frame keeps the reason that it was given, or is dropped as policed, over its share, or queue_full; a full queue, and nothing else, makes queue_full of it.
      if (event_valid && !ill_q && ended.reason != reason_q) begin
        assert (ended.reason == linecard_regs_pkg::REASON_POLICED || ended.reason == linecard_regs_pkg::REASON_HOST_SHARE ||
                ended.reason == linecard_regs_pkg::REASON_QUEUE_FULL);
      end
      if (event_valid && !ill_q && reason_q != linecard_regs_pkg::REASON_QUEUE_FULL && ended.reason == linecard_regs_pkg::REASON_QUEUE_FULL) assert (!room_q);
      // Proves: one end for each frame: its reason has exactly one end; the frame is in a queue just when that is neither a drop nor the card's own use.
      if (event_valid) begin
        assert (one_end(ended.reason));
        assert (kept_q == !(linecard_regs_pkg::ends_in_drop(ended.reason) || linecard_regs_pkg::ends_in_consume(ended.reason)));
      end
    end
    if (begun_q && rst_ni && end_now) begin
      // Proves: a frame goes into one queue at most.
      assert ((select & (select - 1'b1)) == '0);
      // Proves: an ill frame is kept nowhere.
      if (ill_i) assert (!keep && !commit);
      // Proves: only frames for the host are policed: one that is to leave by a port is kept whatever the policers say.
      if (!ill_i && meta.egress < PORTS && select != '0) assert (keep == ((select & accept_i) != '0));
      // Proves: a copy is never kept in the queue that keeps the frame itself, and none is made of a frame that is held.
      if (copy_keep) assert (!(keep && (select[PORTS-1:0] & copy_select) != '0) && !(keep && meta.hold));
      // Proves: into the host's queue goes only what conforms to its rate and share; commit says so, and nothing else.
      if (commit) assert (keep && select[PORTS] && accept_i[PORTS] && conform_i && share_ok_i);
      assert (commit == (keep && select[PORTS]));
    end
    // Reaches: a frame in a port's queue, one at the host, one held, one policed, one that found its queue full.
    cover (begun_q && event_valid && kept_q && linecard_regs_pkg::ends_in_steer(ended.reason));
    cover (begun_q && event_valid && kept_q && linecard_regs_pkg::ends_in_punt(ended.reason));
    cover (begun_q && held);
    cover (begun_q && event_valid && ended.reason == linecard_regs_pkg::REASON_POLICED);
    cover (begun_q && event_valid && ended.reason == linecard_regs_pkg::REASON_QUEUE_FULL);
  end
endmodule
