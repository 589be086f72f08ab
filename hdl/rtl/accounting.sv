// Frames that have entered the pipeline and have neither ended nor been held, and frames that are held:
// what was received is always what has ended, is in flight or is held (docs/card.md, "Counting").
//
// Contract: a pulse for each frame that enters, comes back from being held, ends, or is held; a
// snapshot has all that happens in its own clock.
module accounting #(
    parameter int BITS = 16
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        receive_i,
    input  logic        returned_i,
    input  logic        event_valid_i,
    input  logic        held_i,
    input  logic        snapshot_i,
    output logic [BITS-1:0] in_flight_o,
    output logic [BITS-1:0] held_o,
    output logic [BITS-1:0] snapshot_in_flight_o,
    output logic [BITS-1:0] snapshot_held_o
);
  logic [BITS-1:0] in_flight_d, held_d;
  assign in_flight_d = in_flight_o + BITS'(receive_i) + BITS'(returned_i) - BITS'(event_valid_i) - BITS'(held_i);
  assign held_d = held_o + BITS'(held_i) - BITS'(returned_i);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_flight_o <= '0;
      held_o <= '0;
      snapshot_in_flight_o <= '0;
      snapshot_held_o <= '0;
    end else begin
      in_flight_o <= in_flight_d;
      held_o <= held_d;
      if (snapshot_i) begin
        snapshot_in_flight_o <= in_flight_d;
        snapshot_held_o <= held_d;
      end
    end
  end

endmodule
