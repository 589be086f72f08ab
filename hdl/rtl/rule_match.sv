// Does one service rule take the packet? Combinational; docs/card.md, "A rule matches".
module rule_match #(
    parameter int PREFIXES = 8
) (
    input  logic                enable_i,  // there is a packet, and the rule is valid
    input  linecard_pkg::rule_terms_t terms_i,
    input  logic [7:0]          protocol_i,
    input  logic [PREFIXES-1:0] prefixes_i,
    input  logic                has_ports_i,
    input  logic [15:0]         port_i,
    input  logic                later_fragment_i,
    input  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_i,
    input  logic [4:0]          payload_length_i,
    output logic                match_o
);
  // One byte of the payload in each lane: see rule_terms.
  logic [31:0] bytes;
  // Borrows of differences: comparisons that cost an adder and nothing else.
  logic [16:0] above_low, below_high;
  logic [5:0] rest;
  // In one process a simulation skips all of it where nothing is compared.
  always_comb begin
    bytes = '0;
    above_low = '0;
    below_high = '0;
    rest = '0;
    match_o = 1'b0;
    if (enable_i) begin
      for (int i = 0; i < 4; i++) begin
        case (terms_i.words[2*i+:2])
          2'd0: bytes[8*i+:8] = payload_i[8*i+:8];
          2'd1: bytes[8*i+:8] = payload_i[32+8*i+:8];
          2'd2: bytes[8*i+:8] = payload_i[64+8*i+:8];
          default: bytes[8*i+:8] = payload_i[96+8*i+:8];
        endcase
      end
      above_low = {1'b0, port_i} - {1'b0, terms_i.port_low};
      below_high = {1'b0, terms_i.port_high} - {1'b0, port_i};
      rest = {1'b0, payload_length_i} - {1'b0, terms_i.needed};
      match_o = (terms_i.any_protocol || terms_i.protocol == protocol_i) &&
          (terms_i.any_prefix || (terms_i.prefixes[PREFIXES-1:0] & prefixes_i) != '0) &&
          (terms_i.any_port || (has_ports_i && !above_low[16] && !below_high[16])) &&
          ((bytes ^ terms_i.value) & terms_i.mask) == '0 &&
          !rest[5] &&
          !(later_fragment_i && terms_i.needs_l4);
    end
  end

endmodule
