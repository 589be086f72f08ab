// Parse, beside the third stage: IPv6 extension headers (RFC 8200 section 4; docs/card.md, step 2).
// They lie on multiples of eight bytes behind the IPv6 header, so unit after unit is looked at as the
// packet line brings it, PER_CLOCK units a clock: a unit at which a header begins says where the next
// one does. CHAIN_UNITS / PER_CLOCK clocks.
module parse_chain #(
    parameter int DATA_WIDTH = 64,
    localparam int K = DATA_WIDTH / 8,
    localparam int POSITIONS = linecard_pkg::packet_positions(K)
) (
    input  logic                            clk_i,
    input  logic                            first_i,  // a frame's first beat stands at tap_chain
    input  logic [POSITIONS*DATA_WIDTH-1:0] packet_i,
    input  linecard_pkg::meta_t             meta_i,  // at tap_chain
    output linecard_pkg::meta_t             meta_o
);
  localparam int UNITS = linecard_pkg::CHAIN_UNITS;
  localparam int PER_CLOCK = linecard_pkg::chain_per_clock(K);
  localparam int STEPS = UNITS / PER_CLOCK;
  localparam int TAP = linecard_pkg::tap_chain(K) - linecard_pkg::tap_packet(K);
  localparam int META_BITS = linecard_pkg::META_BITS;
  localparam int FIRST = 40;  // where the chain begins

  logic [META_BITS-1:0] meta_behind;
  logic [linecard_pkg::CHAIN_BITS-1:0] state_behind;
  if (linecard_pkg::frame_clocks(K) >= STEPS) begin : g_round
    // The unit of each clock comes in as the frame moves on: it always stands at the same place.
    logic [3:0] unit, unit_q;
    assign unit = first_i ? '0 : unit_q + 4'(PER_CLOCK);
    always_ff @(posedge clk_i) unit_q <= unit;
    localparam int LAST = TAP - (FIRST + 8 * PER_CLOCK - 1) / K;
    parse_chain_step #(
        .PER_CLOCK(PER_CLOCK)
    ) step (
        .clk_i(clk_i),
        .unit_i(unit),
        .meta_i(first_i ? META_BITS'(meta_i) : meta_behind),
        .state_i(first_i ? '0 : state_behind),
        .units_i(packet_i[LAST*DATA_WIDTH+:PER_CLOCK*64]),
        .meta_o(meta_behind),
        .state_o(state_behind)
    );
    if (PER_CLOCK * 8 != K || FIRST % K != 0) begin : g_whole_beats
      $error("parse_chain: a clock's units are not a beat");
    end
  end else begin : g_steps
    logic [(STEPS+1)*META_BITS-1:0] metas;
    logic [(STEPS+1)*linecard_pkg::CHAIN_BITS-1:0] states;
    assign metas[0+:META_BITS] = meta_i;
    assign states[0+:linecard_pkg::CHAIN_BITS] = '0;
    logic unused_first;
    assign unused_first = first_i;
    for (genvar s = 0; s < STEPS; s++) begin : g_step
      localparam int BYTES = FIRST + 8 * PER_CLOCK * (s + 1);
      logic [BYTES*8-1:0] window;
      header_tap #(
          .DATA_WIDTH(DATA_WIDTH),
          .POSITIONS(POSITIONS),
          .TAP(TAP + s),
          .BYTES(BYTES)
      ) tap (
          .line_i(packet_i),
          .window_o(window)
      );
      parse_chain_step #(
          .PER_CLOCK(PER_CLOCK)
      ) step (
          .clk_i(clk_i),
          .unit_i(4'(PER_CLOCK * s)),
          .meta_i(metas[s*META_BITS+:META_BITS]),
          .state_i(states[s*linecard_pkg::CHAIN_BITS+:linecard_pkg::CHAIN_BITS]),
          .units_i(window[BYTES*8-1-:PER_CLOCK*64]),
          .meta_o(metas[(s+1)*META_BITS+:META_BITS]),
          .state_o(states[(s+1)*linecard_pkg::CHAIN_BITS+:linecard_pkg::CHAIN_BITS])
      );
    end
    assign meta_behind = metas[STEPS*META_BITS+:META_BITS];
    assign state_behind = states[STEPS*linecard_pkg::CHAIN_BITS+:linecard_pkg::CHAIN_BITS];
  end

  // ---- what the walk has found
  linecard_pkg::meta_t meta;
  linecard_pkg::chain_t chain;
  logic [7:0] begin_at;
  always_comb begin
    meta = meta_behind;
    chain = state_behind;
    begin_at = 8'(meta.l3) + 8'd40;
    // A header that begins where the bound ends.
    if (chain.at == 4'(UNITS) && chain.open) chain.unreadable = 1'b1;
    meta_o = meta;
    if (meta.ipv6 && !meta.bad_ip) begin
      meta_o.extended = chain.seen;
      if (chain.unreadable) begin
        meta_o.protocol = linecard_pkg::PROTOCOL_NONE;
        meta_o.first_fragment = 1'b0;
        meta_o.later_fragment = 1'b0;
        if (!meta.decided) begin
          meta_o.decided = 1'b1;
          meta_o.reason = linecard_regs_pkg::REASON_PUNT_IPV6_EXTENSION;
        end
      end else begin
        meta_o.l4 = begin_at + {1'b0, chain.at, 3'b000};
      end
      if (chain.seen) meta_o.header_min = begin_at + {1'b0, chain.read, 3'b000};
    end
  end

endmodule
