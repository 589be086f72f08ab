// The wide and slow half of the snapshot counters: 64-bit totals in RAM, to which what the banks
// (counter_bank) have counted is added now and then, word by word, and what the host reads of them.
//
// Contract:
// - The banks' entries follow each other as one row, ENTRIES of them; who owns which is counters.sv's.
// - active_o is the memory in which banks count. snapshot_i: totals as of that clock (its own events
//   included) can be read when busy_o falls; they then stay until the next snapshot. Events go on being
//   counted meanwhile. snapshot_i is ignored while busy_o is 1; busy_o is also 1 while banks that are
//   half full (high_i) are collected, which takes a walk: 4 clocks an entry.
// - After reset clear_o goes through all entries; busy_o is 1 and events must not come before.
// - collect_data_i {bytes, packets} belongs to the collect_entry_o of two clocks before;
//   collect_clear_o: the present entry has been read.
// - read_data_o belongs to the read_word_i of three clocks before: word 0 and 1 of an entry are its
//   packets, 2 and 3 its bytes.
//
// How: total and copy for the host are RAMs of 32-bit words in banks of 512 (a block RAM of the ECP5)
// with a flip-flop behind each; one word a clock passes read, add, write.
module counter_totals #(
    parameter int ENTRIES = 256,
    parameter int PACKET_BITS = 13,
    parameter int BYTE_BITS = 23,
    parameter int SETTLE_CLOCKS = 5,  // till the last events of the memory that counted are in it
    localparam int ENTRY_BITS = $clog2(ENTRIES),
    localparam int WORD_BITS = ENTRY_BITS + 2
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    input  logic                             snapshot_i,
    input  logic                             high_i,
    output logic                             busy_o,
    output logic                             change_o,  // active_o changes behind this clock
    output logic                             active_o,
    output logic                             clear_o,
    output logic [ENTRY_BITS-1:0]            collect_entry_o,
    output logic                             collect_clear_o,
    input  logic [PACKET_BITS+BYTE_BITS-1:0] collect_data_i,
    input  logic [WORD_BITS-1:0]             read_word_i,
    output logic [31:0]                      read_data_o
);
  // Half of what a bank's entry holds has to last for a walk.
  if (4 * ENTRIES + 64 > 2 ** (PACKET_BITS - 1)) begin : g_too_many
    $error("counter_totals: a walk takes longer than half of PACKET_BITS counts");
  end

  // ---- when
  typedef logic [1:0] step_t;
  localparam step_t IDLE = 2'd0;
  localparam step_t SETTLE = 2'd1;  // the last events of the memory that counted are being written
  localparam step_t WALK = 2'd2;
  localparam step_t FLUSH = 2'd3;   // the last words are being written
  step_t step_q;
  logic clearing_q, copy_q;
  logic [4:0] wait_q;
  logic [WORD_BITS-1:0] word_q;
  assign change_o = step_q == IDLE && (snapshot_i || high_i);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q <= WALK;
      clearing_q <= 1'b1;
      copy_q <= 1'b1;
      active_o <= 1'b0;
      word_q <= '0;
      wait_q <= '0;
    end else begin
      wait_q <= wait_q + 5'd1;
      case (step_q)
        IDLE: begin
          wait_q <= '0;
          copy_q <= snapshot_i;
          if (change_o) begin
            step_q <= SETTLE;
            active_o <= !active_o;
          end
        end
        SETTLE: if (wait_q == 5'(SETTLE_CLOCKS - 1)) step_q <= WALK;
        WALK: begin
          wait_q <= '0;
          word_q <= word_q + 1'b1;
          if (word_q == WORD_BITS'(4 * ENTRIES - 1)) begin
            word_q <= '0;
            step_q <= FLUSH;
          end
        end
        default: begin
          if (wait_q == 5'd7) begin
            step_q <= IDLE;
            clearing_q <= 1'b0;
          end
        end
      endcase
    end
  end
  assign busy_o = step_q != IDLE;
  assign collect_entry_o = word_q[WORD_BITS-1:2];
  assign clear_o = clearing_q && step_q == WALK;
  assign collect_clear_o = step_q == WALK && word_q[1:0] == 2'd3;

  // ---- the word's way: bank and total read, two flip-flops, add, write
  localparam int STAGES = 5;
  logic [STAGES:1] valid_q;
  logic [WORD_BITS-1:0] word_q1, word_q2, word_q3, word_q4, word_q5;
  logic [PACKET_BITS+BYTE_BITS-1:0] delta_q3;
  logic [31:0] addend_q4, total_q4, sum_q5;
  logic carry_q5;
  logic [32:0] sum;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[STAGES-1:1], step_q == WALK};
  end
  always_ff @(posedge clk_i) begin
    {word_q1, word_q2, word_q3, word_q4, word_q5} <= {word_q, word_q1, word_q2, word_q3, word_q4};
    delta_q3 <= collect_data_i;
    case (word_q3[1:0])
      2'd0: addend_q4 <= 32'(delta_q3[PACKET_BITS-1:0]);
      2'd2: addend_q4 <= 32'(delta_q3[PACKET_BITS+:BYTE_BITS]);
      default: addend_q4 <= '0;
    endcase
    // The second word of a number takes the carry of the first.
    sum_q5 <= clearing_q ? '0 : sum[31:0];
    carry_q5 <= sum[32];
  end
  assign sum = {1'b0, total_q4} + {1'b0, addend_q4} + 33'(carry_q5 && word_q4[0]);

  // ---- RAMs
  localparam int BANK_WORDS = 512;
  localparam int BANKS = (4 * ENTRIES + BANK_WORDS - 1) / BANK_WORDS;
  localparam int BANK_BITS = (BANKS > 1) ? $clog2(BANKS) : 1;
  // Bank and place in it of a word that is written, one whose total is read, and one the host reads.
  logic [BANK_BITS-1:0] write_bank, total_bank_q3, read_bank_q2;
  logic [8:0] write_place, total_place, read_place;
  logic [BANKS*32-1:0] totals_q3, copies_q2;
  logic [31:0] total;
  if (BANKS > 1) begin : g_banks
    logic [BANK_BITS-1:0] read_bank_q;
    assign write_bank = BANK_BITS'(word_q5[WORD_BITS-1:9]);
    always_ff @(posedge clk_i) begin
      total_bank_q3 <= BANK_BITS'(word_q2[WORD_BITS-1:9]);
      read_bank_q <= BANK_BITS'(read_word_i[WORD_BITS-1:9]);
      read_bank_q2 <= read_bank_q;
    end
  end else begin : g_one_bank
    assign write_bank = '0;
    assign total_bank_q3 = '0;
    assign read_bank_q2 = '0;
  end
  assign write_place = 9'(word_q5);
  assign total_place = 9'(word_q1);
  assign read_place = 9'(read_word_i);
  for (genvar b = 0; b < BANKS; b++) begin : g_bank
    (* no_rw_check *) logic [31:0] sums[0:BANK_WORDS-1];
    (* no_rw_check *) logic [31:0] copies[0:BANK_WORDS-1];
    logic [31:0] total_q2, copy_q1;
    logic write;
    assign write = valid_q[5] && write_bank == BANK_BITS'(b);
    always_ff @(posedge clk_i) begin
      if (write) sums[write_place] <= sum_q5;
      total_q2 <= sums[total_place];
      totals_q3[b*32+:32] <= total_q2;
    end
    always_ff @(posedge clk_i) begin
      if (write && copy_q) copies[write_place] <= sum_q5;
      copy_q1 <= copies[read_place];
      copies_q2[b*32+:32] <= copy_q1;
    end
  end
  always_comb begin
    total = '0;
    for (int b = 0; b < BANKS; b++) if (total_bank_q3 == BANK_BITS'(b)) total = totals_q3[b*32+:32];
  end
  always_ff @(posedge clk_i) begin
    total_q4 <= total;
    read_data_o <= '0;
    for (int b = 0; b < BANKS; b++) if (read_bank_q2 == BANK_BITS'(b)) read_data_o <= copies_q2[b*32+:32];
  end

endmodule
