// Proofs of table_ram: pick any one address and follow what is written to it and read from it.
module table_ram_formal #(
    parameter int ENTRIES = 8,
    parameter int BITS = 2,
    localparam int ADDRESS_BITS = $clog2(ENTRIES)
) (
    input logic                    clk_i,
    input logic [ADDRESS_BITS-1:0] read_address_i,
    input logic                    host_write_i,
    input logic [ADDRESS_BITS-1:0] host_address_i,
    input logic [BITS-1:0]         host_data_i
);
  (* anyconst *) logic [ADDRESS_BITS-1:0] any;

  logic [BITS-1:0] read_data, host_data;
  table_ram #(
      .ENTRIES(ENTRIES),
      .BITS(BITS)
  ) dut (
      .clk_i(clk_i),
      .read_address_i(read_address_i),
      .read_data_o(read_data),
      .host_write_i(host_write_i),
      .host_address_i(host_address_i),
      .host_data_i(host_data_i),
      .host_data_o(host_data)
  );

  // What the entry holds at the end of this clock, if it was ever written.
  logic written_q = 1'b0;
  logic writes, known;
  logic [BITS-1:0] value_q, value;
  assign writes = host_write_i && host_address_i == any;
  assign known = written_q || writes;
  assign value = writes ? host_data_i : value_q;

  // Reads of the entry that are under way, and what each must give.
  logic [1:0] read_q = '0, host_q = '0, collision_q = '0;
  logic [BITS-1:0] expected_q, expected_q2;
  always @(posedge clk_i) begin
    written_q <= known;
    value_q <= value;
    read_q <= {read_q[0], known && read_address_i == any};
    host_q <= {host_q[0], known && !host_write_i && host_address_i == any};
    collision_q <= {collision_q[0], writes && read_address_i == any};
    expected_q <= value;
    expected_q2 <= expected_q;
  end

  always @* begin
    // Proves: a data-path read gives, two clocks later, the whole entry as it stood at the end of the read's clock: the new one where it was written in that clock, else the old one; never a mixture.
    if (read_q[1]) assert (read_data == expected_q2);
    // Proves: a host read gives, two clocks later, the entry as it stood at the read, while the data path reads at will.
    if (host_q[1]) assert (host_data == expected_q2);
    // Reaches: a read in the clock of a write to the same entry.
    cover (collision_q[1]);
    // Reaches: a read of an entry that was written earlier, while the host reads it too.
    cover (read_q[1] && host_q[1] && !collision_q[1] && read_data == '1);
  end
endmodule
