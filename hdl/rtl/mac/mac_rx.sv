// Receives frames: checks them, takes the FCS off, and hands them on in words of four octets.
//
// Contract:
// - Octets and ends as rgmii_rx tells them; the end comes a clock or more behind the last octet, and so do
//   the next frame's octets behind the end.
// - A word stays here until four octets have come behind it: they may be the FCS (IEEE 802.3 clause 3.2.9).
//   The last word says what is wrong with the frame, the first of: RX_CODE, RX_SHORT (fewer than 64 octets
//   with FCS), RX_OVERSIZE (more than MAX_FRAME and FCS), RX_ALIGNMENT (wrong FCS and a part of an octet
//   over), RX_FCS.
// - Of a frame of 8 octets or fewer there is nothing to hand on, nor of a carrier without SFD: RX_NO_FRAME,
//   which is lost where it is not taken at once.
// - Where a word is not taken, the rest of its frame is thrown away, and its end, RX_CUT, is handed on as
//   soon as it is taken, between frames. Taken often enough that does not happen.
// - Between frames the status is told when it has changed, and every 64 clocks: from that the core knows
//   that this clock runs.
module mac_rx (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       valid_i,
    input  logic [7:0] data_i,
    input  logic       end_i,
    input  logic       dribble_i,
    input  logic       code_i,
    input  logic       false_i,
    input  logic [3:0] status_i,
    output logic       wr_valid_o,
    input  logic       wr_ready_i,
    output logic [mac_pkg::RX_WORD_BITS-1:0] wr_data_o
);
  localparam int ENOUGH = linecard_pkg::MIN_FRAME / 4;
  localparam int MOST = (linecard_pkg::MAX_FRAME + mac_pkg::FCS_OCTETS) / 4;
  localparam int WORD_BITS = $clog2(MOST + 1);
  if (MOST * 4 != linecard_pkg::MAX_FRAME + mac_pkg::FCS_OCTETS) begin : g_most
    $error("mac_rx: the longest frame is no whole number of words");
  end

  // ---- the word that fills, and the one before it
  logic [31:0] word_q, hold_q, crc_q;
  logic [1:0] fill_q;   // octets of word_q
  logic [1:0] whole_q;  // there is a word before word_q; there are two
  logic first;          // of a word: the one before is complete
  assign first = valid_i && fill_q == '0;
  always_ff @(posedge clk_i) begin
    for (int i = 0; i < 4; i++) if (valid_i && fill_q == 2'(i)) word_q[8*i+:8] <= data_i;
    if (first) hold_q <= word_q;
  end

  // ---- what the frame is
  logic [WORD_BITS-1:0] words_q;
  logic busy_q, enough_q, long_q, open_q;  // open: a word of it was handed on
  logic end_q, false_q, good_q, dribble_q, code_q;
  logic push;
  assign push = first && whole_q[1];
  always_ff @(posedge clk_i) begin
    if (!busy_q && !valid_i) crc_q <= mac_pkg::CRC_BEGIN;
    else if (valid_i) crc_q <= mac_pkg::crc_fold(crc_q, crc_q[7:0] ^ data_i);
  end
  always_ff @(posedge clk_i) begin
    good_q <= crc_q == mac_pkg::CRC_GOOD;
    dribble_q <= dribble_i;
    code_q <= code_i;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      end_q <= 1'b0;
      false_q <= 1'b0;
    end else begin
      end_q <= end_i;
      false_q <= false_i;
    end
    if (!rst_ni || end_q) begin
      busy_q <= 1'b0;
      fill_q <= '0;
      whole_q <= '0;
      words_q <= '0;
      enough_q <= 1'b0;
      long_q <= 1'b0;
      open_q <= 1'b0;
    end else if (valid_i) begin
      busy_q <= 1'b1;
      fill_q <= fill_q + 2'd1;
      if (&fill_q) begin
        whole_q <= {whole_q[0], 1'b1};
        words_q <= words_q + 1'b1;
        if (words_q == WORD_BITS'(ENOUGH - 1)) enough_q <= 1'b1;
      end
      if (first && words_q == WORD_BITS'(MOST)) long_q <= 1'b1;
      if (push) open_q <= 1'b1;
    end
  end
  logic [2:0] verdict;
  always_comb begin
    if (code_q) verdict = mac_pkg::RX_CODE;
    else if (!enough_q) verdict = mac_pkg::RX_SHORT;
    else if (long_q) verdict = mac_pkg::RX_OVERSIZE;
    else if (good_q) verdict = mac_pkg::RX_NONE;
    else if (dribble_q) verdict = mac_pkg::RX_ALIGNMENT;
    else verdict = mac_pkg::RX_FCS;
  end

  // ---- the status
  logic [3:0] told_q;
  logic [5:0] since_q;
  logic due_q, tell;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      told_q <= '0;
      since_q <= '0;
      due_q <= 1'b0;
    end else begin
      since_q <= since_q + 6'd1;
      if (tell && wr_ready_i) told_q <= status_i;
      due_q <= (due_q && !(tell && wr_ready_i)) || (&since_q) || status_i != told_q;
    end
  end

  // ---- out
  logic lost_q, ends, overflow;  // lost: a word was not taken, and its frame's end not handed on
  logic [2:0] code;
  assign ends = end_q && open_q;
  always_comb begin
    wr_valid_o = 1'b1;
    tell = 1'b0;
    overflow = 1'b0;
    code = mac_pkg::RX_NONE;
    if (push) wr_valid_o = !lost_q;
    else if (ends) begin
      wr_valid_o = !lost_q;
      code = verdict;
    end else if (end_q || false_q) code = mac_pkg::RX_NO_FRAME;
    else if (lost_q && !busy_q) begin
      overflow = 1'b1;
      code = mac_pkg::RX_CUT;
    end else if (due_q && !busy_q) begin
      code = mac_pkg::RX_STATUS;
      tell = 1'b1;
    end else wr_valid_o = 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) lost_q <= 1'b0;
    else if ((push || ends) && !wr_ready_i) lost_q <= 1'b1;
    else if (overflow && wr_ready_i) lost_q <= 1'b0;
  end
  // A word's octets less one; of a last word those that are no FCS.
  assign wr_data_o = {code, ends || overflow, fill_q - 2'd1,
                      hold_q[31:4], tell ? status_i : hold_q[3:0]};

endmodule
