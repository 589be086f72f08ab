// A small asynchronous FIFO, for the lint only: full and empty are not looked after.
module cdc_fifo #(
    parameter int WIDTH = 8
) (
    input  logic             wr_clk_i,
    input  logic             wr_valid_i,
    input  logic [WIDTH-1:0] wr_data_i,
    output logic [3:0]       wr_seen_o,
    input  logic             rd_clk_i,
    input  logic             rd_ready_i,
    output logic             rd_valid_o,
    output logic [WIDTH-1:0] rd_data_o
);
  logic [WIDTH-1:0] ram[0:15];
  logic [3:0] write_q, write_gray_q, read_q, read_gray_q, write_seen, read_seen;
  always_ff @(posedge wr_clk_i) begin
    if (wr_valid_i) begin
      ram[write_q] <= wr_data_i;
      write_q <= write_q + 4'd1;
    end
    write_gray_q <= write_q ^ (write_q >> 1);
  end
  always_ff @(posedge rd_clk_i) begin
    if (rd_ready_i) read_q <= read_q + 4'd1;
    read_gray_q <= read_q ^ (read_q >> 1);
    rd_data_o <= ram[read_q];
    rd_valid_o <= write_seen != read_gray_q;
  end
  cdc_gray to_read (.clk_i(rd_clk_i), .d_i(write_gray_q), .q_o(write_seen));
  cdc_gray to_write (.clk_i(wr_clk_i), .d_i(read_gray_q), .q_o(read_seen));
  assign wr_seen_o = read_seen;
endmodule
