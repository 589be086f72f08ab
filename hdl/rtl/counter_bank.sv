// Frames and bytes of a few entries, counted since they were last collected: the quick and narrow half
// of the card's counters. counter_totals has the wide and slow half and collects from here.
//
// Contract:
// - event_valid_i adds 1 to the packets and event_bytes_i to the bytes of entry event_index_i, in every
//   clock if need be, equal entries in consecutive clocks included. It counts in memory event_memory_i, which
//   is active_i, or was when the event came, and is active_i without an event.
// - high_o: an entry of memory active_i is half full, or was a moment ago. Whoever collects has
//   to change active_i before another half is counted: 4,096 packets, or 4 MiB, which is 1,024 bytes in each
//   of as many clocks. (No card takes more than 64.)
// - collect_data_o {bytes, packets} of the memory that does not count belongs to the collect_index_i of
//   two clocks before, and is 0 when collect_select_i was not there. collect_clear_i makes the entry
//   collect_index_i of that memory 0. Both only from the fifth clock on behind the last event of that memory.
// - clear_i makes entry collect_index_i of both memories 0; events must not come meanwhile. The
//   content is undefined before.
module counter_bank #(
    parameter int ENTRIES = 16,
    parameter int PACKET_BITS = 13,
    parameter int BYTE_BITS = 23,  // 0: bytes are not counted
    localparam int INDEX_BITS = (ENTRIES > 1) ? $clog2(ENTRIES) : 1,
    localparam int BITS = PACKET_BITS + BYTE_BITS
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  active_i,
    input  logic                  event_memory_i,
    input  logic                  event_valid_i,
    input  logic [INDEX_BITS-1:0] event_index_i,
    input  logic [15:0]           event_bytes_i,
    output logic                  high_o,
    input  logic                  clear_i,
    input  logic                  collect_select_i,
    input  logic                  collect_clear_i,
    input  logic [INDEX_BITS-1:0] collect_index_i,
    output logic [BITS-1:0]       collect_data_o
);
  // ---- the event's way, a clock each: address, RAM, add and write. A flip-flop stands behind the RAM.
  logic valid_q, valid_q2, valid_q3, valid_q4;
  logic memory_q, memory_q2, memory_q3, memory_q4;
  logic [INDEX_BITS-1:0] index_q, index_q2, index_q3, index_q4;
  logic [15:0] bytes_q, bytes_q2, bytes_q3;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) {valid_q, valid_q2, valid_q3, valid_q4} <= '0;
    else {valid_q, valid_q2, valid_q3, valid_q4} <= {event_valid_i, valid_q, valid_q2, valid_q3};
  end
  always_ff @(posedge clk_i) begin
    {memory_q, memory_q2, memory_q3, memory_q4} <= {event_memory_i, memory_q, memory_q2, memory_q3};
    {index_q, index_q2, index_q3, index_q4} <= {event_index_i, index_q, index_q2, index_q3};
    {bytes_q, bytes_q2, bytes_q3} <= {event_bytes_i, bytes_q, bytes_q2};
  end

  // What the two events before have written was not in the memory yet when this one read.
  logic same_q3, same2_q3;  // as the event one clock, two clocks ahead
  always_ff @(posedge clk_i) begin
    same_q3 <= valid_q3 && index_q3 == index_q2 && memory_q3 == memory_q2;
    same2_q3 <= valid_q4 && index_q4 == index_q2 && memory_q4 == memory_q2;
  end

  logic [BITS-1:0] read0_q, read1_q, read_q3, collected_q, counted, sum, sum_q4, sum_q5;
  always_comb begin
    case ({same_q3, same2_q3})
      2'b00: counted = read_q3;
      2'b01: counted = sum_q5;
      default: counted = sum_q4;
    endcase
  end
  assign sum[PACKET_BITS-1:0] = counted[PACKET_BITS-1:0] + 1'b1;
  if (BYTE_BITS > 0) begin : g_bytes
    assign sum[BITS-1:PACKET_BITS] = counted[BITS-1:PACKET_BITS] + BYTE_BITS'(bytes_q3);
  end else begin : g_no_bytes
    logic unused_bytes;
    assign unused_bytes = ^bytes_q3;
  end
  always_ff @(posedge clk_i) begin
    read_q3 <= memory_q2 ? read1_q : read0_q;
    collected_q <= active_i ? read0_q : read1_q;
    sum_q4 <= sum;
    sum_q5 <= sum_q4;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) high_o <= 1'b0;
    else high_o <= valid_q4 && memory_q4 == active_i && (sum_q4[PACKET_BITS-1] || sum_q4[BITS-1]);
  end

  // ---- memories. What is written to the one that does not count, once its last events are in, is 0.
  logic zero0, zero1;
  assign zero0 = clear_i || (collect_clear_i && active_i);
  assign zero1 = clear_i || (collect_clear_i && !active_i);

  (* no_rw_check *) logic [BITS-1:0] memory0[0:ENTRIES-1];
  (* no_rw_check *) logic [BITS-1:0] memory1[0:ENTRIES-1];
  logic [INDEX_BITS-1:0] read0_index, read1_index, write0_index, write1_index;
  assign read0_index = memory_q ? collect_index_i : index_q;
  assign read1_index = memory_q ? index_q : collect_index_i;
  assign write0_index = zero0 ? collect_index_i : index_q3;
  assign write1_index = zero1 ? collect_index_i : index_q3;
  always_ff @(posedge clk_i) begin
    if (zero0 || (valid_q3 && !memory_q3)) memory0[write0_index] <= zero0 ? '0 : sum;
    read0_q <= memory0[read0_index];
  end
  always_ff @(posedge clk_i) begin
    if (zero1 || (valid_q3 && memory_q3)) memory1[write1_index] <= zero1 ? '0 : sum;
    read1_q <= memory1[read1_index];
  end

  // ---- collect
  logic select_q, select_q2;
  always_ff @(posedge clk_i) {select_q, select_q2} <= {collect_select_i, select_q};
  assign collect_data_o = select_q2 ? collected_q : '0;

endmodule
