// Parse, beside the third stage: IPv6 extension headers (RFC 8200 section 4; docs/card.md, step 2).
// They lie on multiples of eight bytes behind the IPv6 header, so unit after unit is looked at as the
// packet line brings it, PER_CLOCK units a clock: a unit at which a header begins says where the next
// one does. CHAIN_UNITS / PER_CLOCK clocks. What a unit would say is read before the walk comes to it.
module parse_chain #(
    parameter int DATA_WIDTH = 64,
    localparam int K = DATA_WIDTH / 8,
    localparam int POSITIONS = linecard_pkg::packet_positions(K)
) (
    input  logic                            clk_i,
    input  logic                            soon_i,   // a frame's first beat stands one before tap_chain,
    input  logic                            first_i,  // at tap_chain
    input  logic [POSITIONS*DATA_WIDTH-1:0] packet_i,
    input  logic [DATA_WIDTH-1:0]           packet_next_i,  // what comes to packet_i in the next clock
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
  // What the IPv6 header says of the first one, when it comes to tap_chain.
  localparam int UNIT_BITS = linecard_pkg::CHAIN_UNIT_BITS;
  localparam int STATE_BITS = linecard_pkg::CHAIN_BITS;
  logic [7:0] next_header;
  assign next_header = packet_i[(TAP-1-NEXT_HEADER/K)*DATA_WIDTH+(NEXT_HEADER%K)*8+:8];
  linecard_pkg::chain_t beginning;
  always_comb begin
    beginning = '0;
    beginning.open = linecard_pkg::is_extension(next_header);
    beginning.fragment = next_header == linecard_pkg::PROTOCOL_FRAGMENT;
    beginning.authentication = next_header == linecard_pkg::PROTOCOL_AUTHENTICATION;
  end
  logic ipv6;
  assign ipv6 = meta_i.ipv6 && !meta_i.bad_ip;
  // The state of the first step: only parse_l3, which ends then, says where L4 would begin.
  logic [STATE_BITS-1:0] begun_q;
  logic begins;
  linecard_pkg::chain_t begun;
  always_comb begin
    begun = begun_q;
    if (begins) begun.l4 = meta_i.l4;
  end

  logic [META_BITS-1:0] meta_behind;
  logic [STATE_BITS-1:0] state_behind;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(STEPS)
  ) beside (
      .clk_i(clk_i),
      .first_i(first_i),
      .meta_i(meta_i),
      .meta_o(meta_behind)
  );
  if (linecard_pkg::frame_clocks(K) >= STEPS) begin : g_round
    // The unit of each clock comes in as the frame moves on: it always stands at the same place.
    if (PER_CLOCK * 8 != K || TAP * K != FIRST) begin : g_whole_beats
      $error("parse_chain: a clock's units are not the beat that came last");
    end
    logic [2:0] number, number_q;
    assign number = soon_i ? '0 : number_q;
    logic [UNIT_BITS-1:0] unit, unit_q;
    parse_chain_unit read (
        .unit_i(number),
        .bytes_i(packet_next_i),
        .unit_o(unit)
    );
    // A frame's last step is taken when the next one's state begins.
    logic [STATE_BITS-1:0] stepped;
    logic first_q, ipv6_q;  // first_i once more, which many read
    assign begins = first_q;
    parse_chain_step #(
        .PER_CLOCK(1)
    ) step (
        .walk_i(first_q ? ipv6 : ipv6_q),
        .units_i(unit_q),
        .state_i(begun),
        .state_o(stepped)
    );
    always_ff @(posedge clk_i) begin
      number_q <= number + 3'd1;
      unit_q <= unit;
      first_q <= soon_i;
      if (first_q) ipv6_q <= ipv6;
      begun_q <= soon_i ? beginning : stepped;
      state_behind <= stepped;
    end
  end else begin : g_steps
    logic [(STEPS+1)*STATE_BITS-1:0] states;
    logic [STEPS:0] walks;
    always_ff @(posedge clk_i) begun_q <= beginning;
    assign begins = 1'b1;
    assign states[0+:STATE_BITS] = begun;
    assign walks[0] = ipv6;
    logic unused;
    assign unused = soon_i ^ (^packet_next_i) ^ walks[STEPS];
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
      logic [PER_CLOCK*UNIT_BITS-1:0] units;
      for (genvar u = 0; u < PER_CLOCK; u++) begin : g_unit
        parse_chain_unit read (
            .unit_i(3'(PER_CLOCK * s + u)),
            .bytes_i(window[(BYTES-8*(PER_CLOCK-u))*8+:64]),
            .unit_o(units[u*UNIT_BITS+:UNIT_BITS])
        );
      end
      logic [STATE_BITS-1:0] stepped, stepped_q;
      logic walk_q;
      parse_chain_step #(
          .PER_CLOCK(PER_CLOCK)
      ) step (
          .walk_i(walks[s]),
          .units_i(units),
          .state_i(states[s*STATE_BITS+:STATE_BITS]),
          .state_o(stepped)
      );
      always_ff @(posedge clk_i) begin
        stepped_q <= stepped;
        walk_q <= walks[s];
      end
      assign states[(s+1)*STATE_BITS+:STATE_BITS] = stepped_q;
      assign walks[s+1] = walk_q;
    end
    assign state_behind = states[STEPS*STATE_BITS+:STATE_BITS];
  end

  // ---- what the walk has found
  linecard_pkg::meta_t meta;
  linecard_pkg::chain_t chain;
  logic [7:0] begin_at;
  assign l4_o = chain.l4;
  always_comb begin
    meta = meta_behind;
    chain = state_behind;
    begin_at = 8'(meta.l3) + 8'd40;
    meta_o = meta;
    meta_o.l4 = chain.l4;
    if (meta.ipv6 && !meta.bad_ip && chain.seen) begin
      meta_o.extended = 1'b1;
      meta_o.header_min = begin_at + {1'b0, chain.read, 3'b000};
      meta_o.protocol = chain.protocol;
      meta_o.first_fragment = chain.first_fragment;
      meta_o.later_fragment = chain.later_fragment;
      meta_o.identification = chain.identification;
      if (chain.unreadable) begin
        meta_o.protocol = linecard_pkg::PROTOCOL_NONE;
        meta_o.first_fragment = 1'b0;
        meta_o.later_fragment = 1'b0;
        if (!meta.decided) begin
          meta_o.decided = 1'b1;
          meta_o.reason = linecard_regs_pkg::REASON_PUNT_IPV6_EXTENSION;
        end
      end
    end
  end

endmodule
