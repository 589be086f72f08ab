// Stands for shared_ram in the proof of what uses it: one place is followed, the one that the wrapper
// drives `followed` with (hierconn); all others read as anything, and so does it in the clock of a write.
// That shared_ram does at least this is proven in shared_ram_formal.
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
  (* keep *) logic [ADDRESS_BITS-1:0] followed;
  (* anyseq *) logic [BITS-1:0] anything;
  logic [BITS-1:0] value_q, value, read_q;
  logic written;
  assign written = write_i && write_address_i == followed;
  assign value = written ? write_data_i : value_q;
  always @(posedge clk_i) begin
    value_q <= value;
    read_q <= (read_address_i == followed && !written) ? value : anything;
    read_data_o <= read_q;
  end
endmodule
