// Does one service rule take the packet? Combinational; docs/card.md, "A rule matches".
module rule_match #(
    parameter int PREFIXES = 8
) (
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
  // The four payload bytes in wire order, and how many the compare needs.
  logic [31:0] raw, bytes;
  logic [4:0] needed;
  slice_at #(
      .IN_WIDTH(linecard_pkg::PAYLOAD_BYTES * 8),
      .STEP(8),
      .SELECT_BITS(4),
      .WIDTH(32)
  ) compared (
      .vector_i(payload_i),
      .select_i(rule_i.compare_offset),
      .slice_o(raw)
  );
  assign bytes = {raw[7:0], raw[15:8], raw[23:16], raw[31:24]};
  always_comb begin
    needed = '0;
    for (int i = 0; i < 4; i++) begin
      if (rule_i.compare_mask[31-8*i-:8] != '0) needed = 5'(rule_i.compare_offset) + 5'(i + 1);
    end
  end

  logic needs_l4;
  assign needs_l4 = !rule_i.any_port || rule_i.compare_mask != '0 || rule_i.setup_type ||
      (!rule_i.setup_always && (rule_i.id_base == 2'd1 || rule_i.id_base == 2'd2));

  assign match_o = rule_i.valid &&
      (rule_i.any_protocol || rule_i.protocol == protocol_i) &&
      (rule_i.any_prefix || (rule_i.prefixes[PREFIXES-1:0] & prefixes_i) != '0) &&
      (rule_i.any_port ||
       (has_ports_i && port_i >= rule_i.port_low && port_i <= rule_i.port_high)) &&
      ((bytes ^ rule_i.compare_value) & rule_i.compare_mask) == '0 &&
      payload_length_i >= needed &&
      !(later_fragment_i && needs_l4);

endmodule
