// One clock of the walk along IPv6 extension headers: see parse_chain.
module parse_chain_step #(
    parameter int PER_CLOCK = 1
) (
    input  logic                clk_i,
    input  logic [3:0]          unit_i,   // first unit that is looked at
    input  linecard_pkg::meta_t meta_i,
    input  linecard_pkg::chain_t state_i,
    input  logic [PER_CLOCK*64-1:0] units_i,  // from that one on
    output linecard_pkg::meta_t meta_o,
    output linecard_pkg::chain_t state_o
);
  localparam int UNITS = linecard_pkg::CHAIN_UNITS;

  linecard_pkg::meta_t meta;
  linecard_pkg::chain_t state;
  logic extension, fragment, authentication, impossible;
  logic [7:0] next_header, length;
  logic [8:0] units, behind;
  logic [3:0] unit;
  logic [12:0] offset;
  always_comb begin
    meta = meta_i;
    state = state_i;
    extension = 1'b0;
    fragment = 1'b0;
    authentication = 1'b0;
    impossible = 1'b0;
    next_header = '0;
    length = '0;
    units = '0;
    behind = '0;
    unit = '0;
    offset = '0;
    for (int i = 0; i < PER_CLOCK; i++) begin
      unit = unit_i + 4'(i);
      // IANA's list of extension headers, without ESP (50), which hides what follows and so ends the
      // chain like a transport protocol.
      fragment = meta.protocol == 8'd44;
      authentication = meta.protocol == 8'd51;
      case (meta.protocol)
        8'd0, 8'd43, 8'd44, 8'd51, 8'd60, 8'd135, 8'd139, 8'd140: extension = 1'b1;
        default: extension = 1'b0;
      endcase
      if (unit == '0) state.open = meta_i.ipv6 && !meta_i.bad_ip && extension;
      if (state.open && state.at == unit) begin
        next_header = units_i[i*64+:8];
        length = units_i[i*64+8+:8];
        // RFC 8200 section 4.2 counts eights behind the first; RFC 4302 section 2.2 fours, minus two.
        units = 9'(length) + 9'd1;
        if (fragment) units = 9'd1;
        if (authentication) units = 9'(length[7:1]) + 9'd1;
        behind = 9'(unit) + units;
        impossible = behind > 9'(UNITS) || (authentication && length[0]) ||
            (fragment && state.fragmented);
        state.seen = 1'b1;
        if (impossible) begin
          state.unreadable = 1'b1;
          state.open = 1'b0;
          state.read = unit + 4'd1;
        end else begin
          state.at = behind[3:0];
          state.read = behind[3:0];
          meta.protocol = next_header;
          case (next_header)
            8'd0, 8'd43, 8'd44, 8'd51, 8'd60, 8'd135, 8'd139, 8'd140: state.open = 1'b1;
            default: state.open = 1'b0;
          endcase
          if (fragment) begin
            offset = {units_i[i*64+16+:8], units_i[i*64+27+:5]};
            state.fragmented = 1'b1;
            meta.identification = {units_i[i*64+32+:8], units_i[i*64+40+:8], units_i[i*64+48+:8], units_i[i*64+56+:8]};
            meta.later_fragment = offset != '0;
            meta.first_fragment = offset == '0 && units_i[i*64+24];
            if (offset != '0) state.open = 1'b0;
          end
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    state_o <= state;
  end

endmodule
