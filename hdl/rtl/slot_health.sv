// Which slots are up. A slot goes down when the host says so, when its heartbeats stop, when its
// port's link is lost or when its port's queue stands still; down is latched until the host raises
// the slot again (docs/card.md, "Slot health"). What happened is kept for the host until it has
// acknowledged it.
//
// Contract:
// - raise_i and drop_i take effect at once; a slot that is down is not dropped. heartbeat_i and stale_i
//   come with the frame's end, in every clock if need be (but the timer of a slot that is raised
//   begins at a clock without a heartbeat).
// - Slots and ports are looked at in turn, one a clock; what is found takes effect five clocks later, or a walk
//   later where the host raises or drops a slot meanwhile. A walk over all of them takes SLOTS + PORTS clocks.
// - Times are compared as signed differences of 48 bits. Where time has gone back, what was heard of
//   a slot last counts as heard now: a jump back brings no slot down, and none stays up for ever.
// - An event is counted, and its flag set, at one clock. event_ack_i clears the flags of the slot
//   host_index_i if event_count_i is its present count; an event in between has changed that.
// - health_data_o and event_data_o belong to the host_index_i of 3 clocks before. Entries that are
//   not there: writes do nothing, reads 0.
// - hold_o of a port changes within two walks.
// - deadline_us_o is when a slot's state will change of itself, if nothing is heard of it; all ones:
//   never. It is right while settled_o is 1, which takes two walks without news. A queue that stands
//   still is no part of it: a card that has such a queue is not idle.
module slot_health #(
    parameter int PORTS = 2,
    parameter int SLOTS = 8
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic [47:0]        time_us_i,
    // slot table
    input  logic [SLOTS*4-1:0] slot_ports_i,
    input  logic               raise_i,
    input  logic               drop_i,
    input  logic [5:0]         slot_i,
    output logic [SLOTS-1:0]   up_o,
    // registers
    input  logic [31:0]        stall_us_i,
    input  logic [31:0]        suspect_hold_us_i,
    input  logic [15:0]        host_index_i,
    input  logic               health_write_i,
    input  logic [linecard_regs_pkg::BITS_SLOT_HEALTH-1:0] health_data_i,
    output logic [linecard_regs_pkg::BITS_SLOT_HEALTH-1:0] health_data_o,
    input  logic               event_ack_i,
    input  logic [7:0]         event_count_i,
    output logic [linecard_regs_pkg::BITS_SLOT_EVENT-1:0] event_data_o,
    output logic [SLOTS-1:0]   pending_o,
    // frames
    output logic [SLOTS*32-1:0] nonces_o,
    input  logic               heartbeat_i,
    input  logic [5:0]         heartbeat_slot_i,
    input  logic               stale_i,
    input  logic [5:0]         stale_slot_i,
    // ports
    input  logic [PORTS-1:0]   link_i,
    input  logic [PORTS-1:0]   stalled_i,  // its queue offers a beat that is not taken
    output logic [PORTS-1:0]   hold_o,     // its queue is to wait
    // the card's sleep
    output logic [47:0]        deadline_us_o,
    output logic               settled_o
);
  localparam int MOST = (SLOTS > PORTS) ? SLOTS : PORTS;
  localparam int INDEX_BITS = (MOST > 1) ? $clog2(MOST) : 1;
  localparam int NONCE_BITS = linecard_regs_pkg::LSB_SLOT_HEALTH_TIMEOUT_US;
  localparam int LIMIT_BITS = linecard_regs_pkg::LSB_SLOT_HEALTH_SUSPECT_US - NONCE_BITS;
  localparam int HEALTH_BITS = linecard_regs_pkg::BITS_SLOT_HEALTH;
  localparam int CAUSE_BITS = 3;

  // Time stands at 0 while the events are cleared: it is written with them.
  logic clearing_q;
  logic [47:0] time_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clearing_q) time_q <= '0;
    else time_q <= time_us_i;
  end

  // ---- what the host expects of each slot
  logic host_exists;
  logic [INDEX_BITS-1:0] host_index;
  assign host_exists = host_index_i < 16'(SLOTS);
  assign host_index = host_index_i[INDEX_BITS-1:0];

  logic write_q;
  logic [INDEX_BITS-1:0] write_index_q;
  logic [HEALTH_BITS-1:0] write_data_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) write_q <= 1'b0;
    else write_q <= health_write_i && host_exists;
  end
  always_ff @(posedge clk_i) begin
    write_index_q <= host_index;
    write_data_q <= health_data_i;
  end
  logic [NONCE_BITS-1:0] new_nonce;
  logic [LIMIT_BITS-1:0] new_timeout, new_suspect;
  logic new_times_out, new_suspects;  // at all, and before it is down
  assign {new_suspect, new_timeout, new_nonce} = write_data_q;
  assign new_times_out = new_timeout != '0;
  logic [LIMIT_BITS:0] new_rest;
  assign new_rest = {1'b0, new_suspect} - {1'b0, new_timeout};
  assign new_suspects = new_suspect != '0 && (!new_times_out || new_rest[LIMIT_BITS]);

  logic [SLOTS-1:0] written_q;  // since reset; before, nothing is expected
  for (genvar s = 0; s < SLOTS; s++) begin : g_health
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        written_q[s] <= 1'b0;
        nonces_o[s*32+:32] <= '0;
      end else if (write_q && write_index_q == INDEX_BITS'(s)) begin
        written_q[s] <= 1'b1;
        nonces_o[s*32+:32] <= new_nonce;
      end
    end
  end

  localparam int LIMITS_BITS = 2 + 2 * LIMIT_BITS;
  logic [LIMITS_BITS-1:0] limits[0:SLOTS-1];
  logic [HEALTH_BITS-1:0] copy[0:SLOTS-1];
  always_ff @(posedge clk_i) begin
    if (write_q) limits[write_index_q] <= {new_suspects, new_times_out, new_suspect, new_timeout};
  end
  always_ff @(posedge clk_i) if (write_q) copy[write_index_q] <= write_data_q;

  // ---- the walk
  // Whose turn comes is known a clock ahead, so that what is asked of it comes from flip-flops.
  logic ahead_port_q, walk_port_q, ahead_last, walk_last_q, walk_anchor_q;
  logic [INDEX_BITS-1:0] ahead_q, walk_q;
  logic [2*2**INDEX_BITS-1:0] anchors;
  assign ahead_last = ahead_q == (ahead_port_q ? INDEX_BITS'(PORTS - 1) : INDEX_BITS'(SLOTS - 1));
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ahead_q <= '0;
      ahead_port_q <= 1'b0;
      walk_q <= '0;
      walk_port_q <= 1'b0;
      walk_last_q <= 1'b0;
      walk_anchor_q <= 1'b1;
      clearing_q <= 1'b1;
    end else begin
      ahead_q <= ahead_last ? '0 : ahead_q + 1'b1;
      if (ahead_last) ahead_port_q <= !ahead_port_q;
      walk_q <= ahead_q;
      walk_port_q <= ahead_port_q;
      walk_last_q <= ahead_last;
      walk_anchor_q <= anchors[{ahead_port_q, ahead_q}];
      if (walk_last_q) clearing_q <= 1'b0;
    end
  end

  // When each slot was heard of last, and since when each port's queue stands still. What is wanted in
  // `anchor` is written when the walk comes by: that of a slot with its raising, that of a port as
  // long as its queue moves. Nothing but the walk takes an anchor away, so one that was seen ahead is still there.
  logic [SLOTS-1:0] anchor_slot_q;
  logic [PORTS-1:0] anchor_port_q;
  logic anchored;
  assign anchors = {(2 ** INDEX_BITS)'(anchor_port_q), (2 ** INDEX_BITS)'(anchor_slot_q)};
  assign anchored = walk_anchor_q && !heartbeat_i && !clearing_q;

  logic [47:0] heard[0:2*2**INDEX_BITS-1];
  logic [INDEX_BITS:0] heard_index;
  assign heard_index = heartbeat_i ? {1'b0, heartbeat_slot_i[INDEX_BITS-1:0]} : {walk_port_q, walk_q};
  always_ff @(posedge clk_i) if (heartbeat_i || walk_anchor_q) heard[heard_index] <= time_q;

  // Each step of the look has its digit.
  logic port_1, port_2, port_3, last_1, last_2, last_3, last_4, skip_1, skip_2;
  logic [INDEX_BITS-1:0] index_1, index_2, index_3;
  logic [3:0] behind_0, behind_1, behind_2, behind_3;  // the slot's port
  logic [47:0] heard_1, heard_2, heard_3, elapsed_2;
  logic [31:0] timeout_1, timeout_2;
  logic [LIMIT_BITS-1:0] suspect_1, suspect_2;
  logic times_out_1, times_out_2, suspects_1, suspects_2;
  logic [32:0] hold_end_2;
  slice_at #(
      .IN_WIDTH(SLOTS * 4),
      .STEP(4),
      .SELECT_BITS(INDEX_BITS),
      .WIDTH(4)
  ) slot_port (
      .vector_i(slot_ports_i),
      .select_i(walk_q),
      .slice_o(behind_0)
  );

  logic stalls_q;
  logic read_suspects, read_times_out;
  logic [LIMIT_BITS-1:0] read_suspect, read_timeout;
  assign {read_suspects, read_times_out, read_suspect, read_timeout} = limits[walk_q];
  always_ff @(posedge clk_i) begin
    stalls_q <= stall_us_i != '0;
    port_1 <= walk_port_q;
    index_1 <= walk_q;
    last_1 <= walk_port_q && walk_last_q;
    skip_1 <= walk_anchor_q;
    behind_1 <= behind_0;
    heard_1 <= heard[{walk_port_q, walk_q}];
    timeout_1 <= walk_port_q ? stall_us_i : 32'(read_timeout);
    suspect_1 <= read_suspect;
    times_out_1 <= walk_port_q ? stalls_q : read_times_out && written_q[walk_q];
    suspects_1 <= !walk_port_q && read_suspects && written_q[walk_q];

    port_2 <= port_1;
    index_2 <= index_1;
    last_2 <= last_1;
    skip_2 <= skip_1;
    behind_2 <= behind_1;
    heard_2 <= heard_1;
    elapsed_2 <= time_q - heard_1;
    timeout_2 <= timeout_1;
    suspect_2 <= suspect_1;
    hold_end_2 <= 33'(suspect_1) + 33'(suspect_hold_us_i);
    times_out_2 <= times_out_1;
    suspects_2 <= suspects_1;
  end

  // What has passed, and the next time that has not. (Comparisons are written as the borrow of a
  // subtraction, which is a carry chain and nothing else.)
  logic [32:0] to_out_2;
  logic [LIMIT_BITS:0] to_doubt_2;
  logic [33:0] to_end_2;
  logic back_2, out_2, doubtful_2, waited_2;
  logic skip_3, back_3, out_3, held_3, more_3;
  logic [31:0] next_3;
  assign back_2 = elapsed_2[47];
  assign to_out_2 = {1'b0, elapsed_2[31:0]} - {1'b0, timeout_2};
  assign to_doubt_2 = {1'b0, elapsed_2[LIMIT_BITS-1:0]} - {1'b0, suspect_2};
  assign to_end_2 = {1'b0, elapsed_2[32:0]} - {1'b0, hold_end_2};
  assign out_2 = |elapsed_2[46:32] || !to_out_2[32];
  assign doubtful_2 = |elapsed_2[46:LIMIT_BITS] || !to_doubt_2[LIMIT_BITS];
  assign waited_2 = |elapsed_2[46:33] || !to_end_2[33];
  always_ff @(posedge clk_i) begin
    port_3 <= port_2;
    index_3 <= index_2;
    last_3 <= last_2;
    skip_3 <= skip_2;
    behind_3 <= behind_2;
    heard_3 <= heard_2;
    back_3 <= back_2 && !skip_2;
    out_3 <= times_out_2 && out_2 && !back_2 && !skip_2;
    held_3 <= suspects_2 && doubtful_2 && !waited_2 && !back_2 && !skip_2;
    more_3 <= (suspects_2 && !doubtful_2) || (times_out_2 && !out_2);
    next_3 <= (suspects_2 && !doubtful_2) ? 32'(suspect_2) : timeout_2;
  end

  // ---- verdict. What it asks of slot and port by their numbers is fetched a clock ahead. While the host raises
  // or drops a slot there is none: whoever it concerns is judged the next time.
  logic [PORTS-1:0] link_q, stalled_q, stuck_q;
  logic present_3, host_3, stood_3, up_3, touched_3, lost_3, stuck_3, down_3, waits_3, stale_3;
  logic [SLOTS-1:0] stale_new_q, went_q, stale_q;
  always_ff @(posedge clk_i) begin
    host_3 <= raise_i || drop_i;
    stood_3 <= up_o[index_2];
    touched_3 <= anchor_slot_q[index_2];  // whoever has been raised since the walk came by
    waits_3 <= stale_new_q[index_2];
    lost_3 <= 1'b0;
    stuck_3 <= 1'b0;
    for (int p = 0; p < PORTS; p++) begin
      if (behind_2 == 4'(p)) begin
        lost_3 <= !link_q[p];
        stuck_3 <= stuck_q[p];
      end
    end
  end
  assign present_3 = !port_3 && !clearing_q && !host_3 && !raise_i && !drop_i;
  assign up_3 = present_3 && stood_3;
  assign down_3 = up_3 && !touched_3 && (out_3 || lost_3 || stuck_3);
  assign stale_3 = present_3 && !down_3 && waits_3;

  // ---- events, one clock behind the verdict. The host's own drop is one a clock later, and no verdict meets it.
  logic down_q, noted_q, event_new, dropped_q;
  logic [INDEX_BITS-1:0] event_slot_q, event_slot, dropped_slot_q;
  logic [CAUSE_BITS-1:0] cause_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      dropped_q <= 1'b0;
      down_q <= 1'b0;
      noted_q <= 1'b0;
    end else begin
      dropped_q <= drop_i && up_o[slot_i[INDEX_BITS-1:0]];
      if (!clearing_q || dropped_q) begin
        down_q <= dropped_q || down_3;
        noted_q <= stale_3;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    dropped_slot_q <= slot_i[INDEX_BITS-1:0];
    if (!clearing_q || dropped_q) begin
      event_slot_q <= dropped_q ? dropped_slot_q : index_3;
      if (dropped_q) cause_q <= linecard_regs_pkg::SLOT_EVENT_CAUSE_HOST;
      else if (lost_3) cause_q <= linecard_regs_pkg::SLOT_EVENT_CAUSE_LINK;
      else if (out_3) cause_q <= linecard_regs_pkg::SLOT_EVENT_CAUSE_HEARTBEAT;
      else cause_q <= linecard_regs_pkg::SLOT_EVENT_CAUSE_STALL;
    end
  end

  logic clear_event;
  logic [7:0] counts[0:SLOTS-1];
  logic [CAUSE_BITS+48-1:0] causes[0:SLOTS-1];
  assign clear_event = clearing_q && !walk_port_q;
  assign event_slot = clearing_q ? walk_q : event_slot_q;
  assign event_new = !clearing_q && (down_q || (noted_q && !stale_q[event_slot_q]));
  always_ff @(posedge clk_i) begin
    if (clear_event || event_new) counts[event_slot] <= clearing_q ? '0 : counts[event_slot_q] + 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (clear_event || (down_q && !clearing_q)) begin
      causes[event_slot] <= {time_q, clearing_q ? linecard_regs_pkg::SLOT_EVENT_CAUSE_NONE : cause_q};
    end
  end

  // ---- the host's reads and acknowledgements
  logic exists_q, exists_q2, ack_q;
  logic [INDEX_BITS-1:0] index_q, index_q2;
  logic [7:0] ack_count_q, ack_count_q2;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) ack_q <= 1'b0;
    else ack_q <= event_ack_i && host_exists;
  end
  always_ff @(posedge clk_i) begin
    exists_q <= host_exists;
    exists_q2 <= exists_q;
    index_q <= host_index;
    index_q2 <= index_q;
    ack_count_q <= event_count_i;
    ack_count_q2 <= ack_count_q;
  end
  logic [7:0] count;
  assign count = counts[index_q2];
  always_ff @(posedge clk_i) begin
    if (!exists_q2) event_data_o <= '0;
    else begin
      event_data_o <= {
        causes[index_q2][CAUSE_BITS+:48], stale_q[index_q2], went_q[index_q2],
        causes[index_q2][CAUSE_BITS-1:0], count
      };
    end
    if (!exists_q2 || !written_q[index_q2]) health_data_o <= '0;
    else health_data_o <= copy[index_q2];
  end

  // An event in the clock of the comparison has changed the count; one in the clock behind it sets its
  // flag all the same.
  logic ack_q2, acknowledged_q, changed_q;
  logic [INDEX_BITS-1:0] index_q3;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ack_q2 <= 1'b0;
      acknowledged_q <= 1'b0;
    end else begin
      ack_q2 <= ack_q;
      acknowledged_q <= ack_q2 && count == ack_count_q2;
    end
  end
  always_ff @(posedge clk_i) begin
    index_q3 <= index_q2;
    changed_q <= event_new && event_slot_q == index_q2;
  end

  // ---- slots
  for (genvar s = 0; s < SLOTS; s++) begin : g_slot
    logic named, raised, looked_at, happened, acked;
    assign named = slot_i == 6'(s);
    assign raised = raise_i && named;
    assign looked_at = index_3 == INDEX_BITS'(s);
    assign happened = event_slot_q == INDEX_BITS'(s) && !clearing_q;
    assign acked = acknowledged_q && !changed_q && index_q3 == INDEX_BITS'(s);
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        up_o[s] <= 1'b0;
        anchor_slot_q[s] <= 1'b1;
        went_q[s] <= 1'b0;
        stale_q[s] <= 1'b0;
        stale_new_q[s] <= 1'b0;
      end else begin
        if (raised) up_o[s] <= 1'b1;
        else if ((drop_i && named) || (down_3 && looked_at)) up_o[s] <= 1'b0;

        if (raised || (back_3 && !port_3 && looked_at)) anchor_slot_q[s] <= 1'b1;
        else if (anchored && !walk_port_q && walk_q == INDEX_BITS'(s)) anchor_slot_q[s] <= 1'b0;

        if (down_q && happened) went_q[s] <= 1'b1;
        else if (acked) went_q[s] <= 1'b0;
        if (noted_q && happened) stale_q[s] <= 1'b1;
        else if (acked) stale_q[s] <= 1'b0;
        if (stale_i && stale_slot_i == 6'(s)) stale_new_q[s] <= 1'b1;
        else if (stale_3 && looked_at) stale_new_q[s] <= 1'b0;
      end
    end
  end
  assign pending_o = went_q | stale_q;

  // ---- ports; the walk comes to them behind all slots
  logic [PORTS-1:0] hold_new_q;
  for (genvar p = 0; p < PORTS; p++) begin : g_port
    logic looked_at;
    assign looked_at = port_3 && index_3 == INDEX_BITS'(p);
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        link_q[p] <= 1'b1;
        stalled_q[p] <= 1'b0;
        anchor_port_q[p] <= 1'b1;
        stuck_q[p] <= 1'b0;
        hold_new_q[p] <= 1'b0;
        hold_o[p] <= 1'b0;
      end else begin
        link_q[p] <= link_i[p];
        stalled_q[p] <= stalled_i[p];
        if (!stalled_q[p] || (back_3 && looked_at)) anchor_port_q[p] <= 1'b1;
        else if (anchored && walk_port_q && walk_q == INDEX_BITS'(p)) anchor_port_q[p] <= 1'b0;
        if (!stalled_q[p]) stuck_q[p] <= 1'b0;
        else if (looked_at && out_3 && !anchor_port_q[p]) stuck_q[p] <= 1'b1;

        if (looked_at) begin
          hold_o[p] <= hold_new_q[p];
          hold_new_q[p] <= 1'b0;
        end else if (up_3 && held_3 && behind_3 == 4'(p)) begin
          hold_new_q[p] <= 1'b1;
        end
      end
    end
  end

  // ---- the next time that matters: the earliest of a walk
  logic more_4;
  logic [47:0] candidate_4, earliest_q, earliest;
  logic [48:0] sooner_4, until_due;
  always_ff @(posedge clk_i) begin
    more_4 <= up_3 && more_3;
    candidate_4 <= heard_3 + 48'(next_3);
    last_4 <= last_3;
  end
  assign sooner_4 = {1'b0, candidate_4} - {1'b0, earliest_q};
  assign earliest = (more_4 && sooner_4[48]) ? candidate_4 : earliest_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      earliest_q <= '1;
      deadline_us_o <= '1;
    end else if (last_4) begin
      earliest_q <= '1;
      deadline_us_o <= earliest;
    end else begin
      earliest_q <= earliest;
    end
  end

  // What has changed is in the deadline when a whole walk has begun and ended since.
  logic news, due_q, linked_q;
  logic [1:0] walks_q;
  always_comb begin
    news = clearing_q || heartbeat_i || raise_i || drop_i || dropped_q || down_q || health_write_i || write_q || stale_i ||
        link_q != link_i || linked_q || due_q || event_new || (up_3 && (skip_3 || back_3));
  end
  always_ff @(posedge clk_i) begin
    linked_q <= link_q != link_i;  // which a verdict sees a clock later
    due_q <= !until_due[48] && !(&deadline_us_o);
    if (!rst_ni || news) walks_q <= '0;
    else if (last_4 && !settled_o) walks_q <= walks_q + 1'b1;
  end
  assign until_due = {1'b0, time_q} - {1'b0, deadline_us_o};
  assign settled_o = walks_q == 2'd2;

endmodule
