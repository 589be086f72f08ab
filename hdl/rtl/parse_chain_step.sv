// One clock of the walk along IPv6 extension headers: see parse_chain. Combinational.
//
// Where the walk goes round, its own result comes back to it in the next clock. So the state says what the
// next unit needs, as it needs it: how many units are left till the header begins, and what kind it is.
module parse_chain_step #(
    parameter int PER_CLOCK = 1
) (
    input  logic walk_i,  // there may be a chain: it is IPv6
    input  logic [PER_CLOCK*linecard_pkg::CHAIN_UNIT_BITS-1:0] units_i,
    input  linecard_pkg::chain_t state_i,
    output linecard_pkg::chain_t state_o
);
  localparam int UNIT_BITS = linecard_pkg::CHAIN_UNIT_BITS;
  linecard_pkg::chain_t state;
  linecard_pkg::chain_unit_t unit;
  logic here, impossible, later, goes_on;
  logic [2:0] more, last;
  always_comb begin
    state = state_i;
    unit = '0;
    {here, impossible, later, goes_on, more, last} = '0;
    for (int i = 0; i < PER_CLOCK; i++) begin
      unit = units_i[i*UNIT_BITS+:UNIT_BITS];
      here = walk_i && state.open && state.left == '0;
      later = state.fragment && unit.later;
      goes_on = unit.extension && !later;
      more = unit.more;
      last = unit.last;
      impossible = unit.impossible;
      if (state.authentication) begin
        more = unit.auth_more;
        last = unit.auth_last;
        impossible = unit.auth_impossible;
      end
      if (state.fragment) begin
        more = '0;
        last = unit.at;
        impossible = state.fragmented;
      end
      if (here) begin
        state.seen = 1'b1;
        // A header that begins where the bound ends cannot be read, either.
        if (impossible || (goes_on && last == '1)) state.unreadable = 1'b1;
        state.read = {1'b0, impossible ? unit.at : last} + 4'd1;
        // Of a chain that cannot be read nobody asks for these.
        state.l4[7:3] = state.l4[7:3] - ~{2'b00, more};  // more + 1 units on
        state.protocol = unit.next_header;
        if (state.fragment && !state.fragmented) begin
          state.identification = unit.identification;
          state.later_fragment = later;
          state.first_fragment = !later && unit.more_fragments;
          state.fragmented = 1'b1;
        end
        state.open = goes_on && !impossible && last != '1;
        state.left = more;
        state.fragment = unit.fragment;
        state.authentication = unit.authentication;
      end else begin
        state.left = state.left - 3'd1;
      end
    end
  end
  assign state_o = state;

endmodule
