// The output register of a DP16KD.
module dp16kd_register #(
    parameter bit SYNC = 1'b1
) (
    input  logic        clk_i,
    input  logic        rst_i,
    input  logic        enable_i,
    input  logic [35:0] data_i,
    output logic [35:0] data_o
);
  if (SYNC) begin : g_sync
    always_ff @(posedge clk_i) begin
      if (rst_i) data_o <= '0;
      else if (enable_i) data_o <= data_i;
    end
  end else begin : g_async
    always_ff @(posedge clk_i or posedge rst_i) begin
      if (rst_i) data_o <= '0;
      else if (enable_i) data_o <= data_i;
    end
  end

endmodule
