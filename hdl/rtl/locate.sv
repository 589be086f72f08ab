// Locate: where the identifier of the rule lies, whether the packet has it, and the message type
// (docs/card.md, steps 3.9 and 3.10). One clock.
module locate (
    input  logic                clk_i,
    input  linecard_pkg::meta_t meta_i,
    input  linecard_regs_pkg::rule_entry_t rule_i,
    input  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_i,
    output linecard_pkg::meta_t meta_o,
    output linecard_regs_pkg::rule_entry_t rule_o,
    output logic [7:0]          offset_o,  // identifier's first byte in the header window
    output logic [7:0]          type_o     // message type
);
  logic [7:0] base;
  logic [16:0] bound;
  always_comb begin
    bound = meta_i.payload_end;
    case (rule_i.id_base)
      linecard_regs_pkg::RULE_ID_BASE_L3: begin
        base = 8'(meta_i.l3);
        bound = meta_i.packet_end;
      end
      linecard_regs_pkg::RULE_ID_BASE_L4: base = meta_i.l4;
      linecard_regs_pkg::RULE_ID_BASE_PAYLOAD: base = meta_i.payload;
      default: begin
        // RFC 791 section 3.1 and RFC 8200 section 3: where the destination address begins
        base = 8'(meta_i.l3) + (meta_i.ipv6 ? 8'd24 : 8'd16);
        bound = meta_i.packet_end;
      end
    endcase
  end

  logic [8:0] offset, behind;  // first byte of the identifier, and first byte behind it
  assign offset = 9'(base) + 9'(rule_i.id_offset);
  assign behind = offset + 9'(rule_i.id_width);

  logic [7:0] message_type;
  slice_at #(
      .IN_WIDTH(linecard_pkg::PAYLOAD_BYTES * 8),
      .STEP(8),
      .SELECT_BITS(4),
      .WIDTH(8)
  ) pick_type (
      .vector_i(payload_i),
      .select_i(rule_i.type_offset),
      .slice_o(message_type)
  );

  logic missing;
  assign missing = (rule_i.setup_type && 5'(rule_i.type_offset) >= meta_i.payload_length) ||
      17'(behind) > bound;

  linecard_pkg::meta_t meta;
  always_comb begin
    meta = meta_i;
    if (meta_i.by_rules && !meta_i.decided) begin
      meta.decided = missing || behind > 9'(linecard_pkg::WINDOW);
      meta.reason = missing ? linecard_regs_pkg::REASON_NO_IDENTIFIER
                            : linecard_regs_pkg::REASON_PUNT_WINDOW;
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    rule_o <= rule_i;
    offset_o <= offset[7:0];
    type_o <= message_type;
  end

endmodule
