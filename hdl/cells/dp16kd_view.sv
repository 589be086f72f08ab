// What a port of a DP16KD shows of the 36 bits that its address names.
module dp16kd_view #(
    parameter int WIDTH = 18
) (
    input  logic [13:0] address_i,
    input  logic [35:0] data_i,
    output logic [35:0] data_o
);
  if (WIDTH == 36) begin : g_36
    assign data_o = data_i;
  end else if (WIDTH == 18) begin : g_18
    assign data_o = {18'd0, address_i[4] ? data_i[35:18] : data_i[17:0]};
  end else if (WIDTH == 9) begin : g_9
    assign data_o = 36'(9'(data_i >> (6'd9 * 6'(address_i[4:3]))));
  end else begin : g_narrow
    logic [31:0] bits, first;
    assign bits = {data_i[34:27], data_i[25:18], data_i[16:9], data_i[7:0]};
    assign first = bits >> (address_i[4:0] & ~5'(WIDTH - 1));
    assign data_o = 36'(first[WIDTH-1:0]);
  end

endmodule
