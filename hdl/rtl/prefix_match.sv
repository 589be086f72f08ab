// Which destination prefixes the packet's address lies in; one clock.
module prefix_match #(
    parameter int PREFIXES = 8
) (
    input  logic                clk_i,
    input  logic                ipv6_i,
    input  logic [127:0]        destination_i,
    input  logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes_i,
    output logic [PREFIXES-1:0] match_o
);
  localparam int BITS = linecard_regs_pkg::BITS_PREFIX;

  linecard_regs_pkg::prefix_entry_t entry;
  logic [PREFIXES-1:0] match;
  always_comb begin
    for (int i = 0; i < PREFIXES; i++) begin
      entry = prefixes_i[i*BITS+:BITS];
      match[i] = entry.valid && entry.v6 == ipv6_i &&
          ((entry.address ^ destination_i) & entry.mask) == '0;
    end
  end
  always_ff @(posedge clk_i) match_o <= match;

endmodule
