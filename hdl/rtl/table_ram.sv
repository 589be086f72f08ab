// A table in RAM with a read port for the data path and one for the host.
//
// Contract:
// - read_data_o belongs to the read_address_i of LATENCY (3) clocks before.
// - host_write_i writes one whole entry; a data-path read in the same clock gives the new entry, an
//   earlier one the old: an entry is never seen half written.
// - host_data_o belongs to the host_address_i of 3 clocks before; the host's port may be read and
//   written at any time and costs the data path nothing.
// - The content is undefined until written.
//
// The RAM is cut into banks of BANK_WORDS with a flip-flop right behind each and the multiplexer
// after that: a large RAM's multiplexer straight behind its outputs is what limits the clock.
module table_ram #(
    parameter int ENTRIES = 4096,
    parameter int BITS = 16,
    parameter int BANK_WORDS = 4096,
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
  localparam int WORDS = (ENTRIES < BANK_WORDS) ? ENTRIES : BANK_WORDS;
  localparam int BANKS = ENTRIES / WORDS;
  localparam int WORD_BITS = $clog2(WORDS);
  localparam int BANK_BITS = (BANKS > 1) ? $clog2(BANKS) : 1;

  if (BANKS * WORDS != ENTRIES) begin : g_not_even
    $error("table_ram: ENTRIES is no multiple of BANK_WORDS");
  end

  logic [BANK_BITS-1:0] read_bank, host_bank;
  if (BANKS > 1) begin : g_bank_bits
    assign read_bank = read_address_i[ADDRESS_BITS-1:WORD_BITS];
    assign host_bank = host_address_i[ADDRESS_BITS-1:WORD_BITS];
  end else begin : g_one_bank
    assign read_bank = '0;
    assign host_bank = '0;
  end

  logic [BANKS*BITS-1:0] read_q2, host_q2;
  for (genvar b = 0; b < BANKS; b++) begin : g_bank
    (* no_rw_check *) logic [BITS-1:0] ram[0:WORDS-1];
    logic [BITS-1:0] read_q, host_q;
    always_ff @(posedge clk_i) begin
      read_q <= ram[read_address_i[WORD_BITS-1:0]];
    end
    always_ff @(posedge clk_i) begin
      if (host_write_i && host_bank == BANK_BITS'(b)) ram[host_address_i[WORD_BITS-1:0]] <= host_data_i;
      else host_q <= ram[host_address_i[WORD_BITS-1:0]];
    end
    always_ff @(posedge clk_i) begin
      read_q2[b*BITS+:BITS] <= read_q;
      host_q2[b*BITS+:BITS] <= host_q;
    end
  end

  // What a RAM returns for a word that the other port writes in the same clock is undefined on the
  // parts we build for, so that read is answered from beside the RAM.
  logic hit_q, hit_q2;
  logic [BITS-1:0] written_q, written_q2;
  logic [BANK_BITS-1:0] read_bank_q, read_bank_q2, host_bank_q, host_bank_q2;
  always_ff @(posedge clk_i) begin
    hit_q <= host_write_i && host_address_i == read_address_i;
    hit_q2 <= hit_q;
    written_q <= host_data_i;
    written_q2 <= written_q;
    read_bank_q <= read_bank;
    read_bank_q2 <= read_bank_q;
    host_bank_q <= host_bank;
    host_bank_q2 <= host_bank_q;
    read_data_o <= hit_q2 ? written_q2 : read_q2[read_bank_q2*BITS+:BITS];
    host_data_o <= host_q2[host_bank_q2*BITS+:BITS];
  end

endmodule
