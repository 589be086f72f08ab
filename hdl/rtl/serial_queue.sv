// Requests from the line, each executed once and in order: the receiver of a go-back-N window.
//
// Contract:
// - A frame that is good, long enough, whole in here, and has the number that is next is kept; so is any
//   good hello. All others leave nothing behind: a request is executed whole or not at all.
// - A hello makes the number behind its own the next one. Before the first hello nothing else is kept.
// - refused_o for one clock behind a frame where something is missing: it came damaged, there was no room,
//   or its number is one that is to come; repeated_o behind one whose number was there already: it only
//   wants its acknowledgement once more.
// - A kept request is offered octet by octet without its FCS, then end_o: each is taken by ready_i, and stands for
//   a clock more.
// Octets and flags come four clocks apart at the least, and a frame begins eight behind a flag.
// The host has no more under way than fits in here, so a lack of room is never its good fault.
module serial_queue #(
    parameter int OCTETS = serial_pkg::QUEUE_OCTETS
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    // from serial_rx
    input  logic       valid_i,
    input  logic [7:0] data_i,
    input  logic       end_i,
    input  logic       good_i,
    output logic       refused_o,
    output logic       repeated_o,
    // to serial_execute
    output logic       valid_o,
    input  logic       ready_i,
    output logic       end_o,
    output logic [7:0] data_o,
    output logic       empty_o
);
  localparam int PTR_BITS = $clog2(OCTETS);
  localparam int FCS = 4;  // octets
  localparam logic [2:0] SHORTEST = 3'(FCS + 2);  // kind and number before it

  (* no_rw_check *) logic [8:0] ram[0:OCTETS-1];  // end, octet
  logic [PTR_BITS-1:0] write_q;   // behind the last octet written
  logic [PTR_BITS-1:0] commit_q;  // behind the last request that is kept
  logic [PTR_BITS-1:0] read_q;    // of what is offered, or will be
  logic [2:0] place_q;            // octets of this frame so far, SHORTEST or more
  logic full_q, overflow_q;
  logic open_q, hello_q;
  logic [7:0] number_q, last_q;   // of this frame; of the last one that was kept
  logic [7:0] ahead;              // this number less the next
  // A kept request ends before its FCS: write_q goes back, and the end is written there.
  logic [FCS:0] back_q;
  logic marks;
  logic [PTR_BITS-1:0] write, write_q2;
  assign marks = back_q[0];
  assign write = write_q + {{(PTR_BITS - 1) {|back_q[FCS:1]}}, 1'b1};  // one on, or one back
  logic good, keep, next_q, repeated_q;

  assign ahead = number_q + ~last_q;
  // The number is here long before the frame's end.
  always_ff @(posedge clk_i) begin
    next_q <= hello_q || (open_q && ahead == '0);
    repeated_q <= open_q && ahead[7];
  end
  assign good = good_i && !overflow_q && place_q == SHORTEST;

  always_ff @(posedge clk_i) if (valid_i || marks) ram[write_q] <= {marks, data_i};
  assign keep = end_i && good && next_q;

  always_ff @(posedge clk_i) begin
    write_q2 <= write;
    full_q <= write_q2 == read_q;
    if (!rst_ni) begin
      write_q <= '0;
      commit_q <= '0;
      place_q <= '0;
      overflow_q <= 1'b0;
      back_q <= '0;
      open_q <= 1'b0;
      refused_o <= 1'b0;
      repeated_o <= 1'b0;
    end else begin
      refused_o <= end_i && !keep && !(good && repeated_q);
      repeated_o <= end_i && !keep && good && repeated_q;
      back_q <= {keep, back_q[FCS:1]};
      if (end_i) begin
        place_q <= '0;
        overflow_q <= 1'b0;
        if (!keep) write_q <= commit_q;
        if (keep) open_q <= 1'b1;
      end else if (back_q != '0) begin
        write_q <= write;
        if (marks) commit_q <= write;
      end else if (valid_i) begin
        if (place_q != SHORTEST) place_q <= place_q + 3'd1;
        if (full_q) overflow_q <= 1'b1;
        else write_q <= write;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (valid_i && place_q == 3'd0) hello_q <= data_i[1:0] == serial_pkg::REQUEST_HELLO;
    if (valid_i && place_q == 3'd1) number_q <= data_i;
    if (keep) last_q <= number_q;
  end

  // A block RAM's output is slow: a register stands right behind it, and an octet is taken every five clocks at best.
  logic [8:0] ram_q, out_q;
  logic [1:0] wait_q;  // 2: out_q is the octet at read_q behind this clock
  logic taken_q;
  always_ff @(posedge clk_i) begin
    ram_q <= ram[read_q];
    out_q <= ram_q;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q <= '0;
      wait_q <= '0;
      taken_q <= 1'b0;
      valid_o <= 1'b0;
    end else begin
      taken_q <= valid_o && ready_i;
      if (taken_q) read_q <= read_q + 1'b1;
      valid_o <= (wait_q == 2'd2) || (valid_o && !ready_i);
      if (valid_o && ready_i) wait_q <= '0;
      else if (!taken_q && wait_q != 2'd3 && (wait_q != '0 || read_q != commit_q)) wait_q <= wait_q + 2'd1;
    end
  end
  assign {end_o, data_o} = out_q;
  assign empty_o = read_q == commit_q && back_q == '0 && wait_q == '0 && !taken_q && !refused_o && !repeated_o;

endmodule
