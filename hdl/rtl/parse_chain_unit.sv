// What eight bytes of an IPv6 extension header say, if a header begins with them: see parse_chain. Combinational, and
// apart from the walk, since it is known a clock before the walk can say whether one begins there.
module parse_chain_unit (
    input  logic [2:0]  unit_i,   // eights behind the IPv6 header
    input  logic [63:0] bytes_i,
    output linecard_pkg::chain_unit_t unit_o
);
  logic [7:0] length;
  logic beyond, auth_beyond;
  always_comb begin
    unit_o.at = unit_i;
    unit_o.next_header = bytes_i[0+:8];
    unit_o.extension = linecard_pkg::is_extension(unit_o.next_header);
    unit_o.fragment = unit_o.next_header == linecard_pkg::PROTOCOL_FRAGMENT;
    unit_o.authentication = unit_o.next_header == linecard_pkg::PROTOCOL_AUTHENTICATION;
    // Eights behind the header's first. RFC 8200 section 4.2 counts them so; RFC 4302 section 2.2 counts fours,
    // minus two.
    length = bytes_i[8+:8];
    unit_o.more = length[2:0];
    unit_o.auth_more = length[3:1];
    {beyond, unit_o.last} = {1'b0, unit_i} + {1'b0, unit_o.more};
    {auth_beyond, unit_o.auth_last} = {1'b0, unit_i} + {1'b0, unit_o.auth_more};
    unit_o.impossible = length[7:3] != '0 || beyond;
    unit_o.auth_impossible = length[7:4] != '0 || auth_beyond || length[0];
    // RFC 8200 section 4.5
    unit_o.later = {bytes_i[16+:8], bytes_i[27+:5]} != '0;
    unit_o.more_fragments = bytes_i[24];
    unit_o.identification = {bytes_i[32+:8], bytes_i[40+:8], bytes_i[48+:8], bytes_i[56+:8]};
  end

endmodule
