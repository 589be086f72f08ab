// A small table in flip-flops, all entries of which the data path sees at once. Reset: all zero, so
// nothing is valid and nothing is up.
module config_table #(
    parameter int ENTRIES = 8,
    parameter int BITS = 32,
    localparam int INDEX_BITS = (ENTRIES > 1) ? $clog2(ENTRIES) : 1
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    write_i,
    input  logic [15:0]             index_i,  // entries that are not there: writes do nothing, reads 0
    input  logic [BITS-1:0]         data_i,
    output logic [BITS-1:0]         data_o,   // of the index_i of the clock before
    output logic [ENTRIES*BITS-1:0] entries_o
);
  logic [INDEX_BITS-1:0] index;
  logic exists;
  assign index = index_i[INDEX_BITS-1:0];
  assign exists = index_i < 16'(ENTRIES);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      entries_o <= '0;
    end else if (write_i && exists) begin
      for (int i = 0; i < ENTRIES; i++) begin
        if (index == INDEX_BITS'(i)) entries_o[i*BITS+:BITS] <= data_i;
      end
    end
  end

  logic [BITS-1:0] data;
  slice_at #(
      .IN_WIDTH(ENTRIES * BITS),
      .STEP(BITS),
      .SELECT_BITS(INDEX_BITS),
      .WIDTH(BITS)
  ) read (
      .vector_i(entries_o),
      .select_i(index),
      .slice_o(data)
  );
  always_ff @(posedge clk_i) data_o <= exists ? data : '0;

endmodule
