// Proofs of shared_ram: pick any one address and follow what is written to it and read from it.
module shared_ram_formal #(
    parameter int ENTRIES = 8,
    parameter int BITS = 2,
    localparam int ADDRESS_BITS = $clog2(ENTRIES)
) (
    input logic                    clk_i,
    input logic [ADDRESS_BITS-1:0] read_address_i,
    input logic                    write_i,
    input logic [ADDRESS_BITS-1:0] write_address_i,
    input logic [BITS-1:0]         write_data_i
);
  (* anyconst *) logic [ADDRESS_BITS-1:0] any;

  logic [BITS-1:0] read_data;
  shared_ram #(
      .ENTRIES(ENTRIES),
      .BITS(BITS)
  ) dut (
      .clk_i(clk_i),
      .read_address_i(read_address_i),
      .read_data_o(read_data),
      .write_i(write_i),
      .write_address_i(write_address_i),
      .write_data_i(write_data_i)
  );

  // What the entry holds, if it was ever written, and reads of it that are under way.
  logic known_q = 1'b0;
  logic writes;
  logic [1:0] read_q = '0;
  logic [BITS-1:0] value_q, expected_q, expected_q2;
  assign writes = write_i && write_address_i == any;
  always @(posedge clk_i) begin
    known_q <= known_q || writes;
    if (writes) value_q <= write_data_i;
    read_q <= {read_q[0], known_q && !writes && read_address_i == any};
    expected_q <= value_q;
    expected_q2 <= expected_q;
  end

  always @* begin
    // Proves: a read gives, two clocks later, the whole entry as it was written last, where it is not written in that very clock.
    if (read_q[1]) assert (read_data == expected_q2);
    // Reaches: a read of an entry right behind its write.
    cover (read_q[1] && read_data == '1);
  end
endmodule
