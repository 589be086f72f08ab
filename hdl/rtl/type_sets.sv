// Is a message type in the set of its rule? The answer comes two clocks after the question. One RAM
// holds all sets, 32 types a word, each with a parity bit.
module type_sets #(
    parameter int RULES = 16
) (
    input  logic        clk_i,
    input  logic [4:0]  rule_i,
    input  logic [7:0]  type_i,
    output logic        member_o,
    output logic        bad_o,         // the word's parity is wrong
    // host: what is read belongs to the index of two clocks before
    input  logic        host_write_i,
    input  logic [15:0] host_index_i,
    input  logic [31:0] host_data_i,
    input  logic        host_bad_parity_i,
    output logic [31:0] host_data_o,
    output logic        host_bad_o
);
  localparam int WORDS = RULES * 8;
  localparam int INDEX_BITS = $clog2(WORDS);

  (* no_rw_check *) logic [32:0] sets[0:WORDS-1];
  logic [32:0] word_q, written;
  logic [INDEX_BITS-1:0] index;
  assign index = INDEX_BITS'({rule_i, type_i[7:5]});
  assign written = {^host_data_i ^ host_bad_parity_i, host_data_i};

  // A word that is written in this clock is answered for from beside the RAM. The RAM's output is late: all that can be
  // known before stands in flip-flops, also which of its bits is asked for.
  logic hit_q, written_bad_q;
  logic [31:0] asked_q, written_q;
  logic [32:0] host_q;
  always_ff @(posedge clk_i) begin
    word_q <= sets[index];
    asked_q <= 32'd1 << type_i[4:0];
    hit_q <= host_write_i && host_index_i[INDEX_BITS-1:0] == index;
    written_q <= host_data_i;
    written_bad_q <= host_bad_parity_i;
    member_o <= hit_q ? (written_q & asked_q) != '0 : (word_q[31:0] & asked_q) != '0;
    bad_o <= hit_q ? written_bad_q : ^word_q;
  end
  always_ff @(posedge clk_i) begin
    if (host_write_i) sets[host_index_i[INDEX_BITS-1:0]] <= written;
    else host_q <= sets[host_index_i[INDEX_BITS-1:0]];
  end
  always_ff @(posedge clk_i) begin
    host_data_o <= host_q[31:0];
    host_bad_o <= ^host_q;
  end

endmodule
