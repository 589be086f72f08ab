// Proofs of override_table's look-up: pick any one key and follow its two places.
module override_table_formal #(
    parameter int ENTRIES = 64,
    parameter int CLEARING = 0,  // 1: only what is said of clearing
    parameter int EVERY_CLOCK = 1,
    parameter int LATENCY = 3,
    localparam int PLACE_BITS = $clog2(ENTRIES / 2),
    localparam int ENTRY_BITS = linecard_regs_pkg::BITS_OVERRIDE
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  turn_i,
    input logic                  lookup_valid_i,
    input logic [7:0]            space_i,
    input logic [127:0]          key_i,
    input logic                  host_write_i,
    input logic [15:0]           host_index_i,
    input logic [ENTRY_BITS-1:0] host_data_i,
    input logic                  clear_i
);
  (* anyconst *) logic [135:0] any;  // space and key

  logic hit, bad_parity, host_ready, busy;
  logic [15:0] vid;
  override_table #(
      .ENTRIES(ENTRIES),
      .EVERY_CLOCK(EVERY_CLOCK),
      .LATENCY(LATENCY)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .turn_i(turn_i),
      .lookup_valid_i(lookup_valid_i),
      .space_i(space_i),
      .key_i(key_i),
      .hit_o(hit),
      .vid_o(vid),
      .bad_parity_o(bad_parity),
      .host_write_i(host_write_i),
      .host_index_i(host_index_i),
      .host_data_i(host_data_i),
      .host_bad_parity_i(1'b0),
      .host_ready_o(host_ready),
      .hits_index_i('0),
      .hits_read_i(1'b0),
      .hits_clear_i(1'b0),
      .hits_clear_mask_i('0),
      .clear_i(clear_i),
      .busy_o(busy)
  );

  // The models of the RAMs follow the two places of the key. What a place holds at the end of the
  // present clock is the model's `value`.
  localparam int WORD_BITS = ENTRY_BITS + 1;
  (* hierconn *) wire [PLACE_BITS-1:0] \dut.g_ways.way0.followed ;
  (* hierconn *) wire [PLACE_BITS-1:0] \dut.g_ways.way1.followed ;
  (* hierconn *) wire [WORD_BITS-1:0] \dut.g_ways.way0.value ;
  (* hierconn *) wire [WORD_BITS-1:0] \dut.g_ways.way1.value ;
  (* hierconn *) wire [PLACE_BITS+1:0] \dut.walk_q ;
  logic [PLACE_BITS+1:0] walk;
  assign walk = \dut.walk_q ;
  logic [15:0] hash0, hash1;
  logic [WORD_BITS-1:0] word0, word1;
  assign hash0 = linecard_regs_pkg::hash_way0(any);
  assign hash1 = linecard_regs_pkg::hash_way1(any);
  assign \dut.g_ways.way0.followed = hash0[PLACE_BITS-1:0];
  assign \dut.g_ways.way1.followed = hash1[PLACE_BITS-1:0];
  assign word0 = \dut.g_ways.way0.value ;
  assign word1 = \dut.g_ways.way1.value ;

  // Any state, then one clock of reset.
  logic begun_q = 1'b0;
  logic [LATENCY-2:0] recent_q;  // turns in the clocks before
  always @(posedge clk_i) begin
    begun_q <= 1'b1;
    recent_q <= {recent_q[LATENCY-3:0], turn_i};
  end
  always @* if (!begun_q) assume (!rst_ni);
  always @* begin
    // Assumes: while the table is cleared nothing is asked of it and no reset breaks it off (registers).
    if (busy || clear_i) assume (!host_write_i);
    if (begun_q) assume (rst_ni);
    // Assumes: who asks has the turn; where frames and host share a port, one turn is not less than LATENCY clocks behind another (pipeline: frames of more than four beats).
    if (lookup_valid_i) assume (turn_i);
    if (EVERY_CLOCK == 0 && begun_q && recent_q != '0) assume (!turn_i);
    // Assumes: entries that are written are such as the table has.
    assume (host_index_i < ENTRIES);
  end

  localparam int VID_LSB = linecard_regs_pkg::LSB_OVERRIDE_VID;
  localparam int VALID_LSB = linecard_regs_pkg::LSB_OVERRIDE_VALID;
  logic write0, write1, in0, in1, in0_q, in1_q, moved_q;
  logic [WORD_BITS-1:0] word0_q, word1_q;
  assign write0 = host_write_i && host_ready && host_index_i == 16'(hash0[PLACE_BITS-1:0]);
  assign write1 = host_write_i && host_ready && host_index_i == 16'(ENTRIES / 2) + 16'(hash1[PLACE_BITS-1:0]);
  assign in0 = word0[VALID_LSB] && word0[135:0] == any;
  assign in1 = word1[VALID_LSB] && word1[135:0] == any;

  // The two words as they stood when the RAM was read, beside the table's own clocks.
  localparam int CLOCKS = LATENCY;
  logic [CLOCKS-1:0] asked_q;
  logic [2*WORD_BITS-1:0] words_q, words_q2, words_q3;
  logic [WORD_BITS-1:0] then0, then1;
  logic then_in0, then_in1;
  assign {then1, then0} = words_q3;
  assign then_in0 = then0[VALID_LSB] && then0[135:0] == any;
  assign then_in1 = then1[VALID_LSB] && then1[135:0] == any;
  logic busy_q, clean0_q, clean1_q;  // clean: not written since a clearing ended
  always @(posedge clk_i) begin
    asked_q <= !rst_ni ? '0 : {asked_q[CLOCKS-2:0], turn_i && {space_i, key_i} == any};
    words_q <= {word1, word0};
    words_q2 <= words_q;
    words_q3 <= words_q2;
    word0_q <= word0;
    word1_q <= word1;
    in0_q <= in0;
    in1_q <= in1;
    busy_q <= busy && rst_ni;
    clean0_q <= rst_ni && !write0 && ((busy_q && !busy) || clean0_q);
    clean1_q <= rst_ni && !write1 && ((busy_q && !busy) || clean1_q);
    moved_q <= rst_ni && (moved_q || (in0_q && in1_q && write0 && !in0));
  end

  if (CLEARING != 0) begin : g_clearing
    always @* begin
      // What lies behind the walk is empty: the step from clock to clock that the next ones need.
      if (begun_q && rst_ni && busy && walk >= (PLACE_BITS + 2)'(hash0[PLACE_BITS-1:0])) assert (!word0[VALID_LSB]);
      if (begun_q && rst_ni && busy && walk >= (PLACE_BITS + 2)'(hash1[PLACE_BITS-1:0])) assert (!word1[VALID_LSB]);
      // Proves: when a clearing has ended every place is empty until it is written.
      if (begun_q && rst_ni && clean0_q && !write0) assert (!word0[VALID_LSB]);
      if (begun_q && rst_ni && clean1_q && !write1) assert (!word1[VALID_LSB]);
      // Reaches: a clearing that has ended.
      cover (begun_q && rst_ni && !busy && clean0_q && clean1_q);
    end
  end else begin : g_lookup
    always @* begin
      if (begun_q && rst_ni && asked_q[CLOCKS-1]) begin
        // Proves: any one key is found just when one of its two places holds it at the clock of the look-up, whatever is written meanwhile: a key that is in is found, a key that is not is not, and an entry that is written to its other place before the old one is emptied is found at every clock of the move.
        assert (hit == (then_in0 || then_in1));
        // Proves: what is found is the VID that stands with the key, in the first place if it is in both.
        if (hit) assert (vid == (then_in0 ? then0[VID_LSB+:16] : then1[VID_LSB+:16]));
        // Proves: bad parity is said of a look-up just when one of the two words that were read has it.
        assert (bad_parity == (^then0 || ^then1));
      end
      if (begun_q && rst_ni && !busy) begin
        // Proves: a write of the host changes just the place that it names, to just what was written, with the right parity.
        if (write0) assert (word0[ENTRY_BITS-1:0] == host_data_i && !(^word0));
        else assert (word0 == word0_q);
        if (write1) assert (word1[ENTRY_BITS-1:0] == host_data_i && !(^word1));
        else assert (word1 == word1_q);
      end
      // Reaches: the key found, in the second place after a move out of the first.
      cover (begun_q && rst_ni && asked_q[CLOCKS-1] && hit && moved_q && !in0_q && in1_q);
      // Reaches: the key not found.
      cover (begun_q && rst_ni && asked_q[CLOCKS-1] && !hit && moved_q);
    end
  end
endmodule
