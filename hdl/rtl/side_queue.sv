// What goes beside whole frames in a queue: one record for each, in order.
//
// Contract:
// - put_i takes side_i, where room_o is 1; end_i says in each clock in which a put may be that there is a frame's end,
//   kept or not: room_o is from a flip-flop, and counts it.
// - there_o: side_o is the record of the first frame that has not left; take_i goes on to the next one.
// - WORDS = 1: it is there in the clock behind the put, and behind take_i at once.
// - WORDS = 2, where puts are two clocks apart at least: half the RAM's width, for a record takes two clocks
//   to write and is there three clocks behind put and take_i.
module side_queue #(
    parameter int BITS = 200,
    parameter int DEPTH = 64,
    parameter int WORDS = 1
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    input  logic            end_i,
    input  logic            put_i,
    input  logic [BITS-1:0] side_i,
    output logic            room_o,
    output logic            there_o,
    input  logic            take_i,
    output logic [BITS-1:0] side_o
);
  localparam int PTR_BITS = $clog2(DEPTH);
  logic [PTR_BITS:0] write_q, read_q, used;
  assign used = write_q - read_q;
  always_ff @(posedge clk_i) begin
    room_o <= !rst_ni || used < (PTR_BITS + 1)'(end_i ? DEPTH - 1 : DEPTH);
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end else begin
      if (put_i) write_q <= write_q + 1'b1;
      if (take_i) read_q <= read_q + 1'b1;
    end
  end

  if (WORDS == 1) begin : g_whole
    logic [BITS-1:0] ram[0:DEPTH-1];
    always_ff @(posedge clk_i) if (put_i) ram[write_q[PTR_BITS-1:0]] <= side_i;
    assign side_o = ram[read_q[PTR_BITS-1:0]];
    assign there_o = used != '0;
  end else begin : g_halves
    localparam int HALF = (BITS + 1) / 2;
    (* no_rw_check *) logic [HALF-1:0] ram[0:2*DEPTH-1];
    logic [HALF-1:0] upper_q;  // of the record that was put in the clock before
    logic put_q;
    logic [PTR_BITS-1:0] put_at_q;
    always_ff @(posedge clk_i) begin
      put_q <= rst_ni && put_i;
      put_at_q <= write_q[PTR_BITS-1:0];
      upper_q <= HALF'(side_i >> HALF);
      if (put_i || put_q) begin
        ram[{put_q ? put_at_q : write_q[PTR_BITS-1:0], put_q}] <= put_q ? upper_q : side_i[HALF-1:0];
      end
    end
    // The RAM's output register has the lower half, then the upper one.
    logic [1:0] step_q;
    logic [HALF-1:0] out_q, lower_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni || take_i) step_q <= '0;
      else if (used != '0 && !there_o) step_q <= step_q + 2'd1;
      if (!there_o) begin
        out_q <= ram[{read_q[PTR_BITS-1:0], step_q[0]}];
        lower_q <= out_q;
      end
    end
    assign there_o = step_q == 2'd2;
    assign side_o = BITS'({out_q, lower_q});
  end

endmodule
