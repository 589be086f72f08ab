// Proofs of counter_bank: pick any one entry and count beside the bank what it has to count.
module counter_bank_formal #(
    parameter int ENTRIES = 4,
    parameter int COMPARED = 2,  // low bits of each sum; a carry comes from below only
    localparam int INDEX_BITS = $clog2(ENTRIES)
) (
    input logic                  clk_i,
    input logic                  rst_ni,
    input logic                  event_valid_i,
    input logic [INDEX_BITS-1:0] event_index_i,
    input logic [15:0]           event_bytes_i,
    input logic                  snapshot_i,
    input logic [INDEX_BITS-1:0] read_index_i
);
  (* anyconst *) logic [INDEX_BITS-1:0] any;

  logic busy;
  logic [127:0] read_data;
  counter_bank #(
      .ENTRIES(ENTRIES)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i),
      .event_index_i(event_index_i),
      .event_bytes_i(event_bytes_i),
      .snapshot_i(snapshot_i),
      .busy_o(busy),
      .read_index_i(read_index_i),
      .read_data_o(read_data)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  // Assumes: no event comes after a reset until the bank has been ready once (linecard holds frames back until then).
  logic ready_q;
  always @(posedge clk_i) ready_q <= rst_ni && (ready_q || !busy);
  always @* if (!ready_q) assume (!event_valid_i);

  // ---- the sums of the entry now, and as frozen by the last snapshot
  logic [COMPARED-1:0] packets_q, bytes_q, packets, bytes, frozen_packets_q, frozen_bytes_q;
  logic counts;
  assign counts = event_valid_i && event_index_i == any;
  assign packets = packets_q + COMPARED'(counts);
  assign bytes = bytes_q + (counts ? event_bytes_i[COMPARED-1:0] : '0);
  logic read_q;  // the entry was asked for in the clock before, in which the bank was not busy
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      packets_q <= '0;
      bytes_q <= '0;
      frozen_packets_q <= '0;
      frozen_bytes_q <= '0;
      read_q <= 1'b0;
    end else begin
      packets_q <= packets;
      bytes_q <= bytes;
      if (snapshot_i && !busy) begin
        frozen_packets_q <= packets;
        frozen_bytes_q <= bytes;
      end
      read_q <= !busy && !snapshot_i && read_index_i == any;
    end
  end

  // Busy ends: as many clocks as clearing or adding up can take.
  localparam int LONGEST = ENTRIES * 3 + 8;
  logic [5:0] busy_q;
  always @(posedge clk_i) busy_q <= (rst_ni && busy) ? busy_q + 1'b1 : '0;

  // Proves: after one clock of reset from any state the bank is busy until it is clear.
  always @(posedge clk_i) if (begun_q && $past(!rst_ni)) assert (busy);
  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: any one entry reads, when the bank is not busy, as the packets and bytes of all events of that entry since reset, up to and with the clock of the last snapshot, events in every clock and during the snapshot included; no other event counts in it.
      if (read_q && !busy) begin
        assert (read_data[0+:COMPARED] == frozen_packets_q);
        assert (read_data[64+:COMPARED] == frozen_bytes_q);
      end
      // Proves: the bank is busy for a bounded time only.
      assert (busy_q <= LONGEST);
    end
    // Reaches: events in successive clocks on the entry, in both memories, read back.
    cover (begun_q && rst_ni && read_q && !busy && read_data[1:0] == 2'd3 && packets_q != frozen_packets_q);
  end
endmodule
