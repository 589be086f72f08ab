// A RAM with one port that reads and one that writes, for tables that give host and data path the read
// port in turn: an EBR of an ECP5 is 36 bits wide so, and 18 with two ports that read.
//
// Contract: the word comes two clocks behind its address. A word that is read in the clock in which it is
// written is undefined.
module shared_ram #(
    parameter int ENTRIES = 512,
    parameter int BITS = 36,
    localparam int ADDRESS_BITS = $clog2(ENTRIES)
) (
    input  logic                    clk_i,
    input  logic [ADDRESS_BITS-1:0] read_address_i,
    output logic [BITS-1:0]         read_data_o,
    input  logic                    write_i,
    input  logic [ADDRESS_BITS-1:0] write_address_i,
    input  logic [BITS-1:0]         write_data_i
);
  (* no_rw_check *) logic [BITS-1:0] ram[0:ENTRIES-1];
  logic [BITS-1:0] read_q;
  always_ff @(posedge clk_i) begin
    if (write_i) ram[write_address_i] <= write_data_i;
  end
  always_ff @(posedge clk_i) begin
    read_q <= ram[read_address_i];
    read_data_o <= read_q;
  end
endmodule
