// Proofs of vid_counters: pick any one VID and count its events beside the memory.
module vid_counters_formal #(
    parameter int VIDS = 8,
    parameter int BITS = 3,
    parameter bit COPY = 1,
    localparam int INDEX_BITS = $clog2(VIDS)
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  event_valid_i,
    input logic [INDEX_BITS-1:0] event_index_i,
    input logic [BITS-1:0]       event_amount_i,
    input logic [INDEX_BITS-1:0] read_index_i
);
  (* anyconst *) logic [INDEX_BITS-1:0] any;

  logic busy;
  logic [63:0] read_data;
  vid_counters #(
      .VIDS(VIDS),
      .BITS(BITS),
      .COPY(COPY)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i),
      .event_index_i(event_index_i),
      .event_amount_i(16'(event_amount_i)),
      .busy_o(busy),
      .read_index_i(read_index_i),
      .read_data_o(read_data)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);
  // Assumes: no event comes while the memory is being cleared (registers: the card is not enabled before).
  always @* if (busy) assume (!event_valid_i);

  // The sum as it has been written: an event counts three clocks after it came.
  logic [BITS-1:0] sum_q;
  logic [2:0] counts_q, events_q;
  logic [3*BITS-1:0] amounts_q;
  logic [1:0] read_q;
  logic [2*BITS-1:0] sums_q;
  logic reads;
  // A read in the very clock of a write gives what the RAM gives, or nothing new.
  assign reads = rst_ni && !busy && read_index_i == any && !counts_q[2] && (COPY || !events_q[2]);
  always @(posedge clk_i) begin
    counts_q <= rst_ni ? {counts_q[1:0], event_valid_i && event_index_i == any} : '0;
    events_q <= rst_ni ? {events_q[1:0], event_valid_i} : '0;
    amounts_q <= {amounts_q[2*BITS-1:0], event_amount_i};
    if (!rst_ni) sum_q <= '0;
    else if (counts_q[2]) sum_q <= sum_q + amounts_q[2*BITS+:BITS];
    read_q <= rst_ni ? {read_q[0], reads} : '0;
    sums_q <= {sums_q[BITS-1:0], sum_q};
  end

  logic [4:0] busy_q;
  always @(posedge clk_i) busy_q <= (rst_ni && busy) ? busy_q + 1'b1 : '0;

  // Proves: after one clock of reset from any state the memory is being cleared.
  always @(posedge clk_i) if (begun_q && $past(!rst_ni)) assert (busy);
  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: any one entry reads as the sum of its events' amounts since reset, modulo its width, events in every clock included, once they have been written (and unless one is written in the clock of the read).
      if (read_q[1]) assert (read_data == 64'(sums_q[BITS+:BITS]));
      // Proves: clearing ends.
      assert (busy_q <= VIDS);
    end
    // Reaches: three events in successive clocks on the entry, read back.
    cover (begun_q && rst_ni && read_q[1] && burst_q && read_data == 64'd3);
  end
  logic burst_q;
  always @(posedge clk_i) burst_q <= rst_ni && (burst_q || counts_q == 3'd7);
endmodule
