// Where a port's data lies in the 36 bits that its address names in a DP16KD.
module dp16kd_lane #(
    parameter int WIDTH = 18
) (
    input  logic        write_i,
    input  logic [13:0] address_i,
    input  logic [35:0] data_i,
    output logic [35:0] mask_o,
    output logic [35:0] data_o
);
  logic [3:0] bytes;
  if (WIDTH >= 9) begin : g_bytes
    if (WIDTH == 36) begin : g_36
      assign bytes = address_i[3:0];
      assign data_o = data_i;
    end else if (WIDTH == 18) begin : g_18
      assign bytes = address_i[4] ? {address_i[1:0], 2'b00} : {2'b00, address_i[1:0]};
      assign data_o = {data_i[17:0], data_i[17:0]};
    end else begin : g_9
      assign bytes = 4'b0001 << address_i[4:3];
      assign data_o = {4{data_i[8:0]}};
    end
    for (genvar i = 0; i < 4; i++) begin : g_mask
      assign mask_o[9*i+:9] = {9{bytes[i] && write_i}};
    end
  end else begin : g_narrow
    // Narrow ports reach eight bits of each byte.
    if (WIDTH != 4 && WIDTH != 2 && WIDTH != 1) begin : g_width
      $error("DP16KD has no port of this width");
    end
    logic [31:0] mask, data;
    assign bytes = '0;
    assign mask = write_i ? 32'((1 << WIDTH) - 1) << (address_i[4:0] & ~5'(WIDTH - 1)) : '0;
    assign data = {32 / WIDTH{data_i[WIDTH-1:0]}};
    for (genvar i = 0; i < 4; i++) begin : g_mask
      assign mask_o[9*i+:9] = {1'b0, mask[8*i+:8]};
      assign data_o[9*i+:9] = {1'b0, data[8*i+:8]};
    end
  end

endmodule
