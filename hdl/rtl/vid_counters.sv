// A packet counter for each VID, read as it stands.
//
// Contract:
// - event_valid_i adds 1 to entry event_index_i, in every clock if need be.
// - read_data_o belongs to the read_index_i of the clock before. The host reads from a copy of the
//   memory, so that it costs the data path nothing.
// - After reset busy_o is 1 until all entries are 0; events must not come before.
module vid_counters #(
    parameter int VIDS = 4096,
    parameter int BITS = 32,
    localparam int INDEX_BITS = $clog2(VIDS)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  event_valid_i,
    input  logic [INDEX_BITS-1:0] event_index_i,
    output logic                  busy_o,
    input  logic [INDEX_BITS-1:0] read_index_i,
    output logic [63:0]           read_data_o  // of the read_index_i of the clock before
);
  if (BITS == 0) begin : g_none
    logic unused;
    assign unused = ^{clk_i, rst_ni, event_valid_i, event_index_i, read_index_i};
    assign busy_o = 1'b0;
    assign read_data_o = '0;
  end else begin : g_counters
    (* no_rw_check *) logic [BITS-1:0] memory[0:VIDS-1];
    (* no_rw_check *) logic [BITS-1:0] copy[0:VIDS-1];

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

    logic valid_q, valid_q2, valid_q3;
    logic [INDEX_BITS-1:0] index_q, index_q2, index_q3;
    logic [BITS-1:0] counted_q, sum, sum_q3;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) {valid_q, valid_q2, valid_q3} <= '0;
      else {valid_q, valid_q2, valid_q3} <= {event_valid_i, valid_q, valid_q2};
    end
    always_ff @(posedge clk_i) begin
      index_q <= event_index_i;
      index_q2 <= index_q;
      index_q3 <= index_q2;
      sum_q3 <= sum;
    end
    // What the event before wrote one clock ago was not in the memory when this one read.
    assign sum = ((valid_q3 && index_q3 == index_q2) ? sum_q3 : counted_q) + 1'b1;

    logic write;
    logic [INDEX_BITS-1:0] write_index;
    logic [BITS-1:0] write_data, read_q;
    assign write = busy_o || valid_q2;
    assign write_index = busy_o ? clear_q : index_q2;
    assign write_data = busy_o ? '0 : sum;
    always_ff @(posedge clk_i) begin
      if (write) memory[write_index] <= write_data;
      counted_q <= memory[index_q];
    end
    always_ff @(posedge clk_i) begin
      if (write) copy[write_index] <= write_data;
      read_q <= copy[read_index_i];
    end
    assign read_data_o = 64'(read_q);
  end

endmodule
