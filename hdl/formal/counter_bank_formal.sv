// Proofs of counter_bank: pick any one entry of any one of the two memories and add up beside it.
module counter_bank_formal #(
    parameter int ENTRIES = 4,
    parameter int PACKET_BITS = 2,
    parameter int BYTE_BITS = 2,
    localparam int INDEX_BITS = $clog2(ENTRIES),
    localparam int BITS = PACKET_BITS + BYTE_BITS
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  active_i,
    input logic                  event_memory_i,
    input logic                  event_valid_i,
    input logic [INDEX_BITS-1:0] event_index_i,
    input logic [BYTE_BITS-1:0]  event_bytes_i,
    input logic                  clear_i,
    input logic                  collect_select_i,
    input logic                  collect_clear_i,
    input logic [INDEX_BITS-1:0] collect_index_i
);
  (* anyconst *) logic [INDEX_BITS-1:0] any;
  (* anyconst *) logic memory;

  logic high;
  logic [BITS-1:0] data;
  counter_bank #(
      .ENTRIES(ENTRIES),
      .PACKET_BITS(PACKET_BITS),
      .BYTE_BITS(BYTE_BITS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .active_i(active_i),
      .event_memory_i(event_memory_i),
      .event_valid_i(event_valid_i),
      .event_index_i(event_index_i),
      .event_bytes_i(16'(event_bytes_i)),
      .high_o(high),
      .clear_i(clear_i),
      .collect_select_i(collect_select_i),
      .collect_clear_i(collect_clear_i),
      .collect_index_i(collect_index_i),
      .collect_data_o(data)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  logic [4:0] steady_q;  // in these clocks and now active_i was the same and nothing counted in the other memory
  logic [3:0] events_q;
  logic active_q, steady;
  assign steady = begun_q && active_i == active_q && event_memory_i == active_i;
  always @(posedge clk_i) begin
    active_q <= active_i;
    steady_q <= steady ? {steady_q[3:0], 1'b1} : '0;
    events_q <= rst_ni ? {events_q[2:0], event_valid_i} : '0;
  end
  always @* begin
    // Assumes: an entry is collected or made 0 from the fifth clock behind the last event of its memory on, and memories do not change while what was collected is on its way (counter_totals).
    if (collect_select_i || collect_clear_i) assume (&steady_q && steady);
    if (asked_q != '0) assume (steady);
    // Assumes: nothing is counted while everything is cleared, nor in a reset, nor just before (linecard).
    if (clear_i || !rst_ni) assume (!event_valid_i && events_q == '0);
  end

  // ---- the sum; known once it was made 0
  logic counts, zero, known_q;
  logic [BITS-1:0] sum_q, sum;
  assign counts = event_valid_i && event_index_i == any && event_memory_i == memory;
  assign zero = collect_index_i == any && (clear_i || (collect_clear_i && active_i != memory));
  assign sum[PACKET_BITS-1:0] = sum_q[PACKET_BITS-1:0] + PACKET_BITS'(counts);
  assign sum[BITS-1:PACKET_BITS] = sum_q[BITS-1:PACKET_BITS] + (counts ? event_bytes_i : '0);
  logic [1:0] selected_q, asked_q;
  logic [2*BITS-1:0] sums_q;
  logic [4:0] counted_q;
  logic [5*BITS-1:0] after_q;
  always @(posedge clk_i) begin
    known_q <= rst_ni && (known_q || zero);
    sum_q <= (zero || !rst_ni) ? '0 : sum;
    selected_q <= {selected_q[0], collect_select_i};
    asked_q <= {asked_q[0], known_q && rst_ni && collect_select_i && collect_index_i == any && active_i != memory && !zero};
    sums_q <= {sums_q[BITS-1:0], sum_q};
    counted_q <= rst_ni ? {counted_q[3:0], counts && known_q} : '0;
    after_q <= {after_q[4*BITS-1:0], sum};
  end

  always @* begin
    if (begun_q) begin
      // Proves: any one entry of a memory, collected while the other one counts, gives the packets and bytes of all events of that entry since it was last made 0 while this memory counted, events in every clock, on equal entries and up to the change included; no other event counts in it.
      if (asked_q[1]) assert (data == sums_q[BITS+:BITS]);
      // Proves: what is not selected reads 0, from the third clock on.
      if (warm_q && !selected_q[1]) assert (data == '0);
      // Proves: an event that leaves its entry half full, or more, is told five clocks later, if the memory still counts.
      if (counted_q[4] && rst_ni && &steady_q && steady && (after_q[4*BITS+PACKET_BITS-1] || after_q[5*BITS-1])) assert (high);
    end
    // Reaches: three events in successive clocks on the entry, collected.
    cover (begun_q && asked_q[1] && burst_q && data[PACKET_BITS-1:0] == '1);
  end
  logic burst_q, warm_q = 1'b0;
  always @(posedge clk_i) warm_q <= begun_q;
  always @(posedge clk_i) burst_q <= rst_ni && (burst_q || (counted_q[2:0] == 3'd7));
endmodule
