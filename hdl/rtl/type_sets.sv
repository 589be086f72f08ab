// Is a message type in the set of its rule? The answer comes two clocks after the question. One RAM
// holds all sets, 32 types a word.
module type_sets #(
    parameter int RULES = 16
) (
    input  logic        clk_i,
    input  logic [4:0]  rule_i,
    input  logic [7:0]  type_i,
    output logic        member_o,
    // host: read data belongs to the index of the clock before
    input  logic        host_write_i,
    input  logic [15:0] host_index_i,
    input  logic [31:0] host_data_i,
    output logic [31:0] host_data_o
);
  localparam int WORDS = RULES * 8;
  localparam int INDEX_BITS = $clog2(WORDS);

  (* no_rw_check *) logic [31:0] sets[0:WORDS-1];
  logic [31:0] word_q;
  logic [4:0] bit_q;
  logic [INDEX_BITS-1:0] index;
  assign index = INDEX_BITS'({rule_i, type_i[7:5]});

  // A word that is written in this clock is read from beside the RAM.
  logic hit_q;
  logic [31:0] written_q;
  always_ff @(posedge clk_i) begin
    word_q <= sets[index];
    bit_q <= type_i[4:0];
    hit_q <= host_write_i && host_index_i[INDEX_BITS-1:0] == index;
    written_q <= host_data_i;
    member_o <= hit_q ? written_q[bit_q] : word_q[bit_q];
  end
  always_ff @(posedge clk_i) begin
    if (host_write_i) sets[host_index_i[INDEX_BITS-1:0]] <= host_data_i;
    else host_data_o <= sets[host_index_i[INDEX_BITS-1:0]];
  end

endmodule
