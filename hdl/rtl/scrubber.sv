// Reads every word that carries parity, one after the other, while the host leaves the tables' read
// ports alone, and counts what has gone wrong.
//
// Contract: while grant_i is 1, index_o is what all three tables are asked for; their answers (1: wrong
// parity) come at most LATENCY clocks after the first with ready_i. A table that has no such entry is not counted.
module scrubber #(
    parameter int VIDS = 4096,
    parameter int OVERRIDES = 1024,
    parameter int RULES = 16
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        enable_i,        // the tables hold something
    input  logic        grant_i,
    input  logic        ready_i,         // the tables are being read
    output logic [15:0] index_o,
    input  logic        vid_row_bad_i,
    input  logic        override_bad_i,
    input  logic        type_set_bad_i,
    input  logic        met_i,           // the data path has met a word of the wrong parity
    output logic [31:0] errors_o,        // one clock behind what it counts
    output logic [31:0] last_o,          // as the register parity_last
    output logic [31:0] rounds_o
);
  localparam logic [2:0] LATENCY = 3'd4;
  localparam int LARGEST = linecard_pkg::max(linecard_pkg::max(VIDS, OVERRIDES), RULES * 8);

  logic [2:0] wait_q;
  logic [15:0] index_q;
  logic sample;
  assign sample = grant_i && enable_i && wait_q == LATENCY;
  logic last_index;
  assign last_index = index_q == 16'(LARGEST - 1);

  logic [2:0] bad;  // VID row, override, type set
  assign bad[0] = vid_row_bad_i && {1'b0, index_q} < 17'(VIDS);
  assign bad[1] = override_bad_i && {1'b0, index_q} < 17'(OVERRIDES);
  assign bad[2] = type_set_bad_i && {1'b0, index_q} < 17'(RULES * 8);

  logic [2:0] more_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wait_q <= '0;
      more_q <= '0;
      index_q <= '0;
      errors_o <= '0;
      last_o <= '0;
      rounds_o <= '0;
    end else begin
      wait_q <= (!grant_i || sample) ? '0 : (wait_q == '0 && !ready_i) ? '0 : wait_q + 3'd1;
      if (sample) begin
        index_q <= last_index ? '0 : index_q + 16'd1;
        if (last_index) rounds_o <= rounds_o + 32'd1;
        if (bad != '0) begin
          last_o <= {6'd0, bad[0] ? linecard_regs_pkg::EVENTS_PARITY_LAST_TABLE_VID_ROW
                         : bad[1] ? linecard_regs_pkg::EVENTS_PARITY_LAST_TABLE_OVERRIDE
                                  : linecard_regs_pkg::EVENTS_PARITY_LAST_TABLE_TYPE_SET, 8'd0, index_q};
        end
      end
      more_q <= 3'(sample && bad[0]) + 3'(sample && bad[1]) + 3'(sample && bad[2]) + 3'(met_i);
      errors_o <= errors_o + 32'(more_q);
    end
  end
  assign index_o = index_q;

endmodule
