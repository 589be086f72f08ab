// Proofs of vid_counters: pick any one VID and count its events beside the memory.
module vid_counters_formal #(
    parameter int VIDS = 8,
    parameter int BITS = 3,
    localparam int INDEX_BITS = $clog2(VIDS)
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  event_valid_i,
    input logic [INDEX_BITS-1:0] event_index_i,
    input logic [INDEX_BITS-1:0] read_index_i
);
  (* anyconst *) logic [INDEX_BITS-1:0] any;

  logic busy;
  logic [63:0] read_data;
  vid_counters #(
      .VIDS(VIDS),
      .BITS(BITS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i),
      .event_index_i(event_index_i),
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

  // The count as it has been written: an event counts two clocks after it came.
  logic [BITS-1:0] count_q;
  logic [1:0] counts_q;
  logic read_q;
  always @(posedge clk_i) begin
    counts_q <= {counts_q[0], event_valid_i && event_index_i == any};
    if (!rst_ni) begin
      count_q <= '0;
      counts_q <= '0;
    end else if (counts_q[1]) begin
      count_q <= count_q + 1'b1;
    end
    // A read in the very clock of a write gives what the RAM gives.
    read_q <= rst_ni && !busy && read_index_i == any && !counts_q[1];
  end
  logic [BITS-1:0] expected_q;
  always @(posedge clk_i) expected_q <= count_q;

  logic [4:0] busy_q;
  always @(posedge clk_i) busy_q <= (rst_ni && busy) ? busy_q + 1'b1 : '0;

  // Proves: after one clock of reset from any state the memory is being cleared.
  always @(posedge clk_i) if (begun_q && $past(!rst_ni)) assert (busy);
  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: any one entry reads as the number of its events since reset, modulo its width, events in every clock included, once they have been written (and unless one is written in the clock of the read).
      if (read_q) assert (read_data == 64'(expected_q));
      // Proves: clearing ends.
      assert (busy_q <= VIDS);
    end
    // Reaches: events in successive clocks on the entry, read back.
    cover (begun_q && rst_ni && read_q && read_data == 64'd3);
  end
endmodule
