// Sends frames: preamble and SFD before them, padding to 60 octets, the FCS and the gap behind them (IEEE
// 802.3 clauses 3.2 and 4.2.3.2).
//
// Contract:
// - All happens at clocks with step_i, one each octet time. en_o and octet_o are what the line has until the
//   next one.
// - Words and commands as mac_pkg has them. Between two frames 12 octet times are idle (clause 4.4.2).
// - A command with `last` ends the frame without its FCS, so that no receiver takes it. So does a word that
//   is missing, which mac_accept rules out; the rest of that frame is thrown away.
// - speed_o changes between frames.
module mac_tx #(
    parameter logic [1:0] SPEED = mac_pkg::SPEED_1000  // until told
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       step_i,
    input  logic       rd_valid_i,
    output logic       rd_ready_o,
    input  logic [mac_pkg::TX_WORD_BITS-1:0] rd_data_i,
    output logic       en_o,
    output logic [7:0] octet_o,
    output logic [1:0] speed_o
);
  localparam int PAD_TO = linecard_pkg::MIN_FRAME - mac_pkg::FCS_OCTETS;
  localparam int GAP = 12;

  logic command, last;
  logic [1:0] octets;  // less one
  logic [31:0] data;
  assign {command, last, octets, data} = rd_data_i;

  typedef logic [2:0] state_t;
  localparam state_t IDLE = 3'd0;
  localparam state_t START = 3'd1;
  localparam state_t DATA = 3'd2;
  localparam state_t PAD = 3'd3;
  localparam state_t FCS = 3'd4;
  localparam state_t REST = 3'd5;  // of the gap
  localparam state_t SKIP = 3'd6;
  (* fsm_encoding = "none" *) state_t state_q;  // seven flip-flops would take more logic
  logic [3:0] left_q;    // octets of START, FCS and REST behind the present one
  logic [1:0] at_q;      // octet of the word
  logic [5:0] length_q;  // octets of the frame modulo 64, until PAD_TO
  logic padded_q;        // is reached with the present one
  logic [31:0] crc_q;

  // ---- the octet, one step before it goes out
  logic word_ends;
  assign word_ends = at_q == (last ? octets : 2'd3);
  logic [7:0] next, next_q;
  logic en_q, start_q, fcs_q;  // of next_q
  always_comb begin
    case (state_q)
      START: next = (left_q == '0) ? mac_pkg::SFD : mac_pkg::PREAMBLE;
      DATA:
      case (at_q)
        2'd0: next = data[7:0];
        2'd1: next = data[15:8];
        2'd2: next = data[23:16];
        default: next = data[31:24];
      endcase
      default: next = 8'h00;
    endcase
  end

  // ---- and out, with the check sequence; while that leaves it only moves on
  always_ff @(posedge clk_i) begin
    if (step_i) begin
      next_q <= next;
      octet_o <= fcs_q ? ~crc_q[7:0] : next_q;
    end
    if (start_q) crc_q <= mac_pkg::CRC_BEGIN;
    else if (step_i) crc_q <= mac_pkg::crc_fold(crc_q, fcs_q ? 8'd0 : crc_q[7:0] ^ next_q);
  end

  logic pops;
  always_comb begin
    case (state_q)
      IDLE: pops = command;
      DATA: pops = command || word_ends;
      SKIP: pops = 1'b1;
      default: pops = 1'b0;
    endcase
  end
  assign rd_ready_o = step_i && pops;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= IDLE;
      speed_o <= SPEED;
      {en_o, en_q, start_q, fcs_q} <= '0;
      // Not for their values: left out of the reset, they would have it among the logic before them.
      {left_q, at_q, length_q, padded_q} <= '0;
    end else if (step_i) begin
      en_o <= en_q;
      en_q <= 1'b0;
      start_q <= state_q == START;
      fcs_q <= state_q == FCS;
      left_q <= left_q - 4'd1;
      case (state_q)
        IDLE: begin
          left_q <= 4'd7;
          if (rd_valid_i && command) begin
            if (!last) speed_o <= data[1:0];
          end else if (rd_valid_i) state_q <= START;
        end
        START: begin
          en_q <= 1'b1;
          at_q <= '0;
          length_q <= '0;
          padded_q <= 1'b0;
          if (left_q == '0) state_q <= DATA;
        end
        DATA: begin
          at_q <= word_ends ? 2'd0 : at_q + 2'd1;
          length_q <= length_q + 6'd1;
          if (length_q == 6'(PAD_TO - 2)) padded_q <= 1'b1;
          if (!rd_valid_i) begin
            state_q <= SKIP;
          end else if (command) begin
            left_q <= 4'(GAP - 2);
            state_q <= REST;
          end else begin
            en_q <= 1'b1;
            left_q <= 4'(mac_pkg::FCS_OCTETS - 1);
            if (word_ends && last) state_q <= padded_q ? FCS : PAD;
          end
        end
        PAD: begin
          en_q <= 1'b1;
          length_q <= length_q + 6'd1;
          if (length_q == 6'(PAD_TO - 2)) padded_q <= 1'b1;
          left_q <= 4'(mac_pkg::FCS_OCTETS - 1);
          if (padded_q) state_q <= FCS;
        end
        FCS: begin
          en_q <= 1'b1;
          if (left_q == '0) begin
            left_q <= 4'(GAP - 2);
            state_q <= REST;
          end
        end
        REST: if (left_q == '0) state_q <= IDLE;
        default: begin
          left_q <= 4'(GAP - 2);
          if (rd_valid_i && last) state_q <= REST;
        end
      endcase
    end
  end

endmodule
