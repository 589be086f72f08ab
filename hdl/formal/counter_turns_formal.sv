// Proofs of counter_turns, behind frames that begin TURNS clocks behind each other at least.
module counter_turns_formal #(
    parameter int TURNS = 4,
    parameter int BITS = 2
) (
    input logic            clk_i,
    input logic            rst_ni,
    input logic            begins_i,  // free: a frame begins
    input logic            ends_i,    // free: the one under way ends
    input logic [BITS-1:0] data_i,
    input logic            pick_i     // free: follow this event
);
  logic valid;
  logic [BITS-1:0] data;
  logic [$clog2(TURNS)-1:0] turn;
  counter_turns #(
      .TURNS(TURNS),
      .BITS(BITS)
  ) dut (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .valid_i(ends_i),
      .data_i(data_i),
      .valid_o(valid),
      .data_o(data),
      .turn_o(turn)
  );

  // Any state, then one clock of reset; later resets at will.
  logic begun_q = 1'b0;
  always @(posedge clk_i) begun_q <= 1'b1;
  always @* if (!begun_q) assume (!rst_ni);

  logic under_way_q;
  logic [2:0] ago_q;
  always @(posedge clk_i) begin
    if (!rst_ni) begin
      under_way_q <= 1'b0;
      ago_q <= '1;
    end else begin
      under_way_q <= (begins_i || under_way_q) && !ends_i;
      if (begins_i) ago_q <= 3'd1;
      else if (ago_q != '1) ago_q <= ago_q + 1'b1;
    end
  end
  always @* begin
    // Assumes: a frame begins when none is under way and TURNS clocks behind the one before, or later; one that has begun ends once (rx_merge).
    if (under_way_q || ago_q < TURNS || !rst_ni) assume (!begins_i);
    if (!under_way_q && !begins_i) assume (!ends_i);
  end

  // ---- any one event
  localparam int LONGEST = 2 * TURNS;
  logic followed_q;
  logic [1:0] inside_q, ahead_q;  // events that are inside, and those that go first
  logic [BITS-1:0] data_q;
  logic [3:0] clocks_q;           // since it came
  logic leaves, there;
  logic last_valid_q;
  logic [$clog2(TURNS)-1:0] last_turn_q;
  assign leaves = valid && turn == TURNS - 1;
  assign there = followed_q && ahead_q == '0;
  always @(posedge clk_i) begin
    last_valid_q <= valid && rst_ni;
    last_turn_q <= turn;
    if (!rst_ni) begin
      followed_q <= 1'b0;
      inside_q <= '0;
    end else begin
      inside_q <= inside_q + 2'(ends_i) - 2'(leaves);
      clocks_q <= clocks_q + 4'd1;
      if (!followed_q) begin
        followed_q <= ends_i && pick_i;
        ahead_q <= inside_q - 2'(leaves);
        data_q <= data_i;
        clocks_q <= 4'd1;
      end else if (leaves) begin
        ahead_q <= ahead_q - 1'b1;
        if (ahead_q == '0) followed_q <= 1'b0;
      end
    end
  end
  always @* begin
    if (begun_q && rst_ni) begin
      // Proves: an event stands at the output with its own data, in its order.
      if (there) assert (valid && data == data_q);
      // Proves: no event is lost: there is one at the output just when one is inside, and never more than two are.
      assert (valid == (inside_q != '0) && inside_q <= 2'd2);
      // Proves: each has all its turns, one after the other from 0 on.
      if (valid) assert (turn == ((last_valid_q && last_turn_q != TURNS - 1) ? last_turn_q + 1'b1 : '0));
      // Proves: its last turn is at most 2 * TURNS clocks behind it.
      if (followed_q) assert (clocks_q <= LONGEST);
    end
    // Reaches: an event that came right behind another, at its last turn.
    cover (begun_q && rst_ni && there && leaves && clocks_q == LONGEST - 1);
  end
endmodule
