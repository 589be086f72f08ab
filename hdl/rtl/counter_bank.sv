// A bank of 64-bit counters that are frozen together by a snapshot.
//
// Contract:
// - event_valid_i adds 1 to the packets and event_bytes_i to the bytes of entry event_index_i, in
//   every clock if need be, equal entries in consecutive clocks included.
// - snapshot_i: totals as of that clock (its own event included) can be read when busy_o falls. Events go on being counted meanwhile. snapshot_i is ignored while busy_o is 1.
// - After reset busy_o is 1 until all entries are 0; events must not come before.
// - read_data_o {bytes, packets} belongs to the read_index_i of the clock before; meaningful while
//   busy_o is 0.
//
// How: two memories count in turn. A snapshot switches to the other; what the first one has
// collected is then added to the totals, and it is cleared.
module counter_bank #(
    parameter int ENTRIES = 16,
    localparam int INDEX_BITS = (ENTRIES > 1) ? $clog2(ENTRIES) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  event_valid_i,
    input  logic [INDEX_BITS-1:0] event_index_i,
    input  logic [15:0]           event_bytes_i,
    input  logic                  snapshot_i,
    output logic                  busy_o,
    input  logic [INDEX_BITS-1:0] read_index_i,
    output logic [127:0]          read_data_o
);
  // ---- walk over all entries: clear after reset, add up after a snapshot
  typedef logic [2:0] step_t;
  localparam step_t IDLE = 3'd0;
  localparam step_t SETTLE = 3'd1;   // the last events of the old memory are being written
  localparam step_t READ = 3'd2;
  localparam step_t WAIT = 3'd3;
  localparam step_t WRITE = 3'd4;
  localparam step_t CLEAR = 3'd5;
  step_t step_q;
  logic [INDEX_BITS-1:0] walk_q;
  logic [1:0] settle_q;
  logic active_q;  // memory that counts at present
  logic walk_last;
  assign walk_last = walk_q == INDEX_BITS'(ENTRIES - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q <= CLEAR;
      walk_q <= '0;
      settle_q <= '0;
      active_q <= 1'b0;
    end else begin
      case (step_q)
        IDLE:
        if (snapshot_i) begin
          step_q <= SETTLE;
          active_q <= !active_q;
          walk_q <= '0;
          settle_q <= 2'd3;
        end
        SETTLE: begin
          settle_q <= settle_q - 2'd1;
          if (settle_q == '0) step_q <= READ;
        end
        READ: step_q <= WAIT;
        WAIT: step_q <= WRITE;
        WRITE: begin
          step_q <= walk_last ? IDLE : READ;
          walk_q <= walk_q + 1'b1;
        end
        default: begin
          if (walk_last) step_q <= IDLE;
          walk_q <= walk_last ? '0 : walk_q + 1'b1;
        end
      endcase
    end
  end
  assign busy_o = step_q != IDLE;

  // ---- the event's way: read, add, write
  logic valid_q, valid_q2, valid_q3, memory_q, memory_q2, memory_q3;
  logic [INDEX_BITS-1:0] index_q, index_q2, index_q3;
  logic [15:0] bytes_q, bytes_q2;
  logic [127:0] counted_q0, counted_q1, counted, sum, sum_q3;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      valid_q2 <= 1'b0;
      valid_q3 <= 1'b0;
    end else begin
      valid_q <= event_valid_i;
      valid_q2 <= valid_q;
      valid_q3 <= valid_q2;
    end
  end
  always_ff @(posedge clk_i) begin
    memory_q <= active_q;
    memory_q2 <= memory_q;
    memory_q3 <= memory_q2;
    index_q <= event_index_i;
    index_q2 <= index_q;
    index_q3 <= index_q2;
    bytes_q <= event_bytes_i;
    bytes_q2 <= bytes_q;
    if (valid_q2) sum_q3 <= sum;
  end

  // What the event before wrote one clock ago was not in the memory when this one read.
  logic forward;
  assign forward = valid_q3 && index_q3 == index_q2 && memory_q3 == memory_q2;
  assign counted = forward ? sum_q3 : (memory_q2 ? counted_q1 : counted_q0);
  assign sum = {counted[127:64] + 64'(bytes_q2), counted[63:0] + 64'd1};

  // ---- memories
  logic clearing, adding;
  assign clearing = step_q == CLEAR;
  assign adding = step_q == WRITE;

  logic [1:0] write;
  logic [INDEX_BITS-1:0] write_index[0:1];
  logic [127:0] write_data[0:1];
  logic [INDEX_BITS-1:0] read_index[0:1];
  always_comb begin
    for (int m = 0; m < 2; m++) begin
      write[m] = clearing || (adding && active_q != 1'(m)) || (valid_q2 && memory_q2 == 1'(m));
      write_index[m] = (clearing || (adding && active_q != 1'(m))) ? walk_q : index_q2;
      write_data[m] = (clearing || (adding && active_q != 1'(m))) ? '0 : sum;
      read_index[m] = (valid_q && memory_q == 1'(m)) ? index_q : walk_q;
    end
  end

  (* no_rw_check *) logic [127:0] memory0[0:ENTRIES-1];
  (* no_rw_check *) logic [127:0] memory1[0:ENTRIES-1];
  always_ff @(posedge clk_i) begin
    if (write[0]) memory0[write_index[0]] <= write_data[0];
    if (valid_q || busy_o) counted_q0 <= memory0[read_index[0]];
  end
  always_ff @(posedge clk_i) begin
    if (write[1]) memory1[write_index[1]] <= write_data[1];
    if (valid_q || busy_o) counted_q1 <= memory1[read_index[1]];
  end

  (* no_rw_check *) logic [127:0] totals[0:ENTRIES-1];
  logic [127:0] total_q, old;
  assign old = active_q ? counted_q0 : counted_q1;
  always_ff @(posedge clk_i) begin
    if (clearing) totals[walk_q] <= '0;
    else if (adding) totals[walk_q] <= {total_q[127:64] + old[127:64], total_q[63:0] + old[63:0]};
    total_q <= totals[busy_o ? walk_q : read_index_i];
  end
  assign read_data_o = total_q;

endmodule
