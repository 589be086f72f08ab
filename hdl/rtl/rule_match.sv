// Does one service rule take the packet? Combinational; docs/card.md, "A rule matches".
module rule_match #(
    parameter int PREFIXES = 8
) (
    input  logic                enable_i,  // there is a packet
    input  linecard_regs_pkg::rule_entry_t rule_i,
    input  logic [7:0]          protocol_i,
    input  logic [PREFIXES-1:0] prefixes_i,
    input  logic                has_ports_i,
    input  logic [15:0]         port_i,
    input  logic                later_fragment_i,
    input  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_i,
    input  logic [4:0]          payload_length_i,
    output logic                match_o
);
  logic needs_l4;
  assign needs_l4 = !rule_i.any_port || rule_i.compare_mask != '0 || rule_i.setup_type ||
      (!rule_i.setup_always && (rule_i.id_base == linecard_regs_pkg::RULE_ID_BASE_L4 ||
                                 rule_i.id_base == linecard_regs_pkg::RULE_ID_BASE_PAYLOAD));

  // The four payload bytes in wire order, and how many bytes of payload the compare needs.
  logic [31:0] raw, bytes;
  logic [4:0] needed;
  // slice_at, spelled out: in one process a simulation skips all of it for a rule that is not valid.
  logic [87:0] from8;
  logic [55:0] from4;
  logic [39:0] from2;
  always_comb begin
    from8 = '0;
    from4 = '0;
    from2 = '0;
    raw = '0;
    bytes = '0;
    needed = '0;
    match_o = 1'b0;
    if (enable_i && rule_i.valid) begin
      from8 = rule_i.compare_offset[3] ? {24'd0, payload_i[127:64]} : payload_i[87:0];
      from4 = rule_i.compare_offset[2] ? from8[87:32] : from8[55:0];
      from2 = rule_i.compare_offset[1] ? from4[55:16] : from4[39:0];
      raw = rule_i.compare_offset[0] ? from2[39:8] : from2[31:0];
      bytes = {raw[7:0], raw[15:8], raw[23:16], raw[31:24]};
      for (int i = 0; i < 4; i++) begin
        if (rule_i.compare_mask[31-8*i-:8] != '0) needed = 5'(rule_i.compare_offset) + 5'(i + 1);
      end
      match_o = (rule_i.any_protocol || rule_i.protocol == protocol_i) &&
          (rule_i.any_prefix || (rule_i.prefixes[PREFIXES-1:0] & prefixes_i) != '0) &&
          (rule_i.any_port ||
           (has_ports_i && port_i >= rule_i.port_low && port_i <= rule_i.port_high)) &&
          ((bytes ^ rule_i.compare_value) & rule_i.compare_mask) == '0 &&
          payload_length_i >= needed &&
          !(later_fragment_i && needs_l4);
    end
  end

endmodule
