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
    output linecard_pkg::meta_t             meta_o,
    output logic [7:0]                      l4_o     // meta_o's from a flip-flop; anything where nobody wants it
);
  localparam int UNITS = linecard_pkg::CHAIN_UNITS;
  localparam int PER_CLOCK = linecard_pkg::chain_per_clock(K);
  localparam int STEPS = UNITS / PER_CLOCK;
  localparam int TAP = linecard_pkg::tap_chain(K) - linecard_pkg::tap_packet(K);
  localparam int META_BITS = linecard_pkg::META_BITS;
  localparam int FIRST = 40;  // where the chain begins
  localparam int NEXT_HEADER = 6;

  if (linecard_pkg::tap_chain(K) != linecard_pkg::tap_l3(K) + 1) begin : g_late
    $error("parse_chain: the first header's kind is found one clock before the walk");
  end
  // What the IPv6 header says of the first one, looked up before the walk waits for it.
  logic [7:0] next_header;
  logic extension_q, fragment_q, authentication_q;
  assign next_header = packet_i[(TAP-1-NEXT_HEADER/K)*DATA_WIDTH+(NEXT_HEADER%K)*8+:8];
  always_ff @(posedge clk_i) begin
    extension_q <= linecard_pkg::is_extension(next_header);
    fragment_q <= next_header == linecard_pkg::PROTOCOL_FRAGMENT;
    authentication_q <= next_header == linecard_pkg::PROTOCOL_AUTHENTICATION;
  end
  linecard_pkg::chain_t beginning;
  always_comb begin
    beginning = '0;
    beginning.open = meta_i.ipv6 && !meta_i.bad_ip && extension_q;
    beginning.fragment = fragment_q;
    beginning.authentication = authentication_q;
  end

  logic [META_BITS-1:0] meta_behind;
  logic [linecard_pkg::CHAIN_BITS-1:0] state_behind;
  if (linecard_pkg::frame_clocks(K) >= STEPS) begin : g_round
    // The unit of each clock comes in as the frame moves on: it always stands at the same place.
    logic [2:0] unit, unit_q;
    assign unit = first_i ? '0 : unit_q;
    always_ff @(posedge clk_i) unit_q <= unit + 3'(PER_CLOCK);
    localparam int LAST = TAP - (FIRST + 8 * PER_CLOCK - 1) / K;
    parse_chain_step #(
        .PER_CLOCK(PER_CLOCK)
    ) step (
        .clk_i(clk_i),
        .unit_i(unit),
        .meta_i(first_i ? META_BITS'(meta_i) : meta_behind),
        .state_i(first_i ? linecard_pkg::CHAIN_BITS'(beginning) : state_behind),
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
    assign states[0+:linecard_pkg::CHAIN_BITS] = beginning;
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
          .unit_i(3'(PER_CLOCK * s)),
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
    l4_o = meta.l4;
    meta_o = meta;
    if (meta.ipv6 && !meta.bad_ip) begin
      meta_o.extended = chain.seen;
      if (chain.unreadable) begin
        meta_o.protocol = linecard_pkg::PROTOCOL_NONE;
        meta_o.first_fragment = 1'b0;
        meta_o.later_fragment = 1'b0;
        meta_o.l4 = begin_at;
        if (!meta.decided) begin
          meta_o.decided = 1'b1;
          meta_o.reason = linecard_regs_pkg::REASON_PUNT_IPV6_EXTENSION;
        end
      end
      if (chain.seen) meta_o.header_min = begin_at + {1'b0, chain.read, 3'b000};
    end
  end

endmodule
