// Fetch, two clocks: the identifier's bytes out of the header window (docs/card.md, steps 3.9 and
// 3.10). In the first clock header_pick reads the 16 bytes around it, and here it is said whether the
// packet has it at all; the second shifts them into place and puts them in order, or does that with a spare one.
module fetch #(
    parameter int DATA_WIDTH = 64,
    parameter int SPARE = 0
) (
    input  logic                clk_i,
    input  logic                first_i,   // a frame's first beat stands at tap_fetch
    input  linecard_pkg::meta_t meta_i,
    input  linecard_regs_pkg::rule_entry_t rule_i,
    input  logic [8:0]          offset_i,  // identifier's first byte, from the frame's first
    input  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_i,
    input  logic [127:0]        around_i,  // 16 bytes from the multiple of eight at or before offset_i on
    output logic [7:0]          type_o,    // message type, in the first clock
    output linecard_pkg::meta_t meta_o,
    output linecard_regs_pkg::rule_entry_t rule_o
);
  // ---- pick
  slice_at #(
      .IN_WIDTH(linecard_pkg::PAYLOAD_BYTES * 8),
      .STEP(8),
      .SELECT_BITS(4),
      .WIDTH(8)
  ) pick_type (
      .vector_i(payload_i),
      .select_i(rule_i.type_offset),
      .slice_o(type_o)
  );
  logic [127:0] around_q;
  logic [2:0] skip_q;
  always_ff @(posedge clk_i) begin
    around_q <= around_i;
    skip_q <= offset_i[2:0];
  end

  // ---- is it there? What can be compared at once, and what follows of that.
  logic [9:0] behind;  // first byte behind the identifier
  logic [8:0] quoted_end;
  logic unwanted, of_payload, past_packet, past_payload, past_window, no_type;
  logic port_quoted, address4_quoted, address6_quoted;
  always_comb begin
    unwanted = rule_i.id_width == '0;  // overrides by source alone
    of_payload = rule_i.id_base == linecard_regs_pkg::RULE_ID_BASE_L4 ||
        rule_i.id_base == linecard_regs_pkg::RULE_ID_BASE_PAYLOAD;
    behind = 10'(offset_i) + 10'(rule_i.id_width);
    past_packet = 17'(behind) > meta_i.packet_end;
    past_payload = 17'(behind) > meta_i.payload_end;
    past_window = behind > 10'(linecard_pkg::WINDOW);
    no_type = rule_i.setup_type && 5'(rule_i.type_offset) >= meta_i.payload_length;
    // Of a quoted packet only source address and source port can be read.
    quoted_end = 9'(rule_i.id_offset) + 9'(rule_i.id_width);
    port_quoted = rule_i.id_base == linecard_regs_pkg::RULE_ID_BASE_L4 && rule_i.id_offset >= 8'd2;
    address4_quoted = rule_i.id_base == linecard_regs_pkg::RULE_ID_BASE_DESTINATION;
    address6_quoted = address4_quoted && meta_i.ipv6;
  end
  logic wanted, of_payload_now, past_packet_now, past_payload_now, past_window_now, no_type_now;
  logic port_quoted_now, address4_quoted_now, address6_quoted_now;
  logic [8:0] quoted_end_now;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(SPARE),
      .BITS(9 + 9)
  ) compared (
      .clk_i(clk_i),
      .first_i(1'b1),
      .meta_i({!unwanted, of_payload, past_packet, past_payload, past_window, no_type,
               port_quoted, address4_quoted, address6_quoted, quoted_end}),
      .meta_o({wanted, of_payload_now, past_packet_now, past_payload_now, past_window_now, no_type_now,
               port_quoted_now, address4_quoted_now, address6_quoted_now, quoted_end_now})
  );
  logic missing_q, unquoted_q, outside_q;
  always_ff @(posedge clk_i) begin
    missing_q <= no_type_now || (wanted && (of_payload_now ? past_payload_now : past_packet_now));
    outside_q <= wanted && past_window_now;
    unquoted_q <= !((port_quoted_now && quoted_end_now <= 9'd4) || (address4_quoted_now && quoted_end_now <= 9'd4) ||
                    (address6_quoted_now && quoted_end_now <= 9'd16));
  end
  logic [6:0] unused_bits;  // of 64 that are not part of the identifier
  assign unused_bits = 7'd64 - {rule_i.id_width, 3'b000};

  // ---- with the bytes in place
  localparam int META_BITS = linecard_pkg::META_BITS;
  localparam int RULE_BITS = linecard_regs_pkg::BITS_RULE;
  linecard_pkg::meta_t meta_q;
  linecard_regs_pkg::rule_entry_t rule_q;
  logic [6:0] unused_bits_q;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(1 + SPARE),
      .BITS(META_BITS + RULE_BITS + 7)
  ) beside (
      .clk_i(clk_i),
      .first_i(first_i),
      .meta_i({meta_i, rule_i, unused_bits}),
      .meta_o({meta_q, rule_q, unused_bits_q})
  );
  logic [63:0] aligned, little, big, key;
  slice_at #(
      .IN_WIDTH(128),
      .STEP(8),
      .SELECT_BITS(3),
      .WIDTH(64)
  ) align (
      .vector_i(around_q),
      .select_i(skip_q),
      .slice_o(aligned)
  );
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(SPARE),
      .BITS(64)
  ) in_place (
      .clk_i(clk_i),
      .first_i(1'b1),
      .meta_i(aligned),
      .meta_o(little)
  );
  linecard_pkg::meta_t meta;
  always_comb begin
    for (int i = 0; i < 8; i++) big[63-8*i-:8] = little[8*i+:8];
    key = rule_q.id_little ? (little & (64'hffff_ffff_ffff_ffff >> unused_bits_q)) : (big >> unused_bits_q);
    meta = meta_q;
    if (meta_q.by_rules && !meta_q.decided && !meta_q.follows) begin
      if (meta_q.quoted) begin
        meta.decided = unquoted_q;
        meta.reason = linecard_regs_pkg::REASON_PUNT_ICMP;
      end else begin
        meta.decided = missing_q || outside_q;
        meta.reason = missing_q ? linecard_regs_pkg::REASON_NO_IDENTIFIER : linecard_regs_pkg::REASON_PUNT_WINDOW;
      end
      if (!meta.decided && rule_q.id_width != '0) begin
        meta.key_valid = 1'b1;
        meta.key = key;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    rule_o <= rule_q;
  end

endmodule
