// Stands for table_ram in the proof of what uses it: one place is followed, the one that the wrapper
// drives `followed` with (hierconn); all others read as anything. That table_ram does at least this is
// proven in table_ram_formal.
module table_ram #(
    parameter int ENTRIES = 4096,
    parameter int BITS = 16,
    localparam int ADDRESS_BITS = $clog2(ENTRIES)
) (
    input  logic                    clk_i,
    input  logic [ADDRESS_BITS-1:0] read_address_i,
    output logic [BITS-1:0]         read_data_o,
    input  logic                    host_write_i,
    input  logic [ADDRESS_BITS-1:0] host_address_i,
    input  logic [BITS-1:0]         host_data_i,
    output logic [BITS-1:0]         host_data_o
);
  (* keep *) logic [ADDRESS_BITS-1:0] followed;
  (* anyseq *) logic [BITS-1:0] anything, anything_else;
  logic [BITS-1:0] value_q, value, read_q;
  assign value = (host_write_i && host_address_i == followed) ? host_data_i : value_q;
  always @(posedge clk_i) begin
    value_q <= value;
    read_q <= (read_address_i == followed) ? value : anything;
    read_data_o <= read_q;
  end
  assign host_data_o = anything_else;
endmodule
