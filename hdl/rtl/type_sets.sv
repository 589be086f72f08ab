// Is a message type in the set of its rule? The answer comes two clocks after the question, or three where one is to
// spare, which is the RAM's. One RAM holds all sets, 32 types a word, each with a parity bit.
module type_sets #(
    parameter int RULES = 16,
    parameter int SPARE = 0
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
  logic [32:0] written_q, host_q;
  always_ff @(posedge clk_i) begin
    word_q <= sets[index];
    written_q <= written;
  end
  if (SPARE != 0) begin : g_spare
    logic write_q;
    logic [INDEX_BITS-1:0] index_q, host_index_q;
    logic [4:0] type_q;
    logic [32:0] given_q;
    logic [31:0] asked_q;
    always_ff @(posedge clk_i) begin
      write_q <= host_write_i;
      index_q <= index;
      host_index_q <= host_index_i[INDEX_BITS-1:0];
      type_q <= type_i[4:0];
      given_q <= (write_q && host_index_q == index_q) ? written_q : word_q;
      asked_q <= 32'd1 << type_q;
      member_o <= (given_q[31:0] & asked_q) != '0;
      bad_o <= ^given_q;
    end
  end else begin : g_none
    logic hit_q;
    logic [31:0] asked_q;
    logic written_bad_q;
    always_ff @(posedge clk_i) begin
      hit_q <= host_write_i && host_index_i[INDEX_BITS-1:0] == index;
      asked_q <= 32'd1 << type_i[4:0];
      written_bad_q <= host_bad_parity_i;
      member_o <= hit_q ? (written_q[31:0] & asked_q) != '0 : (word_q[31:0] & asked_q) != '0;
      bad_o <= hit_q ? written_bad_q : ^word_q;
    end
    logic unused;
    assign unused = written_q[32];
  end
  always_ff @(posedge clk_i) begin
    if (host_write_i) sets[host_index_i[INDEX_BITS-1:0]] <= written;
    else host_q <= sets[host_index_i[INDEX_BITS-1:0]];
  end
  logic [32:0] host_word_q;
  always_ff @(posedge clk_i) host_word_q <= host_q;
  assign host_data_o = host_word_q[31:0];
  assign host_bad_o = ^host_word_q;

endmodule
