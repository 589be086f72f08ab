// Parse, beside the extension headers: the packet that an ICMP error quotes (RFC 792; RFC 4443
// section 3). It is one of ours, so its source says whose it is (docs/card.md, "ICMP errors"). Two
// clocks to the quoted source address, one more for the quoted source port.
module parse_quote #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                            clk_i,
    input  logic [POSITIONS*DATA_WIDTH-1:0] line_i,
    input  linecard_pkg::meta_t             meta_i,         // at beside_quote, as parse_l3 left it
    input  logic [127:0]                    destination_i,  // the same
    output logic                            ipv6_o,         // at beside_prefix: the packet, or what it quotes
    output logic [127:0]                    address_o,
    output linecard_pkg::quote_t            quote_o         // one clock behind beside_quote_ports
);
  localparam int TAP = linecard_pkg::beside_quote(K);
  localparam int FIRST = 42;  // 14 + 20 + 8: no quoted packet begins before that
  localparam int REACH = linecard_pkg::QUOTE_MAX + 24;

  // ---- select. ICMP lies behind an IPv4 header without options, or behind IPv6 without extensions.
  logic [REACH*8-1:0] window;
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(TAP),
      .BYTES(REACH)
  ) tap (
      .line_i(line_i),
      .window_o(window)
  );
  logic [7:0] beyond;
  assign beyond = meta_i.l4 - 8'(FIRST - 8);
  logic [24*8-1:0] header, header_q;
  slice_at #(
      .IN_WIDTH((REACH - FIRST) * 8),
      .STEP(32),
      .SELECT_BITS(3),
      .WIDTH(24 * 8)
  ) pick (
      .vector_i(window[REACH*8-1:FIRST*8]),
      .select_i(beyond[4:2]),
      .slice_o(header)
  );
  // ICMP's type, in the same clock: four bytes at one of the same six places.
  logic [7:0] icmp_type, icmp_type_q;
  slice_at #(
      .IN_WIDTH((REACH - FIRST + 8) * 8),
      .STEP(32),
      .SELECT_BITS(3),
      .WIDTH(8)
  ) pick_type (
      .vector_i(window[REACH*8-1:(FIRST-8)*8]),
      .select_i(beyond[4:2]),
      .slice_o(icmp_type)
  );
  linecard_pkg::meta_t meta_q;
  logic [127:0] destination_q;
  logic plain_q;
  always_ff @(posedge clk_i) begin
    meta_q <= meta_i;
    destination_q <= destination_i;
    header_q <= header;
    icmp_type_q <= icmp_type;
    plain_q <= meta_i.ipv6 || meta_i.l4 == 8'(meta_i.l3) + 8'd20;
  end

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
  logic [3:0] version, ihl;
  assign {version, ihl} = header_q[0+:8];
  logic [7:0] quoted_protocol;
  assign quoted_protocol = meta_q.ipv6 ? header_q[6*8+:8] : header_q[9*8+:8];
  logic [12:0] quoted_offset;
  assign quoted_offset = {header_q[6*8+:5], header_q[7*8+:8]};

  linecard_pkg::quote_t quote, quote_q;
  logic [7:0] quoted_l3;
  always_comb begin
    quote = '0;
    quoted_l3 = meta_q.l4 + 8'd8;
    quote.protocol = quoted_protocol;
    quote.later_fragment = meta_q.ipv4 && quoted_offset != '0;
    quote.source_at = quoted_l3 + (meta_q.ipv6 ? 8'd8 : 8'd12);
    quote.l4 = quoted_l3 + (meta_q.ipv6 ? 8'd40 : {2'b00, ihl, 2'b00});
    quote.valid = is_error && plain_q && !meta_q.bad_ip && !meta_q.first_fragment && !meta_q.later_fragment &&
        (meta_q.ipv6 ? version == 4'd6 : (version == 4'd4 && ihl >= 4'd5)) &&
        17'(quote.l4) + 17'd4 <= meta_q.packet_end;
  end

  logic [127:0] source4, source6;
  always_comb begin
    source4 = '0;
    for (int i = 0; i < 4; i++) source4[127-8*i-:8] = header_q[(12+i)*8+:8];
    for (int i = 0; i < 16; i++) source6[127-8*i-:8] = header_q[(8+i)*8+:8];
  end
  always_ff @(posedge clk_i) begin
    quote_q <= quote;
    ipv6_o <= meta_q.ipv6;
    address_o <= !quote.valid ? destination_q : meta_q.ipv6 ? source6 : source4;
  end

  // ---- source port
  localparam int WAIT = linecard_pkg::beside_quote_ports(K) - TAP - 2;
  localparam int L4_FIRST = 62;  // 42 + 20
  linecard_pkg::quote_t quote_waited, quote_full;
  logic [linecard_pkg::QUOTE_BITS-1:0] waited;
  meta_delay #(
      .CYCLES(WAIT),
      .BITS(linecard_pkg::QUOTE_BITS)
  ) delay (
      .clk_i(clk_i),
      .meta_i(quote_q),
      .meta_o(waited)
  );
  logic [linecard_pkg::QUOTE_END*8-1:0] window_ports;
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::beside_quote_ports(K)),
      .BYTES(linecard_pkg::QUOTE_END)
  ) tap_ports (
      .line_i(line_i),
      .window_o(window_ports)
  );
  logic [7:0] ports_beyond;
  assign ports_beyond = quote_waited.l4 - 8'(L4_FIRST);
  logic [15:0] port;
  slice_at #(
      .IN_WIDTH((linecard_pkg::QUOTE_END - L4_FIRST) * 8),
      .STEP(32),
      .SELECT_BITS(4),
      .WIDTH(16)
  ) pick_port (
      .vector_i(window_ports[linecard_pkg::QUOTE_END*8-1:L4_FIRST*8]),
      .select_i(ports_beyond[5:2]),
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
