// Later fragments that came before their first: held, and offered to the pipeline again when there is
// reason to try (docs/card.md, "Later fragments").
//
// Contract:
// - Beats come as to port_queue: accept_o says with each whether all of its frame has found room so
//   far; a frame stays when keep_i comes with its last beat. index_i, its place in the fragment table,
//   and learned_count_i, the learn_count_o of its look-up, come with every beat, note_i with the last.
// - A frame is offered when its place has been learned since its look-up, when it may have been
//   (learn_count_o ran on while the frame was on its way here), and when fragment_us_i has passed since
//   it came; expired_o then says so, beside every beat, as note_o stands there.
// - Of the frames of one place that have a reason the oldest goes first, so that they leave in the order
//   in which they came; one without a reason makes no other wait.
// - One frame at a time is offered. back_i comes with its last beat at finish, whatever its end; when it
//   is to be held again, that beat comes here too, with returned_i and keep_i, and the frame stays where
//   it is, with its time: it needs no room, and its bytes are not looked at.
// - Bounded work: a learned place costs each of its frames one try.
// - A frame that has come, or is back, is known to the search a clock later.
// - idle_o: nothing moves before deadline_us_o (all ones: never), unless something comes.
//
// Frames lie in one ring, in the order of their coming; the room of one that has left is free when all
// older ones have left too.
module fragment_hold #(
    parameter int DATA_WIDTH = 64,
    parameter int BYTES = 4096,
    parameter int INDEX_BITS = 9,
    parameter int NOTE_BITS = 14,
    parameter int FRAMES = 16,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic [47:0]           time_us_i,
    input  logic [31:0]           fragment_us_i,
    // from the pipeline
    input  logic                  valid_i,
    input  logic [DATA_WIDTH-1:0] data_i,
    input  logic [COUNT_BITS-1:0] count_i,
    input  logic                  last_i,
    input  logic                  keep_i,
    input  logic                  returned_i,
    input  logic [INDEX_BITS-1:0] index_i,
    input  logic [7:0]            learned_count_i,
    input  logic [NOTE_BITS-1:0]  note_i,
    output logic                  accept_o,
    input  logic                  back_i,
    // from the fragment table
    input  logic                  learned_i,
    input  logic [INDEX_BITS-1:0] learned_index_i,
    output logic [7:0]            learn_count_o,
    // to the merge
    output logic                  valid_o,
    input  logic                  ready_i,
    output logic [DATA_WIDTH-1:0] data_o,
    output logic [COUNT_BITS-1:0] count_o,
    output logic                  last_o,
    output logic [NOTE_BITS-1:0]  note_o,
    output logic                  expired_o,
    // state
    output logic [7:0]            held_o,  // frames, those on another try among them
    output logic [47:0]           deadline_us_o,
    output logic                  idle_o
);
  localparam int DEPTH = BYTES / K;
  localparam int PTR_BITS = $clog2(DEPTH);
  localparam int ENTRY_BITS = 1 + COUNT_BITS + DATA_WIDTH;
  localparam int SLOT_BITS = $clog2(FRAMES);

  // ---- what comes
  (* no_rw_check *) logic [ENTRY_BITS-1:0] buffer[0:DEPTH-1];
  logic [PTR_BITS:0] write_q;   // behind the last beat written
  logic [PTR_BITS:0] commit_q;  // behind the last beat of the youngest frame
  logic [PTR_BITS:0] free_q;    // first beat of the oldest frame
  logic [PTR_BITS:0] behind_q;  // commit_q as the slots know it
  logic [SLOT_BITS:0] head_q, tail_q;  // slots of the oldest frame, and behind the youngest
  logic fresh, room_q, slot_room_q, overflow_q, stays, arrives, comes_back, leaves;
  logic [PTR_BITS:0] used;
  logic [SLOT_BITS:0] slots_used;
  assign fresh = valid_i && !returned_i;
  assign used = write_q - free_q;
  assign slots_used = tail_q - head_q + (SLOT_BITS + 1)'(arrives_q);
  assign accept_o = returned_i || (room_q && slot_room_q && !overflow_q);
  assign stays = keep_i && accept_o;
  assign arrives = fresh && last_i && stays;
  assign comes_back = valid_i && returned_i && last_i && keep_i;

  // What becomes of a frame goes on from flip-flops, since its decision is made late in its clock.
  logic arrives_q, back_q, comes_back_q, leaves_q;
  logic [NOTE_BITS-1:0] note_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {arrives_q, back_q, comes_back_q, leaves_q} <= '0;
      tail_q <= '0;
    end else begin
      {arrives_q, back_q, comes_back_q, leaves_q} <= {arrives, back_i, comes_back, leaves};
      if (arrives_q) tail_q <= tail_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    note_q <= note_i;
    behind_q <= commit_q;
  end

  // From flip-flops, since a decision waits for them.
  always_ff @(posedge clk_i) begin
    room_q <= !rst_ni || used < (PTR_BITS + 1)'(fresh ? DEPTH - 1 : DEPTH);
    slot_room_q <= !rst_ni || slots_used < (SLOT_BITS + 1)'((fresh && last_i) ? FRAMES - 1 : FRAMES);
  end
  always_ff @(posedge clk_i) begin
    if (fresh && room_q) buffer[write_q[PTR_BITS-1:0]] <= {last_i, count_i, data_i};
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      commit_q <= '0;
      overflow_q <= 1'b0;
    end else if (fresh) begin
      if (last_i) begin
        overflow_q <= 1'b0;
        write_q <= stays ? write_q + 1'b1 : commit_q;
        if (stays) commit_q <= write_q + 1'b1;
      end else begin
        if (room_q) write_q <= write_q + 1'b1;
        if (!accept_o) overflow_q <= 1'b1;
      end
    end
  end

  // Was its place learned after its look-up? Before its first beat was here any place may have been;
  // from then on we know which.
  logic begun_q, raced_q;
  logic [INDEX_BITS-1:0] index_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      begun_q <= 1'b0;
      learn_count_o <= '0;
    end else begin
      if (valid_i) begun_q <= !last_i;
      if (learned_i) learn_count_o <= learn_count_o + 8'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (valid_i && !begun_q) raced_q <= learned_i || learned_count_i != learn_count_o;
    else if (learned_i && learned_index_i == index_q) raced_q <= 1'b1;
    if (valid_i && !begun_q) index_q <= index_i;
  end

  // ---- slots
  logic [47:0] limit_q;
  always_ff @(posedge clk_i) limit_q <= time_us_i + 48'(fragment_us_i);

  logic [PTR_BITS:0] starts[0:FRAMES-1];
  logic [47:0] deadlines[0:FRAMES-1];
  logic [NOTE_BITS-1:0] notes[0:FRAMES-1];
  logic [INDEX_BITS-1:0] places[0:FRAMES-1];
  always_ff @(posedge clk_i) begin
    if (arrives_q) begin
      starts[tail_q[SLOT_BITS-1:0]] <= behind_q;
      deadlines[tail_q[SLOT_BITS-1:0]] <= limit_q;
      notes[tail_q[SLOT_BITS-1:0]] <= note_q;
      places[tail_q[SLOT_BITS-1:0]] <= index_q;
    end
  end

  // All slots are compared with a learned place at once, late enough for one that has just come to be there as well;
  // the search looks at one a clock.
  logic learned_q;
  logic [INDEX_BITS-1:0] learned_index_q;
  always_ff @(posedge clk_i) begin
    learned_q <= learned_i;
    learned_index_q <= learned_index_i;
  end
  logic [FRAMES-1:0] place_learned_q;
  for (genvar s = 0; s < FRAMES; s++) begin : g_slot
    logic [INDEX_BITS-1:0] place_q;
    logic comes;
    assign comes = arrives_q && tail_q[SLOT_BITS-1:0] == SLOT_BITS'(s);
    always_ff @(posedge clk_i) begin
      if (comes) place_q <= index_q;
    end
    always_ff @(posedge clk_i) place_learned_q[s] <= learned_q && place_q == learned_index_q && !comes;
  end

  // ---- the search
  typedef logic [2:0] state_t;
  localparam state_t LOOK = 3'd0;
  localparam state_t COMPARE = 3'd1;  // has its time passed?
  localparam state_t JUDGE = 3'd2;    // has it a reason to be offered?
  localparam state_t OLDEST = 3'd3;   // then which of its place is the oldest that has it?
  localparam state_t MEASURE = 3'd4;  // it ends where the next begins
  localparam state_t OFFER = 3'd5;
  localparam state_t FLIGHT = 3'd6;   // until it is back
  localparam state_t RECLAIM = 3'd7;
  state_t state_q;
  logic [SLOT_BITS:0] at_q, next;  // the slot that is looked at
  logic [FRAMES-1:0] ready_q, done_q;
  logic [SLOT_BITS-1:0] at;
  logic [INDEX_BITS-1:0] place, wanted_q;
  logic [47:0] deadline_q, late_by;
  logic late_q, some, wraps_q, reason, chosen;
  assign at = at_q[SLOT_BITS-1:0];
  assign next = at_q + 1'b1;
  assign some = head_q != tail_q;
  assign place = places[at];
  assign late_by = time_us_i - deadline_q;
  // What is known of a slot is looked up in the clock before it is judged; where one is judged in each clock, at_q has
  // gone on by then.
  logic open_q, asked_q, same_q, looked_q;
  always_ff @(posedge clk_i) begin
    open_q <= !some || !done_q[at];  // what is not there yet has not left
    asked_q <= ready_q[at];
    same_q <= place == wanted_q;
    wraps_q <= next == tail_q;
    looked_q <= state_q == OLDEST || (state_q == RECLAIM && !looked_q);
  end
  assign reason = open_q && (asked_q || late_q);
  assign chosen = state_q == OLDEST && looked_q && reason && same_q;
  assign leaves = state_q == FLIGHT && back_i && !comes_back;

  logic taken_last;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= LOOK;
      at_q <= '0;
      head_q <= '0;
      free_q <= '0;
    end else begin
      case (state_q)
        LOOK: if (some) state_q <= COMPARE;
        COMPARE: state_q <= JUDGE;
        JUDGE: begin
          state_q <= reason ? OLDEST : LOOK;
          at_q <= (reason || wraps_q) ? head_q : next;
        end
        OLDEST: begin
          if (chosen) state_q <= MEASURE;
          else at_q <= next;
        end
        MEASURE: begin
          state_q <= OFFER;
          at_q <= at_q - 1'b1;
        end
        OFFER: if (taken_last) state_q <= FLIGHT;
        FLIGHT: begin
          if (back_q) begin
            state_q <= comes_back_q ? LOOK : RECLAIM;
            at_q <= head_q;
          end
        end
        default: begin
          if (looked_q) begin
            if (!open_q) begin
              head_q <= next;
              at_q <= next;
            end else begin
              // A frame under way begins where the youngest ends.
              free_q <= some ? starts[at] : behind_q;
              state_q <= LOOK;
            end
          end
        end
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (state_q == LOOK) deadline_q <= deadlines[at];
    if (state_q == COMPARE) late_q <= !late_by[47];
    if (state_q == JUDGE) begin
      wanted_q <= place;
      expired_o <= late_q;
    end
  end

  always_ff @(posedge clk_i) begin
    ready_q <= ready_q | place_learned_q;
    // What is learned from here on is seen by its look-up, or told by the count when it is back.
    if (state_q == OFFER) ready_q[at] <= 1'b0;
    if (state_q == FLIGHT && comes_back_q && raced_q) ready_q[at] <= 1'b1;
    if (leaves_q) done_q[at] <= 1'b1;
    if (arrives_q) begin
      ready_q[tail_q[SLOT_BITS-1:0]] <= raced_q;
      done_q[tail_q[SLOT_BITS-1:0]] <= 1'b0;
    end
  end

  // ---- what is offered: from the RAM into a register of its own, so that nothing waits for the RAM
  logic load, more_q, advance, read_valid_q, valid_q;
  logic [ENTRY_BITS-1:0] ram_q, out_q;
  logic [PTR_BITS:0] read_q, end_q;
  assign advance = read_valid_q && (!valid_q || ready_i);
  assign load = state_q == OFFER && more_q && (!read_valid_q || advance);
  assign taken_last = valid_q && ready_i && last_o;
  always_ff @(posedge clk_i) begin
    if (load) ram_q <= buffer[read_q[PTR_BITS-1:0]];
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_valid_q <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      read_valid_q <= load || (read_valid_q && !advance);
      valid_q <= advance || (valid_q && !ready_i);
    end
  end
  always_ff @(posedge clk_i) begin
    if (advance) out_q <= ram_q;
    if (state_q == OLDEST && !chosen) read_q <= starts[at];
    else if (load) read_q <= read_q + 1'b1;
    more_q <= state_q == MEASURE || (more_q && !(load && read_q + 1'b1 == end_q));
    if (state_q == MEASURE) end_q <= (at_q == tail_q) ? behind_q : starts[at];
  end
  assign valid_o = valid_q;
  assign data_o = out_q[DATA_WIDTH-1:0];
  assign count_o = out_q[DATA_WIDTH+:COUNT_BITS];
  assign last_o = out_q[ENTRY_BITS-1];
  assign note_o = notes[at];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_o <= '0;
    else held_o <= held_o + 8'(arrives) - 8'(leaves);
  end

  // ---- how long nothing moves: known when a whole round has found no reason and nothing came meanwhile
  logic disturbed, arrives_q2, learned_q2, learned_q3, starts_round, before_q, sooner, calm_q, settled_q;
  logic [47:0] soonest_q, before_soonest;
  // Till what came or was learned is seen where slots are judged.
  assign disturbed = valid_i || arrives_q || arrives_q2 || learned_i || learned_q || learned_q2 || learned_q3 ||
      (state_q != LOOK && state_q != COMPARE && (state_q != JUDGE || reason));
  assign starts_round = at_q == head_q;
  assign before_soonest = deadline_q - soonest_q;
  assign sooner = open_q && (starts_round || before_q);  // the oldest has not left
  always_ff @(posedge clk_i) begin
    if (!rst_ni || disturbed) begin
      calm_q <= 1'b0;
      settled_q <= 1'b0;
    end else if (state_q == JUDGE) begin
      calm_q <= starts_round || calm_q;
      if (wraps_q && (starts_round || calm_q)) settled_q <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    arrives_q2 <= arrives_q;
    learned_q2 <= learned_q;
    learned_q3 <= learned_q2;
    before_q <= before_soonest[47];
    if (state_q == JUDGE) begin
      if (sooner) soonest_q <= deadline_q;
      if (wraps_q) deadline_us_o <= sooner ? deadline_q : soonest_q;
    end
    if (!some) deadline_us_o <= '1;
  end
  assign idle_o = !begun_q && !arrives_q && state_q != OFFER && ((state_q == LOOK && !some) || settled_q);

endmodule
