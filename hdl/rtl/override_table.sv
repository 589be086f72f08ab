// Exact matches that name a VID: a cuckoo hash table of two ways, two reads a look-up always
// (docs/card.md, "Overrides").
//
// Contract:
// - hit_o, vid_o and bad_parity_o belong to the look-up of LATENCY clocks before: 3, or 5 where the hash
//   has a clock of its own, since what is asked is chosen late, and the RAM is far. A key lies at hash way0
//   in the first half of the places or at hash way1 in the second; where it lies in both, way0 counts.
// - A look-up sees each place whole, before or after a write. An entry that is written to its other
//   place before the old one is emptied is found at every clock in between.
// - Each word has a parity bit; bad_parity_o says that one of the two that were read is wrong, and
//   bad_index_o which.
// - EVERY_CLOCK = 1: one look-up a clock for ever, and the host has a port of its own.
// - EVERY_CLOCK = 0, for frames of more than 4 beats: the RAM is the frames' in clocks in which turn_i
//   is 1, whether one asks or not, and one that asks has it; a turn less than LATENCY clocks behind
//   another spoils that other's answer. The host reads and writes in all other clocks, which
//   halves the RAM (an EBR of an ECP5 has twice the width with one reading and one writing port).
// - host_write_i takes effect in a clock in which host_ready_o is 1; till then it stays with its index
//   and data. Without host_write_i that is a clock in which host_index_i is read: host_data_o and
//   host_parity_bad_o show that entry 3 clocks later, and until the next one. An empty place reads 0.
// - A look-up that is used sets the hit bit of its place. hits_read_i: hits_data_o has word hits_index_i
//   when hits_busy_o is 0 again. hits_clear_i clears the bits of hits_clear_mask_i; a hit in the clock
//   in which its bit would be cleared stays. hits_data_o is lost by that.
// - clear_i empties all places and hit bits; busy_o until that is done. RAM has no reset: the content
//   is undefined before the first clear. No request of the host while anything is busy.
module override_table #(
    parameter int ENTRIES = 1024,
    parameter int EVERY_CLOCK = 1,
    parameter int LATENCY = 3
) (
    input  logic         clk_i,
    input  logic         rst_ni,
    // look-up
    input  logic         turn_i,
    input  logic         lookup_valid_i,
    input  logic [7:0]   space_i,
    input  logic [127:0] key_i,
    output logic         hit_o,
    output logic [15:0]  vid_o,
    output logic         bad_parity_o,
    output logic [15:0]  bad_index_o,
    // host: entries
    input  logic         host_write_i,
    input  logic [15:0]  host_index_i,
    input  logic [linecard_regs_pkg::BITS_OVERRIDE-1:0] host_data_i,
    input  logic         host_bad_parity_i,  // the write is given the wrong parity
    output logic         host_ready_o,
    output logic [linecard_regs_pkg::BITS_OVERRIDE-1:0] host_data_o,
    output logic         host_parity_bad_o,
    // host: hit bits, 32 places a word
    input  logic [10:0]  hits_index_i,
    input  logic         hits_read_i,
    output logic [31:0]  hits_data_o,
    input  logic         hits_clear_i,
    input  logic [31:0]  hits_clear_mask_i,
    output logic         hits_busy_o,
    // host: everything
    input  logic         clear_i,
    output logic         busy_o
);
  localparam int HALF = ENTRIES / 2;
  localparam int PLACE_BITS = $clog2(HALF);
  localparam int ENTRY_BITS = linecard_regs_pkg::BITS_OVERRIDE;
  localparam int ASKED_BITS = 136;  // space and key
  localparam int VID_LSB = linecard_regs_pkg::LSB_OVERRIDE_VID;
  localparam int VALID_LSB = linecard_regs_pkg::LSB_OVERRIDE_VALID;

  if (LATENCY != 3 && LATENCY != 5) begin : g_wrong_latency
    $error("override_table: LATENCY is 3 or 5");
  end
  if (ENTRIES < 64 || ENTRIES > 65536 || 2 ** PLACE_BITS != HALF) begin : g_wrong_size
    $error("override_table: ENTRIES is no power of two from 64 to 65536");
  end

  // ---- what is asked, when its places are known
  logic asks, turn;
  logic [ASKED_BITS-1:0] given, asked;
  logic [PLACE_BITS-1:0] place0, place1;
  assign given = {space_i, key_i};
  if (LATENCY > 3) begin : g_hashed
    logic [1:0] asks_q, turn_q;
    logic [ASKED_BITS-1:0] asked_q;
    logic [PLACE_BITS-1:0] place0_q, place1_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) {asks_q, turn_q} <= '0;
      else {asks_q, turn_q} <= {asks_q[0], lookup_valid_i, turn_q[0], turn_i};
    end
    always_ff @(posedge clk_i) begin
      if (turn_i || EVERY_CLOCK != 0) begin
        asked_q <= given;
      end
      place0_q <= PLACE_BITS'(linecard_regs_pkg::hash_way0(asked_q));
      place1_q <= PLACE_BITS'(linecard_regs_pkg::hash_way1(asked_q));
    end
    assign asks = asks_q[1];
    assign turn = turn_q[1];
    assign place0 = place0_q;
    assign place1 = place1_q;
    if (EVERY_CLOCK != 0) begin : g_behind
      logic [ASKED_BITS-1:0] asked_q2;
      always_ff @(posedge clk_i) asked_q2 <= asked_q;
      assign asked = asked_q2;
    end else begin : g_stands
      assign asked = asked_q;
    end
  end else begin : g_at_once
    assign asks = lookup_valid_i;
    assign turn = turn_i;
    assign asked = given;
    assign place0 = PLACE_BITS'(linecard_regs_pkg::hash_way0(asked));
    assign place1 = PLACE_BITS'(linecard_regs_pkg::hash_way1(asked));
  end

  // ---- clearing: first all entries, then all hit bits, so that no look-up under way sets one again
  localparam int WALK_BITS = PLACE_BITS + 2;
  logic clear_q;
  logic [WALK_BITS-1:0] walk_q;
  logic clear_entries, clear_hits, clear_step;
  assign busy_o = clear_q;
  assign clear_entries = clear_q && walk_q[WALK_BITS-1-:2] == 2'd0;
  assign clear_hits = clear_q && !clear_entries;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) clear_q <= 1'b0;
    else if (clear_i) clear_q <= 1'b1;
    else if (clear_step && walk_q == WALK_BITS'(3 * HALF - 1)) clear_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (clear_i) walk_q <= '0;
    else if (clear_step) walk_q <= walk_q + 1'b1;
  end

  // ---- the two ways; a word is an entry with its parity bit on top
  logic write0, write1, host_way;
  logic [PLACE_BITS-1:0] host_place;
  logic [ENTRY_BITS:0] written, word0, word1, host_word0, host_word1;
  assign clear_step = clear_hits || host_ready_o;
  assign host_way = host_index_i[PLACE_BITS];
  assign host_place = clear_entries ? walk_q[PLACE_BITS-1:0] : host_index_i[PLACE_BITS-1:0];
  assign write0 = host_ready_o && (clear_entries || (host_write_i && !host_way));
  assign write1 = host_ready_o && (clear_entries || (host_write_i && host_way));
  // Clearing takes `valid` away and lets the rest stand; the host reads an empty place as 0.
  logic entry_valid, bad_parity;
  assign entry_valid = host_data_i[VALID_LSB] && !clear_entries;
  assign bad_parity = host_bad_parity_i && !clear_entries;
  assign written = {^host_data_i[VALID_LSB-1:0] ^ entry_valid ^ bad_parity, entry_valid,
                    host_data_i[VALID_LSB-1:0]};

  if (EVERY_CLOCK != 0) begin : g_ways
    logic unused_turn;
    assign unused_turn = turn;
    assign host_ready_o = 1'b1;
    table_ram #(
        .ENTRIES(HALF),
        .BITS(ENTRY_BITS + 1)
    ) way0 (
        .clk_i(clk_i),
        .read_address_i(place0),
        .read_data_o(word0),
        .host_write_i(write0),
        .host_address_i(host_place),
        .host_data_i(written),
        .host_data_o(host_word0)
    );
    table_ram #(
        .ENTRIES(HALF),
        .BITS(ENTRY_BITS + 1)
    ) way1 (
        .clk_i(clk_i),
        .read_address_i(place1),
        .read_data_o(word1),
        .host_write_i(write1),
        .host_address_i(host_place),
        .host_data_i(written),
        .host_data_o(host_word1)
    );
  end else begin : g_ways
    logic [PLACE_BITS-1:0] read0, read1;
    assign host_ready_o = !turn;
    assign read0 = turn ? place0 : host_place;
    assign read1 = turn ? place1 : host_place;
    shared_ram #(
        .ENTRIES(HALF),
        .BITS(ENTRY_BITS + 1)
    ) way0 (
        .clk_i(clk_i),
        .read_address_i(read0),
        .read_data_o(word0),
        .write_i(write0),
        .write_address_i(host_place),
        .write_data_i(written)
    );
    shared_ram #(
        .ENTRIES(HALF),
        .BITS(ENTRY_BITS + 1)
    ) way1 (
        .clk_i(clk_i),
        .read_address_i(read1),
        .read_data_o(word1),
        .write_i(write1),
        .write_address_i(host_place),
        .write_data_i(written)
    );
    assign host_word0 = word0;
    assign host_word1 = word1;
  end

  // ---- what was asked, beside the RAM
  logic [2:0] valid_q;
  logic [ASKED_BITS-1:0] compared;
  logic [PLACE_BITS-1:0] answered0, answered1;  // places, with the answer
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[1:0], asks};
  end
  if (EVERY_CLOCK != 0) begin : g_delayed
    logic [2*ASKED_BITS-1:0] asked_q;
    logic [4*PLACE_BITS-1:0] places_q;
    always_ff @(posedge clk_i) begin
      asked_q <= {asked_q[ASKED_BITS-1:0], asked};
      places_q <= {places_q[2*PLACE_BITS-1:0], place1, place0};
      {answered1, answered0} <= places_q[4*PLACE_BITS-1-:2*PLACE_BITS];
    end
    assign compared = asked_q[2*ASKED_BITS-1-:ASKED_BITS];
  end else if (LATENCY > 3) begin : g_kept
    assign compared = asked;
    assign answered0 = place0;
    assign answered1 = place1;
  end else begin : g_keep
    logic [ASKED_BITS-1:0] asked_q;
    logic [PLACE_BITS-1:0] place0_q, place1_q;
    always_ff @(posedge clk_i) begin
      if (turn) begin
        asked_q <= asked;
        place0_q <= place0;
        place1_q <= place1;
      end
    end
    assign compared = asked_q;
    assign answered0 = place0_q;
    assign answered1 = place1_q;
  end

  // ---- compare. Two bits of each side fill a LUT4; left to itself ABC takes half as many again.
  localparam int PAIRS = ASKED_BITS / 2;
  (* keep *) logic [PAIRS-1:0] equal0, equal1;
  always_comb begin
    for (int i = 0; i < PAIRS; i++) begin
      equal0[i] = word0[2*i+:2] == compared[2*i+:2];
      equal1[i] = word1[2*i+:2] == compared[2*i+:2];
    end
  end
  // A word's parity in parts, since it is wide and late.
  localparam int PARTS = 6;
  localparam int PART = (ENTRY_BITS + PARTS) / PARTS;
  logic [PARTS-1:0] odd0_q, odd1_q;
  logic hit0_q, hit1_q, bad0, bad1;
  logic [15:0] vid0_q, vid1_q;
  always_ff @(posedge clk_i) begin
    hit0_q <= word0[VALID_LSB] && &equal0;
    hit1_q <= word1[VALID_LSB] && &equal1;
    vid0_q <= word0[VID_LSB+:16];
    vid1_q <= word1[VID_LSB+:16];
    for (int i = 0; i < PARTS; i++) begin
      odd0_q[i] <= ^(word0 >> (i * PART) & (ENTRY_BITS + 1)'((2 ** PART) - 1));
      odd1_q[i] <= ^(word1 >> (i * PART) & (ENTRY_BITS + 1)'((2 ** PART) - 1));
    end
  end
  assign bad0 = ^odd0_q;
  assign bad1 = ^odd1_q;
  assign hit_o = hit0_q || hit1_q;
  assign vid_o = hit0_q ? vid0_q : vid1_q;
  assign bad_parity_o = bad0 || bad1;
  assign bad_index_o = 16'({!bad0, bad0 ? answered0 : answered1});

  // ---- what the host reads
  logic read_q, read_q2, way_q, way_q2, full;
  assign full = way_q2 ? host_word1[VALID_LSB] : host_word0[VALID_LSB];
  always_ff @(posedge clk_i) begin
    read_q <= host_ready_o && !host_write_i && !clear_entries;
    read_q2 <= read_q;
    way_q <= host_way;
    way_q2 <= way_q;
    if (read_q2) begin
      host_data_o <= (way_q2 ? host_word1[ENTRY_BITS-1:0] : host_word0[ENTRY_BITS-1:0]) & {ENTRY_BITS{full}};
      host_parity_bad_o <= way_q2 ? ^host_word1 : ^host_word0;
    end
  end

  // ---- hit bits: one port sets, the other walks along the 32 of a word
  logic used, used_q;
  logic [PLACE_BITS:0] used_place, used_place_q;
  assign used = valid_q[2] && hit_o && !bad_parity_o;
  assign used_place = {!hit0_q, hit0_q ? answered0 : answered1};
  always_ff @(posedge clk_i) begin
    used_q <= used;
    used_place_q <= used_place;
  end

  (* no_rw_check *) logic hits[0:ENTRIES-1];
  logic run_q, clearing_q, reads_q, reads_q2, reads_q3;  // the walk
  logic [4:0] step_q;
  logic step_clears_q, hit_now_q, hit_now_q2, bit_q, bit_q2;
  logic [PLACE_BITS:0] step_place, step_place_q;
  assign step_place = clear_hits ? {walk_q[PLACE_BITS+1], walk_q[PLACE_BITS-1:0]}
                                 : {hits_index_i[PLACE_BITS-5:0], step_q};
  always_ff @(posedge clk_i) begin
    step_place_q <= step_place;
    hit_now_q <= used && used_place == step_place;
    step_clears_q <= clear_hits || (run_q && clearing_q && hits_data_o[0]);
  end
  // What a port reads or writes where the other writes is undefined.
  always_ff @(posedge clk_i) begin
    if (used_q) hits[used_place_q] <= 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (step_clears_q) begin
      if (!hit_now_q) hits[step_place_q] <= 1'b0;
    end else begin
      bit_q <= hits[step_place_q];
    end
  end
  assign hits_busy_o = run_q || reads_q || reads_q2 || reads_q3;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      run_q <= 1'b0;
      {reads_q3, reads_q2, reads_q} <= '0;
    end else begin
      run_q <= hits_read_i || hits_clear_i || (run_q && step_q != 5'd31);
      {reads_q3, reads_q2, reads_q} <= {reads_q2, reads_q, run_q && !clearing_q};
    end
  end
  always_ff @(posedge clk_i) begin
    step_q <= run_q ? step_q + 5'd1 : 5'd0;
    hit_now_q2 <= hit_now_q;
    bit_q2 <= bit_q || hit_now_q2;
    if (hits_read_i || hits_clear_i) clearing_q <= hits_clear_i;
    if (hits_clear_i) hits_data_o <= hits_clear_mask_i;
    else if (reads_q3 || (run_q && clearing_q)) hits_data_o <= {bit_q2, hits_data_o[31:1]};
  end

endmodule
