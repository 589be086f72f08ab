// Proofs of fragment_table: pick any one key and keep beside the table what was learned last at its
// place. Keys, times and what is left behind are narrower than the card's (tasks.ts).
module fragment_table_formal #(
    parameter int FORWARD = 1,
    parameter int ENTRIES = 2,
    parameter int KEY = 2,   // ASKED_BITS
    parameter int TIME = 3,  // TIME_BITS
    parameter int LEFT = 1   // LEFT_BITS
) (
    input logic            clk_i,
    input logic            rst_ni,
    input logic [TIME-1:0] time_us_i,      // at will: it may leap and turn round
    input logic [TIME-1:0] fragment_us_i,
    input logic            lookup_valid_i,
    input logic [KEY-1:0]  key_i,
    input logic            learn_i,
    input logic [LEFT-1:0] left_i
);
  (* anyconst *) logic [KEY-1:0] any;

  logic hit, vid_valid, learned, busy;
  logic [15:0] vid;
  logic [$clog2(ENTRIES)-1:0] index, learned_index;
  fragment_table #(
      .ENTRIES(ENTRIES),
      .FORWARD(FORWARD)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(48'(time_us_i)),
      .fragment_us_i(32'(fragment_us_i)),
      .lookup_valid_i(lookup_valid_i),
      .space_i('0),
      .key_i(128'(key_i)),
      .hit_o(hit),
      .vid_valid_o(vid_valid),
      .vid_o(vid),
      .index_o(index),
      .learn_i(learn_i),
      .learn_vid_valid_i(1'b0),
      .learn_vid_i(16'(left_i)),
      .learned_o(learned),
      .learned_index_o(learned_index),
      .busy_o(busy)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // ---- who was asked for in the clocks before
  logic [4:0] asks_q;
  logic [4*KEY-1:0] keys_q;  // of the clocks before; without FORWARD the one that learns is the last that was asked for
  logic [KEY-1:0] learner, last_q;
  assign learner = (FORWARD != 0) ? keys_q[3*KEY+:KEY] : last_q;
  always @(posedge clk_i) begin
    asks_q <= rst_ni ? {asks_q[3:0], lookup_valid_i} : '0;
    keys_q <= {keys_q[3*KEY-1:0], key_i};
    if (lookup_valid_i) last_q <= key_i;
  end
  always @* begin
    // Assumes: no frame comes while the table is being emptied (linecard), and who learns was asked for four clocks ago, on a narrow card four or five (pipeline).
    if (busy || !rst_ni) assume (!lookup_valid_i && !learn_i);
    if (learn_i) assume (asks_q[3] || (FORWARD == 0 && asks_q[4]));
    // Assumes: on a narrow card a frame that learns has five beats at least.
    if (FORWARD == 0 && learn_i) assume (asks_q[2:0] == '0 && !lookup_valid_i);
  end

  // ---- what was learned last at the place of the key
  localparam int PLACE_BITS = $clog2(ENTRIES);
  function automatic logic [PLACE_BITS-1:0] place(input logic [KEY-1:0] key);
    logic [15:0] hash;
    hash = linecard_regs_pkg::hash_way0(136'(key));
    place = hash[PLACE_BITS-1:0];
  endfunction
  logic here;  // something is learned at that place in this clock
  assign here = learn_i && place(learner) == place(any);
  logic holds_q, holds, fresh;
  logic [LEFT-1:0] left_q, left;
  logic [TIME-1:0] at_q;
  logic [2:0] since_q;  // clocks since it was learned: it is younger than its look-up, whatever the time
  assign holds = here ? learner == any : holds_q;
  assign left = here ? left_i : left_q;
  assign fresh = here || since_q < 3'd3;
  always @(posedge clk_i) begin
    if (!rst_ni || busy) begin
      holds_q <= 1'b0;
      since_q <= 3'd7;
    end else begin
      holds_q <= holds;
      since_q <= here ? '0 : (since_q == 3'd7) ? since_q : since_q + 1'b1;
    end
    left_q <= left;
    if (here) at_q <= time_us_i;
  end
  // The time and the limit that the answer is by, two clocks old; age on the circle of the clock.
  logic [2*TIME-1:0] times_q, limits_q;
  logic [TIME-1:0] age;
  logic young, asked;
  assign age = times_q[TIME+:TIME] - at_q;
  assign young = age < limits_q[TIME+:TIME];
  assign asked = asks_q[2] && keys_q[2*KEY+:KEY] == any && (FORWARD != 0 || asks_q[1:0] == '0);
  always @(posedge clk_i) begin
    times_q <= {times_q[TIME-1:0], time_us_i};
    limits_q <= {limits_q[TIME-1:0], fragment_us_i};
  end

  logic reset_q, learn_q, learnt_any_q;
  always @(posedge clk_i) begin
    reset_q <= !rst_ni;
    learn_q <= rst_ni && learn_i;
    learnt_any_q <= here;
  end
  logic old_q;  // was found, and is too old now
  always @(posedge clk_i) old_q <= rst_ni && (old_q || (asked && hit));

  always @* begin
    if (begun_q && reset_q) assert (busy && !learned);  // Proves: after one clock of reset from any state the table is being emptied.
    if (begun_q && rst_ni && asked) begin
      // Proves: any one key is found from the clock in which its first fragment learns it, by every frame behind that one, until its time is over or another key is learned at its place; it is not found later, and no key is found that was not learned.
      assert (hit == (holds && (fresh || young)));
      // Proves: what is found is what was left behind with that key last.
      if (hit) assert (vid[LEFT-1:0] == left);
      // Proves: the place that is said of a look-up is the key's place.
      assert (index == place(any));
    end
    // Proves: each learning is told one clock later, with its place, and nothing else is.
    if (begun_q) assert (learned == learn_q);
    if (begun_q && learned && learnt_any_q) assert (learned_index == place(any));
    // Reaches: found in the RAM.
    cover (begun_q && rst_ni && asked && hit && !fresh);
    // Reaches: too old; in the way of another key.
    cover (begun_q && rst_ni && asked && !hit && old_q && holds);
    cover (begun_q && rst_ni && asked && !hit && old_q && !holds);
  end
  if (FORWARD != 0) begin : g_reach
    // Reaches: found in the very clock of learning, on a wide card.
    always @* cover (begun_q && rst_ni && asked && hit && here);
  end
endmodule
