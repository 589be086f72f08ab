// A service rule as rule_match compares it, made once when the rule is written. Combinational.
//
// The payload's byte b stands in lane b mod 4. The four bytes that a rule compares fall into one lane
// each, wherever they begin: value and mask are turned to these lanes, and each lane knows in which of
// the payload's four words its byte is.
module rule_terms (
    input  linecard_regs_pkg::rule_entry_t rule_i,
    output linecard_pkg::rule_terms_t      terms_o
);
  logic [1:0] turn, byte_of_lane;
  logic [1:0] carried;
  logic [7:0] value, mask;
  always_comb begin
    terms_o = '0;
    terms_o.any_protocol = rule_i.any_protocol;
    terms_o.any_prefix = rule_i.any_prefix;
    terms_o.any_port = rule_i.any_port;
    terms_o.protocol = rule_i.protocol;
    terms_o.prefixes = rule_i.prefixes;
    terms_o.port_low = rule_i.port_low;
    terms_o.port_high = rule_i.port_high;
    terms_o.needs_l4 = !rule_i.any_port || rule_i.compare_mask != '0 || rule_i.setup_type ||
        (!rule_i.setup_always && (rule_i.id_base == linecard_regs_pkg::RULE_ID_BASE_L4 ||
                                  rule_i.id_base == linecard_regs_pkg::RULE_ID_BASE_PAYLOAD));
    turn = rule_i.compare_offset[1:0];
    byte_of_lane = '0;
    carried = '0;
    value = '0;
    mask = '0;
    for (int i = 0; i < 4; i++) begin
      if (rule_i.compare_mask[31-8*i-:8] != '0) terms_o.needed = 5'(rule_i.compare_offset) + 5'(i + 1);
      // A lane before the one that the first byte falls into has its byte a word later.
      carried = {1'b0, turn > 2'(i)};
      terms_o.words[2*i+:2] = rule_i.compare_offset[3:2] + carried;
      byte_of_lane = 2'(i) - turn;
      case (byte_of_lane)
        2'd0: {value, mask} = {rule_i.compare_value[31:24], rule_i.compare_mask[31:24]};
        2'd1: {value, mask} = {rule_i.compare_value[23:16], rule_i.compare_mask[23:16]};
        2'd2: {value, mask} = {rule_i.compare_value[15:8], rule_i.compare_mask[15:8]};
        default: {value, mask} = {rule_i.compare_value[7:0], rule_i.compare_mask[7:0]};
      endcase
      terms_o.value[8*i+:8] = value;
      terms_o.mask[8*i+:8] = mask;
    end
  end

endmodule
