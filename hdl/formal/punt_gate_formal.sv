// Proofs of punt_gate: pick any one bucket and keep its account beside the gate, as a leaky bucket: how
// far its frames have run ahead of its rate. The widths are smaller than the card's (tasks.ts).
module punt_gate_formal #(
    parameter int FORWARD = 1,
    parameter int INTERVAL_BITS = 3,
    parameter int SHARE_BITS = 2,
    parameter int BURST_BITS = 3,
    parameter int FRACTION_BITS = 1,
    parameter int TIME_BITS = 12,  // time begins anywhere in the first half of this
    parameter int STEP_BITS = 6,
    localparam int RULES = 2,
    localparam int INDEX_BITS = 2,
    localparam int BITS = INTERVAL_BITS + SHARE_BITS + BURST_BITS
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic [STEP_BITS-1:0]  step_i,  // how far time goes on, in the next clock
    input logic [INDEX_BITS-1:0] next_index_i,
    input logic                  commit_i,
    input logic                  dequeue_i,
    input logic [INDEX_BITS-1:0] dequeue_index_i,
    input logic                  host_write_i,
    input logic [15:0]           host_index_i,
    input logic [BITS-1:0]       host_data_i
);
  (* anyconst *) logic [INDEX_BITS-1:0] any;

  // Any state, then one clock of reset.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // The gate goes by the time of the clock before.
  logic [TIME_BITS-1:0] time_q, time_us, time_next;
  logic [STEP_BITS-1:0] step_q;
  always @(posedge clk_i) begin
    time_us <= time_next;
    step_q <= step_i;
  end
  assign time_next = time_us + TIME_BITS'(step_i);
  always @* if (!begun_q) assume (time_us == time_q + TIME_BITS'(step_q));
  logic conform, share_ok, busy;
  punt_gate #(
      .RULES(RULES),
      .FORWARD(FORWARD)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .time_us_i(48'(time_next)),
      .next_index_i(next_index_i),
      .conform_o(conform),
      .share_ok_o(share_ok),
      .commit_i(commit_i),
      .dequeue_i(dequeue_i),
      .dequeue_index_i(dequeue_index_i),
      .host_write_i(host_write_i),
      .host_index_i(host_index_i),
      .host_data_i(host_data_i),
      .busy_o(busy)
  );

  // ---- the bucket's entry; frames that come while it is written are not limited by it
  logic [INDEX_BITS-1:0] index_q, index_q2;
  logic [3:0] writes_q, any_writes_q;
  logic commit_q, known_q;
  logic [2:0] ready_q;
  logic [BURST_BITS-1:0] burst_q;
  logic [SHARE_BITS-1:0] share_q;
  logic [INTERVAL_BITS-1:0] interval_q;
  logic written, settled;
  assign written = host_write_i && host_index_i == 16'(any);
  assign settled = known_q && !written && writes_q == '0;
  always @(posedge clk_i) begin
    time_q <= time_us;
    index_q <= next_index_i;
    index_q2 <= index_q;
    commit_q <= rst_ni && commit_i;
    ready_q <= (rst_ni && !busy) ? {ready_q[1:0], 1'b1} : '0;
    writes_q <= rst_ni ? {writes_q[2:0], written} : '0;
    any_writes_q <= rst_ni ? {any_writes_q[2:0], host_write_i} : '0;
    known_q <= rst_ni && (known_q || written);
    if (written) {burst_q, share_q, interval_q} <= host_data_i;
  end

  logic named;  // the frame at its end is of the bucket
  assign named = index_q == any;
  localparam int COUNT_BITS = SHARE_BITS + 2;
  logic [COUNT_BITS-1:0] waiting_q;
  logic takes, leaves;
  assign takes = commit_i && named;
  assign leaves = dequeue_i && dequeue_index_i == any;

  always @* begin
    // Assumes: time goes on, or stands still; it may leap ahead by eight eras (a leap back is not treated here).
    if (!begun_q) assume (!time_q[TIME_BITS-1]);
    // Assumes: while it clears itself nothing comes, and the first frame comes to its end four clocks behind that at least (linecard: the pipeline is longer).
    if (busy || !rst_ni) assume (!dequeue_i && !host_write_i);
    if (!(&ready_q)) assume (!commit_i);
    // Assumes: a frame goes to the host only where it conforms to rate and share (finish, proven there).
    if (commit_i) assume (conform && share_ok);
    // Assumes: what leaves the host's queue was in it (port_queue, proven there), and what was in it before a reset is gone.
    if (leaves) assume (waiting_q != '0);
    // Assumes: two writes of the host are four clocks apart at least (registers: each has two words).
    if (host_write_i) assume (any_writes_q == '0);
    if (FORWARD == 0) begin
      // Assumes: on a narrow card a frame for the host has two beats at least, and its bucket is named with each.
      if (commit_i) assume (!commit_q && index_q == index_q2);
    end
    assume (next_index_i < RULES + 2);
  end

  // ---- how far the bucket's frames run ahead of its rate, at the time of the clock before, in
  // 2^-FRACTION_BITS us: the most that any window up to now has had of frames * interval - its length
  localparam int LEAD_BITS = BURST_BITS + INTERVAL_BITS + 2;
  logic [LEAD_BITS-1:0] lead_q, lead;
  logic [STEP_BITS+FRACTION_BITS-1:0] gone;
  assign gone = {step_q, {FRACTION_BITS{1'b0}}};
  assign lead = lead_q + (takes ? LEAD_BITS'(interval_q) : '0);
  always @(posedge clk_i) begin
    if (!rst_ni || written || writes_q[2:0] != '0) lead_q <= '0;
    else lead_q <= ((STEP_BITS + LEAD_BITS)'(lead) <= (STEP_BITS + LEAD_BITS)'(gone)) ? '0 : lead - LEAD_BITS'(gone);
    if (!rst_ni) waiting_q <= '0;
    else waiting_q <= waiting_q + COUNT_BITS'(takes) - COUNT_BITS'(leaves);
  end
  logic quiet_q;  // on a narrow card: what is said belongs to a bucket that was named twice
  assign quiet_q = FORWARD != 0 || (index_q == index_q2 && !commit_q);

  always @* begin
    if (begun_q && rst_ni && (&ready_q)) begin
      if (settled && interval_q != '0) begin
        // Open: time that leaps back; frames in the three clocks while an entry is written; anything behind the bound.
        // Proves: never over the rate: in any window of time the frames of a bucket that went to the host, times its interval, are at most the window's length and burst and one interval (frames <= 1 + (burst + W) / interval); as long as its entry is not written again.
        assert (lead_q <= LEAD_BITS'(burst_q) + LEAD_BITS'(interval_q));
        // Proves: exactly what is within the rate conforms: no frame is refused that the rate allows, however long the silence before and however far time leaps ahead.
        if (named && quiet_q) assert (conform == (lead_q <= LEAD_BITS'(burst_q)));
      end
      // Proves: a bucket without a limit, as each is after reset, refuses nothing.
      if ((!known_q || (settled && interval_q == '0)) && named && quiet_q) assert (conform || writes_q != '0 || written);
      // Proves: no bucket has more frames in the host's queue than its share.
      if (settled && share_q != '0 && takes) assert (waiting_q < COUNT_BITS'(share_q));
      // Proves: no bucket has more frames in the host's queue than its counts can tell.
      assert (waiting_q <= COUNT_BITS'(2 ** SHARE_BITS));
    end
    // Reaches: a frame refused for its rate, and one let through after that by the passing of time.
    cover (begun_q && rst_ni && (&ready_q) && settled && named && quiet_q && !conform);
    cover (begun_q && rst_ni && (&ready_q) && refused_q && settled && takes);
    // Reaches: a frame refused for its share.
    cover (begun_q && rst_ni && (&ready_q) && settled && named && quiet_q && !share_ok);
  end
  logic refused_q;
  always @(posedge clk_i) refused_q <= rst_ni && settled && (refused_q || (named && quiet_q && !conform));
endmodule
