// The queue that each port ends in: it holds whole frames, so that nothing of a bad one leaves.
//
// Contract:
// - Beats come without being asked; accept_o says with each beat whether all of its frame has found
//   room so far. A frame stays when keep_i comes with its last beat and accept_o was 1; else
//   nothing of it is left.
// - A frame is offered when all of it is here, then beat by beat as tready allows. tvalid, once
//   there, stays with its beat until it is taken.
// - side_i is taken with the last beat and offered beside every beat of its frame. SIDE_WORDS = 2 halves the
//   RAM for it, where no frame that stays ends in the clock behind another's end.
module port_queue #(
    parameter int DATA_WIDTH = 64,
    parameter int BYTES = 4096,
    parameter int SIDE_BITS = 0,   // 0: nothing beside the frame
    parameter int SIDE_DEPTH = 64, // frames, where there is something
    parameter int SIDE_WORDS = 1,  // see side_queue
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K),
    localparam int SIDE_WIRES = (SIDE_BITS == 0) ? 1 : SIDE_BITS
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // from the pipeline
    input  logic                  valid_i,
    input  logic [DATA_WIDTH-1:0] data_i,
    input  logic [COUNT_BITS-1:0] count_i,
    input  logic                  last_i,
    input  logic                  keep_i,
    input  logic [SIDE_WIRES-1:0] side_i,
    output logic                  accept_o,
    // AXI4-Stream
    output logic                  tvalid_o,
    input  logic                  tready_i,
    output logic [DATA_WIDTH-1:0] tdata_o,
    output logic [K-1:0]          tkeep_o,
    output logic                  tlast_o,
    output logic [SIDE_WIRES-1:0] tuser_o,
    output logic                  empty_o
);
  localparam int DEPTH = BYTES / K;
  localparam int PTR_BITS = $clog2(DEPTH);
  localparam int ENTRY_BITS = 1 + COUNT_BITS + DATA_WIDTH;

  (* no_rw_check *) logic [ENTRY_BITS-1:0] buffer[0:DEPTH-1];
  logic [PTR_BITS:0] write_q;   // behind the last beat written
  logic [PTR_BITS:0] commit_q;  // behind the last beat of the last frame that stays
  logic [PTR_BITS:0] read_q;
  logic overflow_q;             // a beat of the present frame found no room
  logic room, side_room;
  logic stays, leaves;          // with the last beat
  assign accept_o = room && side_room && !overflow_q;
  assign stays = keep_i && accept_o;
  assign leaves = valid_i && last_i && !stays;

  // From flip-flops, since a frame's end waits for it. Behind a frame that has left again nothing but whole
  // frames is there.
  logic room_q, commit_room_q, left_q;
  logic [PTR_BITS:0] used, kept;
  assign used = write_q - read_q;
  assign kept = commit_q - read_q;
  assign room = left_q ? commit_room_q : room_q;
  always_ff @(posedge clk_i) begin
    room_q <= !rst_ni || used < (PTR_BITS + 1)'(valid_i ? DEPTH - 1 : DEPTH);
    commit_room_q <= kept < (PTR_BITS + 1)'(DEPTH);
    left_q <= rst_ni && leaves;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && room) buffer[write_q[PTR_BITS-1:0]] <= {last_i, count_i, data_i};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      commit_q <= '0;
      overflow_q <= 1'b0;
    end else if (valid_i) begin
      if (last_i) begin
        overflow_q <= 1'b0;
        write_q <= stays ? write_q + 1'b1 : commit_q;
        if (stays) commit_q <= write_q + 1'b1;
      end else begin
        if (room) write_q <= write_q + 1'b1;
        if (!accept_o) overflow_q <= 1'b1;
      end
    end
  end

  // The offered beat stands in flip-flops behind the RAM's output register, which is late.
  logic fetched_q, valid_q, some_q, load, move, side_there, take;  // some_q: read_q != commit_q
  logic [ENTRY_BITS-1:0] fetch_q, out_q;
  assign take = tvalid_o && tready_i;
  assign move = fetched_q && (!valid_q || take);
  assign load = (!fetched_q || move) && some_q;
  always_ff @(posedge clk_i) begin
    if (load) fetch_q <= buffer[read_q[PTR_BITS-1:0]];
    if (move) out_q <= fetch_q;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q <= '0;
      {fetched_q, valid_q} <= '0;
      some_q <= 1'b0;
    end else begin
      some_q <= (valid_i && last_i && stays) || (load ? kept > (PTR_BITS + 1)'(1) : some_q);
      if (load) read_q <= read_q + 1'b1;
      fetched_q <= load || (fetched_q && !move);
      valid_q <= move || (valid_q && !take);
    end
  end

  assign tvalid_o = valid_q && side_there;
  assign tdata_o = out_q[DATA_WIDTH-1:0];
  assign tlast_o = out_q[ENTRY_BITS-1];
  // A beat that is not the last has all its bytes, and a count that says so.
  assign tkeep_o = {K{1'b1}} >> ~out_q[DATA_WIDTH+:COUNT_BITS];
  assign empty_o = !fetched_q && !valid_q && write_q == read_q;

  if (SIDE_BITS == 0) begin : g_no_side
    logic unused_side;
    assign unused_side = ^side_i;
    assign side_room = 1'b1;
    assign side_there = 1'b1;
    assign tuser_o = '0;
  end else begin : g_side
    side_queue #(
        .BITS(SIDE_BITS),
        .DEPTH(SIDE_DEPTH),
        .WORDS(SIDE_WORDS)
    ) sides (
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .end_i(valid_i && last_i),
        .put_i(valid_i && last_i && stays),
        .side_i(side_i),
        .room_o(side_room),
        .there_o(side_there),
        .take_i(take && tlast_o),
        .side_o(tuser_o)
    );
  end

endmodule
