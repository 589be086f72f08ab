// Limits of what goes to the host: each bucket (a rule's punts, punts without a rule, what comes from
// fabric ports) has a rate and a share of the host's queue (docs/card.md, "Punt policing").
//
// Contract:
// - next_index_i names the bucket of the frame that is at its end in the next clock; conform_o and
//   share_ok_o say then whether it may go to the host, at the time that time_us_i has two clocks ahead.
//   Without FORWARD, next_index_i names the bucket two clocks ahead as well: frames that go to the
//   host have two beats at least.
// - commit_i: in this clock a frame of that bucket went into the host's queue. With FORWARD there may
//   be one in each clock, without it in every second.
// - dequeue_i: a frame of dequeue_index_i has left the queue; it counts two clocks later.
// - host_write_i writes an entry, which fills its bucket: its frames may come in a burst again.
//   Entries that are not there: writes do nothing, reads 0. host_data_o belongs to the host_index_i
//   of 3 clocks before.
// - After reset busy_o is 1 until nothing is limited; frames and writes must not come before.
//
// The rate is kept by the virtual scheduling algorithm (ITU-T I.371 annex A). Of a bucket's
// theoretical arrival time only the low bits are kept; `full_q` says that it has come, whatever these
// bits say, so that neither a long silence nor a jump of time can make it seem to lie ahead.
module punt_gate #(
    parameter int RULES = 16,
    parameter int FORWARD = 1,
    localparam int BUCKETS = RULES + 2,
    localparam int INDEX_BITS = $clog2(BUCKETS)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic [47:0]           time_us_i,
    input  logic [INDEX_BITS-1:0] next_index_i,
    output logic                  conform_o,   // within the rate
    output logic                  share_ok_o,  // within the share
    input  logic                  commit_i,
    input  logic                  dequeue_i,
    input  logic [INDEX_BITS-1:0] dequeue_index_i,
    input  logic                  host_write_i,
    input  logic [15:0]           host_index_i,
    input  logic [linecard_regs_pkg::BITS_POLICER-1:0] host_data_i,
    output logic [linecard_regs_pkg::BITS_POLICER-1:0] host_data_o,
    output logic                  busy_o
);
  localparam int BITS = linecard_regs_pkg::BITS_POLICER;
  localparam int INTERVAL_BITS = linecard_regs_pkg::LSB_POLICER_SHARE;
  localparam int SHARE_BITS = linecard_regs_pkg::LSB_POLICER_BURST - INTERVAL_BITS;
  localparam int BURST_BITS = BITS - linecard_regs_pkg::LSB_POLICER_BURST;
  localparam int FRACTION_BITS = 8;  // times are in 1/256 us

  // A frame puts the arrival time at most burst + interval ahead of now, which is less than an era of
  // 2^ERA_BITS. It has come for certain when two eras have begun since, so that it lies less than
  // three eras back while its bits count, and a frame's step is between two eras: a signed number of
  // TIME_BITS holds all of that plus a burst.
  localparam int ERA_BITS = BURST_BITS + 1;
  localparam int TIME_BITS = ERA_BITS + 3;
  localparam int ERA_US = ERA_BITS - FRACTION_BITS;

  // Frames in the host's queue are the difference of two counts modulo 2^COUNT_BITS.
  localparam int COUNT_BITS = SHARE_BITS + 1;

  // ---- the host's writes; after reset, zeros into every entry
  logic host_exists, write_q, write_q2, write_q3;
  logic [INDEX_BITS-1:0] write_index_q;
  logic [BITS-1:0] write_data_q;
  assign host_exists = host_index_i < 16'(BUCKETS);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_o <= 1'b1;
      write_q <= 1'b1;
      write_q2 <= 1'b0;
      write_q3 <= 1'b0;
      write_index_q <= '0;
      write_data_q <= '0;
    end else if (busy_o) begin
      busy_o <= write_index_q != INDEX_BITS'(BUCKETS - 1);
      write_q <= write_index_q != INDEX_BITS'(BUCKETS - 1);
      write_index_q <= write_index_q + 1'b1;
    end else begin
      write_q <= host_write_i && host_exists;
      write_q2 <= write_q && !host_write_i;
      write_q3 <= write_q2 && !host_write_i;
      if (host_write_i) begin
        write_index_q <= host_index_i[INDEX_BITS-1:0];
        write_data_q <= host_data_i;
      end
    end
  end

  logic [INTERVAL_BITS-1:0] write_interval;
  logic [SHARE_BITS-1:0] write_share;
  logic [BURST_BITS-1:0] write_burst;
  assign {write_burst, write_share, write_interval} = write_data_q;

  // The host reads a copy.
  logic [BITS-1:0] copy[0:BUCKETS-1];
  logic [INDEX_BITS-1:0] read_index_q, read_index_q2;
  logic read_exists_q, read_exists_q2;
  always_ff @(posedge clk_i) if (write_q) copy[write_index_q] <= write_data_q;
  always_ff @(posedge clk_i) begin
    read_index_q <= host_index_i[INDEX_BITS-1:0];
    read_index_q2 <= read_index_q;
    read_exists_q <= host_exists;
    read_exists_q2 <= read_exists_q;
  end
  always_ff @(posedge clk_i) begin
    if (!read_exists_q2) host_data_o <= '0;
    else host_data_o <= copy[read_index_q2];
  end

  // ---- entries, as the frames read them: what the most is that may wait (none: as many as counts
  // can tell), and whether there is a rate
  localparam int ENTRY_BITS = 1 + SHARE_BITS + BURST_BITS + INTERVAL_BITS;
  logic [ENTRY_BITS-1:0] entries[0:BUCKETS-1];
  logic [SHARE_BITS-1:0] write_most;
  assign write_most = write_share - 1'b1;
  always_ff @(posedge clk_i) begin
    if (write_q) entries[write_index_q] <= {write_interval != '0, write_most, write_burst, write_interval};
  end
  logic [ENTRY_BITS-1:0] entry;
  assign entry = entries[next_index_i];

  // ---- the frame of this clock
  logic [INDEX_BITS-1:0] index_q;
  logic [INTERVAL_BITS-1:0] interval_q;
  logic [TIME_BITS-1:0] now, now_q, arrival_q, arrival_new;
  logic [COUNT_BITS-1:0] put_q, put_new;
  logic ahead_q;  // the arrival time has not come yet
  logic same;     // the frame whose entry is read is of this one's bucket, which this one changes
  assign now = {time_q[TIME_BITS-FRACTION_BITS-1:0], {FRACTION_BITS{1'b0}}};
  assign arrival_new = (ahead_q ? arrival_q : now_q) + TIME_BITS'(interval_q);
  assign put_new = put_q + 1'b1;
  assign same = commit_i && next_index_i == index_q;

  logic [TIME_BITS-1:0] arrivals[0:BUCKETS-1];
  always_ff @(posedge clk_i) if (commit_i) arrivals[index_q] <= arrival_new;

  // ---- eras: with the time comes whether it is of another than the clock before, and of one that is not the next
  logic [47:0] time_q;
  logic [47-ERA_US:0] era, era_q;
  logic new_era, jump;
  assign era = time_us_i[47:ERA_US];
  assign era_q = time_q[47:ERA_US];
  always_ff @(posedge clk_i) begin
    time_q <= time_us_i;
    new_era <= era != era_q;
    jump <= era != era_q && era != era_q + 1'b1;
  end

  // A bucket is full while its entry is written, and until no frame is left that has read the old
  // entry: it takes nothing from the new one.
  logic writing;
  assign writing = write_q || write_q2 || write_q3;
  logic [BUCKETS-1:0] full_q;  // nothing has been taken, or it is long ago
  logic [BUCKETS-1:0] old_q;   // nothing has been taken in this era
  for (genvar b = 0; b < BUCKETS; b++) begin : g_bucket
    logic written, taken, named_q;
    always_ff @(posedge clk_i) named_q <= index == INDEX_BITS'(b);  // index_q is b
    assign written = writing && write_index_q == INDEX_BITS'(b);
    assign taken = commit_i && named_q;
    always_ff @(posedge clk_i) begin
      if (written || jump) full_q[b] <= 1'b1;
      else if (taken) full_q[b] <= 1'b0;
      else if (new_era && old_q[b]) full_q[b] <= 1'b1;
      if (new_era) old_q[b] <= 1'b1;
      else if (taken) old_q[b] <= 1'b0;
    end
  end

  // ---- shares
  logic dequeue_q;
  logic [INDEX_BITS-1:0] dequeue_index_q, put_index, taken_index;
  logic [COUNT_BITS-1:0] puts[0:BUCKETS-1], takens[0:BUCKETS-1];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) dequeue_q <= 1'b0;
    else dequeue_q <= dequeue_i;
  end
  always_ff @(posedge clk_i) dequeue_index_q <= dequeue_index_i;
  assign put_index = busy_o ? write_index_q : index_q;
  assign taken_index = busy_o ? write_index_q : dequeue_index_q;
  always_ff @(posedge clk_i) begin
    if (busy_o || commit_i) puts[put_index] <= busy_o ? '0 : put_new;
  end
  always_ff @(posedge clk_i) begin
    if (busy_o || dequeue_q) takens[taken_index] <= busy_o ? '0 : takens[dequeue_index_q] + 1'b1;
  end

  // ---- the bucket as it will be behind this clock
  localparam int BUCKET_BITS = INDEX_BITS + ENTRY_BITS + TIME_BITS + 2 * COUNT_BITS;
  logic [BUCKET_BITS-1:0] bucket_read, bucket;
  assign bucket_read = {next_index_i, entry, arrivals[next_index_i], puts[next_index_i], takens[next_index_i]};
  logic limited, full, due;
  logic [SHARE_BITS-1:0] most;
  logic [BURST_BITS-1:0] burst;
  logic [INTERVAL_BITS-1:0] interval;
  logic [INDEX_BITS-1:0] index;
  logic [TIME_BITS-1:0] arrival_read, arrival;
  logic [COUNT_BITS-1:0] put_read, put, taken;
  assign {index, limited, most, burst, interval, arrival_read, put_read, taken} = bucket;

  if (FORWARD != 0) begin : g_forward
    assign bucket = bucket_read;
    assign arrival = same ? arrival_new : arrival_read;
    assign put = same ? put_new : put_read;
    always_comb begin
      full = jump || (writing && write_index_q == next_index_i);
      if (!same && (full_q[next_index_i] || (new_era && old_q[next_index_i]))) full = 1'b1;
    end
    assign due = full;
  end else begin : g_register
    // Inverted, so that synthesis keeps the register here: it would move it to the RAM's address. What this clock
    // changes is put in its place behind the register; full_q has it by then.
    logic [BUCKET_BITS-1:0] bucket_q;
    logic [TIME_BITS-1:0] arrival_new_q;
    logic [COUNT_BITS-1:0] put_new_q;
    logic same_q;
    always_ff @(posedge clk_i) begin
      bucket_q <= ~bucket_read;
      arrival_new_q <= arrival_new;
      put_new_q <= put_new;
      same_q <= same;
    end
    assign bucket = ~bucket_q;
    assign arrival = same_q ? arrival_new_q : arrival_read;
    assign put = same_q ? put_new_q : put_read;
    assign full = full_q[index];
    assign due = full || jump;
  end

  // ---- the next frame: now >= arrival - burst; most >= put - taken
  logic [TIME_BITS-1:0] room, lead;
  logic [COUNT_BITS-1:0] space;
  assign room = now + TIME_BITS'(burst) - arrival;
  assign lead = now - arrival;
  assign space = COUNT_BITS'(most) + taken - put;
  always_ff @(posedge clk_i) begin
    index_q <= index;
    interval_q <= interval;
    arrival_q <= arrival;
    now_q <= now;
    put_q <= put;
    ahead_q <= lead[TIME_BITS-1] && !due;
    conform_o <= !room[TIME_BITS-1] || due || !limited;
    share_ok_o <= !space[COUNT_BITS-1];
  end

endmodule
