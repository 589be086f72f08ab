// A small table in flip-flops, all entries of which the data path sees at once. Reset: all zero, so
// nothing is valid and nothing is up.
module config_table #(
    parameter int ENTRIES = 8,
    parameter int BITS = 32
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    write_i,
    input  logic [15:0]             index_i,   // one clock before write_i; entries that are not there: writes do nothing
    input  logic [BITS-1:0]         data_i,
    output logic [ENTRIES*BITS-1:0] entries_o,
    output logic                    written_o  // the entry index_i of the clock before is there and was written since reset
);
  // Each entry a register of its own with its own clock enable, which comes from few flip-flops.
  logic [ENTRIES-1:0] selected_q, written_q;
  for (genvar i = 0; i < ENTRIES; i++) begin : g_entry
    always_ff @(posedge clk_i) selected_q[i] <= index_i == 16'(i);
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        entries_o[i*BITS+:BITS] <= '0;
        written_q[i] <= 1'b0;
      end else if (write_i && selected_q[i]) begin
        entries_o[i*BITS+:BITS] <= data_i;
        written_q[i] <= 1'b1;
      end
    end
  end
  assign written_o = (selected_q & written_q) != '0;

endmodule
