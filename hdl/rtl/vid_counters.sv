// A counter for each VID, read as it stands.
//
// Contract:
// - event_valid_i adds event_amount_i to entry event_index_i, in every clock if need be.
// - read_data_o belongs to the read_index_i of two clocks before. With COPY the host reads from a copy
//   of the memory; without, it reads where events write, and in a clock in which one does (the third
//   behind the event) read_data_o stays as it was: for who keeps read_index_i until no event comes.
// - After reset busy_o is 1 until all entries are 0; events must not come before.
module vid_counters #(
    parameter int VIDS = 4096,
    parameter int BITS = 32,  // 0: there are none
    parameter bit COPY = 1,
    localparam int INDEX_BITS = $clog2(VIDS)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  event_valid_i,
    input  logic [INDEX_BITS-1:0] event_index_i,
    input  logic [15:0]           event_amount_i,
    output logic                  busy_o,
    input  logic [INDEX_BITS-1:0] read_index_i,
    output logic [63:0]           read_data_o
);
  if (BITS == 0) begin : g_none
    logic unused;
    assign unused = ^{clk_i, rst_ni, event_valid_i, event_index_i, event_amount_i, read_index_i};
    assign busy_o = 1'b0;
    assign read_data_o = '0;
  end else begin : g_counters
    logic [INDEX_BITS-1:0] clear_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        clear_q <= '0;
        busy_o <= 1'b1;
      end else if (busy_o) begin
        clear_q <= clear_q + 1'b1;
        busy_o <= clear_q != INDEX_BITS'(VIDS - 1);
      end
    end

    // A clock each: address, RAM, a flip-flop behind it, add and write.
    logic valid_q, valid_q2, valid_q3, valid_q4;
    logic [INDEX_BITS-1:0] index_q, index_q2, index_q3, index_q4;
    logic [15:0] amount_q, amount_q2, amount_q3;
    logic same_q3, same2_q3;  // as the event one clock, two clocks ahead: not in the memory yet when read
    logic [BITS-1:0] counted_q2, counted_q3, counted, sum, sum_q4, sum_q5;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) {valid_q, valid_q2, valid_q3, valid_q4} <= '0;
      else {valid_q, valid_q2, valid_q3, valid_q4} <= {event_valid_i, valid_q, valid_q2, valid_q3};
    end
    always_ff @(posedge clk_i) begin
      {index_q, index_q2, index_q3, index_q4} <= {event_index_i, index_q, index_q2, index_q3};
      {amount_q, amount_q2, amount_q3} <= {event_amount_i, amount_q, amount_q2};
      same_q3 <= valid_q3 && index_q3 == index_q2;
      same2_q3 <= valid_q4 && index_q4 == index_q2;
      counted_q3 <= counted_q2;
      {sum_q4, sum_q5} <= {sum, sum_q4};
    end
    assign counted = same_q3 ? sum_q4 : same2_q3 ? sum_q5 : counted_q3;
    assign sum = counted + BITS'(amount_q3);

    logic write;
    logic [INDEX_BITS-1:0] write_index;
    logic [BITS-1:0] write_data, read_q, read_q2;
    assign write = busy_o || valid_q3;
    assign write_index = busy_o ? clear_q : index_q3;
    assign write_data = busy_o ? '0 : sum;
    (* no_rw_check *) logic [BITS-1:0] memory[0:VIDS-1];
    always_ff @(posedge clk_i) counted_q2 <= memory[index_q];
    if (COPY) begin : g_copy
      (* no_rw_check *) logic [BITS-1:0] copy[0:VIDS-1];
      always_ff @(posedge clk_i) begin
        if (write) memory[write_index] <= write_data;
      end
      always_ff @(posedge clk_i) begin
        if (write) copy[write_index] <= write_data;
        read_q <= copy[read_index_i];
      end
    end else begin : g_shared
      // One address, so that one port of the RAM does both.
      logic [INDEX_BITS-1:0] place;
      assign place = write ? write_index : read_index_i;
      always_ff @(posedge clk_i) begin
        if (write) memory[place] <= write_data;
        else read_q <= memory[place];
      end
    end
    always_ff @(posedge clk_i) read_q2 <= read_q;
    assign read_data_o = 64'(read_q2);
  end

endmodule
