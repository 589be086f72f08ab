// The check sequence of the serial line, a bit a clock: an octet of the line takes forty clocks and more,
// and a bit at a time takes a fourth of the logic.
//
// Contract: an octet given by valid_i is in the register nine clocks later; none may come before that.
module serial_crc (
    input  logic        clk_i,
    input  logic        clear_i,
    input  logic        valid_i,
    input  logic [7:0]  data_i,
    output logic [31:0] crc_o
);
  logic [7:0] bits_q;
  logic [3:0] left_q;
  logic feedback;
  assign feedback = crc_o[0] ^ bits_q[0];
  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      left_q <= '0;
      crc_o <= '1;
    end else if (valid_i) begin
      bits_q <= data_i;
      left_q <= 4'd8;
    end else if (left_q != '0) begin
      bits_q <= {1'b0, bits_q[7:1]};
      left_q <= left_q - 4'd1;
      crc_o <= {1'b0, crc_o[31:1]} ^ (feedback ? serial_pkg::FCS_POLYNOMIAL : 32'd0);
    end
  end

endmodule
