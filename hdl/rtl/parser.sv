// Parse: from a frame's first beat to where its headers lie, whose packet it is, and the first bytes
// of its payload (docs/card.md, step 2). Wiring only; each stage works at its tap of the header line,
// and metadata named after a stage stands at that tap.
//
//   parse_l2 ─► packet_line
//         └───► parse_l3 ─┬─► parse_chain ─► parse_l4 ─► parse_payload ─►
//                         └─► parse_quote ─► prefix_match ─────────────►
module parser #(
    parameter int DATA_WIDTH = 64,
    parameter int POSITIONS = 33,
    parameter int PORTS = 2,
    parameter int PREFIXES = 8,
    localparam int K = DATA_WIDTH / 8,
    localparam int PACKET_POSITIONS = linecard_pkg::packet_positions(K)
) (
    input  logic                            clk_i,
    input  linecard_pkg::meta_t             meta_i,  // at tap 0
    input  logic [DATA_WIDTH-1:0]           next_i,  // what stands at position 0 in the next clock
    input  logic [POSITIONS*DATA_WIDTH-1:0] line_i,
    input  logic [POSITIONS-1:0]            first_i,  // a frame's first beat stands there
    input  logic [31:0]                     fabric_prefix_i,
    input  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_i,
    input  logic [PREFIXES*linecard_regs_pkg::BITS_PREFIX-1:0] prefixes_i,
    output logic [PACKET_POSITIONS*DATA_WIDTH-1:0] packet_o,  // see packet_line
    output linecard_pkg::meta_t             meta_o,  // all at tap_match, and until the next frame is there
    output logic [PREFIXES-1:0]             prefixes_o,
    output logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] payload_o
);
  localparam int META_BITS = linecard_pkg::META_BITS;

  // ---- L2
  logic [META_BITS-1:0] meta_address, meta_l2;
  logic [14*8-1:0] window_address;
  logic [22*8-1:0] window_l2;
  linecard_pkg::meta_t meta_after_l2;
  logic any_tag, two_tags;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_l2(K) - 1)
  ) delay_address (
      .clk_i(clk_i),
      .first_i(first_i[0]),
      .meta_i(meta_i),
      .meta_o(meta_address)
  );
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(1)
  ) delay_l2 (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_l2(K)-1]),
      .meta_i(meta_address),
      .meta_o(meta_l2)
  );
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_l2(K) - 1),
      .BYTES(14)
  ) window_at_address (
      .line_i(line_i),
      .window_o(window_address)
  );
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_l2(K)),
      .BYTES(22)
  ) window_at_l2 (
      .line_i(line_i),
      .window_o(window_l2)
  );
  parse_l2 #(
      .PORTS(PORTS)
  ) parse_l2 (
      .clk_i(clk_i),
      .address_meta_i(meta_address),
      .address_i(window_address),
      .meta_i(meta_l2),
      .window_i(window_l2),
      .fabric_prefix_i(fabric_prefix_i),
      .ports_i(ports_i),
      .any_tag_o(any_tag),
      .two_tags_o(two_tags),
      .meta_o(meta_after_l2)
  );

  // ---- the packet in the frame
  if (linecard_pkg::tap_packet(K) != linecard_pkg::tap_l2(K) + 2) begin : g_late
    $error("parser: the packet line is told where the packet lies as soon as that is known");
  end
  logic [META_BITS-1:0] meta_packet;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_packet(K) - linecard_pkg::tap_l2(K) - 2)
  ) delay_packet (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_l2(K) + 1]),
      .meta_i(meta_after_l2),
      .meta_o(meta_packet)
  );
  logic [DATA_WIDTH-1:0] packet_next;
  packet_line #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS)
  ) packet_line (
      .clk_i(clk_i),
      .soon_i(first_i[linecard_pkg::tap_l2(K)]),
      .any_tag_i(any_tag),
      .two_tags_i(two_tags),
      .line_i(line_i),
      .data_o(packet_o),
      .next_o(packet_next)
  );

  // ---- L3
  logic [META_BITS-1:0] meta_l3;
  logic [40*8-1:0] header_l3;
  linecard_pkg::meta_t meta_after_l3;
  logic [127:0] destination;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_l3(K) - linecard_pkg::tap_packet(K) + 1)
  ) delay_l3 (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_packet(K) - 1]),
      .meta_i(meta_packet),
      .meta_o(meta_l3)
  );
  header_tap #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(PACKET_POSITIONS),
      .TAP(linecard_pkg::tap_l3(K) - linecard_pkg::tap_packet(K)),
      .BYTES(40)
  ) window_at_l3 (
      .line_i(packet_o),
      .window_o(header_l3)
  );
  parse_l3 parse_l3 (
      .clk_i(clk_i),
      .meta_i(meta_l3),
      .header_i(header_l3),
      .meta_o(meta_after_l3),
      .destination_o(destination)
  );

  // ---- beside what follows: the packet that an ICMP error quotes, and the prefixes that the
  // destination address, or the quoted source address, lies in
  logic [META_BITS-1:0] meta_quote;
  logic [127:0] destination_quote, address;
  logic address_ipv6;
  linecard_pkg::quote_t quote;
  logic [linecard_pkg::QUOTE_BITS-1:0] quote_payload;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::beside_quote(K) - linecard_pkg::tap_l3(K) - 1)
  ) delay_quote (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_l3(K) + 1]),
      .meta_i(meta_after_l3),
      .meta_o(meta_quote)
  );
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::beside_quote(K) + 2 - linecard_pkg::tap_l3(K) - 1),
      .BITS(128)
  ) delay_destination (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_l3(K) + 1]),
      .meta_i(destination),
      .meta_o(destination_quote)
  );
  parse_quote #(
      .DATA_WIDTH(DATA_WIDTH)
  ) parse_quote (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::beside_quote(K)]),
      .packet_i(packet_o),
      .meta_i(meta_quote),
      .destination_i(destination_quote),
      .ipv6_o(address_ipv6),
      .address_o(address),
      .quote_o(quote)
  );
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_payload(K) - linecard_pkg::beside_quote_ports(K) - 1),
      .BITS(linecard_pkg::QUOTE_BITS)
  ) delay_quoted (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::beside_quote_ports(K) + 1]),
      .meta_i(quote),
      .meta_o(quote_payload)
  );
  logic [PREFIXES-1:0] prefix_hits, prefixes_payload;
  prefix_match #(
      .PREFIXES(PREFIXES)
  ) prefix_match (
      .clk_i(clk_i),
      .ipv6_i(address_ipv6),
      .destination_i(address),
      .prefixes_i(prefixes_i),
      .match_o(prefix_hits)
  );
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_payload(K) - linecard_pkg::beside_prefix(K) - 1),
      .BITS(PREFIXES)
  ) delay_prefix (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::beside_prefix(K) + 1]),
      .meta_i(prefix_hits),
      .meta_o(prefixes_payload)
  );

  // ---- extension headers
  logic [META_BITS-1:0] meta_chain;
  linecard_pkg::meta_t meta_after_chain;
  logic [7:0] l4_after_chain;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_chain(K) - linecard_pkg::tap_l3(K) - 1)
  ) delay_chain (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_l3(K) + 1]),
      .meta_i(meta_after_l3),
      .meta_o(meta_chain)
  );
  parse_chain #(
      .DATA_WIDTH(DATA_WIDTH)
  ) parse_chain (
      .clk_i(clk_i),
      .soon_i(first_i[linecard_pkg::tap_chain(K)-1]),
      .first_i(first_i[linecard_pkg::tap_chain(K)]),
      .packet_i(packet_o),
      .packet_next_i(packet_next),
      .meta_i(meta_chain),
      .meta_o(meta_after_chain),
      .l4_o(l4_after_chain)
  );

  // ---- L4
  logic [META_BITS-1:0] meta_l4;
  logic [127:0] header_l4;
  logic [7:0] at_l4;
  linecard_pkg::meta_t meta_after_l4;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_l4_select(K) - linecard_pkg::tap_chain(K) -
          linecard_pkg::CHAIN_UNITS / linecard_pkg::chain_per_clock(K)),
      .BITS(META_BITS + 8)
  ) delay_l4 (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_chain(K) + linecard_pkg::CHAIN_UNITS / linecard_pkg::chain_per_clock(K)]),
      .meta_i({l4_after_chain, meta_after_chain}),
      .meta_o({at_l4, meta_l4})
  );
  header_words #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_l4_select(K)),
      .LAST(linecard_pkg::L4_MAX + 16)
  ) header_at_l4 (
      .clk_i(clk_i),
      .next_i(next_i),
      .line_i(line_i),
      .at_i(at_l4),
      .bytes_o(header_l4)
  );
  parse_l4 parse_l4 (
      .clk_i(clk_i),
      .meta_i(meta_l4),
      .header_i(header_l4),
      .meta_o(meta_after_l4)
  );

  // ---- payload
  logic [META_BITS-1:0] meta_payload;
  logic [linecard_pkg::PAYLOAD_BYTES*8-1:0] bytes_payload;
  linecard_pkg::meta_t meta_at_payload;
  meta_delay #(
      .DATA_WIDTH(DATA_WIDTH),
      .CYCLES(linecard_pkg::tap_payload(K) - linecard_pkg::tap_l4(K) - 1)
  ) delay_payload (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_l4(K) + 1]),
      .meta_i(meta_after_l4),
      .meta_o(meta_payload)
  );
  assign meta_at_payload = meta_payload;
  header_words #(
      .DATA_WIDTH(DATA_WIDTH),
      .POSITIONS(POSITIONS),
      .TAP(linecard_pkg::tap_payload(K)),
      .LAST(linecard_pkg::WINDOW)
  ) header_at_payload (
      .clk_i(clk_i),
      .next_i(next_i),
      .line_i(line_i),
      .at_i(meta_at_payload.payload),
      .bytes_o(bytes_payload)
  );
  parse_payload #(
      .PREFIXES(PREFIXES)
  ) parse_payload (
      .clk_i(clk_i),
      .first_i(first_i[linecard_pkg::tap_payload(K)]),
      .meta_i(meta_payload),
      .payload_i(bytes_payload),
      .quote_i(quote_payload),
      .prefixes_i(prefixes_payload),
      .meta_o(meta_o),
      .prefixes_o(prefixes_o),
      .payload_o(payload_o)
  );

endmodule
