// Proof of the accounting equation: frames that enter, come back, end or are held as they like.
module accounting_formal #(
    parameter int BITS = 6
) (
    input logic clk_i,
    input logic rst_ni,
    input logic receive_i,
    input logic returned_i,
    input logic event_valid_i,
    input logic held_i,
    input logic snapshot_i
);
  logic [BITS-1:0] in_flight, held, snapshot_in_flight, snapshot_held;
  accounting #(
      .BITS(BITS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .receive_i(receive_i),
      .returned_i(returned_i),
      .event_valid_i(event_valid_i),
      .held_i(held_i),
      .snapshot_i(snapshot_i),
      .in_flight_o(in_flight),
      .held_o(held),
      .snapshot_in_flight_o(snapshot_in_flight),
      .snapshot_held_o(snapshot_held)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  logic [BITS-1:0] received_q, ended_q, snapshot_received_q, snapshot_ended_q;
  logic taken_q;
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      received_q <= '0;
      ended_q <= '0;
      snapshot_received_q <= '0;
      snapshot_ended_q <= '0;
    end else begin
      received_q <= received_q + BITS'(receive_i);
      ended_q <= ended_q + BITS'(event_valid_i);
      if (snapshot_i) begin
        snapshot_received_q <= received_q + BITS'(receive_i);
        snapshot_ended_q <= ended_q + BITS'(event_valid_i);
      end
    end
    taken_q <= rst_ni && snapshot_i;
  end

  always @* begin
    if (begun_q) begin
      // Proves: what was received is what has ended, is in flight or is held, at every clock (modulo the counters' range, which those in flight and held never fill).
      assert (received_q == BITS'(ended_q + in_flight + held));
      // Proves: and in every snapshot, all of it as of one clock.
      assert (snapshot_received_q == BITS'(snapshot_ended_q + snapshot_in_flight + snapshot_held));
    end
    // Reaches: a snapshot with one frame ended, one in flight and one held.
    cover (begun_q && taken_q && snapshot_ended_q == 1 && snapshot_in_flight == 1 && snapshot_held == 1);
  end
endmodule
