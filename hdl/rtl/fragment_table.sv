// Where first fragments went, for the later ones that follow them (docs/card.md, "Later fragments").
// Direct-mapped: the newest of a place overwrites what was there.
//
// Contract:
// - A frame's key comes with lookup_valid_i, at clock I. LATENCY clocks later (3, or 4 where the hash has
//   a clock of its own) hit_o, vid_valid_o and vid_o say what the first fragment with that space and key
//   left behind, if that is less than fragment_us_i ago (modulo 2^40 us, seen 2 clocks before), and
//   index_o its place.
// - learn_i one clock after that, with FORWARD = 0 one or two: the frame is a first fragment and leaves
//   learn_vid_valid_i and learn_vid_i. Every frame behind it sees that; learned_o with learned_index_o says
//   so one clock later.
// - FORWARD = 0: a frame that learns has at least 5 beats; a look-up less than LATENCY clocks behind
//   another spoils that other's answer. FORWARD = 1: one look-up a clock for ever.
// - After reset all places are emptied; busy_o until that is done, and no frame may come.
module fragment_table #(
    parameter int ENTRIES = 512,
    parameter int FORWARD = 1,
    parameter int LATENCY = 3,
    localparam int INDEX_BITS = $clog2(ENTRIES)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic [47:0]           time_us_i,
    input  logic [31:0]           fragment_us_i,
    // look-up
    input  logic                  lookup_valid_i,
    input  logic [7:0]            space_i,
    input  logic [127:0]          key_i,
    output logic                  hit_o,
    output logic                  vid_valid_o,
    output logic [15:0]           vid_o,
    output logic [INDEX_BITS-1:0] index_o,
    // learning
    input  logic                  learn_i,
    input  logic                  learn_vid_valid_i,
    input  logic [15:0]           learn_vid_i,
    output logic                  learned_o,
    output logic [INDEX_BITS-1:0] learned_index_o,
    output logic                  busy_o
);
  localparam int ASKED_BITS = 136;  // space and key
  localparam int LEFT_BITS = 17;    // {vid_valid, vid}
  localparam int TIME_BITS = 40;
  localparam int WORD_BITS = 1 + TIME_BITS + LEFT_BITS + ASKED_BITS;

  if (LATENCY != 3 && LATENCY != 4) begin : g_wrong_latency
    $error("fragment_table: LATENCY is 3 or 4");
  end
  if (2 ** INDEX_BITS != ENTRIES || INDEX_BITS > 16) begin : g_wrong_size
    $error("fragment_table: ENTRIES is no power of two up to 65536");
  end

  // ---- what is asked, when its place is known
  logic asks;
  logic [ASKED_BITS-1:0] given, asked;
  logic [INDEX_BITS-1:0] hashed, index;
  assign given = {space_i, key_i};
  assign hashed = INDEX_BITS'(linecard_regs_pkg::hash_way0(given));
  if (LATENCY > 3) begin : g_hashed
    logic asks_q;
    logic [ASKED_BITS-1:0] asked_q;
    logic [INDEX_BITS-1:0] index_q;
    always_ff @(posedge clk_i) begin
      asks_q <= lookup_valid_i;
      if (lookup_valid_i || FORWARD != 0) begin
        asked_q <= given;
        index_q <= hashed;
      end
    end
    assign asks = asks_q;
    assign asked = asked_q;
    assign index = index_q;
  end else begin : g_at_once
    assign asks = lookup_valid_i;
    assign asked = given;
    assign index = hashed;
  end

  // Asked two and four clocks before, and places three and four.
  logic [ASKED_BITS-1:0] compared, learned_asked;
  logic [INDEX_BITS-1:0] answered_index, learned_index;

  // ---- the table
  logic clear_q;
  logic [INDEX_BITS-1:0] walk_q;
  assign busy_o = clear_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clear_q <= 1'b1;
      walk_q <= '0;
    end else if (clear_q) begin
      walk_q <= walk_q + 1'b1;
      clear_q <= walk_q != '1;
    end
  end

  (* no_rw_check *) logic [WORD_BITS-1:0] ram[0:ENTRIES-1];
  logic [WORD_BITS-1:0] read_q, word_q, written;
  logic [LEFT_BITS-1:0] left;
  assign left = {learn_vid_valid_i, learn_vid_i};
  assign written = {!clear_q, time_us_i[TIME_BITS-1:0], left, learned_asked};
  always_ff @(posedge clk_i) begin
    if (clear_q || learn_i) ram[clear_q ? walk_q : learned_index] <= written;
  end
  always_ff @(posedge clk_i) begin
    read_q <= ram[index];
    word_q <= read_q;
  end

  // ---- compare. Two bits of each side fill a LUT4; left to itself ABC takes half as many again.
  localparam int PAIRS = ASKED_BITS / 2;
  (* keep *) logic [PAIRS-1:0] equal;
  always_comb begin
    for (int i = 0; i < PAIRS; i++) equal[i] = word_q[2*i+:2] == compared[2*i+:2];
  end

  // Young enough: learned in (now - fragment_us, now] on the circle of the clock. Both ends are
  // compared at once; subtracting first would be two carry chains in a row.
  logic [TIME_BITS-1:0] now_q, edge_q, learned_at;
  logic wraps_q, behind_edge, not_ahead, young;
  logic [TIME_BITS:0] oldest;
  assign oldest = {1'b0, time_us_i[TIME_BITS-1:0]} - (TIME_BITS + 1)'(fragment_us_i);
  always_ff @(posedge clk_i) begin
    now_q <= time_us_i[TIME_BITS-1:0];
    {wraps_q, edge_q} <= oldest;
  end
  assign learned_at = word_q[ASKED_BITS+LEFT_BITS+:TIME_BITS];
  assign behind_edge = learned_at > edge_q;
  assign not_ahead = learned_at <= now_q;
  assign young = wraps_q ? (behind_edge || not_ahead) : (behind_edge && not_ahead);

  // What is found is said in parts: where a frame has a clock more these go into flip-flops of their own.
  localparam int PARTS = 8;
  localparam int PART = (PAIRS + PARTS - 1) / PARTS;
  logic [PARTS:0] found;
  always_comb begin
    found[PARTS] = word_q[WORD_BITS-1] && young;
    for (int i = 0; i < PARTS; i++) begin
      found[i] = 1'b1;
      for (int j = i * PART; j < (i + 1) * PART && j < PAIRS; j++) found[i] = found[i] && equal[j];
    end
  end

  logic [LEFT_BITS-1:0] left_q;
  if (FORWARD != 0) begin : g_forward
    // Frames that a learner has overtaken to the RAM: what it leaves at their place counts, for them
    // as well as for those that read it. Distance d behind it a frame is at stage 4 - d.
    logic [ASKED_BITS-1:0] asked_q, asked_q2, asked_q3, asked_q4;
    logic [INDEX_BITS-1:0] index_q, index_q2, index_q3, index_q4;
    logic fresh_q, fresh_q2, fresh_hit_q, fresh_hit_q2;
    logic [LEFT_BITS-1:0] fresh_left_q, fresh_left_q2;
    logic fresh0, fresh1, fresh2, fresh3, hit_q;
    assign fresh0 = learn_i && index == index_q4;
    assign fresh1 = learn_i && index_q == index_q4;
    assign fresh2 = learn_i && index_q2 == index_q4;
    assign fresh3 = learn_i && index_q3 == index_q4;
    always_ff @(posedge clk_i) begin
      asked_q <= asked;
      asked_q2 <= asked_q;
      asked_q3 <= asked_q2;
      asked_q4 <= asked_q3;
      index_q <= index;
      index_q2 <= index_q;
      index_q3 <= index_q2;
      index_q4 <= index_q3;
      fresh_q <= fresh0;
      fresh_hit_q <= asked == asked_q4;
      fresh_left_q <= left;
      fresh_q2 <= fresh1 || fresh_q;
      fresh_hit_q2 <= fresh1 ? asked_q == asked_q4 : fresh_hit_q;
      fresh_left_q2 <= fresh1 ? left : fresh_left_q;
      if (fresh2) begin
        hit_q <= asked_q2 == asked_q4;
        left_q <= left;
      end else if (fresh_q2) begin
        hit_q <= fresh_hit_q2;
        left_q <= fresh_left_q2;
      end else begin
        hit_q <= &found;
        left_q <= word_q[ASKED_BITS+:LEFT_BITS];
      end
    end
    logic unused_asks;
    assign unused_asks = asks;
    assign compared = asked_q2;
    assign learned_asked = asked_q4;
    assign answered_index = index_q3;
    assign learned_index = index_q4;
    assign hit_o = fresh3 ? asked_q3 == asked_q4 : hit_q;
    assign {vid_valid_o, vid_o} = fresh3 ? left : left_q;
  end else begin : g_kept
    logic [PARTS:0] found_q;
    always_ff @(posedge clk_i) begin
      found_q <= found;
      left_q <= word_q[ASKED_BITS+:LEFT_BITS];
    end
    if (LATENCY > 3) begin : g_already
      logic unused_asks;
      assign unused_asks = asks;
      assign compared = asked;
      assign answered_index = index;
    end else begin : g_keep
      logic [ASKED_BITS-1:0] asked_q;
      logic [INDEX_BITS-1:0] index_q;
      always_ff @(posedge clk_i) begin
        if (asks) begin
          asked_q <= asked;
          index_q <= index;
        end
      end
      assign compared = asked_q;
      assign answered_index = index_q;
    end
    assign learned_asked = compared;
    assign learned_index = answered_index;
    assign hit_o = &found_q;
    assign {vid_valid_o, vid_o} = left_q;
  end
  assign index_o = answered_index;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) learned_o <= 1'b0;
    else learned_o <= learn_i;
  end
  always_ff @(posedge clk_i) learned_index_o <= learned_index;

endmodule
