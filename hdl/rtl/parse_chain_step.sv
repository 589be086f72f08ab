// One clock of the walk along IPv6 extension headers: see parse_chain.
//
// Where the walk goes round, its own result comes back to it in the next clock. So the state says what the
// next unit needs, as it needs it: how many units are left till the header begins, and what kind it is.
module parse_chain_step #(
    parameter int PER_CLOCK = 1
) (
    input  logic                clk_i,
    input  logic [2:0]          unit_i,   // first unit that is looked at
    input  linecard_pkg::meta_t meta_i,
    input  linecard_pkg::chain_t state_i,
    input  logic [PER_CLOCK*64-1:0] units_i,  // from that one on
    output linecard_pkg::meta_t meta_o,
    output linecard_pkg::chain_t state_o
);
  linecard_pkg::meta_t meta;
  linecard_pkg::chain_t state;
  logic here, fragment, authentication, repeated, long, beyond, impossible, later, goes_on;
  logic [7:0] next_header, length;
  logic [2:0] unit, more, last, reached;
  logic [12:0] offset;
  always_comb begin
    meta = meta_i;
    state = state_i;
    here = 1'b0;
    fragment = 1'b0;
    authentication = 1'b0;
    repeated = 1'b0;
    long = 1'b0;
    beyond = 1'b0;
    impossible = 1'b0;
    later = 1'b0;
    goes_on = 1'b0;
    next_header = '0;
    length = '0;
    unit = '0;
    more = '0;
    last = '0;
    reached = '0;
    offset = '0;
    for (int i = 0; i < PER_CLOCK; i++) begin
      unit = unit_i + 3'(i);
      here = state.open && state.left == '0;
      fragment = state.fragment;
      authentication = state.authentication;
      repeated = state.fragmented;
      next_header = units_i[i*64+:8];
      length = units_i[i*64+8+:8];
      offset = {units_i[i*64+16+:8], units_i[i*64+27+:5]};
      later = fragment && offset != '0;
      // Units behind the header's first. RFC 8200 section 4.2 counts eights behind the first; RFC 4302
      // section 2.2 fours, minus two.
      more = length[2:0];
      long = length[7:3] != '0;
      if (authentication) more = length[3:1];
      if (authentication) long = length[7:4] != '0;
      if (fragment) more = '0;
      if (fragment) long = 1'b0;
      {beyond, last} = {1'b0, unit} + {1'b0, more};
      impossible = long || beyond || (authentication && length[0]) || (fragment && repeated);
      goes_on = linecard_pkg::is_extension(next_header) && !later;
      if (here) begin
        state.seen = 1'b1;
        // A header that begins where the bound ends cannot be read, either.
        if (impossible || (goes_on && last == '1)) state.unreadable = 1'b1;
        state.open = goes_on && !impossible && last != '1;
        reached = impossible ? unit : last;
        state.read = {1'b0, reached} + 4'd1;
        state.left = more;
        state.fragment = next_header == linecard_pkg::PROTOCOL_FRAGMENT;
        state.authentication = next_header == linecard_pkg::PROTOCOL_AUTHENTICATION;
        // Of a chain that cannot be read nobody asks for these.
        meta.protocol = next_header;
        meta.l4[7:3] = meta.l4[7:3] - ~{2'b00, more};  // more + 1 units on
        if (fragment && !repeated) begin
          state.fragmented = 1'b1;
          meta.identification = {units_i[i*64+32+:8], units_i[i*64+40+:8], units_i[i*64+48+:8], units_i[i*64+56+:8]};
          meta.later_fragment = later;
          meta.first_fragment = !later && units_i[i*64+24];
        end
      end else begin
        state.left = state.left - 3'd1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    meta_o <= meta;
    state_o <= state;
  end

endmodule
