// A table in RAM with a read port for the data path and one for the host.
//
// Contract:
// - read_data_o belongs to the read_address_i of LATENCY (2) clocks before.
// - host_write_i writes one whole entry; a data-path read in the same clock gives the new entry, an
//   earlier one the old: an entry is never seen half written.
// - host_data_o belongs to the host_address_i of 2 clocks before; the host's port may be read and
//   written at any time and costs the data path nothing.
// - The content is undefined until written.
//
// The RAM is cut into slices as narrow as one block of an ECP5 is deep (EBR of 18 kbit: 16384 x 1 to
// 1024 x 18), so that no multiplexer stands between the blocks and the flip-flops right behind them:
// a block's output is too slow for both.
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
  // Bits of a slice. Below 4096 entries a block has the parity bits too; above 16384 no part that we
  // build for holds a table, and one array simulates fastest.
  localparam int WIDEST = (ENTRIES > 16384) ? BITS : (ENTRIES > 2048) ? 16384 / ENTRIES :
                          (ENTRIES > 1024) ? 9 : 18;
  localparam int WIDTH = (WIDEST < BITS) ? WIDEST : BITS;
  localparam int SLICES = (BITS + WIDTH - 1) / WIDTH;

  logic [SLICES*WIDTH-1:0] read_q, read_q2, host_q, host_q2, written;
  assign written = (SLICES * WIDTH)'(host_data_i);
  for (genvar s = 0; s < SLICES; s++) begin : g_slice
    (* no_rw_check *) logic [WIDTH-1:0] ram[0:ENTRIES-1];
    always_ff @(posedge clk_i) begin
      read_q[s*WIDTH+:WIDTH] <= ram[read_address_i];
    end
    always_ff @(posedge clk_i) begin
      if (host_write_i) ram[host_address_i] <= written[s*WIDTH+:WIDTH];
      else host_q[s*WIDTH+:WIDTH] <= ram[host_address_i];
    end
  end

  // What a RAM returns for a word that the other port writes in the same clock is undefined on the
  // parts we build for, so that read is answered from beside the RAM.
  logic write_q, hit_q2;
  logic [ADDRESS_BITS-1:0] read_address_q, host_address_q;
  logic [BITS-1:0] written_q, written_q2;
  always_ff @(posedge clk_i) begin
    read_q2 <= read_q;
    host_q2 <= host_q;
    write_q <= host_write_i;
    read_address_q <= read_address_i;
    host_address_q <= host_address_i;
    hit_q2 <= write_q && host_address_q == read_address_q;
    written_q <= host_data_i;
    written_q2 <= written_q;
  end
  assign read_data_o = hit_q2 ? written_q2 : read_q2[BITS-1:0];
  assign host_data_o = host_q2[BITS-1:0];

endmodule
