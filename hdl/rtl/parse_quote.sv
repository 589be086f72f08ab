// Parse, beside the extension headers: the packet that an ICMP error quotes (RFC 792; RFC 4443
// section 3). It is one of ours, so its source says whose it is (docs/card.md, "ICMP errors"). Two
// clocks to say whether it is one, one more for its source address, and for its source port.
module parse_quote #(
    parameter int DATA_WIDTH = 64,
    localparam int K = DATA_WIDTH / 8,
    localparam int POSITIONS = linecard_pkg::packet_positions(K)
) (
    input  logic                            clk_i,
    input  logic                            first_i,        // a frame's first beat stands at beside_quote
    input  logic [POSITIONS*DATA_WIDTH-1:0] packet_i,       // see packet_line
    input  linecard_pkg::meta_t             meta_i,         // at beside_quote, as parse_l3 left it
    input  logic [127:0]                    destination_i,  // two clocks later
    output logic                            ipv6_o,         // at beside_prefix: the packet, or what it quotes
    output logic [127:0]                    address_o,
    output linecard_pkg::quote_t            quote_o         // one clock behind beside_quote_ports
);
  localparam int QUOTE4 = linecard_pkg::QUOTE4;
  localparam int QUOTE6 = linecard_pkg::QUOTE6;

  // ---- select. ICMP lies behind an IPv4 header without options, or behind IPv6 without extensions.
  localparam int BYTES = QUOTE6 + 24;
  logic [BYTES*8-1:0] packet;
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::beside_quote(K) - linecard_pkg::tap_packet(K)),
      .BYTES(BYTES)
  ) tap (
      .line_i(packet_i),
      .window_o(packet)
  );
  logic [127:0] source4, source6;
  always_comb begin
    source4 = '0;
    for (int i = 0; i < 4; i++) source4[127-8*i-:8] = packet[(QUOTE4+12+i)*8+:8];
    for (int i = 0; i < 16; i++) source6[127-8*i-:8] = packet[(QUOTE6+8+i)*8+:8];
  end
  linecard_pkg::meta_t meta_q;
  logic [127:0] source;
  logic [1:0] first_q;
  logic [7:0] icmp_type_q, quoted_protocol_q;
  logic [3:0] version, ihl, ihl_q;
  logic [12:0] offset4_q;
  logic suits_q;  // by what lies around the ICMP header
  logic [17:0] left_q;  // bytes of the packet from L4 on; negative where the header runs out of it
  logic [4:0] needed_q;  // fours of them: ICMP's header, the quoted one, and four of L4
  assign {version, ihl} = meta_i.ipv6 ? packet[QUOTE6*8+:8] : packet[QUOTE4*8+:8];
  always_ff @(posedge clk_i) begin
    meta_q <= meta_i;
    first_q <= {first_q[0], first_i};
    icmp_type_q <= meta_i.ipv6 ? packet[40*8+:8] : packet[20*8+:8];
    ihl_q <= ihl;
    quoted_protocol_q <= meta_i.ipv6 ? packet[(QUOTE6+6)*8+:8] : packet[(QUOTE4+9)*8+:8];
    offset4_q <= {packet[(QUOTE4+6)*8+:5], packet[(QUOTE4+7)*8+:8]};
    suits_q <= (meta_i.ipv6 || meta_i.l4 == 8'(meta_i.l3) + 8'd20) &&
        (meta_i.ipv6 ? version == 4'd6 : (version == 4'd4 && ihl >= 4'd5)) &&
        !meta_i.bad_ip && !meta_i.first_fragment && !meta_i.later_fragment;
    left_q <= 18'(meta_i.packet_end) - 18'(meta_i.l4);
    needed_q <= meta_i.ipv6 ? 5'(2 + 10 + 1) : 5'd2 + 5'(ihl) + 5'd1;
  end
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(2),
      .BITS(128)
  ) delay_source (
      .clk_i(clk_i),
      .first_i(first_i),
      .meta_i(meta_i.ipv6 ? source6 : source4),
      .meta_o(source)
  );

  // ---- read
  logic icmp, icmpv6, is_error;
  assign icmp = meta_q.ipv4 && meta_q.protocol == linecard_pkg::PROTOCOL_ICMP;
  assign icmpv6 = meta_q.ipv6 && meta_q.protocol == linecard_pkg::PROTOCOL_ICMPV6;
  always_comb begin
    is_error = 1'b0;
    if (icmp) begin
      case (icmp_type_q)
        8'd3, 8'd4, 8'd5, 8'd11, 8'd12: is_error = 1'b1;
        default: is_error = 1'b0;
      endcase
    end
    if (icmpv6) is_error = icmp_type_q >= 8'd1 && icmp_type_q <= 8'd4;
  end

  // Where the quoted L4 begins: fours of bytes behind PORTS_FIRST of the packet.
  localparam int PORTS_FIRST = QUOTE4 + 20;
  localparam int PORTS_BITS = 4;
  if (QUOTE6 + 40 - PORTS_FIRST >= 4 * 2 ** PORTS_BITS) begin : g_ports_bits
    $error("parse_quote: PORTS_BITS does not reach the ports of a quoted IPv6 packet");
  end
  logic [PORTS_BITS-1:0] ports_at;
  assign ports_at = meta_q.ipv6 ? PORTS_BITS'((QUOTE6 + 40 - PORTS_FIRST) / 4) : ihl_q - 4'd5;

  linecard_pkg::quote_t quote, quote_q, quote_now;
  logic is_error_q, suits_q2, whole_q;
  logic [PORTS_BITS-1:0] ports_at_q;
  logic [7:0] quoted_l3;
  always_comb begin
    quote = '0;
    quoted_l3 = meta_q.l4 + 8'd8;
    quote.protocol = quoted_protocol_q;
    quote.later_fragment = meta_q.ipv4 && offset4_q != '0;
    quote.source_at = quoted_l3 + (meta_q.ipv6 ? 8'd8 : 8'd12);
    quote.l4 = quoted_l3 + (meta_q.ipv6 ? 8'd40 : {2'b00, ihl_q, 2'b00});
    quote.valid = 1'b0;  // see below
  end

  logic ipv6_q;
  always_ff @(posedge clk_i) begin
    quote_q <= quote;
    ports_at_q <= ports_at;
    ipv6_q <= meta_q.ipv6;
    is_error_q <= is_error;
    suits_q2 <= suits_q && !left_q[17];
    whole_q <= left_q[16:2] >= 15'(needed_q);
    ipv6_o <= ipv6_q;
    address_o <= quote_now.valid ? source : destination_i;
  end
  always_comb begin
    quote_now = quote_q;
    quote_now.valid = is_error_q && suits_q2 && whole_q;
  end

  // ---- source port
  localparam int TAP_PORTS = linecard_pkg::beside_quote_ports(K);
  linecard_pkg::quote_t quote_waited, quote_full;
  logic [linecard_pkg::QUOTE_BITS-1:0] waited;
  logic [PORTS_BITS-1:0] ports_at_waited;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(TAP_PORTS - linecard_pkg::beside_quote(K) - 2),
      .BITS(PORTS_BITS + linecard_pkg::QUOTE_BITS)
  ) delay (
      .clk_i(clk_i),
      .first_i(first_q[1]),
      .meta_i({ports_at_q, quote_now}),
      .meta_o({ports_at_waited, waited})
  );
  logic [linecard_pkg::QUOTE_END*8-1:0] packet_ports;
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(TAP_PORTS - linecard_pkg::tap_packet(K)),
      .BYTES(linecard_pkg::QUOTE_END)
  ) tap_ports (
      .line_i(packet_i),
      .window_o(packet_ports)
  );
  logic [15:0] port;
  slice_at #(
      .IN_WIDTH((linecard_pkg::QUOTE_END - PORTS_FIRST) * 8),
      .STEP(32),
      .SELECT_BITS(PORTS_BITS),
      .WIDTH(16)
  ) pick_port (
      .vector_i(packet_ports[linecard_pkg::QUOTE_END*8-1:PORTS_FIRST*8]),
      .select_i(ports_at_waited),
      .slice_o(port)
  );
  assign quote_waited = waited;
  always_comb begin
    quote_full = quote_waited;
    quote_full.port = {port[7:0], port[15:8]};
    quote_full.has_ports = !quote_waited.later_fragment &&
        (quote_waited.protocol == linecard_pkg::PROTOCOL_UDP ||
         quote_waited.protocol == linecard_pkg::PROTOCOL_TCP ||
         quote_waited.protocol == linecard_pkg::PROTOCOL_SCTP);
  end
  always_ff @(posedge clk_i) quote_o <= quote_full;

endmodule
