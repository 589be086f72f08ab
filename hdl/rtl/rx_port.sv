// Receive side of one port: a buffer in front of the pipeline, so that ports can share it and so
// that no frame has gaps inside it.
//
// Contract:
// - A MAC cannot wait, so there is no tready. While room_o is 1 a whole frame of MAX_FRAME fits;
//   a source that looks at it before each frame loses none.
// - Store and forward (cut_through_i = 0): a frame is offered when all of it is here. Cut-through:
//   from its first beat on; when the source leaves a gap inside the frame, the frame ends there as
//   RX_UNDERRUN and the rest of it is thrown away.
// - A frame that finds the buffer full in its middle ends as RX_OVERFLOW; one that finds no room
//   for even one beat is lost: a pulse on lost_o, and nothing of it is offered.
// - A frame of more than MAX_FRAME bytes ends as RX_OVERSIZE, at the latest one beat behind that.
// - Latency from rx to the offered beat: 4 clocks (cut-through, buffer empty).
// - stamp_o, beside all beats of a frame, is the clock_i of the clock behind its first beat. Where more
//   than STAMPS frames wait it is that of an earlier frame: never too late.
module rx_port #(
    parameter int DATA_WIDTH = 64,
    parameter int BYTES = 4096,
    parameter int USER_BITS = 1,
    parameter int STAMPS = 16,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  cut_through_i,  // goes for what begins to leave a clock later
    input  logic [15:0]           clock_i,  // counts clocks; what latency is measured by
    // from the MAC
    input  logic                  rx_tvalid_i,
    input  logic [DATA_WIDTH-1:0] rx_tdata_i,
    input  logic [K-1:0]          rx_tkeep_i,
    input  logic                  rx_tlast_i,
    input  logic                  rx_tuser_i,
    input  logic [USER_BITS-1:0]  rx_side_i,  // beside the first beat
    output logic                  room_o,
    output logic                  lost_o,
    output logic                  empty_o,
    // to the merge: a beat is taken by ready; a frame, once begun, is taken without pause
    output logic                  valid_o,
    input  logic                  ready_i,
    output logic [DATA_WIDTH-1:0] data_o,
    output logic [COUNT_BITS-1:0] count_o,  // bytes of the beat - 1
    output logic                  last_o,
    output logic [2:0]            verdict_o,
    output logic [USER_BITS-1:0]  side_o,
    output logic [15:0]           stamp_o
);
  localparam int DEPTH = BYTES / K;
  localparam int PTR_BITS = $clog2(DEPTH);
  localparam int FRAME_BEATS = (linecard_pkg::MAX_FRAME + K - 1) / K;
  // With one bit of side 72 bits, which two block RAMs are wide. A gap is seen at the output only, so the
  // verdict has two bits.
  localparam int ENTRY_BITS = 1 + USER_BITS + 2 + 1 + COUNT_BITS + DATA_WIDTH;
  localparam logic [PTR_BITS:0] ALL_ROOM = (PTR_BITS + 1)'(DEPTH);

  // More than a frame: the beat that marks an overflow, and those on the way in and out.
  if (DEPTH < FRAME_BEATS + 5) begin : g_too_small
    $error("rx_port: BYTES holds no frame of MAX_FRAME");
  end

  (* no_rw_check *) logic [ENTRY_BITS-1:0] buffer[0:DEPTH-1];
  logic [PTR_BITS:0] write_q, read_q;
  logic [PTR_BITS:0] used;
  assign used = write_q - read_q;
  // Whether one beat more fits, or two: from flip-flops, since much waits for it. What is read counts a clock later.
  logic room_q, two_q;

  // ---- write side, behind a register: nothing outside waits for what is decided here
  logic valid_q, last_q, bad_q;
  logic [DATA_WIDTH-1:0] data_q;
  logic [K-1:0] keep_q;
  logic [USER_BITS-1:0] side_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= rx_tvalid_i;
  end
  always_ff @(posedge clk_i) begin
    if (rx_tvalid_i) begin
      last_q <= rx_tlast_i;
      bad_q <= rx_tuser_i;
      data_q <= rx_tdata_i;
      keep_q <= rx_tkeep_i;
      side_q <= rx_side_i;
    end
  end

  // Only a last beat may have fewer than all bytes.
  logic [COUNT_BITS-1:0] write_count;
  always_comb begin
    write_count = COUNT_BITS'(K - 1);
    if (last_q) begin
      for (int i = 1; i < K; i++) if (!keep_q[i] && keep_q[i-1]) write_count = COUNT_BITS'(i - 1);
    end
  end

  localparam int BEAT_BITS = $clog2(FRAME_BEATS + 1);
  logic [BEAT_BITS-1:0] beat_q;  // beats of the present frame that were written
  logic first_q, longest_q;      // none of them was; as many as the longest frame has
  logic discard_q;               // the rest of the present frame is thrown away
  logic write, write_last;
  logic [2:0] write_verdict;
  always_comb begin
    write = 1'b0;
    write_last = last_q;
    write_verdict = (last_q && bad_q) ? linecard_pkg::RX_ERROR : linecard_pkg::RX_OK;
    lost_o = 1'b0;
    if (valid_q && !discard_q) begin
      if (!room_q) begin
        lost_o = 1'b1;
      end else begin
        write = 1'b1;
        if (longest_q) begin
          write_last = 1'b1;
          write_verdict = linecard_pkg::RX_OVERSIZE;
        end else if (!two_q && !last_q) begin
          write_last = 1'b1;
          write_verdict = linecard_pkg::RX_OVERFLOW;
        end
      end
    end
  end

  // ---- when each frame came: beside the buffer, where a frame has one word
  localparam int STAMP_PTR_BITS = $clog2(STAMPS);
  logic [15:0] stamps[0:STAMPS-1];
  logic [STAMP_PTR_BITS:0] stamp_write_q, stamp_read_q;
  logic [STAMP_PTR_BITS:0] stamps_used;
  logic stamp_room_q;
  logic stamped;  // this is a first beat, and its stamp is kept
  assign stamps_used = stamp_write_q - stamp_read_q;
  assign stamped = write && first_q && stamp_room_q;
  always_ff @(posedge clk_i) begin
    stamp_room_q <= !rst_ni || stamps_used < (STAMP_PTR_BITS + 1)'(stamped ? STAMPS - 1 : STAMPS);
  end
  always_ff @(posedge clk_i) begin
    if (stamped) stamps[stamp_write_q[STAMP_PTR_BITS-1:0]] <= clock_i;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) stamp_write_q <= '0;
    else if (stamped) stamp_write_q <= stamp_write_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (write) begin
      buffer[write_q[PTR_BITS-1:0]] <=
          {stamped, side_q, write_verdict[1:0], write_last, write_count, data_q};
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      beat_q <= '0;
      first_q <= 1'b1;
      longest_q <= 1'b0;
      discard_q <= 1'b0;
    end else if (valid_q) begin
      if (write) write_q <= write_q + 1'b1;
      // An early end leaves the rest of the frame to be thrown away.
      discard_q <= !last_q && (discard_q || lost_o || write_last);
      first_q <= last_q || discard_q || write_last;
      beat_q <= (last_q || discard_q || write_last) ? '0 : beat_q + 1'b1;
      longest_q <= !(last_q || discard_q || write_last) && beat_q == BEAT_BITS'(FRAME_BEATS - 1);
    end
  end
  always_ff @(posedge clk_i) begin
    room_q <= !rst_ni || used < (PTR_BITS + 1)'(write ? DEPTH - 1 : DEPTH);
    two_q <= !rst_ni || used < (PTR_BITS + 1)'(write ? DEPTH - 2 : DEPTH - 1);
  end

  // From a flip-flop, for whom a source waits: one beat may have come meanwhile.
  always_ff @(posedge clk_i) begin
    room_o <= !rst_ni || used <= ALL_ROOM - (PTR_BITS + 1)'(FRAME_BEATS + 5);
  end

  // ---- read side: from the RAM into a register of its own, so that nothing waits for the RAM
  logic ram_valid_q, out_valid_q;
  logic [ENTRY_BITS-1:0] ram_q, out_q;
  logic load, advance, take;
  logic some_q;  // write_q != read_q
  assign advance = ram_valid_q && (!out_valid_q || take);
  assign load = (!ram_valid_q || advance) && some_q;
  always_ff @(posedge clk_i) begin
    if (load) ram_q <= buffer[read_q[PTR_BITS-1:0]];
    if (advance) out_q <= ram_q;
  end

  logic out_last;
  assign out_last = out_q[DATA_WIDTH+COUNT_BITS];

  // Frames of which all beats are in the buffer or at its output, and whether there is one.
  logic [PTR_BITS:0] complete_q;
  logic comes_q, leaves;  // a clock late: its last beat can be read from here on
  assign leaves = take && out_last;
  logic leaves_q;  // what has left counts a clock late as well
  logic whole, whole_q;
  logic open_q;     // the frame at the output may begin to leave
  logic started_q;  // the frame at the output has begun to leave
  logic drain_q;    // what is left of an underrun frame is thrown away
  logic underrun;
  assign underrun = started_q && !out_valid_q;

  always_comb begin
    whole = whole_q;
    if (comes_q) whole = 1'b1;
    else if (leaves) whole = complete_q > (PTR_BITS + 1)'(leaves_q ? 2 : 1);
  end

  // A frame that has begun goes on, if only to end as an underrun.
  assign valid_o = !drain_q && (started_q || (out_valid_q && open_q));
  assign take = out_valid_q && (drain_q || (ready_i && (started_q || open_q)));
  assign data_o = out_q[DATA_WIDTH-1:0];
  // The beat that marks a gap has to count for one byte; finish takes it off again.
  assign count_o = underrun ? '0 : out_q[DATA_WIDTH+:COUNT_BITS];
  assign last_o = underrun || out_last;
  assign verdict_o = underrun ? linecard_pkg::RX_UNDERRUN : {1'b0, out_q[DATA_WIDTH+COUNT_BITS+1+:2]};
  assign side_o = out_q[DATA_WIDTH+COUNT_BITS+3+:USER_BITS];
  logic out_stamped;
  logic [15:0] stamp_q;  // of the frame before, or of this one behind its first beat
  assign out_stamped = out_q[ENTRY_BITS-1];
  assign stamp_o = out_stamped && out_valid_q ? stamps[stamp_read_q[STAMP_PTR_BITS-1:0]] : stamp_q;
  always_ff @(posedge clk_i) if (take) stamp_q <= stamp_o;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) stamp_read_q <= '0;
    else if (take && out_stamped) stamp_read_q <= stamp_read_q + 1'b1;
  end
  assign empty_o = !valid_q && !some_q && !ram_valid_q && !out_valid_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q <= '0;
      ram_valid_q <= 1'b0;
      out_valid_q <= 1'b0;
      some_q <= 1'b0;
      comes_q <= 1'b0;
      leaves_q <= 1'b0;
      complete_q <= '0;
      whole_q <= 1'b0;
      open_q <= 1'b0;
      started_q <= 1'b0;
      drain_q <= 1'b0;
    end else begin
      some_q <= write || (load ? used > (PTR_BITS + 1)'(1) : some_q);
      comes_q <= write && write_last;
      if (load) read_q <= read_q + 1'b1;
      ram_valid_q <= load || (ram_valid_q && !advance);
      out_valid_q <= advance || (out_valid_q && !take);
      leaves_q <= leaves;
      complete_q <= complete_q + (PTR_BITS + 1)'(comes_q) - (PTR_BITS + 1)'(leaves_q);
      whole_q <= whole;
      open_q <= cut_through_i || whole;
      if (valid_o && ready_i) started_q <= !last_o;
      if (underrun && ready_i) drain_q <= 1'b1;
      else if (take && out_last) drain_q <= 1'b0;
    end
  end

endmodule
